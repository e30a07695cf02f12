import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbedded, type EmbeddedPostgres } from '../../src/database/room.ts';
import { ensureTemplate } from './cluster.ts';

declare global {
  var testServer: { server: EmbeddedPostgres; folder: string } | undefined;
}

/** Starts one PostgreSQL for the whole run, in memory where the system has a place for that, unless TEST_POSTGRES_URL names one. */
export default async function globalSetup(): Promise<void> {
  if (!process.env.TEST_POSTGRES_URL) {
    const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'farthing-test-'));
    const settings = { fsync: 'off', max_connections: '300', max_wal_size: '512MB' };
    try {
      const server = await startEmbedded({ dataDir: folder, log: (line) => console.error(line), settings });
      globalThis.testServer = { server, folder };
      process.env.TEST_POSTGRES_URL = server.ownerUrl('postgres');
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }
  await ensureTemplate();
}
