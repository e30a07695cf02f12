import { defineEntity, type InferEntity } from '@mikro-orm/core';
import DataLoader from 'dataloader';
import { cached, type RequestContext } from '../api/room.ts';
import type { Sql } from '../database/room.ts';

/** Somebody with an account. A trigger makes the row together with the account in the schema `auth`, under the same id. */
export const PersonEntity = defineEntity({
  name: 'Person',
  tableName: 'person',
  properties: (p) => ({
    id: p.uuid().primary(),
    displayName: p.text(),
    createdAt: p.datetime().columnType('timestamptz'),
    /** Set while a dispute keeps the account from moving money. */
    frozenAt: p.datetime().columnType('timestamptz').strictNullable(),
  }),
});

export type Person = InferEntity<typeof PersonEntity>;

function personLoader(context: RequestContext): DataLoader<string, Person | null> {
  return cached(context, 'identity.person', () =>
    new DataLoader<string, Person | null>(async (ids) => {
      // Refreshed, since a mutation before this read may have changed a row that the request knows already.
      const people = await context.em.find(PersonEntity, { id: { $in: [...ids] } }, { refresh: true });
      const byId = new Map(people.map((person) => [person.id, person]));
      return ids.map((id) => byId.get(id) ?? null);
    }),
  );
}

/** Reads a person, together with all that the request asks for at the same time. */
export function loadPerson(context: RequestContext, id: string): Promise<Person | null> {
  return personLoader(context).load(id);
}

/** Makes the request read a person again. */
export function forgetPerson(context: RequestContext, id: string): void {
  personLoader(context).clear(id);
}

/** The person whose account has that e-mail address, in whatever case; null when none has. */
export async function findPersonByEmail(sql: Sql, email: string): Promise<string | null> {
  const [found] = await sql.query<{ id: string }>('SELECT id FROM auth."user" WHERE email = $1', [email.trim().toLowerCase()]);
  return found?.id ?? null;
}
