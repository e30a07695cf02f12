import { randomUUID } from 'node:crypto';
import { invariants } from '../../src/app.ts';
import type { Database } from '../../src/database/room.ts';
import { paymentProvidersService, type PaymentProvider } from '../../src/payments/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { changedProvider } from '../payments/support.ts';
import type { TestServer } from '../support/server.ts';

export const topUpOperation = `
  mutation TopUp($input: TopUpWalletInput!) {
    topUpWallet(input: $input) {
      topUp { id status provider amount { amount currency } charged { amount } processorFee { amount } failureReason action { redirectUrl } }
      wallet { id currency balance { amount } }
      errors {
        __typename code message path
        ... on AmountOutOfRange { minimum { amount } maximum { amount } }
        ... on PaymentDeclined { declineCode retryable }
        ... on ActionRequired { action { redirectUrl clientSecret expiresAt } }
      }
    }
  }`;

export interface TopUpWish {
  readonly amount?: string;
  readonly currency?: string;
  readonly provider?: string | null;
  readonly paymentMethodId?: string | null;
  readonly idempotencyKey?: string;
}

/** The input of a top-up of 10.00 USD by a card that works, but for what is given. */
export function topUpInput({ amount = '10.00', currency = 'USD', idempotencyKey = randomUUID(), ...others }: TopUpWish = {}) {
  return { amount: { amount, currency }, paymentMethodId: 'pm_sandbox_ok', idempotencyKey, ...others };
}

/** Tops a wallet up through the API and answers the payload. */
export async function topUp(server: TestServer, token: string, wish: TopUpWish = {}) {
  const answer = await server.graphql(topUpOperation, { input: topUpInput(wish) }, token);
  if (answer.errors) throw new Error(`topUpWallet failed: ${JSON.stringify(answer.errors)}`);
  return answer.data.topUpWallet;
}

/** Keeps a card through the API and answers the payload. */
export async function addMethod(server: TestServer, token: string, card = 'pm_sandbox_ok', makeDefault = false) {
  const operation = `mutation ($input: AddPaymentMethodInput!) { addPaymentMethod(input: $input) {
    paymentMethod { id provider label expiresOn isDefault } action { redirectUrl } errors { __typename code path } } }`;
  const answer = await server.graphql(operation, { input: { provider: 'SANDBOX', token: card, makeDefault } }, token);
  if (answer.errors) throw new Error(`addPaymentMethod failed: ${JSON.stringify(answer.errors)}`);
  return answer.data.addPaymentMethod;
}

/** Opens a page of the sandbox as a fan's browser does, and decides there. */
export async function act(server: TestServer, redirectUrl: string, decision: 'CONFIRMED' | 'REFUSED'): Promise<void> {
  const { pathname } = new URL(redirectUrl);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await fetch(`${server.url}${pathname}`, { method: 'POST', headers, body: `decision=${decision}`, redirect: 'manual' });
  if (response.status >= 400) throw new Error(`The sandbox's page answered ${response.status}: ${await response.text()}`);
}

/** Puts another provider in the sandbox's place, for what the sandbox never does. */
export function provideSandbox(server: TestServer, change: (sandbox: PaymentProvider) => Partial<PaymentProvider>): void {
  const sandbox = server.services.get(paymentProvidersService).get('SANDBOX') as PaymentProvider;
  const provider = changedProvider(sandbox, change(sandbox));
  server.services.provide(paymentProvidersService, new Map([[provider.name, provider]]));
}

/** What stands in the tables after top-ups. */
export async function stored(db: Database): Promise<{ topUps: string[]; charges: number; postings: number }> {
  const topUps = await db.query<{ status: string }>('SELECT status FROM top_up ORDER BY id');
  const [counts] = await db.query<{ charges: bigint; postings: bigint }>(
    `SELECT (SELECT count(*) FROM sandbox_charge) AS charges, (SELECT count(*) FROM posting WHERE kind = 'TOP_UP') AS postings`,
  );
  return { topUps: topUps.map((row) => row.status), charges: Number(counts?.charges), postings: Number(counts?.postings) };
}

/** The balances of every account of a currency that ever moved, by kind, in micros. */
export async function balancesByKind(db: Database, currency: string): Promise<Record<string, bigint>> {
  const rows = await db.query<{ kind: string; micros: bigint }>(
    `SELECT account.kind, sum(entry.amount)::bigint AS micros FROM entry JOIN account ON account.id = entry.account_id
     WHERE account.currency = $1 GROUP BY account.kind`,
    [currency],
  );
  return Object.fromEntries(rows.map((row) => [row.kind, row.micros]));
}

export function expectCleanWallets(db: Database): Promise<void> {
  return expectCleanBooks(db, invariants);
}
