import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { built } from './built.ts';
import type { EmbeddedPostgres } from '../src/database/room.ts';

const { migrate, startEmbedded } = await built<typeof import('../src/database/room.ts')>('src/database/room.js');
const { migrations } = await built<typeof import('../migrations/index.ts')>('migrations/index.js');

/** Everything in one folder that is gone afterwards; the database is the embedded one as users get it, durable, with all tables. */
export async function withOwnPostgres(work: (postgres: EmbeddedPostgres, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'farthing-bench-'));
  const postgres = await startEmbedded({ dataDir: folder, log: console.error });
  try {
    await migrate({ url: postgres.ownerUrl(), migrations });
    await work(postgres, folder);
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
