import { textProblem, type UserError } from '../api/room.ts';

const longestDisplayName = 80;

export type DisplayName = { readonly ok: true; readonly name: string } | { readonly ok: false; readonly error: UserError };

/** Reads a name that a person wants to be shown: 1 to 80 characters on one line, spaces around it dropped, in Unicode's composed form. */
export function parseDisplayName(text: string, path: readonly string[]): DisplayName {
  const name = text.trim().normalize('NFC');
  const problem = textProblem(name, { minimum: 1, maximum: longestDisplayName }, path);
  return problem ? { ok: false, error: problem } : { ok: true, name };
}
