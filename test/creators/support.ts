import { graphql, type GraphQLSchema } from 'graphql';
import pg from 'pg';
import { buildSchema } from 'type-graphql';
import { apiRoom, createContext, nodeTypesService, type NodeType } from '../../src/api/room.ts';
import { creatorsRoom } from '../../src/creators/room.ts';
import { clockService, databaseService, newId, Services, type Clock, type Database } from '../../src/database/room.ts';
import { identityRoom } from '../../src/identity/room.ts';
import { expectCleanBooks } from '../support/books.ts';

const rooms = [apiRoom, identityRoom, creatorsRoom];

/** The schema of this room and those below it, once a process as everywhere. */
export const schema: GraphQLSchema = await buildSchema({
  resolvers: rooms.flatMap((room) => room.resolvers ?? []) as [Function, ...Function[]],
  orphanedTypes: rooms.flatMap((room) => room.orphanedTypes ?? []),
  validate: false,
});

const nodeTypes = new Map(rooms.flatMap((room) => room.nodes ?? []).map((type) => [type.prefix, type as unknown as NodeType]));

export interface Answer {
  /** Whatever the operation selects: tests look into it. */
  readonly data: any;
  readonly codes: string[];
  readonly errors: readonly { readonly message: string }[];
}

/** The API over one database, as one server process has it, without HTTP. */
export class Api {
  readonly services: Services;
  readonly #db: Database;

  constructor(db: Database, clock?: Clock) {
    this.#db = db;
    this.services = new Services().provide(databaseService, db).provide(nodeTypesService, nodeTypes);
    if (clock) this.services.provide(clockService, clock);
  }

  async person(name = 'Ada'): Promise<string> {
    const id = newId();
    await this.#db.query('INSERT INTO person (id, display_name, created_at) VALUES ($1, $2, now())', [id, name]);
    return id;
  }

  context(personId: string | null) {
    const viewer = personId === null ? null : { personId, email: 'someone@example.com', sessionId: 'session' };
    return createContext({ services: this.services, viewer, requestId: 'test', remoteAddress: '127.0.0.1' });
  }

  async run(personId: string | null, source: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    const { data, errors = [] } = await graphql({ schema, source, variableValues: variables, contextValue: this.context(personId) });
    return { data: JSON.parse(JSON.stringify(data ?? null)), codes: errors.map((error) => String(error.extensions.code)), errors };
  }

  /** Runs one mutation with one input and answers its payload. Fails on top-level errors. */
  async mutate(personId: string | null, name: string, input: object, selection: string): Promise<any> {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    const source = `mutation M($input: ${type}!) { ${name}(input: $input) { ${selection} errors { __typename code message path } } }`;
    const { data, errors } = await this.run(personId, source, { input });
    if (errors.length > 0) throw errors[0];
    return data[name];
  }

  /** A page of its own for a new person. */
  async page(handle: string, given: { displayName?: string; currency?: string } = {}): Promise<{ personId: string; id: string; uuid: string }> {
    const personId = await this.person();
    const input = { handle, displayName: handle, currency: 'USD', ...given };
    const { creator, errors } = await this.mutate(personId, 'createCreator', input, 'creator { id }');
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    const [row] = await this.#db.query<{ id: string }>('SELECT id FROM creator WHERE owner_id = $1', [personId]);
    return { personId, id: creator.id, uuid: row!.id };
  }
}

export async function expectClean(db: Database): Promise<void> {
  await expectCleanBooks(db, creatorsRoom.invariants);
}

/** The texts of all statements that this process sends while `work` runs, in order. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function counted(this: pg.Client, ...given: any[]) {
    const text: string = typeof given[0] === 'string' ? given[0] : given[0].text;
    // What a new connection of the pool starts with is nobody's statement.
    if (!text.startsWith('SET ')) texts.push(text);
    return (query as any).apply(this, given);
  } as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return texts;
}
