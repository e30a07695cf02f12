import { Migration } from '@mikro-orm/migrations';

/** The people of the platform, and in the schema `auth`, which better-auth reads and writes, how they sign in. */
export class Migration0004Identity extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE person (
        id uuid NOT NULL,
        display_name text NOT NULL,
        created_at timestamptz NOT NULL,
        frozen_at timestamptz,
        CONSTRAINT person_pkey PRIMARY KEY (id),
        CONSTRAINT person_display_name_length CHECK (char_length(display_name) BETWEEN 1 AND 80)
      )`);
    this.addSql(`CREATE SCHEMA auth`);
    this.addSql(`
      CREATE TABLE auth."user" (
        id uuid NOT NULL,
        name text NOT NULL,
        email text NOT NULL,
        "emailVerified" boolean NOT NULL,
        image text,
        "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
        "updatedAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
        CONSTRAINT user_pkey PRIMARY KEY (id),
        CONSTRAINT user_email_once UNIQUE (email),
        CONSTRAINT user_email_lower_case CHECK (email = lower(email)),
        CONSTRAINT user_email_length CHECK (char_length(email) <= 254)
      )`);
    this.addSql(`
      CREATE TABLE auth.session (
        id uuid NOT NULL,
        "expiresAt" timestamptz NOT NULL,
        token text NOT NULL,
        "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
        "updatedAt" timestamptz NOT NULL,
        "ipAddress" text,
        "userAgent" text,
        "userId" uuid NOT NULL,
        CONSTRAINT session_pkey PRIMARY KEY (id),
        CONSTRAINT session_token_once UNIQUE (token),
        CONSTRAINT session_user_fkey FOREIGN KEY ("userId") REFERENCES auth."user" (id) ON DELETE CASCADE
      )`);
    this.addSql(`CREATE INDEX "session_userId_idx" ON auth.session ("userId")`);
    this.addSql(`CREATE INDEX "session_expiresAt_idx" ON auth.session ("expiresAt")`);
    this.addSql(`
      CREATE TABLE auth.account (
        id uuid NOT NULL,
        "accountId" text NOT NULL,
        "providerId" text NOT NULL,
        "userId" uuid NOT NULL,
        "accessToken" text,
        "refreshToken" text,
        "idToken" text,
        "accessTokenExpiresAt" timestamptz,
        "refreshTokenExpiresAt" timestamptz,
        scope text,
        password text,
        "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
        "updatedAt" timestamptz NOT NULL,
        CONSTRAINT account_pkey PRIMARY KEY (id),
        CONSTRAINT account_user_fkey FOREIGN KEY ("userId") REFERENCES auth."user" (id) ON DELETE CASCADE
      )`);
    this.addSql(`CREATE INDEX "account_userId_idx" ON auth.account ("userId")`);
    this.addSql(`CREATE UNIQUE INDEX account_provider_once ON auth.account ("providerId", "accountId")`);
    this.addSql(`
      CREATE TABLE auth.verification (
        id text NOT NULL,
        identifier text NOT NULL,
        value text NOT NULL,
        "expiresAt" timestamptz NOT NULL,
        "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
        "updatedAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
        CONSTRAINT verification_pkey PRIMARY KEY (id)
      )`);
    this.addSql(`CREATE INDEX verification_identifier_idx ON auth.verification (identifier)`);
    this.addSql(`CREATE INDEX "verification_expiresAt_idx" ON auth.verification ("expiresAt")`);
    // The person is made by the statement that makes the account, so neither is ever there without the other.
    this.addSql(`
      CREATE FUNCTION auth.make_person() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO public.person (id, display_name, created_at) VALUES (NEW.id, NEW.name, NEW."createdAt");
        RETURN NULL;
      END $$`);
    this.addSql(`CREATE TRIGGER user_makes_person AFTER INSERT ON auth."user" FOR EACH ROW EXECUTE FUNCTION auth.make_person()`);
    this.addSql(`
      DO $$
      BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'farthing_app') THEN
          GRANT USAGE ON SCHEMA auth TO farthing_app;
          GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA auth TO farthing_app;
          ALTER DEFAULT PRIVILEGES IN SCHEMA auth GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO farthing_app;
        END IF;
      END $$`);
  }
}
