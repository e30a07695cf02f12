import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import type { Page } from 'playwright-core';
import { invariants } from '../src/app.ts';
import { signUp } from '../src/identity/room.ts';
import { expectCleanBooks } from '../test/support/books.ts';
import { startChildServer, type ChildServer } from '../test/support/child-server.ts';
import { openTestDatabase, type TestDatabase } from '../test/support/database.ts';
import { fundWallet, servicesOn } from '../test/support/world.ts';
import { closePages } from './chromium.ts';

const secret = 'a secret of the tests, long enough';
export const password = 'correct horse battery';
/** What the tests' alerts show for, unless they say otherwise: long enough to be looked at. */
export const durationMs = 1_500;

export interface ShownAlert {
  readonly id: string;
  readonly state: string;
  readonly headline: string;
  readonly message: string | null;
  readonly attempt: number;
}

export interface Queue {
  readonly state: string;
  readonly showing: ShownAlert | null;
  readonly pending: readonly ShownAlert[];
  readonly recent: readonly ShownAlert[];
}

/** A server process with one creator, her overlay, and a fan with money. */
export interface Scene {
  readonly server: ChildServer;
  readonly database: TestDatabase;
  readonly creatorId: string;
  readonly ownerToken: string;
  readonly overlayId: string;
  /** The fragment of the overlay's address, without its #: `t=…`. */
  readonly secret: string;
  /** Runs an operation. Fails when the server refuses. */
  ask<Data = any>(token: string, query: string, variables?: object): Promise<Data>;
  /** Runs a mutation with an input as the owner, and answers its payload. Fails when it refuses. */
  order<Payload = any>(mutation: string, selection: string, input: object, inputType?: string): Promise<Payload>;
  /** One more account. */
  account(name: string, email: string): Promise<{ readonly email: string; readonly token: string }>;
  /** Sends a tip, and answers its id. `key` makes it the same tip when it is sent again. */
  tip(given?: { readonly amount?: string; readonly message?: string; readonly displayName?: string; readonly key?: string }): Promise<string>;
  queue(): Promise<Queue>;
  /** Opens a widget in a page. */
  show(page: Page, parts?: Readonly<Record<string, string>>): Promise<void>;
}

const scenes: Scene[] = [];
afterEach(async () => {
  await closePages();
  for (const { server, database } of scenes.splice(0)) {
    await server.close();
    try {
      await expectCleanBooks(database.db, invariants);
    } finally {
      await database.drop();
    }
  }
});

const queueFields = 'state showing { ...a } pending { ...a } recent(first: 100) { ...a }';
const alertFields = 'fragment a on Alert { id state headline message attempt }';

/** Opens a scene, closed with the test, on a database that is dropped with it. */
export async function openScene(environment: Record<string, string> = {}, database?: TestDatabase): Promise<Scene> {
  return setScene(environment, database ?? (await openTestDatabase()));
}

async function setScene(environment: Record<string, string>, database: TestDatabase): Promise<Scene> {
  const services = servicesOn(database, { environment: { AUTH_SECRET: secret } });
  const server = await startChildServer({ databaseUrl: database.url, environment: { AUTH_SECRET: secret, ...environment } });
  const [owner, fan] = await Promise.all(
    ['Nova', 'Ada'].map((name) => signUp(services, { email: `${name.toLowerCase()}@example.com`, password, name })),
  );
  await fundWallet(database.db, fan!.personId, 1_000_000_000n);

  const ask: Scene['ask'] = async (token, query, variables = {}) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = (await response.json()) as { data: any; errors?: { message: string }[] };
    if (errors) throw new Error(`The server refused: ${errors[0]!.message}`);
    return data;
  };
  const order: Scene['order'] = async (mutation, selection, input, inputType = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`) => {
    const data = await ask(owner!.token, `mutation ($input: ${inputType}!) { ${mutation}(input: $input) { ${selection} errors { code message } } }`, { input });
    if (data[mutation].errors.length > 0) throw new Error(`${mutation} was refused: ${JSON.stringify(data[mutation].errors)}`);
    return data[mutation];
  };
  const { creator } = await order('createCreator', 'creator { id }', { handle: 'nova', displayName: 'Nova', currency: 'USD' });
  const { overlay, url } = await order('createOverlay', 'overlay { id } url', { name: 'Main scene' });
  const variants = [{ name: 'default', from: { amount: '0.01', currency: 'USD' }, headline: '{name} tipped {amount}', durationMs }];
  await order('updateAlertSettings', 'settings { speech }', { minimum: { amount: '0.01', currency: 'USD' }, variants });

  const scene: Scene = {
    server, database, creatorId: creator.id, ownerToken: owner!.token, overlayId: overlay.id, secret: new URL(url).hash.slice(1).split('&')[0]!, ask, order,
    account: async (name, email) => ({ email, token: (await signUp(services, { email, password, name })).token }),
    tip: async ({ amount = '5.00', message, displayName = 'Ada', key = randomUUID() } = {}) => {
      const input = { creatorId: creator.id, amount: { amount, currency: 'USD' }, message, displayName, idempotencyKey: key };
      const { sendTip } = await ask(fan!.token, 'mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { id } errors { code message } } }', { input });
      if (!sendTip.tip) throw new Error(`The tip was refused: ${JSON.stringify(sendTip.errors)}`);
      return sendTip.tip.id;
    },
    queue: async () => (await ask(owner!.token, `{ creator(handle: "nova") { alertQueue { ${queueFields} } } } ${alertFields}`)).creator.alertQueue,
    show: async (page, parts = {}) => {
      const fragment = new URLSearchParams({ w: 'alerts', ...parts });
      await page.goto(`${server.url}/overlay#${scene.secret}&${fragment}`);
    },
  };
  scenes.push(scene);
  return scene;
}

/** Waits until something is so, and fails with how it is if it never is. */
export async function until<Value>(read: () => Promise<Value> | Value, isSo: (value: Value) => boolean, withinMs = 90_000): Promise<Value> {
  for (const deadline = Date.now() + withinMs; ; await delay(50)) {
    const value = await read();
    if (isSo(value)) return value;
    if (Date.now() > deadline) throw new Error(`It never came to that within ${withinMs} ms; at the end it was ${JSON.stringify(value)}`);
  }
}
