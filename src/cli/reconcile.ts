import { createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import type { Services } from '../database/room.ts';
import { formatDecimal } from '../money/room.ts';
import { compareTotals, differencesOf, followDisputes, lastDays, reconcile as reconcilePayments, type ReconcileReport, type TotalsDifference } from '../payments/room.ts';
import type { Command, Invocation } from './command.ts';
import { onDatabase } from './on-database.ts';

export const reconcile: Command = {
  name: 'reconcile',
  summary: 'Asks the payment providers what became of open payments, and compares their totals of each day with the ledger.',
  details:
    'A running server does the same every half minute, and compares yesterday\'s totals every six hours. It never charges, refunds or\n'
    + 'pays out; it may run beside servers, and be stopped at any moment. A payment around midnight UTC may stand on two days. The exit\n'
    + 'code is 1 when totals differ or cannot be read, when a payment or a dispute could not be settled, and when one waits for a provider\n'
    + 'that is not set up here.',
  options: [{ name: 'days', value: 'N', description: 'Compares today and the N days before (7).' }],
  async run({ whole, say, remark }) {
    const days = whole('days', { from: 0, to: 400, fallback: 7 });
    const config = readConfig();
    return onDatabase(config, remark, async ({ config: opened, database, log, closers }) => {
      // Never started: what is settled here has its effects, and nothing else happens.
      const app = createApp({ config: opened, database, log });
      closers.add(() => app.stop());
      return await report(app.services, days, say);
    });
  },
};

async function report(services: Services, days: number, say: Invocation['say']): Promise<number> {
  const settled = await reconcilePayments(services);
  for (const line of linesOf(settled)) say(line);
  const dates = lastDays(new Date(), days);
  const disputes = await followDisputes(services, dates);
  if (disputes.open + disputes.taken + disputes.failed > 0) {
    say(`disputes: ${disputes.open} open, ${disputes.taken} found that no webhook had told of, ${disputes.failed} failed to be read`);
  }
  const { compared, unread } = await compareTotals(services, dates);
  const differences = differencesOf(compared);
  for (const difference of differences) say(lineOf(difference));
  for (const { provider, error } of unread) say(`${provider}'s totals cannot be read: ${(error as Error).message}`);
  say(compared.length + unread.length === 0 ? 'No provider was used yet.' : `${compared.length} totals compared, ${differences.length} figures differ.`);
  const isInOrder = differences.length === 0 && unread.length === 0 && disputes.failed === 0
    && settled.withoutProvider.length === 0 && settled.kinds.every(({ failed }) => failed === 0);
  return isInOrder ? 0 : 1;
}

function linesOf({ kinds, withoutProvider, webhooksWaiting }: ReconcileReport): string[] {
  const lines = kinds
    .filter(({ settled, waiting, failed }) => settled + waiting + failed > 0)
    .map(({ name, settled, waiting, failed }) => `${name}: ${settled} settled, ${waiting} without an outcome yet, ${failed} failed to be settled`);
  const missing = withoutProvider.map(({ provider, payments }) => `${payments} of these wait for ${provider}, which is not set up here.`);
  return [...(lines.length > 0 ? lines : ['No payment is open.']), ...missing, ...(webhooksWaiting > 0 ? [`${webhooksWaiting} webhooks wait.`] : [])];
}

const figureNames: Readonly<Record<TotalsDifference['figure'], string>> = {
  chargedMicros: 'charged', refundedMicros: 'refunded', paidOutMicros: 'paid out', feeMicros: 'fees',
};

function lineOf({ provider, day, currency, figure, theirsMicros, oursMicros }: TotalsDifference): string {
  const shown = (micros: bigint) => formatDecimal(micros, currency);
  return `DIFFERS ${day} ${provider} ${currency} ${figureNames[figure]}: provider ${shown(theirsMicros)}, ledger ${shown(oursMicros)}, difference ${shown(theirsMicros - oursMicros)}`;
}
