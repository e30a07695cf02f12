import { Migration } from '@mikro-orm/migrations';

const states = `('PENDING', 'ACTION_REQUIRED', 'SUCCEEDED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'DISPUTED')`;

/** Saved cards, guests, tips straight by card, automatic top-ups, and what limits them. */
export class Migration0012MoneyIn extends Migration {
  override up(): void {
    this.saveMethods();
    this.letTopUpsWait();
    this.letGuestsIn();
    this.tipByCard();
    this.limitAttempts();
  }

  private saveMethods(): void {
    this.addSql(`
      CREATE TABLE provider_customer (
        person_id uuid NOT NULL,
        provider text NOT NULL,
        customer text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT provider_customer_pkey PRIMARY KEY (person_id, provider),
        CONSTRAINT provider_customer_person_fkey FOREIGN KEY (person_id) REFERENCES person (id)
      )`);
    this.addSql(`
      CREATE TABLE payment_method (
        id uuid NOT NULL,
        person_id uuid NOT NULL,
        provider text NOT NULL,
        provider_key text NOT NULL,
        given_token text NOT NULL,
        customer text NOT NULL,
        return_url text,
        wants_default boolean NOT NULL,
        status text NOT NULL,
        action jsonb,
        failure_code text,
        failure_reason text,
        failure_retryable boolean,
        token text,
        label text,
        expires_on text,
        is_default boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        removed_at timestamptz,
        forgotten_at timestamptz,
        CONSTRAINT payment_method_pkey PRIMARY KEY (id),
        CONSTRAINT payment_method_provider_key_once UNIQUE (provider, provider_key),
        CONSTRAINT payment_method_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT payment_method_status CHECK (status IN ('PENDING', 'ACTION_REQUIRED', 'SAVED', 'FAILED')),
        CONSTRAINT payment_method_settled CHECK ((status IN ('PENDING', 'ACTION_REQUIRED')) = (settled_at IS NULL)),
        CONSTRAINT payment_method_action CHECK ((status = 'ACTION_REQUIRED') = (action IS NOT NULL)),
        CONSTRAINT payment_method_saved CHECK (num_nonnulls(token, label) = CASE status WHEN 'SAVED' THEN 2 ELSE 0 END),
        CONSTRAINT payment_method_failure CHECK (num_nonnulls(failure_code, failure_reason, failure_retryable) = CASE status WHEN 'FAILED' THEN 3 ELSE 0 END),
        CONSTRAINT payment_method_default CHECK (NOT is_default OR (status = 'SAVED' AND removed_at IS NULL)),
        CONSTRAINT payment_method_removed CHECK (removed_at IS NULL OR status = 'SAVED'),
        CONSTRAINT payment_method_forgotten CHECK (forgotten_at IS NULL OR removed_at IS NOT NULL),
        CONSTRAINT payment_method_expires_on CHECK (expires_on ~ '^\\d{4}-\\d{2}$')
      )`);
    this.addSql(`CREATE UNIQUE INDEX payment_method_one_default ON payment_method (person_id) WHERE is_default`);
    this.addSql(`CREATE INDEX payment_method_of_person ON payment_method (person_id, id)`);
    this.addSql(`CREATE INDEX payment_method_pending ON payment_method (created_at) WHERE status IN ('PENDING', 'ACTION_REQUIRED')`);
    this.addSql(`CREATE INDEX payment_method_to_forget ON payment_method (id) WHERE removed_at IS NOT NULL AND forgotten_at IS NULL`);
  }

  private letTopUpsWait(): void {
    this.addSql(`
      ALTER TABLE top_up
        ALTER COLUMN payment_method DROP NOT NULL,
        ADD COLUMN payment_method_id uuid,
        ADD COLUMN customer text,
        ADD COLUMN return_url text,
        ADD COLUMN is_automatic boolean NOT NULL DEFAULT false,
        ADD COLUMN action jsonb,
        ADD CONSTRAINT top_up_payment_method_fkey FOREIGN KEY (payment_method_id) REFERENCES payment_method (id),
        DROP CONSTRAINT top_up_status,
        ADD CONSTRAINT top_up_status CHECK (status IN ${states}),
        DROP CONSTRAINT top_up_settled,
        ADD CONSTRAINT top_up_settled CHECK ((status IN ('PENDING', 'ACTION_REQUIRED')) = (settled_at IS NULL)),
        DROP CONSTRAINT top_up_charged,
        ADD CONSTRAINT top_up_charged CHECK ((status IN ('PENDING', 'ACTION_REQUIRED', 'FAILED')) = (provider_charge_id IS NULL)),
        ADD CONSTRAINT top_up_action CHECK ((status = 'ACTION_REQUIRED') = (action IS NOT NULL))`);
    this.addSql(`DROP INDEX top_up_pending`);
    this.addSql(`CREATE INDEX top_up_pending ON top_up (created_at) WHERE status IN ('PENDING', 'ACTION_REQUIRED')`);
    this.addSql(`CREATE UNIQUE INDEX top_up_one_automatic ON top_up (person_id, currency) WHERE is_automatic AND status IN ('PENDING', 'ACTION_REQUIRED')`);
    this.addSql(`
      CREATE TABLE auto_top_up (
        person_id uuid NOT NULL,
        currency text NOT NULL,
        below_micros bigint NOT NULL,
        amount_micros bigint NOT NULL,
        payment_method_id uuid NOT NULL,
        changed_at timestamptz NOT NULL,
        stopped_at timestamptz,
        stop_reason text,
        CONSTRAINT auto_top_up_pkey PRIMARY KEY (person_id),
        CONSTRAINT auto_top_up_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT auto_top_up_payment_method_fkey FOREIGN KEY (payment_method_id) REFERENCES payment_method (id),
        CONSTRAINT auto_top_up_currency CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT auto_top_up_amounts CHECK (below_micros > 0 AND amount_micros > 0),
        CONSTRAINT auto_top_up_stopped CHECK ((stopped_at IS NULL) = (stop_reason IS NULL))
      )`);
  }

