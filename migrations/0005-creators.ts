import { Migration } from '@mikro-orm/migrations';

/** Creator pages, tiers, goals, and the rollups that tips move. */
export class Migration0005Creators extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE creator (
        id uuid NOT NULL,
        owner_id uuid NOT NULL,
        handle text NOT NULL,
        display_name text NOT NULL,
        bio text,
        avatar_url text,
        links text[] NOT NULL,
        currency text NOT NULL,
        tip_preset_micros bigint[] NOT NULL,
        tip_minimum_micros bigint NOT NULL,
        tip_maximum_micros bigint NOT NULL,
        max_message_length integer NOT NULL,
        hold_tips_for_approval boolean NOT NULL,
        search_words text[] NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT creator_pkey PRIMARY KEY (id),
        CONSTRAINT creator_with_currency UNIQUE (id, currency),
        CONSTRAINT creator_owner_once UNIQUE (owner_id),
        CONSTRAINT creator_owner_fkey FOREIGN KEY (owner_id) REFERENCES person (id),
        CONSTRAINT creator_handle_form CHECK (handle ~ '^[A-Za-z0-9_]{3,30}$'),
        CONSTRAINT creator_currency CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT creator_tip_range CHECK (0 < tip_minimum_micros AND tip_minimum_micros <= tip_maximum_micros),
        CONSTRAINT creator_tip_presets CHECK (cardinality(tip_preset_micros) <= 6
          AND tip_minimum_micros <= ALL (tip_preset_micros) AND tip_maximum_micros >= ALL (tip_preset_micros)),
        CONSTRAINT creator_message_length CHECK (max_message_length BETWEEN 0 AND 1000)
      )`);
    this.addSql(`CREATE UNIQUE INDEX creator_handle_once ON creator (lower(handle))`);
    // The words are folded by the application: extensions that strip accents are not everywhere, and lower() follows the server's locale.
    // Without a list of pending words a search never reads the whole table, and pages are made rarely.
    this.addSql(`CREATE INDEX creator_search ON creator USING gin (array_to_tsvector(search_words)) WITH (fastupdate = off)`);
    this.addSql(`
      CREATE TABLE tier (
        id uuid NOT NULL,
        creator_id uuid NOT NULL,
        currency text NOT NULL,
        name text NOT NULL,
        description text,
        price_micros bigint NOT NULL,
        interval text NOT NULL,
        benefits text[] NOT NULL,
        capacity integer,
        taken integer NOT NULL DEFAULT 0,
        archived_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT tier_pkey PRIMARY KEY (id),
        CONSTRAINT tier_creator_fkey FOREIGN KEY (creator_id, currency) REFERENCES creator (id, currency),
        CONSTRAINT tier_price_positive CHECK (price_micros > 0),
        CONSTRAINT tier_interval CHECK (interval IN ('DAY', 'WEEK', 'MONTH', 'YEAR')),
        CONSTRAINT tier_capacity_positive CHECK (capacity > 0),
        CONSTRAINT tier_taken_counts CHECK (taken >= 0 AND (capacity IS NULL OR taken <= capacity))
      )`);
    this.addSql(`CREATE INDEX tier_of_creator ON tier (creator_id, id) WHERE archived_at IS NULL`);
    this.addSql(`
      CREATE TABLE goal (
        id uuid NOT NULL,
        creator_id uuid NOT NULL,
        currency text NOT NULL,
        title text NOT NULL,
        target_micros bigint NOT NULL,
        raised_micros bigint NOT NULL DEFAULT 0,
        reached_at timestamptz,
        reached_by uuid,
        archived_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT goal_pkey PRIMARY KEY (id),
        CONSTRAINT goal_creator_fkey FOREIGN KEY (creator_id, currency) REFERENCES creator (id, currency),
        CONSTRAINT goal_target_positive CHECK (target_micros > 0),
        CONSTRAINT goal_raised_counts CHECK (raised_micros >= 0),
        CONSTRAINT goal_reached_once_raised CHECK (raised_micros < target_micros OR reached_at IS NOT NULL)
      )`);
    this.addSql(`CREATE INDEX goal_of_creator ON goal (creator_id, id) WHERE archived_at IS NULL`);
    this.addSql(`CREATE INDEX goal_reached_by ON goal (reached_by) WHERE reached_by IS NOT NULL`);
    this.addSql(`
      CREATE TABLE supporter (
        creator_id uuid NOT NULL,
        tipper_id uuid NOT NULL,
        display_name text NOT NULL,
        CONSTRAINT supporter_pkey PRIMARY KEY (creator_id, tipper_id),
        CONSTRAINT supporter_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id)
      )`);
    // Weeks and years are sums of days and months, so that a tip moves three rows and not five.
    this.addSql(`
      CREATE TABLE supporter_total (
        creator_id uuid NOT NULL,
        period text NOT NULL,
        starts_on date NOT NULL,
        tipper_id uuid NOT NULL,
        total_micros bigint NOT NULL,
        CONSTRAINT supporter_total_pkey PRIMARY KEY (creator_id, period, starts_on, tipper_id),
        CONSTRAINT supporter_total_supporter_fkey FOREIGN KEY (creator_id, tipper_id) REFERENCES supporter (creator_id, tipper_id),
        CONSTRAINT supporter_total_period CHECK (period IN ('DAY', 'MONTH', 'ALL_TIME'))
      )`);
    this.addSql(`CREATE INDEX supporter_total_top ON supporter_total (creator_id, period, starts_on, total_micros DESC, tipper_id)`);
    this.addSql(`
      CREATE TABLE creator_day (
        creator_id uuid NOT NULL,
        day date NOT NULL,
        tips_total_micros bigint NOT NULL,
        tip_count bigint NOT NULL,
        CONSTRAINT creator_day_pkey PRIMARY KEY (creator_id, day),
        CONSTRAINT creator_day_creator_fkey FOREIGN KEY (creator_id) REFERENCES creator (id)
      )`);
    // Not CHECKs: those judge the row that an INSERT … ON CONFLICT proposes, and a refund proposes a negative one to add.
    this.addSql(`
      CREATE FUNCTION refuse_negative_total() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'a total of % would fall below zero: %', TG_TABLE_NAME, to_jsonb(NEW) USING ERRCODE = 'check_violation';
      END $$`);
    this.addSql(`
      CREATE TRIGGER supporter_total_not_negative AFTER INSERT OR UPDATE ON supporter_total
      FOR EACH ROW WHEN (NEW.total_micros < 0) EXECUTE FUNCTION refuse_negative_total()`);
    this.addSql(`
      CREATE TRIGGER creator_day_not_negative AFTER INSERT OR UPDATE ON creator_day
      FOR EACH ROW WHEN (NEW.tips_total_micros < 0 OR NEW.tip_count < 0) EXECUTE FUNCTION refuse_negative_total()`);
  }
}
