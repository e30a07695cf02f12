import { Migration } from '@mikro-orm/migrations';

/** Top-ups. */
export class Migration0006Wallets extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE top_up (
        id uuid NOT NULL,
        person_id uuid NOT NULL,
        idempotency_key text NOT NULL,
        input_hash bytea NOT NULL,
        currency text NOT NULL,
        amount_micros bigint NOT NULL,
        charged_micros bigint NOT NULL,
        processor_fee_micros bigint NOT NULL,
        provider text NOT NULL,
        payment_method text NOT NULL,
        provider_key text NOT NULL,
        provider_charge_id text,
        status text NOT NULL,
        failure_code text,
        failure_reason text,
        failure_retryable boolean,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CONSTRAINT top_up_pkey PRIMARY KEY (id),
        CONSTRAINT top_up_key_once UNIQUE (person_id, idempotency_key),
        CONSTRAINT top_up_provider_key_once UNIQUE (provider, provider_key),
        CONSTRAINT top_up_provider_charge_once UNIQUE (provider, provider_charge_id),
        CONSTRAINT top_up_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT top_up_currency CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT top_up_amount_positive CHECK (amount_micros > 0),
        CONSTRAINT top_up_parts CHECK (charged_micros >= amount_micros AND processor_fee_micros = charged_micros - amount_micros),
        CONSTRAINT top_up_status CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
        CONSTRAINT top_up_settled CHECK ((status = 'PENDING') = (settled_at IS NULL)),
        CONSTRAINT top_up_charged CHECK ((status = 'SUCCEEDED') = (provider_charge_id IS NOT NULL)),
        CONSTRAINT top_up_failure CHECK (num_nonnulls(failure_code, failure_reason, failure_retryable) = CASE status WHEN 'FAILED' THEN 3 ELSE 0 END),
        CONSTRAINT top_up_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 255)
      )`);
    this.addSql(`CALL keep_rows('top_up')`);
    this.addSql(`CREATE INDEX top_up_of_person ON top_up (person_id, id)`);
    this.addSql(`CREATE INDEX top_up_pending ON top_up (created_at) WHERE status = 'PENDING'`);
  }
}
