import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { ApiError, describeEnum, InsiderDependent, isViewer, quoteText, ViewerDependent, type RequestContext } from '../api/room.ts';
import { CreatorDashboard, type Creator } from '../creators/room.ts';
import { wasPaid } from '../payments/room.ts';
import { CHARGE_PREFIX, ChargeType, type ShownCharge } from '../subscriptions/room.ts';
import { TIP_PREFIX, TipType, type Tip } from '../tips/room.ts';
import { topUpPrefix, TopUpType, WalletType, type TopUp, type Wallet } from '../wallets/room.ts';
import { receiptPath, statementPath, type StatementFormat as Format } from './documents.ts';
import { documentLinksService } from './links.ts';
import { monthBounds } from './statement.ts';

export enum StatementFormat {
  CSV = 'CSV',
  PDF = 'PDF',
}
describeEnum(StatementFormat, 'StatementFormat', 'What a statement comes as.', {
  CSV: 'Every movement, a line each, for spreadsheets.',
  PDF: 'The balances and the totals of each kind of movement, for paper.',
});

const receipt = 'A link to the receipt as a PDF, good for a day to whoever has it';
const month = { nullable: true, description: 'A calendar month in UTC, such as "2026-03". Absent: all time.' } as const;
const format = { description: 'What it comes as.' } as const;

@Resolver(() => TipType)
export class TipReceipt {
  @InsiderDependent()
  @FieldResolver(() => String, { nullable: true, description: `${receipt}: the sender alone, null for others and before it is paid.` })
  receiptUrl(@Root() tip: Tip, @Ctx() context: RequestContext): string | null {
    const isGuests = !context.isShared && context.guest !== null && context.guest.guestId === tip.guestId;
    return isViewer(context, tip.senderId) || isGuests ? receiptLink(context, TIP_PREFIX, tip) : null;
  }
}

@Resolver(() => TopUpType)
export class TopUpReceipt {
  @FieldResolver(() => String, { nullable: true, description: `${receipt}; null before it is paid.` })
  receiptUrl(@Root() topUp: TopUp, @Ctx() context: RequestContext): string | null {
    return receiptLink(context, topUpPrefix, topUp);
  }
}

@Resolver(() => ChargeType)
export class ChargeReceipt {
  @ViewerDependent()
  @FieldResolver(() => String, { nullable: true, description: `${receipt}: the subscriber alone, null for others and while nothing was taken.` })
  receiptUrl(@Root() charge: ShownCharge, @Ctx() context: RequestContext): string | null {
    return isViewer(context, charge.personId) ? receiptLink(context, CHARGE_PREFIX, charge) : null;
  }
}

@Resolver(() => WalletType)
export class WalletStatement {
  @FieldResolver(() => String, { nullable: true, description: 'A link to the wallet\'s statement, good for a day to whoever has it; null, with an error, for what is no month.' })
  statementUrl(
    @Root() wallet: Wallet,
    @Ctx() context: RequestContext,
    @Arg('format', () => StatementFormat, { ...format, defaultValue: StatementFormat.CSV }) as: Format,
    @Arg('month', () => String, month) of?: string | null,
  ): string {
    return context.services.get(documentLinksService).to(statementPath({ kind: 'WALLET', id: wallet.id }, checkedMonth(of), as));
  }
}

@Resolver(() => CreatorDashboard)
export class DashboardStatement {
  @FieldResolver(() => String, {
    nullable: true, description: 'A link to the statement of what the page earned, good for a day to whoever has it; null, with an error, for what is no month.',
  })
  statementUrl(
    @Root() creator: Creator,
    @Ctx() context: RequestContext,
    @Arg('format', () => StatementFormat, { ...format, defaultValue: StatementFormat.CSV }) as: Format,
    @Arg('month', () => String, month) of?: string | null,
  ): string {
    return context.services.get(documentLinksService).to(statementPath({ kind: 'PAGE', id: creator.id }, checkedMonth(of), as));
  }
}

function receiptLink(context: RequestContext, prefix: string, payment: { readonly id: string; readonly status: string }): string | null {
  return wasPaid(payment.status) ? context.services.get(documentLinksService).to(receiptPath(prefix, payment.id)) : null;
}

function checkedMonth(given: string | null | undefined): string | null {
  if (given === null || given === undefined) return null;
  if (monthBounds(given)) return given;
  throw new ApiError('BAD_USER_INPUT', `${quoteText(given)} is no month: write it as "2026-03".`);
}
