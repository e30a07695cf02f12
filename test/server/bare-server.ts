import { afterEach } from '@jest/globals';
import type { GraphQLSchema } from 'graphql';
import { readConfig, configService } from '../../src/config.ts';
import { databaseService, Services } from '../../src/database/room.ts';
import { createLog, startServer, type RunningServer, type ServerParts } from '../../src/server/room.ts';
import type { TestDatabase } from '../support/database.ts';

export interface BareServer extends RunningServer {
  readonly services: Services;
  readonly lines: Record<string, any>[];
}

const open: BareServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    await server.stop();
    await server.services.close();
  }
});

/** The transport alone, around a schema of the test's own whose resolvers do what real ones must not. Stopped with the test. */
export async function startBareServer(database: TestDatabase, schema: GraphQLSchema, options: Partial<ServerParts> & { environment?: Record<string, string> } = {}): Promise<BareServer> {
  const { environment, ...parts } = options;
  const config = readConfig({ HOST: '127.0.0.1', PORT: '0', AUTH_SECRET: 'a secret of the tests, long enough', LIMIT_AUTH_ATTEMPTS_PER_MINUTE: '1000000', ...environment });
  const services = new Services().provide(configService, config).provide(databaseService, database.db);
  const lines: Record<string, any>[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(JSON.parse(line)) });
  const server = await startServer({ config, services, schema, log, ...parts });
  const bare = { ...server, services, lines };
  open.push(bare);
  return bare;
}
