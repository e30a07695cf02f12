import { describe, expect, test } from '@jest/globals';
import { decodeId } from '../../src/api/room.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage, sent, tipInput, type HttpFan, type HttpPage } from './http.ts';
import { expectCleanTips, wish } from './support.ts';

const server = eachTestServer();

const page = 'edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount';
const ofCreator = `query ($handle: String!, $first: Int, $after: String) { creator(handle: $handle) { tips(first: $first, after: $after) { ${page} } } }`;
const ofViewer = `query ($handle: String, $first: Int, $after: String) { viewer { tips(first: $first, after: $after) { ${page} } } creators(search: $handle) { totalCount } }`;

interface Scene {
  readonly to: HttpPage;
  readonly fan: HttpFan;
  /** Sends so many tips, at once, to the page by the fan. */
  add(count: number): Promise<void>;
  answer(list: List, variables?: { first?: number | null; after?: string | null }): Promise<any>;
}

type List = 'Creator.tips' | 'Viewer.tips';
const lists: List[] = ['Creator.tips', 'Viewer.tips'];

async function scene(): Promise<Scene> {
  const { current } = server;
  const [to, fan] = [await newPage(current), await newFan(current)];
  const senders = [current, await server.another()].map(({ services }) => services.get(tipSenderService));
  return {
    to,
    fan,
    add: async (count) => {
      await Promise.all(Array.from({ length: count }, (_, index) => senders[index % 2]!.send(wish({ senderId: fan.personId, creatorId: to.uuid, amountMicros: 1n }))));
    },
    answer: (list, variables = {}) => current.graphql(list === 'Creator.tips' ? ofCreator : ofViewer, { handle: to.handle, ...variables }, fan.token),
  };
}

function connectionOf({ data, errors }: any): any {
  if (errors) throw new Error(JSON.stringify(errors));
  return data.creator?.tips ?? data.viewer.tips;
}

describe.each(lists)('%s', (list) => {
  test('is newest first, twenty to a page, and counts them all', async () => {
    const { to, fan, answer } = await scene();
    expect(connectionOf(await answer(list))).toEqual({
      edges: [], nodes: [], totalCount: 0, pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
    const ids: string[] = [];
    for (let n = 0; n < 22; n++) ids.unshift((await sent(server.current, fan.token, tipInput(to.id))).id);
    const first = connectionOf(await answer(list));
    expect(first.nodes.map((node: any) => node.id)).toEqual(ids.slice(0, 20));
    expect(first.edges.map((edge: any) => edge.node)).toEqual(first.nodes);
    expect([first.totalCount, first.pageInfo]).toEqual([22, {
      hasNextPage: true, hasPreviousPage: false, startCursor: first.edges[0].cursor, endCursor: first.edges[19].cursor,
    }]);
    const rest = connectionOf(await answer(list, { after: first.pageInfo.endCursor }));
    expect(rest.nodes.map((node: any) => node.id)).toEqual(ids.slice(20));
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(connectionOf(await answer(list, { first: null, after: null })).nodes).toEqual(first.nodes);
    await expectCleanTips(server.current.db);
  });

  test('shows what was there once, in order, while tips of two processes are added', async () => {
    const { to, fan, add, answer } = await scene();
    await add(60);
    const before = await server.current.db.query<{ id: string }>(
      list === 'Creator.tips'
        ? `SELECT subject_id AS id FROM stream_event WHERE creator_id = $1 AND topic = 'tips' ORDER BY sequence DESC`
        : 'SELECT id FROM tip WHERE sender_id = $1 ORDER BY id DESC',
      [list === 'Creator.tips' ? to.uuid : fan.personId],
    );
    const seen: string[] = [];
    const adding = { isOver: false };
    const added = (async () => {
      while (!adding.isOver) await add(6);
    })();
    for (let after: string | null = null, more = true; more; ) {
      const { nodes, pageInfo }: any = connectionOf(await answer(list, { first: 1 + (seen.length % 7), after }));
      seen.push(...nodes.map((node: any) => decodeId(node.id)!.uuid));
      [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
    }
    adding.isOver = true;
    await added;
    // The first page may have caught some that were new; behind it nothing is new.
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(-60)).toEqual(before.map((row) => row.id));
    const [row] = await server.current.db.query<{ count: bigint }>('SELECT count(*) AS count FROM tip');
    expect(connectionOf(await answer(list, { first: 1 })).totalCount).toBe(Number(row!.count));
    await expectCleanTips(server.current.db);
  });

  test('refuses pages of less than 1 or more than 100', async () => {
    const { answer } = await scene();
    for (const first of [0, -1, 101, 2_147_483_647]) {
      const { status, errors } = await answer(list, { first });
      expect(status).toBeLessThan(500);
      expect(errors).toEqual([expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining(`${first}`) })]);
    }
  });

  test('refuses every cursor that it never gave out', async () => {
    const { add, answer } = await scene();
    await add(2);
    const foreign = connectionOf(await answer(list === 'Creator.tips' ? 'Viewer.tips' : 'Creator.tips', { first: 1 })).pageInfo.endCursor;
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const name = list === 'Creator.tips' ? 'tips' : 'sent-tips';
    const cursors = [
      '', ' ', 'nonsense', '0', '\0', '\ud800', 'x'.repeat(10_000), foreign, encode([name]), encode([name, 'one', 'two']), encode([name, 1]), encode([name, null]),
      encode([name, '']), encode([name, '-1']), encode([name, '1.5']), encode([name, '9'.repeat(19)]), encode([name, '\0']), encode({ 0: name }), encode(null),
    ];
    for (const after of cursors) {
      const { status, errors } = await answer(list, { after });
      expect([after.slice(0, 40), status < 500, errors?.map((error: any) => error.extensions.code)]).toEqual([after.slice(0, 40), true, ['CURSOR_INVALID']]);
    }
    await expectCleanTips(server.current.db);
  });
});

test('a cursor at the end of a list, or beyond it, brings an empty page', async () => {
  const { add, answer } = await scene();
  await add(3);
  for (const list of lists) {
    const { endCursor } = connectionOf(await answer(list)).pageInfo;
    const end = connectionOf(await answer(list, { after: endCursor }));
    expect([end.nodes, end.totalCount, end.pageInfo]).toEqual([[], 3, { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null }]);
  }
  await expectCleanTips(server.current.db);
});

test('node and nodes find a tip again, and null for what is none', async () => {
  const { to, fan } = await scene();
  const { id } = await sent(server.current, fan.token, tipInput(to.id));
  const strange = ['tip_', `${id}0`, id.toUpperCase(), id.replace('tip_', 'cre_'), 'tip_01900000000070008000000000', '\0', '\ud800'];
  const { data, errors } = await server.current.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', { ids: [id, ...strange, id] });
  expect(errors).toBeUndefined();
  expect(data.nodes).toEqual([{ __typename: 'Tip', id }, ...strange.map(() => null), { __typename: 'Tip', id }]);
  await expectCleanTips(server.current.db);
});

test('tips of others are not among one\'s own, nor those to other pages among a page\'s', async () => {
  const [one, other] = [await scene(), await scene()];
  await Promise.all([one.add(2), other.add(3)]);
  for (const list of lists) {
    expect(connectionOf(await one.answer(list)).totalCount).toBe(2);
    expect(connectionOf(await other.answer(list)).nodes).toHaveLength(3);
  }
  await expectCleanTips(server.current.db);
});
