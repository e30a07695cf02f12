import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { newPage } from '../tips/http.ts';
import { eachTestServer, testPassword } from '../support/server.ts';
import { complaintsOf, eachBrowser } from './browser.ts';

const server = eachTestServer({ runsJobs: true });
const browser = eachBrowser();

const address = () => `${server.current.url}/setup/`;
const makeButton = (window: Page) => window.getByRole('button', { name: 'Make the overlay and show a test alert' });
const alertIn = (window: Page) => window.frameLocator('iframe[title="The overlay"]').locator('.alert[data-test="true"]');
const shownAddress = (window: Page) => window.getByLabel('Address for OBS').inputValue();

/** The setup page, signed in by the link that the server prints. */
async function opened(): Promise<{ window: Page; token: string }> {
  const { token } = await newPage(server.current);
  return { window: await browser.page(`${address()}#token=${encodeURIComponent(token)}`, { permissions: ['clipboard-read', 'clipboard-write'] }), token };
}

async function connections(token: string): Promise<number[]> {
  const { data } = await server.current.graphql('{ viewer { creator { dashboard { overlays { connections } } } } }', {}, token);
  return data.viewer.creator.dashboard.overlays.map((overlay: { connections: number }) => overlay.connections);
}

describe('the setup page', () => {
  test('leads from the sign-in to a test alert on the overlay beside it in four actions', async () => {
    const { current } = server;
    const owner = await current.signUp({ name: 'Nova' });
    await current.graphql('mutation { createCreator(input: { handle: "nova", displayName: "Nova", currency: "USD" }) { errors { code } } }', {}, owner.token);
    const window = await browser.page(address());
    const actions = [
      () => window.getByLabel('E-mail').fill(owner.email),
      () => window.getByLabel('Password').fill(testPassword),
      () => window.keyboard.press('Enter'),
      () => makeButton(window).click(),
    ];
    for (const act of actions) await act();
    await alertIn(window).waitFor();
    expect(actions.length).toBeLessThanOrEqual(4);
  });

  test('leads from the link that the server prints to a test alert in one action', async () => {
    const { window } = await opened();
    expect(window.url()).toBe(address());
    await makeButton(window).click();
    await alertIn(window).waitFor();
    expect(await alertIn(window).textContent()).toContain('This is how a message looks.');
  });

  test('takes a newcomer from no account to a page of their own', async () => {
    const window = await browser.page(address());
    await window.getByText('Make an account').first().click();
    await window.getByLabel('Name').fill('Nova');
    await window.locator('[name="new-email"]').fill('nova@example.com');
    await window.locator('[name="new-password"]').fill(testPassword);
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
    const { window, token } = await opened();
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

    const old = await browser.page(`${server.current.url}/overlay/${new URL(first).hash}`);
    await old.waitForTimeout(500);
    await window.getByRole('button', { name: /^New address/ }).click();
    await window.waitForFunction((before) => {
      const now = document.querySelector<HTMLInputElement>('#address')?.value;
      return now !== undefined && now !== before;
    }, first);
    const until = Date.now() + 10_000;
    while ((await connections(token)).join() !== '1' && Date.now() < until) await window.waitForTimeout(250);
    expect(await connections(token)).toEqual([1]);

    await window.reload();
    await window.getByText('Stream').waitFor();
    expect(await window.getByLabel('Address for OBS').count()).toBe(0);
  });

  test('draws the overlay at the size that OBS gives it', async () => {
    const { window } = await opened();
    await makeButton(window).click();
    await alertIn(window).waitFor();
    const frame = window.frames().find((one) => one.url().includes('/overlay'))!;
    expect(await frame.evaluate(() => [innerWidth, innerHeight])).toEqual([800, 600]);
    await window.getByText('width at 800 and the height at 600').waitFor();
    await window.getByText('Control audio via OBS').waitFor();
    await window.getByLabel('Theme').selectOption('paper');
    expect(await shownAddress(window)).toContain('theme=paper');
  });

  test('says that a paused queue shows nothing, and plays it', async () => {
    const { window, token } = await opened();
    await server.current.graphql('mutation { setAlertQueueState(input: { state: PAUSED }) { errors { code } } }', {}, token);
    await makeButton(window).click();
    await window.getByText('The queue is paused').waitFor();
    await window.getByRole('button', { name: 'Play' }).click();
    await alertIn(window).waitFor();
  });

  test('adds and removes moderators, and leaves the overlay beside it alone', async () => {
    const { window } = await opened();
    await server.current.signUp({ name: 'Moss', email: 'moss@example.com' });
    await makeButton(window).click();
    await alertIn(window).waitFor();
    const email = window.getByLabel('E-mail of an account here');
    await email.fill('nobody@example.com');
    await email.press('Enter');
    await window.getByText('No account here has').waitFor();
    const frame = window.frames().find((one) => one.url().includes('/overlay'))!;
    await frame.evaluate(() => document.documentElement.setAttribute('data-same', ''));
    await email.fill('moss@example.com');
    await email.press('Enter');
    await window.getByRole('button', { name: 'Remove Moss' }).click();
    await window.getByRole('button', { name: 'Remove Moss' }).waitFor({ state: 'detached' });
    expect(await window.evaluate(() => document.activeElement?.id)).toBe('moderators');
    expect(await frame.evaluate(() => document.documentElement.hasAttribute('data-same'))).toBe(true);
  });

  test.each(['light', 'dark'] as const)('has no fault that axe finds, in %s', async (colorScheme) => {
    const { window } = await opened();
    await window.emulateMedia({ colorScheme });
    await makeButton(window).waitFor();
    expect(await complaintsOf(window)).toEqual([]);
    await makeButton(window).click();
    await alertIn(window).waitFor();
    expect(await complaintsOf(window)).toEqual([]);
    const signedOut = await browser.page(address());
    await signedOut.emulateMedia({ colorScheme });
    await signedOut.getByText('Make an account').first().click();
    expect(await complaintsOf(signedOut)).toEqual([]);
  });
});
