import { AmountOutOfRange, ApiError, CurrencyMismatch, ErrorCode, idempotencyMismatch, InsufficientFunds, quoteText, ValidationError, type UserError } from '../api/room.ts';
import { formatDecimal, formatMoney } from '../money/room.ts';
import type { AddDestinationResult, VerifyDestinationResult } from './destinations.ts';
import { mostDestinationsADay } from './destination.ts';
import type { VerifyPayoutDestinationInput } from './payout-type.ts';
import type { PayoutRefusal, RequestPayout } from './payouts.ts';

const amountPath = ['input', 'amount', 'amount'];

const noPage = (): UserError => new ValidationError(ErrorCode.NOT_FOUND, 'This account runs no creator page yet: call createCreator first.');
const unavailable = (provider: string): UserError =>
  new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, `${provider} is not set up here, or does not answer. Nothing was changed; try again later.`);

/** Turns each refusal into the error that the API promises for it, with its figures. Throws those that are top-level errors. */
export function payoutRefusal(refusal: PayoutRefusal, { amount, idempotencyKey }: RequestPayout): UserError {
  const shown = quoteText(formatDecimal(amount.micros, amount.currency));
  switch (refusal.kind) {
    case 'PERSON_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    case 'NO_PAGE':
      return noPage();
    case 'IDEMPOTENCY_MISMATCH':
      return idempotencyMismatch(idempotencyKey, ['input', 'idempotencyKey']);
    case 'CURRENCY_MISMATCH':
      return new CurrencyMismatch(`The payout is in ${amount.currency}; this page earns ${refusal.expected}.`, ['input', 'amount', 'currency'], refusal.expected);
    case 'ACCOUNT_FROZEN':
      return new ValidationError(ErrorCode.ACCOUNT_FROZEN, 'This account is frozen because of a dispute; nothing is paid out until that is settled.');
    case 'NO_DESTINATION':
      return new ValidationError(ErrorCode.DESTINATION_UNVERIFIED, 'There is no payout destination yet: call addPayoutDestination first.');
    case 'DESTINATION_UNVERIFIED':
      return new ValidationError(
        ErrorCode.DESTINATION_UNVERIFIED,
        `The payout destination ${quoteText(refusal.label)} is not verified yet: call verifyPayoutDestination with the two small deposits that arrived there.`,
      );
    case 'PROVIDER_UNAVAILABLE':
      return unavailable(refusal.provider);
    case 'CURRENCY_NOT_TAKEN':
      return new ValidationError(ErrorCode.INVALID_INPUT, `${refusal.provider} pays out no ${refusal.currency}.`, ['input', 'amount', 'currency']);
    case 'NOT_WHOLE_STEPS':
      return new ValidationError(
        ErrorCode.INVALID_INPUT,
        `${shown} is not a whole number of steps of ${formatDecimal(refusal.step.micros, refusal.step.currency)} ${refusal.step.currency}, the smallest part of an amount that ${refusal.provider} pays out.`,
        amountPath,
      );
    case 'BELOW_MINIMUM':
      return new AmountOutOfRange(`${shown} is less than ${formatMoney(refusal.minimum)}, the least that is paid out.`, amountPath, refusal.minimum, refusal.payable);
    case 'FUNDS_HELD':
      return new ValidationError(
        ErrorCode.FUNDS_HELD,
        `${shown} is more than is payable now: ${formatMoney(refusal.payable)} is, and ${formatMoney(refusal.held)} is still in its hold period.`,
        amountPath,
      );
    case 'INSUFFICIENT_FUNDS':
      return new InsufficientFunds(
        `${shown} is ${formatMoney(refusal.shortfall)} more than the ${formatMoney(refusal.payable)} that is payable.`,
        amountPath, refusal.payable, refusal.shortfall,
      );
  }
}

/** The error of a destination that was not added. */
export function addRefusal(refusal: Exclude<AddDestinationResult, { kind: 'ADDED' }>): UserError {
  switch (refusal.kind) {
    case 'NO_PAGE':
      return noPage();
    case 'PROVIDER_UNAVAILABLE':
      return unavailable(refusal.provider);
    case 'TOO_MANY_DESTINATIONS':
      return new ValidationError(ErrorCode.TOO_MANY_ATTEMPTS, `${mostDestinationsADay} payout destinations were tried within a day, the most that is allowed; try again tomorrow.`);
    case 'REFUSED':
      return new ValidationError(ErrorCode.INVALID_INPUT, refusal.message, ['input', 'token']);
  }
}

/** The error of a destination that was not verified. */
export function verifyRefusal(refusal: Exclude<VerifyDestinationResult, { kind: 'VERIFIED' }>, { destinationId, amounts }: VerifyPayoutDestinationInput): UserError {
  switch (refusal.kind) {
    case 'NOT_FOUND':
      return new ValidationError(ErrorCode.NOT_FOUND, `This account has no payout destination ${quoteText(destinationId)}.`, ['input', 'destinationId']);
    case 'PROVIDER_UNAVAILABLE':
      return unavailable(refusal.provider);
    case 'WRONG':
      return new ValidationError(ErrorCode.INVALID_INPUT, `${amounts.map(quoteText).join(' and ')} are not the two deposits. ${refusal.attemptsLeft} more ${refusal.attemptsLeft === 1 ? 'answer' : 'answers'} may be tried.`, ['input', 'amounts']);
    case 'EXHAUSTED':
      return new ValidationError(
        ErrorCode.TOO_MANY_ATTEMPTS,
        'The deposits of this destination were given wrong too often: it stays unverified. Add another one.',
        ['input', 'destinationId'],
      );
    case 'NOT_YET':
      return new ValidationError(ErrorCode.INVALID_STATE, refusal.message, ['input', 'destinationId']);
  }
}
