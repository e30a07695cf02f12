import { Arg, Ctx, Field, FieldResolver, ID, Int, ObjectType, Resolver, Root } from 'type-graphql';
import {
  CurrencyCodeScalar, encodeId, MoneyType, NodeInterface, type Connection, type NodeType, type RequestContext,
} from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { self } from '../identity/room.ts';
import { money, type Money } from '../money/room.ts';
import { ledgerEntries } from './ledger-entries.ts';
import { LedgerEntryConnection, type LedgerEntry } from './ledger-entry-type.ts';
import { readWallets, type Wallet } from './wallet.ts';

/** The prefix of a wallet's id. */
export const walletPrefix = 'wal';

@ObjectType('Wallet', { implements: NodeInterface, description: 'Prepaid money of one currency, for tips and micro-subscriptions of any size.' })
export class WalletType {
  @Field(() => CurrencyCodeScalar, { description: 'The currency it holds; there is no conversion.' })
  currency!: string;
}

@Resolver(() => WalletType)
export class WalletFields {
  @FieldResolver(() => ID, { description: 'Opaque: wal_ and a UUIDv7.' })
  id(@Root() wallet: Wallet): string {
    return encodeId(walletPrefix, wallet.id);
  }

  @FieldResolver(() => MoneyType, { description: 'What may be spent.' })
  balance(@Root() wallet: Wallet): Money {
    return money(wallet.balanceMicros, wallet.currency);
  }

  @FieldResolver(() => LedgerEntryConnection, { description: 'The statement: every movement, newest first, each with the balance it left.' })
  entries(
    @Root() wallet: Wallet,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, description: 'How many: 1 to 100.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<Connection<LedgerEntry>> {
    return ledgerEntries(context, wallet, { first, after });
  }
}

export const walletNode: NodeType<Wallet> = {
  typeName: 'Wallet',
  prefix: walletPrefix,
  readableBy: self,
  load: (context, ids) => readWallets(context.services.get(databaseService), ids),
};
