import DataLoader from 'dataloader';
import { cached, decodeCursor, encodeCursor, invalidCursor, pageOf, pageSize, type Connection, type PageArgs, type RequestContext } from '../api/room.ts';
import { MEMBERS } from '../creators/room.ts';
import { databaseService, isUuid, readCounters, type Sql } from '../database/room.ts';
import { subscriptionStatuses, type Subscription, type SubscriptionStatusName } from './subscription.ts';
import { subscriptionColumns, subscriptionOf, type SubscriptionRow } from './subscription-rows.ts';
import { statusCounter, SUBSCRIPTIONS } from './write-moves.ts';

/** A subscription with the account that runs its creator's page, for the rule of who may read it. */
export interface OwnedSubscription extends Subscription {
  readonly ownerId: string;
}

/** Reads subscriptions by id in one statement, in the order of the ids; null for one that is not there. */
export async function readSubscriptions(context: RequestContext, ids: readonly string[]): Promise<(OwnedSubscription | null)[]> {
  const rows = await sqlOf(context).query<SubscriptionRow & { owner_id: string }>(
    `SELECT ${subscriptionColumns}, creator.owner_id FROM subscription s JOIN creator ON creator.id = s.creator_id WHERE s.id = ANY ($1::uuid[])`,
    [ids],
  );
  const found = new Map(rows.map((row) => [row.id, { ...subscriptionOf(row), ownerId: row.owner_id }]));
  return ids.map((id) => found.get(id) ?? null);
}

/** Reads a subscription by id, many in one statement; null when there is none. */
export function loadSubscription(context: RequestContext, id: string): Promise<OwnedSubscription | null> {
  return cached(context, 'subscriptions.byId', () =>
    new DataLoader<string, OwnedSubscription | null>((ids) => readSubscriptions(context, ids)),
  ).load(id);
}

/** The live subscription of a fan to a creator, those to many creators in one statement; null when there is none. */
export function loadLiveSubscription(context: RequestContext, personId: string, creatorId: string): Promise<Subscription | null> {
  return cached(context, `subscriptions.live.${personId}`, () =>
    new DataLoader<string, Subscription | null>(async (creatorIds) => {
      const rows = await sqlOf(context).query<SubscriptionRow>(
        `SELECT ${subscriptionColumns} FROM subscription s WHERE s.person_id = $1 AND s.creator_id = ANY ($2::uuid[]) AND s.status <> 'ENDED'`,
        [personId, creatorIds],
      );
      const found = new Map(rows.map((row) => [row.creator_id, subscriptionOf(row)]));
      return creatorIds.map((id) => found.get(id) ?? null);
    }),
  ).load(creatorId);
}

/** All the subscriptions a person ever had, newest first. */
export function subscriptionsOfPerson(context: RequestContext, personId: string, args: PageArgs): Promise<Connection<Subscription>> {
  const text = `SELECT ${subscriptionColumns} FROM subscription s WHERE s.person_id = $1 AND ($2::uuid IS NULL OR s.id < $2) ORDER BY s.id DESC LIMIT $3`;
  return page(context, { list: 'subscriptions', text, counter: SUBSCRIPTIONS, ownerId: personId }, args);
}

// The status stands in the text: a partial index serves a condition that the planner can see.
const ofCreator = (condition: string) =>
  `SELECT ${subscriptionColumns} FROM subscription s WHERE s.creator_id = $1 AND ${condition} AND ($2::uuid IS NULL OR s.id < $2) ORDER BY s.id DESC LIMIT $3`;
const liveOfCreator = ofCreator(`s.status <> 'ENDED'`);
const ofCreatorByStatus = new Map(subscriptionStatuses.map((status) => [status, ofCreator(`s.status = '${status}'`)]));

/** A creator's subscribers, newest first: those of one status, or all whose subscription is live. */
export function subscribersOf(context: RequestContext, creatorId: string, status: SubscriptionStatusName | null, args: PageArgs): Promise<Connection<Subscription>> {
  const text = status ? (ofCreatorByStatus.get(status) as string) : liveOfCreator;
  const counter = status ? statusCounter(status) : MEMBERS;
  return page(context, { list: `subscribers.${status ?? 'live'}`, text, counter, ownerId: creatorId }, args);
}

interface List {
  readonly list: string;
  readonly text: string;
  readonly counter: string;
  readonly ownerId: string;
}

/** Ids are UUIDv7, made in the order in which subscriptions began, so they are the order of the list. */
async function page(context: RequestContext, { list, text, counter, ownerId }: List, args: PageArgs): Promise<Connection<Subscription>> {
  const size = pageSize(args);
  const place = decodeCursor(list, 1, args.after)?.[0] ?? null;
  if (place !== null && !isUuid(place)) throw invalidCursor(args.after as string);
  const rows = await sqlOf(context).query<SubscriptionRow>(text, [ownerId, place, size + 1]);
  return pageOf(rows.map(subscriptionOf), {
    size,
    cursorOf: (subscription) => encodeCursor(list, subscription.id),
    hasPreviousPage: place !== null,
    totalCount: async () => (await readCounters(sqlOf(context), counter, [ownerId])).get(ownerId) ?? 0,
  });
}

/** Forgets what the request read, so that a payload shows what a mutation has just changed. */
export function forgetSubscriptions(context: RequestContext): void {
  for (const name of context.caches.keys()) {
    if (name.startsWith('subscriptions.')) context.caches.delete(name);
  }
}

function sqlOf(context: RequestContext): Sql {
  return context.services.get(databaseService);
}
