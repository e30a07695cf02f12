/** A refusal in words for people: a top-level error, or what a mutation's payload says under `errors`. */
export class ApiFailure extends Error {
  override name = 'ApiFailure';
  readonly code: string;
  /** Where in the arguments the fault is; empty where it is in none. */
  readonly path: readonly string[];

  constructor(code: string, message: string, path: readonly string[] = []) {
    super(message);
    this.code = code;
    this.path = path;
  }
}