  private letGuestsIn(): void {
    this.addSql(`
      CREATE TABLE guest_session (
        id uuid NOT NULL,
        token_hash bytea NOT NULL,
        address_hash bytea NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT guest_session_pkey PRIMARY KEY (id),
        CONSTRAINT guest_session_token_once UNIQUE (token_hash)
      )`);
    this.addSql(`CREATE INDEX guest_session_of_address ON guest_session (address_hash, created_at)`);
    this.addSql(`CREATE INDEX guest_session_expires ON guest_session (expires_at)`);
  }

  private tipByCard(): void {
    this.addSql(`
      ALTER TABLE tip
        ADD COLUMN guest_id uuid,
        ADD COLUMN provider text,
        ADD COLUMN payment_method text,
        ADD COLUMN payment_method_id uuid,
        ADD COLUMN customer text,
        ADD COLUMN return_url text,
        ADD COLUMN provider_key text,
        ADD COLUMN provider_charge_id text,
        ADD COLUMN action jsonb,
        ADD COLUMN failure_code text,
        ADD COLUMN failure_reason text,
        ADD COLUMN failure_retryable boolean,
        ADD COLUMN receipt_email text,
        ADD COLUMN hold_days integer NOT NULL DEFAULT 0,
        ADD COLUMN settled_at timestamptz,
        ADD CONSTRAINT tip_guest_fkey FOREIGN KEY (guest_id) REFERENCES guest_session (id),
        ADD CONSTRAINT tip_payment_method_fkey FOREIGN KEY (payment_method_id) REFERENCES payment_method (id),
        ADD CONSTRAINT tip_sender CHECK (num_nonnulls(sender_id, guest_id) = 1),
        ADD CONSTRAINT tip_card CHECK (num_nonnulls(provider, provider_key) = CASE funding WHEN 'CARD' THEN 2 ELSE 0 END),
        ADD CONSTRAINT tip_from_wallet CHECK (funding = 'CARD' OR (guest_id IS NULL AND settled_at IS NULL AND provider_charge_id IS NULL
          AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'DISPUTED'))),
        ADD CONSTRAINT tip_settled CHECK (funding = 'WALLET' OR (status IN ('PENDING', 'ACTION_REQUIRED')) = (settled_at IS NULL)),
        ADD CONSTRAINT tip_charged CHECK (funding = 'WALLET' OR (status IN ('PENDING', 'ACTION_REQUIRED', 'FAILED')) = (provider_charge_id IS NULL)),
        ADD CONSTRAINT tip_action CHECK ((status = 'ACTION_REQUIRED') = (action IS NOT NULL)),
        ADD CONSTRAINT tip_failure CHECK (num_nonnulls(failure_code, failure_reason, failure_retryable) = CASE status WHEN 'FAILED' THEN 3 ELSE 0 END),
        ADD CONSTRAINT tip_held_longer CHECK (hold_days >= 0)`);
    this.addSql(`CREATE UNIQUE INDEX tip_provider_key_once ON tip (provider, provider_key) WHERE provider IS NOT NULL`);
    this.addSql(`CREATE UNIQUE INDEX tip_provider_charge_once ON tip (provider, provider_charge_id) WHERE provider_charge_id IS NOT NULL`);
    this.addSql(`CREATE INDEX tip_pending ON tip (created_at) WHERE status IN ('PENDING', 'ACTION_REQUIRED')`);
    this.addSql(`CREATE INDEX tip_of_guest ON tip (guest_id) WHERE guest_id IS NOT NULL`);
    // The ledger holds what goes round in a circle longer: its bucket is that of a later hour than the posting's own.
    this.addSql(`ALTER TABLE posting ADD COLUMN held_from timestamptz`);
    this.addSql(`ALTER TABLE stream DROP CONSTRAINT stream_topic, ADD CONSTRAINT stream_topic CHECK (topic IN ('tips', 'members', 'alerts', 'payments'))`);
  }

  private limitAttempts(): void {
    this.addSql(`
      CREATE TABLE card_attempt (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        address_hash bytea,
        creator_id uuid,
        made_at timestamptz NOT NULL,
        is_declined boolean,
        CONSTRAINT card_attempt_pkey PRIMARY KEY (id)
      )`);
    this.addSql(`CREATE INDEX card_attempt_of_account ON card_attempt (account_id, made_at)`);
    this.addSql(`CREATE INDEX card_attempt_of_address ON card_attempt (address_hash, made_at) WHERE address_hash IS NOT NULL`);
    this.addSql(`CREATE INDEX card_attempt_of_creator ON card_attempt (creator_id, made_at) WHERE creator_id IS NOT NULL`);
    this.addSql(`CREATE INDEX card_attempt_made_at ON card_attempt (made_at)`);
    this.addSql(`
      CREATE TABLE dunning_pause (
        id boolean NOT NULL DEFAULT true,
        paused_until timestamptz NOT NULL,
        reason text NOT NULL,
        CONSTRAINT dunning_pause_pkey PRIMARY KEY (id),
        CONSTRAINT dunning_pause_one_row CHECK (id)
      )`);
  }
}
