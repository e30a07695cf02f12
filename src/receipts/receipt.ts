import { encodeId } from '../api/room.ts';
import { configService } from '../config.ts';
import { databaseService, type Services } from '../database/room.ts';
import { formatDecimal } from '../money/room.ts';
import { wasPaid } from '../payments/room.ts';
import { CHARGE_PREFIX } from '../subscriptions/room.ts';
import { TIP_PREFIX } from '../tips/room.ts';
import { topUpPrefix } from '../wallets/room.ts';
import { drawPaper, type Paper } from './paper.ts';

/** What a receipt says, whatever it is for. Amounts are in micros of `currency`. */
interface Payment {
  readonly id: string;
  readonly status: string;
  readonly currency: string;
  readonly paidAt: Date;
  readonly title: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly lines: readonly (readonly [string, bigint])[];
  readonly totalMicros: bigint;
  readonly refundedMicros: bigint;
}

type Reader = (services: Services, uuid: string) => Promise<Payment | null>;

const refunded = (column: 'tip_id' | 'top_up_id') =>
  `coalesce((SELECT sum(amount_micros) FROM refund WHERE ${column} = paid.id AND status = 'SUCCEEDED'), 0)::bigint AS "refundedMicros"`;

const readers: Readonly<Record<string, Reader>> = {
  [TIP_PREFIX]: async (services, uuid) => {
    const [tip] = await services.get(databaseService).query<TipRow>(
      `SELECT paid.status, paid.currency, paid.amount_micros AS "amountMicros", paid.funding, paid.display_name AS "sender",
         coalesce(paid.settled_at, paid.created_at) AS "paidAt", creator.display_name AS "creator", creator.handle, ${refunded('tip_id')}
       FROM tip paid JOIN creator ON creator.id = paid.creator_id WHERE paid.id = $1`,
      [uuid],
    );
    return tip ? {
      id: encodeId(TIP_PREFIX, uuid), ...tip, title: 'Receipt for a tip',
      facts: [['To', `${tip.creator} (@${tip.handle})`], ['From', tip.sender], ['Paid from', tip.funding === 'CARD' ? 'Card' : 'Wallet']],
      lines: [['Tip', tip.amountMicros]],
      totalMicros: tip.amountMicros,
    } : null;
  },
  [topUpPrefix]: async (services, uuid) => {
    const [topUp] = await services.get(databaseService).query<TopUpRow>(
      `SELECT paid.status, paid.currency, paid.amount_micros AS "amountMicros", paid.charged_micros AS "chargedMicros",
         paid.processor_fee_micros AS "feeMicros", paid.provider, coalesce(paid.settled_at, paid.created_at) AS "paidAt",
         person.display_name AS "person", ${refunded('top_up_id')}
       FROM top_up paid JOIN person ON person.id = paid.person_id WHERE paid.id = $1`,
      [uuid],
    );
    return topUp ? {
      id: encodeId(topUpPrefix, uuid), ...topUp, title: 'Receipt for a wallet top-up',
      facts: [['Account of', topUp.person], ['Charged by', topUp.provider]],
      lines: [['Added to the wallet', topUp.amountMicros], ['Card fee', topUp.feeMicros]],
      totalMicros: topUp.chargedMicros,
    } : null;
  },
  [CHARGE_PREFIX]: async (services, uuid) => {
    const [charge] = await services.get(databaseService).query<ChargeRow>(
      `SELECT paid.status, paid.currency, paid.amount_micros AS "amountMicros", coalesce(paid.charged_at, paid.created_at) AS "paidAt",
         paid.kind, paid.period_index AS "periodIndex", period.starts_at AS "startsAt", period.ends_at AS "endsAt",
         person.display_name AS "person", creator.display_name AS "creator", creator.handle, 0::bigint AS "refundedMicros"
       FROM charge paid JOIN subscription ON subscription.id = paid.subscription_id
       JOIN person ON person.id = subscription.person_id JOIN creator ON creator.id = subscription.creator_id
       LEFT JOIN subscription_period period ON period.subscription_id = paid.subscription_id AND period.index = paid.period_index
       WHERE paid.id = $1`,
      [uuid],
    );
    if (!charge) return null;
    const period = charge.startsAt && charge.endsAt ? `${day(charge.startsAt)} to ${day(charge.endsAt)}` : `number ${charge.periodIndex}`;
    return {
      id: encodeId(CHARGE_PREFIX, uuid), ...charge, title: 'Receipt for a subscription payment',
      facts: [['To', `${charge.creator} (@${charge.handle})`], ['From', charge.person], ['Period', period], ['Paid from', 'Wallet']],
      lines: [[charge.kind === 'PRORATION' ? 'Change within the period' : 'Subscription', charge.amountMicros]],
      totalMicros: charge.amountMicros,
    };
  },
};

interface Row {
  readonly status: string;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly paidAt: Date;
  readonly refundedMicros: bigint;
}
type TipRow = Row & { readonly funding: string; readonly sender: string; readonly creator: string; readonly handle: string };
type TopUpRow = Row & { readonly chargedMicros: bigint; readonly feeMicros: bigint; readonly provider: string; readonly person: string };
type ChargeRow = Row & {
  readonly kind: string; readonly periodIndex: number; readonly startsAt: Date | null; readonly endsAt: Date | null;
  readonly person: string; readonly creator: string; readonly handle: string;
};

/** The prefixes of what receipts are made for. */
export const receiptPrefixes: readonly string[] = Object.keys(readers);

/** Draws the receipt of a payment; null where there is none, or none was paid. */
export async function drawReceipt(services: Services, prefix: string, uuid: string): Promise<Buffer | null> {
  const payment = (await readers[prefix]?.(services, uuid)) ?? null;
  return payment && wasPaid(payment.status as never) ? drawPaper(paperOf(payment, new URL(services.get(configService).publicUrl).host)) : null;
}

function paperOf(payment: Payment, host: string): Paper {
  const amount = (micros: bigint) => `${formatDecimal(micros, payment.currency)} ${payment.currency}`;
  const { refundedMicros, totalMicros } = payment;
  return {
    title: payment.title,
    at: payment.paidAt,
    blocks: [
      { kind: 'FACTS', rows: [['Receipt', payment.id], ['Date', `${payment.paidAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`], ...payment.facts] },
      { kind: 'HEADING', text: 'Amount' },
      { kind: 'FACTS', rows: payment.lines.map(([label, micros]) => [label, amount(micros)] as const) },
      { kind: 'FACTS', rows: [['Total', amount(totalMicros)], ...(refundedMicros > 0n ? [['Refunded since', amount(refundedMicros)] as const] : [])] },
      { kind: 'NOTE', text: `Issued by ${host}. Amounts are exact; more than two digits after the point are fractions of a cent.` },
    ],
  };
}

/** A day in UTC, such as "2026-03-31". */
export function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}
