import { createHmac, randomBytes } from 'node:crypto';
import { built } from './built.ts';
import type { Database } from '../src/database/room.ts';

const { databaseService, moveCounters, newId, Services, transaction } = await built<typeof import('../src/database/room.ts')>('src/database/room.js');
const { openAccounts, PLATFORM_OWNER_ID, post } = await built<typeof import('../src/ledger/room.ts')>('src/ledger/room.js');
const { CREATOR_PREFIX, createCreator } = await built<typeof import('../src/creators/room.ts')>('src/creators/room.js');
const { encodeId } = await built<typeof import('../src/api/room.ts')>('src/api/room.js');

/** Who tips and who is tipped, as a client knows them. */
export interface TipsWorld {
  /** Of the API, such as creator_01k…. */
  readonly creatorIds: readonly string[];
  /** Bearer tokens of sessions. */
  readonly fanTokens: readonly string[];
}

export interface WorldSize {
  readonly creators: number;
  readonly fans: number;
}

const currency = 'USD';
const walletMicros = 1_000_000_000_000n;

/** Fills a migrated, empty database: pages, and fans with a session and a full wallet. `authSecret` is the server's. */
export async function makeTipsWorld(db: Database, size: WorldSize, authSecret: string): Promise<TipsWorld> {
  const creatorIds = await makeCreators(db, size.creators);
  const tokens = await makeFans(db, size.fans);
  const signed = tokens.map((token) => `${token}.${createHmac('sha256', authSecret).update(token).digest('base64')}`);
  return { creatorIds: creatorIds.map((id) => encodeId(CREATOR_PREFIX, id)), fanTokens: signed };
}

/** The first page is made by the rule that makes pages, the others as copies of its rows: thousands, in a second. */
async function makeCreators(db: Database, count: number): Promise<string[]> {
  const owners = Array.from({ length: count }, newId);
  await db.query(`INSERT INTO person (id, display_name, created_at) SELECT unnest($1::uuid[]), 'Creator', now()`, [owners]);
  const services = new Services().provide(databaseService, db);
  const { creator, errors } = await createCreator(services, owners[0]!, { handle: 'bench_0', displayName: 'A page', currency });
  if (!creator) throw new Error(`No page was made: ${JSON.stringify(errors)}`);
  const copies = owners.slice(1).map((ownerId, index) => ({ id: newId(), ownerId, handle: `bench_${index + 1}` }));
  await transaction(db, async (tx) => {
    await tx.query(
      `INSERT INTO creator
       SELECT (jsonb_populate_record(first, jsonb_build_object('id', copy.id, 'owner_id', copy.owner_id, 'handle', copy.handle))).*
       FROM creator first, unnest($2::uuid[], $3::uuid[], $4::text[]) AS copy (id, owner_id, handle) WHERE first.id = $1`,
      [creator.id, copies.map(({ id }) => id), copies.map(({ ownerId }) => ownerId), copies.map(({ handle }) => handle)],
    );
    await openAccounts(tx, copies.flatMap(({ id }) => (['earnings', 'debt'] as const).map((kind) => ({ ownerId: id, kind, currency }))), new Date());
    await tx.query(
      'INSERT INTO stream (creator_id, topic) SELECT copy.id, first.topic FROM stream first, unnest($2::uuid[]) AS copy (id) WHERE first.creator_id = $1',
      [creator.id, copies.map(({ id }) => id)],
    );
    await moveCounters(tx, [{ ownerId: PLATFORM_OWNER_ID, name: 'creators', by: copies.length }]);
  });
  return [creator.id, ...copies.map(({ id }) => id)];
}

/** Answers the sessions' tokens. The money comes from the platform's own account, by postings like any other. */
async function makeFans(db: Database, count: number): Promise<string[]> {
  const fans = Array.from({ length: count }, (_, index) => ({ id: newId(), email: `fan${index}@example.com`, token: randomBytes(24).toString('base64url') }));
  await transaction(db, async (tx) => {
    // A trigger makes the person of each account.
    await tx.query(
      `INSERT INTO auth."user" (id, name, email, "emailVerified") SELECT id, 'Fan', email, true FROM unnest($1::uuid[], $2::text[]) AS fan (id, email)`,
      [fans.map(({ id }) => id), fans.map(({ email }) => email)],
    );
    await tx.query(
      `INSERT INTO auth.session (id, "userId", token, "expiresAt", "updatedAt")
       SELECT *, now() + interval '1 day', now() FROM unnest($1::uuid[], $2::uuid[], $3::text[])`,
      [fans.map(newId), fans.map(({ id }) => id), fans.map(({ token }) => token)],
    );
  });
  const wallets = fans.map(({ id }) => ({ ownerId: id, kind: 'wallet' as const, currency }));
  const [source, ...walletIds] = (await transaction(db, (tx) =>
    openAccounts(tx, [{ ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss', currency }, ...wallets], new Date()))) as [string, ...string[]];
  const funding = walletIds.map((accountId) => ({
    id: newId(), kind: 'ADJUSTMENT', causeId: newId(), currency, createdAt: new Date(),
    entries: [{ accountId, amountMicros: walletMicros }, { accountId: source, amountMicros: -walletMicros }],
  }));
  const outcomes = await transaction(db, (tx) => post(tx, funding));
  if (!outcomes.every(({ ok }) => ok)) throw new Error('The wallets could not be filled.');
  return fans.map(({ token }) => token);
}
