import { readConfig } from '../config.ts';
import type { Command } from './command.ts';
import { migrateServer, openDatabaseServer } from './database-server.ts';

export const migrate: Command = {
  name: 'migrate',
  summary: 'Brings the database up to date and says what it ran.',
  details: 'Works on MIGRATION_DATABASE_URL, else DATABASE_URL, else the embedded database. Safe to run from many processes at once.',
  options: [],
  async run({ say, remark }) {
    const server = await openDatabaseServer(readConfig(), remark);
    try {
      const done = await migrateServer(server);
      for (const name of done) say(`ran ${name}`);
      say(done.length === 0 ? 'The database is up to date.' : `The database is up to date now: ${done.length} migrations ran.`);
      return 0;
    } finally {
      await server.stop();
    }
  },
};
