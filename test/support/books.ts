import type { Database, Invariant } from '../../src/database/room.ts';
import { check, type CheckLine } from '../../src/ledger/room.ts';

/** Fails with the broken lines unless the whole check holds: the ledger's own invariants and those given. */
export async function expectCleanBooks(db: Database, invariants: readonly Invariant[] = []): Promise<void> {
  const broken = (await check(db, { full: true, invariants })).filter((line) => !line.ok);
  if (broken.length > 0) throw new Error(`The books are broken:\n${broken.map(describe).join('\n')}`);
}

function describe(line: CheckLine): string {
  const rows = line.violations.map((row) => `    ${JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? value.toString() : value))}`);
  return [`  not ${line.name}:`, ...rows].join('\n');
}
