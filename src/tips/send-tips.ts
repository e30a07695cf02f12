import type { EventBus } from '../events/room.ts';
import { Book, findAccounts } from '../ledger/room.ts';
import { lockPeople, type LockedPerson } from '../identity/room.ts';
import { readTipTargets, recordTips, type TipTarget } from '../creators/room.ts';
import { moveCounters, type Tx } from '../database/room.ts';
import { readSpending, type Spending } from '../wallets/room.ts';
import { decideTip, type SendTip, type SendTipOutcome } from './send-tip.ts';
import { rollupOf, tipEvent } from './tip-effects.ts';
import { insertTips, keyOf, readKeyedTips, type KeyedTip, type TipToInsert } from './tip-rows.ts';

export interface SendTipsOptions {
  readonly bus: EventBus;
  readonly feeBps: number;
  /** The platform's fee account of a currency. Every currency a batch may post in was opened before it was queued. */
  readonly platformFeeIds: ReadonlyMap<string, string>;
  readonly now: Date;
}

/**
 * Sends a batch of tips inside one transaction and answers their outcomes in order. A handful of set-based statements, whatever the
 * size: lock in order, read, decide in TypeScript each against what its predecessors left, write, and advance the streams last.
 * What needs no answer of what goes before is sent together with it, so that the locks are held for few round trips.
 */
export async function sendTips(tx: Tx, commands: readonly SendTip[], options: SendTipsOptions): Promise<SendTipOutcome[]> {
  const [people, keyed, scene] = await Promise.all([
    lockPeople(tx, distinct(commands.map((command) => command.senderId))),
    readKeyedTips(tx, commands),
    readScene(tx, commands, options),
  ]);
  const sent: TipToInsert[] = [];
  const outcomes = commands.map((command) => {
    const earlier = keyed.get(keyOf(command));
    if (earlier) return replay(command, earlier);
    const outcome = decide(command, people, scene, options);
    if (outcome.kind === 'SENT') {
      sent.push({ tip: outcome.tip, command });
      keyed.set(keyOf(command), { inputHash: command.inputHash, tip: outcome.tip });
    }
    return outcome;
  });
  if (sent.length > 0) await writeTips(tx, sent, scene, options);
  return outcomes;
}

interface Scene {
  readonly targets: ReadonlyMap<string, TipTarget>;
  readonly walletIds: ReadonlyMap<string, string>;
  readonly book: Book;
  readonly spending: Spending;
}

async function readScene(tx: Tx, commands: readonly SendTip[], options: SendTipsOptions): Promise<Scene> {
  const owners = new Map(commands.map((command) => [walletOf(command), { ownerId: command.senderId, currency: command.amount.currency }]));
  const names = [...owners.values()].map((owner) => ({ ...owner, kind: 'wallet' as const }));
  const [spending, targets, found] = await Promise.all([
    readSpending(tx, commands.map((command) => ({ personId: command.senderId, currency: command.amount.currency })), options.now),
    readTipTargets(tx, distinct(commands.map((command) => command.creatorId))),
    findAccounts(tx, names),
  ]);
  const walletIds = new Map([...owners.keys()].flatMap((name, index) => (found[index] ? [[name, found[index]] as const] : [])));
  const creatorIds = [...targets.values()].flatMap((target) => [target.earningsAccountId, target.debtAccountId]);
  const platformIds = distinct(commands.map((command) => command.amount.currency)).map((currency) => platformFeeId(currency, options));
  const book = await Book.lock(tx, [...walletIds.values(), ...creatorIds, ...platformIds]);
  return { targets, walletIds, book, spending };
}

function decide(command: SendTip, people: ReadonlyMap<string, LockedPerson>, scene: Scene, options: SendTipsOptions): SendTipOutcome {
  const sender = people.get(command.senderId);
  if (!sender) return { kind: 'SENDER_NOT_FOUND' };
  return decideTip(command, {
    sender,
    target: scene.targets.get(command.creatorId),
    walletId: scene.walletIds.get(walletOf(command)),
    platformFeeId: platformFeeId(command.amount.currency, options),
    book: scene.book,
    spending: scene.spending,
    feeBps: options.feeBps,
    now: options.now,
  });
}

function replay(command: SendTip, earlier: KeyedTip): SendTipOutcome {
  return earlier.inputHash.equals(command.inputHash) ? { kind: 'REPLAYED', tip: earlier.tip } : { kind: 'IDEMPOTENCY_MISMATCH' };
}

async function writeTips(tx: Tx, sent: readonly TipToInsert[], { book, spending }: Scene, { bus }: SendTipsOptions): Promise<void> {
  // In the lock order.
  await Promise.all([
    insertTips(tx, sent),
    book.write(tx),
    moveCounters(tx, sent.map(({ command }) => ({ ownerId: command.senderId, name: 'tips', by: 1 }))),
    spending.write(tx),
    recordTips(tx, sent.map(({ tip }) => rollupOf(tip))),
    bus.append(tx, sent.map(({ tip }) => tipEvent(tip, tip.createdAt))),
  ]);
}

function walletOf(command: SendTip): string {
  return `${command.senderId} ${command.amount.currency}`;
}

function platformFeeId(currency: string, options: SendTipsOptions): string {
  const id = options.platformFeeIds.get(currency);
  if (!id) throw new Error(`The platform's fee account in ${currency} was not opened before its batch.`);
  return id;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
