import { randomUUID } from 'node:crypto';
import { invariants } from '../../src/app.ts';
import { createCreator } from '../../src/creators/room.ts';
import type { Database, Services } from '../../src/database/room.ts';
import { paymentProvidersService, type PaymentProvider, type PayoutOutcome, type PayoutRequest, type VerifyDestinationOutcome } from '../../src/payments/room.ts';
import { addDestination } from '../../src/payouts/room.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import type { TestServer } from '../support/server.ts';
import { makeFan } from '../support/world.ts';
import { wish } from '../tips/support.ts';

/** A provider that pays out as a test wants, once a key, and remembers what it was asked. */
export class Bank {
  readonly name = 'SANDBOX';
  readonly readLagMs = 0;
  readonly payouts = new Map<string, PayoutOutcome>();
  readonly asked: PayoutRequest[] = [];
  added = 0;
  /** What becomes of the next payouts. It may throw, or never answer. */
  answer: (request: PayoutRequest) => PayoutOutcome | Promise<PayoutOutcome> = ({ key }) => ({ status: 'SUCCEEDED', payoutId: `po_${key}` });
  verify: (amountsMicros: readonly bigint[]) => VerifyDestinationOutcome = (amounts) =>
    ([...amounts].sort().join() === '320000,450000' ? { status: 'VERIFIED' } : { status: 'WRONG', attemptsLeft: 9 });

  rail(currency: string) {
    if (currency === 'XOF') return null;
    const stepMicros = currency === 'JPY' ? 1_000_000n : 10_000n;
    return { bps: 0, fixedMicros: 0n, stepMicros, minimumMicros: stepMicros };
  }

  async createPayout(request: PayoutRequest): Promise<PayoutOutcome> {
    const known = this.payouts.get(request.key);
    if (known) return known;
    this.asked.push(request);
    const outcome = await this.answer(request);
    this.payouts.set(request.key, outcome);
    return outcome;
  }

  async readPayout(key: string): Promise<PayoutOutcome | null> {
    return this.payouts.get(key) ?? null;
  }

  async addDestination({ token, owner }: { readonly token: string; readonly owner: string }) {
    this.added += 1;
    if (token === 'closed') return { status: 'DECLINED' as const, code: 'account_closed', message: 'The account is closed.', retryable: false };
    return { status: 'ADDED' as const, destinationToken: token.startsWith('acct_') ? token : `dest_${token} of ${owner}`, label: `Bank of ${token}`, isVerified: token.startsWith('known') };
  }

  async verifyDestination(_: string, amountsMicros: readonly bigint[]): Promise<VerifyDestinationOutcome> {
    return this.verify(amountsMicros);
  }
}

/** Puts a bank in the place of every provider. Once a server: its services keep the first one, which a second call makes as new. */
export function openBank(services: Services): Bank {
  const known = services.get(paymentProvidersService).get('SANDBOX') as unknown;
  if (known instanceof Bank) return Object.assign(known, new Bank());
  const bank = new Bank();
  services.provide(paymentProvidersService, new Map([[bank.name, bank as unknown as PaymentProvider]]));
  return bank;
}

export interface Page {
  readonly personId: string;
  readonly creatorId: string;
  readonly token: string;
}

let pages = 0;

/** A page with a verified destination, unless it is to have none. */
export async function makePage(server: TestServer, { currency = 'USD', destination = 'known' as string | null } = {}): Promise<Page> {
  const { personId, token } = await server.signUp();
  const { creator } = await createCreator(server.services, personId, { handle: `paid_${process.pid}_${++pages}`, displayName: 'A page', currency });
  if (!creator) throw new Error('No page was made.');
  if (destination !== null) await addDestination(server.services, { personId, provider: 'SANDBOX', token: destination });
  return { personId, creatorId: creator.id, token };
}

/** Has a fan tip the page now, by the server's clock: with PLATFORM_FEE_BPS=0 all of it is earned. */
export async function earn(server: TestServer, { creatorId }: Page, amountMicros: bigint, currency = 'USD'): Promise<void> {
  const senderId = await makeFan(server.db, amountMicros, currency);
  const { kind } = await server.services.get(tipSenderService).send(wish({ senderId, creatorId, amountMicros, currency }));
  if (kind !== 'SENT') throw new Error(`The tip was refused: ${kind}`);
}

const operation = `
  mutation ($input: RequestPayoutInput!) {
    requestPayout(input: $input) {
      payout { id status amount { amount currency } failureReason }
      errors {
        __typename code message path
        ... on AmountOutOfRange { minimum { amount } maximum { amount } }
        ... on InsufficientFunds { balance { amount } shortfall { amount } }
        ... on CurrencyMismatch { expected }
      }
    }
  }`;

export async function requestPayout(server: TestServer, { token }: Page, amount: string, { currency = 'USD', idempotencyKey = randomUUID() as string } = {}) {
  const answer = await server.graphql(operation, { input: { amount: { amount, currency }, idempotencyKey } }, token);
  if (answer.errors) throw new Error(`requestPayout failed: ${JSON.stringify(answer.errors)}`);
  return answer.data.requestPayout;
}

/** The figures of the page's balance, as decimals. */
export async function balanceOf(server: TestServer, { token }: Page): Promise<Record<string, string>> {
  const { data, errors } = await server.graphql(
    `{ viewer { creator { dashboard { balance {
      available { amount } payable { amount } held { amount } debt { amount } inTransit { amount } paidOut { amount } } } } } }`, {}, token);
  if (errors) throw new Error(JSON.stringify(errors));
  const { balance } = data.viewer.creator.dashboard;
  return Object.fromEntries(Object.entries(balance as Record<string, { amount: string }>).map(([name, money]) => [name, money.amount]));
}

/** The kinds and amounts of the page's statement, newest first. */
export async function entriesOf(server: TestServer, { token }: Page): Promise<string[]> {
  const { data } = await server.graphql(
    '{ viewer { creator { dashboard { entries { nodes { kind amount { amount } balanceAfter { amount } cause { __typename } } } } } } }', {}, token);
  return data.viewer.creator.dashboard.entries.nodes.map(
    (entry: any) => `${entry.kind} ${entry.amount.amount} → ${entry.balanceAfter.amount} (${entry.cause?.__typename})`);
}

export function expectCleanPayouts(db: Database): Promise<void> {
  return expectCleanBooks(db, invariants);
}
