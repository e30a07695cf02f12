import { setFlagsFromString } from 'node:v8';
import { linesOf, parseAsOf, renew as renewDue } from '../billing/room.ts';
import { configService, readConfig, type Config } from '../config.ts';
import { databaseService, logService, Services, type Database } from '../database/room.ts';
import type { ServerLog } from '../server/room.ts';
import { usageError } from './cli-error.ts';
import type { Command } from './command.ts';
import { onDatabase } from './on-database.ts';
import { listenForStop } from './stop-signal.ts';

export const renew: Command = {
  name: 'renew',
  summary: 'Charges every micro-subscription that is due, and applies what takes effect at the end of a period.',
  details:
    'A running server does the same every ten seconds. Any number of runs may go on at once, and one that is stopped or killed leaves nothing\n'
    + 'half-done: each period is charged once. Of several periods that are due, only the current one is charged, the others are skipped.\n'
    + 'A rehearsal with --as-of ahead of now leaves the clock of running servers where it is: to them what it charged lies ahead, and a\n'
    + 'top-up settles what it left unpaid in the next such run, not at once.',
  options: [
    { name: 'as-of', value: 'TIME', description: 'Charges what was due at TIME, such as 2026-03-31 or 2026-03-31T12:00:00Z; one to come is refused with NODE_ENV=production.' },
    { name: 'catch-up', description: 'Charges each period that was missed.' },
    { name: 'batch', value: 'N', description: 'Renews about N subscriptions in one transaction (1000).' },
  ],
  async run({ has, text, whole, say, remark }) {
    // A run lets go of nearly all it allocates with each batch; V8 would let the heap grow to several times its size before it collects that.
    setFlagsFromString('--heap-growing-percent=50');
    const batch = whole('batch', { from: 1, to: 10_000, fallback: 1_000 });
    const config = readConfig();
    const asOf = readAsOf(text('as-of'), config);
    const stop = listenForStop();
    return onDatabase(config, remark, async ({ database, log, closers }) => {
      const services = servicesOf(config, database, log);
      closers.add(() => services.close());
      const report = await renewDue(services, { asOf, batch, catchUp: has('catch-up'), stop: stop.signal });
      const lines = linesOf(report);
      say(lines.length > 0 ? `As of ${asOf.toISOString()}:` : `Nothing was due as of ${asOf.toISOString()}.`);
      for (const line of lines) say(line);
      if (stop.signal.aborted) remark('Stopped before the end, between two batches: the next run goes on from here.');
      return report.refusedFans === 0 ? 0 : 1;
    });
  },
};

function readAsOf(given: string | undefined, config: Config): Date {
  const now = new Date();
  if (given === undefined) return now;
  const parsed = parseAsOf(given, now, { mayBeAhead: !config.production });
  if (parsed.kind === 'PARSED') return parsed.asOf;
  throw usageError(`"${given}" is no value for --as-of of "farthing renew": ${parsed.problem}`);
}

function servicesOf(config: Config, database: Database, log: ServerLog): Services {
  return new Services().provide(configService, config).provide(databaseService, database).provide(logService, log);
}
