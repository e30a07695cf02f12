import {
  amountProblem, decodeIdOf, ErrorCode, quoteText, ValidationError, type ErrorPath, type Interval, type MoneyInput, type UserError,
} from '../api/room.ts';
import { CREATOR_PREFIX, TIER_PREFIX } from '../creators/room.ts';
import { MAX_MICROS, parseAmount, type Money } from '../money/room.ts';
import { ownAmountOutOfRange } from './subscription-errors.ts';
import { SUBSCRIPTION_PREFIX } from './subscription-type.ts';
import { ownAmountBounds, type WantedChange, type WantedPlan } from './wanted-plan.ts';

/** The fields that say what somebody wants to pay for. */
export interface PlanFields {
  readonly tierId?: string | null;
  readonly creatorId?: string | null;
  readonly amount?: MoneyInput | null;
  readonly interval?: Interval | null;
}

/** Gathers what is wrong with an input, so that one answer names every mistake. A field with a mistake reads as null. */
export class FieldReader {
  readonly errors: UserError[] = [];
  readonly #base: ErrorPath;

  constructor(base: ErrorPath) {
    this.#base = base;
  }

  add(problem: UserError | null): void {
    if (problem) this.errors.push(problem);
  }

  subscriptionId(id: string): string | null {
    return this.#id(SUBSCRIPTION_PREFIX, 'micro-subscription', 'subscriptionId', id);
  }

  amount(input: MoneyInput): Money | null {
    const parsed = parseAmount(input);
    if (parsed.ok) return parsed.money;
    const path = [...this.#base, 'amount', parsed.field];
    const isOutOfRange = parsed.problem === 'NOT_POSITIVE' || parsed.problem === 'TOO_LARGE';
    // Its currency is known then, and the bounds are the same for every creator.
    this.errors.push(isOutOfRange ? ownAmountOutOfRange(input.amount, ownAmountBounds(input.currency), path) : amountProblem(parsed, input.currency, path));
    return null;
  }

  /** A sum that may be zero, such as what a change costs at once. */
  expectedDueNow(input: MoneyInput): Money | null {
    const parsed = parseAmount(input, { allowZero: true });
    if (parsed.ok) return parsed.money;
    this.errors.push(amountProblem(parsed, input.currency, [...this.#base, 'expectedDueNow', parsed.field], { minimumMicros: 0n, maximumMicros: MAX_MICROS }));
    return null;
  }

  /** What a new subscription is to be; null when it is not well-formed, and then an error says why. */
  plan({ tierId, creatorId, amount, interval }: PlanFields): WantedPlan | null {
    if (tierId != null) return this.#tier(tierId, { creatorId, amount, interval });
    if (creatorId == null) return this.#refuse('Say what to subscribe to: either tierId, or creatorId with amount and interval.', 'tierId');
    if (amount == null) return this.#refuse('An amount of one\'s own is missing: creatorId goes with amount and interval.', 'amount');
    if (interval == null) return this.#refuse('The interval of the amount is missing: creatorId goes with amount and interval.', 'interval');
    const id = this.#id(CREATOR_PREFIX, 'creator', 'creatorId', creatorId);
    const parsed = this.amount(amount);
    return id !== null && parsed ? { creatorId: id, amount: parsed, interval } : null;
  }

  /** What a subscription is to become; null when it is not well-formed, and then an error says why. */
  change({ tierId, creatorId, amount, interval }: PlanFields): WantedChange | null {
    if (creatorId != null) return this.#refuse('A change stays with its creator: leave creatorId out.', 'creatorId');
    if (tierId != null) return this.#tier(tierId, { amount, interval });
    if (amount == null && interval == null) return this.#refuse('Say what to change to: either tierId, or amount or interval.', 'tierId');
    const parsed = amount == null ? null : this.amount(amount);
    return amount != null && !parsed ? null : { amount: parsed, interval: interval ?? null };
  }

  #tier(tierId: string, others: Omit<PlanFields, 'tierId'>): { tierId: string } | null {
    const extra = Object.entries(others).find(([, value]) => value != null);
    if (extra) return this.#refuse(`A tier has a creator, a price and an interval of its own: leave ${extra[0]} out, or tierId.`, extra[0]);
    const id = this.#id(TIER_PREFIX, 'tier', 'tierId', tierId);
    return id === null ? null : { tierId: id };
  }

  #id(prefix: string, what: string, field: string, text: string): string | null {
    const id = decodeIdOf(prefix, text);
    if (id === null) this.errors.push(new ValidationError(ErrorCode.NOT_FOUND, `There is no ${what} ${quoteText(text)}.`, [...this.#base, field]));
    return id;
  }

  #refuse(message: string, field: string): null {
    this.errors.push(new ValidationError(ErrorCode.INVALID_INPUT, message, [...this.#base, field]));
    return null;
  }
}
