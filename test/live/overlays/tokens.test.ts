import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { decodeIdOf } from '../../../src/api/room.ts';
import { forgetDeadConnections } from '../../../src/live/overlays/connection-rows.ts';
import { eachTestServer, type TestServer } from '../../support/server.ts';
import { expectCleanTips } from '../../tips/support.ts';
import { cut, disconnectAll, until } from '../support.ts';
import { ask, makeOverlay, makePage, overlayClient, reportOverlay, tokenOf, watchOverlay, type MadeOverlay, type Page } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer();

async function scene() {
  const page = await makePage(server.current);
  return { page, overlay: await makeOverlay(server.current, page) };
}

const dashboard = '{ viewer { creator { dashboard { overlays { id name connections lastSeenAt createdAt } } } } }';

async function overlaysSeen({ token }: Page): Promise<any[]> {
  const { data } = await server.current.graphql(dashboard, {}, token);
  return data.viewer.creator.dashboard.overlays;
}

function change(mutation: 'rotateOverlayToken' | 'deleteOverlay', overlayId: string, token?: string) {
  return server.current.graphql(`mutation ($id: ID!) { ${mutation}(input: { overlayId: $id }) { overlay { id name connections } url errors { code message path } } }`, { id: overlayId }, token);
}

/** Connects, and tells how the socket ends. */
async function connected(on: TestServer, { token }: MadeOverlay) {
  const codes: number[] = [];
  const acks: unknown[] = [];
  const client = overlayClient(on, token, { onClose: (code) => codes.push(code), onAck: (payload) => acks.push(payload) });
  const watched = watchOverlay(client);
  await until(() => watched.seen.length > 0);
  return { client, codes, acks, watched };
}

async function codeFor(overlayToken: unknown): Promise<number | undefined> {
  const codes: number[] = [];
  const watched = watchOverlay(overlayClient(server.current, overlayToken as string, { onClose: (code) => codes.push(code) }));
  await until(() => codes.length > 0);
  watched.stop();
  return codes[0];
}

