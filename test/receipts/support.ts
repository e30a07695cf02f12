import type { TestServer } from '../support/server.ts';
import { invariants } from '../../src/app.ts';
import type { Database } from '../../src/database/room.ts';
import { expectCleanBooks } from '../support/books.ts';

/** Opens a signed link at the server that gave it out. */
export async function open(server: TestServer, link: string): Promise<Response> {
  return fetch(`${server.url}${link.replace(/^https?:\/\/[^/]+/, '')}`);
}

export async function bytesOf(server: TestServer, link: string): Promise<Buffer> {
  const response = await open(server, link);
  if (response.status !== 200) throw new Error(`${link} was answered with ${response.status}: ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

/** The answer's data. Throws for an answer with errors. */
export async function ask(server: TestServer, operation: string, variables: Record<string, unknown>, token?: string): Promise<any> {
  const { data, errors } = await server.graphql(operation, variables, token);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

export function expectCleanReceipts(db: Database): Promise<void> {
  return expectCleanBooks(db, invariants);
}
