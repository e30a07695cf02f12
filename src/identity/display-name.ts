import { ErrorCode, quoteText, textProblem, ValidationError, type UserError } from '../api/room.ts';

const longestDisplayName = 80;

// Overrides of the writing direction, with which a name rearranges the text around it.
const directionOverrides = /[\u202a-\u202e\u2066-\u2069]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

export type DisplayName = { readonly ok: true; readonly name: string } | { readonly ok: false; readonly error: UserError };

/** Reads a name that a person wants to be shown: 1 to 80 characters on one line, spaces around it dropped, in Unicode's composed form. */
export function parseDisplayName(text: string, path: readonly string[]): DisplayName {
  const name = text.trim().normalize('NFC');
  const problem = textProblem(name, { minimum: 1, maximum: longestDisplayName }, path);
  if (problem) return { ok: false, error: problem };
  const refuse = (reason: string): DisplayName => ({ ok: false, error: new ValidationError(ErrorCode.INVALID_INPUT, `${quoteText(name)} ${reason}`, path) });
  if (directionOverrides.test(name)) return refuse('contains a character that turns the writing direction, which is not allowed.');
  if (!visible.test(name)) return refuse('has no character that can be seen.');
  return { ok: true, name };
}
