import DataLoader from 'dataloader';
import { Arg, Ctx, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import {
  cached, decodeCursor, encodeCursor, invalidCursor, MoneyType, pageOf, pageSize, type Connection, type RequestContext,
} from '../api/room.ts';
import { configService } from '../config.ts';
import { CreatorDashboard, type Creator } from '../creators/room.ts';
import { clockService, databaseService, isUuid, readCounters, transaction } from '../database/room.ts';
import { creatorBalances, findAccounts, type CreatorBalance } from '../ledger/room.ts';
import { money, type Money } from '../money/room.ts';
import { ledgerEntries, LedgerEntryConnection, type LedgerEntry } from '../wallets/room.ts';
import { readCurrentDestinations } from './destination-rows.ts';
import type { Destination } from './destination.ts';
import { readPaidOut, readPayoutsOf } from './payout-rows.ts';
import { PayoutConnection, PayoutDestinationType } from './payout-type.ts';
import { payoutCounter, type Payout } from './payout.ts';
import { payoutsService } from './payouts.ts';

const payoutList = 'payouts';

/** Everything about a creator's money, of one moment. */
interface Balance extends CreatorBalance {
  readonly paidOutMicros: bigint;
  readonly destination: Destination | undefined;
}

@ObjectType('CreatorBalance', { description: 'What a creator has earned, and what of it may be paid out.' })
export class CreatorBalanceType {}

@Resolver(() => CreatorBalanceType)
export class CreatorBalanceFields {
  @FieldResolver(() => MoneyType, { description: 'Earned, past its hold period, and free to be paid out.' })
  available(@Root() balance: Balance): Money {
    return money(balance.availableMicros, balance.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What a payout of now may take: available, down to whole units of the rail. The dust stays.' })
  payable(@Root() balance: Balance, @Ctx() context: RequestContext): Money {
    const micros = context.services.get(payoutsService).payableOf(balance.availableMicros, balance.currency, balance.destination);
    return money(micros, balance.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'The least that a payout may be.' })
  payoutMinimum(@Root() balance: Balance, @Ctx() context: RequestContext): Money {
    return money(context.services.get(payoutsService).minimumOf(balance.currency, balance.destination), balance.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Earned, and still in its hold period.' })
  held(@Root() balance: Balance): Money {
    return money(balance.heldMicros, balance.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What later earnings repay first, shown positive.' })
  debt(@Root() balance: Balance): Money {
    return money(balance.debtMicros, balance.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'On its way to the bank.' })
  inTransit(@Root() balance: Balance): Money {
    return money(balance.inTransitMicros, balance.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Arrived at the bank, in all.' })
  paidOut(@Root() balance: Balance): Money {
    return money(balance.paidOutMicros, balance.currency);
  }
}

@Resolver(() => CreatorDashboard)
export class DashboardMoney {
  @FieldResolver(() => CreatorBalanceType, { description: 'What was earned, and what of it may be paid out.' })
  balance(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<Balance> {
    return balanceLoader(context).load(creator);
  }

  @FieldResolver(() => LedgerEntryConnection, { description: 'The statement of what was earned, newest first.' })
  async entries(
    @Root() creator: Creator,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, description: 'How many: 1 to 100.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<Connection<LedgerEntry>> {
    const name = { ownerId: creator.id, kind: 'earnings' as const, currency: creator.currency };
    const [id] = await findAccounts(context.services.get(databaseService), [name]);
    if (!id) throw new Error(`The creator ${creator.id} has no earnings account.`);
    return ledgerEntries(context, { id, currency: creator.currency }, { first, after });
  }

  @FieldResolver(() => PayoutConnection, { description: 'The page\'s payouts, newest first, failed and pending ones too.' })
  async payouts(
    @Root() creator: Creator,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many: 1 to 100.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<Connection<Payout>> {
    const size = pageSize({ first });
    const beforeId = decodeCursor(payoutList, 1, after)?.[0] ?? null;
    if (beforeId !== null && !isUuid(beforeId)) throw invalidCursor(after as string);
    const db = context.services.get(databaseService);
    return pageOf(await readPayoutsOf(db, creator.id, beforeId, size + 1), {
      size,
      cursorOf: (payout) => encodeCursor(payoutList, payout.id),
      hasPreviousPage: beforeId !== null,
      totalCount: async () => (await readCounters(db, payoutCounter, [creator.id])).get(creator.id) ?? 0,
    });
  }

  @FieldResolver(() => PayoutDestinationType, { nullable: true, description: 'Where payouts go: the destination that was added last; null before there is one.' })
  async payoutDestination(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<Destination | null> {
    return (await readCurrentDestinations(context.services.get(databaseService), [creator.id])).get(creator.id) ?? null;
  }
}

/** Batches without remembering: a mutation later in the same request may have moved the balance. */
function balanceLoader(context: RequestContext): DataLoader<Creator, Balance> {
  return cached(context, 'payouts.balances', () => new DataLoader<Creator, Balance>((creators) => readBalances(context, creators), { cache: false }));
}

async function readBalances({ services }: RequestContext, creators: readonly Creator[]): Promise<(Balance | Error)[]> {
  const rule = { holdDays: services.get(configService).payoutHoldDays, now: services.get(clockService).now() };
  const ids = creators.map((creator) => creator.id);
  // One snapshot: a payout that arrives between two statements would be shown twice, or not at all.
  const [balances, paidOut, destinations] = await transaction(
    services.get(databaseService),
    (tx) => Promise.all([creatorBalances(tx, ids, rule), readPaidOut(tx, ids), readCurrentDestinations(tx, ids)]),
    { isolation: 'REPEATABLE READ', readOnly: true, rerunLostCommit: true },
  );
  const found = new Map(balances.map((balance) => [`${balance.ownerId} ${balance.currency}`, balance]));
  return creators.map((creator) => {
    const balance = found.get(`${creator.id} ${creator.currency}`);
    if (!balance) return new Error(`The creator ${creator.id} has no earnings account.`);
    return { ...balance, paidOutMicros: paidOut.get(creator.id) ?? 0n, destination: destinations.get(creator.id) };
  });
}
