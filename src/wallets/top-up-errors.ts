import { ActionRequired, AmountOutOfRange, ApiError, ErrorCode, idempotencyMismatch, PaymentDeclined, quoteText, ValidationError, type UserError } from '../api/room.ts';
import { formatDecimal, formatMoney, type Money } from '../money/room.ts';
import { describeRefusal } from './card-attempts.ts';
import type { MethodRefusal, ProviderUnavailable } from './choose-method.ts';
import type { TopUpRefusal } from './top-ups.ts';
import type { TopUp } from './top-up.ts';

/** What a refusal's error quotes and points to: the amount as it was asked for, and the path that leads to it. */
export interface AskedTopUp {
  readonly amount: Money;
  readonly amountPath: readonly string[];
  readonly provider: string | null;
  readonly paymentMethodId: string | null;
  readonly idempotencyKey: string;
}

/** Turns each refusal into the error that the API promises for it, with its figures. Throws those that are top-level errors. */
export function topUpRefusal(refusal: TopUpRefusal, asked: AskedTopUp): UserError {
  const { amount, amountPath } = asked;
  const shown = quoteText(formatDecimal(amount.micros, amount.currency));
  switch (refusal.kind) {
    case 'PERSON_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    case 'IDEMPOTENCY_MISMATCH':
      return idempotencyMismatch(asked.idempotencyKey, ['input', 'idempotencyKey']);
    case 'PROVIDER_UNAVAILABLE':
      return providerUnavailable(refusal, asked);
    case 'CURRENCY_NOT_TAKEN':
      return new ValidationError(ErrorCode.INVALID_INPUT, `${refusal.provider} takes no ${refusal.currency}.`, [...amountPath, 'currency']);
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
        `${shown} is not a whole number of steps of ${formatDecimal(refusal.step.micros, refusal.step.currency)} ${refusal.step.currency}, the smallest part of an amount that ${refusal.provider} charges.`,
        [...amountPath, 'amount'],
      );
    case 'METHOD_NOT_FOUND':
    case 'METHOD_OF_OTHER_PROVIDER':
      return methodRefusal(refusal, asked.paymentMethodId);
    case 'TOO_MANY_ATTEMPTS':
      return new ValidationError(ErrorCode.TOO_MANY_ATTEMPTS, describeRefusal(refusal));
    case 'NOT_DUE':
      throw new Error('Only an automatic top-up can be not due.');
    case 'ACCOUNT_FROZEN':
      return new ValidationError(ErrorCode.ACCOUNT_FROZEN, 'This account is frozen because of a dispute; it cannot be topped up until that is settled.');
  }
}

/** That a provider is not set up here, with a path to what asked for it. */
export function providerUnavailable({ provider }: Pick<ProviderUnavailable, 'provider'>, asked: { readonly provider?: string | null; readonly paymentMethodId?: string | null }): UserError {
  const path = asked.provider != null ? ['input', 'provider'] : asked.paymentMethodId != null ? ['input', 'paymentMethodId'] : null;
  if (provider === null) return new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, 'No payment provider is set up here.');
  return new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, `${provider} is not set up here.`, path);
}

/** Why a saved method cannot be charged, whatever for. */
export function methodRefusal(refusal: Exclude<MethodRefusal, { kind: 'PROVIDER_UNAVAILABLE' }>, paymentMethodId: string | null): UserError {
  const path = ['input', 'paymentMethodId'];
  if (refusal.kind === 'METHOD_NOT_FOUND') return new ValidationError(ErrorCode.NOT_FOUND, `This account has no payment method ${quoteText(paymentMethodId ?? '')}.`, path);
  return new ValidationError(ErrorCode.INVALID_INPUT, `The payment method ${quoteText(paymentMethodId ?? '')} is kept by ${refusal.provider}, and another provider is asked for.`, path);
}

/** Why a stored payment was not made, or not yet: the same each time its key is sent. */
export function paymentFailures({ failure, action, paymentMethod }: Pick<TopUp, 'failure' | 'action' | 'paymentMethod'>): UserError[] {
  const path = ['input', 'paymentMethodId'];
  const wish = paymentMethod === null ? 'A card has to be entered first' : 'The bank wants the payment confirmed first';
  if (action) return [new ActionRequired(`${wish}: do what "action" says. It goes on by itself afterwards.`, path, action)];
  if (!failure) return [];
  return [new PaymentDeclined(`${failure.reason} A new try takes a new idempotency key.`, path, failure.code, failure.retryable)];
}
