import pg from 'pg';

type Query = (this: pg.Client, ...given: unknown[]) => unknown;

/** The SQL statements that this process sends while `work` runs, in order. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const original = prototype.query;
  prototype.query = function counted(...given) {
    const [query] = given;
    texts.push(typeof query === 'string' ? query : (query as { text: string }).text);
    return original.apply(this, given);
  };
  try {
    await work();
  } finally {
    prototype.query = original;
  }
  return texts;
}
