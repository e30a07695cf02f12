import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { faultsOf } from './axe.ts';
import { oneBrowser } from './chromium.ts';
import { openScene, password, until, type Scene } from './scene.ts';

const browser = oneBrowser();
const viewport = { width: 1200, height: 900 };

async function openWindow(scene: Scene, token?: string): Promise<Page> {
  const window = await browser.open({ viewport });
  await window.goto(`${scene.server.url}/control/${token === undefined ? '' : `#token=${encodeURIComponent(token)}`}`);
  return window;
}

/** The owner's and a moderator's windows on the control page. */
async function openBoth({ holds = false } = {}) {
  const scene = await openScene();
  const moss = await scene.account('Moss', 'moss@example.com');
  await scene.order('addModerator', 'creator { id }', { email: moss.email });
  if (holds) await scene.order('updateCreator', 'creator { id }', { holdTipsForApproval: true });
  const windows = await Promise.all([openWindow(scene, scene.ownerToken), openWindow(scene, moss.token)]);
  for (const window of windows) await window.getByText('Playing', { exact: true }).waitFor();
  const [owner, moderator] = windows as [Page, Page];
  return { scene, moss, owner, moderator, windows, tip: (message: string) => scene.tip({ message }) };
}

const look = { name: 'default', from: { amount: '0.01', currency: 'USD' }, headline: '{name} tipped {amount}' };
const list = (window: Page, name: string) => window.getByRole('region', { name: new RegExp(`^${name}`) });
const item = (window: Page, name: string, text: string) => list(window, name).locator('li', { hasText: text });
const inFocus = (window: Page) => window.evaluate(() => document.activeElement?.closest('li')?.textContent ?? document.activeElement?.textContent ?? '');

describe('the control page', () => {
  test('approves, denies, skips, replays and pauses by keyboard alone, and two windows agree', async () => {
    const { scene, owner, moderator, windows, tip } = await openBoth({ holds: true });
    await scene.order('updateAlertSettings', 'settings { speech }', { variants: [{ ...look, durationMs: 20_000 }] });
    for (const message of ['First words', 'Second words']) await tip(message);
    for (const window of windows) await item(window, 'Held', 'Second words').waitFor();

    await owner.keyboard.press('p');
    for (const window of windows) await window.getByText('Paused', { exact: true }).waitFor();
    await owner.keyboard.press('a');
    expect(await inFocus(owner)).toContain('First words');
    await owner.keyboard.press('a');
    for (const window of windows) await item(window, 'Waiting', 'First words').waitFor();
    expect(await inFocus(owner)).toContain('Second words');
    await owner.keyboard.press('d');
    for (const window of windows) await item(window, 'Recent', 'Denied').waitFor();

    const overlay = await browser.open();
    await scene.show(overlay);
    await owner.getByText('Overlay connected').waitFor();
    expect(await item(owner, 'Waiting', 'First words').count()).toBe(1);
    await moderator.keyboard.press('p');
    await overlay.getByText('First words').waitFor();
    for (const window of windows) await item(window, 'Showing', 'First words').waitFor();
    await moderator.keyboard.press('s');
    for (const window of windows) await item(window, 'Recent', 'Skipped').waitFor();
    await overlay.getByText('First words').waitFor({ state: 'detached' });

    await item(owner, 'Recent', 'Skipped').focus();
    await owner.keyboard.press('r');
    await overlay.getByText('First words').waitFor();
    for (const window of windows) await item(window, 'Showing', 'Replay').waitFor();
    await owner.keyboard.press('t');
    for (const window of windows) await item(window, 'Waiting', 'Test').waitFor();
  });

  test('reaches every button by Tab, and the switch turns single keys off', async () => {
    const { owner, tip } = await openBoth({ holds: true });
    await tip('Some words');
    await item(owner, 'Held', 'Some words').waitFor();
    const label = () => owner.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
    const press = async (name: RegExp) => {
      for (let steps = 0; steps < 40; steps++) {
        await owner.keyboard.press('Tab');
        if (name.test(await label())) return owner.keyboard.press('Enter');
      }
      throw new Error(`No Tab led to ${name}.`);
    };
    await press(/^Pause$/);
    await owner.getByText('Paused', { exact: true }).waitFor();
    await press(/^Approve:/);
    await item(owner, 'Waiting', 'Some words').waitFor();
    await press(/^Keyboard$/);
    await owner.getByLabel('Single keys are on').press('Space');
    await owner.getByRole('button', { name: 'Play' }).focus();
    for (const key of ['t', 's', 'p', 'Enter']) await owner.keyboard.press(key);
    await owner.getByText('Playing', { exact: true }).waitFor();
    expect(await list(owner, 'Waiting').locator('li').count()).toBe(1);
    expect(await list(owner, 'Recent').locator('li').count()).toBe(0);
  });

  test('keeps the focus where lists move, and no key hits an alert that slid under it', async () => {
    const { owner, moderator, windows, tip } = await openBoth({ holds: true });
    for (const message of ['First words', 'Second words', 'Third words']) await tip(message);
    for (const window of windows) await item(window, 'Held', 'Third words').waitFor();
    await item(owner, 'Held', 'Second words').getByRole('button', { name: /^Deny/ }).focus();
    await item(moderator, 'Held', 'First words').getByRole('button', { name: /^Approve/ }).click();
    await item(owner, 'Waiting', 'First words').waitFor();
    expect(await owner.evaluate(() => (document.activeElement as HTMLElement).dataset.action)).toBe('DENY');
    expect(await inFocus(owner)).toContain('Second words');

    // The key comes in the moment in which the list has moved, as a finger that was already falling.
    await owner.evaluate(() => {
      document.addEventListener('focusin', ({ target }) => {
        setTimeout(() => target?.dispatchEvent(new KeyboardEvent('keydown', { key: 'd', bubbles: true })));
      }, { once: true });
    });
    await item(moderator, 'Held', 'Second words').getByRole('button', { name: /^Approve/ }).click();
    await owner.getByText('has left the list').waitFor();
    expect(await inFocus(owner)).toContain('Third words');
    await owner.waitForTimeout(1_000);
    expect(await item(owner, 'Held', 'Third words').count()).toBe(1);
    await owner.keyboard.press('d');
    await item(owner, 'Recent', 'Denied').waitFor();
  });

  test('shows fans\' texts as texts', async () => {
    const { owner, tip } = await openBoth();
    const markup = '<img src=x onerror="document.title=\'owned\'"><b>bold</b>';
    await tip(markup);
    await item(owner, 'Waiting', markup).waitFor();
    expect(await owner.locator('main img, main b').count()).toBe(0);
    expect(await owner.title()).toBe('Alerts - Farthing');
  });

  test('tells a moderator who was removed, and shows nothing more', async () => {
    const { scene, moss, moderator, owner, tip } = await openBoth();
    const { viewer } = await scene.ask(moss.token, '{ viewer { id } }');
    await scene.order('removeModerator', 'creator { id }', { profileId: viewer.id });
    await tip('Not for Moss');
    await item(owner, 'Waiting', 'Not for Moss').waitFor();
    await moderator.getByText('runs no creator page and moderates none').waitFor();
    expect(await moderator.getByText('Not for Moss').count()).toBe(0);
  });

  test('comes back by itself when the server was away, with what happened meanwhile', async () => {
    const { scene, owner, tip } = await openBoth();
    await owner.getByText('Live', { exact: true }).waitFor();
    await scene.server.kill('SIGKILL');
    await owner.getByText('Connecting…', { exact: true }).waitFor();
    await scene.server.start();
    await tip('While you were away');
    await item(owner, 'Waiting', 'While you were away').waitFor();
    await owner.getByText('Live', { exact: true }).waitFor();
  });

  test('says while the server is away that it is not up to date, and what went wrong no longer once it is back', async () => {
    const { scene, owner } = await openBoth();
    const note = owner.getByText(/^Not up to date: this is how it was at/);
    expect(await owner.locator('.board.stale').count()).toBe(0);
    await scene.server.kill('SIGKILL');
    await note.waitFor();
    expect(await owner.locator('.board.stale').count()).toBe(1);
    await owner.getByText('Overlay: unknown').waitFor();
    expect(await faultsOf(owner)).toEqual([]);
    await owner.getByRole('button', { name: 'Send a test alert' }).click();
    await owner.getByText('No answer came from the server').waitFor();
    // Long enough away that an unlimited wait would have grown beyond the longest.
    await owner.waitForTimeout(6_000);
    await scene.server.start();
    const backAt = Date.now();
    await owner.locator('.board:not(.stale)').waitFor();
    expect(Date.now() - backAt).toBeLessThan(5_000);
    expect(await note.count()).toBe(0);
    expect(await owner.getByText('No answer came from the server').count()).toBe(0);
  });

  test('calls an overlay connected only where alerts can be seen', async () => {
    const { scene, owner } = await openBoth();
    await owner.getByText('No overlay connected: alerts wait').waitFor();
    const goal = await browser.open();
    await scene.show(goal, { w: 'goal' });
    await owner.getByText('No alert widget connected: alerts wait').waitFor();
    const alerts = await browser.open();
    await scene.show(alerts);
    await owner.getByText('Overlay connected', { exact: true }).waitFor();
    await alerts.evaluate(() => dispatchEvent(new CustomEvent('obsSourceVisibleChanged', { detail: { visible: false } })));
    await owner.getByText('Overlay hidden in OBS: alerts wait').waitFor();
    expect(await owner.locator('.chip', { hasText: 'Overlay hidden' }).getAttribute('class')).toContain('bad');
    await alerts.evaluate(() => dispatchEvent(new CustomEvent('obsSourceVisibleChanged', { detail: { visible: true } })));
    await owner.getByText('Overlay connected', { exact: true }).waitFor();
  });

  test('folds long messages that need no decision, and shows all of one by key', async () => {
    const { owner, tip } = await openBoth();
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
    await tip(words);
    await tip('Short words');
    const message = item(owner, 'Waiting', 'word59').locator('.message');
    await message.waitFor();
    const height = async () => (await message.boundingBox())!.height;
    const folded = await height();
    const more = owner.getByRole('button', { name: 'Show all' });
    expect(await more.count()).toBe(1);
    await more.press('Enter');
    expect(await height()).toBeGreaterThan(folded * 1.5);
    await owner.getByRole('button', { name: 'Show less' }).press('Enter');
    expect(await height()).toBe(folded);
  });

  test('signs in with e-mail and password, stays so in other windows, and out again', async () => {
    const scene = await openScene();
    const { email } = await scene.account('Moss', 'moss@example.com');
    const window = await openWindow(scene);
    await window.getByLabel('E-mail').fill(email);
    await window.getByLabel('Password').fill('wrong password');
    await window.keyboard.press('Enter');
    await window.getByText('Invalid email or password').waitFor();
    await window.getByLabel('Password').fill(password);
    await window.keyboard.press('Enter');
    await window.getByText('runs no creator page and moderates none').waitFor();
    const second = await window.context().newPage();
    await second.goto(window.url());
    await second.getByText('runs no creator page and moderates none').waitFor();
    await second.getByRole('button', { name: 'Sign out' }).click();
    await second.getByLabel('E-mail').waitFor();
    await window.reload();
    await window.getByLabel('E-mail').waitFor();
  });

  test.each(['light', 'dark'] as const)('has no fault that axe finds, in %s', async (colorScheme) => {
    const { scene, owner, tip } = await openBoth({ holds: true });
    await owner.emulateMedia({ colorScheme });
    for (const message of ['First words', 'Second words', 'Third words']) await tip(message);
    await item(owner, 'Held', 'Third words').waitFor();
    for (const key of ['p', 'a', 'a']) await owner.keyboard.press(key);
    await item(owner, 'Waiting', 'First words').waitFor();
    for (const key of ['d', 't', '?']) await owner.keyboard.press(key);
    await until(() => Promise.all(['Held', 'Waiting', 'Recent'].map((name) => list(owner, name).locator('li').count())), (counts) => counts.join() === '1,2,1');
    expect(await faultsOf(owner)).toEqual([]);
    const signedOut = await openWindow(scene);
    await signedOut.emulateMedia({ colorScheme });
    await signedOut.getByText('Sign in with a token').click();
    await signedOut.getByLabel('Session token').waitFor();
    expect(await faultsOf(signedOut)).toEqual([]);
  });
});
