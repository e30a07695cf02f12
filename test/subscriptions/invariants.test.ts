import { expect, test } from '@jest/globals';
import pg from 'pg';
import { invariants } from '../../src/app.ts';
import { check } from '../../src/ledger/room.ts';
import { money } from '../../src/money/room.ts';
import { subscriptionsRoom } from '../../src/subscriptions/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator } from '../support/world.ts';
import { counted, renewAt } from '../billing/support.ts';
import { done, expectClean, usd, World } from './support.ts';

const database = eachTestDatabase();

const sabotages: readonly (readonly [broken: string, sql: string])[] = [
  ['every charge that took money has its posting', `UPDATE charge SET kind = 'PRORATION' WHERE kind = 'PERIOD'`],
  ['every subscription posting has its charge, of the same currency and amounts', `UPDATE charge SET amount_micros = amount_micros + 1, net_micros = net_micros + 1 WHERE kind = 'PRORATION'`],
  ['every subscription posting has its charge, of the same currency and amounts', `UPDATE charge SET fee_micros = fee_micros + 1, net_micros = net_micros - 1`],
  ['every charge is in the currency of its subscription, and is paid by its subscriber', `UPDATE subscription SET person_id = (SELECT min(owner_id::text)::uuid FROM creator) WHERE interval = 'YEAR'`],
  ['what a charge took, less its fee, is its creator\'s', `ALTER TABLE entry DISABLE TRIGGER USER;
    UPDATE entry SET account_id = other.id FROM account mine, account other
    WHERE mine.id = entry.account_id AND mine.kind = 'earnings' AND other.kind = 'earnings' AND other.id <> mine.id`],
  ['every charge is parted by its own rate', `UPDATE charge SET fee_bps = 0`],
  ['no charge is said to be returned, as nothing returns any', `UPDATE charge SET status = 'REFUNDED' WHERE kind = 'PRORATION'`],
  ['every period has at most one period charge', `DROP INDEX charge_period_once; UPDATE charge SET kind = 'PERIOD'`],
  ['a period is CHARGED if and only if its charge took money', `UPDATE subscription_period SET state = 'SKIPPED'`],
  ['a period is CHARGED if and only if its charge took money', `UPDATE charge SET status = 'FAILED', charged_at = NULL WHERE kind = 'PERIOD'`],
  ['the periods of a subscription neither gap nor overlap, from its start to the last one', `UPDATE subscription_period SET ends_at = ends_at - interval '1 second' WHERE index = 1`],
  ['the periods of a subscription neither gap nor overlap, from its start to the last one', `UPDATE subscription_period SET starts_at = starts_at - interval '1 second' WHERE index = 2`],
  ['the periods of a subscription neither gap nor overlap, from its start to the last one', `UPDATE subscription_period SET index = index + 100 WHERE index = 2`],
  ['every subscription stands at its last period', `UPDATE subscription SET period_end = period_end + interval '1 second'`],
  ['the period of every live subscription ends when its schedule says', `UPDATE subscription SET anchor = anchor - interval '3 days' WHERE interval = 'MONTH' AND status = 'ACTIVE'`],
  ['the period of every live subscription ends when its schedule says', `UPDATE subscription SET anchor = anchor - interval '1 hour' WHERE interval = 'DAY'`],
  ['the period of every live subscription ends when its schedule says', `UPDATE subscription SET anchor_index = anchor_index + 1 WHERE interval = 'YEAR'`],
  ['every live subscription is looked at again when its period or its pause ends', `UPDATE subscription SET next_charge_at = NULL WHERE status = 'ACTIVE'`],
  ['every live subscription is looked at again when its period or its pause ends', `UPDATE subscription SET next_charge_at = next_charge_at + interval '10 years' WHERE status = 'ACTIVE'`],
  ['every live subscription is looked at again when its period or its pause ends', `UPDATE subscription SET next_charge_at = NULL WHERE status = 'CANCELING'`],
  ['every live subscription is looked at again when its period or its pause ends', `UPDATE subscription SET next_charge_at = NULL WHERE status = 'PAUSED'`],
  ...['ACTIVE', 'CANCELING', 'PAUSED', 'PAST_DUE', 'ENDED'].map((status) => [
    'no benefits last longer than what was paid for and the grace', `UPDATE subscription SET access_until = access_until + interval '1 second' WHERE status = '${status}'`,
  ] as const),
  ['every subscription knows how many charges it has', `UPDATE subscription SET charge_count = 7`],
  ['every tier has as many places taken as live subscriptions hold', `UPDATE tier SET taken = taken + 1`],
  ['no fan has two live subscriptions to a creator', `DROP INDEX subscription_one_live; UPDATE subscription SET person_id = (SELECT min(person_id::text)::uuid FROM subscription)`],
  ['every creator\'s count of members is how many live subscriptions there are', `UPDATE counter SET value = value + 1 WHERE name = 'members'`],
  ['every creator\'s counts by status are how many subscriptions have it', `UPDATE counter SET value = value + 1 WHERE name = 'members.ACTIVE'`],
  ['every fan\'s count of subscriptions is how many they began', `DELETE FROM counter WHERE name = 'subscriptions'`],
  ['what began and ended each day is what the creators\' days say', `UPDATE membership_day SET started = started + 1, churned = churned + 1`],
  ['what the creators\' days say of members and of their monthly worth sums to what the subscriptions are', `UPDATE membership_day SET monthly_delta_micros = monthly_delta_micros + 1`],
  ['every change that cost something at once has its charge, of that amount', `UPDATE subscription_change SET due_now_micros = due_now_micros + 1`],
  ['every charge for the rest of a period has one change, made within that period', `DELETE FROM subscription_change WHERE due_now_micros > 0`],
  ['every charge for the rest of a period has one change, made within that period', `UPDATE charge SET period_index = 99 WHERE kind = 'PRORATION'`],
  ['every charge for the rest of a period has one change, made within that period', `UPDATE charge SET period_index = 2 WHERE kind = 'PRORATION'`],
  ['every charge for the rest of a period has one change, made within that period', `UPDATE subscription_change SET charge_id = (SELECT id FROM charge WHERE kind = 'PRORATION') WHERE charge_id IS NOT NULL`],
  ['the stream of members tells every start, renewal and end exactly once', `ALTER TABLE stream_event DISABLE TRIGGER USER; UPDATE stream_event SET kind = 'CHANGED' WHERE kind = 'RENEWED'`],
  ['the stream of members tells every start, renewal and end exactly once', `ALTER TABLE stream_event DISABLE TRIGGER USER; UPDATE stream_event SET kind = 'RENEWED' WHERE kind = 'CHANGED'`],
  ['the stream of members tells every start, renewal and end exactly once', `ALTER TABLE stream_event DISABLE TRIGGER USER; UPDATE stream_event SET kind = 'CHANGED' WHERE kind = 'STARTED'`],
];

