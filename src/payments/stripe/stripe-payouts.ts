import type Stripe from 'stripe';
import type { AddDestinationOutcome, DestinationRequest, PayoutOutcome, PayoutRequest, ProviderTotals, VerifyDestinationOutcome } from '../port.ts';
import { feeOfCharge } from './stripe-charges.ts';
import { fromStripeAmount, toStripeAmount } from './stripe-currencies.ts';
import { declined, isMissing, refusalOf } from './stripe-declines.ts';
import { keyOf, withKey } from './stripe-keys.ts';

/** A destination is an account connected to ours, whose owner has told Stripe who they are and where their bank is. */
export async function addDestination(stripe: Stripe, { token }: DestinationRequest): Promise<AddDestinationOutcome> {
  if (!token.startsWith('acct_')) return declined({ code: 'invalid_destination', message: `"${token}" is no connected account: its id begins with acct_.` });
  try {
    const account = await stripe.accounts.retrieve(token);
    return { status: 'ADDED', destinationToken: account.id, label: labelOf(account), isVerified: isReady(account) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal || isForbidden(error)) return declined({ code: 'invalid_destination', message: `"${token}" is no account connected to this platform.` });
    throw error;
  }
}

/** Stripe proves who its account holders are; what we can do is to look whether it has. */
export async function verifyDestination(stripe: Stripe, destinationToken: string): Promise<VerifyDestinationOutcome> {
  const account = await stripe.accounts.retrieve(destinationToken);
  if (isReady(account)) return { status: 'VERIFIED' };
  const missing = account.requirements?.currently_due ?? [];
  const asks = missing.length > 0 ? `Stripe still asks for ${missing.join(', ')}.` : 'Stripe has not enabled payouts to this account yet.';
  return { status: 'NOT_YET', message: asks };
}

/** A transfer to the connected account, from where Stripe brings it to its owner's bank. One that was reversed is with us again. */
export async function createPayout(stripe: Stripe, { key, destination, amountMicros, currency }: PayoutRequest): Promise<PayoutOutcome> {
  const params = { amount: toStripeAmount(amountMicros, currency, 'PAYOUT'), currency: currency.toLowerCase(), destination, transfer_group: key, ...withKey(key) };
  try {
    return outcomeOf(await stripe.transfers.create(params, { idempotencyKey: key }));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
}

export async function readPayout(stripe: Stripe, key: string): Promise<PayoutOutcome | null> {
  const { data: [transfer] } = await stripe.transfers.list({ transfer_group: key, limit: 1 });
  return transfer ? outcomeOf(transfer) : null;
}

/** What we had Stripe move on a day, counted over its own lists: other business of the same account is left out. */
export async function totals(stripe: Stripe, day: string, currency: string): Promise<ProviderTotals> {
  const from = Date.parse(`${day}T00:00:00Z`) / 1_000;
  const range = { created: { gte: from, lt: from + 86_400 }, limit: 100 };
  const code = currency.toLowerCase();
  const sums = { chargedMicros: 0n, refundedMicros: 0n, paidOutMicros: 0n, feeMicros: 0n };
  for await (const charge of stripe.charges.list({ ...range, expand: ['data.balance_transaction'] })) {
    if (charge.currency !== code || charge.status !== 'succeeded' || keyOf(charge) === null) continue;
    sums.chargedMicros += fromStripeAmount(charge.amount, code);
    sums.feeMicros += feeOfCharge(charge.balance_transaction, charge.amount, code);
  }
  // Whoever made it: a refund from Stripe's own pages bears no key, but its charge does.
  for await (const refund of stripe.refunds.list({ ...range, expand: ['data.charge'] })) {
    if (refund.currency === code && refund.status === 'succeeded' && isOfOurs(refund)) sums.refundedMicros += fromStripeAmount(refund.amount, code);
  }
  for await (const transfer of stripe.transfers.list(range)) {
    if (transfer.currency === code && keyOf(transfer) !== null) sums.paidOutMicros += fromStripeAmount(transfer.amount - transfer.amount_reversed, code);
  }
  return sums;
}

function isOfOurs({ charge, ...refund }: Stripe.Refund): boolean {
  return keyOf(refund) !== null || (charge !== null && typeof charge !== 'string' && keyOf(charge) !== null);
}

function outcomeOf(transfer: Stripe.Transfer): PayoutOutcome {
  if (!transfer.reversed) {
    const { id, amount_reversed: reversed, currency } = transfer;
    return { status: 'SUCCEEDED', payoutId: id, ...(reversed > 0 && { returnedMicros: fromStripeAmount(reversed, currency) }) };
  }
  return declined({ code: 'reversed', message: 'The transfer to the connected account was reversed.' });
}

function isReady({ payouts_enabled: payoutsEnabled, capabilities }: Stripe.Account): boolean {
  return payoutsEnabled && capabilities?.transfers === 'active';
}

function labelOf({ id, external_accounts: accounts }: Stripe.Account): string {
  const [bank] = accounts?.data ?? [];
  if (!bank) return `Stripe account ${id}`;
  const name = bank.object === 'bank_account' ? bank.bank_name : bank.brand;
  return `${name ?? 'Bank account'} ending in ${bank.last4}`;
}

function isForbidden(error: unknown): boolean {
  return isMissing(error) || (error as { statusCode?: number }).statusCode === 403;
}
