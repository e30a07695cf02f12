import { afterEach, expect, test } from '@jest/globals';
import { renew } from '../../src/billing/room.ts';
import { money } from '../../src/money/room.ts';
import type { Subscription, SubscriptionOutcome } from '../../src/subscriptions/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { micros } from '../support/world.ts';
import { expectClean, usd, World } from '../subscriptions/support.ts';

/** Fans who act in the very moment in which the renewal run takes their subscription. */

const database = eachTestDatabase();

afterEach(() => expectClean(database.current.db));

interface Seen {
  readonly outcome: SubscriptionOutcome;
  readonly status: string;
  readonly charges: string[];
  readonly told: string[];
}

/** Has fans act in one process while a run in another renews them, and answers what each saw and what became of it. */
async function race(world: World, act: (actor: World, joined: Subscription) => Promise<SubscriptionOutcome>, fans = 24): Promise<Seen[]> {
  const actor = await world.another(database.current);
  const joined: Subscription[] = [];
  for (let fan = 0; fan < fans; fan++) joined.push(await world.join(await world.fan(100), world.own(5)));
  world.clock.moveTo('2026-02-28T12:00:00.000Z');
  const run = renew(world.services, { asOf: world.clock.now(), batch: 2 });
  // Shuffled against the run's order, which is that of the people's ids.
  const outcomes = await Promise.all(joined.toReversed().map((one) => act(actor, one)));
  await run;
  await renew(world.services, { asOf: world.clock.now() });
  return Promise.all(joined.toReversed().map(async ({ id }, index): Promise<Seen> => {
    const [row] = await world.db.query<{ status: string }>('SELECT status FROM subscription WHERE id = $1', [id]);
    const events = await world.db.query<{ kind: string }>(`SELECT kind FROM stream_event WHERE subject_id = $1 AND topic = 'members' ORDER BY sequence`, [id]);
    return { outcome: outcomes[index]!, status: row!.status, charges: await world.charges(joined.toReversed()[index]!), told: events.map(({ kind }) => kind) };
  }));
}

const first = 'PERIOD 1 5.00 SUCCEEDED';
const second = 'PERIOD 2 5.00 SUCCEEDED';
const told = ({ told: kinds }: Seen) => kinds.join(' ');

test('a cancellation comes before the renewal, and ends it unpaid, or after it, and ends it with the period that was paid', async () => {
  const world = await World.open(database.current);
  const seen = await race(world, (actor, joined) => actor.cancel(joined));
  for (const one of seen) {
    const answered = one.outcome.kind === 'DONE' ? one.outcome.subscription.status : one.outcome.kind;
    expect([answered, one.status, one.charges, told(one)]).toEqual(
      answered === 'ENDED' ? ['ENDED', 'ENDED', [first], 'STARTED ENDED'] : ['CANCELING', 'CANCELING', [first, second], 'STARTED RENEWED CANCELED'],
    );
  }
});

test('a pause comes before the renewal, and begins unpaid, or after it, and waits for the end of what was paid', async () => {
  const world = await World.open(database.current);
  const seen = await race(world, (actor, joined) => actor.pause(joined));
  for (const one of seen) {
    const answered = one.outcome.kind === 'DONE' ? one.outcome.subscription.status : one.outcome.kind;
    expect([answered, one.status, one.charges, told(one)]).toEqual(
      answered === 'PAUSED' ? ['PAUSED', 'PAUSED', [first], 'STARTED PAUSED'] : ['ACTIVE', 'ACTIVE', [first, second], 'STARTED RENEWED'],
    );
  }
});

test('an upgrade comes before the renewal, and pays for the period that is due, or after it, at the price of the rest of the period', async () => {
  const world = await World.open(database.current);
  const wanted = { amount: money(usd(8), 'USD'), interval: 'MONTH' as const };
  const seen = await race(world, async (actor, joined) => {
    // What was shown before the renewal; a fan who comes after it is told the new price, and takes it.
    const answer = await actor.changeFor(joined, wanted, usd(8), world.clock.now());
    return answer.kind === 'PRICE_CHANGED' ? actor.changeFor(joined, wanted, answer.price.dueNowMicros, answer.price.pricedAt) : answer;
  });
  for (const one of seen) {
    expect([one.outcome.kind, one.status]).toEqual(['DONE', 'ACTIVE']);
    expect([
      `STARTED CHANGED: ${[first, 'PERIOD 2 8.00 SUCCEEDED']}`,
      `STARTED RENEWED CHANGED: ${[first, second, 'PRORATION 2 3.00 SUCCEEDED']}`,
    ]).toContain(`${told(one)}: ${one.charges}`);
  }
  // Whichever came first, a fan has paid 5 for the first period and 8 for the second.
  const wallets = await world.db.query<{ person_id: string }>('SELECT person_id FROM subscription');
  for (const { person_id: personId } of wallets) expect(await micros(world.db, personId, 'wallet')).toBe(usd(87));
});
