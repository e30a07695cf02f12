import type { FastifyInstance } from 'fastify';
import type { Database } from '../database/room.ts';

export interface HealthParts {
  readonly db: Database;
  /** The migrations that this build knows; the database must have run them all. */
  readonly migrationNames: readonly string[];
  readonly isDraining: () => boolean;
}

const patienceMs = 1_000;

/** `/livez`: the process answers. `/readyz`: it may be sent traffic. */
export function healthRoutes(fastify: FastifyInstance, parts: HealthParts): void {
  fastify.get('/livez', async () => ({ status: 'live' }));
  fastify.get('/readyz', async (_request, reply) => {
    const reason = await unreadiness(parts);
    void reply.header('cache-control', 'no-store');
    return reason === null ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason });
  });
}

/** Why no traffic should come, or null. */
async function unreadiness({ db, migrationNames, isDraining }: HealthParts): Promise<string | null> {
  if (isDraining()) return 'The server is stopping.';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'LATE'>((resolve) => {
    timer = setTimeout(resolve, patienceMs, 'LATE');
  });
  try {
    const done = await Promise.race([migrationsRun(db), late]);
    if (done === 'LATE') return `The database did not answer within ${patienceMs} ms.`;
    const names = new Set(done);
    const missing = migrationNames.filter((name) => !names.has(name));
    return missing.length > 0 ? `The database lacks the migrations ${missing.join(', ')}: run "farthing migrate".` : null;
  } catch {
    return 'The database cannot be asked.';
  } finally {
    clearTimeout(timer);
  }
}

/** The names of the migrations that ran: none in a database that nobody migrated yet. */
async function migrationsRun(db: Database): Promise<string[]> {
  const [table] = await db.query<{ exists: boolean }>(`SELECT to_regclass('migration') IS NOT NULL AS exists`);
  return table?.exists ? (await db.query<{ name: string }>('SELECT name FROM migration')).map(({ name }) => name) : [];
}
