import { Ctx, Field, FieldResolver, ID, ObjectType, Resolver, Root } from 'type-graphql';
import DataLoader from 'dataloader';
import { v5 } from 'uuid';
import {
  cached, connectionType, DateTimeScalar, describeEnum, encodeId, loadNode, MoneyType, NodeInterface, nodeTypesService, type NodeType,
  type RequestContext,
} from '../api/room.ts';
import { databaseService, service } from '../database/room.ts';
import type { StatementLine } from '../ledger/room.ts';
import { money, type Money } from '../money/room.ts';
import { readDisputedPayments, type DisputedPayment } from '../payments/room.ts';

/** What a movement was for. The ledger's kinds of posting have the same names. */
export enum LedgerEntryKind {
  TOP_UP = 'TOP_UP',
  TOP_UP_REFUND = 'TOP_UP_REFUND',
  TOP_UP_REFUND_RETURN = 'TOP_UP_REFUND_RETURN',
  TIP = 'TIP',
  TIP_REFUND = 'TIP_REFUND',
  TIP_REFUND_RETURN = 'TIP_REFUND_RETURN',
  SUBSCRIPTION = 'SUBSCRIPTION',
  SUBSCRIPTION_PRORATION = 'SUBSCRIPTION_PRORATION',
  PAYOUT = 'PAYOUT',
  PAYOUT_RETURN = 'PAYOUT_RETURN',
  DISPUTE = 'DISPUTE',
  DISPUTE_RETURN = 'DISPUTE_RETURN',
  FEE = 'FEE',
  ADJUSTMENT = 'ADJUSTMENT',
}
describeEnum(LedgerEntryKind, 'LedgerEntryKind', 'What a movement of money was for.', {
  TOP_UP: 'Money brought into a wallet.',
  TOP_UP_REFUND: 'What was left of a top-up, returned to where it came from.',
  TOP_UP_REFUND_RETURN: 'A refund of a top-up that did not arrive.',
  TIP: 'A tip.',
  TIP_REFUND: 'A tip, or a part of it, returned.',
  TIP_REFUND_RETURN: 'A refund of a tip that did not arrive.',
  SUBSCRIPTION: 'A period of a micro-subscription.',
  SUBSCRIPTION_PRORATION: 'The rest of a period after a change of a micro-subscription.',
  PAYOUT: 'Money on its way to a creator\'s bank.',
  PAYOUT_RETURN: 'A payout that did not arrive.',
  DISPUTE: 'A payment that is contested with the bank.',
  DISPUTE_RETURN: 'A contested payment that was won back.',
  FEE: 'A fee.',
  ADJUSTMENT: 'A correction by the platform.',
});

/** What a statement says to whom the money came, and to whom it went. */
const descriptions: Record<LedgerEntryKind, readonly [credit: string, debit: string]> = {
  TOP_UP: ['Top-up', 'Top-up taken back'],
  TOP_UP_REFUND: ['Top-up refund received', 'Top-up refunded'],
  TOP_UP_REFUND_RETURN: ['Top-up refund returned', 'Top-up refund sent again'],
  TIP: ['Tip received', 'Tip sent'],
  TIP_REFUND: ['Tip returned to you', 'Tip refunded'],
  TIP_REFUND_RETURN: ['Tip refund returned', 'Tip refund sent again'],
  SUBSCRIPTION: ['Subscription payment received', 'Subscription payment'],
  SUBSCRIPTION_PRORATION: ['Subscription change received', 'Subscription change'],
  PAYOUT: ['Payout received', 'Payout'],
  PAYOUT_RETURN: ['Payout returned', 'Payout return taken back'],
  DISPUTE: ['Dispute credited', 'Disputed payment'],
  DISPUTE_RETURN: ['Disputed payment won back', 'Disputed payment lost again'],
  FEE: ['Fee returned', 'Fee'],
  ADJUSTMENT: ['Correction in your favour', 'Correction'],
};

/** What a movement was for, in a few words of English. */
export function entryDescription({ kind, amountMicros }: Pick<StatementLine, 'kind' | 'amountMicros'>): string {
  const [credit, debit] = descriptions[kind as LedgerEntryKind];
  return amountMicros > 0n ? credit : debit;
}

/** A line of a statement, with the currency of its account. */
export interface LedgerEntry extends StatementLine {
  readonly currency: string;
}

@ObjectType('LedgerEntry', { description: 'One movement of an account, as its statement shows it.' })
export class LedgerEntryType {
  @Field(() => LedgerEntryKind, { description: 'What it was for.' })
  kind!: LedgerEntryKind;

  @Field(() => DateTimeScalar, { description: 'When it was booked. A statement is in the order of booking, which clocks alone would not tell.' })
  createdAt!: Date;
}

export const LedgerEntryConnection = connectionType('LedgerEntry', () => LedgerEntryType, { totalCount: false });

/** What postings are about, by kind of posting, as the rooms' node types say. */
const causeTypes = service<ReadonlyMap<string, NodeType>>('wallets.causeTypes', (services) => {
  const types = [...services.get(nodeTypesService).values()];
  return new Map(types.flatMap((type) => (type.postingKinds ?? []).map((kind) => [kind, type] as const)));
});

@Resolver(() => LedgerEntryType)
export class LedgerEntryFields {
  @FieldResolver(() => ID, { description: 'Opaque.' })
  id(@Root() entry: LedgerEntry): string {
    return encodeId('ent', v5(String(entry.version), entry.accountId));
  }

  @FieldResolver(() => MoneyType, { description: 'What the account gained (above zero) or gave (below it).' })
  amount(@Root() entry: LedgerEntry): Money {
    return money(entry.amountMicros, entry.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'The balance that it left.' })
  balanceAfter(@Root() entry: LedgerEntry): Money {
    return money(entry.balanceAfterMicros, entry.currency);
  }

  @FieldResolver(() => String, { description: 'What it was for, in a few words of English; what a micro-subscription took names the page.' })
  async description(@Root() entry: LedgerEntry, @Ctx() context: RequestContext): Promise<string> {
    const words = entryDescription(entry);
    const type = context.services.get(causeTypes).get(entry.kind);
    if (!type?.payee || entry.amountMicros > 0n) return words;
    const cause = await loadNode(context, type.prefix, entry.causeId);
    return cause ? `${words}: ${await type.payee(cause, context)}` : words;
  }

  @FieldResolver(() => NodeInterface, {
    nullable: true,
    description: 'What it was about, such as the top-up or the tip, or the payment that was disputed; null where there is nothing to show, or not to this viewer.',
  })
  async cause(@Root() { kind, causeId }: LedgerEntry, @Ctx() context: RequestContext): Promise<object | null> {
    const isDispute = kind === 'DISPUTE' || kind === 'DISPUTE_RETURN';
    const about = isDispute ? await disputedPaymentLoader(context).load(causeId) : { kind, id: causeId };
    const type = about ? context.services.get(causeTypes).get(about.kind) : undefined;
    return about && type ? loadNode(context, type.prefix, about.id) : null;
  }
}

/** A dispute is no node: its movements are about the payment, which the posting of that payment has a kind for by the same name. */
function disputedPaymentLoader(context: RequestContext): DataLoader<string, DisputedPayment | null> {
  return cached(context, 'wallets.disputedPayments', () => {
    const db = context.services.get(databaseService);
    return new DataLoader<string, DisputedPayment | null>((ids) => readDisputedPayments(db, ids));
  });
}
