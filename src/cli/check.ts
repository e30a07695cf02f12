import { invariants } from '../app.ts';
import { readConfig } from '../config.ts';
import type { Database } from '../database/room.ts';
import { check as checkBooks, guards, type CheckLine, type Guard } from '../ledger/room.ts';
import type { Command } from './command.ts';
import { onDatabase } from './on-database.ts';

export const check: Command = {
  name: 'check',
  summary: 'Proves the books and everything else that must hold, a line an invariant.',
  details:
    'Safe while servers write. What breaks is asked a second time before it counts; then the exit code is 1, and the postings of a\n'
    + 'currency whose books are broken stop (LEDGER_HALTED) until an operator has looked.',
  options: [{ name: 'no-halt', description: 'Stops no postings, whatever is found.' }],
  async run({ has, say, remark }) {
    const config = readConfig();
    return onDatabase(config, remark, async ({ database }) => {
      return await report(database, !has('no-halt'), say);
    });
  },
};

async function report(database: Database, haltOnFailure: boolean, say: (line: string) => void): Promise<number> {
  const lines = await checkBooks(database, { full: true, invariants, haltOnFailure });
  for (const line of lines.flatMap(describe)) say(line);
  const tables = await guards(database);
  for (const guard of tables) say(describeGuard(guard));
  const halts = await database.query<{ currency: string; reason: string }>('SELECT currency, reason FROM ledger_halt ORDER BY currency');
  for (const { currency, reason } of halts) say(`halted  no posting in ${currency}: ${reason}`);
  const broken = lines.filter(({ ok }) => !ok).length + tables.filter(isOpen).length;
  say(broken === 0 ? `All ${lines.length + tables.length} lines hold.` : `${broken} of ${lines.length + tables.length} lines do not hold.`);
  return broken === 0 ? 0 : 1;
}

function describe({ name, ok, checked, violations }: CheckLine): string[] {
  const asked = checked === null ? '' : ` (${checked} looked at)`;
  return [`${ok ? 'ok    ' : 'BROKEN'}  ${name}${asked}`, ...violations.map((row) => `          ${JSON.stringify(row, plainly)}`)];
}

function plainly(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function isOpen({ byPrivileges, byTriggers }: Guard): boolean {
  return !byPrivileges && !byTriggers;
}

function describeGuard(guard: Guard): string {
  const held = [guard.byPrivileges ? `the role ${guard.role} may not change it` : null, guard.byTriggers ? 'triggers refuse changes' : null];
  const how = held.filter((one) => one !== null).join(', ');
  return `${isOpen(guard) ? 'BROKEN' : 'ok    '}  ${guard.table} is append-only: ${how || 'nothing guards it'}`;
}
