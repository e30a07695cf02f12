import { randomUUID } from 'node:crypto';
import { encodeId, hashInput, Interval } from '../../src/api/room.ts';
import { invariants } from '../../src/app.ts';
import { createTier, TIER_PREFIX, type Tier } from '../../src/creators/room.ts';
import type { Database, Services } from '../../src/database/room.ts';
import { formatDecimal, money, type Money } from '../../src/money/room.ts';
import {
  cancel, changeOwn, changeSubscription, pause, resume, subscribe, subscriptionDeskService,
  type BillingInterval, type Desk, type Plan, type Subscription, type SubscriptionOutcome,
} from '../../src/subscriptions/room.ts';
import { previewChange } from '../../src/subscriptions/preview-subscription.ts';
import type { PriceOutcome } from '../../src/subscriptions/outcomes.ts';
import type { Price } from '../../src/subscriptions/pricing.ts';
import type { WantedChange, WantedPlan } from '../../src/subscriptions/wanted-plan.ts';
import { expectCleanBooks } from '../support/books.ts';
import { TestClock } from '../support/clock.ts';
import type { TestDatabase } from '../support/database.ts';
import { makeCreator, makeFan, servicesOn, type MadeCreator } from '../support/world.ts';

export const usd = (units: number): bigint => BigInt(Math.round(units * 1_000_000));

/** A creator with fans, and what they can do to their subscriptions at the times of one clock. */
export class World {
  readonly db: Database;
  readonly clock: TestClock;
  readonly services: Services;
  readonly desk: Desk;
  readonly creator: MadeCreator;

  private constructor(db: Database, clock: TestClock, services: Services, creator: MadeCreator) {
    this.db = db;
    this.clock = clock;
    this.services = services;
    this.desk = services.get(subscriptionDeskService);
    this.creator = creator;
  }

  static async open(database: TestDatabase, start = '2026-01-31T12:00:00.000Z', options: { feeBps?: number } = {}): Promise<World> {
    const clock = new TestClock(start);
    const services = servicesOn(database, { clock, environment: { PLATFORM_FEE_BPS: String(options.feeBps ?? 500) } });
    return new World(database.db, clock, services, await makeCreator(database.db));
  }

  /** The same world as another process sees it. */
  async another(database: TestDatabase): Promise<World> {
    const db = await database.connect();
    return new World(db, this.clock, servicesOn(database, { db, clock: this.clock }), this.creator);
  }

  fan(units = 1000): Promise<string> {
    return makeFan(this.db, usd(units));
  }

  async tier(units: number, given: { interval?: Interval; capacity?: number | null; name?: string } = {}): Promise<Tier> {
    const { interval = Interval.MONTH, capacity = null, name = `Tier of ${units}` } = given;
    const price = { amount: formatDecimal(usd(units), 'USD'), currency: 'USD' };
    const { tier, errors } = await createTier(this.services, this.creator.ownerId, { name, price, interval, capacity });
    if (!tier) throw new Error(`No tier was made: ${JSON.stringify(errors)}`);
    return tier;
  }

  subscribe(personId: string, wanted: WantedPlan, given: { key?: string; expectedDueNow?: Money | null; pricedAt?: Date | null } = {}): Promise<SubscriptionOutcome> {
    const wish = { wanted, expectedDueNow: given.expectedDueNow ?? null, pricedAt: given.pricedAt ?? null };
    return subscribe(this.desk, { ...wish, personId, idempotencyKey: given.key ?? randomUUID(), inputHash: hashInput('subscribe', wish) });
  }

  /** Subscribes and fails unless it went well. */
  async join(personId: string, wanted: WantedPlan): Promise<Subscription> {
    return done(await this.subscribe(personId, wanted));
  }

  own(units: number, interval: BillingInterval = 'MONTH'): WantedPlan {
    return { creatorId: this.creator.id, amount: money(usd(units), 'USD'), interval };
  }

  preview({ personId, id }: Subscription, wanted: WantedChange): Promise<PriceOutcome> {
    return previewChange(this.db, personId, id, wanted, this.clock.now());
  }

  async price(subscription: Subscription, wanted: WantedChange): Promise<Price> {
    const outcome = await this.preview(subscription, wanted);
    if (outcome.kind !== 'PRICED') throw new Error(`No price: ${outcome.kind}`);
    return outcome.price;
  }

  changeFor(subscription: Subscription, wanted: WantedChange, dueNowMicros: bigint, pricedAt: Date, key: string = randomUUID()): Promise<SubscriptionOutcome> {
    const { personId, id: subscriptionId, currency } = subscription;
    const wish = { subscriptionId, wanted, expectedDueNow: money(dueNowMicros, currency), pricedAt };
    return changeSubscription(this.desk, { ...wish, personId, idempotencyKey: key, inputHash: hashInput('changeSubscription', wish) });
  }

  /** Changes at the price of now. */
  async change(subscription: Subscription, wanted: WantedChange): Promise<SubscriptionOutcome> {
    const { dueNowMicros, pricedAt } = await this.price(subscription, wanted);
    return this.changeFor(subscription, wanted, dueNowMicros, pricedAt);
  }

