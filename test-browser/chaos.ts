import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { OwnDatabase } from './own-database.ts';
import type { Scene } from './scene.ts';

export interface ChaosParts {
  readonly scene: Scene;
  readonly own: OwnDatabase;
  /** A new page with the overlay in it, as OBS opens one that crashed. */
  openPage(): Promise<Page>;
  readonly tips: number;
}

/** One deed, and how long it took until something was shown again. */
export interface Deed {
  readonly victim: 'server' | 'database' | 'page';
  readonly downMs: number;
  /** From when all was back, or where an alert was lost from sight with its page, from the end of its lease. */
  readonly resumedAfterMs: number;
}

/** What the pages showed: each start of an alert, in order. */
export interface Sight {
  readonly alertId: string;
  readonly at: number;
}

const patienceMs = 60_000;
/** An alert of the tests lasts a second, its lease five more. */
const leaseMs = 6_000;
/** A server that has just started, or found its database again, leaves leases alone for this long beyond their end. */
const graceMs = 10_000;

/** Kills whatever an alert's way leads over, at random, until all tips were shown. */
export class Havoc {
  readonly #parts: ChaosParts;
  readonly sights: Sight[] = [];
  readonly deeds: Deed[] = [];
  /** Documents that were loaded: one for each page that was opened, or a page had to be reloaded. */
  loads = 0;
  pages = 0;
  #page: Page | undefined;
  #openedAt = 0;
  #reachableSince = 0;

  constructor(parts: ChaosParts) {
    this.#parts = parts;
  }

  async untilShown(): Promise<void> {
    await this.#openPage();
    const sending = this.#sendTips();
    for (const victims = ['database', 'server', 'page'] as const; ; ) {
      await delay(2_000 + Math.random() * 6_000);
      if ((await this.#countShown()) >= this.#parts.tips) break;
      await this.#kill(this.deeds.length < victims.length ? victims[this.deeds.length]! : any(victims));
    }
    await sending;
  }

  /** The burst; a tip that was not acknowledged is sent again until it is. */
  async #sendTips(): Promise<void> {
    for (let tip = 1; tip <= this.#parts.tips; tip++) {
      for (;;) {
        try {
          await this.#parts.scene.tip({ message: `tip ${tip}`, amount: '0.05', key: `tip ${tip}` });
          break;
        } catch {
          await delay(100);
        }
      }
      // All within some seconds, but not before the first of them is killed.
      await delay(50);
    }
  }

  async #kill(victim: Deed['victim']): Promise<void> {
    const { scene, own } = this.#parts;
    const downMs = Math.round(Math.random() * 2_500);
    if (victim === 'page') {
      await this.#page!.context().close();
      await delay(downMs);
      await this.#openPage();
    } else if (victim === 'server') {
      await scene.server.kill();
      await delay(downMs);
      await scene.server.start();
    } else {
      await own.kill();
      await delay(downMs);
      await own.start();
    }
    const recoveredAt = Date.now();
    if (victim !== 'page') this.#reachableSince = recoveredAt;
    const resumesFrom = await this.#resumesFrom(recoveredAt);
    await this.#waitForSight(recoveredAt);
    const next = this.sights.find(({ at }) => at >= recoveredAt);
    this.deeds.push({ victim, downMs, resumedAfterMs: Math.max(0, (next?.at ?? recoveredAt) - resumesFrom) });
  }

  /** When the next alert may start: now, or when the lease of one ends that was lost from sight with its page. */
  async #resumesFrom(recoveredAt: number): Promise<number> {
    const [showing] = await this.#query<{ ends: Date }>(`SELECT lease_until AS ends FROM alert WHERE state = 'SHOWING'`);
    if (!showing) return recoveredAt;
    const startedAt = showing.ends.getTime() - leaseMs;
    const isInSight = this.sights.some(({ at }) => at >= this.#openedAt && at >= startedAt);
    if (isInSight) return recoveredAt;
    const isFresh = showing.ends.getTime() < this.#reachableSince + graceMs;
    return Math.max(recoveredAt, isFresh ? showing.ends.getTime() + graceMs : showing.ends.getTime());
  }

  /** Waits until something is shown again, or nothing is left to be. */
  async #waitForSight(recoveredAt: number): Promise<void> {
    while (!this.sights.some(({ at }) => at >= recoveredAt) && (await this.#countShown()) < this.#parts.tips) {
      if (Date.now() - recoveredAt > patienceMs) throw new Error(`Nothing was shown for ${patienceMs / 1_000} seconds after everything was back.`);
      await delay(50);
    }
  }

  async #countShown(): Promise<number> {
    const [row] = await this.#query<{ shown: number }>(`SELECT count(*)::integer AS shown FROM alert WHERE state = 'SHOWN'`);
    return row!.shown;
  }

  /** Our own look into the database outlives its death. */
  async #query<Row extends object>(text: string): Promise<Row[]> {
    for (const giveUp = Date.now() + patienceMs; ; await delay(50)) {
      try {
        return await this.#parts.own.database.db.query<Row>(text);
      } catch (error) {
        if (Date.now() > giveUp) throw error;
      }
    }
  }

  async #openPage(): Promise<void> {
    this.pages++;
    this.#openedAt = Date.now();
    this.#page = await this.#parts.openPage();
    this.#page.on('load', () => void this.loads++);
    await this.#page.exposeFunction('seeAlert', (alertId: string) => void this.sights.push({ alertId, at: Date.now() }));
    await this.#page.addInitScript(() => {
      const tell = (window as unknown as { seeAlert(id: string): void }).seeAlert;
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) {
          for (const node of addedNodes) if (node instanceof HTMLElement && node.dataset.alertId) tell(node.dataset.alertId);
        }
      }).observe(document, { childList: true, subtree: true });
    });
    await this.#show(this.#page);
  }

  /** OBS tries again, too, when the page's server is not there. */
  async #show(page: Page): Promise<void> {
    for (const giveUp = Date.now() + patienceMs; ; await delay(200)) {
      try {
        return await this.#parts.scene.show(page);
      } catch (error) {
        if (Date.now() > giveUp) throw error;
      }
    }
  }
}

function any<T>(all: readonly T[]): T {
  return all[Math.floor(Math.random() * all.length)]!;
}
