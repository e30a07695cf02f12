import {
  AmountOutOfRange, ApiError, CurrencyMismatch, ErrorCode, idempotencyMismatch, InsufficientFunds, quoteText, ValidationError, type UserError,
} from '../api/room.ts';
import { LedgerHalted } from '../ledger/room.ts';
import { formatDecimal, formatMoney } from '../money/room.ts';
import { capExceeded, describeRefusal, methodRefusal, providerUnavailable } from '../wallets/room.ts';
import type { CardTipRefusal } from './send-card-tip.ts';
import type { SendTipInput } from './tip-inputs.ts';
import type { SendTipOutcome } from './send-tip.ts';
import type { Tip } from './tip.ts';

type Refusal = Exclude<SendTipOutcome, { tip: Tip }>;

/** Turns each refusal into the error that the API promises for it, with its figures. Throws those that are top-level errors. */
export function tipRefusal(refusal: Refusal, input: SendTipInput): UserError {
  switch (refusal.kind) {
    case 'SENDER_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    case 'LEDGER_HALTED':
      throw new LedgerHalted(refusal.currency, refusal.reason);
    case 'IDEMPOTENCY_MISMATCH':
      return idempotencyMismatch(input.idempotencyKey, ['input', 'idempotencyKey']);
    case 'CREATOR_NOT_FOUND':
      return new ValidationError(ErrorCode.NOT_FOUND, `There is no creator ${quoteText(input.creatorId)}.`, ['input', 'creatorId']);
    case 'ACCOUNT_FROZEN':
      return new ValidationError(ErrorCode.ACCOUNT_FROZEN, 'This account is frozen because of a dispute; it cannot send money until that is settled.');
    case 'SELF_PAYMENT':
      return new ValidationError(ErrorCode.SELF_PAYMENT, 'Creators cannot tip themselves.', ['input', 'creatorId']);
    case 'CURRENCY_MISMATCH':
      return new CurrencyMismatch(
        `The tip is in ${input.amount.currency}; this creator takes ${refusal.expected}.`,
        ['input', 'amount', 'currency'],
        refusal.expected,
      );
    case 'AMOUNT_OUT_OF_RANGE':
      return new AmountOutOfRange(
        `${quoteText(input.amount.amount)} is outside of ${formatMoney(refusal.minimum)} to ${formatMoney(refusal.maximum)}, which this creator takes.`,
        ['input', 'amount', 'amount'],
        refusal.minimum,
        refusal.maximum,
      );
    case 'MESSAGE_TOO_LONG':
      return new ValidationError(
        ErrorCode.INVALID_INPUT,
        `The message has ${[...(input.message ?? '')].length} characters; this creator takes at most ${refusal.maximum}.`,
        ['input', 'message'],
      );
    case 'CAP_EXCEEDED':
      return capExceeded(refusal.refusal, ['input', 'amount']);
    case 'INSUFFICIENT_FUNDS':
      return new InsufficientFunds(
        `The wallet holds ${formatMoney(refusal.balance)}: ${formatMoney(refusal.shortfall)} too little for this tip.`,
        ['input', 'amount'],
        refusal.balance,
        refusal.shortfall,
      );
  }
}

/** The same for a tip by card. */
export function cardTipRefusal(refusal: CardTipRefusal, input: SendTipInput): UserError {
  switch (refusal.kind) {
    case 'PAYER_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account or the guest of this session no longer exists.');
    case 'METHOD_NOT_FOUND':
    case 'METHOD_OF_OTHER_PROVIDER':
      return methodRefusal(refusal, input.paymentMethodId ?? null);
    case 'PROVIDER_UNAVAILABLE':
      return providerUnavailable(refusal, input);
    case 'CURRENCY_NOT_TAKEN':
      return new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, `${refusal.provider} takes no ${refusal.currency}: tip from the wallet.`, ['input', 'funding']);
    case 'NOT_WHOLE_STEPS':
      return new ValidationError(
        ErrorCode.INVALID_INPUT,
        `${quoteText(input.amount.amount)} is not a whole number of steps of ${formatDecimal(refusal.step.micros, refusal.step.currency)} ${refusal.step.currency}, the smallest part of an amount that a card is charged.`,
        ['input', 'amount', 'amount'],
      );
    case 'TOO_MANY_ATTEMPTS':
      return new ValidationError(ErrorCode.TOO_MANY_ATTEMPTS, describeRefusal(refusal));
    case 'AMOUNT_OUT_OF_RANGE':
      return new AmountOutOfRange(
        `${quoteText(input.amount.amount)} is outside of ${formatMoney(refusal.minimum)} to ${formatMoney(refusal.maximum)}, the range of tips to this creator by card; the wallet takes smaller ones.`,
        ['input', 'amount', 'amount'], refusal.minimum, refusal.maximum,
      );
    default:
      return tipRefusal(refusal, input);
  }
}
