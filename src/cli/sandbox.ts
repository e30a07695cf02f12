import { createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { sandboxService, type Sandbox } from '../payments/room.ts';
import { CliError, usageError } from './cli-error.ts';
import type { Command, Invocation } from './command.ts';
import { onDatabase } from './on-database.ts';

/** Something that a payer, a bank or a network does. Answers what is to be said of it. */
interface Action {
  /** The words behind the action's name. */
  readonly words: readonly string[];
  run(sandbox: Sandbox, words: readonly string[], invocation: Invocation): Promise<string>;
}

const settingOptions = [
  { name: 'delay', value: 'MS', description: 'Settings: how many milliseconds webhooks are late (0).' },
  { name: 'copies', value: 'N', description: 'Settings: how often each webhook is sent, from 0 to 1000 (1).' },
  { name: 'shuffle', value: 'ON|OFF', description: 'Settings: "on" sends webhooks in another order (off).' },
  { name: 'stall', value: 'MS', description: 'Settings: how many milliseconds pm_sandbox_stall takes to answer (30000).' },
] as const;

const actions: Readonly<Record<string, Action>> = {
  dispute: {
    words: ['PAYMENT'],
    run: async (sandbox, [payment = '']) => {
      const dispute = await sandbox.control<string | null>('dispute', { key: payment });
      if (dispute === null) throw new CliError(`The sandbox has nothing of "${payment}" to dispute: give the id of a tip by card or a top-up that it charged and that is not refunded.`);
      return `${payment} is disputed now: ${dispute}.`;
    },
  },
  'close-dispute': {
    words: ['PAYMENT', 'won|lost'],
    run: async (sandbox, [payment = '', result = '']) => {
      const status = oneOf(result, { won: 'WON', lost: 'LOST' });
      const closed: string[] = [];
      for (const disputeId of await disputesOf(sandbox, payment)) {
        if (await sandbox.control<boolean>('close-dispute', { disputeId, status })) closed.push(disputeId);
      }
      if (closed.length === 0) throw new CliError(`The sandbox has no open dispute of "${payment}".`);
      return `${closed.join(', ')} of ${payment} ${closed.length === 1 ? 'is' : 'are'} ${result} for the platform.`;
    },
  },
  'decide-payout': {
    words: ['PAYOUT', 'paid|failed'],
    run: async (sandbox, [payout = '', result = '']) => {
      const isDecided = await sandbox.control<boolean>('decide-payout', { key: payout, status: oneOf(result, { paid: 'SUCCEEDED', failed: 'DECLINED' }) });
      if (!isDecided) throw new CliError(`The sandbox has no payout "${payout}" that could still become ${result}.`);
      return `${payout} is ${result}.`;
    },
  },
  'return-refund': {
    words: ['REFUND'],
    run: async (sandbox, [refund = '']) => {
      if (!(await sandbox.control<boolean>('return-refund', { key: refund }))) throw new CliError(`The sandbox carried out no refund "${refund}" that could come back: give the id of one to a card.`);
      return `${refund} came back from the bank.`;
    },
  },
  settings: {
    words: [],
    run: async (sandbox, _, invocation) => {
      const { webhookDelayMs, webhookCopies, isShuffled, stallMs } = await sandbox.control<Settings>('settings', readSettings(invocation));
      return `Webhooks are ${webhookDelayMs} ms late, sent ${webhookCopies} ${webhookCopies === 1 ? 'time' : 'times'}, and ${isShuffled ? '' : 'not '}shuffled; pm_sandbox_stall answers after ${stallMs} ms.`;
    },
  },
};

interface Settings {
  readonly webhookDelayMs: bigint;
  readonly webhookCopies: number;
  readonly isShuffled: boolean;
  readonly stallMs: number;
}

const usages = Object.entries(actions).map(([name, { words }]) => [name, ...words].join(' '));

export const sandbox: Command = {
  name: 'sandbox',
  summary: 'Does what payers\' banks do, with payments of the simulated processor.',
  words: '<action>',
  details:
    `Actions:\n${usages.map((usage) => `  ${usage}`).join('\n')}\n\n`
    + 'Payments are given by their ids, such as tip_…, top_…, pay_… and rfd_…. It may run beside servers: one of them hears of it by a\n'
    + 'webhook within seconds, or when it is started. A payout that was paid can still fail: the bank sends it back. Settings last.',
  options: settingOptions,
  async run(invocation) {
    const { words: [name = '', ...words], has, say, remark } = invocation;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) throw usageError(`"farthing sandbox" does not know "${name}"; it knows ${usages.join(', ')}.`);
    if (words.length !== action.words.length) throw usageError(`Write it as "farthing sandbox ${[name, ...action.words].join(' ')}".`);
    const misplaced = settingOptions.find((option) => name !== 'settings' && has(option.name));
    if (misplaced) throw usageError(`--${misplaced.name} is for "farthing sandbox settings", not for "${name}".`);
    const config = readConfig();
    if (config.production && !config.sandboxInProduction) throw new CliError('The sandbox is off: with NODE_ENV=production there is one only if SANDBOX_IN_PRODUCTION=true.');
    return onDatabase(config, remark, async ({ config: opened, database, log, closers }) => {
      // Never started: the processor of this process shares its tables with those of the servers, which send the webhooks.
      const app = createApp({ config: opened, database, log });
      closers.add(() => app.stop());
      say(await action.run(app.services.get(sandboxService) as Sandbox, words, invocation));
      return 0;
    });
  },
};

function oneOf<T>(given: string, known: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(known, given)) return known[given] as T;
  throw usageError(`"${given}" is none of ${Object.keys(known).join(', ')}.`);
}

/** The disputes of a payment at the processor, the closed ones too. */
async function disputesOf({ provider }: Sandbox, key: string): Promise<readonly string[]> {
  const charge = await provider.readCharge(key);
  const state = charge?.status === 'SUCCEEDED' ? await provider.readChargeById(charge.chargeId) : null;
  return state?.disputeIds ?? [];
}

function readSettings({ text, whole }: Invocation): Record<string, unknown> {
  const number = (option: string, to: number) => (text(option) === undefined ? undefined : whole(option, { from: 0, to, fallback: 0 }));
  const shuffle = text('shuffle');
  const given = {
    webhookDelayMs: number('delay', 30 * 24 * 3_600_000),
    webhookCopies: number('copies', 1_000),
    isShuffled: shuffle === undefined ? undefined : oneOf(shuffle, { on: true, off: false }),
    stallMs: number('stall', 3_600_000),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
