import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Client } from 'graphql-ws';
import { liveHubService } from '../../src/live/room.ts';
import { tipSenderService, type TipSender } from '../../src/tips/room.ts';
import { eachTestServer, startTestServer } from '../support/server.ts';
import { makeCreator, makeFan, servicesOn } from '../support/world.ts';
import { expectCleanTips } from '../tips/support.ts';
import { connect, countTo, cut, cursorAt, disconnectAll, sequences, tip, until, watchTips } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer();

const tips = 2_000;

async function scene() {
  const { db } = server.current;
  const creator = await makeCreator(db);
  const senderId = await makeFan(db, 1_000_000_000n);
  /** Sends in small bursts with pauses, so that faults fall between and into them. */
  const sendAll = async (sender: TipSender, count: number) => {
    for (let sent = 0; sent < count; sent += 20) {
      await Promise.all(countTo(20).map(() => tip(sender, { senderId, creatorId: creator.id, amountMicros: 1n })));
      await wait(Math.random() * 20);
    }
  };
  return { db, creator, sendAll, sender: server.current.services.get(tipSenderService) };
}

describe('a subscriber that resumes', () => {
  test('sees two thousand tips once each and in order although it is cut off fifty times', async () => {
    const { db, creator, sendAll, sender } = await scene();
    const clients = [connect(server.current), connect(server.current)];
    const watched = clients.map((client) => watchTips(client, creator.id, cursorAt(creator.id, 0n)));
    const sending = sendAll(sender, tips);
    for (let turn = 0; turn < 50; turn++) {
      await wait(Math.random() * 60);
      cut(clients[turn % 2] as Client);
    }
    await sending;
    await until(() => watched.every((one) => one.seen.length >= tips));
    for (const one of watched) expect(sequences(one)).toEqual(countTo(tips));
    await expectCleanTips(db);
  });

  test('sees them all although its server restarts five times and they are paid through another', async () => {
    const { db, creator, sendAll, sender } = await scene();
    let restarted = await startTestServer(server.database);
    const environment = { PORT: new URL(restarted.url).port };
    const closes: number[] = [];
    const watched = watchTips(connect(restarted, { onClose: (code) => closes.push(code) }), creator.id, cursorAt(creator.id, 0n));
    await until(() => restarted.services.get(liveHubService).status.operations === 1);
    const sending = sendAll(sender, 1_000);
    for (let restart = 0; restart < 5; restart++) {
      await wait(100);
      await restarted.close();
      restarted = await startTestServer(server.database, { environment });
    }
    await sending;
    await until(() => watched.seen.length >= 1_000, 20_000);
    await restarted.close();
    expect(sequences(watched)).toEqual(countTo(1_000));
    expect(watched.failure).toBeUndefined();
    expect(closes.filter((code) => code !== undefined)).toEqual(expect.arrayContaining([1012]));
    await expectCleanTips(db);
  });

  test('sees them all although the database cuts its server\'s connections again and again, and never gets a final error', async () => {
    const { creator, sendAll } = await scene();
    const { db, name } = server.database;
    const services = servicesOn(server.database);
    const closes: number[] = [];
    const watched = watchTips(connect(server.current, { onClose: (code) => closes.push(code) }), creator.id, cursorAt(creator.id, 0n));
    const sending = sendAll(services.get(tipSenderService), 600);
    for (let turn = 0; turn < 15; turn++) {
      await wait(60);
      await db.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [`${name} server`]);
    }
    await sending;
    await until(() => watched.seen.length >= 600, 20_000);
    expect(sequences(watched)).toEqual(countTo(600));
    expect(watched.failure).toBeUndefined();
    expect(watched.results.every((result) => result.errors === undefined)).toBe(true);
    expect(closes.filter((code) => code !== 1012 && code !== 1013)).toEqual([]);
    await expectCleanTips(db);
  });
});
