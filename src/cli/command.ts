import { usageError } from './cli-error.ts';

/** What a user may write after a command's name. */
export interface Option {
  readonly name: string;
  /** What stands for its value in the help; an option without one is a flag. */
  readonly value?: string;
  readonly description: string;
}

/** What a command is given. */
export interface Invocation {
  /** What was written besides options, in order. */
  readonly words: readonly string[];
  has(flag: string): boolean;
  text(option: string): string | undefined;
  /** A whole number in a range, or the fallback when the option is not given. Throws for anything else. */
  whole(option: string, range: { readonly from: number; readonly to: number; readonly fallback: number }): number;
  /** Prints a line for people, and for programs that read it. */
  readonly say: (line: string) => void;
  /** Prints a line beside that: a warning, a step that is under way. */
  readonly remark: (line: string) => void;
}

/** One word that `farthing` understands. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What else there is to know, for its own help. */
  readonly details?: string;
  /** What stands in the help for the words that it takes besides options; a command without it takes none. */
  readonly words?: string;
  readonly options: readonly Option[];
  /** Answers the exit code: 0 when all is well. */
  run(invocation: Invocation): Promise<number>;
}

export function invocationOf(
  command: Command,
  values: ReadonlyMap<string, string | true>,
  output: Pick<Invocation, 'say' | 'remark'>,
  words: readonly string[] = [],
): Invocation {
  const text = (option: string) => {
    const value = values.get(option);
    return value === true ? undefined : value;
  };
  return {
    ...output,
    words,
    has: (flag) => values.has(flag),
    text,
    whole: (option, { from, to, fallback }) => {
      const given = text(option);
      if (given === undefined) return fallback;
      if (/^\d{1,15}$/.test(given) && Number(given) >= from && Number(given) <= to) return Number(given);
      throw usageError(`"${given}" is no value for --${option} of "farthing ${command.name}": give a whole number from ${from} to ${to}.`);
    },
  };
}
