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

const list = (window: Page, name: string) => window.getByRole('region', { name: new RegExp(`^${name}`) });
const item = (window: Page, name: string, text: string) => list(window, name).locator('li', { hasText: text });
const inFocus = (window: Page) => window.evaluate(() => document.activeElement?.closest('li')?.textContent ?? document.activeElement?.textContent ?? '');

describe('the control page', () => {
  test('approves, denies, skips, replays and pauses by keyboard alone, and two windows agree', async () => {
    const { db, page, owner, moss, tip } = await scene({ holds: true });
    for (const message of ['First words', 'Second words']) await tip(message);
    for (const window of [owner, moss]) await item(window, 'Held', 'Second words').waitFor();

    await owner.keyboard.press('p');
    for (const window of [owner, moss]) await window.getByText('Paused', { exact: true }).waitFor();
    await owner.keyboard.press('a');
    expect(await inFocus(owner)).toContain('First words');
    await owner.keyboard.press('a');
    for (const window of [owner, moss]) await item(window, 'Waiting', 'First words').waitFor();
    expect(await inFocus(owner)).toContain('Second words');
    await owner.keyboard.press('d');
    for (const window of [owner, moss]) await item(window, 'Recent', 'Denied').waitFor();

    const shown = await overlay(page.token);
    await owner.getByText('Overlay connected').waitFor();
    expect(await item(owner, 'Waiting', 'First words').count()).toBe(1);
    await moss.keyboard.press('p');
    await shown.getByText('First words').waitFor();
    for (const window of [owner, moss]) await item(window, 'Showing', 'First words').waitFor();
    await moss.keyboard.press('s');
    for (const window of [owner, moss]) await item(window, 'Recent', 'Skipped').waitFor();
    await shown.getByText('First words').waitFor({ state: 'detached' });

    await item(owner, 'Recent', 'Skipped').focus();
    await owner.keyboard.press('r');
    await shown.getByText('First words').waitFor();
    for (const window of [owner, moss]) await item(window, 'Showing', 'Replay').waitFor();
    await expectCleanTips(db);
  });

  test('reaches every button by Tab, and the switch turns single keys off', async () => {
    const { owner, tip } = await scene({ holds: true });
    await tip('Some words');
    await item(owner, 'Held', 'Some words').waitFor();
    const press = async (name: RegExp) => {
      for (let steps = 0; steps < 40; steps++) {
        await owner.keyboard.press('Tab');
        if (await owner.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').then((label) => name.test(label))) {
          return owner.keyboard.press('Enter');
        }
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
    await owner.keyboard.press('p');
    await owner.keyboard.press('t');
    await owner.keyboard.press('Enter');
    await owner.getByText('Playing', { exact: true }).waitFor();
    expect(await list(owner, 'Waiting').locator('li').count()).toBe(1);
  });

  test('keeps the focus where lists move, and no key hits an alert that slid under it', async () => {
    const { owner, moss, tip } = await scene({ holds: true });
    for (const message of ['First words', 'Second words', 'Third words']) await tip(message);
    for (const window of [owner, moss]) await item(window, 'Held', 'Third words').waitFor();
    const second = item(owner, 'Held', 'Second words');
    await second.getByRole('button', { name: /^Deny/ }).focus();
    await item(moss, 'Held', 'First words').getByRole('button', { name: /^Approve/ }).click();
    await item(owner, 'Waiting', 'First words').waitFor();
    expect(await owner.evaluate(() => (document.activeElement as HTMLElement).dataset.action)).toBe('DENY');
    expect(await inFocus(owner)).toContain('Second words');

    // The key comes in the turn in which the list has moved, as a finger that was already falling.
    await owner.evaluate(() => {
      new MutationObserver((_changes, observer) => {
        if (!document.activeElement?.textContent?.includes('Third words')) return;
        observer.disconnect();
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'd', bubbles: true }));
      }).observe(document.querySelector('main')!, { subtree: true, childList: true, characterData: true });
    });
    await item(moss, 'Held', 'Second words').getByRole('button', { name: /^Approve/ }).click();
    await owner.getByText('has left the list').waitFor();
    expect(await inFocus(owner)).toContain('Third words');
    await owner.waitForTimeout(1_000);
    expect(await item(owner, 'Held', 'Third words').count()).toBe(1);
    await owner.keyboard.press('d');
    await item(owner, 'Recent', 'Denied').waitFor();
  });

  test('shows fans\' texts as texts', async () => {
    const { owner, tip } = await scene();
    const markup = '<img src=x onerror="document.title=\'owned\'"><b>bold</b>';
    await tip(markup);
    await item(owner, 'Waiting', markup).waitFor();
    expect(await owner.locator('main img, main b').count()).toBe(0);
    expect(await owner.title()).toBe('Alerts - Farthing');
  });

  test('tells a moderator who was removed, and shows nothing more', async () => {
    const { page, moderator, moss, tip } = await scene();
    const { data } = await server.current.graphql('{ viewer { id } }', {}, moderator.token);
    await change(page.token, `removeModerator(input: { profileId: "${data.viewer.id}" })`);
    await tip('Not for Moss');
    await moss.getByText('runs no creator page and moderates none').waitFor();
    expect(await moss.getByText('Not for Moss').count()).toBe(0);
  });

  test('signs in with e-mail and password, stays so in other windows, and out again', async () => {
    const owner = await server.current.signUp({ name: 'Owner' });
    const window = await browser.page(`${server.current.url}/control/`);
    await window.getByLabel('E-mail').fill(owner.email);
    await window.getByLabel('Password').fill('wrong password');
    await window.keyboard.press('Enter');
    await window.getByText('Invalid email or password').waitFor();
    await window.getByLabel('Password').fill(testPassword);
    await window.keyboard.press('Enter');
    await window.getByText('runs no creator page and moderates none').waitFor();
    const second = await window.context().newPage();
    await second.goto(`${server.current.url}/control/`);
    await second.getByText('runs no creator page and moderates none').waitFor();
    await second.getByRole('button', { name: 'Sign out' }).click();
    await second.getByLabel('E-mail').waitFor();
    await window.reload();
    await window.getByLabel('E-mail').waitFor();
  });

  test.each(['light', 'dark'] as const)('has no fault that axe finds, in %s', async (colorScheme) => {
    const { owner, tip } = await scene({ holds: true });
    await owner.emulateMedia({ colorScheme });
    for (const message of ['First words', 'Second words', 'Third words']) await tip(message);
    await item(owner, 'Held', 'Third words').waitFor();
    for (const key of ['p', 'a', 'a', 'd', 't', '?']) await owner.keyboard.press(key);
    for (const name of ['Held', 'Waiting', 'Recent']) await list(owner, name).locator('li').first().waitFor();
    expect(await complaintsOf(owner)).toEqual([]);
    const signedOut = await browser.page(`${server.current.url}/control/`);
    await signedOut.emulateMedia({ colorScheme });
    await signedOut.getByLabel('E-mail').waitFor();
    await signedOut.getByText('Sign in with a token').click();
    expect(await complaintsOf(signedOut)).toEqual([]);
  });
});
