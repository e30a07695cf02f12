import { Migration } from '@mikro-orm/migrations';

/**
 * The application's role, which may not change what is append-only, and the counters every room keeps.
 * Where the migrating login may not create roles, row triggers are the only guard; `farthing check` says which holds.
 */
export class Migration0001Ground extends Migration {
  override up(): void {
    this.addSql(`
      DO $$
      BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'farthing_app') THEN
          CREATE ROLE farthing_app NOLOGIN;
        END IF;
        IF NOT pg_has_role(current_user, 'farthing_app', 'MEMBER') THEN
          EXECUTE format('GRANT farthing_app TO %I', current_user);
        END IF;
      EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        RAISE NOTICE 'The role farthing_app could not be made by %: append-only tables are guarded by triggers alone.', current_user;
      END $$`);
    this.addSql(`
      DO $$
      BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'farthing_app') THEN
          GRANT USAGE ON SCHEMA public TO farthing_app;
          -- The migrator made this table before the privileges below held; a server reads it to know whether it is ready.
          GRANT SELECT ON migration TO farthing_app;
          ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO farthing_app;
          ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO farthing_app;
        END IF;
      END $$`);
    this.addSql(`
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% on % is refused: its rows are written once and never changed', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
      END $$`);
    this.addSql(`
      CREATE PROCEDURE make_append_only(name text) LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', name || '_append_only', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name || '_no_truncate', name);
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'farthing_app') THEN
          EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM farthing_app', name);
        END IF;
      END $$`);
    this.addSql(`
      CREATE PROCEDURE keep_rows(name text) LANGUAGE plpgsql AS $$
      BEGIN
        -- Rows that hold idempotency keys change their state, and never go: a key that is forgotten pays twice.
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'farthing_app') THEN
          EXECUTE format('REVOKE DELETE, TRUNCATE ON %I FROM farthing_app', name);
        END IF;
      END $$`);
    this.addSql(`
      CREATE TABLE counter (
        owner_id uuid NOT NULL,
        name text NOT NULL,
        value bigint NOT NULL,
        CONSTRAINT counter_pkey PRIMARY KEY (owner_id, name),
        CONSTRAINT counter_not_negative CHECK (value >= 0)
      )`);
  }
}
