import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { alertOf, startOverlayServer, type OverlayServer } from '../test/support/overlay-server.ts';
import { oneBrowser } from './chromium.ts';
import { pixelsSeen } from './probes.ts';
import { openScene, until } from './scene.ts';

const browser = oneBrowser();

const texts = (page: Page, selector: string) => page.$$eval(selector, (nodes) => nodes.map(({ textContent }) => textContent));

/** What markup, scripts, styles, templates and terminals take for more than text, and what tears lines apart. */
const corpus = [
  '<script>window.broken = 1</script>',
  '<img src=x onerror="window.broken = 2">',
  '<svg/onload=window.broken=3>',
  '"><iframe srcdoc="<script>parent.broken=4</script>">',
  '\'-window.broken-\'',
  '</p></section><style>body{display:none}</style>',
  '<style>@import "//example.com/x.css";</style>',
  'javascript:window.broken=5',
  '<a href="javascript:window.broken=6" autofocus onfocus=window.broken=7>a</a>',
  '{{constructor.constructor("window.broken=8")()}}',
  '${window.broken = 9}',
  '&lt;script&gt;window.broken=10&lt;/script&gt;',
  '<math><mtext></mtext><mglyph><style><img src=x onerror=window.broken=11>',
  '<base href="https://example.com/">',
  '<meta http-equiv="refresh" content="0;url=https://example.com/">',
  '<!-- --><![CDATA[ x ]]>',
  '<object data="data:text/html,<script>window.broken=12</script>">',
  '\\u003cscript\\u003ewindow.broken=13\\u003c/script\\u003e',
  'مرحبا <b>بالعالم</b>',
  '👩‍👩‍👧‍👦 <3 & "quotes" \'single\'',
];

describe('what fans write', () => {
  test('is shown as text and is never markup, in a message and in a name', async () => {
    const scene = await openScene();
    const variants = [{ name: 'x', from: { amount: '0.01', currency: 'USD' }, headline: '{name}', durationMs: 1_000 }];
    await scene.order('updateAlertSettings', 'settings { speech }', { variants });
    const [list, alerts] = await Promise.all([browser.open(), browser.open()]);
    await scene.show(list, { w: 'event-list', rows: '20' });
    await scene.show(alerts);
    for (const text of corpus) await scene.tip({ message: text, displayName: text.slice(0, 40) });

    const seen = await until(() => texts(list, '.event-message'), (messages) => messages.length === corpus.length);
    expect(seen.reverse()).toEqual(corpus);
    // Around a name in another direction than the words beside it stand two characters that nobody sees.
    expect((await texts(list, '.event-headline')).reverse().map((text) => text!.replace(/[\u2068\u2069]/g, ''))).toEqual(corpus.map((text) => text.slice(0, 40)));
    await until(scene.queue, ({ recent }) => recent.length === corpus.length, 120_000);
    for (const page of [list, alerts]) {
      expect(await page.evaluate(() => (window as { broken?: unknown }).broken)).toBeUndefined();
      expect(await page.$$eval('#overlay *', (nodes) => [...new Set(nodes.map(({ tagName }) => tagName))].filter((name) => !/^(UL|LI|SPAN|SECTION|DIV|P)$/.test(name)))).toEqual([]);
      expect(page.url()).toContain(scene.server.url);
    }
  });

  test('never hides the amount, which stands once, and turns no English words round', async () => {
    const scene = await openScene();
    const look = (headline: string) => scene.order('updateAlertSettings', 'settings { speech }', { variants: [{ name: 'x', from: { amount: '0.01', currency: 'USD' }, headline, durationMs: 2_000 }] });
    const page = await browser.open();
    await scene.show(page);
    await look(`${'{name} '.repeat(12)} tipped {amount}`);
    await scene.tip({ displayName: 'Wilhelmina the Wonderful' });
    await page.waitForSelector('.alert-amount:text("$5.00")');
    await page.waitForSelector('.alert', { state: 'detached' });
    await look('{name} tipped {amount}');
    await scene.tip({ displayName: 'محمد عبد الله' });
    await page.waitForSelector('.alert');
    expect(await page.$('.alert-amount')).toBeNull();
    const [name, words] = await page.$eval('.alert-headline', (headline) => {
      const text = headline.firstChild!;
      const left = (at: number) => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect().left;
      };
      return [left(text.textContent!.indexOf('محمد')), left(text.textContent!.indexOf('tipped'))];
    });
    expect(name).toBeLessThan(words!);
  });

  test('stays inside its box, however many marks are stacked on a letter', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await scene.show(page);
    await scene.tip({ message: `Z${'\u0335\u0322\u0321\u0301\u0300\u0302\u0303\u0304'.repeat(20)} \u202Eevil\u202C ${'a'.repeat(200)}` });
    await page.waitForSelector('.alert-message');
    const message = (await page.textContent('.alert-message'))!;
    expect(message).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/);
    expect(message).not.toMatch(/\p{M}{3}/u);
    const [box, line] = await page.$$eval('.alert, .alert-message', (nodes) => nodes.map((node) => node.getBoundingClientRect().toJSON() as DOMRect));
    expect(line!.right).toBeLessThanOrEqual(box!.right);
    expect(box!.bottom).toBeLessThanOrEqual(600);
  });
});

