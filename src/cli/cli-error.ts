/** A reason to stop that is the user's to mend; `message` is printed as it is. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** 2: the command line or the environment is wrong. 1: what was asked for could not be done. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command line is wrong. */
export function usageError(message: string): CliError {
  return new CliError(message, 2);
}
