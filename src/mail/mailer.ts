import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { configService } from '../config.ts';
import { clockService, logService, service, type Log } from '../database/room.ts';
import { fileTransport } from './file-transport.ts';
import { mailProblem, type Mail, type MailTransport } from './mail.ts';
import { smtpTransport } from './smtp-transport.ts';

export interface MailerOptions {
  readonly transport: MailTransport;
  readonly log: Log;
  /** Pauses between the attempts at one mail: one more attempt than pauses. */
  readonly retryPausesMs?: readonly number[];
  /** How many mails may wait; more are dropped and logged. */
  readonly queueLimit?: number;
  readonly drainMs?: number;
}

const defaults = { retryPausesMs: [1_000, 10_000, 60_000], queueLimit: 1_000, drainMs: 5_000 };

/**
 * Outgoing mail. `send` answers at once, whatever becomes of the mail, so that nobody learns from its time whether one was sent; failures
 * are tried again and then logged, with the recipient's host and never the text. What waits is lost with the process: every mail of ours
 * can be asked for again.
 */
export class Mailer {
  readonly #options: Required<MailerOptions>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: MailerOptions) {
    this.#options = { ...defaults, ...options };
  }

  /** Throws only for a mail that could never be sent, such as one to an address with a line break. */
  send(mail: Mail): void {
    const problem = mailProblem(mail);
    if (problem) throw new Error(`A mail cannot be sent: ${problem}`);
    if (this.#closing.signal.aborted || this.#underWay.size >= this.#options.queueLimit) {
      this.#options.log.error({ host: hostOf(mail), waiting: this.#underWay.size }, 'A mail was dropped: too many wait, or the server stops.');
      return;
    }
    const work = this.#deliver(mail).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  /** Resolves when no mail is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Tries each mail that waits one last time, gives all a moment to leave, and closes the transport. */
  async close(): Promise<void> {
    this.#closing.abort();
    const moment = new AbortController();
    await Promise.race([this.idle(), delay(this.#options.drainMs, undefined, { signal: moment.signal }).catch(() => {})]);
    moment.abort();
    await this.#options.transport.close();
  }

  async #deliver(mail: Mail): Promise<void> {
    const { transport, retryPausesMs, log } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        await transport.deliver(mail);
        return;
      } catch (error) {
        const pauseMs = retryPausesMs[attempt];
        const facts = { host: hostOf(mail), attempt: attempt + 1, reason: (error as Error).message };
        if (pauseMs === undefined || this.#closing.signal.aborted) {
          log.error(facts, 'A mail could not be sent and is given up.');
          return;
        }
        log.warn(facts, `A mail could not be sent; it is tried again in ${pauseMs} ms.`);
        await delay(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
      }
    }
  }
}

function hostOf(mail: Mail): string {
  return mail.to.slice(mail.to.lastIndexOf('@') + 1);
}

/** SMTP where a server is configured, else files under the data folder. */
export const mailerService = service<Mailer>(
  'mail.mailer',
  (services) => {
    const config = services.get(configService);
    const clock = services.get(clockService);
    const transport = config.smtpUrl === null
      ? fileTransport(path.join(config.dataDir, 'mail'), config.mailFrom, () => clock.now())
      : smtpTransport(config.smtpUrl, config.mailFrom);
    return new Mailer({ transport, log: services.get(logService) });
  },
  (mailer) => mailer.close(),
);
