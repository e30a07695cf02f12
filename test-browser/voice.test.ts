import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { alertOf, startOverlayServer, type OverlayServer } from '../test/support/overlay-server.ts';
import { oneBrowser } from './chromium.ts';
import { tellObs } from './probes.ts';
import { openScene, until } from './scene.ts';

const browser = oneBrowser();
const built = path.join(import.meta.dirname, '..', 'dist', 'web', 'overlay');
/** Long enough to be in time for the moments in which it leaves, and far shorter than what is spoken. */
const durationMs = 1_200;
/** Long before the page itself gives up on a voice that never ends. */
const soonMs = 5_000;

/** A page whose voice writes down what it is asked, and would take a minute for each text. */
async function openWithVoice(): Promise<{ page: Page; heard(): Promise<string[]> }> {
  const page = await browser.open();
  await page.addInitScript(() => {
    const heard: string[] = [];
    class Spoken extends EventTarget {
      readonly text: string;
      constructor(text: string) {
        super();
        this.text = text;
      }
    }
    const speechSynthesis = { speak: ({ text }: Spoken) => heard.push(text), cancel: () => heard.push('silence') };
    Object.assign(window, { heard });
    Object.defineProperty(window, 'SpeechSynthesisUtterance', { value: Spoken });
    Object.defineProperty(window, 'speechSynthesis', { value: speechSynthesis });
  });
  return { page, heard: () => page.evaluate(() => (window as unknown as { heard: string[] }).heard) };
}

describe('the voice', () => {
  let server: OverlayServer;
  beforeEach(async () => {
    server = await startOverlayServer({ folder: built });
  });
  afterEach(() => server.stop());

  /** Two alerts, of which the first is spoken, and shows as long as it should; the second waits to be spoken. */
  async function openSpeaking(showsMs: number) {
    const { page, heard } = await openWithVoice();
    await page.goto(`${server.url}/overlay/#t=secret`);
    await until(() => server.told, (told) => told.length > 0);
    server.send({ __typename: 'OverlayState', queueState: 'PLAYING', buildId: 'unbuilt', settings: { speech: true }, goals: [], topTippers: [] });
    server.send(alertOf({ id: 'a', headline: 'One', durationMs: showsMs }));
    await until(heard, (texts) => texts.join() === 'One');
    return { page, heard, command: (alertId: string, action: string) => server.send({ __typename: 'AlertCommand', alertId, action }) };
  }

  test.each([
    ['shows', 60_000, '.alert'],
    ['has gone', durationMs, '#overlay:empty'],
  ])('falls silent when its alert is denied while it %s', async (_, showsMs, place) => {
    const { page, heard, command } = await openSpeaking(showsMs);
    await page.waitForSelector(place, { state: 'attached' });
    command('a', 'DENY');
    await until(heard, (texts) => texts.join() === 'One,silence', soonMs);
  });

  test('falls silent when its alert is denied while it leaves', async () => {
    const { page, heard, command } = await openSpeaking(6_000);
    // The page itself says when: it leaves faster than one could look for it from outside.
    await page.exposeFunction('deny', () => command('a', 'DENY'));
    await page.evaluate(() => {
      const look = new MutationObserver(() => (window as unknown as { deny(): void }).deny());
      look.observe(document.querySelector('.alert')!, { attributeFilter: ['data-phase'] });
    });
    await until(heard, (texts) => texts.join() === 'One,silence', 6_000 + soonMs);
  });

  test('never says what was skipped while it waited to be said', async () => {
    const { heard, command } = await openSpeaking(durationMs);
    for (const [id, headline] of [['b', 'Two'], ['c', 'Three']] as const) {
      await until(() => server.told, (told) => told.at(-1)!.startsWith('reports'));
      server.told.push('goes on');
      server.send(alertOf({ id, headline, durationMs }));
    }
    await until(() => server.told, (told) => told.at(-1) === 'reports c SHOWN');
    command('b', 'SKIP');
    command('a', 'SKIP');
    await until(heard, (texts) => texts.join() === 'One,silence,Three', soonMs);
  });

  test('falls silent, and stays so, when the page is hidden or its address is taken back', async () => {
    const { page, heard } = await openSpeaking(durationMs);
    await page.waitForSelector('#overlay:empty', { state: 'attached' });
    server.send(alertOf({ id: 'b', headline: 'Two', durationMs }));
    await until(() => server.told, (told) => told.at(-1) === 'reports b SHOWN');
    await tellObs(page, 'obsSourceVisibleChanged', false);
    expect(await heard()).toEqual(['One', 'silence']);
    await tellObs(page, 'obsSourceVisibleChanged', true);
    server.send(alertOf({ id: 'c', headline: 'Three', durationMs }));
    await until(heard, (texts) => texts.at(-1) === 'Three');
    await until(() => server.told, (told) => told.at(-1) === 'reports c SHOWN');
    server.closeSockets(4401);
    await until(heard, (texts) => texts.join() === 'One,silence,Three,silence', soonMs);
  });
});

test('what a moderator denies after it was shown is not read out to its end', async () => {
  const scene = await openScene();
  const variants = [{ name: 'default', from: { amount: '0.01', currency: 'USD' }, headline: '{name}', durationMs: 1_000 }];
  await scene.order('updateAlertSettings', 'settings { speech }', { speech: true, variants });
  const { page, heard } = await openWithVoice();
  await scene.show(page);
  await page.waitForSelector('html[data-link="live"]', { state: 'attached' });
  await scene.tip({ message: 'Words to be taken away' });
  const { recent } = await until(scene.queue, ({ recent }) => recent[0]?.state === 'SHOWN');
  expect(await heard()).toEqual(['Ada. Words to be taken away']);
  await scene.order('moderateAlert', 'queue { state }', { alertId: recent[0]!.id, action: 'DENY' });
  await until(heard, (texts) => texts.at(-1) === 'silence', soonMs);
});
