import type { Book, PostOutcome } from '../ledger/room.ts';
import type { LockedPerson } from '../identity/room.ts';
import type { TipTarget } from '../creators/room.ts';
import { newId } from '../database/room.ts';
import { money, splitFee, zero, type Money } from '../money/room.ts';
import type { CapRefusal, Spending } from '../wallets/room.ts';
import type { Tip } from './tip.ts';

/** A fan's wish, parsed and well-formed, with nothing looked up yet. */
export interface SendTip {
  readonly senderId: string;
  readonly idempotencyKey: string;
  /** The hash of the canonical input: what "the same input" means. */
  readonly inputHash: Buffer;
  readonly creatorId: string;
  readonly amount: Money;
  readonly message: string | null;
  /** Null: the name of the account. */
  readonly displayName: string | null;
  readonly isAnonymous: boolean;
}

/** Everything that can come of it. Only SENT wrote something, and a REPLAYED one was written before. */
export type SendTipOutcome =
  | { readonly kind: 'SENT'; readonly tip: Tip }
  | { readonly kind: 'REPLAYED'; readonly tip: Tip }
  | { readonly kind: 'IDEMPOTENCY_MISMATCH' }
  | { readonly kind: 'SENDER_NOT_FOUND' }
  | { readonly kind: 'CREATOR_NOT_FOUND' }
  | TipMisfit
  | { readonly kind: 'CAP_EXCEEDED'; readonly refusal: CapRefusal }
  | { readonly kind: 'INSUFFICIENT_FUNDS'; readonly balance: Money; readonly shortfall: Money }
  | { readonly kind: 'LEDGER_HALTED'; readonly currency: string; readonly reason: string };

/** Why a wish does not fit its sender or its creator, however it is to be paid. */
export type TipMisfit =
  | { readonly kind: 'ACCOUNT_FROZEN' }
  | { readonly kind: 'SELF_PAYMENT' }
  | { readonly kind: 'CURRENCY_MISMATCH'; readonly expected: string }
  | { readonly kind: 'AMOUNT_OUT_OF_RANGE'; readonly minimum: Money; readonly maximum: Money }
  | { readonly kind: 'MESSAGE_TOO_LONG'; readonly maximum: number };

/** What the rule sees of the world, read under its batch's locks. */
export interface TipScene {
  readonly sender: LockedPerson;
  readonly target: TipTarget | undefined;
  /** The sender's wallet in the tip's currency; undefined while they never had one. */
  readonly walletId: string | undefined;
  readonly platformFeeId: string;
  readonly book: Book;
  readonly spending: Spending;
  readonly feeBps: number;
  readonly now: Date;
}

/** The checks that hold for every tip, the first that fails naming the misfit. `sender` is null for a guest. */
export function misfitOf({ amount, message }: Pick<SendTip, 'amount' | 'message'>, sender: LockedPerson | null, target: TipTarget): TipMisfit | null {
  if (sender?.frozenAt) return { kind: 'ACCOUNT_FROZEN' };
  if (target.ownerId === sender?.id) return { kind: 'SELF_PAYMENT' };
  if (amount.currency !== target.currency) return { kind: 'CURRENCY_MISMATCH', expected: target.currency };
  if (amount.micros < target.tipMinimumMicros || amount.micros > target.tipMaximumMicros) {
    return {
      kind: 'AMOUNT_OUT_OF_RANGE',
      minimum: money(target.tipMinimumMicros, target.currency),
      maximum: money(target.tipMaximumMicros, target.currency),
    };
  }
  if (message !== null && [...message].length > target.maxMessageLength) return { kind: 'MESSAGE_TOO_LONG', maximum: target.maxMessageLength };
  return null;
}

/**
 * Decides one tip, the first failing check naming the outcome, and posts it to the book. The whole amount leaves the wallet; the fee
 * (basis points, rounded down to the micro) goes to the platform and all the rest to the creator.
 */
export function decideTip(command: SendTip, scene: TipScene): SendTipOutcome {
  const { sender, target, book, spending } = scene;
  const { amount } = command;
  if (!target) return { kind: 'CREATOR_NOT_FOUND' };
  const misfit = misfitOf(command, sender, target);
  if (misfit) return misfit;
  const halted = book.haltReason(amount.currency);
  if (halted !== null) return { kind: 'LEDGER_HALTED', currency: amount.currency, reason: halted };
  const refusal = spending.refusal(sender.id, amount.currency, amount.micros);
  if (refusal) return { kind: 'CAP_EXCEEDED', refusal };
  if (!scene.walletId) return { kind: 'INSUFFICIENT_FUNDS', balance: zero(amount.currency), shortfall: amount };

  const tip = makeTip(command, scene, target);
  const posted = postTip(tip, scene.walletId, target, scene);
  if (!posted.ok) {
    return {
      kind: 'INSUFFICIENT_FUNDS',
      balance: money(posted.balanceMicros, amount.currency),
      shortfall: money(posted.shortfallMicros, amount.currency),
    };
  }
  spending.spend(sender.id, amount.currency, amount.micros);
  return { kind: 'SENT', tip };
}

function makeTip(command: SendTip, { sender, feeBps, now }: TipScene, target: TipTarget): Tip {
  const { feeMicros, netMicros } = splitFee(command.amount.micros, feeBps);
  return {
    id: newId(),
    creatorId: command.creatorId,
    senderId: sender.id,
    guestId: null,
    currency: command.amount.currency,
    amountMicros: command.amount.micros,
    feeBps,
    feeMicros,
    processorFeeMicros: 0n,
    netMicros,
    displayName: command.displayName ?? sender.displayName,
    message: command.message,
    messageState: command.message !== null && target.holdTipsForApproval ? 'HELD' : 'VISIBLE',
    isAnonymous: command.isAnonymous,
    funding: 'WALLET',
    status: 'SUCCEEDED',
    createdAt: now,
    paidAt: now,
    card: null,
  };
}

function postTip(tip: Tip, walletId: string, target: TipTarget, { book, platformFeeId }: TipScene): PostOutcome {
  const { earningsAccountId: earningsId, debtAccountId: debtId } = target;
  const fee = tip.feeMicros > 0n ? [{ accountId: platformFeeId, amountMicros: tip.feeMicros }] : [];
  return book.post({
    id: newId(),
    kind: 'TIP',
    causeId: tip.id,
    currency: tip.currency,
    entries: [
      { accountId: walletId, amountMicros: -tip.amountMicros },
      ...book.creditEarnings({ earningsId, debtId, amountMicros: tip.netMicros }),
      ...fee,
    ],
    createdAt: tip.createdAt,
  });
}
