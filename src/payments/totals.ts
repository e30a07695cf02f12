import { clockService, databaseService, type Services, type Sql } from '../database/room.ts';
import { providerOwnerId } from '../ledger/room.ts';
import { borderPostingsService, type BorderPosting } from './intent.ts';
import type { ProviderTotals } from './port.ts';
import { paymentProvidersService } from './providers.ts';

/** What a provider says crossed the border on a day, and what the ledger says. */
export interface DayTotals {
  readonly provider: string;
  readonly day: string;
  readonly currency: string;
  readonly theirs: ProviderTotals;
  readonly ours: ProviderTotals;
}

/** One figure on which provider and ledger do not agree. A payment around midnight may stand on two days: then the differences cancel out. */
export interface TotalsDifference extends Omit<DayTotals, 'theirs' | 'ours'> {
  readonly figure: keyof ProviderTotals;
  readonly theirsMicros: bigint;
  readonly oursMicros: bigint;
}

const figures = ['chargedMicros', 'refundedMicros', 'paidOutMicros', 'feeMicros'] as const;

/** The last `count` days that ended, and today so far. */
export function lastDays(now: Date, count: number): string[] {
  return Array.from({ length: count + 1 }, (_, ago) => new Date(now.getTime() - (count - ago) * 86_400_000).toISOString().slice(0, 10));
}

/** A provider whose totals could not be read, and why. */
export interface UnreadTotals {
  readonly provider: string;
  readonly error: unknown;
}

export interface ComparedTotals {
  readonly compared: readonly DayTotals[];
  readonly unread: readonly UnreadTotals[];
}

/** Asks every provider for its totals of every day in every currency that it was used in, beside the ledger's. One that gives none stops the others not. */
export async function compareTotals(services: Services, days: readonly string[]): Promise<ComparedTotals> {
  const compared: DayTotals[] = [];
  const unread: UnreadTotals[] = [];
  for (const provider of services.get(paymentProvidersService).values()) {
    const currencies = await currenciesOf(services.get(databaseService), provider.name);
    for (const [currency, day] of currencies.flatMap((one) => days.map((date) => [one, date] as const))) {
      // The ledger first: what it knows, the provider knew before.
      const ours = await ledgerTotals(services, provider.name, day, currency);
      try {
        compared.push({ provider: provider.name, day, currency, theirs: await provider.totals(day, currency), ours });
      } catch (error) {
        unread.push({ provider: provider.name, error });
        break;
      }
    }
  }
  return { compared, unread };
}

export function differencesOf(compared: readonly DayTotals[]): TotalsDifference[] {
  return compared.flatMap(({ provider, day, currency, theirs, ours }) =>
    figures
      .filter((figure) => theirs[figure] !== ours[figure])
      .map((figure) => ({ provider, day, currency, figure, theirsMicros: theirs[figure], oursMicros: ours[figure] })));
}

/** Of yesterday alone: today's payments may still be under way. */
export function compareYesterday(services: Services): Promise<ComparedTotals> {
  const [yesterday] = lastDays(services.get(clockService).now(), 1);
  return compareTotals(services, [yesterday as string]);
}

async function currenciesOf(sql: Sql, provider: string): Promise<string[]> {
  const rows = await sql.query<{ currency: string }>(
    `SELECT currency FROM account WHERE owner_id = $1 AND kind = 'clearing' ORDER BY currency`, [providerOwnerId(provider)],
  );
  return rows.map(({ currency }) => currency);
}

async function ledgerTotals(services: Services, provider: string, day: string, currency: string): Promise<ProviderTotals> {
  const kinds = services.get(borderPostingsService);
  const rows = await services.get(databaseService).query<{ kind: string; account: string; micros: bigint }>(
    `SELECT posting.kind, account.kind AS account, sum(entry.amount)::bigint AS micros
     FROM unnest($4::text[], $5::text[]) AS counted (kind, dated_by)
     JOIN posting dated ON dated.kind = counted.dated_by AND dated.currency = $3 AND dated.created_at >= $2::date AND dated.created_at < $2::date + 1
     JOIN posting ON posting.cause_id = dated.cause_id AND posting.kind = counted.kind
     JOIN entry ON entry.posting_id = posting.id JOIN account ON account.id = entry.account_id
     WHERE account.owner_id = $1 AND account.kind IN ('clearing', 'processor_fee')
     GROUP BY posting.kind, account.kind`,
    [providerOwnerId(provider), day, currency, kinds.map(({ kind }) => kind), kinds.map(({ kind, returnOf }) => returnOf ?? kind)],
  );
  const sumOf = (total: BorderPosting['total'], account: string) => {
    const names = kinds.filter((kind) => kind.total === total).map(({ kind }) => kind);
    return rows.filter((row) => row.account === account && names.includes(row.kind)).reduce((sum, { micros }) => sum + micros, 0n);
  };
  return {
    // Balances are credit-positive: what the provider took for us stands below zero.
    chargedMicros: -sumOf('CHARGED', 'clearing'),
    refundedMicros: sumOf('REFUNDED', 'clearing'),
    paidOutMicros: sumOf('PAID_OUT', 'clearing'),
    feeMicros: sumOf('CHARGED', 'processor_fee'),
  };
}
