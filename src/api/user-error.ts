import { Field, InterfaceType, ObjectType } from 'type-graphql';
import { isCurrencyCode, MAX_MICROS, money, parseAmount, type AmountResult, type Money } from '../money/room.ts';
import { ErrorCode } from './error-code.ts';
import { MoneyType, type MoneyInput } from './money-type.ts';
import { PaymentActionType, type PaymentAction } from './payment-action.ts';
import { CurrencyCodeScalar, DateTimeScalar } from './scalars.ts';

export type ErrorPath = readonly string[];

@InterfaceType('UserError', {
  description:
    'Every expected failure. Select this interface and new kinds of error never break you. Codes without a type of their own come as ValidationError.',
})
export abstract class UserError {
  @Field(() => ErrorCode, { description: 'The reason, for programs.' })
  code!: ErrorCode;

  @Field(() => String, { description: 'The reason, for people: it quotes the offending value and says what is allowed.' })
  message!: string;

  @Field(() => [String], { nullable: true, description: 'The input field it is about, such as ["input", "amount"].' })
  path?: string[] | null;

  constructor(code: ErrorCode, message: string, path: ErrorPath | null = null) {
    this.code = code;
    this.message = message;
    this.path = path && [...path];
  }
}

@ObjectType({ implements: UserError, description: 'A failure that its code, message and path say all about.' })
export class ValidationError extends UserError {}

@ObjectType({ implements: UserError, description: 'The amount is outside of what is allowed here.' })
export class AmountOutOfRange extends UserError {
  @Field(() => MoneyType, { description: 'The least that is allowed.' })
  minimum: Money;

  @Field(() => MoneyType, { description: 'The most that is allowed.' })
  maximum: Money;

  constructor(message: string, path: ErrorPath | null, minimum: Money, maximum: Money) {
    super(ErrorCode.AMOUNT_OUT_OF_RANGE, message, path);
    this.minimum = minimum;
    this.maximum = maximum;
  }
}

@ObjectType({ implements: UserError, description: 'The amount is in the wrong currency.' })
export class CurrencyMismatch extends UserError {
  @Field(() => CurrencyCodeScalar, { description: 'The currency it must be in.' })
  expected: string;

  constructor(message: string, path: ErrorPath | null, expected: string) {
    super(ErrorCode.CURRENCY_MISMATCH, message, path);
    this.expected = expected;
  }
}

@ObjectType({ implements: UserError, description: 'The wallet holds too little.' })
export class InsufficientFunds extends UserError {
  @Field(() => MoneyType, { description: 'What the wallet holds.' })
  balance: Money;

  @Field(() => MoneyType, { description: 'What is missing.' })
  shortfall: Money;

  constructor(message: string, path: ErrorPath | null, balance: Money, shortfall: Money) {
    super(ErrorCode.INSUFFICIENT_FUNDS, message, path);
    this.balance = balance;
    this.shortfall = shortfall;
  }
}

@ObjectType({ implements: UserError, description: 'The amount would pass a spending cap that the viewer set.' })
export class CapExceeded extends UserError {
  @Field(() => MoneyType, { description: 'What the cap leaves to spend until it resets.' })
  remaining: Money;

  @Field(() => DateTimeScalar, { description: 'When the cap\'s next period begins, in UTC.' })
  resetsAt: Date;

  constructor(message: string, path: ErrorPath | null, remaining: Money, resetsAt: Date) {
    super(ErrorCode.CAP_EXCEEDED, message, path);
    this.remaining = remaining;
    this.resetsAt = resetsAt;
  }
}

@ObjectType({ implements: UserError, description: 'The card, or its issuer, declined the payment.' })
export class PaymentDeclined extends UserError {
  @Field(() => String, { nullable: true, description: 'The provider\'s reason, such as "insufficient_funds".' })
  declineCode: string | null;

  @Field(() => Boolean, { description: 'Whether the same method may succeed later, with a new key.' })
  retryable: boolean;

  constructor(message: string, path: ErrorPath | null, declineCode: string | null, retryable: boolean) {
    super(ErrorCode.PAYMENT_DECLINED, message, path);
    this.declineCode = declineCode;
    this.retryable = retryable;
  }
}

@ObjectType({ implements: UserError, description: 'The fan has to confirm the payment first; what became of it is shown by paymentUpdated.' })
export class ActionRequired extends UserError {
  @Field(() => PaymentActionType, { description: 'What to do.' })
  action: PaymentAction;

  constructor(message: string, path: ErrorPath | null, action: PaymentAction) {
    super(ErrorCode.ACTION_REQUIRED, message, path);
    this.action = action;
  }
}

export type ParsedMoney = { readonly ok: true; readonly money: Money } | { readonly ok: false; readonly error: UserError };

/** The range that an amount's error shows before it is known for whom it is. */
export interface AmountRange {
  readonly minimumMicros: bigint;
  readonly maximumMicros: bigint;
}

const anyAmount: AmountRange = { minimumMicros: 1n, maximumMicros: MAX_MICROS };

/** Reads a MoneyInput: positive and exact, or the UserError that says what is wrong with which field. */
export function parseMoneyInput(input: MoneyInput, path: ErrorPath, range: AmountRange = anyAmount): ParsedMoney {
  const parsed = parseAmount(input);
  return parsed.ok ? parsed : { ok: false, error: amountProblem(parsed, input.currency, [...path, parsed.field], range) };
}

/** The UserError of an amount that could not be read; `path` leads to the field that is wrong. */
export function amountProblem(
  { problem, message }: Extract<AmountResult, { ok: false }>,
  currency: string,
  path: ErrorPath,
  range: AmountRange = anyAmount,
): UserError {
  // An amount is judged before its currency: a range in a currency that nobody knows cannot be shown.
  if ((problem === 'NOT_POSITIVE' || problem === 'TOO_LARGE') && isCurrencyCode(currency)) {
    return new AmountOutOfRange(message, path, money(range.minimumMicros, currency), money(range.maximumMicros, currency));
  }
  return new ValidationError(problem === 'PRECISION' ? ErrorCode.PRECISION : ErrorCode.INVALID_INPUT, message, path);
}