describe('the goal bar', () => {
  test('shows how far the newest goal has come, and moves with each tip', async () => {
    const scene = await openScene();
    await scene.order('createGoal', 'goal { id }', { title: 'A better microphone', target: { amount: '20', currency: 'USD' } });
    const page = await browser.open();
    await scene.show(page, { w: 'goal' });
    await page.waitForSelector('.goal');
    expect(await texts(page, '.goal-title, .goal-figures span')).toEqual(['A better microphone', '$0.00', '0 %', '$20.00']);
    await scene.tip({ amount: '5' });
    await until(() => texts(page, '.goal-percent'), ([percent]) => percent === '25 %');
    const [bar, fill] = await page.$$eval('.goal-bar, .goal-fill', (nodes) => nodes.map((node) => node.getBoundingClientRect().toJSON() as DOMRect));
    expect((fill!.right - bar!.left) / bar!.width).toBeCloseTo(0.25, 1);
    await scene.tip({ amount: '15' });
    await page.waitForSelector('.goal[data-reached="true"]');
  });
});

describe('the list of top tippers', () => {
  test('names who gave most by her last name, and follows', async () => {
    const scene = await openScene();
    await scene.tip({ amount: '5', displayName: 'Ada' });
    const page = await browser.open();
    await scene.show(page, { w: 'top-tippers', rows: '3' });
    await until(() => texts(page, '.tipper span'), (lines) => lines.join() === 'Ada,$5.00');
    // The same fan under her newest name.
    await scene.tip({ amount: '7', displayName: 'Bo' });
    await until(() => texts(page, '.tipper span'), (lines) => lines.join() === 'Bo,$12.00');
  });
});

describe('the list of events', () => {
  test('starts with the last ones and puts new ones first, as many as it has rows', async () => {
    const scene = await openScene();
    for (const message of ['one', 'two', 'three']) await scene.tip({ message });
    const page = await browser.open();
    await scene.show(page, { w: 'event-list', rows: '2' });
    await until(() => texts(page, '.event-message'), (messages) => messages.join() === 'three,two');
    await scene.tip({ message: 'four' });
    await until(() => texts(page, '.event-message'), (messages) => messages.join() === 'four,three');
  });
});

