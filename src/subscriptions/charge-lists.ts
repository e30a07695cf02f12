import DataLoader from 'dataloader';
import { cached, decodeCursor, encodeCursor, invalidCursor, pageOf, pageSize, type Connection, type PageArgs, type RequestContext } from '../api/room.ts';
import { databaseService, isUuid, type Sql } from '../database/room.ts';
import { chargeColumns } from './charge-rows.ts';
import type { Charge } from './charge.ts';
import { periodAt, type BillingInterval, type BillingPeriod } from './periods.ts';
import type { Subscription } from './subscription.ts';

/** A charge as the API shows it: with its period, and with the two accounts that may read it. */
export interface ShownCharge extends Charge {
  readonly period: BillingPeriod;
  readonly creatorId: string;
  readonly personId: string;
  readonly ownerId: string;
}

interface ShownRow extends Charge {
  readonly creatorId: string;
  readonly personId: string;
  readonly ownerId: string;
  readonly anchor: Date;
  readonly anchorIndex: number;
  readonly interval: BillingInterval;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
}

const shown = `${chargeColumns}, s.creator_id AS "creatorId", s.person_id AS "personId", creator.owner_id AS "ownerId", s.anchor, s.anchor_index AS "anchorIndex", s.interval,
  decided.starts_at AS "startsAt", decided.ends_at AS "endsAt"`;
const around = `JOIN subscription s ON s.id = c.subscription_id JOIN creator ON creator.id = s.creator_id
  LEFT JOIN subscription_period decided ON decided.subscription_id = c.subscription_id AND decided.index = c.period_index`;

/** Reads charges by id in one statement, in the order of the ids; null for one that is not there. */
export async function readCharges(context: RequestContext, ids: readonly string[]): Promise<(ShownCharge | null)[]> {
  const rows = await sqlOf(context).query<ShownRow>(`SELECT ${shown} FROM charge c ${around} WHERE c.id = ANY ($1::uuid[])`, [ids]);
  const found = new Map(rows.map((row) => [row.id, shownCharge(row)]));
  return ids.map((id) => found.get(id) ?? null);
}

/** A subscription's charges, newest first, failed ones too. The pages of many subscriptions are one statement. */
export async function chargesOf(context: RequestContext, { id, chargeCount }: Subscription, args: PageArgs): Promise<Connection<ShownCharge>> {
  const size = pageSize(args);
  const place = decodeCursor('charges', 1, args.after)?.[0] ?? null;
  if (place !== null && !isUuid(place)) throw invalidCursor(args.after as string);
  const loader = cached(context, `subscriptions.charges.${place}.${size}`, () =>
    new DataLoader<string, ShownCharge[]>(async (subscriptionIds) => {
      const rows = await sqlOf(context).query<ShownRow>(
        `SELECT ${shown} FROM unnest($1::uuid[]) AS wanted (subscription_id)
         CROSS JOIN LATERAL (
           SELECT * FROM charge WHERE subscription_id = wanted.subscription_id AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
         ) c ${around} ORDER BY c.id DESC`,
        [subscriptionIds, place, size + 1],
      );
      const bySubscription = Map.groupBy(rows.map(shownCharge), (charge) => charge.subscriptionId);
      return subscriptionIds.map((subscriptionId) => bySubscription.get(subscriptionId) ?? []);
    }),
  );
  return pageOf(await loader.load(id), {
    size,
    cursorOf: (charge) => encodeCursor('charges', charge.id),
    hasPreviousPage: place !== null,
    totalCount: () => chargeCount,
  });
}

/** A period that is owed still has no row yet: the schedule tells when it is. */
function shownCharge({ anchor, anchorIndex, interval, startsAt, endsAt, ...charge }: ShownRow): ShownCharge {
  const { periodIndex: index } = charge;
  const period = startsAt && endsAt ? { index, start: startsAt, end: endsAt } : periodAt({ anchor, anchorIndex, interval }, index);
  return { ...charge, period };
}

function sqlOf(context: RequestContext): Sql {
  return context.services.get(databaseService);
}
