import { readConfig } from '../config.ts';
import { createLog } from '../server/room.ts';
import { CliError } from './cli-error.ts';
import { Closers } from './closers.ts';
import type { Command } from './command.ts';
import { connectRooms, migrateServer, openDatabaseServer } from './database-server.ts';
import { seed as writeDemoData } from './demo-data.ts';

export const seed: Command = {
  name: 'seed',
  summary: 'Writes the demo data, or what is missing of it, into the embedded database.',
  details:
    'Refused with DATABASE_URL and with NODE_ENV=production: demo accounts have passwords that everybody knows. "serve" does the same\n'
    + 'when it starts on a new database. Running it again changes nothing.',
  options: [],
  async run({ say, remark }) {
    const config = readConfig();
    if (config.databaseUrl !== null) throw new CliError('Demo data is written into the embedded database only, and DATABASE_URL is set.');
    if (config.production) throw new CliError('Demo data is not written with NODE_ENV=production: its passwords are known to everybody.');
    const log = createLog(config.logLevel, process.stderr);
    const closers = new Closers();
    try {
      const server = await openDatabaseServer(config, remark);
      closers.add(() => server.stop());
      await migrateServer(server);
      const database = await connectRooms(server, log);
      closers.add(() => database.close());
      const { creators, fans, tips } = await writeDemoData(server, database, log);
      say(`The demo data is there: ${creators} creators, ${fans} fans, ${tips} tips.`);
      return 0;
    } finally {
      await closers.close();
    }
  },
};
