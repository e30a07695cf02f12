import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** The house's rules, held by a test: which way imports run, one face a room, small files, one reader of the environment. */

const root = path.join(import.meta.dirname, '..');

/** From the ground up. Rooms of one step never import each other; a room imports only from steps below its own. */
const steps = [
  ['money'],
  ['database'],
  ['ledger', 'events', 'mail'],
  ['api'],
  ['identity', 'payments'],
  ['creators', 'wallets'],
  ['tips', 'subscriptions', 'payouts'],
  ['billing', 'live', 'receipts'],
  ['server', 'demo'],
  ['app.ts'],
  ['cli'],
  ['main.ts'],
];
const stepOf = new Map(steps.flatMap((rooms, step) => rooms.map((room) => [room, step] as const)));
const withoutGraphql = ['money', 'database', 'ledger', 'events', 'mail', 'payments'];
const graphqlPackages = /^(graphql|type-graphql|graphql-.*|@apollo\/.*)$/;
const mostLines = 320;
const mostFunctionLines = 90;

interface Source {
  /** Relative to the project, such as `src/money/fees.ts`. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function filesBelow(folder: string, endings: RegExp): string[] {
  const full = path.join(root, folder);
  if (!existsSync(full)) return [];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

function readSource(file: string): Source {
  const text = readFileSync(path.join(root, file), 'utf8');
  const found = [...text.matchAll(/^\s*(?:import|export)\b[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm)];
  return { file, text, imports: found.map((match) => (match[1] ?? match[2] ?? match[3]) as string) };
}

const sources = filesBelow('src', /\.ts$/).map(readSource);
const byFile = new Map(sources.map((source) => [source.file, source]));

function roomOf(file: string): string {
  return file.split(path.sep)[1] as string;
}

/** The files of the project that a source imports, relative to the project. */
function localImports(source: Source): string[] {
  return source.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => path.normalize(path.join(path.dirname(source.file), name)));
}

test('every file of src stands in a room of the house', () => {
  const strangers = sources.filter(({ file }) => !stepOf.has(roomOf(file)) && file !== 'src/config.ts').map(({ file }) => file);
  expect(strangers).toEqual([]);
});

test('imports run one way, and from another room only through its face', () => {
  const wrong: string[] = [];
  for (const source of sources) {
    const own = roomOf(source.file);
    for (const target of localImports(source)) {
      if (!target.startsWith('src')) {
        if (own !== 'cli' && own !== 'app.ts') wrong.push(`${source.file} imports ${target} from outside of src`);
        continue;
      }
      const room = roomOf(target);
      if (room === own || room === 'config.ts') continue;
      if (source.file === 'src/config.ts') {
        if (room !== 'database') wrong.push(`${source.file} imports ${target}`);
        continue;
      }
      if (!((stepOf.get(room) ?? Infinity) < (stepOf.get(own) ?? -1))) wrong.push(`${source.file} imports ${target}, which is not below it`);
      else if (!room.endsWith('.ts') && path.basename(target) !== 'room.ts') wrong.push(`${source.file} imports ${target} past its room's face`);
    }
  }
  expect(wrong).toEqual([]);
});

test('every room has one face, and no file of a room imports its own', () => {
  const rooms = [...new Set(sources.map(({ file }) => roomOf(file)))].filter((room) => !room.endsWith('.ts') && room !== 'cli');
  expect(rooms.filter((room) => !byFile.has(`src/${room}/room.ts`))).toEqual([]);
  const own = sources.filter((source) => localImports(source).includes(`src/${roomOf(source.file)}/room.ts`)).map(({ file }) => file);
  expect(own).toEqual([]);
});

test('no import goes round in a circle', () => {
  const state = new Map<string, 'OPEN' | 'DONE'>();
  const circles: string[] = [];
  const visit = (file: string, trail: readonly string[]) => {
    if (state.get(file) === 'DONE') return;
    if (state.get(file) === 'OPEN') {
      circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      return;
    }
    state.set(file, 'OPEN');
    const source = byFile.get(file);
    if (source) for (const target of localImports(source)) visit(target, [...trail, file]);
    state.set(file, 'DONE');
  };
  for (const { file } of sources) visit(file, []);
  expect(circles).toEqual([]);
});

test('the rooms below the API know nothing of GraphQL', () => {
  const wrong = sources
    .filter(({ file }) => withoutGraphql.includes(roomOf(file)))
    .flatMap(({ file, imports }) => imports.filter((name) => graphqlPackages.test(name)).map((name) => `${file} imports ${name}`));
  expect(wrong).toEqual([]);
});

test('only config.ts reads the environment', () => {
  const wrong = sources.filter(({ file, text }) => file !== 'src/config.ts' && /\bprocess\.env\b/.test(text)).map(({ file }) => file);
  expect(wrong).toEqual([]);
});

describe('small pieces', () => {
  const everything = [
    ...['src', 'test', 'test-browser', 'bench', 'migrations'].flatMap((folder) => filesBelow(folder, /\.ts$/)),
    ...filesBelow('web', /\.tsx?$/),
  ].map(readSource);

  test(`no file is longer than ${mostLines} lines`, () => {
    const long = everything.map(({ file, text }) => [file, text.split('\n').length] as const).filter(([, lines]) => lines > mostLines);
    expect(long).toEqual([]);
  });

  test(`no function of src is longer than ${mostFunctionLines} lines`, () => {
    const long = sources.flatMap(({ file, text }) => longFunctions(text).map((start) => `${file}:${start}`));
    expect(long).toEqual([]);
  });

  test('nothing is left unfinished or silenced', () => {
    // Written so that this file does not match itself.
    const marks = /TOD[O]|FIXM[E]|@ts-[i]gnore|oxlint-[d]isable|(?:test|describe|it)\.[s]kip\(|\bx[i]t\(/;
    const marked = everything.filter(({ text }) => marks.test(text)).map(({ file }) => file);
    expect(marked).toEqual([]);
  });
});

/** The first lines of functions and methods that go on for too long, told by the closing brace at their own indentation. */
function longFunctions(text: string): number[] {
  const lines = text.split('\n');
  const starts = /^(\s*)(?:export )?(?:default )?(?:static |async |private |override |get )*(?:function\b.*|#?\w+(?:<.*>)?\(.*\)(?:: .+)?) ?\{$/;
  return lines.flatMap((line, index) => {
    const match = starts.exec(line);
    if (!match || /^\s*(?:if|for|while|switch|catch)\b/.test(line)) return [];
    const end = lines.findIndex((other, at) => at > index && other === `${match[1]}}`);
    return end - index > mostFunctionLines ? [index + 1] : [];
  });
}

test('every file that a newcomer or a self-hoster looks for is there', () => {
  const wanted = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'Dockerfile', 'docker-compose.yml', '.env.example', 'schema.graphql', '.ci/run'];
  expect(wanted.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});
