import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Database } from '../../src/database/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestDatabase } from '../support/database.ts';
import { BANK, cast, ModelLedger, type ModelEntry, type Operation } from './model.ts';
import { runPoster, type Batch, type Fault, type Report } from './poster.ts';
import { openFresh } from './world.ts';

const database = eachTestDatabase();

const amount = fc.integer({ min: 1, max: 60 });
const purse = fc.integer({ min: 2, max: 6 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('move' as const), from: purse, to: purse, amount, fee: fc.integer({ min: 0, max: 3 }) })
    .filter((move) => move.from !== move.to && move.fee < move.amount) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), from: fc.constant(BANK), to: purse, amount, fee: fc.constant(0) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('credit' as const), from: purse, amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('takeBack' as const), amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lend' as const), amount }) },
);
const operations = fc.array(operation, { minLength: 1, maxLength: 12 });
const fault = fc.constantFrom<Fault>(
  'NONE', 'NONE', 'NONE', 'BEFORE_COMMIT', 'COMMIT_UNANSWERED', 'KILLED_BEFORE_WRITE', 'KILLED_BEFORE_COMMIT', 'KILLED_WHILE_COMMITTING',
);
const faultyBatches = fc.array(fc.record({ fault, operations }), { minLength: 8, maxLength: 16 });

/** Replays acknowledged batches in the order in which they held their locks, and compares every decision, balance, version and entry. */
async function expectAgreement(db: Database, accounts: readonly string[], reports: readonly Report[]): Promise<void> {
  const model = new ModelLedger();
  const inOrder = reports.toSorted((a, b) => Number(BigInt(a.lockedAtMicros) - BigInt(b.lockedAtMicros)));
  for (const report of inOrder) expect(report.decisions).toEqual(model.run(report.operations));
  const stored = await db.query<{ balance: bigint; version: bigint; held: bigint }>(
    `SELECT (a.balance + coalesce((SELECT sum(d.amount) FROM balance_delta d WHERE d.account_id = a.id), 0))::bigint AS balance, a.version,
       coalesce((SELECT sum(h.amount) FROM earnings_hold h WHERE h.account_id = a.id), 0)::bigint AS held
     FROM unnest($1::uuid[]) WITH ORDINALITY AS mine (id, place) JOIN account a ON a.id = mine.id ORDER BY place`,
    [accounts],
  );
  expect(stored.map((row) => Number(row.balance))).toEqual(model.balances);
  expect(stored.map((row) => Number(row.version))).toEqual(model.versions);
  expect(stored.reduce((sum, row) => sum + Number(row.held), 0)).toBe(model.held);
  expect(await storedEntries(db, accounts)).toEqual(model.entries.map(describe).sort());
}

async function storedEntries(db: Database, accounts: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ account_id: string; version: bigint | null; amount: bigint; balance_after: bigint | null }>(
    'SELECT account_id, version, amount, balance_after FROM entry WHERE account_id = ANY ($1::uuid[])',
    [accounts],
  );
  return rows.map((row) => describe({
    account: accounts.indexOf(row.account_id),
    version: row.version === null ? null : Number(row.version),
    amount: Number(row.amount),
    after: row.balance_after === null ? null : Number(row.balance_after),
  })).sort();
}

function describe(entry: ModelEntry): string {
  return `${cast[entry.account]} ${entry.account}: entry ${entry.version} moves ${entry.amount} to ${entry.after}`;
}

test('random batches, one after the other, agree with the model', async () => {
  const { db } = database.current;
  await fc.assert(
    fc.asyncProperty(fc.array(operations, { minLength: 1, maxLength: 4 }), async (batches) => {
      const accounts = await openFresh(db, cast);
      const reports: Report[] = [];
      for (const one of batches) reports.push(...(await runPoster(db, accounts, [{ fault: 'NONE', operations: one }])));
      await expectAgreement(db, accounts, reports);
    }),
    { numRuns: 60 },
  );
  await expectCleanBooks(db);
});

test('random batches posted by two processes at once, with lost connections and killed backends, agree with the model', async () => {
  const { db, url } = database.current;
  const posters = await Promise.all([startPoster(url), startPoster(url)]);
  const seen = { recovered: 0, refused: 0, accepted: 0 };
  try {
    await fc.assert(
      fc.asyncProperty(faultyBatches, faultyBatches, async (mine, theirs) => {
        const accounts = await openFresh(db, cast);
        const reports = (await Promise.all([ask(posters[0], accounts, mine), ask(posters[1], accounts, theirs)])).flat();
        expect(reports).toHaveLength(mine.length + theirs.length);
        await expectAgreement(db, accounts, reports);
        seen.recovered += reports.filter((report) => report.recovered).length;
        for (const decision of reports.flatMap((report) => report.decisions)) seen[decision === 'ok' ? 'accepted' : 'refused']++;
      }),
      // A run depends on how two processes interleave, so a smaller counter-example of a failed one would prove nothing.
      { numRuns: 12, endOnFailure: true },
    );
  } finally {
    for (const poster of posters) poster.disconnect();
    await Promise.all(posters.map((poster) => poster.exitCode ?? once(poster, 'exit')));
  }
  expect(Math.min(seen.recovered, seen.refused, seen.accepted)).toBeGreaterThan(5);
  await expectCleanBooks(db);
});

async function startPoster(url: string): Promise<ChildProcess> {
  const poster = fork(fileURLToPath(new URL('./poster-process.ts', import.meta.url)), [url], { execArgv: [] });
  await once(poster, 'message');
  return poster;
}

async function ask(poster: ChildProcess, accounts: readonly string[], batches: readonly Batch[]): Promise<Report[]> {
  poster.send({ accounts, batches });
  const over = new AbortController();
  const next = (event: string) => once(poster, event, { signal: over.signal });
  const ended = next('exit').then(() => [{ failure: 'its process ended' }]);
  const [answer] = (await Promise.race([next('message'), ended]).finally(() => over.abort())) as [{ reports?: Report[]; failure?: string }];
  if (!answer.reports) throw new Error(`A poster failed: ${answer.failure}`);
  return answer.reports;
}
