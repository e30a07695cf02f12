import { Migration } from '@mikro-orm/migrations';

/** Event streams: one counter row a (creator, topic), and events numbered by it without a gap. */
export class Migration0003Events extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE stream (
        creator_id uuid NOT NULL,
        topic text NOT NULL,
        head bigint NOT NULL DEFAULT 0,
        CONSTRAINT stream_pkey PRIMARY KEY (creator_id, topic),
        CONSTRAINT stream_topic CHECK (topic IN ('tips', 'members', 'alerts')),
        CONSTRAINT stream_head_counts CHECK (head >= 0)
      )`);
    this.addSql(`
      CREATE TABLE stream_event (
        creator_id uuid NOT NULL,
        topic text NOT NULL,
        sequence bigint NOT NULL,
        kind text NOT NULL,
        subject_id uuid NOT NULL,
        data jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL,
        CONSTRAINT stream_event_pkey PRIMARY KEY (creator_id, topic, sequence),
        CONSTRAINT stream_event_stream_fkey FOREIGN KEY (creator_id, topic) REFERENCES stream (creator_id, topic),
        CONSTRAINT stream_event_sequence_counts CHECK (sequence > 0)
      )`);
    this.addSql(`CALL make_append_only('stream_event')`);
  }
}
