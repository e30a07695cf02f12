import { afterEach, describe, expect, test } from '@jest/globals';
import { liveHubService } from '../../src/live/room.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { eachTestServer } from '../support/server.ts';
import { fundWallet, makeCreator } from '../support/world.ts';
import { expectCleanTips } from '../tips/support.ts';
import { connect, cursorAt, disconnectAll, settled, tip, until, watchTips } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer();

const plain = 'subscription ($creatorId: ID!, $after: String) { tipReceived(creatorId: $creatorId, after: $after) { cursor sequence tip { isAnonymous amount { amount } } } }';
const withName = 'subscription ($creatorId: ID!, $after: String) { tipReceived(creatorId: $creatorId, after: $after) { cursor sequence tip { displayName net { amount } } } }';
const withMessage = 'subscription ($creatorId: ID!, $after: String) { tipReceived(creatorId: $creatorId, after: $after) { cursor sequence tip { message } } }';
const withRole = 'subscription ($creatorId: ID!, $after: String) { tipReceived(creatorId: $creatorId, after: $after) { cursor sequence tip { displayName creator { viewerRole } } } }';

async function scene() {
  const { db, services } = server.current;
  const creator = await makeCreator(db);
  const fan = await server.current.signUp({ name: 'Fan' });
  await fundWallet(db, fan.personId, 1_000_000n);
  const hub = services.get(liveHubService);
  const send = (isAnonymous = false, message: string | null = null) =>
    tip(services.get(tipSenderService), { senderId: fan.personId, creatorId: creator.id, amountMicros: 10_000n, isAnonymous, message });
  return { db, services, creator, fan, hub, send };
}

describe('sockets that ask the same', () => {
  test('share one execution an event, two hundred of them', async () => {
    const { db, creator, hub, send } = await scene();
    const watched = Array.from({ length: 200 }, () => watchTips(connect(server.current), creator.id, null, plain));
    await settled(server.current, 200, 1);
    for (let n = 1; n <= 3; n++) {
      await send();
      await until(() => watched.every((one) => one.seen.length === n));
      expect(hub.status.executions).toBe(n);
    }
    for (const one of watched) expect(one.seen).toEqual(watched[0]?.seen);
    await expectCleanTips(db);
  });

  test('share it whatever cursor each started from', async () => {
    const { db, creator, hub, send } = await scene();
    await send();
    await send();
    const literal = plain.replace('($creatorId: ID!, $after: String)', '($creatorId: ID!)').replace('after: $after', `after: "${cursorAt(creator.id, 1n)}"`);
    const watched = [
      watchTips(connect(server.current), creator.id, null, plain),
      watchTips(connect(server.current), creator.id, cursorAt(creator.id, 0n), plain),
      watchTips(connect(server.current), creator.id, cursorAt(creator.id, 1n), plain),
      watchTips(connect(server.current), creator.id, null, literal),
    ];
    await settled(server.current, 4, 1);
    await until(() => watched.map((one) => one.seen.length).join() === '0,2,1,1');
    const before = hub.status.executions;
    await send();
    await until(() => watched.map((one) => one.seen.length).join() === '1,3,2,2');
    expect(hub.status.executions).toBe(before + 1);
    await expectCleanTips(db);
  });

  test('share it with all but the insiders of a tip: among two hundred with one insider there are two executions', async () => {
    const { db, creator, fan, hub, send } = await scene();
    const stranger = await server.current.signUp();
    const tokens = Array.from({ length: 200 }, (_, index) => (index === 0 ? fan.token : index === 1 ? stranger.token : undefined));
    const watched = tokens.map((token) => watchTips(connect(server.current, { token }), creator.id, null, withName));
    await settled(server.current, 200, 1);
    await send(true);
    await until(() => watched.every((one) => one.seen.length === 1));
    expect(hub.status.executions).toBe(2);
    expect(watched.map((one) => one.seen[0]?.tip.displayName)).toEqual(['Fan', ...Array.from({ length: 199 }, () => 'Anonymous')]);
    await expectCleanTips(db);
  });

  test('share no message that is held: its page\'s moderators get it, the others null', async () => {
    const { db, creator, send } = await scene();
    const [moderator, stranger] = [await server.current.signUp(), await server.current.signUp()];
    await db.query('INSERT INTO moderator (creator_id, person_id, created_at) VALUES ($1, $2, now())', [creator.id, moderator.personId]);
    await db.query('UPDATE creator SET hold_tips_for_approval = true WHERE id = $1', [creator.id]);
    const watched = [moderator.token, stranger.token, undefined].map((token) => watchTips(connect(server.current, { token }), creator.id, null, withMessage));
    await settled(server.current, 3, 1);
    await send(false, 'A secret');
    await until(() => watched.every((one) => one.seen.length === 1));
    expect(watched.map((one) => one.seen[0]?.tip.message)).toEqual(['A secret', null, null]);
    await expectCleanTips(db);
  });

  test('share nothing with insiders in a replay either, and the owner sees what the creator got', async () => {
    const { db, fan, services, send, creator } = await scene();
    const owner = await server.current.signUp({ name: 'Owner' });
    await db.query('UPDATE creator SET owner_id = $1 WHERE id = $2', [owner.personId, creator.id]);
    await send(true);
    const from = cursorAt(creator.id, 0n);
    const watched = [fan.token, owner.token, undefined].map((token) => watchTips(connect(server.current, { token }), creator.id, from, withName));
    await until(() => watched.every((one) => one.seen.length === 1));
    expect(watched.map((one) => one.seen[0]?.tip)).toEqual([
      { displayName: 'Fan', net: null },
      { displayName: 'Anonymous', net: { amount: '0.0095' } },
      { displayName: 'Anonymous', net: null },
    ]);
    expect(services.get(liveHubService).status.groups).toBe(1);
    await expectCleanTips(db);
  });

  test('are told apart by viewer where a field depends on who looks', async () => {
    const { db, creator, fan, hub, send } = await scene();
    const owner = await server.current.signUp({ name: 'Owner' });
    await db.query('UPDATE creator SET owner_id = $1 WHERE id = $2', [owner.personId, creator.id]);
    const tokens = [owner.token, owner.token, fan.token, undefined, undefined, undefined];
    const watched = tokens.map((token) => watchTips(connect(server.current, { token }), creator.id, null, withRole));
    await settled(server.current, 6, 3);
    await send(true);
    await until(() => watched.every((one) => one.seen.length === 1));
    expect(hub.status.executions).toBe(3);
    expect(watched.map((one) => one.results[0]?.errors)).toEqual(tokens.map(() => undefined));
    expect(watched.map((one) => [one.seen[0]?.tip.displayName, one.seen[0]?.tip.creator.viewerRole])).toEqual([
      ['Anonymous', 'OWNER'],
      ['Anonymous', 'OWNER'],
      ['Fan', 'NONE'],
      ['Anonymous', 'NONE'],
      ['Anonymous', 'NONE'],
      ['Anonymous', 'NONE'],
    ]);
    await expectCleanTips(db);
  });
});
