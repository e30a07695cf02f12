import { describe, expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage, send, sent, tipFields, tipInput } from './http.ts';
import { expectCleanTips } from './support.ts';

const server = eachTestServer();

/** Who looks: a fan who tipped, the page's owner, its moderator, another account, another page's owner, and nobody in particular. */
async function scene() {
  const { current } = server;
  const [page, otherPage] = [await newPage(current), await newPage(current)];
  const fan = await newFan(current, { name: 'Ada' });
  const moderator = await newFan(current);
  await current.db.query('INSERT INTO moderator (creator_id, person_id, created_at) VALUES ($1, $2, now())', [page.uuid, moderator.personId]);
  const viewers = { sender: fan.token, owner: page.token, moderator: moderator.token, stranger: (await newFan(current)).token, otherOwner: otherPage.token, nobody: undefined };
  return { current, page, fan, viewers };
}

type Viewers = Awaited<ReturnType<typeof scene>>['viewers'];

const everywhere = `
  query ($id: ID!, $handle: String!) {
    node(id: $id) { ... on Tip { ${tipFields} } }
    nodes(ids: [$id]) { ... on Tip { ${tipFields} } }
    creator(handle: $handle) { tips { nodes { ${tipFields} } edges { node { ${tipFields} } } } }
    viewer { wallets { entries { nodes { cause { ... on Tip { ${tipFields} } } } } } tips { nodes { ${tipFields} } } }
  }`;

/** The same tip in every place where a viewer comes across it. */
async function seenBy(viewers: Viewers, viewer: keyof Viewers, tipId: string, handle: string): Promise<any[]> {
  const { data, errors } = await server.current.graphql(everywhere, { id: tipId, handle }, viewers[viewer]);
  expect(errors).toBeUndefined();
  const entries = (data.viewer?.wallets ?? []).flatMap((wallet: any) => wallet.entries.nodes.map((entry: any) => entry.cause));
  const { tips } = data.creator;
  const found = [data.node, ...data.nodes, ...tips.nodes, ...tips.edges.map((edge: any) => edge.node), ...entries, ...(data.viewer?.tips.nodes ?? [])];
  return found.filter((tip) => tip?.id === tipId);
}

describe('a tip', () => {
  test('shows its fee and what it brought to the page\'s owner alone, and null without an error to all others', async () => {
    const { current, page, fan, viewers } = await scene();
    const tip = await sent(current, fan.token, tipInput(page.id, { amount: { amount: '1', currency: 'USD' } }));
    const places = { sender: 6, owner: 4, moderator: 4, stranger: 4, otherOwner: 4, nobody: 4 };
    for (const viewer of Object.keys(viewers) as (keyof Viewers)[]) {
      const found = await seenBy(viewers, viewer, tip.id, page.handle);
      expect([viewer, found.length]).toEqual([viewer, places[viewer]]);
      const figures = viewer === 'owner' ? { fee: { amount: '0.05' }, processorFee: { amount: '0.00' }, net: { amount: '0.95' } } : { fee: null, processorFee: null, net: null };
      for (const one of found) expect(one).toEqual({ ...tip, ...figures });
    }
    await expectCleanTips(current.db);
  });

  test('that is anonymous bears the sender\'s name for the sender alone, and counts for no supporter', async () => {
    const { current, page, fan, viewers } = await scene();
    const tip = await sent(current, fan.token, tipInput(page.id, { isAnonymous: true, displayName: 'Grace' }));
    expect([tip.isAnonymous, tip.displayName]).toEqual([true, 'Grace']);
    for (const viewer of Object.keys(viewers) as (keyof Viewers)[]) {
      const names = (await seenBy(viewers, viewer, tip.id, page.handle)).map((one) => [one.isAnonymous, one.displayName]);
      expect(new Set(names.map(String))).toEqual(new Set([viewer === 'sender' ? 'true,Grace' : 'true,Anonymous']));
    }
    const { data } = await current.graphql('query ($handle: String!) { creator(handle: $handle) { topTippers { displayName } } }', { handle: page.handle });
    expect(data.creator.topTippers).toEqual([]);
    await expectCleanTips(current.db);
  });

  test('without a name bears the account\'s, as it was then', async () => {
    const { current, page, fan } = await scene();
    const tip = await sent(current, fan.token, tipInput(page.id));
    await current.graphql('mutation { updateViewer(input: { displayName: "Later" }) { errors { code } } }', {}, fan.token);
    const { data } = await current.graphql('query ($id: ID!) { node(id: $id) { ... on Tip { displayName } } }', { id: tip.id });
    expect([tip.displayName, data.node.displayName]).toEqual(['Ada', 'Ada']);
    await expectCleanTips(current.db);
  });
});

