import { expect } from '@jest/globals';
import type { Client, FormattedExecutionResult } from 'graphql-ws';
import { decodeIdOf } from '../../../src/api/room.ts';
import { CREATOR_PREFIX } from '../../../src/creators/room.ts';
import { tipSenderService } from '../../../src/tips/room.ts';
import type { TestPerson, TestServer } from '../../support/server.ts';
import { makeFan } from '../../support/world.ts';
import { connect, tip, watch, type ConnectOptions, type Watch } from '../support.ts';

export const overlayEvents = `subscription ($after: String, $widget: OverlayWidget! = ALERTS) {
  overlayEvents(after: $after, widget: $widget) {
    cursor sequence
    payload {
      __typename
      ... on OverlayState { queueState buildId settings { speech } goals { id title raised { amount } } topTippers { displayName total { amount } } }
      ... on Alert { id kind state headline message amount { amount } variant durationMs isTest attempt lease tip { id displayName message } }
      ... on AlertCommand { alertId action }
      ... on Goal { id title raised { amount } }
    }
  }
}`;

export interface SeenOverlayEvent {
  readonly cursor: string;
  readonly sequence: string;
  readonly payload: any;
}

export interface Page extends TestPerson {
  readonly creatorId: string;
  readonly creatorUuid: string;
}

let pages = 0;

/** An account that runs a page. */
export async function makePage(server: TestServer): Promise<Page> {
  const person = await server.signUp({ name: 'Owner' });
  const { data } = await server.graphql(
    'mutation ($handle: String!) { createCreator(input: { handle: $handle, displayName: "A page", currency: "USD" }) { creator { id } errors { message } } }',
    { handle: `overlays_${process.pid}_${++pages}` },
    person.token,
  );
  expect(data.createCreator.errors).toEqual([]);
  const creatorId = data.createCreator.creator.id as string;
  return { ...person, creatorId, creatorUuid: decodeIdOf(CREATOR_PREFIX, creatorId)! };
}

export interface MadeOverlay {
  readonly id: string;
  readonly token: string;
  readonly url: string;
}

export async function makeOverlay(server: TestServer, page: Page, name = 'Main scene'): Promise<MadeOverlay> {
  const { data } = await server.graphql('mutation ($name: String!) { createOverlay(input: { name: $name }) { overlay { id name } url errors { message } } }', { name }, page.token);
  expect(data.createOverlay.errors).toEqual([]);
  const { overlay, url } = data.createOverlay;
  return { id: overlay.id, url, token: tokenOf(url) };
}

/** The secret in an overlay's URL. */
export function tokenOf(url: string): string {
  return new URLSearchParams(new URL(url).hash.slice(1)).get('t')!;
}

export function overlayClient(server: TestServer, overlayToken: string, options: ConnectOptions = {}): Client {
  return connect(server, { ...options, overlayToken });
}

export function watchOverlay(client: Client, variables: { readonly after?: string; readonly widget?: string } = {}): Watch<SeenOverlayEvent> {
  return watch<SeenOverlayEvent>(client, overlayEvents, { ...variables });
}

/** Runs one query or mutation over a client's socket. */
export function ask<Data = any>(client: Client, query: string, variables?: Record<string, unknown>): Promise<FormattedExecutionResult<Data>> {
  return new Promise((resolve, reject) => {
    let answer: FormattedExecutionResult<Data>;
    client.subscribe<Data>({ query, variables }, { next: (result) => (answer = result as FormattedExecutionResult<Data>), error: reject, complete: () => resolve(answer) });
  });
}

export const reportAlert = 'mutation ($input: ReportAlertInput!) { reportAlert(input: $input) { alert { id state attempt lease } errors { code message } } }';
export const reportOverlay = 'mutation ($visible: Boolean!) { reportOverlay(input: { visible: $visible }) { queue { state } errors { code } } }';

/** Tips a page from a fan of its own, and answers once the tip is durable. */
export async function sendTip(server: TestServer, page: Page, given: { readonly displayName?: string; readonly message?: string; readonly isAnonymous?: boolean; readonly amountMicros?: bigint } = {}): Promise<string> {
  const senderId = await makeFan(server.db, 1_000_000_000n);
  await tip(server.services.get(tipSenderService), { senderId, creatorId: page.creatorUuid, amountMicros: 5_000_000n, ...given });
  return senderId;
}

export function alertsOf(watched: Watch<SeenOverlayEvent>): any[] {
  return watched.seen.map(({ payload }) => payload).filter(({ __typename }) => __typename === 'Alert');
}

/** An overlay's page without pixels: it shows each alert at once and reports it shown. */
export function showAll(client: Client): { readonly watched: Watch<SeenOverlayEvent>; readonly accepted: string[] } {
  const accepted: string[] = [];
  const watched = watchOverlay(client);
  const reported = new Set<string>();
  const push = watched.seen.push.bind(watched.seen);
  watched.seen.push = (...events) => {
    for (const { payload } of events) {
      if (payload.__typename !== 'Alert' || reported.has(payload.lease)) continue;
      reported.add(payload.lease);
      void ask(client, reportAlert, { input: { alertId: payload.id, lease: payload.lease, state: 'SHOWN' } }).then(({ data }) => {
        if (data?.reportAlert.alert?.state === 'SHOWN') accepted.push(payload.id);
      }, () => {});
    }
    return push(...events);
  };
  return { watched, accepted };
}
