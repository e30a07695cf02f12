import { Migration } from '@mikro-orm/migrations';

/** What people spend a day, and the caps they set themselves. */
export class Migration0008Spending extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE spending_day (
        person_id uuid NOT NULL,
        currency text NOT NULL,
        day date NOT NULL,
        spent_micros bigint NOT NULL,
        CONSTRAINT spending_day_pkey PRIMARY KEY (person_id, currency, day),
        CONSTRAINT spending_day_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT spending_day_spent CHECK (spent_micros >= 0)
      ) WITH (fillfactor = 80)`);
    this.addSql(`
      CREATE TABLE spending_cap (
        person_id uuid NOT NULL,
        period text NOT NULL,
        currency text NOT NULL,
        limit_micros bigint NOT NULL,
        pending_limit_micros bigint,
        pending_at timestamptz,
        CONSTRAINT spending_cap_pkey PRIMARY KEY (person_id, currency, period),
        CONSTRAINT spending_cap_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT spending_cap_period CHECK (period IN ('DAY', 'WEEK', 'MONTH', 'YEAR')),
        CONSTRAINT spending_cap_limit CHECK (limit_micros >= 0),
        CONSTRAINT spending_cap_pending_raises CHECK (pending_limit_micros > limit_micros),
        CONSTRAINT spending_cap_pending_dated CHECK (pending_limit_micros IS NULL OR pending_at IS NOT NULL)
      )`);
    this.addSql(`
      CREATE TABLE settlement (
        person_id uuid NOT NULL,
        requested_at timestamptz NOT NULL,
        CONSTRAINT settlement_pkey PRIMARY KEY (person_id),
        CONSTRAINT settlement_person_fkey FOREIGN KEY (person_id) REFERENCES person (id)
      )`);
  }
}
