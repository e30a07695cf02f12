import { createHash } from 'node:crypto';
import pg from 'pg';
import type { ClientBase } from 'pg';

/** Runs one statement with `$1` parameters. `bigint` columns come as BigInt, `timestamptz` as Date, `date` as text. */
export interface Sql {
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, (text) => BigInt(text)],
  [pg.types.builtins.TIMESTAMPTZ, (text) => new Date(text)],
  [pg.types.builtins.DATE, (text) => text],
  [1016, (text) => (text === '{}' ? [] : text.slice(1, -1).split(',').map(BigInt))], // bigint[]
]);

const rowTypes = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? pg.types.getTypeParser(oid, format as 'text'),
};

const names = new Map<string, string>();

/** Prepared statements are named by their text, so one text is planned once a connection. */
function statementName(text: string): string {
  let name = names.get(text);
  if (!name) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 24);
    names.set(text, name);
  }
  return name;
}

/** Runs `text` on a pool or client. Arrays are sent as PostgreSQL arrays; the text must be a constant, never built from data. */
export async function runSql<Row>(client: Pick<ClientBase, 'query'>, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const query = { name: statementName(text), text, values: values as unknown[], types: rowTypes };
  const result = await client.query(query as never);
  return (result as unknown as { rows: Row[] }).rows;
}
