import { encodeId, nodeTypesService } from '../api/room.ts';
import { databaseService, service, type Services } from '../database/room.ts';
import { formatDecimal } from '../money/room.ts';
import { entryDescription } from '../wallets/room.ts';
import { csvLines, textCell, type CsvRow } from './csv.ts';
import { drawPaper, type Block } from './paper.ts';
import { earningKinds, kindTotals, sliceOf, statementRows, type KindTotal, type Month, type Slice, type StatementOf, type StatementRow } from './statement.ts';

const head: CsvRow = [
  'entry', 'booked_at', 'kind', 'description', 'amount', 'balance_after', 'currency', 'reference', 'from', 'to', 'message', 'paid', 'platform_fee', 'processor_fee',
];

/** The id prefixes of what postings are about, by kind of posting, as the rooms' node types say. */
const causePrefixes = service<ReadonlyMap<string, string>>('receipts.causePrefixes', (services) => {
  const types = [...services.get(nodeTypesService).values()];
  return new Map(types.flatMap((type) => (type.postingKinds ?? []).map((kind) => [kind, type.prefix] as const)));
});

/**
 * A statement as CSV, oldest first, a piece at a time, so that a long one needs little memory. Amounts are exact decimals; what people
 * wrote is text, whatever it looks like.
 */
export async function* statementCsv(services: Services, statement: StatementOf, month: Month): AsyncGenerator<string> {
  const db = services.get(databaseService);
  const prefixes = services.get(causePrefixes);
  const slice = await sliceOf(db, statement.accountId, month);
  yield csvLines([head]);
  for await (const rows of statementRows(db, statement.accountId, slice)) yield csvLines(rows.map((row) => csvRow(row, statement, prefixes)));
}

function csvRow(row: StatementRow, { kind, currency, holder }: StatementOf, prefixes: ReadonlyMap<string, string>): CsvRow {
  const amount = (micros: bigint | null) => (micros === null ? '' : formatDecimal(micros, currency));
  const prefix = prefixes.get(row.aboutKind);
  const isPage = kind === 'PAGE';
  // A fan sees neither the fees that a creator bears, nor a name that the fan did not give.
  return [
    String(row.version),
    row.createdAt.toISOString(),
    row.kind,
    entryDescription(row),
    amount(row.amountMicros),
    amount(row.balanceAfterMicros),
    currency,
    prefix === undefined ? '' : encodeId(prefix, row.aboutId),
    row.creator !== null ? textCell(isPage ? (row.payer ?? 'Anonymous') : holder) : '',
    textCell(row.creator ?? ''),
    textCell(row.message ?? ''),
    amount(row.paidMicros),
    isPage ? amount(row.feeMicros) : '',
    isPage || row.creator === null ? amount(row.processorFeeMicros) : '',
  ];
}

/** A statement as a PDF: what the balance was and became, and the totals of each kind of movement between. Its lines are in the CSV. */
export async function statementPdf(services: Services, statement: StatementOf, month: Month, madeAt: Date): Promise<Buffer> {
  const db = services.get(databaseService);
  const slice = await sliceOf(db, statement.accountId, month);
  const debt: readonly [string, Slice] | null = statement.kind === 'PAGE' ? [statement.debtId, await sliceOf(db, statement.debtId, month)] : null;
  const totals = await kindTotals(db, [statement.accountId, slice], debt);
  const { currency } = statement;
  const amount = (micros: bigint) => formatDecimal(micros, currency);
  const period = month === null ? `to ${madeAt.toISOString().slice(0, 10)}` : month;
  const blocks: Block[] = [
    { kind: 'FACTS', rows: [[statement.kind === 'PAGE' ? 'Page' : 'Account of', statement.holder], ['Period', `${period} (UTC)`], ['Currency', currency]] },
    { kind: 'HEADING', text: statement.kind === 'PAGE' ? 'Earnings' : 'Wallet' },
    {
      kind: 'TABLE',
      head: ['', 'Movements', `Amount (${currency})`],
      rows: [
        ['Balance before', '', amount(slice.openingMicros)],
        ...totals.filter(({ movedMicros }) => movedMicros !== 0n).map((total) => [label(total), String(total.count), amount(total.movedMicros)]),
        ['Balance after', '', amount(slice.closingMicros)],
      ],
    },
    ...feeBlocks(totals, statement, amount),
    ...(debt ? debtBlocks(totals, debt[1], amount) : []),
    { kind: 'NOTE', text: 'Amounts are exact. The lines of this statement come as CSV from the same place.' },
  ];
  return drawPaper({ title: `Statement ${period}`, at: madeAt, blocks });
}

const label = ({ kind }: KindTotal) => kind.toLowerCase().replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase());

/** Of a page: what was paid for what it earned, and what became of that. */
function feeBlocks(totals: readonly KindTotal[], { kind, currency }: StatementOf, amount: (micros: bigint) => string): Block[] {
  const earned = totals.filter(({ kind: of }) => earningKinds.includes(of));
  if (kind !== 'PAGE' || earned.length === 0) return [];
  const gross = (total: KindTotal) => total.movedMicros + total.repaidMicros + total.feeMicros + total.processorFeeMicros;
  const row = (name: string, of: readonly KindTotal[]) => {
    const sum = (pick: (total: KindTotal) => bigint) => amount(of.reduce((all, total) => all + pick(total), 0n));
    return [name, sum(gross), sum((total) => -total.feeMicros), sum((total) => -total.processorFeeMicros), sum((total) => total.movedMicros + total.repaidMicros)];
  };
  return [
    { kind: 'HEADING', text: `Before and after fees (${currency})` },
    { kind: 'TABLE', head: ['', 'Paid by fans', 'Platform fee', 'Card fee', 'Earned'], rows: [...earned.map((total) => row(label(total), [total])), row('In all', earned)] },
  ];
}

/** Of a page that owes: what of its earnings went to that first. */
function debtBlocks(totals: readonly KindTotal[], slice: Slice, amount: (micros: bigint) => string): Block[] {
  if (slice.openingMicros === 0n && slice.closingMicros === 0n && totals.every(({ repaidMicros }) => repaidMicros === 0n)) return [];
  return [
    { kind: 'HEADING', text: 'Debt' },
    {
      kind: 'TABLE',
      head: ['', 'Amount'],
      rows: [
        ['Owed before', amount(-slice.openingMicros)],
        ...totals.filter(({ repaidMicros }) => repaidMicros !== 0n).map((total) => [label(total), amount(-total.repaidMicros)]),
        ['Owed after', amount(-slice.closingMicros)],
      ],
    },
  ];
}
