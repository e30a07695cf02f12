import { registerEnumType } from 'type-graphql';

/** Declares an enum with a description for itself and each of its values. */
export function describeEnum<T extends string>(values: Record<string, T>, name: string, description: string, described: Record<T, string>): void {
  const valuesConfig = Object.fromEntries(Object.entries(described).map(([value, text]) => [value, { description: text }]));
  registerEnumType(values, { name, description, valuesConfig: valuesConfig as never });
}

export enum Interval {
  DAY = 'DAY',
  WEEK = 'WEEK',
  MONTH = 'MONTH',
  YEAR = 'YEAR',
}
describeEnum(Interval, 'Interval', 'How often a micro-subscription is paid.', {
  DAY: 'Every day.',
  WEEK: 'Every seven days.',
  MONTH: 'Every calendar month, month ends clamped.',
  YEAR: 'Every calendar year.',
});

export enum Period {
  DAY = 'DAY',
  WEEK = 'WEEK',
  MONTH = 'MONTH',
  YEAR = 'YEAR',
  ALL_TIME = 'ALL_TIME',
}
describeEnum(Period, 'Period', 'A calendar period in UTC: the current one.', {
  DAY: 'Today.',
  WEEK: 'This week, from Monday.',
  MONTH: 'This month.',
  YEAR: 'This year.',
  ALL_TIME: 'From the beginning.',
});

export enum PaymentStatus {
  PENDING = 'PENDING',
  ACTION_REQUIRED = 'ACTION_REQUIRED',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  PARTIALLY_REFUNDED = 'PARTIALLY_REFUNDED',
  REFUNDED = 'REFUNDED',
  DISPUTED = 'DISPUTED',
}
describeEnum(PaymentStatus, 'PaymentStatus', 'Where a payment stands.', {
  PENDING: 'Asked for; the outcome is not known yet.',
  ACTION_REQUIRED: 'The fan has to confirm it first.',
  SUCCEEDED: 'Paid.',
  FAILED: 'Not paid, and never will be.',
  PARTIALLY_REFUNDED: 'Paid, and a part returned.',
  REFUNDED: 'Paid, and returned whole.',
  DISPUTED: 'Paid, and contested with the bank.',
});

export enum Funding {
  WALLET = 'WALLET',
  CARD = 'CARD',
}
describeEnum(Funding, 'Funding', 'Where a payment\'s money comes from.', {
  WALLET: 'The fan\'s prepaid wallet: no processor fee.',
  CARD: 'A card, charged for this payment alone.',
});

export enum PaymentProviderCode {
  SANDBOX = 'SANDBOX',
  STRIPE = 'STRIPE',
}
describeEnum(PaymentProviderCode, 'PaymentProviderCode', 'Who carries money in and out.', {
  SANDBOX: 'A simulated processor; no real money moves.',
  STRIPE: 'Stripe.',
});