describe('a message that is held for approval', () => {
  test.each(['HELD', 'DENIED'])('is %s, and in every place the sender\'s, the owner\'s and the moderator\'s alone', async (state) => {
    const { current, page, fan, viewers } = await scene();
    await current.graphql('mutation { updateCreator(input: { holdTipsForApproval: true }) { errors { code } } }', {}, page.token);
    const tip = await sent(current, fan.token, tipInput(page.id, { message: 'A secret' }));
    expect(tip.message).toBe('A secret');
    if (state === 'DENIED') await current.db.query(`UPDATE tip SET message_state = 'DENIED'`);
    for (const viewer of Object.keys(viewers) as (keyof Viewers)[]) {
      const messages = (await seenBy(viewers, viewer, tip.id, page.handle)).map((one) => one.message);
      expect(messages.length).toBeGreaterThanOrEqual(4);
      expect([viewer, ...new Set(messages)]).toEqual([viewer, ['sender', 'owner', 'moderator'].includes(viewer) ? 'A secret' : null]);
    }
    const entries = 'query { viewer { creator { dashboard { entries { nodes { cause { ... on Tip { message } } } } } } } }';
    const { data } = await current.graphql(entries, {}, page.token);
    expect(data.viewer.creator.dashboard.entries.nodes).toEqual([{ cause: { message: 'A secret' } }]);
    await expectCleanTips(current.db);
  });

  test('is told to nobody through the answer of another\'s mutation', async () => {
    const { current, page, fan } = await scene();
    await current.graphql('mutation { updateCreator(input: { holdTipsForApproval: true }) { errors { code } } }', {}, page.token);
    await sent(current, fan.token, tipInput(page.id, { message: 'A secret' }));
    const other = await newFan(current);
    const { data } = await current.graphql(
      'mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { message creator { tips { nodes { message } } } } } }',
      { input: tipInput(page.id, { message: 'Mine' }) },
      other.token,
    );
    expect(data.sendTip.tip).toEqual({ message: 'Mine', creator: { tips: { nodes: [{ message: 'Mine' }, { message: null }] } } });
    await expectCleanTips(current.db);
  });

  test('is held by what the page says when the tip is sent: no message, no change of the setting, holds or frees it', async () => {
    const { current, page, fan } = await scene();
    const before = await sent(current, fan.token, tipInput(page.id, { message: 'Early' }));
    await current.graphql('mutation { updateCreator(input: { holdTipsForApproval: true }) { errors { code } } }', {}, page.token);
    const during = await sent(current, fan.token, tipInput(page.id, { message: 'Late' }));
    await current.graphql('mutation { updateCreator(input: { holdTipsForApproval: null }) { errors { code } } }', {}, page.token);
    const { data } = await current.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Tip { message } } }', { ids: [before.id, during.id] });
    expect(data.nodes).toEqual([{ message: 'Early' }, { message: null }]);
    await expectCleanTips(current.db);
  });
});

describe('statements', () => {
  test('of the fan and of the page show the tip with the balance it left, and lead to it', async () => {
    const { current, page, fan } = await scene();
    const [first, second] = [await sent(current, fan.token, tipInput(page.id)), await sent(current, fan.token, tipInput(page.id, { amount: { amount: '1', currency: 'USD' } }))];
    const line = 'kind description amount { amount } balanceAfter { amount } cause { __typename id }';
    const ofFan = await current.graphql(`{ viewer { wallets { balance { amount } entries(first: 2) { nodes { ${line} } } } } }`, {}, fan.token);
    const row = (description: string, amount: string, balance: string, tip: any) =>
      ({ kind: 'TIP', description, amount: { amount }, balanceAfter: { amount: balance }, cause: { __typename: 'Tip', id: tip.id } });
    expect(ofFan.data.viewer.wallets).toEqual([{
      balance: { amount: '98.95' },
      entries: { nodes: [row('Tip sent', '-1.00', '98.95', second), row('Tip sent', '-0.05', '99.95', first)] },
    }]);
    const ofPage = await current.graphql(`{ viewer { creator { dashboard { balance { held { amount } available { amount } } entries { nodes { ${line} } } } } } }`, {}, page.token);
    expect(ofPage.data.viewer.creator.dashboard).toEqual({
      balance: { held: { amount: '0.9975' }, available: { amount: '0.00' } },
      entries: { nodes: [row('Tip received', '0.95', '0.9975', second), row('Tip received', '0.0475', '0.0475', first)] },
    });
    await expectCleanTips(current.db);
  });

  test('do not move for a tip that was refused', async () => {
    const { current, page, fan } = await scene();
    const { errors } = await send(current, fan.token, tipInput(page.id, { amount: { amount: '100.01', currency: 'USD' } }));
    expect(errors).toEqual([expect.objectContaining({ balance: { amount: '100.00' }, shortfall: { amount: '0.01' } })]);
    const { data } = await current.graphql('{ viewer { wallets { entries { nodes { kind } } } tips { totalCount nodes { id } } } }', {}, fan.token);
    expect(data.viewer).toEqual({ wallets: [{ entries: { nodes: [{ kind: 'ADJUSTMENT' }] } }], tips: { totalCount: 0, nodes: [] } });
    await expectCleanTips(current.db);
  });
});
