import { Migration } from '@mikro-orm/migrations';

/** Webhooks of payment providers, and the simulated processor's own memory. */
export class Migration0011Providers extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE webhook_event (
        provider text NOT NULL,
        id text NOT NULL,
        subject_kind text NOT NULL,
        subject_key text,
        subject_id text NOT NULL,
        created_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        take_after timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        taken_at timestamptz,
        CONSTRAINT webhook_event_pkey PRIMARY KEY (provider, id),
        CONSTRAINT webhook_event_subject_kind CHECK (subject_kind IN ('CHARGE', 'REFUND', 'DISPUTE', 'PAYOUT', 'METHOD')),
        CONSTRAINT webhook_event_attempts CHECK (attempts >= 0)
      )`);
    this.addSql(`CREATE INDEX webhook_event_waiting ON webhook_event (take_after) WHERE taken_at IS NULL`);
    this.addSql(`CREATE INDEX webhook_event_taken ON webhook_event (taken_at) WHERE taken_at IS NOT NULL`);
    // Postings come nearly in the order of their time: a summary of blocks finds a day among years, and costs their writing next to nothing.
    this.addSql(`CREATE INDEX posting_made ON posting USING brin (created_at)`);
    for (const table of sandboxTables) this.addSql(table);
    this.addSql(`CREATE INDEX sandbox_charge_made ON sandbox_charge (created_at)`);
    this.addSql(`CREATE INDEX sandbox_refund_of_charge ON sandbox_refund (charge_id)`);
    this.addSql(`CREATE INDEX sandbox_dispute_of_charge ON sandbox_dispute (charge_id)`);
    this.addSql(`CREATE INDEX sandbox_dispute_scheduled ON sandbox_dispute (opens_at) WHERE status = 'SCHEDULED'`);
    this.addSql(`CREATE INDEX sandbox_webhook_due ON sandbox_webhook (deliver_at)`);
    this.addSql(`INSERT INTO sandbox_setting (webhook_delay_ms, webhook_copies, is_shuffled, stall_ms) VALUES (0, 1, false, 30000)`);
  }
}

const sandboxTables = [
  `CREATE TABLE sandbox_setting (
    id boolean NOT NULL DEFAULT true,
    webhook_delay_ms bigint NOT NULL,
    webhook_copies integer NOT NULL,
    is_shuffled boolean NOT NULL,
    stall_ms integer NOT NULL,
    CONSTRAINT sandbox_setting_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_setting_once CHECK (id),
    CONSTRAINT sandbox_setting_sane CHECK (webhook_delay_ms >= 0 AND webhook_copies BETWEEN 0 AND 1000 AND stall_ms >= 0)
  )`,
  `CREATE TABLE sandbox_charge (
    id text NOT NULL,
    idempotency_key text NOT NULL,
    amount_micros bigint NOT NULL,
    fee_micros bigint NOT NULL,
    currency text NOT NULL,
    payment_method text,
    customer text,
    return_url text,
    status text NOT NULL,
    decline_code text,
    action_expires_at timestamptz,
    created_at timestamptz NOT NULL,
    charged_at timestamptz,
    CONSTRAINT sandbox_charge_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_charge_key_once UNIQUE (idempotency_key),
    CONSTRAINT sandbox_charge_status CHECK (CASE status
      WHEN 'SUCCEEDED' THEN charged_at IS NOT NULL AND decline_code IS NULL
      WHEN 'DECLINED' THEN charged_at IS NULL AND decline_code IS NOT NULL
      WHEN 'ACTION_REQUIRED' THEN charged_at IS NULL AND decline_code IS NULL AND action_expires_at IS NOT NULL
      ELSE false END)
  )`,
  `CREATE TABLE sandbox_refund (
    id text NOT NULL,
    idempotency_key text NOT NULL,
    charge_id text NOT NULL,
    amount_micros bigint NOT NULL,
    currency text NOT NULL,
    decline_code text,
    created_at timestamptz NOT NULL,
    CONSTRAINT sandbox_refund_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_refund_key_once UNIQUE (idempotency_key),
    CONSTRAINT sandbox_refund_charge_fkey FOREIGN KEY (charge_id) REFERENCES sandbox_charge (id)
  )`,
  `CREATE TABLE sandbox_customer (
    id text NOT NULL,
    idempotency_key text NOT NULL,
    email text,
    name text,
    CONSTRAINT sandbox_customer_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_customer_key_once UNIQUE (idempotency_key)
  )`,
  `CREATE TABLE sandbox_method (
    id text NOT NULL,
    idempotency_key text NOT NULL,
    token text NOT NULL,
    customer text NOT NULL,
    return_url text,
    status text NOT NULL,
    decline_code text,
    action_expires_at timestamptz,
    created_at timestamptz NOT NULL,
    forgotten_at timestamptz,
    CONSTRAINT sandbox_method_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_method_key_once UNIQUE (idempotency_key),
    CONSTRAINT sandbox_method_status CHECK (CASE status
      WHEN 'SUCCEEDED' THEN decline_code IS NULL
      WHEN 'DECLINED' THEN decline_code IS NOT NULL
      WHEN 'ACTION_REQUIRED' THEN decline_code IS NULL AND action_expires_at IS NOT NULL
      ELSE false END)
  )`,
  `CREATE TABLE sandbox_destination (
    id text NOT NULL,
    idempotency_key text NOT NULL,
    token text NOT NULL,
    owner text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    verified_at timestamptz,
    CONSTRAINT sandbox_destination_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_destination_key_once UNIQUE (idempotency_key)
  )`,
  `CREATE TABLE sandbox_payout (
    id text NOT NULL,
    idempotency_key text NOT NULL,
    destination_id text NOT NULL,
    amount_micros bigint NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    decline_code text,
    fails_at timestamptz,
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    CONSTRAINT sandbox_payout_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_payout_key_once UNIQUE (idempotency_key),
    CONSTRAINT sandbox_payout_destination_fkey FOREIGN KEY (destination_id) REFERENCES sandbox_destination (id),
    CONSTRAINT sandbox_payout_status CHECK (CASE status
      WHEN 'SUCCEEDED' THEN paid_at IS NOT NULL AND decline_code IS NULL
      WHEN 'DECLINED' THEN decline_code IS NOT NULL
      WHEN 'PENDING' THEN paid_at IS NULL AND decline_code IS NULL
      ELSE false END)
  )`,
  `CREATE TABLE sandbox_dispute (
    id text NOT NULL,
    charge_id text NOT NULL,
    amount_micros bigint NOT NULL,
    fee_micros bigint NOT NULL,
    status text NOT NULL,
    opens_at timestamptz NOT NULL,
    CONSTRAINT sandbox_dispute_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_dispute_charge_fkey FOREIGN KEY (charge_id) REFERENCES sandbox_charge (id),
    CONSTRAINT sandbox_dispute_status CHECK (status IN ('SCHEDULED', 'OPEN', 'WON', 'LOST'))
  )`,
  `CREATE TABLE sandbox_webhook (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    deliver_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT sandbox_webhook_pkey PRIMARY KEY (id)
  )`,
];
