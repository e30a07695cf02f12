import { ApiError, ErrorCode, idempotencyMismatch, InsufficientFunds, PaymentDeclined, quoteText, ValidationError, type UserError } from '../../api/room.ts';
import { formatMoney } from '../../money/room.ts';
import type { RefundTopUpRefusal } from './refund-top-up.ts';
import type { RefundTopUpInput } from './refund-type.ts';
import type { Refund } from './refund.ts';

/** Turns each refusal into the error that the API promises for it, with its figures. Throws those that are top-level errors. */
export function refundTopUpRefusal(refusal: RefundTopUpRefusal, input: RefundTopUpInput): UserError {
  const path = ['input', 'topUpId'];
  switch (refusal.kind) {
    case 'PERSON_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    case 'IDEMPOTENCY_MISMATCH':
      return idempotencyMismatch(input.idempotencyKey, ['input', 'idempotencyKey']);
    case 'TOP_UP_NOT_FOUND':
      return topUpNotFound(input.topUpId);
    case 'ACCOUNT_FROZEN':
      return new ValidationError(ErrorCode.ACCOUNT_FROZEN, 'This account is frozen because of a dispute; no money leaves it until that is settled.');
    case 'INVALID_STATE':
      return new ValidationError(ErrorCode.INVALID_STATE, `The top-up is ${refusal.status}: only what was paid, and is not disputed, can be refunded.`, path);
    case 'REFUND_EXCEEDS_CHARGE':
      return new ValidationError(ErrorCode.REFUND_EXCEEDS_CHARGE, 'Nothing is left of this top-up: all of it went back already, or is on its way.', path);
    case 'PROVIDER_UNAVAILABLE':
      return new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, `${refusal.provider} is not set up here. It charged this top-up, and it alone can give it back.`, path);
    case 'INSUFFICIENT_FUNDS':
      return new InsufficientFunds(
        `The wallet holds ${formatMoney(refusal.balance)}: ${formatMoney(refusal.shortfall)} too little for the smallest refund.`,
        path, refusal.balance, refusal.shortfall,
      );
  }
}

export function topUpNotFound(topUpId: string): UserError {
  return new ValidationError(ErrorCode.NOT_FOUND, `This account has no top-up ${quoteText(topUpId)}.`, ['input', 'topUpId']);
}

/** Why a stored refund gave nothing back: the same each time its key is sent. */
export function refundFailures({ failure }: Refund): UserError[] {
  if (!failure) return [];
  return [new PaymentDeclined(`${failure.reason} A new try takes a new idempotency key.`, null, failure.code, failure.retryable)];
}