  cancel({ personId, id: subscriptionId }: Subscription): Promise<SubscriptionOutcome> {
    return changeOwn(this.desk, { personId, subscriptionId }, cancel);
  }

  resume({ personId, id: subscriptionId }: Subscription): Promise<SubscriptionOutcome> {
    return changeOwn(this.desk, { personId, subscriptionId }, resume);
  }

  pause({ personId, id: subscriptionId }: Subscription, until: string | null = null): Promise<SubscriptionOutcome> {
    return changeOwn(this.desk, { personId, subscriptionId }, (own, now) => pause(own, until === null ? null : new Date(until), now));
  }

  async taken(tierId: string): Promise<number> {
    const [row] = await this.db.query<{ taken: number }>('SELECT taken FROM tier WHERE id = $1', [tierId]);
    return row!.taken;
  }

  /** The subscription's periods, as "1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00". */
  async periods({ id }: Subscription): Promise<string[]> {
    const rows = await this.db.query<{ index: number; state: string; starts_at: Date; ends_at: Date }>(
      'SELECT * FROM subscription_period WHERE subscription_id = $1 ORDER BY index', [id],
    );
    return rows.map((row) => `${row.index} ${row.state} ${minute(row.starts_at)} – ${minute(row.ends_at)}`);
  }

  /** The subscription's charges, oldest first, as "PERIOD 1 5.00 SUCCEEDED". */
  async charges({ id }: Subscription): Promise<string[]> {
    const rows = await this.db.query<{ kind: string; period_index: number; amount_micros: bigint; status: string; currency: string }>(
      'SELECT * FROM charge WHERE subscription_id = $1 ORDER BY id', [id],
    );
    return rows.map((row) => `${row.kind} ${row.period_index} ${formatDecimal(row.amount_micros, row.currency)} ${row.status}`);
  }

  /** The kinds of the events in the creator's stream of members, in order. */
  async told(): Promise<string[]> {
    const rows = await this.db.query<{ kind: string }>(`SELECT kind FROM stream_event WHERE creator_id = $1 AND topic = 'members' ORDER BY sequence`, [this.creator.id]);
    return rows.map(({ kind }) => kind);
  }
}

export function minute(at: Date | null): string | null {
  return at && at.toISOString().slice(0, 16);
}

export function done(outcome: SubscriptionOutcome): Subscription {
  if (outcome.kind !== 'DONE') throw new Error(`Refused: ${JSON.stringify(outcome, (_, value) => (typeof value === 'bigint' ? value.toString() : value))}`);
  return outcome.subscription;
}

/** How often each kind of outcome came; what was not charged under the reason. */
export function tally(outcomes: readonly SubscriptionOutcome[]): Record<string, number> {
  const kinds = outcomes.map((outcome) => (outcome.kind === 'NOT_CHARGED' ? outcome.why.kind : outcome.kind));
  return Object.fromEntries([...Map.groupBy(kinds, (kind) => kind)].map(([kind, same]) => [kind, same.length]));
}

/** A wish for an amount of one's own, an interval, or both. */
export const own = (units: number | null, interval: BillingInterval | null = null) => ({ amount: units === null ? null : money(usd(units), 'USD'), interval });

/** A member whose month began on 2026-02-01 at midnight, on the 15th, when half of it is over. */
export async function february(database: TestDatabase, wanted?: { units?: number; capacity?: number }): Promise<{ world: World; joined: Subscription; tier: string }> {
  const world = await World.open(database, '2026-02-01T00:00:00.000Z');
  const tier = await world.tier(wanted?.units ?? 5, { capacity: wanted?.capacity, name: 'Bronze' });
  const joined = await world.join(await world.fan(1000), { tierId: tier.id });
  world.clock.moveTo('2026-02-15T00:00:00.000Z');
  return { world, joined, tier: tier.id };
}

export function expectClean(db: Database): Promise<void> {
  return expectCleanBooks(db, invariants);
}

export function tierId(tier: Tier): string {
  return encodeId(TIER_PREFIX, tier.id);
}

let made = 0;

/** A subscription in memory, ACTIVE in its first month from 2026-01-31 unless told otherwise. */
export function subscription(given: Partial<Subscription> = {}): Subscription {
  const start = new Date('2026-01-31T12:00:00.000Z');
  const end = new Date('2026-02-28T12:00:00.000Z');
  const plan: Plan = { tierId: null, amountMicros: usd(5), interval: 'MONTH' };
  return {
    id: `subscription-${++made}`, personId: 'fan', creatorId: 'creator', currency: 'USD', ...plan, status: 'ACTIVE', startedAt: start,
    planSince: given.periodStart ?? start,
    anchor: start, anchorIndex: 1, periodIndex: 1, periodStart: start, periodEnd: end, nextChargeAt: end, pastDueSince: null,
    failedAttempts: 0, accessUntil: end, pausedUntil: null, pending: null, endedAt: null, chargeCount: 1, ...given,
  };
}
