import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Services } from '../../src/database/room.ts';
import { createLog, JobRunner } from '../../src/server/room.ts';

const lines: string[] = [];
const log = createLog('info', { write: (line) => void lines.push(line) });

test('a job runs again and again, never beside itself, and a failure is logged and tried again', async () => {
  let [runs, running, most] = [0, 0, 0];
  const jobs = new JobRunner(new Services(), log);
  jobs.start([{
    name: 'test.slow', everyMs: 5,
    run: async () => {
      most = Math.max(most, ++running);
      await delay(15);
      running--;
      if (++runs === 2) throw new Error('the second run fails');
    },
  }]);
  while (runs < 5) await delay(5);
  await jobs.stop();
  const seen = runs;
  await delay(60);
  expect({ most, running, later: runs - seen }).toEqual({ most: 1, running: 0, later: 0 });
  expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ level: 'error', job: 'test.slow', err: expect.objectContaining({ message: 'the second run fails' }) })]);
});

test('stopping waits for a job that runs', async () => {
  let done = false;
  const jobs = new JobRunner(new Services(), log);
  jobs.start([{ name: 'test.long', everyMs: 1, run: async () => { await delay(80); done = true; } }]);
  await delay(20);
  await jobs.stop();
  expect(done).toBe(true);
});

test('stopping tells a job that runs, so that a long one ends early', async () => {
  let told = false;
  const jobs = new JobRunner(new Services(), log);
  const run = (_: Services, stop: AbortSignal) => new Promise<void>((resolve) => stop.addEventListener('abort', () => {
    told = true;
    resolve();
  }));
  jobs.start([{ name: 'test.endless', everyMs: 1, run }]);
  await delay(20);
  await jobs.stop();
  expect(told).toBe(true);
});