describe('an overlay\'s token', () => {
  test('is in the fragment of the URL that is answered once, and stored as a hash alone', async () => {
    const { page, overlay } = await scene();
    expect(overlay.url).toMatch(new RegExp(`^${server.current.config.publicUrl}/overlay#t=[\\w-]{43}&w=alerts$`));
    expect(await overlaysSeen(page)).toEqual([{ id: overlay.id, name: 'Main scene', connections: 0, lastSeenAt: null, createdAt: expect.any(String) }]);
    const rows = await server.current.db.query<{ text: string }>('SELECT overlay::text AS text FROM overlay');
    expect(rows).toHaveLength(1);
    const bytes = Buffer.from(overlay.token, 'base64url').toString('hex');
    expect(rows[0]!.text).not.toContain(overlay.token);
    expect(rows[0]!.text).not.toContain(bytes);
    await expectCleanTips(server.current.db);
  });

  test('opens a socket that counts as a connection until it is closed, and its last moment is kept', async () => {
    const { page, overlay } = await scene();
    const { client, acks } = await connected(server.current, overlay);
    expect(acks).toEqual([{ buildId: expect.any(String) }]);
    const second = await connected(server.current, overlay);
    const [seen] = await readUntil(() => overlaysSeen(page), ([one]) => one.connections === 2);
    expect(Date.now() - Date.parse(seen.lastSeenAt)).toBeLessThan(10_000);
    await client.dispose();
    cut(second.client);
    await second.client.dispose();
    const [gone] = await readUntil(() => overlaysSeen(page), ([one]) => one.connections === 0);
    expect(Date.parse(gone.lastSeenAt)).toBeGreaterThanOrEqual(Date.parse(seen.lastSeenAt));
    expect(await server.current.db.query('SELECT id FROM overlay_connection')).toEqual([]);
  });

  test('opens sources that say what they show, and whether they are visible', async () => {
    const { page, overlay } = await scene();
    const sources = async () => {
      const { data } = await server.current.graphql('{ viewer { creator { dashboard { overlays { connections sources { widget isVisible } } } } } }', {}, page.token);
      const [{ connections, sources }] = data.viewer.creator.dashboard.overlays;
      expect(sources).toHaveLength(connections);
      return sources.map(({ widget, isVisible }: any) => `${widget} ${isVisible}`).sort().join();
    };
    expect(await sources()).toBe('');
    const alerts = await connected(server.current, overlay);
    watchOverlay(overlayClient(await server.another(), overlay.token), { widget: 'GOAL' });
    await readUntil(sources, (seen) => seen === 'ALERTS true,GOAL true');
    await ask(alerts.client, reportOverlay, { visible: false });
    await readUntil(sources, (seen) => seen === 'ALERTS false,GOAL true');
    await alerts.client.dispose();
    await readUntil(sources, (seen) => seen === 'GOAL true');
  });

  test.each([
    ['is none', 'no token'],
    ['is of nobody', 'A'.repeat(43)],
    ['is not even text', 12],
  ])('that %s closes the socket with 4401', async (_, token) => {
    await scene();
    expect(await codeFor(token)).toBe(4401);
  });

  test('that was replaced closes the sockets that it opened within five seconds, in this process and in others, and opens none', async () => {
    const { page, overlay } = await scene();
    const other = await server.another();
    const sockets = await Promise.all([connected(server.current, overlay), connected(other, overlay), connected(other, overlay)]);
    const startedAt = Date.now();
    const { data } = await change('rotateOverlayToken', overlay.id, page.token);
    expect(data.rotateOverlayToken).toEqual({ overlay: { id: overlay.id, name: 'Main scene', connections: 0 }, url: expect.any(String), errors: [] });
    await until(() => sockets.every(({ codes }) => codes.length > 0), 5_000);
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    expect(sockets.map(({ codes }) => codes)).toEqual([[4401], [4401], [4401]]);
    expect(sockets.map(({ watched }) => watched.failure?.code)).toEqual([4401, 4401, 4401]);
    expect(await codeFor(overlay.token)).toBe(4401);
    const token = tokenOf(data.rotateOverlayToken.url);
    expect(token).not.toBe(overlay.token);
    const anew = await connected(server.current, { ...overlay, token });
    await wait(2_500);
    expect(anew.codes).toEqual([]);
    expect(await overlaysSeen(page)).toMatchObject([{ connections: 1 }]);
  });

  test('of a deleted overlay closes its sockets within five seconds, and other overlays stay', async () => {
    const { page, overlay } = await scene();
    const kept = await makeOverlay(server.current, page, 'Another scene');
    const other = await server.another();
    const [doomed, stays] = await Promise.all([connected(other, overlay), connected(other, kept)]);
    const { data } = await change('deleteOverlay', overlay.id, page.token);
    expect(data.deleteOverlay).toEqual({ overlay: { id: overlay.id, name: 'Main scene', connections: 0 }, url: null, errors: [] });
    await until(() => doomed!.codes.length > 0, 5_000);
    expect(doomed!.codes).toEqual([4401]);
    expect(stays!.codes).toEqual([]);
    expect((await overlaysSeen(page)).map(({ name }) => name)).toEqual(['Another scene']);
    expect(await codeFor(overlay.token)).toBe(4401);
  });

  test('that was replaced moves nothing any more, also before its socket is closed', async () => {
    const { overlay } = await scene();
    const other = await server.another();
    const { client, codes } = await connected(other, overlay);
    // As another process does it: this one has not heard of it.
    await server.current.db.query('UPDATE overlay SET token_hash = sha256(token_hash) WHERE id = $1', [decodeIdOf('ovl', overlay.id)]);
    await expect(ask(client, reportOverlay, { visible: false })).rejects.toBeDefined();
    await until(() => codes.length > 0);
    expect(codes).toEqual([4401]);
  });
});

/** Reads until what was read is as it should be, and answers that. */
async function readUntil<T>(read: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 10_000; ; await wait(20)) {
    const value = await read();
    if (isSo(value)) return value;
    if (Date.now() > deadline) throw new Error(`It stayed ${JSON.stringify(value)}.`);
  }
}

