import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { decodeIdOf } from '../../src/api/room.ts';
import { TIP_PREFIX } from '../../src/tips/room.ts';
import { startChildServer } from '../support/child-server.ts';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { newFan, newPage, sendTipOperation, tipInput, type HttpFan } from './http.ts';
import { countTo, expectCleanTips } from './support.ts';

const server = eachTestServer();
const clients = 64;
const lastsMs = process.env.FARTHING_LONG ? 12_000 : 5_000;

test(`${clients} clients tip one creator through two server processes: no error, no gap, and books that hold while it runs`, async () => {
  const { database, current } = server;
  const page = await newPage(current);
  const fans: HttpFan[] = [];
  for (let n = 0; n < clients; n++) fans.push(await newFan(current, { micros: 1_000_000_000n }));
  const processes = await Promise.all([startChildServer({ databaseUrl: database.url }), startChildServer({ databaseUrl: database.url })]);

  const acknowledged: string[] = [];
  const errors: unknown[] = [];
  let checks = 0;
  const ends = Date.now() + lastsMs;
  const tipUntilTheEnd = async ({ token }: HttpFan, index: number) => {
    const { url } = processes[index % 2]!;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    while (Date.now() < ends) {
      const body = JSON.stringify({ query: sendTipOperation, variables: { input: tipInput(page.id, { amount: { amount: '0.01', currency: 'USD' } }) } });
      const answer: any = await (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json();
      const tip = answer.data?.sendTip?.tip;
      if (tip) acknowledged.push(decodeIdOf(TIP_PREFIX, tip.id) as string);
      else errors.push(answer);
    }
  };
  const checkUntilTheEnd = async () => {
    for (; Date.now() < ends; checks++) {
      await expectCleanTips(current.db);
      await wait(500);
    }
  };
  try {
    await Promise.all([...fans.map(tipUntilTheEnd), checkUntilTheEnd()]);
  } finally {
    await Promise.all(processes.map((one) => one.close()));
  }

  expect(errors).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(clients);
  expect(checks).toBeGreaterThan(1);
  const events = await current.db.query<{ sequence: bigint; subject_id: string }>(
    `SELECT sequence, subject_id FROM stream_event WHERE creator_id = $1 AND topic = 'tips' ORDER BY sequence`, [page.uuid],
  );
  expect(events.map(({ sequence }) => sequence)).toEqual(countTo(acknowledged.length));
  expect(events.map((event) => event.subject_id).sort()).toEqual(acknowledged.sort());
  expect(await micros(current.db, page.uuid, 'earnings')).toBe(BigInt(acknowledged.length) * 9_500n);
  await expectCleanTips(current.db);
});
