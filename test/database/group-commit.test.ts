import { expect, test } from '@jest/globals';
import { GroupCommit, moveCounters, newId, readCounters, transaction, Unavailable, type Tx } from '../../src/database/room.ts';
import { eachTestDatabase } from '../support/database.ts';

const database = eachTestDatabase();

interface Command {
  readonly name: string;
  readonly fault?: 'BUG' | 'POISON';
}

function counting(ownerId: string, sizes: number[] = []): (tx: Tx, commands: readonly Command[]) => Promise<string[]> {
  return async (tx, commands) => {
    sizes.push(commands.length);
    if (commands.some(({ fault }) => fault === 'BUG')) throw new Error('a fault of ours');
    if (commands.some(({ fault }) => fault === 'POISON')) await tx.query(`SELECT 'no number'::integer`);
    await moveCounters(tx, commands.map(({ name }) => ({ ownerId, name, by: 1 })));
    return commands.map(({ name }) => name);
  };
}

test.each(['BUG', 'POISON'] as const)('a command with a %s fails alone, and every other of its batch is committed once', async (fault) => {
  const { db } = database.current;
  const ownerId = newId();
  const commits = new GroupCommit<Command, string>({ db, run: counting(ownerId) });
  const commands = Array.from({ length: 40 }, (_, index): Command => ({ name: `c${index}`, ...(index === 17 && { fault }) }));
  const outcomes = await Promise.allSettled(commands.map((command) => commits.submit(command)));
  expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([17]);
  for (const { name } of commands) expect(await readCounters(db, name, [ownerId])).toEqual(new Map(name === 'c17' ? [] : [[ownerId, 1]]));
});

test('commands that arrive while two batches are in flight go together in the next', async () => {
  const { db } = database.current;
  const sizes: number[] = [];
  const commits = new GroupCommit<Command, string>({ db, run: counting(newId(), sizes) });
  const first = commits.submit({ name: 'a' });
  await new Promise(setImmediate);
  const rest = Array.from({ length: 600 }, () => commits.submit({ name: 'b' }));
  await Promise.all([first, ...rest]);
  // Which of two transactions in flight starts first is the connections' to say.
  expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 88, 512]);
});

test('a transaction whose work swallowed a failed statement is not acknowledged', async () => {
  const { db } = database.current;
  const swallowing = transaction(db, async (tx) => {
    await tx.query(`SELECT 'no number'::integer`).catch(() => {});
    return 'done';
  });
  await expect(swallowing).rejects.toMatchObject({ code: '22P02' });
});

test('a database that only reads is unavailable, and writing goes on when it writes again', async () => {
  const { db } = database.current;
  const readOnly = transaction(db, async (tx) => {
    await tx.query('SET TRANSACTION READ ONLY');
    await moveCounters(tx, [{ ownerId: newId(), name: 'x', by: 1 }]);
  });
  await expect(readOnly).rejects.toBeInstanceOf(Unavailable);
});
