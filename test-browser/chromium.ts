import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Chromium's path: CHROMIUM_PATH, or the first that is found on the PATH. */
export function chromiumPath(): string {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const found = names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isExecutable);
  if (!found) throw new Error(`No Chromium was found on the PATH (${names.join(', ')}). Install one (apt-get install chromium) or name one in CHROMIUM_PATH.`);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Sound starts without a click, as it does in OBS; the collector can be asked to collect. */
const flags = ['--autoplay-policy=no-user-gesture-required', '--js-flags=--expose-gc', '--enable-precise-memory-info', '--disable-dev-shm-usage'];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: flags, chromiumSandbox: false });
}

/** OBS's own size of a new browser source. */
const viewport = { width: 800, height: 600 };

export interface BrowserHolder {
  /** A page of its own browser profile, closed with the test. What it complains of fails the test. */
  open(options?: Parameters<Browser['newContext']>[0]): Promise<Page>;
}

const contexts: BrowserContext[] = [];

/** Closes what the tests of this file have opened. Before the server they show: a page would complain that it stops. */
export async function closePages(): Promise<void> {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
}

/** One Chromium for a file of tests; every page that throws, or loads what its policy forbids, fails its test. */
export function oneBrowser(): BrowserHolder {
  let browser: Browser;
  let complaints: string[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(async () => {
    await closePages();
    const heard = complaints;
    complaints = [];
    if (heard.length > 0) throw new Error(`The pages complained:\n${heard.join('\n')}`);
  });
  afterAll(() => browser.close());
  return {
    open: async (options) => {
      const context = await browser.newContext({ viewport, locale: 'en-US', ...options });
      contexts.push(context);
      const page = await context.newPage();
      page.on('pageerror', (error) => void complaints.push(String(error)));
      page.on('console', (message) => {
        // A server that is away or just then stopping, and a sign-in that it refuses, are what some tests are about.
        if (message.type() === 'error' && !/WebSocket connection to|net::ERR_|the server responded with a status of (401|422|503)/.test(message.text())) complaints.push(message.text());
      });
      return page;
    },
  };
}
