import { Migration } from '@mikro-orm/migrations';

/** Where creators are paid to, their payouts, and the receipts that were mailed. */
export class Migration0014Payouts extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE payout_destination (
        id uuid NOT NULL,
        creator_id uuid NOT NULL,
        provider text NOT NULL,
        provider_key text NOT NULL,
        destination_token text NOT NULL,
        label text NOT NULL,
        is_current boolean NOT NULL,
        verified_at timestamptz,
        attempts integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        CONSTRAINT payout_destination_pkey PRIMARY KEY (id),
        CONSTRAINT payout_destination_of_creator UNIQUE (id, creator_id),
        CONSTRAINT payout_destination_key_once UNIQUE (provider, provider_key),
        CONSTRAINT payout_destination_token_once UNIQUE (provider, destination_token),
        CONSTRAINT payout_destination_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id),
        CONSTRAINT payout_destination_attempts CHECK (attempts BETWEEN 0 AND 5)
      )`);
    this.addSql(`CALL keep_rows('payout_destination')`);
    this.addSql(`CREATE INDEX payout_destination_of ON payout_destination (creator_id, created_at)`);
    this.addSql(`CREATE UNIQUE INDEX payout_destination_current ON payout_destination (creator_id) WHERE is_current`);
    this.addSql(`
      CREATE TABLE payout_destination_try (
        provider text NOT NULL,
        provider_key text NOT NULL,
        creator_id uuid NOT NULL,
        tried_at timestamptz NOT NULL,
        CONSTRAINT payout_destination_try_pkey PRIMARY KEY (provider, provider_key),
        CONSTRAINT payout_destination_try_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id)
      )`);
    this.addSql(`CREATE INDEX payout_destination_try_of ON payout_destination_try (creator_id)`);
    this.addSql(`
      CREATE TABLE payout (
        id uuid NOT NULL,
        creator_id uuid NOT NULL,
        person_id uuid NOT NULL,
        destination_id uuid NOT NULL,
        idempotency_key text NOT NULL,
        input_hash bytea NOT NULL,
        currency text NOT NULL,
        amount_micros bigint NOT NULL,
        provider text NOT NULL,
        destination_token text NOT NULL,
        provider_key text NOT NULL,
        provider_payout_id text,
        status text NOT NULL,
        failure_code text,
        failure_reason text,
        created_at timestamptz NOT NULL,
        paid_at timestamptz,
        failed_at timestamptz,
        CONSTRAINT payout_pkey PRIMARY KEY (id),
        CONSTRAINT payout_key_once UNIQUE (person_id, idempotency_key),
        CONSTRAINT payout_provider_key_once UNIQUE (provider, provider_key),
        CONSTRAINT payout_creator_fkey FOREIGN KEY (creator_id, currency) REFERENCES creator (id, currency),
        CONSTRAINT payout_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT payout_destination_fkey FOREIGN KEY (destination_id, creator_id) REFERENCES payout_destination (id, creator_id),
        CONSTRAINT payout_amount_positive CHECK (amount_micros > 0),
        CONSTRAINT payout_status CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
        -- A bank may return what had arrived: such a payout was paid, and failed later.
        CONSTRAINT payout_moments CHECK (CASE status
          WHEN 'PENDING' THEN paid_at IS NULL AND failed_at IS NULL
          WHEN 'SUCCEEDED' THEN paid_at IS NOT NULL AND failed_at IS NULL
          ELSE failed_at IS NOT NULL END),
        CONSTRAINT payout_paid_is_known CHECK (paid_at IS NULL OR provider_payout_id IS NOT NULL),
        CONSTRAINT payout_failure CHECK (num_nonnulls(failure_code, failure_reason) = CASE status WHEN 'FAILED' THEN 2 ELSE 0 END),
        CONSTRAINT payout_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 255)
      )`);
    this.addSql(`CALL keep_rows('payout')`);
    this.addSql(`CREATE INDEX payout_of_creator ON payout (creator_id, id)`);
    this.addSql(`CREATE INDEX payout_pending ON payout (created_at) WHERE status = 'PENDING'`);
    this.addSql(`CREATE UNIQUE INDEX payout_provider_payout_once ON payout (provider, provider_payout_id) WHERE provider_payout_id IS NOT NULL`);
    this.addSql(`
      CREATE TABLE receipt_mail (
        tip_id uuid NOT NULL,
        sent_at timestamptz NOT NULL,
        CONSTRAINT receipt_mail_pkey PRIMARY KEY (tip_id),
        CONSTRAINT receipt_mail_tip_fkey FOREIGN KEY (tip_id) REFERENCES tip (id)
      )`);
  }
}
