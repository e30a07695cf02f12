import type { Sql } from '../database/room.ts';

/** A place in the order in which what is due is found; rows up to it are behind. */
export interface DuePlace {
  readonly at: Date;
  readonly personId: string;
}

/** What counts as due. */
export interface DueBy {
  readonly asOf: Date;
  /** Whether those who are past due are left in peace for now. */
  readonly isDunningPaused: boolean;
}

/** Before everything that can be due. */
export const beforeAll: DuePlace = { at: new Date('0001-01-01T00:00:00Z'), personId: '00000000-0000-0000-0000-000000000000' };

/** Some of what is due. */
export interface DuePage {
  /** The people it is due from, each once, in the order in which they were found. */
  readonly personIds: readonly string[];
  /** How many subscriptions were read to find them. */
  readonly rows: number;
  /** Where to read on; null when nothing lies behind the page. */
  readonly last: DuePlace | null;
}

/**
 * Reads who has something due, in the order of the index, after a place. A renewal leaves a dead entry in the index, and a
 * scan from its beginning would pass all of them again for each batch. Nothing is locked, so it is only a hint.
 */
export async function readDue(sql: Sql, after: DuePlace, { asOf, isDunningPaused }: DueBy, limit: number): Promise<DuePage> {
  const rows = await sql.query<DuePlace>(
    `SELECT next_charge_at AS at, person_id AS "personId" FROM subscription
     WHERE next_charge_at <= $1 AND (next_charge_at, person_id) > ($2, $3) AND NOT ($5::boolean AND status = 'PAST_DUE')
     ORDER BY next_charge_at, person_id LIMIT $4`,
    [asOf, after.at, after.personId, limit, isDunningPaused],
  );
  return {
    personIds: [...new Set(rows.map(({ personId }) => personId))],
    rows: rows.length,
    last: rows.length < limit ? null : rows.at(-1)!,
  };
}
