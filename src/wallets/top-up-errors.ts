import { AmountOutOfRange, ApiError, ErrorCode, idempotencyMismatch, PaymentDeclined, quoteText, ValidationError, type UserError } from '../api/room.ts';
import { formatDecimal, formatMoney, type Money } from '../money/room.ts';
import type { TopUpRefusal } from './top-ups.ts';
import type { TopUp } from './top-up.ts';

/** What a refusal's error quotes and points to: the amount as it was asked for, and the path that leads to it. */
export interface AskedTopUp {
  readonly amount: Money;
  readonly amountPath: readonly string[];
  readonly provider: string;
  readonly idempotencyKey: string;
}

/** Turns each refusal into the error that the API promises for it, with its figures. Throws those that are top-level errors. */
export function topUpRefusal(refusal: TopUpRefusal, asked: AskedTopUp): UserError {
  const { amount, amountPath, provider } = asked;
  const shown = quoteText(formatDecimal(amount.micros, amount.currency));
  switch (refusal.kind) {
    case 'PERSON_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    case 'IDEMPOTENCY_MISMATCH':
      return idempotencyMismatch(asked.idempotencyKey, ['input', 'idempotencyKey']);
    case 'PROVIDER_UNAVAILABLE':
      return new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, `${refusal.provider} is not set up here.`, ['input', 'provider']);
    case 'CURRENCY_NOT_TAKEN':
      return new ValidationError(ErrorCode.INVALID_INPUT, `${provider} takes no ${refusal.currency}.`, [...amountPath, 'currency']);
    case 'AMOUNT_OUT_OF_RANGE':
      return new AmountOutOfRange(
        `${shown} is outside of ${formatMoney(refusal.minimum)} to ${formatMoney(refusal.maximum)}, which one top-up may be.`,
        [...amountPath, 'amount'],
        refusal.minimum,
        refusal.maximum,
      );
    case 'NOT_WHOLE_STEPS':
      return new ValidationError(
        ErrorCode.INVALID_INPUT,
        `${shown} is not a whole number of steps of ${formatDecimal(refusal.step.micros, refusal.step.currency)} ${refusal.step.currency}, the smallest part of an amount that ${provider} charges.`,
        [...amountPath, 'amount'],
      );
    case 'NO_PAYMENT_METHOD':
      return new ValidationError(
        ErrorCode.INVALID_INPUT,
        'No payment method is given, and this account has none saved: send a token of the provider, such as "pm_sandbox_ok".',
        ['input', 'paymentMethodId'],
      );
    case 'ACCOUNT_FROZEN':
      return new ValidationError(ErrorCode.ACCOUNT_FROZEN, 'This account is frozen because of a dispute; it cannot be topped up until that is settled.');
  }
}

/** Why a stored top-up brought nothing: the same each time its key is sent. */
export function topUpFailures({ failure }: TopUp): UserError[] {
  if (!failure) return [];
  return [new PaymentDeclined(`${failure.reason} A new try takes a new idempotency key.`, ['input', 'paymentMethodId'], failure.code, failure.retryable)];
}
