import { transaction } from '../../database/room.ts';
import { signatureHeader } from '../webhook-signature.ts';
import type { Desk } from './desk.ts';
import { openDueDisputes } from './disputes.ts';

export const signatureHeaderName = 'sandbox-signature';

const lookEveryMs = 1_000;
const batchSize = 50;
const answerWithinMs = 5_000;
const mostAttempts = 15;

interface Webhook {
  readonly id: bigint;
  readonly body: string;
  readonly deliverAt: Date;
  readonly attempts: number;
}

/** Delivers the processor's webhooks, each until it is answered with 2xx, at most fifteen times within about a day. */
export class Outbox {
  readonly #desk: Desk;
  readonly #secret: string;
  #url: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delivering: Promise<number> | undefined;

  constructor(desk: Desk, secret: string) {
    this.#desk = desk;
    this.#secret = secret;
  }

  /** From now on webhooks go there, when they are due. */
  deliverTo(url: string): void {
    this.#url = url;
    this.#timer ??= setInterval(() => this.nudge(), lookEveryMs);
    this.#timer.unref();
  }

  /** Looks soon for what is due. What fails is due again later. */
  nudge(): void {
    if (this.#timer) this.deliverDue().catch(() => {});
  }

  /** Delivers what is due now. Answers how many were taken. */
  async deliverDue(): Promise<number> {
    const before = this.#delivering;
    if (before) return before;
    this.#delivering = this.#deliverAll().finally(() => (this.#delivering = undefined));
    return this.#delivering;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#url = undefined;
    await this.#delivering?.catch(() => {});
  }

  async #deliverAll(): Promise<number> {
    await openDueDisputes(this.#desk);
    let taken = 0;
    for (;;) {
      const due = await this.#claim();
      for (const webhook of due) {
        if (this.#url === undefined) return taken;
        if (await this.#deliver(this.#url, webhook)) taken += 1;
      }
      if (due.length < batchSize) return taken;
    }
  }

  /** Puts off what it takes, so that a delivery which is cut off is made again. */
  async #claim(): Promise<Webhook[]> {
    const { db, clock } = this.#desk;
    const claimed = await transaction(db, (tx) =>
      tx.query<Webhook>(
        `WITH due AS (SELECT id, deliver_at FROM sandbox_webhook WHERE deliver_at <= $1 ORDER BY deliver_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
         UPDATE sandbox_webhook webhook SET attempts = attempts + 1, deliver_at = $1::timestamptz + least(2 ^ (attempts + 1), 21600) * interval '1 s'
         FROM due WHERE due.id = webhook.id
         RETURNING webhook.id, webhook.body, due.deliver_at AS "deliverAt", webhook.attempts`,
        [clock.now(), batchSize],
      ));
    return claimed.sort((a, b) => a.deliverAt.getTime() - b.deliverAt.getTime() || (a.id < b.id ? -1 : 1));
  }

  async #deliver(url: string, { id, body, attempts }: Webhook): Promise<boolean> {
    const isTaken = await this.#post(url, body);
    if (isTaken || attempts >= mostAttempts) await this.#desk.db.query('DELETE FROM sandbox_webhook WHERE id = $1', [id]);
    return isTaken;
  }

  async #post(url: string, body: string): Promise<boolean> {
    const headers = { 'content-type': 'application/json', [signatureHeaderName]: signatureHeader(body, this.#secret, this.#desk.clock.now()) };
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(answerWithinMs) });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }
}
