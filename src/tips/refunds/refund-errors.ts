import {
  AmountOutOfRange, ApiError, CurrencyMismatch, ErrorCode, idempotencyMismatch, InsufficientFunds, quoteText, ValidationError, type UserError,
} from '../../api/room.ts';
import { formatDecimal, formatMoney } from '../../money/room.ts';
import type { RefundTipInput } from './refund-inputs.ts';
import type { RefundTipRefusal } from './refund-tip.ts';

/** Turns each refusal into the error that the API promises for it, with its figures. Throws those that are top-level errors. */
export function refundTipRefusal(refusal: RefundTipRefusal, input: RefundTipInput): UserError {
  const amountPath = input.amount ? ['input', 'amount', 'amount'] : ['input', 'tipId'];
  const shown = quoteText(input.amount?.amount ?? 'the whole tip');
  switch (refusal.kind) {
    case 'PERSON_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    case 'NOT_OWNER':
      throw new ApiError('FORBIDDEN', 'The tip was paid to another creator\'s page, whose owner alone may give it back.');
    case 'IDEMPOTENCY_MISMATCH':
      return idempotencyMismatch(input.idempotencyKey, ['input', 'idempotencyKey']);
    case 'TIP_NOT_FOUND':
      return tipNotFound(input.tipId);
    case 'ACCOUNT_FROZEN':
      return new ValidationError(ErrorCode.ACCOUNT_FROZEN, 'This account is frozen because of a dispute; no money leaves it until that is settled.');
    case 'INVALID_STATE':
      return new ValidationError(ErrorCode.INVALID_STATE, `The tip is ${refusal.status}: only what was paid, and is not disputed, can be refunded.`, ['input', 'tipId']);
    case 'CURRENCY_MISMATCH':
      return new CurrencyMismatch(`The refund is in ${input.amount?.currency}; the tip was in ${refusal.expected}.`, ['input', 'amount', 'currency'], refusal.expected);
    case 'REFUND_EXCEEDS_CHARGE':
      if (refusal.left.micros === 0n) {
        return new ValidationError(ErrorCode.REFUND_EXCEEDS_CHARGE, 'Nothing is left of this tip: all of it went back already, or is on its way.', amountPath);
      }
      return new ValidationError(ErrorCode.REFUND_EXCEEDS_CHARGE, `${shown} is more than the ${formatMoney(refusal.left)} of this tip that have not gone back, or are not on their way.`, amountPath);
    case 'PROVIDER_UNAVAILABLE':
      return new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, `${refusal.provider} is not set up here. It charged this tip, and it alone can give it back.`, ['input', 'tipId']);
    case 'NOT_WHOLE_STEPS':
      return new ValidationError(
        ErrorCode.INVALID_INPUT,
        `${shown} is not a whole number of steps of ${formatDecimal(refusal.step.micros, refusal.step.currency)} ${refusal.step.currency}, the smallest part of an amount that can go back to this card.`,
        amountPath,
      );
    case 'AMOUNT_OUT_OF_RANGE':
      return new AmountOutOfRange(`${shown} is less than ${formatMoney(refusal.minimum)}, the least that can go back to this card.`, amountPath, refusal.minimum, refusal.maximum);
    case 'INSUFFICIENT_FUNDS':
      return new InsufficientFunds(
        `The page's earnings are ${formatMoney(refusal.balance)}: ${formatMoney(refusal.shortfall)} too little for this refund.`,
        amountPath, refusal.balance, refusal.shortfall,
      );
  }
}

export function tipNotFound(tipId: string): UserError {
  return new ValidationError(ErrorCode.NOT_FOUND, `There is no tip ${quoteText(tipId)}.`, ['input', 'tipId']);
}
