import { Migration } from '@mikro-orm/migrations';

/** Alerts on stream: who moderates, how alerts look, each creator's queue, and the overlays that show it. */
export class Migration0010Alerts extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE moderator (
        creator_id uuid NOT NULL,
        person_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT moderator_pkey PRIMARY KEY (creator_id, person_id),
        CONSTRAINT moderator_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id),
        CONSTRAINT moderator_person_fkey FOREIGN KEY (person_id) REFERENCES person (id)
      )`);
    this.addSql(`CREATE INDEX moderator_of_person ON moderator (person_id, created_at)`);
    // What is null follows the page's own tip minimum, whatever that becomes.
    this.addSql(`
      CREATE TABLE alert_settings (
        creator_id uuid NOT NULL,
        kinds text[] NOT NULL,
        minimum_micros bigint,
        variants jsonb,
        blocked_words text[] NOT NULL,
        hide_amounts_from_moderators boolean NOT NULL,
        max_age_seconds integer NOT NULL,
        speech boolean NOT NULL,
        CONSTRAINT alert_settings_pkey PRIMARY KEY (creator_id),
        CONSTRAINT alert_settings_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id),
        CONSTRAINT alert_settings_kinds CHECK (kinds <@ ARRAY['TIP', 'SUBSCRIPTION_STARTED', 'SUBSCRIPTION_RENEWED', 'GOAL_REACHED', 'DIGEST']),
        CONSTRAINT alert_settings_minimum_positive CHECK (minimum_micros > 0),
        CONSTRAINT alert_settings_variants CHECK (jsonb_array_length(variants) BETWEEN 1 AND 20),
        CONSTRAINT alert_settings_blocked_words CHECK (cardinality(blocked_words) <= 500),
        CONSTRAINT alert_settings_max_age CHECK (max_age_seconds BETWEEN 1 AND 604800)
      )`);
    // Every decision about a creator's alerts is made under the lock of this row.
    this.addSql(`
      CREATE TABLE alert_queue (
        creator_id uuid NOT NULL,
        state text NOT NULL,
        tips_projected bigint NOT NULL,
        members_projected bigint NOT NULL,
        last_position bigint NOT NULL,
        CONSTRAINT alert_queue_pkey PRIMARY KEY (creator_id),
        CONSTRAINT alert_queue_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id),
        CONSTRAINT alert_queue_state CHECK (state IN ('PLAYING', 'PAUSED')),
        CONSTRAINT alert_queue_projected CHECK (tips_projected >= 0 AND members_projected >= 0 AND last_position >= 0)
      ) WITH (fillfactor = 70)`);
    this.addSql(`
      CREATE TABLE alert (
        id uuid NOT NULL,
        creator_id uuid NOT NULL,
        topic text,
        sequence bigint,
        kind text NOT NULL,
        goal_id uuid,
        tip_id uuid,
        subscription_id uuid,
        replay_of uuid,
        is_test boolean NOT NULL,
        message text,
        digest_count integer,
        position bigint NOT NULL,
        state text NOT NULL,
        variant text NOT NULL,
        duration_ms integer NOT NULL,
        currency text,
        amount_micros bigint,
        attempt integer NOT NULL,
        lease uuid,
        lease_until timestamptz,
        created_at timestamptz NOT NULL,
        waiting_since timestamptz NOT NULL,
        shown_at timestamptz,
        ended_at timestamptz,
        CONSTRAINT alert_pkey PRIMARY KEY (id),
        CONSTRAINT alert_queue_fkey FOREIGN KEY (creator_id) REFERENCES alert_queue (creator_id),
        CONSTRAINT alert_goal_fkey FOREIGN KEY (goal_id) REFERENCES goal (id),
        CONSTRAINT alert_tip_fkey FOREIGN KEY (tip_id) REFERENCES tip (id),
        CONSTRAINT alert_subscription_fkey FOREIGN KEY (subscription_id) REFERENCES subscription (id),
        CONSTRAINT alert_replay_fkey FOREIGN KEY (replay_of) REFERENCES alert (id),
        CONSTRAINT alert_kind CHECK (kind IN ('TIP', 'SUBSCRIPTION_STARTED', 'SUBSCRIPTION_RENEWED', 'GOAL_REACHED', 'DIGEST')),
        CONSTRAINT alert_state CHECK (state IN ('HELD', 'QUEUED', 'SHOWING', 'SHOWN', 'SKIPPED', 'DENIED')),
        CONSTRAINT alert_projected CHECK (num_nulls(topic, sequence) IN (0, 2) AND topic IN ('tips', 'members') AND sequence > 0),
        CONSTRAINT alert_cause CHECK (is_test OR CASE kind
          WHEN 'TIP' THEN tip_id IS NOT NULL
          WHEN 'GOAL_REACHED' THEN goal_id IS NOT NULL
          WHEN 'DIGEST' THEN digest_count > 0
          ELSE subscription_id IS NOT NULL END),
        CONSTRAINT alert_message_of_tests CHECK (message IS NULL OR is_test),
        CONSTRAINT alert_amount CHECK (num_nulls(currency, amount_micros) IN (0, 2) AND amount_micros > 0),
        CONSTRAINT alert_duration CHECK (duration_ms BETWEEN 1000 AND 30000),
        CONSTRAINT alert_attempt CHECK (attempt > 0),
        CONSTRAINT alert_lease CHECK ((lease IS NOT NULL) = (state IN ('SHOWING', 'SHOWN')) AND (lease_until IS NOT NULL) = (state = 'SHOWING')),
        CONSTRAINT alert_ended CHECK ((ended_at IS NOT NULL) = (state IN ('SHOWN', 'SKIPPED', 'DENIED')) AND (state <> 'SHOWN' OR shown_at IS NOT NULL))
      ) WITH (fillfactor = 70)`);
    this.addSql(`CALL keep_rows('alert')`);
    this.addSql(`CREATE UNIQUE INDEX alert_projected_once ON alert (creator_id, topic, sequence, kind, goal_id) NULLS NOT DISTINCT WHERE sequence IS NOT NULL`);
    this.addSql(`CREATE UNIQUE INDEX alert_one_showing ON alert (creator_id) WHERE state = 'SHOWING'`);
    this.addSql(`CREATE INDEX alert_of_tip ON alert (tip_id) WHERE tip_id IS NOT NULL`);
    this.addSql(`CREATE INDEX alert_lease_ends ON alert (lease_until) WHERE state = 'SHOWING'`);
    this.addSql(`CREATE INDEX alert_queued ON alert (creator_id, is_test DESC, position, id) WHERE state = 'QUEUED'`);
    this.addSql(`CREATE INDEX alert_held ON alert (creator_id, is_test DESC, position, id) WHERE state = 'HELD'`);
    this.addSql(`CREATE INDEX alert_recent ON alert (creator_id, ended_at, id) WHERE ended_at IS NOT NULL`);
    this.addSql(`
      CREATE TABLE overlay (
        id uuid NOT NULL,
        creator_id uuid NOT NULL,
        name text NOT NULL,
        token_hash bytea NOT NULL,
        created_at timestamptz NOT NULL,
        last_seen_at timestamptz,
        CONSTRAINT overlay_pkey PRIMARY KEY (id),
        CONSTRAINT overlay_token_once UNIQUE (token_hash),
        CONSTRAINT overlay_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id),
        CONSTRAINT overlay_token_hash CHECK (length(token_hash) = 32)
      )`);
    this.addSql(`CREATE INDEX overlay_of_creator ON overlay (creator_id, id)`);
    // One row a socket. Its process says every few seconds that it is still there; what was not seen for a while is gone.
    this.addSql(`
      CREATE TABLE overlay_connection (
        id uuid NOT NULL,
        overlay_id uuid NOT NULL,
        widget text,
        is_visible boolean NOT NULL,
        seen_at timestamptz NOT NULL,
        CONSTRAINT overlay_connection_pkey PRIMARY KEY (id),
        CONSTRAINT overlay_connection_overlay_fkey FOREIGN KEY (overlay_id) REFERENCES overlay (id) ON DELETE CASCADE,
        CONSTRAINT overlay_connection_widget CHECK (widget IN ('ALERTS', 'GOAL', 'TOP_TIPPERS', 'EVENT_LIST'))
      ) WITH (fillfactor = 50)`);
    this.addSql(`CREATE INDEX overlay_connection_of_overlay ON overlay_connection (overlay_id)`);
  }
}
