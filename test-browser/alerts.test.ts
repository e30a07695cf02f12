import { describe, expect, test } from '@jest/globals';
import { oneBrowser } from './chromium.ts';
import { pixelsSeen, tapSound, tellObs } from './probes.ts';
import { openScene, until, type Queue, type Scene } from './scene.ts';

const browser = oneBrowser();

const shownOf = ({ recent }: Queue) => recent.filter(({ state }) => state === 'SHOWN').map(({ message }) => message).reverse();
const moderate = (scene: Scene, alertId: string, action: string) => scene.order('moderateAlert', 'queue { state }', { alertId, action });

describe('an alert', () => {
  test('goes from a tip to pixels and sound, and is known to have been shown', async () => {
    const scene = await openScene();
    const page = await browser.open();
    const loudness = await tapSound(page);
    await scene.show(page);
    await page.waitForSelector('html[data-link="live"]', { state: 'attached' });
    expect(await pixelsSeen(page)).toBe(0);
    expect(await loudness()).toBeLessThan(0.0001);

    await scene.tip({ amount: '5.00', message: 'Greetings from the test', displayName: 'Ada' });
    await page.waitForSelector('.alert');
    await until(loudness, (peak) => peak > 0.01);
    expect(await page.getAttribute('html', 'data-sound')).toBe('running');
    expect(await page.textContent('.alert-headline')).toBe('Ada tipped $5.00');
    expect(await page.textContent('.alert-message')).toBe('Greetings from the test');
    expect(await until(() => pixelsSeen(page), (count) => count > 20_000)).toBeLessThan(800 * 600);

    await page.waitForSelector('.alert', { state: 'detached' });
    const { recent, showing, pending } = await until(scene.queue, ({ recent }) => recent.length === 1);
    expect([showing, pending, recent[0]!.state, recent[0]!.message]).toEqual([null, [], 'SHOWN', 'Greetings from the test']);
    expect(await pixelsSeen(page)).toBe(0);
  });

  test('that a test made goes the same way, and says what it is', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await scene.order('sendTestAlert', 'queue { state }', { amount: { amount: '3.00', currency: 'USD' }, message: 'Only a test' });
    await page.waitForSelector('.alert[data-test="true"][data-kind="TIP"]');
    await until(scene.queue, ({ recent }) => recent[0]?.state === 'SHOWN');
  });

  test('waits for an overlay, and alerts come one after another, in order', async () => {
    const scene = await openScene();
    for (const message of ['one', 'two', 'three']) await scene.tip({ message });
    const page = await browser.open();
    await scene.show(page);
    const queue = await until(scene.queue, ({ recent }) => recent.length === 3);
    expect(shownOf(queue)).toEqual(['one', 'two', 'three']);
    expect(queue.recent.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  });

  test('shows the look of its amount', async () => {
    const scene = await openScene();
    const look = (name: string, amount: string, headline: string) => ({ name, from: { amount, currency: 'USD' }, headline, durationMs: 1_500 });
    await scene.order('updateAlertSettings', 'settings { speech }', { variants: [look('small', '0.01', '{name}: {amount}'), look('big', '50', '{name} is a hero')] });
    const page = await browser.open();
    await scene.show(page, { theme: 'ribbon' });
    await scene.tip({ amount: '50' });
    await page.waitForSelector('.alert[data-variant="big"]');
    expect([await page.textContent('.alert-headline'), await page.textContent('.alert-amount')]).toEqual(['Ada is a hero', '$50.00']);
    await scene.tip({ amount: '49.99' });
    await page.waitForSelector('.alert[data-variant="small"]');
  });
});

describe('a moderator', () => {
  test('approves what is held; until then its text is nowhere', async () => {
    const scene = await openScene();
    await scene.order('updateCreator', 'creator { id }', { holdTipsForApproval: true });
    const page = await browser.open();
    await scene.show(page);
    await scene.tip({ message: 'held back' });
    const { pending } = await until(scene.queue, ({ pending }) => pending.length === 1);
    expect(pending[0]!.state).toBe('HELD');
    expect(await page.$('.alert')).toBeNull();
    await moderate(scene, pending[0]!.id, 'APPROVE');
    await page.waitForSelector('.alert-message:text("held back")');
    await until(scene.queue, ({ recent }) => recent[0]?.state === 'SHOWN');
  });

  test('skips what is showing, which goes at once and is followed by the next', async () => {
    const scene = await openScene();
    const long = [{ name: 'long', from: { amount: '0.01', currency: 'USD' }, headline: '{name}', durationMs: 20_000 }];
    await scene.order('updateAlertSettings', 'settings { speech }', { variants: long });
    const page = await browser.open();
    await scene.show(page);
    await scene.tip({ message: 'one' });
    await scene.tip({ message: 'two' });
    await page.waitForSelector('.alert-message:text("one")');
    const { showing } = await scene.queue();
    await moderate(scene, showing!.id, 'SKIP');
    await page.waitForSelector('.alert-message:text("two")', { timeout: 5_000 });
    expect(await page.$$('.alert')).toHaveLength(1);
    const { recent } = await scene.queue();
    expect(recent.map(({ id, state }) => [id, state])).toEqual([[showing!.id, 'SKIPPED']]);
  });

  test('replays what was shown, as an alert of its own', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await scene.tip({ message: 'once more' });
    const { recent } = await until(scene.queue, ({ recent }) => recent[0]?.state === 'SHOWN');
    await moderate(scene, recent[0]!.id, 'REPLAY');
    await page.waitForSelector('.alert-message:text("once more")');
    const after = await until(scene.queue, (queue) => queue.recent.length === 2);
    expect(after.recent.map(({ state }) => state)).toEqual(['SHOWN', 'SHOWN']);
    expect(after.recent[0]!.id).not.toBe(recent[0]!.id);
  });

  test('pauses the queue, and what shows is shown to its end', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await scene.tip({ message: 'one' });
    await page.waitForSelector('.alert');
    await scene.order('setAlertQueueState', 'queue { state }', { state: 'PAUSED' });
    await scene.tip({ message: 'two' });
    await until(scene.queue, (queue) => queue.recent.length === 1 && queue.pending.length === 1);
    expect(await page.$('.alert')).toBeNull();
    await scene.order('setAlertQueueState', 'queue { state }', { state: 'PLAYING' });
    await page.waitForSelector('.alert-message:text("two")');
  });
});

