import { randomUUID } from 'node:crypto';
import {
  disputeKindsService, intentKindsService, outcomesService, paymentProvidersService, sandboxService,
  type IntentKind, type PaymentProvider, type RefundRequest, type ReportedOutcome,
} from '../../src/payments/room.ts';
import { newId, transaction, type Database } from '../../src/database/room.ts';
import { openAccounts, PLATFORM_OWNER_ID, post } from '../../src/ledger/room.ts';
import type { TestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { sent, tipInput, type HttpFan, type HttpPage } from './http.ts';

export const refundFields = 'id status reason createdAt amount { amount currency }';

const errorFields = `__typename code message path
  ... on InsufficientFunds { balance { amount } shortfall { amount } }
  ... on CurrencyMismatch { expected }
  ... on PaymentDeclined { declineCode retryable }`;

export const refundTipOperation = `
  mutation RefundTip($input: RefundTipInput!) {
    refundTip(input: $input) {
      refund { ${refundFields} }
      tip { id status refunds { ${refundFields} } }
      topUp { id }
      errors { ${errorFields} }
    }
  }`;

export const refundTopUpOperation = `
  mutation RefundTopUp($input: RefundTopUpInput!) {
    refundTopUp(input: $input) {
      refund { ${refundFields} }
      tip { id }
      topUp { id status amount { amount } }
      errors { ${errorFields} }
    }
  }`;

export const usd = (amount: string) => ({ amount, currency: 'USD' });

/** Asks for a refund of a tip and answers the payload; `amount` null asks for all that is left. Fails on top-level errors. */
export async function refundTip(server: TestServer, token: string, tipId: string, amount: string | null = null, given: object = {}): Promise<any> {
  const input = { tipId, amount: amount === null ? null : usd(amount), idempotencyKey: randomUUID(), ...given };
  const { data, errors } = await server.graphql(refundTipOperation, { input }, token);
  if (errors) throw new Error(`refundTip failed: ${JSON.stringify(errors)}`);
  return data.refundTip;
}

export async function refundTopUp(server: TestServer, token: string, topUpId: string, idempotencyKey: string = randomUUID()): Promise<any> {
  const { data, errors } = await server.graphql(refundTopUpOperation, { input: { topUpId, idempotencyKey } }, token);
  if (errors) throw new Error(`refundTopUp failed: ${JSON.stringify(errors)}`);
  return data.refundTopUp;
}

/** A tip of so many dollars straight by a card that works. */
export function cardTip(server: TestServer, fan: Pick<HttpFan, 'token'>, page: HttpPage, amount: string, given: Record<string, unknown> = {}): Promise<any> {
  return sent(server, fan.token, tipInput(page.id, { amount: usd(amount), funding: 'CARD', paymentMethodId: 'pm_sandbox_ok', ...given }));
}

/** What a page stands at, in micros. */
export async function standing(db: Database, page: HttpPage): Promise<{ earnings: bigint; debt: bigint; platformFee: bigint }> {
  const of = (ownerId: string, kind: 'earnings' | 'debt') => micros(db, ownerId, kind);
  const [fee] = await db.query<{ micros: bigint }>(
    `SELECT coalesce(sum(entry.amount), 0)::bigint AS micros FROM entry JOIN account ON account.id = entry.account_id WHERE account.kind = 'platform_fee'`,
  );
  return { earnings: await of(page.uuid, 'earnings'), debt: await of(page.uuid, 'debt'), platformFee: fee!.micros };
}

/** What every account of a kind stands at together, in micros. */
export async function kindSums(db: Database): Promise<Record<string, bigint>> {
  const rows = await db.query<{ kind: string; micros: bigint }>(
    `SELECT account.kind, sum(entry.amount)::bigint AS micros FROM entry JOIN account ON account.id = entry.account_id GROUP BY account.kind HAVING sum(entry.amount) <> 0`,
  );
  return Object.fromEntries(rows.map((row) => [row.kind, row.micros]));
}

/** Our key for the charge of a tip or a top-up, by its id of the API. */
export async function chargeKey(db: Database, paymentId: string): Promise<string> {
  const table = paymentId.startsWith('tip_') ? 'tip' : 'top_up';
  const rows = await db.query<{ key: string }>(table === 'tip' ? 'SELECT provider_key AS key FROM tip' : 'SELECT provider_key AS key FROM top_up');
  const key = rows.map((row) => row.key).find((one) => one === paymentId);
  if (!key) throw new Error(`No charge was asked for under the key ${paymentId}.`);
  return key;
}

/** Does at the simulated processor what a payer or a bank does there. */
export function control<T = unknown>(server: TestServer, operation: 'dispute' | 'close-dispute' | 'return-refund', body: object): Promise<T> {
  return server.services.get(sandboxService)!.control<T>(operation, body);
}

/** Has the payer's bank dispute a charge, and answers the dispute's id at the provider. Nobody is told yet. */
export async function dispute(server: TestServer, paymentId: string): Promise<string> {
  const id = await control<string | null>(server, 'dispute', { key: await chargeKey(server.db, paymentId) });
  if (!id) throw new Error(`The charge of ${paymentId} could not be disputed.`);
  return id;
}

/** Tells the rooms of a dispute as its provider knows it now, as a webhook does. Answers how many of them took it. */
export async function tell(server: TestServer, disputeId: string): Promise<number> {
  const state = await server.services.get(paymentProvidersService).get('SANDBOX')!.readDispute(disputeId);
  if (!state || state.status === 'INQUIRY') throw new Error(`The sandbox knows no dispute ${disputeId}.`);
  const taken = await Promise.all(server.services.get(disputeKindsService).map((kind) => kind.take(server.services, 'SANDBOX', state)));
  return taken.filter((is) => is).length;
}

/** Tells the rooms of a refund as its provider knows it now, or as `told` says; several times over, as webhooks may. */
export async function tellOfRefund({ services, db }: TestServer, key: string, told?: ReportedOutcome<'REFUND'>): Promise<void> {
  for (const kind of services.get(intentKindsService)) {
    if (kind.operation !== 'REFUND') continue;
    const refunds = kind as IntentKind<'REFUND'>;
    const intent = await refunds.findByKey(db, 'SANDBOX', key);
    if (!intent) continue;
    const outcome = told ?? (await services.get(outcomesService).look(intent));
    if (outcome.status === 'PENDING') throw new Error(`The provider does not know yet what became of ${key}.`);
    for (let times = 0; times < 3; times++) await refunds.settle(services, intent.id, outcome);
  }
}

/** Has the simulated processor carry out a refund that nobody answered for, and tells the rooms. */
export async function carryOut(server: TestServer, key: string): Promise<void> {
  const [row] = await server.db.query<RefundRequest>(
    `SELECT provider_key AS key, provider_charge_id AS "chargeId", amount_micros AS "amountMicros", currency FROM refund WHERE provider_key = $1`, [key],
  );
  await server.services.get(paymentProvidersService).get('SANDBOX')!.createRefund(row!);
  await tellOfRefund(server, key);
}

/** Puts another answer in the place of one of the sandbox's. */
export function answerWith(server: TestServer, change: (sandbox: PaymentProvider) => Partial<PaymentProvider>): void {
  const sandbox = server.services.get(paymentProvidersService).get('SANDBOX') as PaymentProvider;
  const changed = change(sandbox);
  const provider = new Proxy(sandbox, {
    get: (target, name) => {
      const value = (changed as Record<string | symbol, unknown>)[name] ?? (target as unknown as Record<string | symbol, unknown>)[name];
      return typeof value === 'function' && !(name in changed) ? value.bind(target) : value;
    },
  });
  (server.services.get(paymentProvidersService) as Map<string, PaymentProvider>).set('SANDBOX', provider);
}

/** How many refunds the simulated processor carried out, and what they come to. */
export async function refundedAtProvider(db: Database): Promise<{ refunds: number; micros: bigint }> {
  const [row] = await db.query<{ refunds: number; micros: bigint }>(
    'SELECT count(*)::int AS refunds, coalesce(sum(amount_micros), 0)::bigint AS micros FROM sandbox_refund WHERE decline_code IS NULL',
  );
  return row!;
}

/** Takes what a page earned elsewhere, as a payout does, but for so many micros. */
export async function spendEarnings(db: Database, page: HttpPage, leaveMicros: bigint): Promise<void> {
  const now = new Date();
  const names = [
    { ownerId: page.uuid, kind: 'earnings' as const, currency: 'USD' },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss' as const, currency: 'USD' },
  ];
  const [earnings, loss] = (await transaction(db, (tx) => openAccounts(tx, names, now))) as [string, string];
  const amountMicros = (await micros(db, page.uuid, 'earnings')) - leaveMicros;
  const entries = [{ accountId: earnings, amountMicros: -amountMicros }, { accountId: loss, amountMicros }];
  const [posted] = await transaction(db, (tx) => post(tx, [{ id: newId(), kind: 'ADJUSTMENT', causeId: newId(), currency: 'USD', entries, createdAt: now }]));
  if (!posted?.ok) throw new Error('The earnings could not be spent.');
}
