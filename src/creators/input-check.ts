import {
  AmountOutOfRange, CurrencyMismatch, ErrorCode, parseMoneyInput, quoteText, textProblem, ValidationError,
  type AmountRange, type MoneyInput, type TextRules, type UserError,
} from '../api/room.ts';
import { formatDecimal, money } from '../money/room.ts';

/** What an update may hold for a field: undefined leaves it, null clears it. */
export type Given<T> = T | null | undefined;

export interface ListRules {
  readonly mostItems: number;
  readonly each: TextRules;
  /** Says what else is wrong with an item, to follow its quotation; null when nothing is. */
  readonly problem?: (item: string) => string | null;
}

/**
 * Reads the fields of one input and gathers what is wrong with them, so that one answer names every mistake. A field with a mistake
 * reads as what it was, and so does an absent one.
 */
export class InputCheck {
  readonly errors: UserError[] = [];

  get failed(): boolean {
    return this.errors.length > 0;
  }

  refuse(code: ErrorCode, message: string, ...field: string[]): void {
    this.errors.push(new ValidationError(code, message, ['input', ...field]));
  }

  /** A text that must be there, without the spaces around it. */
  text(field: string, value: Given<string>, rules: TextRules, kept: string): string {
    if (value === undefined) return kept;
    if (value === null) return this.#cannotClear(field, kept);
    return this.#judge(value.trim(), rules, field) ? value.trim() : kept;
  }

  /** A text that may be missing: a blank one is none. */
  optionalText(field: string, value: Given<string>, rules: TextRules, kept: string | null, problem?: ListRules['problem']): string | null {
    if (value === undefined) return kept;
    const text = value?.trim() ?? '';
    if (text === '') return null;
    return this.#judge(text, rules, field) && this.#passes(text, problem, field) ? text : kept;
  }

  list(field: string, value: Given<readonly string[]>, rules: ListRules, kept: readonly string[]): string[] {
    if (value === undefined) return [...kept];
    const items = (value ?? []).map((item) => item.trim());
    if (items.length > rules.mostItems) {
      this.refuse(ErrorCode.INVALID_INPUT, `${items.length} items were given; at most ${rules.mostItems} are allowed.`, field);
      return [...kept];
    }
    items.forEach((item, index) => {
      if (this.#judge(item, rules.each, field, String(index))) this.#passes(item, rules.problem, field, String(index));
    });
    return items;
  }

  /** An amount in the creator's currency that must be there. */
  amount(field: readonly string[], value: Given<MoneyInput>, currency: string, range: AmountRange, keptMicros: bigint): bigint {
    if (value === undefined) return keptMicros;
    if (value === null) return this.#cannotClear(field[0]!, keptMicros);
    const parsed = parseMoneyInput(value, ['input', ...field], range);
    if (!parsed.ok) {
      this.errors.push(parsed.error);
      return keptMicros;
    }
    if (parsed.money.currency !== currency) {
      const message = `${quoteText(parsed.money.currency)} is not the creator's currency; amounts here are in ${currency}.`;
      this.errors.push(new CurrencyMismatch(message, ['input', ...field, 'currency'], currency));
      return keptMicros;
    }
    this.range(field, parsed.money.micros, currency, range);
    return parsed.money.micros;
  }

  /** Whether an amount lies within bounds, both allowed. */
  range(field: readonly string[], micros: bigint, currency: string, { minimumMicros, maximumMicros }: AmountRange): void {
    if (micros >= minimumMicros && micros <= maximumMicros) return;
    const shown = (amount: bigint) => `${formatDecimal(amount, currency)} ${currency}`;
    const message = `${shown(micros)} is not from ${shown(minimumMicros)} to ${shown(maximumMicros)}.`;
    const bounds = [money(minimumMicros, currency), money(maximumMicros, currency)] as const;
    this.errors.push(new AmountOutOfRange(message, ['input', ...field, 'amount'], ...bounds));
  }

  #judge(text: string, rules: TextRules, ...field: string[]): boolean {
    const problem = textProblem(text, rules, ['input', ...field]);
    if (problem) this.errors.push(problem);
    return !problem;
  }

  #passes(text: string, problem: ListRules['problem'], ...field: string[]): boolean {
    const found = problem?.(text) ?? null;
    if (found !== null) this.refuse(ErrorCode.INVALID_INPUT, `${quoteText(text)} ${found}`, ...field);
    return found === null;
  }

  #cannotClear<T>(field: string, kept: T): T {
    this.refuse(ErrorCode.INVALID_INPUT, 'null would clear it, which is not allowed: leave the field out to keep what it is.', field);
    return kept;
  }
}

/** What is wrong with an address that pages will link to; null when nothing is. Credentials in it would mislead whoever clicks. */
export function urlProblem(text: string): string | null {
  const url = /^https?:\/\/[^\s\\]+$/i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (!url) return 'is not a URL that starts with http:// or https://.';
  return url.username || url.password ? 'has a user name or password in it, which is not allowed.' : null;
}
