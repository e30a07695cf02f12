import { expect, test } from '@jest/globals';
import { databaseErrorOf } from '../../src/database/room.ts';
import { guards, transferEntries } from '../../src/ledger/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestDatabase } from '../support/database.ts';
import { asOwner } from './owner.ts';
import { openFresh, postAll, request } from './world.ts';

const database = eachTestDatabase();

const changes = ['posting', 'entry'].flatMap((table) => [
  [`UPDATE ${table} SET ${table === 'entry' ? 'amount = amount' : 'kind = kind'}`],
  [`DELETE FROM ${table}`],
  [`TRUNCATE ${table} CASCADE`],
]);

async function givenOnePosting(): Promise<void> {
  const [bank, fan] = (await openFresh(database.current.db, ['clearing', 'wallet'])) as [string, string];
  await postAll(database.current.db, [request(transferEntries(bank, fan, 5n))]);
}

test.each(changes)('the application has no right to: %s', async (change) => {
  await givenOnePosting();
  const code = await database.current.db.query(change).then(() => 'done', (error) => databaseErrorOf(error).code);
  expect(code).toBe('42501');
  await expectCleanBooks(database.current.db);
});

test.each(changes)('triggers refuse even the owner: %s', async (change) => {
  await givenOnePosting();
  const code = await asOwner(database.current, (owner) => owner.query(change).then(() => 'done', (error) => error.code));
  expect(code).toBe('23001');
  await expectCleanBooks(database.current.db);
});

test('the report tells which guard holds for whom', async () => {
  const ofLedger = (all: Awaited<ReturnType<typeof guards>>) => all.filter((guard) => ['posting', 'entry'].includes(guard.table));
  expect(ofLedger(await guards(database.current.db))).toEqual([
    { table: 'entry', role: 'farthing_app', byPrivileges: true, byTriggers: true },
    { table: 'posting', role: 'farthing_app', byPrivileges: true, byTriggers: true },
  ]);
  const seen = await asOwner(database.current, async (owner) => {
    await owner.query('ALTER TABLE entry DISABLE TRIGGER entry_no_truncate');
    await owner.query('DROP TRIGGER posting_append_only ON posting');
    await owner.query('DROP TRIGGER posting_no_truncate ON posting');
    return guards({ query: async <Row>(text: string) => (await owner.query(text)).rows as Row[] });
  });
  const role = new URL(database.current.ownerUrl).username;
  expect(ofLedger(seen)).toEqual([
    { table: 'entry', role, byPrivileges: false, byTriggers: false },
    { table: 'posting', role, byPrivileges: false, byTriggers: false },
  ]);
});
