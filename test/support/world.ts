import { configService, readConfig } from '../../src/config.ts';
import { createCreator } from '../../src/creators/room.ts';
import { clockService, databaseService, newId, Services, transaction, type Clock, type Database } from '../../src/database/room.ts';
import { balanceOf, findAccounts, openAccounts, PLATFORM_OWNER_ID, post } from '../../src/ledger/room.ts';
import type { TestDatabase } from './database.ts';

const noDays = new Date('2026-01-01T00:00:00Z');

export interface ServicesOptions {
  /** Another pool than the test's first, as another process has. */
  readonly db?: Database;
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

/** Rooms' services over a test's database, without a server: one call for what would be one process. Closed with the database. */
export function servicesOn(database: TestDatabase, options: ServicesOptions = {}): Services {
  const services = new Services()
    .provide(databaseService, options.db ?? database.db)
    .provide(configService, readConfig(options.environment ?? {}, '/nowhere'));
  if (options.clock) services.provide(clockService, options.clock);
  database.endFirst(() => services.close());
  return services;
}

export async function makePerson(db: Database, name = 'Ada'): Promise<string> {
  const id = newId();
  await db.query('INSERT INTO person (id, display_name, created_at) VALUES ($1, $2, $3)', [id, name, noDays]);
  return id;
}

export interface MadeCreator {
  readonly id: string;
  readonly ownerId: string;
  readonly currency: string;
}

let handles = 0;

export async function makeCreator(db: Database, currency = 'USD'): Promise<MadeCreator> {
  const ownerId = await makePerson(db, 'Creator');
  const services = new Services().provide(databaseService, db);
  const { creator, errors } = await createCreator(services, ownerId, { handle: `page_${process.pid}_${++handles}`, displayName: 'A page', currency });
  if (!creator) throw new Error(`No creator was made: ${JSON.stringify(errors)}`);
  return { id: creator.id, ownerId, currency };
}

/** Puts money into a wallet, opened if need be, by a correction at the platform's cost. */
export async function fundWallet(db: Database, ownerId: string, amountMicros: bigint, currency = 'USD'): Promise<string> {
  const names = [{ ownerId, kind: 'wallet' as const, currency }, { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss' as const, currency }];
  const [wallet, loss] = (await transaction(db, (tx) => openAccounts(tx, names, noDays))) as [string, string];
  const entries = [{ accountId: wallet, amountMicros }, { accountId: loss, amountMicros: -amountMicros }];
  const request = { id: newId(), kind: 'ADJUSTMENT', causeId: newId(), currency, entries, createdAt: noDays };
  const [outcome] = await transaction(db, (tx) => post(tx, [request]));
  if (!outcome?.ok) throw new Error('The wallet could not be funded.');
  return wallet;
}

export async function makeFan(db: Database, amountMicros: bigint, currency = 'USD'): Promise<string> {
  const personId = await makePerson(db, 'Fan');
  await fundWallet(db, personId, amountMicros, currency);
  return personId;
}

/** The balance, in micros, of somebody's account; 0 when it was never opened. */
export async function micros(db: Database, ownerId: string, kind: 'wallet' | 'earnings' | 'debt' | 'platform_fee', currency = 'USD'): Promise<bigint> {
  const [id] = await findAccounts(db, [{ ownerId, kind, currency }]);
  return id ? balanceOf(db, id) : 0n;
}
