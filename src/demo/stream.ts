import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from './api-client.ts';
import { demoFans, demoPassword, type DemoFan } from './cast.ts';
import { DemoError } from './demo-error.ts';
import { amountIn, wishAt } from './wishes.ts';

export interface StreamOptions {
  /** Where the server listens, without a trailing slash. */
  readonly url: string;
  /** The page that is tipped. */
  readonly handle: string;
  /** How many tips; 0 for no end. */
  readonly tips: number;
  /** Between one tip and the next. */
  readonly everyMs: number;
  /** Ends the stream; what is under way is left to the server. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** How long the server may be away: none at the first contact, then this. */
  readonly patienceMs?: number;
}

interface Target {
  readonly id: string;
  readonly displayName: string;
  readonly currency: string;
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

const creatorQuery = 'query DemoCreator($handle: String!) { creator(handle: $handle) { id displayName currency } }';

const sendTip = `mutation DemoTip($input: SendTipInput!) {
  sendTip(input: $input) { tip { id amount { formatted } displayName message } errors { code message } }
}`;

const topUp = `mutation DemoTopUp($input: TopUpWalletInput!) {
  topUpWallet(input: $input) { wallet { balance { formatted } } errors { code message } }
}`;

/**
 * Sends tips of the demo's fans to a page through the public API, as programs outside do, one after another, and fills their wallets when
 * they run dry. Answers how many were sent. Throws DemoError when it cannot go on.
 */
export async function streamDemoTips(options: StreamOptions): Promise<number> {
  const { url, handle, tips, everyMs, signal, say } = options;
  const patient = new ApiClient({ url, signal, say, patienceMs: options.patienceMs });
  let sent = 0;
  try {
    const { creator } = await new ApiClient({ url, signal, say, patienceMs: 0 }).run<{ creator: Target | null }>(creatorQuery, { handle }, null);
    if (!creator) throw new DemoError(`There is no creator "${handle}" on ${url}.`);
    const stream = new TipStream(patient, creator);
    say(`Sending ${tips === 0 ? 'tips' : `${tips} tips`} to ${creator.displayName} (${handle}), one every ${everyMs} ms. Ctrl-C ends it.`);
    for (let index = 0; tips === 0 || index < tips; index++) {
      if (index > 0) await delay(everyMs, undefined, { signal });
      for (const line of await stream.send(index)) say(line);
      sent++;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return sent;
}

class TipStream {
  readonly #api: ApiClient;
  readonly #creator: Target;
  readonly #run = randomUUID();
  readonly #tokens = new Map<string, string>();
  #topUps = 0;

  constructor(api: ApiClient, creator: Target) {
    this.#api = api;
    this.#creator = creator;
  }

  /** Sends the tip of that number and answers what happened, a line each. */
  async send(index: number): Promise<string[]> {
    const fan = demoFans[(index * 5 + Math.floor(index / demoFans.length)) % demoFans.length] as DemoFan;
    const token = await this.#tokenOf(fan);
    const { currency, id } = this.#creator;
    const { amount, ...words } = wishAt(index);
    const input = { ...words, creatorId: id, amount: { amount: amountIn(currency, amount), currency }, idempotencyKey: `demo-${this.#run}-${index}` };
    const lines: string[] = [];
    for (let isFilled = false; ; isFilled = true) {
      const { sendTip: answer } = await this.#api.run<{ sendTip: { tip: Sent | null; errors: readonly Refusal[] } }>(sendTip, { input }, token);
      if (answer.tip) return [...lines, describe(index, answer.tip, words.isAnonymous)];
      const [refusal] = answer.errors;
      if (refusal?.code !== 'INSUFFICIENT_FUNDS' || isFilled) throw new DemoError(`The tip of ${input.amount.amount} ${currency} was refused: ${refusal?.message}`);
      lines.push(await this.#fill(fan, token));
    }
  }

  async #tokenOf({ email }: DemoFan): Promise<string> {
    const token = this.#tokens.get(email) ?? (await this.#api.signIn(email, demoPassword));
    this.#tokens.set(email, token);
    return token;
  }

  async #fill({ name }: DemoFan, token: string): Promise<string> {
    const { currency } = this.#creator;
    const amount = { amount: amountIn(currency, '50'), currency };
    const input = { amount, paymentMethodId: 'pm_sandbox_ok', idempotencyKey: `demo-${this.#run}-top-up-${this.#topUps++}` };
    const { topUpWallet: answer } = await this.#api.run<{ topUpWallet: { wallet: { balance: { formatted: string } } | null; errors: readonly Refusal[] } }>(topUp, { input }, token);
    if (!answer.wallet) throw new DemoError(`The top-up of ${amount.amount} ${currency} was refused: ${answer.errors[0]?.message}`);
    return `      ${name} tops up: the wallet now holds ${answer.wallet.balance.formatted}.`;
  }
}

interface Sent {
  readonly amount: { readonly formatted: string };
  readonly displayName: string;
  readonly message: string | null;
}

function describe(index: number, { amount, displayName, message }: Sent, isAnonymous = false): string {
  // The sender sees their own name; everybody else does not.
  const name = isAnonymous ? `${displayName}, anonymously` : displayName;
  const words = message === null ? '' : `  ${message.replaceAll('\n', ' ')}`;
  return `${String(index + 1).padStart(4)}  ${amount.formatted}  ${name}${words}`;
}