test.each(sabotages)('the check sees when this does not hold: %s (%s)', async (broken, sql) => {
  const { db, ownerUrl } = database.current;
  await live(await World.open(database.current));
  await expectClean(db);

  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const ran = await owner.query(sql).finally(() => owner.end());
  expect([ran].flat().at(-1)?.rowCount).not.toBe(0);
  const lines = await check(db, { full: true, invariants });
  expect(lines.filter((line) => !line.ok).map((line) => line.name)).toContain(broken);
});

/** One subscription of each status, changes at once and of the interval, and renewals. */
async function live(world: World): Promise<void> {
  await makeCreator(world.db);
  const tier = await world.tier(5);
  const joined = await world.join(await world.fan(), { tierId: tier.id });
  await world.join(await world.fan(), world.own(1, 'DAY'));
  await world.join(await world.fan(), world.own(3));
  await world.join(await world.fan(2), world.own(2));
  done(await world.cancel(await world.join(await world.fan(), world.own(4))));
  done(await world.pause(await world.join(await world.fan(), world.own(6)), '2026-05-01T00:00:00.000Z'));
  world.clock.moveTo('2026-02-10T00:00:00.000Z');
  done(await world.change(joined, { amount: money(usd(9), 'USD'), interval: null }));
  world.clock.moveTo('2026-02-11T00:00:00.000Z');
  done(await world.change(joined, { amount: money(usd(90), 'USD'), interval: 'YEAR' }));
  expect(counted(await renewAt(world, '2026-03-01T00:00:00.000Z'))).toMatchObject({ renewed: 2, pastDue: 1, ended: 1, paused: 1 });
  done(await world.cancel(await world.join(await world.fan(), world.own(7))));
}

test('every invariant of the room is tried', () => {
  const tried = new Set(sabotages.map(([broken]) => broken));
  expect(subscriptionsRoom.invariants?.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});
