import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CDPSession, Page } from 'playwright-core';
import { alertOf, startOverlayServer, type OverlayServer } from '../test/support/overlay-server.ts';
import { oneBrowser } from './chromium.ts';
import { until } from './scene.ts';

const browser = oneBrowser();
const built = path.join(import.meta.dirname, '..', 'dist', 'web', 'overlay');

/** Twelve hours of alerts, one every half minute. Without FARTHING_LONG fewer are shown, and what they leave behind is taken to go on like that. */
const wholeDay = 1_440;
const shown = process.env.FARTHING_LONG ? wholeDay : 200;
const warmUp = 40;
const mostGrowthBytes = 10_000_000;
const durationMs = 6_000;
/** How much faster an alert passes. The timers of the socket go as ever. */
const compression = 100;

let server: OverlayServer;
beforeEach(async () => {
  server = await startOverlayServer({ folder: built });
});
afterEach(() => server.stop());

const live = (page: Page) => until(() => server.told, (told) => told.some((line) => line.startsWith('subscribes'))).then(() => page);

async function openPage(fragment = 't=secret', prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const page = await browser.open();
  await prepare?.(page);
  await page.goto(`${server.url}/overlay/#${fragment}`);
  return live(page);
}

describe('twelve hours of alerts', () => {
  interface Measure {
    readonly heapBytes: number;
    readonly nodes: number;
    readonly audioNodes: number;
  }

  async function measure(inspector: CDPSession): Promise<Measure> {
    await inspector.send('HeapProfiler.collectGarbage');
    const { metrics } = await inspector.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((metric) => metric.name === name)!.value;
    return { heapBytes: value('JSHeapUsedSize'), nodes: value('Nodes'), audioNodes: value('AudioHandlers') };
  }

  test(`leave less than ${mostGrowthBytes / 1_000_000} MB behind, no element and no sound`, async () => {
    const page = await openPage('t=secret', (page) =>
      page.addInitScript(([duration, factor]) => {
        const later = window.setTimeout.bind(window);
        // How long one shows, and how far two are apart.
        const isOfAlert = (ms: number) => ms <= 350 || (ms <= duration && ms > duration * 0.9);
        window.setTimeout = ((work: () => void, ms = 0) => later(work, isOfAlert(ms) ? ms / factor : ms)) as unknown as typeof setTimeout;
      }, [durationMs, compression] as const),
    );
    const inspector = await page.context().newCDPSession(page);
    await inspector.send('Performance.enable');
    let sent = 0;
    const next = () => {
      const id = `alert-${++sent}`;
      server.send(alertOf({ id, durationMs, headline: `Ada tipped $${sent}.00`, message: `Message ${sent} `.repeat(10), amount: { micros: '5000000', formatted: '$5.00' } }));
    };
    let reported = 0;
    server.onReport = async ({ alertId, state }) => {
      if (state === 'SHOWN') reported++;
      if (sent < target) setImmediate(next);
      return { alert: alertOf({ id: alertId, state }), errors: [] };
    };
    server.send({ __typename: 'OverlayState', queueState: 'PLAYING', buildId: 'unbuilt', settings: { speech: true }, goals: [], topTippers: [] });

    let target = warmUp;
    next();
    await until(() => reported, (count) => count === warmUp, 120_000);
    await page.waitForTimeout(2_000);
    const before = await measure(inspector);
    target = warmUp + shown;
    next();
    await until(() => reported, (count) => count === target, 1_200_000);
    // Sounds end in real time, however fast the alerts passed; what is still held a minute later is held for good.
    const after = await until(() => measure(inspector), ({ audioNodes }) => audioNodes <= before.audioNodes + 5, 60_000);

    expect(server.told.filter((line) => line.startsWith('reports'))).toEqual(Array.from({ length: target }, (_, index) => `reports alert-${index + 1} SHOWN`));
    const growth = ((after.heapBytes - before.heapBytes) / shown) * wholeDay;
    console.log(`After ${shown} alerts the heap has ${after.heapBytes - before.heapBytes} bytes more: ${Math.round(growth)} for ${wholeDay}.`);
    expect(growth).toBeLessThan(mostGrowthBytes);
    expect(after.nodes).toBeLessThanOrEqual(before.nodes + 50);
  }, 1_500_000);
});

