import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { environmentNames, readConfig } from '../src/config.ts';
import { builtMain } from './support/child-server.ts';
import { eachTestServer } from './support/server.ts';

/** What the documentation says is held to be true: its GraphQL, its commands, its links, its tables. */

const root = path.join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];

interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

const blocks = pages.flatMap((page) =>
  [...read(page).matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, text]): Block => ({ page, language: language!, text: text! })),
);
const blocksIn = (language: string) => blocks.filter((block) => block.language === language);

/** The page without its code, in which links and tables are looked for. */
const prose = (page: string) => read(page).replaceAll(/^```[^]*?^```$/gm, '');

describe('GraphQL in the documentation', () => {
  const schema = buildSchema(read('schema.graphql'));
  const operations = [
    ...blocksIn('graphql').map(({ page, text }) => [page, text] as const),
    // Operations inside the bodies of requests: a JSON string after "query".
    ...blocksIn('sh').flatMap(({ page, text }) => [...text.matchAll(/"query":("(?:[^"\\]|\\.)*")/g)].map((match) => [page, JSON.parse(match[1]!) as string] as const)),
    ...[...read('docs/examples/watch-tips.ts').matchAll(/query(?:: | = )(['`])((?:query|subscription)[^]*?)\1/g)].map((match) => ['docs/examples/watch-tips.ts', match[2]!] as const),
  ];

  test('is found in every place where some is', () => {
    expect(Object.fromEntries(Map.groupBy(operations, ([page]) => page).entries().map(([page, found]) => [page, found.length]))).toEqual({
      'README.md': 3, 'docs/api.md': 9, 'docs/examples/watch-tips.ts': 2,
    });
  });

  test.each(operations)('in %s fits the schema: %s', (_, text) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([]);
  });
});

test.each(pages)('every link in %s leads somewhere', (page) => {
  const broken = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!).filter((target) => !/^https?:/.test(target)).filter((target) => {
    const [file = '', anchor] = target.split('#');
    const full = path.join(root, file === '' ? page : path.join(path.dirname(page), file));
    return !existsSync(full) || (anchor !== undefined && !anchorsOf(readFileSync(full, 'utf8')).includes(anchor));
  });
  expect(broken).toEqual([]);
});

/** As code hosts make them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'));
}

/** The cells of a table's rows whose first cell is code. */
function tableOf(page: string, heading: string): string[][] {
  const section = prose(page).split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

const plain = (cell = '') => cell.replaceAll('`', '');

test('the table of the environment names every variable, with the default that .env.example says', () => {
  const rows = tableOf('README.md', 'Environment').map(([name, value]) => [plain(name), plain(value)]);
  const example = [...read('.env.example').matchAll(/^#([A-Z][A-Z_]+)=(.*)$/gm)].map((match) => [match[1]!, match[2]!]);
  expect(rows.map(([name]) => name)).toEqual(expect.arrayContaining([...environmentNames]));
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(example));
});

describe('docker-compose.yml', () => {
  const passed = new Map([...read('docker-compose.yml').matchAll(/^ {6}([A-Z][A-Z_]+): (.+)$/gm)].map((match) => [match[1]!, match[2]!]));
  // The image says these itself, and the compose file has one login for everything.
  const fixed = ['NODE_ENV', 'HOST', 'PORT', 'DATA_DIR', 'MIGRATION_DATABASE_URL'];
  const optional = environmentNames.filter((name) => ![...fixed, 'DATABASE_URL', 'AUTH_SECRET', 'PUBLIC_URL'].includes(name));

  test.each(environmentNames.filter((name) => !fixed.includes(name)))('passes %s on to the server', (name) => {
    expect(passed.get(name)).toContain(`\${${name === 'DATABASE_URL' ? 'POSTGRES_PASSWORD' : name}:`);
  });

  test('leaves a server that has only the two secrets at its defaults', () => {
    const least = { NODE_ENV: 'production', DATABASE_URL: 'postgres://farthing:p@database/farthing', AUTH_SECRET: 'a secret of the tests, long enough', PUBLIC_URL: 'http://localhost:4000' };
    const filled = Object.fromEntries(optional.map((name) => [name, /^\$\{\w+:-(.*)\}$/.exec(passed.get(name) ?? '')?.[1]]));
    expect(readConfig({ ...least, ...filled })).toEqual(readConfig(least));
  });

  test('is described with every variable that it takes', () => {
    const [docker = ''] = read('docs/operations.md').split('## The database');
    expect([...passed.keys()].filter((name) => optional.includes(name) && !name.startsWith('LIMIT_') && !docker.includes(`\`${name}\``))).toEqual([]);
  });
});

test('what looks like a variable in the documentation is one', () => {
  const known = new Set([
    ...environmentNames,
    // Of docker-compose.yml alone, and of the tests.
    'POSTGRES_PASSWORD', 'BIND', 'TEST_POSTGRES_URL', 'FARTHING_LONG',
  ]);
  const assigned = pages.flatMap((page) => [...read(page).matchAll(/\b([A-Z][A-Z_]{3,})=(?!\$\()/g)].map((match) => match[1]!));
  expect(assigned.filter((name) => !known.has(name))).toEqual([]);
});

test('every code of a top-level error has its line', () => {
  const unions = [['src/api/errors.ts', 'ApiErrorCode'], ['src/server/error-map.ts', 'TransportCode']] as const;
  const codes = unions.flatMap(([file, type]) => {
    const declared = new RegExp(`export type ${type} =([^;]+);`).exec(read(file))?.[1] ?? '';
    return [...declared.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]!);
  });
  expect(codes.length).toBeGreaterThan(10);
  const listed = tableOf('docs/api.md', 'Errors').flatMap(([cell]) => plain(cell).split(', '));
  expect(listed.sort()).toEqual(codes.sort());
});

describe('the commands', () => {
  test('of npm that are named are there, and those that are there are named', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = new Set(pages.flatMap((page) => [...read(page).matchAll(/npm (?:run )?((?<=run )[a-z:]+|start|test)\b/g)].map((match) => match[1]!)));
    const own = Object.keys(scripts).filter((name) => !/^(pre|post)/.test(name));
    expect([...named].sort()).toEqual(own.sort());
  });

  test('of farthing that are named are there', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [builtMain, '--help']);
    const there = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]!);
    const named = pages.flatMap((page) => [...read(page).matchAll(/(?:npx farthing|`farthing|main\.js) ([a-z]+)/g)].map((match) => match[1]!));
    expect(named).toEqual(expect.arrayContaining(['serve', 'check', 'migrate']));
    expect(named.filter((name) => !there.includes(name))).toEqual([]);
  });
});

test('the changelog speaks of the version that package.json has', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## \\[${version}\\]|What will be ${version.replaceAll('.', '\\.')}`, 'm'));
});

test('the README shows the example as it is', () => {
  expect(blocksIn('ts').map(({ text }) => text)).toEqual([read('docs/examples/watch-tips.ts')]);
});

describe('on a server with the demo accounts that the README names', () => {
  const server = eachTestServer();

  async function makeDemoAccounts(): Promise<void> {
    const { current } = server;
    const nova = await current.signUp({ email: 'nova@creators.example' });
    const ada = await current.signUp({ email: 'ada@fans.example', password: 'farthing-demo', name: 'Ada' });
    const page = await current.graphql(
      'mutation { createCreator(input: {handle: "nova", displayName: "Nova", currency: "USD"}) { errors { message } } }', {}, nova.token);
    const money = await current.graphql(
      'mutation { topUpWallet(input: {amount: {amount: "5", currency: "USD"}, paymentMethodId: "pm_sandbox_ok", idempotencyKey: "k"}) { errors { message } } }', {}, ada.token);
    expect([page.data.createCreator.errors, money.data.topUpWallet.errors]).toEqual([[], []]);
  }

  /** The README's requests by curl, as one script that talks to this server. */
  const requests = () => {
    const [script] = blocksIn('sh').filter(({ page, text }) => page === 'README.md' && text.includes('curl'));
    return script!.text.replaceAll('http://127.0.0.1:4000', server.current.url);
  };

  test('its first query and its requests by curl do what it says', async () => {
    await makeDemoAccounts();
    const folder = await mkdtemp(path.join(tmpdir(), 'farthing-test-'));
    try {
      const env = { PATH: `${await curlFolder(folder)}${process.env.PATH}` };
      for (let tips = 1; tips <= 2; tips++) {
        const { stdout } = await promisify(execFile)('sh', ['-ec', requests()], { env });
        expect(JSON.parse(stdout)).toEqual({ data: { sendTip: { tip: { status: 'SUCCEEDED', amount: { formatted: '$0.05' } }, errors: [] } } });
        const [first] = blocksIn('graphql').filter(({ page }) => page === 'README.md');
        const { data, errors } = await server.current.graphql(first!.text);
        expect(errors).toBeUndefined();
        expect(data.creator.tips.nodes).toHaveLength(tips);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('its example watches tips arrive', async () => {
    await makeDemoAccounts();
    const child = spawn(process.execPath, ['docs/examples/watch-tips.ts', server.current.url, 'nova'], { cwd: root, env: { PATH: process.env.PATH } });
    const folder = await mkdtemp(path.join(tmpdir(), 'farthing-test-'));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const printed = async (text: string) => {
      for (const giveUp = Date.now() + 10_000; !output.includes(text); await delay(20)) {
        if (child.exitCode !== null || Date.now() > giveUp) throw new Error(`The example did not print "${text}"; it printed:\n${output}`);
      }
    };
    try {
      await printed('Watching nova.');
      await promisify(execFile)('sh', ['-ec', requests()], { env: { PATH: `${await curlFolder(folder)}${process.env.PATH}` } });
      await printed('#1 $0.05 from Ada: \n');
    } finally {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** A bare machine may lack curl: then a stand-in that knows just as much of it shows that the commands are written right. */
async function curlFolder(folder: string): Promise<string> {
  const hasCurl = await promisify(execFile)('curl', ['--version']).then(() => true, () => false);
  if (hasCurl) return '';
  const standIn = path.join(folder, 'curl');
  await writeFile(standIn, `#!${process.execPath}
    const { parseArgs } = require('node:util');
    const flags = { s: { type: 'boolean', short: 's' }, D: { type: 'string', short: 'D' }, o: { type: 'string', short: 'o' }, d: { type: 'string', short: 'd' }, H: { type: 'string', short: 'H', multiple: true } };
    const { values, positionals } = parseArgs({ args: process.argv.slice(2), options: flags, allowPositionals: true });
    const headers = values.H.map((line) => line.split(/: (.*)/s).slice(0, 2));
    fetch(positionals[0], { method: 'POST', headers, body: values.d }).then(async (response) => {
      const body = await response.text();
      if (values.D === '-') for (const [name, value] of response.headers) console.log(name + ': ' + value + '\\r');
      if (values.o !== '/dev/null') console.log(body);
    });
  `);
  await chmod(standIn, 0o755);
  return `${folder}:`;
}