describe('an overlay', () => {
  test('that OBS hides gives its alert back, shows nothing meanwhile, and shows it again', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await scene.tip({ message: 'seen at last' });
    await page.waitForSelector('.alert');
    await tellObs(page, 'obsSourceVisibleChanged', false);
    await page.waitForSelector('.alert', { state: 'detached', timeout: 1_000 });
    const hidden = await until(scene.queue, ({ pending }) => pending.length === 1);
    expect([hidden.showing, hidden.pending[0]!.state]).toEqual([null, 'QUEUED']);
    await page.waitForTimeout(1_500);
    expect([await page.$('.alert'), (await scene.queue()).showing]).toEqual([null, null]);
    await tellObs(page, 'obsSourceVisibleChanged', true);
    await page.waitForSelector('.alert');
    const { recent } = await until(scene.queue, ({ recent }) => recent.length === 1);
    expect([recent[0]!.state, recent[0]!.message]).toEqual(['SHOWN', 'seen at last']);
  });

  test('that is only in the preview counts as hidden', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await page.waitForSelector('html[data-link="live"]', { state: 'attached' });
    await tellObs(page, 'obsSourceActiveChanged', false);
    await page.waitForTimeout(500);
    await scene.tip();
    await page.waitForTimeout(2_000);
    expect([await page.$('.alert'), (await scene.queue()).pending.length]).toEqual([null, 1]);
    await tellObs(page, 'obsSourceActiveChanged', true);
    await page.waitForSelector('.alert');
  });

  test('whose token is replaced goes dark within five seconds and says why; the new one shows what waited', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await page.waitForSelector('html[data-link="live"]', { state: 'attached' });
    const { url } = await scene.order('rotateOverlayToken', 'url', { overlayId: scene.overlayId }, 'OverlayInput');
    await page.waitForSelector('html[data-link="refused"]', { state: 'attached', timeout: 5_000 });
    expect(await page.textContent('#notice')).toContain('is not valid any more');
    await scene.tip({ message: 'for the new one' });
    const other = await browser.open();
    await other.goto(`${scene.server.url}/overlay${new URL(url).hash}`);
    await other.waitForSelector('.alert-message:text("for the new one")');
    expect(await page.$('.alert')).toBeNull();
  });

  test('shows the same as another, one alert at a time, each shown once', async () => {
    const scene = await openScene();
    const pages = await Promise.all([browser.open(), browser.open()]);
    await Promise.all(pages.map((page) => scene.show(page)));
    await Promise.all(pages.map((page) => page.waitForSelector('html[data-link="live"]', { state: 'attached' })));
    for (const message of ['one', 'two', 'three']) {
      await scene.tip({ message });
      await Promise.all(pages.map((page) => page.waitForSelector(`.alert-message:text("${message}")`)));
    }
    const queue = await until(scene.queue, ({ recent }) => recent.length === 3);
    expect(shownOf(queue)).toEqual(['one', 'two', 'three']);
    expect(queue.recent.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  });

  test('whose server is killed in the middle of an alert ends it, and reports it when the server is back', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await scene.tip({ message: 'one' });
    await page.waitForSelector('.alert');
    await scene.server.kill();
    await page.waitForSelector('.alert', { state: 'detached' });
    await scene.server.start();
    const { recent } = await until(scene.queue, (queue) => queue.recent.length === 1);
    expect([recent[0]!.state, recent[0]!.attempt]).toEqual(['SHOWN', 1]);
    await scene.tip({ message: 'two' });
    await page.waitForSelector('.alert-message:text("two")');
  });

  test('that is loaded anew in the middle of an alert shows it again when the lease is over, and it counts once', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await scene.tip({ message: 'again' });
    await page.waitForSelector('.alert');
    await page.reload();
    const { recent } = await until(scene.queue, (queue) => queue.recent.length === 1);
    expect(recent.map(({ state, message }) => [state, message])).toEqual([['SHOWN', 'again']]);
  });
});
