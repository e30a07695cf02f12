import { Migration } from '@mikro-orm/migrations';

/** Money that goes back to who paid it: because the payee, the payer, or the payer's bank wants so. */
export class Migration0013Refunds extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE refund (
        id uuid NOT NULL,
        tip_id uuid,
        top_up_id uuid,
        asked_by uuid NOT NULL,
        person_id uuid,
        idempotency_key text NOT NULL,
        input_hash bytea NOT NULL,
        currency text NOT NULL,
        amount_micros bigint NOT NULL,
        fee_returned_micros bigint NOT NULL,
        withheld_micros bigint NOT NULL,
        to_disputes_micros bigint NOT NULL,
        provider text,
        provider_key text,
        provider_charge_id text,
        provider_refund_id text,
        status text NOT NULL,
        reason text,
        failure_code text,
        failure_reason text,
        failure_retryable boolean,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CONSTRAINT refund_pkey PRIMARY KEY (id),
        CONSTRAINT refund_tip_fkey FOREIGN KEY (tip_id) REFERENCES tip (id),
        CONSTRAINT refund_top_up_fkey FOREIGN KEY (top_up_id) REFERENCES top_up (id),
        CONSTRAINT refund_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES person (id),
        CONSTRAINT refund_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT refund_provider_key_once UNIQUE (provider, provider_key),
        CONSTRAINT refund_provider_refund_once UNIQUE (provider, provider_refund_id),
        CONSTRAINT refund_of_one_payment CHECK (num_nonnulls(tip_id, top_up_id) = 1),
        CONSTRAINT refund_currency CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT refund_amount CHECK (amount_micros > 0 AND fee_returned_micros BETWEEN 0 AND amount_micros),
        -- What the platform bore of a top-up's charge stays with it.
        CONSTRAINT refund_withheld CHECK (withheld_micros >= 0 AND (withheld_micros = 0 OR top_up_id IS NOT NULL)),
        CONSTRAINT refund_to_disputes CHECK (to_disputes_micros >= 0 AND (to_disputes_micros = 0 OR status = 'FAILED')
          AND to_disputes_micros <= CASE WHEN tip_id IS NULL THEN amount_micros + withheld_micros ELSE fee_returned_micros END),
        CONSTRAINT refund_provider CHECK (num_nonnulls(provider, provider_key, provider_charge_id) IN (0, 3)),
        -- What goes back to a wallet is there at once; only tips are paid from one.
        CONSTRAINT refund_to_wallet CHECK (provider IS NOT NULL OR (tip_id IS NOT NULL AND person_id IS NOT NULL AND status = 'SUCCEEDED')),
        CONSTRAINT refund_status CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
        CONSTRAINT refund_settled CHECK ((status = 'PENDING') = (settled_at IS NULL)),
        CONSTRAINT refund_sent CHECK (provider IS NULL OR status <> 'SUCCEEDED' OR provider_refund_id IS NOT NULL),
        CONSTRAINT refund_failure CHECK (num_nonnulls(failure_code, failure_reason, failure_retryable) = CASE status WHEN 'FAILED' THEN 3 ELSE 0 END),
        CONSTRAINT refund_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 255)
      )`);
    this.addSql(`CALL keep_rows('refund')`);
    this.addSql(`CREATE UNIQUE INDEX refund_of_tip_key_once ON refund (asked_by, idempotency_key) WHERE tip_id IS NOT NULL`);
    this.addSql(`CREATE UNIQUE INDEX refund_of_top_up_key_once ON refund (asked_by, idempotency_key) WHERE top_up_id IS NOT NULL`);
    this.addSql(`CREATE INDEX refund_of_tip ON refund (tip_id, id) WHERE tip_id IS NOT NULL`);
    this.addSql(`CREATE INDEX refund_of_top_up ON refund (top_up_id, id) WHERE top_up_id IS NOT NULL`);
    this.addSql(`CREATE INDEX refund_pending ON refund (created_at) WHERE status = 'PENDING'`);
    this.addSql(`
      CREATE TABLE dispute (
        id uuid NOT NULL,
        provider text NOT NULL,
        provider_dispute_id text NOT NULL,
        tip_id uuid,
        top_up_id uuid,
        person_id uuid,
        currency text NOT NULL,
        amount_micros bigint NOT NULL,
        provider_fee_micros bigint NOT NULL,
        fee_returned_micros bigint NOT NULL,
        loss_micros bigint NOT NULL,
        from_refunds_micros bigint NOT NULL,
        totals_micros bigint NOT NULL,
        froze_account boolean NOT NULL,
        reason text NOT NULL,
        status text NOT NULL,
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        CONSTRAINT dispute_pkey PRIMARY KEY (id),
        CONSTRAINT dispute_provider_dispute_once UNIQUE (provider, provider_dispute_id),
        CONSTRAINT dispute_tip_fkey FOREIGN KEY (tip_id) REFERENCES tip (id),
        CONSTRAINT dispute_top_up_fkey FOREIGN KEY (top_up_id) REFERENCES top_up (id),
        CONSTRAINT dispute_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT dispute_of_one_payment CHECK (num_nonnulls(tip_id, top_up_id) = 1),
        CONSTRAINT dispute_currency CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT dispute_amount_positive CHECK (amount_micros > 0),
        CONSTRAINT dispute_parts CHECK (provider_fee_micros >= 0 AND totals_micros >= 0 AND fee_returned_micros >= 0 AND loss_micros >= 0
          AND fee_returned_micros + loss_micros <= amount_micros),
        -- Of a refund that failed afterwards a tip's dispute takes over the fee; of a top-up, its money makes good the loss.
        CONSTRAINT dispute_from_refunds CHECK (from_refunds_micros >= 0
          AND CASE WHEN tip_id IS NULL THEN from_refunds_micros <= loss_micros ELSE fee_returned_micros + from_refunds_micros <= amount_micros END),
        -- A creator bears what is not covered as debt, the platform bears it for a wallet.
        CONSTRAINT dispute_borne CHECK (CASE WHEN tip_id IS NULL THEN fee_returned_micros = 0 AND totals_micros = 0 AND person_id IS NOT NULL
          ELSE loss_micros = 0 AND NOT froze_account END),
        CONSTRAINT dispute_status CHECK (status IN ('OPEN', 'WON', 'LOST')),
        CONSTRAINT dispute_closed CHECK ((status = 'OPEN') = (closed_at IS NULL))
      )`);
    this.addSql(`CALL keep_rows('dispute')`);
    this.addSql(`CREATE INDEX dispute_of_tip ON dispute (tip_id) WHERE tip_id IS NOT NULL`);
    this.addSql(`CREATE INDEX dispute_of_top_up ON dispute (top_up_id) WHERE top_up_id IS NOT NULL`);
    this.addSql(`CREATE INDEX dispute_of_person ON dispute (person_id) WHERE top_up_id IS NOT NULL`);
  }
}
