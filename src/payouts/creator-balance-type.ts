import DataLoader from 'dataloader';
import { Arg, Ctx, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { cached, MoneyType, type Connection, type RequestContext } from '../api/room.ts';
import { configService } from '../config.ts';
import { CreatorDashboard, type Creator } from '../creators/room.ts';
import { clockService, databaseService } from '../database/room.ts';
import { creatorBalances, findAccounts, type CreatorBalance as Balance } from '../ledger/room.ts';
import { floorToStep, money, type Money } from '../money/room.ts';
import { paymentProvidersService } from '../payments/room.ts';
import { ledgerEntries, LedgerEntryConnection, type LedgerEntry } from '../wallets/room.ts';

/** Who pays out where no destination says otherwise. */
const defaultProvider = 'SANDBOX';

@ObjectType({ description: 'What a creator has earned, and what of it may be paid out.' })
export class CreatorBalance {}

@Resolver(() => CreatorBalance)
export class CreatorBalanceFields {
  @FieldResolver(() => MoneyType, { description: 'Earned, past its hold period, and free to be paid out.' })
  available(@Root() balance: Balance): Money {
    return money(balance.availableMicros, balance.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What a payout of now may take: available, down to whole units of the rail. The dust stays.' })
  payable(@Root() balance: Balance, @Ctx() context: RequestContext): Money {
    const rail = context.services.get(paymentProvidersService).get(defaultProvider)?.rail(balance.currency);
    return money(rail ? floorToStep(balance.availableMicros, rail.stepMicros) : 0n, balance.currency);
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
}

@Resolver(() => CreatorDashboard)
export class DashboardMoney {
  @FieldResolver(() => CreatorBalance, { description: 'What was earned, and what of it may be paid out.' })
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
}

/** Batches without remembering: a mutation later in the same request may have moved the balance. */
function balanceLoader(context: RequestContext): DataLoader<Creator, Balance> {
  return cached(context, 'payouts.balances', () =>
    new DataLoader<Creator, Balance>(async (creators) => {
      const { services } = context;
      const rule = { holdDays: services.get(configService).payoutHoldDays, now: services.get(clockService).now() };
      const balances = await creatorBalances(services.get(databaseService), creators.map((creator) => creator.id), rule);
      const found = new Map(balances.map((balance) => [`${balance.ownerId} ${balance.currency}`, balance]));
      return creators.map((creator) =>
        found.get(`${creator.id} ${creator.currency}`) ?? new Error(`The creator ${creator.id} has no earnings account.`));
    }, { cache: false }));
}
