import DataLoader from 'dataloader';
import {
  cached, decodeCursor, encodeCursor, invalidCursor, pageOf, pageSize, type Connection, type PageArgs, type RequestContext,
} from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { readStatements, type StatementLine, type StatementRequest } from '../ledger/room.ts';
import type { LedgerEntry } from './ledger-entry-type.ts';

const list = 'entries';
const entriesPerPage = 50;

/**
 * A page of a guarded account's statement, newest first. The place in the list is the entry's number on the account, so pages hold
 * while entries are added. Statements that are asked for together are read together. Who may see the account is the caller's to rule.
 */
export async function ledgerEntries(
  context: RequestContext,
  account: { readonly id: string; readonly currency: string },
  args: PageArgs,
): Promise<Connection<LedgerEntry>> {
  const size = pageSize(args, entriesPerPage);
  const before = placeIn(account.id, args.after);
  const lines = await statementLoader(context).load({ accountId: account.id, before, limit: size + 1 });
  return pageOf(lines.map((line) => ({ ...line, currency: account.currency })), {
    size,
    cursorOf: (entry) => encodeCursor(list, account.id, String(entry.version)),
    hasPreviousPage: before !== null,
  });
}

function placeIn(accountId: string, after: string | null | undefined): bigint | null {
  const key = decodeCursor(list, 2, after);
  if (!key) return null;
  const [ofAccount, version] = key as [string, string];
  if (ofAccount !== accountId || !/^\d{1,18}$/.test(version)) throw invalidCursor(after as string);
  return BigInt(version);
}

/** Batches without remembering: a mutation later in the same request may have moved the account. */
function statementLoader(context: RequestContext): DataLoader<StatementRequest, StatementLine[]> {
  return cached(context, 'wallets.statements', () => {
    const db = context.services.get(databaseService);
    return new DataLoader<StatementRequest, StatementLine[]>((requests) => readStatements(db, requests), { cache: false });
  });
}