describe('the list of events in a burst', () => {
  const built = path.join(import.meta.dirname, '..', 'dist', 'web', 'overlay');
  let server: OverlayServer;
  beforeEach(async () => {
    server = await startOverlayServer({ folder: built });
  });
  afterEach(() => server.stop());

  /** A list, and when it changed and when a line in it began to move, in milliseconds. */
  async function openList(rows: number) {
    const page = await browser.open();
    await page.addInitScript(() => {
      const changed: number[] = [];
      const moved: number[] = [];
      Object.assign(window, { watched: { changed, moved } });
      const isLine = (node: Node) => node instanceof HTMLElement && node.classList.contains('event');
      const look = (records: MutationRecord[]) => records.some(({ addedNodes }) => [...addedNodes].some(isLine)) && changed.push(performance.now());
      new MutationObserver(look).observe(document, { childList: true, subtree: true });
      document.addEventListener('animationstart', () => moved.push(performance.now()));
    });
    await page.goto(`${server.url}/overlay/#t=secret&w=event-list&rows=${rows}`);
    await until(() => server.told, (told) => told.length > 0);
    const send = (message: string) => server.send(alertOf({ id: message, message, state: 'QUEUED', lease: null }));
    const watched = () => page.evaluate(() => (window as unknown as { watched: Record<'changed' | 'moved', number[]> }).watched);
    return { page, send, watched };
  }
  /** The most of these times that lie within one second. */
  const mostInASecond = (times: readonly number[]) => Math.max(0, ...times.map((from) => times.filter((time) => time >= from && time < from + 1_000).length));

  test('changes and moves no more than three times a second, and ends with the last lines in order', async () => {
    const { page, send, watched } = await openList(5);
    for (let n = 1; n <= 60; n++) {
      send(`m${n}`);
      await wait(40);
    }
    await until(() => texts(page, '.event-message'), (messages) => messages.join() === 'm60,m59,m58,m57,m56');
    const { changed, moved } = await watched();
    expect(changed.length).toBeGreaterThan(3);
    expect(mostInASecond(changed)).toBeLessThanOrEqual(3);
    expect(mostInASecond(moved)).toBeLessThanOrEqual(3);
  });

  test('moves a line that comes alone, not those that come together', async () => {
    const { page, send, watched } = await openList(3);
    send('alone');
    await until(watched, ({ moved }) => moved.length === 1);
    await wait(500);
    for (const message of ['first', 'second', 'third', 'fourth']) send(message);
    await until(() => texts(page, '.event-message'), (messages) => messages.join() === 'fourth,third,second');
    expect(await page.$$eval('.event', (lines) => lines.map((line) => getComputedStyle(line).animationName))).toEqual(['none', 'none', 'none']);
    expect((await watched()).moved.length).toBeLessThanOrEqual(2);
  });

  test('never shows what is denied before it was drawn', async () => {
    const { page, send } = await openList(5);
    for (const message of ['one', 'two', 'three']) send(message);
    server.send({ __typename: 'AlertCommand', alertId: 'three', action: 'DENY' });
    await until(() => texts(page, '.event-message'), (messages) => messages.join() === 'two,one');
    server.send({ __typename: 'AlertCommand', alertId: 'one', action: 'DENY' });
    await until(() => texts(page, '.event-message'), (messages) => messages.join() === 'two');
  });
});

describe('the look', () => {
  test('follows the custom CSS that OBS puts into the page, and the theme', async () => {
    const scene = await openScene();
    await scene.order('createGoal', 'goal { id }', { title: 'A goal', target: { amount: '20', currency: 'USD' } });
    const page = await browser.open();
    await scene.show(page, { w: 'goal', theme: 'paper' });
    await page.waitForSelector('.goal');
    const colour = () => page.$eval('.goal-fill', (node) => getComputedStyle(node).backgroundColor);
    expect(await colour()).toBe('rgb(180, 85, 45)');
    await page.evaluate(() => {
      const style = document.createElement('style');
      style.textContent = ':root { --overlay-accent: rgb(1, 2, 3) !important; }';
      document.head.append(style);
    });
    expect(await colour()).toBe('rgb(1, 2, 3)');
    expect(await pixelsSeen(page)).toBeGreaterThan(5_000);
  });

  test('moves nothing for those who asked for less motion', async () => {
    const scene = await openScene();
    const page = await browser.open({ reducedMotion: 'reduce' });
    await scene.show(page);
    await scene.tip();
    await page.waitForSelector('.alert');
    expect(await page.$eval('.alert', (node) => getComputedStyle(node).animationName)).toBe('appear');
  });

  test('of an address without a token is a line that says so', async () => {
    const scene = await openScene();
    const page = await browser.open();
    await page.goto(`${scene.server.url}/overlay`);
    expect(await page.textContent('#notice')).toContain('has no token');
  });
});
