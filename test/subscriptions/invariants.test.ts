import { expect, test } from '@jest/globals';
import pg from 'pg';
import { invariants } from '../../src/app.ts';
import { check } from '../../src/ledger/room.ts';
import { money } from '../../src/money/room.ts';
import { subscriptionsRoom } from '../../src/subscriptions/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator } from '../support/world.ts';
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
  ['every period has at most one period charge', `DROP INDEX charge_period_once; UPDATE charge SET kind = 'PERIOD'`],
  ['a period is CHARGED if and only if its charge took money', `UPDATE subscription_period SET state = 'SKIPPED'`],
  ['a period is CHARGED if and only if its charge took money', `UPDATE charge SET status = 'FAILED', charged_at = NULL WHERE kind = 'PERIOD'`],
  ['the periods of a subscription neither gap nor overlap, from its start to the last one', `UPDATE subscription_period SET ends_at = ends_at - interval '1 second' WHERE index = 1`],
  ['the periods of a subscription neither gap nor overlap, from its start to the last one', `UPDATE subscription_period SET starts_at = starts_at - interval '1 second' WHERE index = 2`],
  ['the periods of a subscription neither gap nor overlap, from its start to the last one', `UPDATE subscription_period SET index = index + 1 WHERE index = 2`],
  ['every subscription stands at its last period', `UPDATE subscription SET period_end = period_end + interval '1 second'`],
  ['every subscription knows how many charges it has', `UPDATE subscription SET charge_count = 7`],
  ['every tier has as many places taken as live subscriptions hold', `UPDATE tier SET taken = taken + 1`],
  ['no fan has two live subscriptions to a creator', `DROP INDEX subscription_one_live; UPDATE subscription SET person_id = (SELECT min(person_id::text)::uuid FROM subscription)`],
  ['every creator\'s count of members is how many live subscriptions there are', `UPDATE counter SET value = value + 1 WHERE name = 'members'`],
  ['every creator\'s counts by status are how many subscriptions have it', `UPDATE counter SET value = value + 1 WHERE name = 'members.ACTIVE'`],
  ['every fan\'s count of subscriptions is how many they began', `DELETE FROM counter WHERE name = 'subscriptions'`],
  ['what began and ended each day is what the creators\' days say', `UPDATE membership_day SET started = started + 1, churned = churned + 1`],
  ['what the creators\' days say of members and of their monthly worth sums to what the subscriptions are', `UPDATE membership_day SET monthly_delta_micros = monthly_delta_micros + 1`],
  ['every change that cost something at once has its charge, of that amount', `UPDATE subscription_change SET due_now_micros = due_now_micros + 1`],
  ['the stream of members tells every start, renewal and end exactly once', `ALTER TABLE stream_event DISABLE TRIGGER USER; UPDATE stream_event SET kind = 'CHANGED' WHERE kind = 'STARTED'`],
];

test.each(sabotages)('the check sees when this does not hold: %s (%s)', async (broken, sql) => {
  const { db, ownerUrl } = database.current;
  const world = await World.open(database.current);
  await makeCreator(db);
  const tier = await world.tier(5);
  const joined = await world.join(await world.fan(), { tierId: tier.id });
  await world.join(await world.fan(), world.own(1, 'DAY'));
  world.clock.moveTo('2026-02-10T00:00:00.000Z');
  done(await world.change(joined, { amount: money(usd(9), 'USD'), interval: null }));
  done(await world.change(joined, { amount: money(usd(90), 'USD'), interval: 'YEAR' }));
  await expectClean(db);

  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(sql).finally(() => owner.end());
  const lines = await check(db, { full: true, invariants });
  expect(lines.filter((line) => !line.ok).map((line) => line.name)).toContain(broken);
});

test('every invariant of the room is tried', () => {
  const tried = new Set(sabotages.map(([broken]) => broken));
  expect(subscriptionsRoom.invariants?.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});
