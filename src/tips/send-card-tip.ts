import { encodeId } from '../api/room.ts';
import type { TipTarget } from '../creators/room.ts';
import type { LockedPerson } from '../identity/room.ts';
import type { Rail } from '../payments/room.ts';
import { returnTo, type AttemptRefusal, type CapRefusal, type ChosenMethod, type MethodRefusal } from '../wallets/room.ts';
import { quoteCardTip, type CardTipQuote, type CardTipQuoteOutcome } from './card-tip-quote.ts';
import type { CardTip } from './card-tip-rows.ts';
import { misfitOf, type SendTip, type TipMisfit } from './send-tip.ts';
import type { Tip } from './tip.ts';

/** The prefix of the key that a provider gets for a tip. */
const keyPrefix = 'tip';

/** Who pays by card: an account, or a guest's session. It is the scope of the key. */
export type CardPayer =
  | { readonly kind: 'PERSON'; readonly id: string }
  | { readonly kind: 'GUEST'; readonly id: string };

/** A wish to tip by card, parsed and well-formed, with nothing looked up yet. */
export interface SendCardTip extends Omit<SendTip, 'senderId'> {
  readonly payer: CardPayer;
  /** The provider's name; null: that of the method, or the first that is set up. */
  readonly provider: string | null;
  /** A saved method's id or the provider's token; null: the default one, else a card that the provider asks for. */
  readonly paymentMethod: string | null;
  readonly receiptEmail: string | null;
  /** Where the request came from. */
  readonly addressHash: Buffer;
}

/** Everything that can come of it. Only ANSWERED has a row: a tip that was paid, failed, or waits. */
export type CardTipOutcome = { readonly kind: 'ANSWERED'; readonly tip: Tip } | CardTipRefusal;

export type CardTipRefusal =
  | { readonly kind: 'PAYER_NOT_FOUND' }
  | { readonly kind: 'CREATOR_NOT_FOUND' }
  | { readonly kind: 'IDEMPOTENCY_MISMATCH' }
  | TipMisfit
  | MethodRefusal
  | (Exclude<CardTipQuoteOutcome, { kind: 'QUOTED' }> & { readonly provider: string })
  | { readonly kind: 'CAP_EXCEEDED'; readonly refusal: CapRefusal }
  | { readonly kind: 'LEDGER_HALTED'; readonly currency: string; readonly reason: string }
  | AttemptRefusal;

/** What the rule sees of the world, read under the payer's lock. */
export interface CardTipScene {
  /** Null for a guest. */
  readonly sender: LockedPerson | null;
  readonly target: TipTarget | undefined;
  readonly method: ChosenMethod | MethodRefusal;
  readonly rail: (provider: string, currency: string) => Rail | null;
  readonly feeBps: number;
}

export type CardTipVerdict = { readonly kind: 'FITS'; readonly target: TipTarget; readonly method: ChosenMethod; readonly quote: CardTipQuote } | CardTipRefusal;

/** The checks of a tip by card that need no counting, the first that fails naming the outcome. */
export function judgeCardTip(command: SendCardTip, { sender, target, method, rail, feeBps }: CardTipScene): CardTipVerdict {
  if (!target) return { kind: 'CREATOR_NOT_FOUND' };
  const misfit = misfitOf(command, sender, target);
  if (misfit) return misfit;
  if ('kind' in method) return method;
  const quoted = quoteCardTip(command.amount, rail(method.provider, target.currency), feeBps, target);
  return quoted.kind === 'QUOTED' ? { kind: 'FITS', target, method, quote: quoted.quote } : { ...quoted, provider: method.provider };
}

export interface CardTipParts {
  readonly id: string;
  readonly sender: LockedPerson | null;
  readonly feeBps: number;
  readonly holdDays: number;
  readonly returnUrl: string;
  readonly now: Date;
}

/** The tip as it is stored before the provider is asked. */
export function makeCardTip(command: SendCardTip, { target, method, quote }: Extract<CardTipVerdict, { kind: 'FITS' }>, parts: CardTipParts): CardTip {
  const { payer, amount, message } = command;
  return {
    id: parts.id,
    creatorId: command.creatorId,
    senderId: payer.kind === 'PERSON' ? payer.id : null,
    guestId: payer.kind === 'GUEST' ? payer.id : null,
    currency: amount.currency,
    amountMicros: amount.micros,
    feeBps: parts.feeBps,
    ...quote,
    displayName: command.displayName ?? parts.sender?.displayName ?? 'Guest',
    message,
    messageState: message !== null && target.holdTipsForApproval ? 'HELD' : 'VISIBLE',
    isAnonymous: command.isAnonymous,
    funding: 'CARD',
    status: 'PENDING',
    createdAt: parts.now,
    paidAt: null,
    card: {
      ...method,
      providerKey: encodeId(keyPrefix, parts.id),
      returnUrl: returnTo(parts.returnUrl, encodeId(keyPrefix, parts.id)),
      chargeId: null,
      action: null,
      failure: null,
      receiptEmail: command.receiptEmail,
      holdDays: parts.holdDays,
    },
  };
}
