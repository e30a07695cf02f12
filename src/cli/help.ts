import { helpOption } from './arguments.ts';
import type { Command, Option } from './command.ts';

/** The list of all commands. */
export function overview(commands: readonly Command[]): string {
  return [
    'Usage: farthing <command> [options]',
    '',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    '"farthing <command> --help" explains one of them, "farthing --version" tells the version.',
    'The environment is read from the process and from a file .env in the current folder; .env.example lists all of it.',
  ].join('\n');
}

/** The help of one command. */
export function helpOf({ name, summary, words, details, options }: Command): string {
  return [
    `Usage: farthing ${name}${words === undefined ? '' : ` ${words}`}${options.length > 0 ? ' [options]' : ''}`,
    '',
    summary,
    ...(details === undefined ? [] : ['', details]),
    '',
    ...columns([...options, helpOption].map((option) => [written(option), option.description])),
  ].join('\n');
}

function written({ name, value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
