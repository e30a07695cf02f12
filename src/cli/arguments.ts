import { parseArgs } from 'node:util';
import { usageError } from './cli-error.ts';
import type { Command, Option } from './command.ts';

/** What a command line asks for. */
export type Request =
  | { readonly kind: 'VERSION' }
  | { readonly kind: 'OVERVIEW' }
  | { readonly kind: 'HELP'; readonly command: Command }
  | { readonly kind: 'RUN'; readonly command: Command; readonly values: ReadonlyMap<string, string | true>; readonly words: readonly string[] };

export const helpOption: Option = { name: 'help', description: 'Shows this.' };

/** Reads a command line. Throws the CliError that quotes what is not understood and lists what would be. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Request {
  const [first, ...rest] = argv;
  if (first === '--version') return { kind: 'VERSION' };
  if (first === undefined) throw usageError(`A command is missing: ${names(commands)}. "farthing --help" explains them.`);
  if (first === '--help' || first === 'help') return { kind: 'OVERVIEW' };
  if (first.startsWith('-')) throw usageError(`The option "${first}" is not known: before a command stand only --help and --version.`);
  const command = commands.find(({ name }) => name === first);
  if (!command) throw usageError(`There is no command "${first}"; there are ${names(commands)}.`);
  const { values, words } = parseRest(command, rest);
  return values.has('help') ? { kind: 'HELP', command } : { kind: 'RUN', command, values, words };
}

function parseRest(command: Command, args: readonly string[]): Pick<Extract<Request, { kind: 'RUN' }>, 'values' | 'words'> {
  const allowed = [...command.options, helpOption];
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(allowed.map(({ name, value }) => [name, { type: value === undefined ? 'boolean' : 'string' } as const])),
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string | true>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (command.words === undefined) throw refused(command, allowed, `"${token.value}"`);
      words.push(token.value);
      continue;
    }
    const option = allowed.find(({ name }) => token.rawName === `--${name}`);
    if (!option) throw refused(command, allowed, `"${token.rawName}"`);
    if (option.value === undefined && token.value !== undefined) throw usageError(`--${option.name} takes no value, but was given "${token.value}".`);
    if (option.value !== undefined && !token.value) throw usageError(`--${option.name} needs a value: --${option.name} ${option.value}.`);
    values.set(option.name, token.value ?? true);
  }
  return { values, words };
}

function refused(command: Command, allowed: readonly Option[], what: string): Error {
  return usageError(`"farthing ${command.name}" does not understand ${what}; it takes ${allowed.map(({ name }) => `--${name}`).join(', ')}.`);
}

function names(commands: readonly Command[]): string {
  return commands.map(({ name }) => name).join(', ');
}
