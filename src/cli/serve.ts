import path from 'node:path';
import { migrations } from '../../migrations/index.ts';
import { createApp, type App } from '../app.ts';
import { readConfig, type Config } from '../config.ts';
import { ledgerAlarmService } from '../ledger/room.ts';
import { introduceDemo } from '../demo/room.ts';
import { createLog, type ServerLog } from '../server/room.ts';
import { announcement, warnings } from './announcement.ts';
import { CliError } from './cli-error.ts';
import { Closers } from './closers.ts';
import type { Command, Invocation } from './command.ts';
import { connectRooms, migrateServer, ownDatabaseServer, type DatabaseServer } from './database-server.ts';
import { settleDemoData } from './demo-data.ts';
import { listenForStop } from './stop-signal.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'Serves the API until SIGINT or SIGTERM, then finishes what runs and stops; a second signal stops at once.',
  details:
    'Without DATABASE_URL it runs an embedded PostgreSQL that keeps its data under DATA_DIR, and fills a new one with demo data\n'
    + 'unless NODE_ENV=production. The database is migrated first. Logs go to the standard error, one JSON object a line.',
  options: [{ name: 'no-migrate', description: 'Leaves migrations of DATABASE_URL to "farthing migrate"; until they are run, /readyz says so.' }],
  run: serveUntilStopped,
};

async function serveUntilStopped({ has, say, remark }: Invocation): Promise<number> {
  const asked = readConfig();
  const stop = listenForStop();
  const log = createLog(asked.logLevel, process.stderr);
  const closers = new Closers();
  try {
    const server = await ownDatabaseServer(asked, remark);
    closers.add(() => server.stop());
    if (server.isEmbedded || !has('no-migrate')) await migrateServer(server);
    if (stop.signal.aborted) return 0;
    const database = await connectRooms(server, log);
    closers.add(() => database.close());
    const seeded = await settleDemoData(server, database, log);
    if (seeded) remark(`Made the demo data: ${seeded.creators} creators, ${seeded.fans} fans, ${seeded.tips} tips.`);
    if (stop.signal.aborted) return 0;

    const app = createApp({ config: server.config, database, log, migrations });
    app.services.provide(ledgerAlarmService, (line) => log.fatal({ alarm: 'ledger' }, line));
    closers.add(() => app.stop());
    const { url } = await start(app, server.config);
    await introduce(server, app, url, { say, remark });
    return await untilEnd(server, stop.requested, log);
  } finally {
    await closers.close();
  }
}

async function start(app: App, { host, port }: Config): Promise<{ url: string }> {
  try {
    return await app.start();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new CliError(`${host}:${port} is in use by another program. Stop that one, or set PORT to another number.`);
    if (code === 'EACCES') throw new CliError(`PORT ${port} may not be used by this user. Set PORT to a number above 1023.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new CliError(`HOST "${host}" is no address of this machine.`);
    throw error;
  }
}

/** In production the one line that says where; elsewhere all that somebody needs who tries it out. */
async function introduce(server: DatabaseServer, app: App, url: string, { say, remark }: Pick<Invocation, 'say' | 'remark'>): Promise<void> {
  const { config } = server;
  if (config.production) return say(`Farthing serves on ${url}`);
  const demo = server.isEmbedded ? await introduceDemo(app.services) : null;
  for (const warning of warnings(config, demo)) remark(warning);
  say(announcement({ url, demo, config, dataDir: server.isEmbedded ? config.dataDir : null }));
}

async function untilEnd(server: DatabaseServer, stopRequested: Promise<void>, log: ServerLog): Promise<number> {
  const end = await Promise.race([stopRequested.then(() => 'ASKED' as const), server.ended.then(() => 'DATABASE_ENDED' as const)]);
  if (end === 'ASKED') {
    log.info({}, 'stopping');
    return 0;
  }
  throw new CliError(`The embedded database has ended; its log is ${path.join(server.config.dataDir, 'postgres.log')}.`);
}
