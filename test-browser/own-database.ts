import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrations } from '../migrations/index.ts';
import { entities } from '../src/app.ts';
import { connect, migrate, startEmbedded, type Database } from '../src/database/room.ts';
import type { TestDatabase } from '../test/support/database.ts';

/** A PostgreSQL of a test's own, to be killed. */
export interface OwnDatabase {
  readonly database: TestDatabase;
  /** Kills the server as the kernel would for want of memory. */
  kill(): Promise<void>;
  /** Starts it again; what was committed is there. */
  start(): Promise<void>;
}

export async function startOwnDatabase(): Promise<OwnDatabase> {
  const folder = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'farthing-chaos-'));
  // The system lives on, and with it what the server has written: only a power cut would need more.
  const open = () => startEmbedded({ dataDir: folder, log: () => {}, settings: { fsync: 'off' } });
  let server = await open();
  await migrate({ url: server.ownerUrl(), migrations });
  const pools: Database[] = [];
  const connectOnce = async () => {
    const db = await connect({ url: server.appUrl(), entities, poolSize: 6, applicationName: 'chaos' });
    pools.push(db);
    return db;
  };
  const ends: (() => Promise<unknown>)[] = [];
  const db = await connectOnce();
  const database: TestDatabase = {
    name: 'chaos',
    url: server.appUrl(),
    ownerUrl: server.ownerUrl(),
    db,
    connect: connectOnce,
    endFirst: (end) => void ends.push(end),
    drop: async () => {
      await Promise.all(ends.map((end) => end()));
      for (const pool of pools) await pool.close().catch(() => {});
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return {
    database,
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.ended;
    },
    start: async () => {
      server = await open();
    },
  };
}
