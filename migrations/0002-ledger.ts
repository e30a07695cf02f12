import { Migration } from '@mikro-orm/migrations';

/** Accounts, postings and entries. See "Ledger" in the README for what each guards. */
export class Migration0002Ledger extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE account (
        id uuid NOT NULL,
        owner_id uuid NOT NULL,
        kind text NOT NULL,
        currency text NOT NULL,
        balance bigint NOT NULL DEFAULT 0,
        version bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        CONSTRAINT account_pkey PRIMARY KEY (id),
        CONSTRAINT account_owner_kind_currency UNIQUE (owner_id, kind, currency),
        CONSTRAINT account_kind CHECK (kind IN ('wallet', 'earnings', 'reserved', 'payout', 'debt',
          'platform_fee', 'platform_loss', 'clearing', 'processor_fee')),
        CONSTRAINT account_currency CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT account_not_overdrawn CHECK (kind NOT IN ('wallet', 'earnings', 'reserved', 'payout') OR balance >= 0),
        CONSTRAINT account_debt_not_positive CHECK (kind <> 'debt' OR balance <= 0),
        CONSTRAINT account_version_counts CHECK (version >= 0)
      ) WITH (fillfactor = 70)`);
    this.addSql(`
      CREATE TABLE posting (
        id uuid NOT NULL,
        kind text NOT NULL,
        currency text NOT NULL,
        cause_id uuid NOT NULL,
        resolves uuid,
        created_at timestamptz NOT NULL,
        CONSTRAINT posting_pkey PRIMARY KEY (id),
        CONSTRAINT posting_cause_once UNIQUE (cause_id, kind),
        CONSTRAINT posting_resolves_once UNIQUE (resolves),
        CONSTRAINT posting_resolves_fkey FOREIGN KEY (resolves) REFERENCES posting (id),
        CONSTRAINT posting_currency CHECK (currency ~ '^[A-Z]{3}$')
      )`);
    this.addSql(`
      CREATE TABLE entry (
        posting_id uuid NOT NULL,
        account_id uuid NOT NULL,
        amount bigint NOT NULL,
        version bigint,
        balance_after bigint,
        CONSTRAINT entry_pkey PRIMARY KEY (posting_id, account_id),
        CONSTRAINT entry_posting_fkey FOREIGN KEY (posting_id) REFERENCES posting (id),
        CONSTRAINT entry_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
        CONSTRAINT entry_moves CHECK (amount <> 0),
        CONSTRAINT entry_guarded CHECK ((version IS NULL) = (balance_after IS NULL)),
        CONSTRAINT entry_version_counts CHECK (version > 0)
      )`);
    this.addSql(`CREATE UNIQUE INDEX entry_account_version ON entry (account_id, version) WHERE version IS NOT NULL`);
    this.addSql(`
      CREATE TABLE balance_delta (
        id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        account_id uuid NOT NULL,
        amount bigint NOT NULL,
        CONSTRAINT balance_delta_pkey PRIMARY KEY (id),
        CONSTRAINT balance_delta_account_fkey FOREIGN KEY (account_id) REFERENCES account (id)
      )`);
    this.addSql(`CREATE INDEX balance_delta_of_account ON balance_delta (account_id)`);
    this.addSql(`
      CREATE TABLE earnings_hold (
        account_id uuid NOT NULL,
        hour timestamptz NOT NULL,
        amount bigint NOT NULL,
        CONSTRAINT earnings_hold_pkey PRIMARY KEY (account_id, hour),
        CONSTRAINT earnings_hold_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
        CONSTRAINT earnings_hold_not_negative CHECK (amount >= 0),
        CONSTRAINT earnings_hold_whole_hour CHECK (extract(epoch FROM hour) % 3600 = 0)
      )`);
    this.addSql(`
      CREATE TABLE ledger_halt (
        currency text NOT NULL,
        reason text NOT NULL,
        halted_at timestamptz NOT NULL,
        CONSTRAINT ledger_halt_pkey PRIMARY KEY (currency)
      )`);
    this.addSql(`
      CREATE TABLE ledger_checkpoint (
        account_id uuid NOT NULL,
        version bigint NOT NULL,
        balance bigint NOT NULL,
        checked_at timestamptz NOT NULL,
        CONSTRAINT ledger_checkpoint_pkey PRIMARY KEY (account_id),
        CONSTRAINT ledger_checkpoint_account_fkey FOREIGN KEY (account_id) REFERENCES account (id)
      )`);
    this.addSql(`CALL make_append_only('posting')`);
    this.addSql(`CALL make_append_only('entry')`);
  }
}
