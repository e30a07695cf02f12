// Makes the pictures of the documentation, docs/images: starts the built server with demo data in a folder of its own, opens the pages in
// Chromium as a streamer would, and takes their picture. Needs a Chromium on the PATH, or named in CHROMIUM_PATH.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const images = path.join(root, 'docs', 'images');
const dataDir = mkdtempSync(path.join(tmpdir(), 'farthing-pictures-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const themes = ['midnight', 'paper', 'ribbon'];
/** Who tips in the pictures, in scripts that the fonts of most machines have: the account, the name, and what each sends. */
const cast = [
  { account: 'ada', name: 'Ada', amount: '5', message: 'Loved the boss fight. One more run?' },
  { account: 'bilal', name: 'Борис', amount: '0.05', message: 'Привет! A farthing for your thoughts' },
  { account: 'emi', name: 'Ελένη', amount: '20', message: 'Χαιρετισμούς από την Αθήνα!' },
  { account: 'fay', name: 'Fay', amount: '2.50', message: 'For the coffee at the second checkpoint' },
];
/** Something like a game behind what is transparent. */
const scenery = 'html { background: radial-gradient(circle at 30% 20%, #6fa8b8, #2f5d73 45%, #16303f) !important; }';
const usd = (amount) => ({ amount, currency: 'USD' });

const server = spawn(process.execPath, [path.join(root, 'dist/src/main.js'), 'serve'], {
  cwd: dataDir,
  env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', chromiumSandbox: false, args: ['--force-color-profile=srgb'] });
try {
  await ready();
  mkdirSync(images, { recursive: true });
  await takeAll();
} finally {
  await browser.close();
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(dataDir, { recursive: true, force: true });
}

async function takeAll() {
  const owner = await signIn('nova@creators.example');
  const fans = new Map(await Promise.all(cast.map(async (fan) => [fan, await signIn(`${fan.account}@fans.example`)])));
  const { creator } = await ask(owner, '{ creator(handle: "nova") { id } }');
  const look = { name: 'default', from: usd('0.01'), headline: '{name} tipped {amount}', durationMs: 20_000 };
  await order(owner, 'updateAlertSettings', { variants: [look], minimum: usd('0.01') });
  const { url: address } = await order(owner, 'createOverlay', { name: 'Main scene' }, 'url');
  const secret = new URL(address).hash.slice(1).split('&')[0];
  const tip = (fan) =>
    order(fans.get(fan), 'sendTip', { creatorId: creator.id, amount: usd(fan.amount), displayName: fan.name, message: fan.message, idempotencyKey: randomUUID() });
  const overlay = (parts) => `${url}/overlay#${secret}&${new URLSearchParams(parts)}`;

  // What the demo data left waiting is one digest; it is not what the pictures are about.
  const first = await open(overlay({ w: 'alerts' }));
  await first.waitForSelector('html[data-link="live"]', { state: 'attached' });
  await delay(3_000);
  await skipAll(owner);
  await first.context().close();

  for (const [index, theme] of themes.entries()) {
    const page = await open(overlay({ w: 'alerts', theme }), { width: 800, height: 450 });
    await page.waitForSelector('html[data-link="live"]', { state: 'attached' });
    await tip(cast[index]);
    await page.waitForSelector('.alert');
    await picture(page, `alert-${theme}`);
    if (theme === 'ribbon') await takeControl(owner, tip);
    await skipAll(owner);
    await page.context().close();
  }
  await takeSetup(owner);
  await skipAll(owner);
  // What was skipped is in no list.
  for (const fan of cast.toReversed()) await tip(fan);
  for (const [widget, selector] of [['goal', '.goal'], ['top-tippers', '.tipper'], ['event-list', '.event']]) {
    const page = await open(overlay({ w: widget, rows: 4 }), { width: 640, height: 320 });
    await page.waitForSelector(selector);
    await picture(page, widget);
    await page.context().close();
  }
}

/** The control page with something in each of its lists. */
async function takeControl(owner, tip) {
  await tip(cast[3]);
  await order(owner, 'updateCreator', { holdTipsForApproval: true });
  await tip(cast[0]);
  const page = await open(`${url}/control/#token=${owner}`, { width: 1100, height: 760 }, false);
  for (const { message } of [cast[0], cast[3]]) await page.getByText(message).first().waitFor();
  await page.getByText('Overlay connected').waitFor();
  await picture(page, 'control');
  await page.context().close();
  await order(owner, 'updateCreator', { holdTipsForApproval: false });
}

/** The setup page just after an overlay was made: its address, hidden as it is at first, and the overlay itself with a test alert. */
async function takeSetup(owner) {
  const page = await open(`${url}/setup/#token=${owner}`, { width: 1100, height: 760 }, false);
  await page.getByText('Make another overlay').click();
  await page.getByLabel('Name', { exact: true }).fill('Game scene');
  await page.getByRole('button', { name: 'Make the overlay and show a test alert' }).click();
  await page.frameLocator('iframe[title="The overlay"]').locator('.alert[data-test="true"]').waitFor();
  await picture(page, 'setup');
  await page.context().close();
}

async function open(address, viewport = { width: 800, height: 600 }, isOverScenery = true) {
  const context = await browser.newContext({ viewport, locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(address);
  if (isOverScenery) await page.addStyleTag({ content: scenery });
  return page;
}

async function picture(page, name) {
  await delay(900);
  await page.screenshot({ path: path.join(images, `${name}.png`) });
}

/** Ends what shows and what waits. */
async function skipAll(owner) {
  for (;;) {
    const { creator } = await ask(owner, '{ creator(handle: "nova") { alertQueue { showing { id } pending { id } } } }');
    const { showing, pending } = creator.alertQueue;
    const [next] = [...pending, ...(showing ? [showing] : [])];
    if (!next) return;
    await order(owner, 'moderateAlert', { alertId: next.id, action: 'SKIP' });
  }
}

async function order(token, mutation, input, selection = '') {
  const type = `${mutation[0].toUpperCase()}${mutation.slice(1)}Input!`;
  const data = await ask(token, `mutation ($input: ${type}) { ${mutation}(input: $input) { ${selection} errors { code message } } }`, { input });
  if (data[mutation].errors.length > 0) throw new Error(`${mutation} was refused: ${JSON.stringify(data[mutation].errors)}`);
  return data[mutation];
}

async function ask(token, query, variables = {}) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`The server refused: ${errors[0].message}`);
  return data;
}

async function signIn(email) {
  const body = JSON.stringify({ email, password: 'farthing-demo' });
  const response = await fetch(`${url}/api/auth/sign-in/email`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const token = response.headers.get('set-auth-token');
  if (!token) throw new Error(`${email} could not sign in: ${response.status} ${await response.text()}`);
  return token;
}

async function ready() {
  for (const giveUp = Date.now() + 60_000; Date.now() < giveUp; await delay(200)) {
    if ((await fetch(`${url}/readyz`).catch(() => null))?.ok) return;
    if (server.exitCode !== null) break;
  }
  throw new Error('The server did not become ready.');
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
