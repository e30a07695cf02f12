import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { Period } from '../../src/api/room.ts';
import { invariants } from '../../src/app.ts';
import { renew } from '../../src/billing/room.ts';
import type { Database, Services } from '../../src/database/room.ts';
import { money } from '../../src/money/room.ts';
import { subscriptionDeskService } from '../../src/subscriptions/desk.ts';
import { subscribe } from '../../src/subscriptions/subscribe.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { dayMs, hourMs, TestClock } from '../support/clock.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator, makeFan, micros, servicesOn } from '../support/world.ts';
import { wish } from '../tips/support.ts';
import { capSpending, spentByDay } from '../wallets/caps.ts';

/** Spending caps where tips, joins and renewals meet. */

const database = eachTestDatabase();
const noon = '2026-03-10T12:00:00.000Z';
const unit = 1_000_000n;
const cents = (n: number) => BigInt(n) * 10_000n;

afterEach(() => expectCleanBooks(database.current.db, invariants));

async function makeCreators(db: Database, count: number): Promise<string[]> {
  const creators = [];
  for (let made = 0; made < count; made++) creators.push((await makeCreator(db)).id);
  return creators;
}

/** Joins a creator for an amount a day. Answers why it was refused, or DONE. */
async function join(services: Services, personId: string, creatorId: string, amountMicros: bigint): Promise<string> {
  const wanted = { creatorId, amount: money(amountMicros, 'USD'), interval: 'DAY' as const };
  const command = { personId, idempotencyKey: randomUUID(), inputHash: Buffer.alloc(32), wanted, expectedDueNow: null, pricedAt: null };
  const outcome = await subscribe(services.get(subscriptionDeskService), command);
  return outcome.kind === 'NOT_CHARGED' ? outcome.why.kind : outcome.kind;
}

async function tip(services: Services, senderId: string, creatorId: string, amountMicros: bigint): Promise<string> {
  return (await services.get(tipSenderService).send(wish({ senderId, creatorId, amountMicros }))).kind;
}

/** Each kind of outcome and how often it came. */
function tally(kinds: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(kinds, (kind) => kind)].map(([kind, same]) => [kind, same.length]));
}

function statuses(db: Database, personId: string): Promise<{ status: string; reason: string | null; count: number }[]> {
  return db.query(
    `SELECT subscription.status, charge.failure_reason AS reason, count(*)::integer AS count
     FROM subscription LEFT JOIN charge ON charge.subscription_id = subscription.id AND charge.status = 'FAILED'
     WHERE person_id = $1 GROUP BY 1, 2 ORDER BY 1`,
    [personId],
  );
}

test('tips of one process and joins of another, raced against one cap, never pass it together and fill it', async () => {
  const { db, connect } = database.current;
  const clock = new TestClock(noon);
  const [personId, creators] = [await makeFan(db, 50n * unit), await makeCreators(db, 24)];
  await capSpending(db, personId, unit, clock.now(), { period: Period.YEAR });
  const [one, other] = [servicesOn(database.current, { clock }), servicesOn(database.current, { clock, db: await connect() })];
  const [joined, tipped] = await Promise.all([
    Promise.all(creators.map((creatorId) => join(one, personId, creatorId, cents(5)))),
    Promise.all(creators.flatMap((creatorId) => [tip(other, personId, creatorId, cents(3)), tip(other, personId, creatorId, cents(2))])),
  ]);
  const joins = tally(joined).DONE ?? 0;
  expect(joins + (tally(joined).CAP_EXCEEDED ?? 0)).toBe(creators.length);
  const spent = (await spentByDay(db, personId))['2026-03-10']!;
  expect(50n * unit - (await micros(db, personId, 'wallet'))).toBe(spent);
  expect(tally(tipped).CAP_EXCEEDED).toBeGreaterThan(0);
  expect(spent).toBeLessThanOrEqual(unit);
  expect(spent).toBeGreaterThan(unit - cents(2));
});

test('renewals of two workers and tips, raced against a daily cap, fill it exactly, and it starts anew each day', async () => {
  const { db, connect } = database.current;
  const clock = new TestClock(noon);
  const [personId, creators] = [await makeFan(db, 50n * unit), await makeCreators(db, 12)];
  const [one, other] = [servicesOn(database.current, { clock }), servicesOn(database.current, { clock, db: await connect() })];
  for (const creatorId of creators) expect(await join(one, personId, creatorId, cents(5))).toBe('DONE');
  await capSpending(db, personId, cents(40), clock.now());
  for (const day of ['2026-03-11', '2026-03-12', '2026-03-13']) {
    clock.pass(dayMs);
    const now = clock.now();
    await Promise.all([
      renew(one, { asOf: now, batch: 2 }),
      renew(other, { asOf: now, batch: 2 }),
      ...creators.map((creatorId) => tip(other, personId, creatorId, cents(5))),
    ]);
    expect((await spentByDay(db, personId))[day]).toBe(cents(40));
  }
  const seen = await statuses(db, personId);
  expect(seen.find(({ status }) => status === 'PAST_DUE')).toMatchObject({ reason: 'CAP_EXCEEDED' });
});

test('a renewal that a cap forbids is owed like any other, and paid once the cap lets it', async () => {
  const { db } = database.current;
  const clock = new TestClock(noon);
  const [personId, [creatorId]] = [await makeFan(db, 50n * unit), await makeCreators(db, 1)];
  const services = servicesOn(database.current, { clock });
  expect(await join(services, personId, creatorId!, cents(50))).toBe('DONE');
  await capSpending(db, personId, 0n, clock.now(), { period: Period.WEEK });
  clock.pass(dayMs);
  expect(await renew(services, { asOf: clock.now() })).toMatchObject({ renewed: 0, pastDue: 1 });
  expect(await statuses(db, personId)).toEqual([{ status: 'PAST_DUE', reason: 'CAP_EXCEEDED', count: 1 }]);
  await capSpending(db, personId, cents(110), clock.now(), { period: Period.WEEK });
  clock.pass(dayMs - hourMs);
  expect(await renew(services, { asOf: clock.now() })).toMatchObject({ renewed: 0 });
  clock.pass(hourMs);
  expect(await renew(services, { asOf: clock.now() })).toMatchObject({ renewed: 1 });
  // The day that was missed keeps its failed charge, and is skipped.
  expect(await statuses(db, personId)).toEqual([{ status: 'ACTIVE', reason: 'CAP_EXCEEDED', count: 1 }]);
  expect(await tip(services, personId, creatorId!, cents(11))).toBe('CAP_EXCEEDED');
  expect(await tip(services, personId, creatorId!, cents(10))).toBe('SENT');
});
