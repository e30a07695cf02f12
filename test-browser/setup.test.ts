import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { faultsOf } from './axe.ts';
import { oneBrowser } from './chromium.ts';
import { openScene, password, until, type Scene } from './scene.ts';

const browser = oneBrowser();

const makeButton = (window: Page) => window.getByRole('button', { name: 'Make the overlay and show a test alert' });
const alertIn = (window: Page) => window.frameLocator('iframe[title="The overlay"]').locator('.alert[data-test="true"]');
const frameOf = (window: Page) => window.frames().find((frame) => frame.url().includes('/overlay'))!;
const shownAddress = (window: Page) => window.getByLabel('Address for OBS').inputValue();

async function openWindow(scene: Scene, token?: string): Promise<Page> {
  const window = await browser.open({ viewport: { width: 1200, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] });
  await window.goto(`${scene.server.url}/setup/${token === undefined ? '' : `#token=${encodeURIComponent(token)}`}`);
  return window;
}

/** The setup page of a creator who has no overlay yet, signed in by a link such as the one that the server prints. */
async function openNew(): Promise<{ scene: Scene; window: Page; token: string }> {
  const scene = await openScene();
  const { token } = await scene.account('Linus', 'linus@example.com');
  await scene.ask(token, 'mutation { createCreator(input: { handle: "linus", displayName: "Linus", currency: "USD" }) { errors { code } } }');
  return { scene, token, window: await openWindow(scene, token) };
}

async function connections({ scene, token }: { scene: Scene; token: string }): Promise<number[]> {
  const { viewer } = await scene.ask(token, '{ viewer { creator { dashboard { overlays { connections } } } } }');
  return viewer.creator.dashboard.overlays.map((overlay: { connections: number }) => overlay.connections);
}

describe('the setup page', () => {
  test('leads from the sign-in to a test alert on the overlay beside it in four actions', async () => {
    const { scene } = await openNew();
    const window = await openWindow(scene);
    const actions = [
      () => window.getByLabel('E-mail').first().fill('linus@example.com'),
      () => window.getByLabel('Password').first().fill(password),
      () => window.keyboard.press('Enter'),
      () => makeButton(window).click(),
    ];
    for (const act of actions) await act();
    await alertIn(window).waitFor();
  });

  test('leads from a link with a token, which it does not keep, to a test alert in one action', async () => {
    const { scene, window } = await openNew();
    await makeButton(window).click();
    await alertIn(window).waitFor();
    expect(window.url()).toBe(`${scene.server.url}/setup/`);
    expect(await alertIn(window).textContent()).toContain('This is how a message looks.');
  });

  test('takes a newcomer from no account to a page of their own', async () => {
    const window = await openWindow(await openScene());
    await window.getByText('Make an account').first().click();
    await window.getByLabel('Name').fill('Nova');
    await window.locator('[name="new-email"]').fill('new@example.com');
    await window.locator('[name="new-password"]').fill(password);
    await window.getByRole('button', { name: 'Make the account' }).click();
    await window.getByLabel('Handle').fill('admin');
    await window.getByLabel('Name', { exact: true }).fill('Nova');
    await window.getByRole('button', { name: 'Make the page' }).click();
    await window.getByRole('alert').filter({ hasText: 'admin' }).waitFor();
    await window.getByLabel('Handle').fill('nova_live');
    await window.getByRole('button', { name: 'Make the page' }).click();
    await makeButton(window).waitFor();
  });

  test('shows the address once, hidden at first, to copy; a new one ends the one before within five seconds', async () => {
    const { scene, window, token } = await openNew();
    await makeButton(window).click();
    await alertIn(window).waitFor();
    const field = window.getByLabel('Address for OBS');
    expect(await field.getAttribute('type')).toBe('password');
    await window.getByRole('button', { name: 'Show', exact: true }).click();
    expect(await field.getAttribute('type')).toBe('text');
    const first = await shownAddress(window);
    expect(first).toMatch(/^http:\/\/.+\/overlay\/?#t=[\w%-]+&w=alerts/);
    await window.getByRole('button', { name: 'Copy' }).click();
    await window.getByText('The address was copied.').waitFor();
    expect(await window.evaluate(() => navigator.clipboard.readText())).toBe(first);

    const old = await browser.open();
    await old.goto(first);
    await until(() => connections({ scene, token }), (counts) => counts.join() === '2');
    await window.getByRole('button', { name: /^New address/ }).click();
    await window.getByRole('button', { name: 'Make a new address' }).click();
    await window.waitForFunction((before) => {
      const now = document.querySelector<HTMLInputElement>('#address')?.value;
      return now !== undefined && now !== before;
    }, first);
    await until(() => connections({ scene, token }), (counts) => counts.join() === '1');

    await window.reload();
    await window.getByText('Stream').waitFor();
    expect(await window.getByLabel('Address for OBS').count()).toBe(0);
  });

  test('asks before an address is replaced or an overlay deleted; Escape, Enter and Cancel change nothing', async () => {
    const { scene, window, token } = await openNew();
    await makeButton(window).click();
    await alertIn(window).waitFor();
    const address = await shownAddress(window);
    const dialog = window.getByRole('dialog');
    for (const name of ['New address for Stream', 'Delete Stream']) {
      const button = window.getByRole('button', { name });
      for (const no of [() => window.keyboard.press('Escape'), () => window.keyboard.press('Enter'), () => dialog.getByRole('button', { name: 'Cancel' }).click()]) {
        await button.press('Enter');
        await dialog.waitFor();
        await no();
        await dialog.waitFor({ state: 'detached' });
        expect(await window.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(name);
      }
    }
    expect(await shownAddress(window)).toBe(address);
    expect(await connections({ scene, token })).toEqual([1]);
    await window.getByRole('button', { name: 'Delete Stream' }).press('Enter');
    expect(await faultsOf(window)).toEqual([]);
    await dialog.getByRole('button', { name: 'Delete the overlay' }).press('Enter');
    await makeButton(window).waitFor();
    expect(await connections({ scene, token })).toEqual([]);
  });

  test('changes the settings of alerts, with the server\'s own words for what is not allowed', async () => {
    const { scene, window, token } = await openNew();
    const settings = async () => {
      const query = `{ viewer { creator { tipSettings { holdForApproval } dashboard { alertSettings {
        minimum { amount } speech blockedWords hideAmountsFromModerators variants { headline durationMs } } } } } }`;
      const { creator } = (await scene.ask(token, query)).viewer;
      return { ...creator.tipSettings, ...creator.dashboard.alertSettings };
    };
    const before = await settings();
    const save = () => window.getByRole('button', { name: 'Save the settings' }).press('Enter');
    await window.getByLabel('Headline').waitFor();
    await save();
    await window.getByText('Nothing was changed.').waitFor();
    expect(await settings()).toEqual(before);

    await window.getByLabel('Hold messages').press('Space');
    await window.getByLabel('Read alerts aloud').press('Space');
    await window.getByLabel('Hide amounts').press('Space');
    await window.getByLabel('Least amount (USD)').fill('2.50');
    await window.getByLabel('Blocked words').fill('owl\n\nnight owl');
    await window.getByLabel('Seconds on screen').fill('8.5');
    await window.getByLabel('Headline').fill('{fan} tipped');
    await save();
    await window.getByText('"{fan}" stands for nothing').waitFor();
    expect(await window.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('variants.0.headline');
    expect(await settings()).toEqual(before);
    await window.getByLabel('Headline').fill('Thanks, {name}: {amount}');
    await save();
    await window.getByText('Saved.').waitFor();
    expect(await settings()).toEqual({
      holdForApproval: true, minimum: { amount: '2.50' }, speech: true, blockedWords: ['owl', 'night owl'], hideAmountsFromModerators: true,
      variants: [{ headline: 'Thanks, {name}: {amount}', durationMs: 8_500 }],
    });

    await window.reload();
    await window.getByLabel('Headline').waitFor();
    expect(await window.getByLabel('Headline').inputValue()).toBe('Thanks, {name}: {amount}');
    expect(await window.getByLabel('Hold messages').isChecked()).toBe(true);
    await window.getByLabel('Seconds on screen').fill('99');
    // What is not saved yet outlives what happens beside it.
    await makeButton(window).click();
    await alertIn(window).waitFor();
    expect(await window.getByLabel('Seconds on screen').inputValue()).toBe('99');
    await save();
    await window.getByText('99000 is not from 1000 to 30000 milliseconds.').waitFor();
  });

  test('sends a test to overlays that were made before, and says where it is seen', async () => {
    const { window } = await openNew();
    await makeButton(window).click();
    await alertIn(window).waitFor();
    const address = await shownAddress(window);
    await window.reload();
    const test = window.getByRole('button', { name: 'Send a test alert to Stream' });
    await window.getByText(/^last seen/).waitFor();
    await test.click();
    await window.getByText('A test alert was sent, but "Stream" is not open anywhere.').waitFor();
    const obs = await browser.open();
    await obs.goto(address);
    await obs.waitForSelector('.alert');
    await window.getByText('connected', { exact: true }).waitFor();
    await test.click();
    await window.getByText('"Stream" shows it in its turn.').waitFor();
    await obs.evaluate(() => dispatchEvent(new CustomEvent('obsSourceVisibleChanged', { detail: { visible: false } })));
    await window.getByText('hidden in OBS: alerts wait').waitFor();
    await test.click();
    await window.getByText('but "Stream" is hidden in OBS').waitFor();
  });

  test('says why a widget is empty, and where a test alert shows while the preview has another', async () => {
    const { scene, window, token } = await openNew();
    await makeButton(window).click();
    await alertIn(window).waitFor();
    await window.getByLabel('Widget').selectOption('goal');
    await window.getByText('No goal yet.').waitFor();
    await window.getByRole('button', { name: 'Send a test alert', exact: true }).click();
    await window.getByText('this one is set to "Goal bar"').waitFor();
    await window.getByRole('button', { name: 'Show alerts here' }).press('Enter');
    await alertIn(window).waitFor();
    expect(await window.getByLabel('Widget').inputValue()).toBe('alerts');
    expect(await shownAddress(window)).toContain('w=alerts');
    await window.getByLabel('Widget').selectOption('goal');
    await window.getByText('No goal yet.').waitFor();
    await scene.ask(token, 'mutation { createGoal(input: { title: "Lamp", target: { amount: "10", currency: "USD" } }) { errors { code } } }');
    for (const name of ['event-list', 'goal']) await window.getByLabel('Widget').selectOption(name);
    await window.frameLocator('iframe[title="The overlay"]').getByText('Lamp').waitFor();
    await window.getByText('No goal yet.').waitFor({ state: 'detached' });
  });

  test('gives an alert back at once when the preview is turned to another widget', async () => {
    const { scene, window, token } = await openNew();
    await makeButton(window).click();
    await alertIn(window).waitFor();
    await window.getByLabel('Widget').selectOption('goal');
    const query = '{ viewer { creator { alertQueue { showing { id } pending { state } } } } }';
    const read = async () => (await scene.ask(token, query)).viewer.creator.alertQueue;
    await until(read, ({ showing, pending }) => showing === null && pending.length === 1, 3_000);
    await window.getByLabel('Widget').selectOption('alerts');
    await alertIn(window).waitFor({ timeout: 3_000 });
  });

  test('draws the overlay at the size that OBS gives it', async () => {
    const { window } = await openNew();
    await makeButton(window).click();
    await alertIn(window).waitFor();
    const frame = frameOf(window);
    expect(await frame.evaluate(() => [innerWidth, innerHeight])).toEqual([800, 600]);
    await window.getByText('width at 800 and the height at 600').waitFor();
    await window.getByText('Control audio via OBS').waitFor();
    await window.getByLabel('Theme').selectOption('paper');
    expect(await shownAddress(window)).toContain('theme=paper');
  });

  test('says that a paused queue shows nothing, and plays it', async () => {
    const { scene, window, token } = await openNew();
    await scene.ask(token, 'mutation { setAlertQueueState(input: { state: PAUSED }) { errors { code } } }');
    await makeButton(window).click();
    await window.getByText('The queue is paused').waitFor();
    await window.getByRole('button', { name: 'Play' }).click();
    await alertIn(window).waitFor();
  });

  test('adds and removes moderators, and leaves the overlay beside it alone', async () => {
    const { scene, window } = await openNew();
    await scene.account('Moss', 'moss@example.com');
    await makeButton(window).click();
    await alertIn(window).waitFor();
    const email = window.getByLabel('E-mail of an account here');
    await email.fill('nobody@example.com');
    await email.press('Enter');
    await window.getByText('No account here has').waitFor();
    const frame = frameOf(window);
    await frame.evaluate(() => document.documentElement.setAttribute('data-same', ''));
    await email.fill('moss@example.com');
    await email.press('Enter');
    await window.getByRole('button', { name: 'Remove Moss' }).click();
    await window.getByRole('button', { name: 'Remove Moss' }).waitFor({ state: 'detached' });
    expect(await window.evaluate(() => document.activeElement?.id)).toBe('moderators');
    expect(await frame.evaluate(() => document.documentElement.hasAttribute('data-same'))).toBe(true);
  });

  test.each(['light', 'dark'] as const)('has no fault that axe finds, in %s', async (colorScheme) => {
    const { scene, window } = await openNew();
    await window.emulateMedia({ colorScheme });
    await makeButton(window).waitFor();
    expect(await faultsOf(window)).toEqual([]);
    await makeButton(window).click();
    await alertIn(window).waitFor();
    expect(await faultsOf(window)).toEqual([]);
    const signedOut = await openWindow(scene);
    await signedOut.emulateMedia({ colorScheme });
    await signedOut.getByText('Make an account').first().click();
    expect(await faultsOf(signedOut)).toEqual([]);
  });
});