describe('overlays', () => {
  test('are their page\'s owner\'s alone: to others they are not there', async () => {
    const { page, overlay } = await scene();
    const stranger = await makePage(server.current);
    const fan = await server.current.signUp();
    for (const mutation of ['rotateOverlayToken', 'deleteOverlay'] as const) {
      const { data } = await change(mutation, overlay.id, stranger.token);
      expect(data[mutation]).toMatchObject({ overlay: null, url: null, errors: [{ code: 'NOT_FOUND', path: ['input', 'overlayId'] }] });
      expect((await change(mutation, overlay.id, fan.token)).data[mutation].errors[0].code).toBe('NOT_FOUND');
      expect((await change(mutation, overlay.id)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    }
    const node = '($id: ID!) { node(id: $id) { ... on Overlay { name } } }';
    const read = async (token?: string) => (await server.current.graphql(`query ${node}`, { id: overlay.id }, token)).data.node;
    expect([await read(page.token), await read(stranger.token), await read()]).toEqual([{ name: 'Main scene' }, null, null]);
    await expectCleanTips(server.current.db);
  });

  test('have names, and there are at most twenty on a page, also when they are made at once', async () => {
    const page = await makePage(server.current);
    const create = async (name: string) => (await server.current.graphql('mutation ($name: String!) { createOverlay(input: { name: $name }) { overlay { id } errors { code path } } }', { name }, page.token)).data.createOverlay;
    for (const name of ['', ' ', 'x'.repeat(81), 'two\nlines']) {
      expect(await create(name)).toEqual({ overlay: null, errors: [{ code: 'INVALID_INPUT', path: ['input', 'name'] }] });
    }
    const made = await Promise.all(Array.from({ length: 22 }, (_, index) => create(`Scene ${index}`)));
    expect(made.filter(({ overlay }) => overlay !== null)).toHaveLength(20);
    expect(made.filter(({ overlay }) => overlay === null).map(({ errors }) => errors[0].code)).toEqual(['INVALID_STATE', 'INVALID_STATE']);
    expect(await overlaysSeen(page)).toHaveLength(20);
  });

  test('of a process that ended without a word stop counting, and their rows go', async () => {
    const { page, overlay } = await scene();
    const overlayUuid = decodeIdOf('ovl', overlay.id);
    const insert = (seconds: number) => server.current.db.query(
      `INSERT INTO overlay_connection (id, overlay_id, widget, is_visible, seen_at) VALUES (gen_random_uuid(), $1, 'ALERTS', true, now() - make_interval(secs => $2))`,
      [overlayUuid, seconds],
    );
    await insert(3);
    await insert(8);
    await insert(20);
    const [before] = await overlaysSeen(page);
    expect(before.connections).toBe(1);
    await forgetDeadConnections.run(server.current.services, new AbortController().signal);
    expect(await server.current.db.query('SELECT id FROM overlay_connection')).toHaveLength(2);
    await server.current.db.query('DELETE FROM overlay_connection');
    const [after] = await overlaysSeen(page);
    expect(after.connections).toBe(0);
    expect(Date.now() - Date.parse(after.lastSeenAt)).toBeGreaterThan(15_000);
  });

  test('come back by themselves to the list when their rows were lost while their process could not speak', async () => {
    const { page, overlay } = await scene();
    const { codes } = await connected(server.current, overlay);
    await readUntil(() => server.current.db.query(`SELECT id FROM overlay_connection WHERE widget = 'ALERTS'`), (rows) => rows.length === 1);
    await server.current.db.query('DELETE FROM overlay_connection');
    expect(await overlaysSeen(page)).toMatchObject([{ connections: 0 }]);
    await readUntil(() => overlaysSeen(page), ([one]) => one.connections === 1);
    expect(codes).toEqual([]);
  });

  test('leave no rows behind when their server stops', async () => {
    const { overlay } = await scene();
    const other = await server.another();
    await connected(other, overlay);
    await readUntil(() => server.current.db.query('SELECT id FROM overlay_connection'), (rows) => rows.length === 1);
    await other.close();
    expect(await server.current.db.query('SELECT id FROM overlay_connection')).toEqual([]);
  });
});
