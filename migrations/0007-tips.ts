import { Migration } from '@mikro-orm/migrations';

/** Tips. A tip's place in its creator's stream is in `stream_event`; its money is in `posting` and `entry`. */
export class Migration0007Tips extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE tip (
        id uuid NOT NULL,
        creator_id uuid NOT NULL,
        sender_id uuid,
        scope_id uuid NOT NULL,
        idempotency_key text NOT NULL,
        input_hash bytea NOT NULL,
        currency text NOT NULL,
        amount_micros bigint NOT NULL,
        fee_bps integer NOT NULL,
        fee_micros bigint NOT NULL,
        processor_fee_micros bigint NOT NULL DEFAULT 0,
        net_micros bigint NOT NULL,
        display_name text NOT NULL,
        message text,
        message_state text NOT NULL,
        is_anonymous boolean NOT NULL,
        funding text NOT NULL,
        status text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT tip_pkey PRIMARY KEY (id),
        CONSTRAINT tip_key_once UNIQUE (scope_id, idempotency_key),
        CONSTRAINT tip_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id),
        CONSTRAINT tip_sender_fkey FOREIGN KEY (sender_id) REFERENCES person (id),
        CONSTRAINT tip_amount_positive CHECK (amount_micros > 0),
        CONSTRAINT tip_parts CHECK (fee_micros >= 0 AND processor_fee_micros >= 0 AND net_micros > 0
          AND fee_micros + processor_fee_micros + net_micros = amount_micros),
        CONSTRAINT tip_message_state CHECK (message_state IN ('VISIBLE', 'HELD', 'DENIED')),
        CONSTRAINT tip_funding CHECK (funding IN ('WALLET', 'CARD')),
        CONSTRAINT tip_status CHECK (status IN ('PENDING', 'ACTION_REQUIRED', 'SUCCEEDED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'DISPUTED')),
        CONSTRAINT tip_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 255)
      )`);
    this.addSql(`CALL keep_rows('tip')`);
    this.addSql(`CREATE INDEX tip_of_sender ON tip (sender_id, id)`);
  }
}
