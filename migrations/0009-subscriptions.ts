import { Migration } from '@mikro-orm/migrations';

/** Micro-subscriptions, their periods, what was charged for them, and the deltas that creators' figures are sums of. */
export class Migration0009Subscriptions extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE subscription (
        id uuid NOT NULL,
        person_id uuid NOT NULL,
        creator_id uuid NOT NULL,
        tier_id uuid,
        currency text NOT NULL,
        amount_micros bigint NOT NULL,
        interval text NOT NULL,
        status text NOT NULL,
        idempotency_key text NOT NULL,
        input_hash bytea NOT NULL,
        started_at timestamptz NOT NULL,
        plan_since timestamptz NOT NULL,
        anchor timestamptz NOT NULL,
        anchor_index integer NOT NULL,
        period_index integer NOT NULL,
        period_start timestamptz NOT NULL,
        period_end timestamptz NOT NULL,
        next_charge_at timestamptz,
        past_due_since timestamptz,
        failed_attempts integer NOT NULL DEFAULT 0,
        access_until timestamptz NOT NULL,
        paused_until timestamptz,
        pending_kind text,
        pending_tier_id uuid,
        pending_amount_micros bigint,
        pending_interval text,
        pending_paused_until timestamptz,
        pending_beneath text,
        ended_at timestamptz,
        charge_count integer NOT NULL DEFAULT 0,
        CONSTRAINT subscription_pkey PRIMARY KEY (id),
        CONSTRAINT subscription_key_once UNIQUE (person_id, idempotency_key),
        CONSTRAINT subscription_person_fkey FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT subscription_creator_fkey FOREIGN KEY (creator_id, currency) REFERENCES creator (id, currency),
        CONSTRAINT subscription_tier_fkey FOREIGN KEY (tier_id) REFERENCES tier (id),
        CONSTRAINT subscription_pending_tier_fkey FOREIGN KEY (pending_tier_id) REFERENCES tier (id),
        CONSTRAINT subscription_amount_positive CHECK (amount_micros > 0),
        CONSTRAINT subscription_interval CHECK (interval IN ('DAY', 'WEEK', 'MONTH', 'YEAR') AND pending_interval IN ('DAY', 'WEEK', 'MONTH', 'YEAR')),
        CONSTRAINT subscription_status CHECK (status IN ('ACTIVE', 'PAST_DUE', 'PAUSED', 'CANCELING', 'ENDED')),
        CONSTRAINT subscription_pending CHECK (pending_kind IN ('DOWNGRADE', 'PAUSE', 'CANCEL')
          AND pending_beneath IN ('DOWNGRADE', 'PAUSE') AND (pending_beneath IS NULL OR pending_kind IS NOT DISTINCT FROM 'CANCEL')
          AND (coalesce(pending_beneath, pending_kind) IS NOT DISTINCT FROM 'DOWNGRADE') = (pending_amount_micros IS NOT NULL AND pending_interval IS NOT NULL)),
        CONSTRAINT subscription_canceling CHECK ((status = 'CANCELING') = (pending_kind IS NOT DISTINCT FROM 'CANCEL')),
        CONSTRAINT subscription_period CHECK (period_index >= 1 AND period_start < period_end),
        CONSTRAINT subscription_past_due CHECK ((status = 'PAST_DUE') = (past_due_since IS NOT NULL)),
        CONSTRAINT subscription_ended CHECK ((status = 'ENDED') = (ended_at IS NOT NULL) AND (status <> 'ENDED' OR next_charge_at IS NULL))
      ) WITH (fillfactor = 80)`);
    this.addSql(`CALL keep_rows('subscription')`);
    this.addSql(`CREATE UNIQUE INDEX subscription_one_live ON subscription (person_id, creator_id) WHERE status <> 'ENDED'`);
    this.addSql(`CREATE INDEX subscription_of_creator ON subscription (creator_id, id)`);
    this.addSql(`CREATE INDEX subscription_of_creator_apart ON subscription (creator_id, status, id) WHERE status <> 'ACTIVE'`);
    this.addSql(`CREATE INDEX subscription_of_person ON subscription (person_id, id)`);
    this.addSql(`CREATE INDEX subscription_due ON subscription (next_charge_at, person_id) WHERE next_charge_at IS NOT NULL`);
    this.addSql(`
      CREATE TABLE charge (
        id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        kind text NOT NULL,
        period_index integer NOT NULL,
        currency text NOT NULL,
        amount_micros bigint NOT NULL,
        fee_bps integer NOT NULL,
        fee_micros bigint NOT NULL,
        net_micros bigint NOT NULL,
        status text NOT NULL,
        failure_reason text,
        created_at timestamptz NOT NULL,
        charged_at timestamptz,
        CONSTRAINT charge_pkey PRIMARY KEY (id),
        CONSTRAINT charge_subscription_fkey FOREIGN KEY (subscription_id) REFERENCES subscription (id),
        CONSTRAINT charge_kind CHECK (kind IN ('PERIOD', 'PRORATION')),
        CONSTRAINT charge_amount_positive CHECK (amount_micros > 0),
        CONSTRAINT charge_parts CHECK (fee_micros >= 0 AND net_micros > 0 AND fee_micros + net_micros = amount_micros),
        CONSTRAINT charge_status CHECK (status IN ('SUCCEEDED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED')),
        CONSTRAINT charge_charged CHECK ((status = 'FAILED') = (charged_at IS NULL))
      ) WITH (fillfactor = 95)`);
    this.addSql(`CREATE UNIQUE INDEX charge_period_once ON charge (subscription_id, period_index) WHERE kind = 'PERIOD'`);
    this.addSql(`CALL keep_rows('charge')`);
    this.addSql(`CREATE INDEX charge_of_subscription ON charge (subscription_id, id)`);
    this.addSql(`
      CREATE TABLE subscription_period (
        subscription_id uuid NOT NULL,
        index integer NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        state text NOT NULL,
        CONSTRAINT subscription_period_pkey PRIMARY KEY (subscription_id, index),
        CONSTRAINT subscription_period_subscription_fkey FOREIGN KEY (subscription_id) REFERENCES subscription (id),
        CONSTRAINT subscription_period_forward CHECK (starts_at < ends_at),
        CONSTRAINT subscription_period_state CHECK (state IN ('CHARGED', 'SKIPPED', 'PAUSED'))
      )`);
    this.addSql(`
      CREATE TABLE subscription_change (
        id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        person_id uuid NOT NULL,
        idempotency_key text NOT NULL,
        input_hash bytea NOT NULL,
        from_tier_id uuid,
        to_tier_id uuid,
        from_amount_micros bigint NOT NULL,
        to_amount_micros bigint NOT NULL,
        from_interval text NOT NULL,
        to_interval text NOT NULL,
        due_now_micros bigint NOT NULL,
        charge_id uuid,
        effective_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT subscription_change_pkey PRIMARY KEY (id),
        CONSTRAINT subscription_change_key_once UNIQUE (person_id, idempotency_key),
        CONSTRAINT subscription_change_subscription_fkey FOREIGN KEY (subscription_id) REFERENCES subscription (id),
        CONSTRAINT subscription_change_charge_fkey FOREIGN KEY (charge_id) REFERENCES charge (id),
        CONSTRAINT subscription_change_due CHECK (due_now_micros >= 0 AND (due_now_micros > 0) = (charge_id IS NOT NULL))
      )`);
    this.addSql(`CALL keep_rows('subscription_change')`);
    this.addSql(`CREATE INDEX subscription_change_of_subscription ON subscription_change (subscription_id, id)`);
    this.addSql(`
      CREATE TABLE membership_day (
        creator_id uuid NOT NULL,
        day date NOT NULL,
        started bigint NOT NULL DEFAULT 0,
        churned bigint NOT NULL DEFAULT 0,
        active_delta bigint NOT NULL DEFAULT 0,
        monthly_delta_micros bigint NOT NULL DEFAULT 0,
        CONSTRAINT membership_day_pkey PRIMARY KEY (creator_id, day),
        CONSTRAINT membership_day_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id)
      )`);
  }
}
