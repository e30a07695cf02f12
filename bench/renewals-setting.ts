import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import pg from 'pg';
import { built, builtMain } from './built.ts';
import { withOwnPostgres } from './own-postgres.ts';
import { makeRenewalsWorld } from './renewals-world.ts';
import { makeTipsWorld, type TipsWorld } from './tips-world.ts';
import type { EmbeddedPostgres } from '../src/database/room.ts';

const { connect } = await built<typeof import('../src/database/room.ts')>('src/database/room.js');
const { entities } = await built<typeof import('../src/app.ts')>('src/app.js');

export const subscriptionsPerFan = 5;

export interface SettingOptions {
  /** How many subscriptions there are. */
  readonly size: number;
  readonly creators: number;
  /** Fans with a session, who send tips. */
  readonly tippers: number;
  /** The first periods begin in the day from here. */
  readonly from: Date;
}

export interface Setting {
  readonly postgres: EmbeddedPostgres;
  /** The owner's connection. */
  readonly client: pg.Client;
  /** What the project's processes are started with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly tips: TipsWorld;
}

export async function withSetting(options: SettingOptions, work: (setting: Setting) => Promise<void>): Promise<void> {
  await withOwnPostgres(async (postgres, folder) => {
    const client = new pg.Client({ connectionString: postgres.ownerUrl() });
    await client.connect();
    try {
      await work(await fill(postgres, client, folder, options));
    } finally {
      await client.end();
    }
  });
}

async function fill(postgres: EmbeddedPostgres, client: pg.Client, folder: string, { size, creators, tippers, from }: SettingOptions): Promise<Setting> {
  const fans = size / subscriptionsPerFan;
  console.error(`Filling: ${size} subscriptions of ${fans} fans to ${creators} creators …`);
  const environment = {
    DATABASE_URL: postgres.appUrl(), MIGRATION_DATABASE_URL: postgres.ownerUrl(), DATA_DIR: folder, AUTH_SECRET: 'x'.repeat(32), LOG_LEVEL: 'warn', PLATFORM_FEE_BPS: '500',
  };
  const db = await connect({ url: postgres.ownerUrl(), entities });
  const tips = await makeTipsWorld(db, { creators, fans: tippers }, environment.AUTH_SECRET);
  await db.close();
  await makeRenewalsWorld(client, { fans, subscriptionsPerFan }, from);
  return { postgres, client, environment, tips };
}

/** What one measurement left to be written to the tables is not the next one's to pay. */
export async function settleDown(client: pg.Client): Promise<void> {
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
}

/** Throws unless every subscription was charged once for each of its periods up to one, and the books hold. */
export async function verify({ client, environment }: Setting, expected: { readonly charges: number; readonly periods: number }): Promise<void> {
  const { rows } = await client.query<{ charges: string; twice: string; unpaid: string }>(
    `SELECT (SELECT count(*) FROM charge WHERE status = 'SUCCEEDED') AS charges,
       (SELECT count(*) FROM (SELECT FROM charge GROUP BY subscription_id, period_index HAVING count(*) > 1) twice) AS twice,
       (SELECT count(*) FROM subscription WHERE status <> 'ACTIVE' OR period_index < $1) AS unpaid`,
    [expected.periods],
  );
  const { charges, twice, unpaid } = rows[0]!;
  console.log(`\n${charges} periods charged, ${twice} of them twice; ${unpaid} subscriptions not renewed.`);
  if (Number(charges) !== expected.charges || twice !== '0' || unpaid !== '0') throw new Error(`There should be ${expected.charges} charges, none twice, none missing.`);
  const said = execFileSync(process.execPath, [builtMain, 'check'], { env: { PATH: process.env.PATH, ...environment }, encoding: 'utf8' });
  console.log(`farthing check: ${said.trimEnd().split('\n').at(-1)}`);
}
