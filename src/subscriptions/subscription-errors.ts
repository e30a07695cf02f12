import {
  AmountOutOfRange, ApiError, CurrencyMismatch, ErrorCode, idempotencyMismatch, InsufficientFunds, quoteText, ValidationError,
  type ErrorPath, type UserError,
} from '../api/room.ts';
import { LedgerHalted } from '../ledger/room.ts';
import { formatDecimal, formatMoney, money, type Money } from '../money/room.ts';
import { capExceeded } from '../wallets/room.ts';
import type { ChargeRefusal } from './charging.ts';
import type { SubscriptionRefusal } from './outcomes.ts';
import { PriceChanged, previewOf } from './preview-type.ts';
import { priceChangedText } from './shown-price.ts';

/** What was asked for, as far as errors quote it, and where its fields are. */
export interface Asked {
  /** Leads to the fields: ["input"] for mutations, [] for a query's arguments. */
  readonly base: ErrorPath;
  readonly tierId?: string | null;
  readonly creatorId?: string | null;
  readonly subscriptionId?: string | null;
  readonly idempotencyKey?: string;
}

/** Turns each refusal into the error that the API promises for it, with its figures. Throws those that are top-level errors. */
export function subscriptionRefusal(refusal: SubscriptionRefusal, asked: Asked): UserError {
  const at = (...field: string[]) => [...asked.base, ...field];
  switch (refusal.kind) {
    case 'PERSON_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    case 'IDEMPOTENCY_MISMATCH':
      return idempotencyMismatch(asked.idempotencyKey ?? '', at('idempotencyKey'));
    case 'CREATOR_NOT_FOUND':
      return notFound('creator', asked.creatorId, at('creatorId'));
    case 'TIER_NOT_FOUND':
      return notFound('tier', asked.tierId, at('tierId'));
    case 'SUBSCRIPTION_NOT_FOUND':
      return notFound('micro-subscription', asked.subscriptionId, at('subscriptionId'));
    case 'TIER_ARCHIVED':
      return new ValidationError(ErrorCode.INVALID_STATE, `The tier ${quoteText(refusal.name)} is closed to new members.`, at('tierId'));
    case 'SELF_PAYMENT':
      return new ValidationError(ErrorCode.SELF_PAYMENT, 'Creators cannot subscribe to themselves.', at(asked.tierId ? 'tierId' : 'creatorId'));
    case 'CURRENCY_MISMATCH':
      return new CurrencyMismatch(`The amount is in ${refusal.given}; this creator takes ${refusal.expected}.`, at(refusal.of, 'currency'), refusal.expected);
    case 'AMOUNT_OUT_OF_RANGE':
      return ownAmountOutOfRange(formatDecimal(refusal.amount.micros, refusal.amount.currency), refusal, at('amount', 'amount'));
    case 'ALREADY_SUBSCRIBED':
      return new ValidationError(
        ErrorCode.ALREADY_SUBSCRIBED,
        'There is a live micro-subscription to this creator already: change it with changeSubscription, or resume it.',
        at(asked.tierId ? 'tierId' : 'creatorId'),
      );
    case 'INVALID_STATE':
      return new ValidationError(ErrorCode.INVALID_STATE, invalidState(refusal), at('subscriptionId'));
    case 'PAUSE_TOO_SHORT':
      return new ValidationError(ErrorCode.INVALID_INPUT, `A pause must last beyond ${refusal.after.toISOString()}, until when it is paid or has passed.`, at('until'));
    case 'PAUSE_TOO_LONG':
      return new ValidationError(
        ErrorCode.INVALID_INPUT,
        `A pause may last until ${refusal.latest.toISOString()}; leave "until" out to pause until it is resumed.`,
        at('until'),
      );
    case 'PRICE_CHANGED': {
      const field = refusal.fault === 'OTHER_AMOUNT' ? 'expectedDueNow' : 'pricedAt';
      return new PriceChanged(priceChangedText(refusal), at(field), previewOf(refusal.price, refusal.currency));
    }
    case 'SOLD_OUT':
      return new ValidationError(ErrorCode.SOLD_OUT, `All ${refusal.capacity} places of the tier ${quoteText(refusal.name)} are taken.`, at('tierId'));
    case 'NOT_CHARGED':
      return notCharged(refusal.why, refusal.amount, asked.base);
  }
}

/** `given` is the amount as it was sent, or in digits. */
export function ownAmountOutOfRange(given: string, { minimum, maximum }: { readonly minimum: Money; readonly maximum: Money }, path: ErrorPath): UserError {
  const message = `${quoteText(given)} is outside of ${formatMoney(minimum)} to ${formatMoney(maximum)}, which an amount of one's own may be.`;
  return new AmountOutOfRange(message, path, minimum, maximum);
}

function notFound(what: string, id: string | null | undefined, path: ErrorPath): UserError {
  return new ValidationError(ErrorCode.NOT_FOUND, `There is no ${what} ${quoteText(id ?? '')}.`, path);
}

/** Says what stands in the way, and what to do about it. */
function invalidState({ status, pending, wanted, amount }: Extract<SubscriptionRefusal, { kind: 'INVALID_STATE' }>): string {
  switch (status) {
    case 'PAST_DUE':
      return `The micro-subscription is PAST_DUE and cannot be ${wanted}: top up, so that the wallet holds the ${formatMoney(amount)} that it owes, or cancel it, which ends it at once.`;
    case 'PAUSED':
      return `The micro-subscription is PAUSED and cannot be ${wanted}: resume it first, with resumeSubscription.`;
    case 'CANCELING':
      return `The micro-subscription is CANCELING and cannot be ${wanted}: take the cancellation back first, with resumeSubscription.`;
    case 'ENDED':
      return `The micro-subscription is ENDED and cannot be ${wanted}: subscribe again, with subscribe.`;
    case 'ACTIVE': {
      const waiting = pending === 'PAUSE' ? 'about to be paused' : 'about to change';
      const back = pending === 'PAUSE' ? 'the pause' : 'the change';
      return `The micro-subscription is ${waiting} and cannot be ${wanted}: take ${back} back first, with resumeSubscription.`;
    }
  }
}

function notCharged(why: ChargeRefusal, amount: Money, path: ErrorPath): UserError {
  switch (why.kind) {
    case 'LEDGER_HALTED':
      throw new LedgerHalted(why.currency, why.reason);
    case 'ACCOUNT_FROZEN':
      return new ValidationError(ErrorCode.ACCOUNT_FROZEN, 'This account is frozen because of a dispute; it cannot send money until that is settled.');
    case 'CAP_EXCEEDED':
      return capExceeded(why.cap, path);
    case 'INSUFFICIENT_FUNDS': {
      const [balance, shortfall] = [money(why.balanceMicros, amount.currency), money(why.shortfallMicros, amount.currency)];
      return new InsufficientFunds(`The wallet holds ${formatMoney(balance)}: ${formatMoney(shortfall)} too little for ${formatMoney(amount)}.`, path, balance, shortfall);
    }
  }
}
