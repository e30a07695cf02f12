import { Migration } from '@mikro-orm/migrations';

/** The people of the platform. How they sign in lives in the schema `auth`. */
export class Migration0004Identity extends Migration {
  override up(): void {
    this.addSql(`
      CREATE TABLE person (
        id uuid NOT NULL,
        display_name text NOT NULL,
        created_at timestamptz NOT NULL,
        frozen_at timestamptz,
        CONSTRAINT person_pkey PRIMARY KEY (id)
      )`);
  }
}