describe('a page that is older than its server', () => {
  test('loads itself anew between two alerts, once', async () => {
    const page = await openPage();
    let loads = 0;
    page.on('load', () => void loads++);
    server.send(alertOf({ id: 'a', durationMs: 2_000 }));
    await page.waitForSelector('.alert');
    server.buildId = 'a newer one';
    server.closeSockets(1012);
    await until(() => server.tokens, (tokens) => tokens.length === 2);
    expect(loads).toBe(0);
    await until(() => loads, (count) => count === 1);
    expect(server.told).toContain('reports a SHOWN');
    await until(() => server.tokens, (tokens) => tokens.length === 3);
    await page.waitForTimeout(6_000);
    expect(loads).toBe(1);
    await page.waitForSelector('html[data-link="live"], html[data-link="connecting"]', { state: 'attached' });
  });
});

describe('sound', () => {
  test('comes back when its context was suspended, closed, or stands still', async () => {
    const page = await openPage('t=secret', (page) =>
      page.addInitScript(() => {
        const opened: AudioContext[] = [];
        const Original = window.AudioContext;
        window.AudioContext = class extends Original {
          constructor() {
            super();
            opened.push(this);
          }
        };
        Object.assign(window, { opened });
      }),
    );
    const contexts = () => page.evaluate(() => (window as unknown as { opened: AudioContext[] }).opened.map(({ state }) => state));
    const playNext = async (id: string) => {
      server.send(alertOf({ id, durationMs: 1_200 }));
      await page.waitForSelector(`.alert[data-alert-id="${id}"]`);
      await page.waitForSelector('html[data-sound="running"]', { state: 'attached' });
      await until(contexts, (states) => states.at(-1) === 'running');
      await page.waitForSelector('.alert', { state: 'detached' });
    };
    await playNext('a');
    expect(await contexts()).toEqual(['running']);
    await page.evaluate(() => (window as unknown as { opened: AudioContext[] }).opened.at(-1)!.suspend());
    await playNext('b');
    expect(await contexts()).toEqual(['running']);
    await page.evaluate(() => (window as unknown as { opened: AudioContext[] }).opened.at(-1)!.close());
    await playNext('c');
    expect(await contexts()).toEqual(['closed', 'running']);
    await page.evaluate(() => {
      const context = (window as unknown as { opened: AudioContext[] }).opened.at(-1)!;
      Object.defineProperty(context, 'currentTime', { get: () => 7 });
    });
    await playNext('d');
    await page.waitForTimeout(600);
    await playNext('e');
    expect((await contexts()).at(-1)).toBe('running');
    expect((await contexts()).length).toBe(3);
  });
});

test('what was shown while the server was away is reported before anything new is asked for', async () => {
  const page = await openPage();
  server.send(alertOf({ id: 'a', durationMs: 500 }));
  await page.waitForSelector('.alert');
  await server.stop();
  await page.waitForSelector('.alert', { state: 'detached' });
  await page.waitForTimeout(1_000);
  await server.start();
  const told = await until(() => server.told, (lines) => lines.length >= 3);
  expect(told).toEqual(['subscribes ALERTS after undefined', 'reports a SHOWN', 'subscribes ALERTS after 1']);
  server.send(alertOf({ id: 'a', durationMs: 500 }));
  server.send(alertOf({ id: 'b', durationMs: 500 }));
  await page.waitForSelector('.alert[data-alert-id="b"]');
  await until(() => server.told, (lines) => lines.length === 4);
  expect(server.told.at(-1)).toBe('reports b SHOWN');
});
