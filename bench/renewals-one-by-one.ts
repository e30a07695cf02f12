/** A worker that renews as most billing systems do, one transaction each, told what to do by a message of its parent. */
import 'reflect-metadata';
import { built } from './built.ts';

const { connect, databaseService, Services, transaction } = await built<typeof import('../src/database/room.ts')>('src/database/room.js');
const { entities } = await built<typeof import('../src/app.ts')>('src/app.js');
const { configService, readConfig } = await built<typeof import('../src/config.ts')>('src/config.js');
const { lockPeople } = await built<typeof import('../src/identity/room.ts')>('src/identity/room.js');
const { lockSubscriptions } = await built<typeof import('../src/subscriptions/room.ts')>('src/subscriptions/room.js');
const { chargeDue } = await built<typeof import('../src/billing/charge-due.ts')>('src/billing/charge-due.js');

export interface OneByOneTask {
  readonly url: string;
  readonly asOf: string;
  /** Which of the workers this is, from 0: the due subscriptions are dealt out beforehand. */
  readonly worker: number;
  readonly workers: number;
  readonly count: number;
  /** How many transactions are open at a time. */
  readonly concurrency: number;
}

export interface OneByOneResult {
  readonly renewals: number;
  readonly seconds: number;
}

async function renewOneByOne({ url, asOf, worker, workers, count, concurrency }: OneByOneTask): Promise<OneByOneResult> {
  const db = await connect({ url, entities, poolSize: concurrency });
  const services = new Services().provide(databaseService, db).provide(configService, readConfig({ PLATFORM_FEE_BPS: '500' }));
  const now = new Date(asOf);
  const due = await db.query<{ id: string; person_id: string }>(
    'SELECT id, person_id FROM subscription WHERE next_charge_at <= $1 AND abs(hashtext(id::text)) % $2::integer = $3::integer ORDER BY next_charge_at, person_id LIMIT $4',
    [now, workers, worker, count],
  );
  const next = due.values();
  const start = performance.now();
  let renewals = 0;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (const { id, person_id: personId } of next) {
      await transaction(db, async (tx) => {
        const people = await lockPeople(tx, [personId]);
        const subscriptions = [...(await lockSubscriptions(tx, [id])).values()];
        await chargeDue(tx, services, subscriptions, { people, asOf: now, now, catchUp: false, onUnpaid: 'DUN', isForecast: true });
      }, { rerunLostCommit: true });
      renewals++;
    }
  }));
  const seconds = (performance.now() - start) / 1_000;
  await services.close();
  await db.close();
  return { renewals, seconds };
}

process.once('message', async (task: OneByOneTask) => {
  try {
    process.send?.(await renewOneByOne(task));
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});
