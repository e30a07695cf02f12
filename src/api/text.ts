import { ErrorCode } from './error-code.ts';
import { quoteText } from './quote-text.ts';
import { ValidationError, type ErrorPath, type UserError } from './user-error.ts';

export interface TextRules {
  readonly minimum: number;
  /** In characters as people count them (code points). */
  readonly maximum: number;
  /** Whether line breaks may stand in it. */
  readonly multiline?: boolean;
}

// PostgreSQL's text refuses U+0000 and its jsonb refuses lone surrogates; other controls only confuse whoever reads.
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/u;
// Overrides of the writing direction, with which a name rearranges the text around it.
const directionOverrides = /[\u202a-\u202e\u2066-\u2069]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;
const lineBreaks = /[\n\r\t\u2028\u2029]/u;

/** Whether anybody would see anything of it. */
export function hasVisibleText(text: string): boolean {
  return visible.test(text);
}

/** Says what is wrong with a text that people typed, or null when nothing is. */
export function textProblem(text: string, rules: TextRules, path: ErrorPath): UserError | null {
  const refuse = (reason: string) => new ValidationError(ErrorCode.INVALID_INPUT, `${quoteText(text)} ${reason}`, path);
  if (!text.isWellFormed()) return refuse('is not well-formed Unicode: half of a surrogate pair stands alone.');
  if (controls.test(text)) return refuse('contains a control character, which is not allowed.');
  if (!rules.multiline && lineBreaks.test(text)) return refuse('contains a line break, which is not allowed here.');
  if (!rules.multiline && directionOverrides.test(text)) return refuse('contains a character that turns the writing direction, which is not allowed here.');
  const length = [...text].length;
  if (length < rules.minimum) return refuse(`has ${length} characters; at least ${rules.minimum} are needed.`);
  if (rules.minimum > 0 && !hasVisibleText(text)) return refuse('has no character that can be seen.');
  if (length > rules.maximum) return refuse(`has ${length} characters; at most ${rules.maximum} are allowed.`);
  return null;
}

/** Checks an idempotency key: 1 to 255 characters. */
export function idempotencyKeyProblem(key: string, path: ErrorPath): UserError | null {
  return textProblem(key, { minimum: 1, maximum: 255 }, path);
}
