import { expect, test } from '@jest/globals';
import { parseCommandLine } from '../../src/cli/arguments.ts';
import { CliError } from '../../src/cli/cli-error.ts';
import { helpOf, overview } from '../../src/cli/help.ts';
import { invocationOf } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/run.ts';

test.each([
  [['fly'], 'There is no command "fly"; there are serve, migrate, seed, demo, renew, reconcile, check, export, sandbox, schema.'],
  [[], 'A command is missing: serve, migrate, seed, demo, renew, reconcile, check, export, sandbox, schema.'],
  [['--loud'], 'The option "--loud" is not known'],
  [['-h'], 'The option "-h" is not known'],
  [['serve', '--loud'], '"farthing serve" does not understand "--loud"; it takes --no-migrate, --help.'],
  [['serve', '-p', '80'], '"farthing serve" does not understand "-p"'],
  [['check', 'now'], '"farthing check" does not understand "now"; it takes --no-halt, --help.'],
  [['check', '--', '--help'], '"farthing check" does not understand "--help"'],
  [['check', '--no-halt=yes'], '--no-halt takes no value, but was given "yes".'],
  [['demo', '--tips'], '--tips needs a value: --tips <count>.'],
  [['demo', '--tips='], '--tips needs a value: --tips <count>.'],
])('the command line %j is refused: %s', (argv, message) => {
  const parse = () => parseCommandLine(argv, commands);
  expect(parse).toThrow(message);
  expect(parse).toThrow(expect.objectContaining({ exitCode: 2 }));
});

test.each([
  [['--version'], 'VERSION'],
  [['--help'], 'OVERVIEW'],
  [['help'], 'OVERVIEW'],
  [['serve', '--help'], 'HELP'],
  [['serve', '--no-migrate', '--help'], 'HELP'],
  [['serve'], 'RUN'],
])('the command line %j asks for %s', (argv, kind) => {
  expect(parseCommandLine(argv, commands).kind).toBe(kind);
});

test('options come with their values, however they are written', () => {
  const request = parseCommandLine(['demo', '--tips', '5', '--every=20', '--creator', 'nova'], commands);
  if (request.kind !== 'RUN') throw new Error(request.kind);
  const invocation = invocationOf(request.command, request.values, { say: () => {}, remark: () => {} });
  const range = { from: 0, to: 100, fallback: 60 };
  expect([invocation.whole('tips', range), invocation.whole('every', range), invocation.whole('missing', range)]).toEqual([5, 20, 60]);
  expect([invocation.text('creator'), invocation.text('url'), invocation.has('creator'), invocation.has('url')]).toEqual(['nova', undefined, true, false]);
});

test.each(['-1', '101', '1.5', '1e1', 'many', ' 5', '５', '9999999999999999'])('the number %j is refused with its range', (given) => {
  const invocation = invocationOf(commands[3]!, new Map([['tips', given]]), { say: () => {}, remark: () => {} });
  const read = () => invocation.whole('tips', { from: 0, to: 100, fallback: 60 });
  expect(read).toThrow(CliError);
  expect(read).toThrow(`"${given}" is no value for --tips of "farthing demo": give a whole number from 0 to 100.`);
});

test('the help names every command, and each command all of its options', () => {
  for (const command of commands) {
    expect(overview(commands)).toContain(`  ${command.name} `);
    const help = helpOf(command);
    expect(help).toContain(command.summary);
    for (const { name, description } of command.options) expect(help).toMatch(new RegExp(`^  --${name} .*${description.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&')}$`, 'm'));
  }
});
