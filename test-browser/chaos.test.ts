import { expect, test } from '@jest/globals';
import { Havoc } from './chaos.ts';
import { oneBrowser } from './chromium.ts';
import { startOwnDatabase } from './own-database.ts';
import { openScene } from './scene.ts';

/** `npm run chaos:alerts` runs all of them, whole; the tests one short one, which asserts no time, as they run on machines however slow. */
const isLong = Boolean(process.env.FARTHING_LONG);
const rounds = isLong ? 20 : 1;
const tips = isLong ? 100 : 40;
const resumesWithinMs = 5_000;

const browser = oneBrowser();

test.each(Array.from({ length: rounds }, (_, index) => [index + 1]))(
  `round ${'%i'}: the server, PostgreSQL and the page are killed during a burst of ${tips} tips; each is shown, in order, and accepted once`,
  async () => {
    const own = await startOwnDatabase();
    const { database } = own;
    const scene = await openScene({}, database);
    const variants = [{ name: 'short', from: { amount: '0.01', currency: 'USD' }, headline: '{name}', durationMs: 1_000 }];
    await scene.order('updateAlertSettings', 'settings { speech }', { variants });
    const havoc = new Havoc({ scene, own, tips, openPage: () => browser.open() });
    await havoc.untilShown();

    const { recent, pending, showing } = await scene.queue();
    expect([showing, pending]).toEqual([null, []]);
    expect(recent.map(({ state, message }) => [state, message]).reverse()).toEqual(Array.from({ length: tips }, (_, index) => ['SHOWN', `tip ${index + 1}`]));
    const accepted = await database.db.query(
      `SELECT count(*)::integer AS shown, count(DISTINCT subject_id)::integer AS alerts FROM stream_event WHERE topic = 'alerts' AND kind = 'SHOWN'`,
    );
    expect(accepted).toEqual([{ shown: tips, alerts: tips }]);
    expect(new Set(havoc.sights.map(({ alertId }) => alertId)).size).toBe(tips);
    expect(havoc.loads).toBe(havoc.pages);

    const slowest = Math.max(...havoc.deeds.map(({ resumedAfterMs }) => resumedAfterMs));
    console.info(`${havoc.deeds.length} kills (${[...Map.groupBy(havoc.deeds, ({ victim }) => victim)].map(([victim, deeds]) => `${deeds.length} ${victim}`).join(', ')}); `
      + `of ${tips} alerts ${havoc.sights.length - tips} were begun again; the slowest went on after ${slowest} ms.`);
    expect(new Set(havoc.deeds.map(({ victim }) => victim)).size).toBe(3);
    if (isLong) expect(havoc.deeds.filter(({ resumedAfterMs }) => resumedAfterMs > resumesWithinMs)).toEqual([]);
  },
  900_000,
);
