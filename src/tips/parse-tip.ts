import {
  ApiError, decodeIdOf, ErrorCode, Funding, hashInput, hasVisibleText, idempotencyKeyProblem, parseMoneyInput, quoteText, textProblem, ValidationError,
  type ErrorPath, type RequestContext, type UserError,
} from '../api/room.ts';
import { CREATOR_PREFIX } from '../creators/room.ts';
import { addressHash } from '../identity/room.ts';
import type { CardPayer, SendCardTip } from './send-card-tip.ts';
import type { SendTip } from './send-tip.ts';
import type { SendTipInput } from './tip-inputs.ts';

const longestName = 80;
/** No creator can allow longer messages than this; the creator's own limit is checked with the tip. */
const longestMessage = 1000;
const longestMethod = 255;
const longestEmail = 254;
const email = /^[^\s<>,;:"()[\]\\@]{1,64}@[^\s<>,;:"()[\]\\@]{1,253}$/u;

export type ParsedTip = { readonly wallet: SendTip } | { readonly card: SendCardTip } | { readonly errors: UserError[] };

/** Everything about the input that can be told without looking anything up, all mistakes at once. A guest has no wallet, and hears so at the top. */
export function parseSendTip(input: SendTipInput, context: RequestContext): ParsedTip {
  const amount = parseMoneyInput(input.amount, ['input', 'amount']);
  const message = input.message != null && hasVisibleText(input.message) ? input.message : null;
  const displayName = input.displayName?.trim() ?? null;
  const problems = [
    idempotencyKeyProblem(input.idempotencyKey, ['input', 'idempotencyKey']),
    amount.ok ? null : amount.error,
    input.message == null ? null : textProblem(input.message, { minimum: 0, maximum: longestMessage, multiline: true }, ['input', 'message']),
    displayName === null ? null : textProblem(displayName, { minimum: 1, maximum: longestName }, ['input', 'displayName']),
    ...fundingProblems(input),
  ].filter((problem) => problem !== null);
  const creatorId = decodeIdOf(CREATOR_PREFIX, input.creatorId);
  if (creatorId === null) problems.push(noCreatorAt(input.creatorId, ['input', 'creatorId']));
  const payer = payerOf(context);
  if (payer.kind === 'GUEST' && input.funding !== Funding.CARD) {
    throw new ApiError('UNAUTHENTICATED', 'A guest has no wallet: tip with funding CARD, or sign in.');
  }
  if (problems.length > 0 || !amount.ok || creatorId === null) return { errors: problems };
  const wish = { creatorId, amount: amount.money, message, displayName, isAnonymous: input.isAnonymous ?? false };
  const { idempotencyKey } = input;
  if (input.funding !== Funding.CARD) {
    return { wallet: { ...wish, senderId: payer.id, idempotencyKey, inputHash: hashInput('sendTip', { ...wish, funding: input.funding }) } };
  }
  const { provider = null, paymentMethodId: paymentMethod = null, receiptEmail = null } = input;
  // What was asked for, not what it defaults to: the default method may change between two tries.
  const inputHash = hashInput('sendTip', { ...wish, funding: input.funding, provider, paymentMethod, receiptEmail });
  return { card: { ...wish, payer, provider, paymentMethod, receiptEmail, idempotencyKey, inputHash, addressHash: addressHash(context.services, context.remoteAddress) } };
}

export function noCreatorAt(id: string, path: ErrorPath): UserError {
  return new ValidationError(ErrorCode.NOT_FOUND, `There is no creator ${quoteText(id)}.`, path);
}

function payerOf({ viewer, guest }: RequestContext): CardPayer {
  if (viewer) return { kind: 'PERSON', id: viewer.personId };
  if (guest) return { kind: 'GUEST', id: guest.guestId };
  throw new Error('A tip was parsed for nobody: its rule lets nobody through.');
}

function fundingProblems(input: SendTipInput): (UserError | null)[] {
  const { paymentMethodId, receiptEmail } = input;
  if (input.funding === Funding.CARD) {
    return [
      paymentMethodId == null ? null : textProblem(paymentMethodId, { minimum: 1, maximum: longestMethod }, ['input', 'paymentMethodId']),
      receiptEmail == null ? null : emailProblem(receiptEmail),
    ];
  }
  const forCards = (['provider', 'paymentMethodId', 'receiptEmail'] as const).find((name) => input[name] != null);
  if (!forCards) return [];
  return [new ValidationError(ErrorCode.INVALID_INPUT, `"${forCards}" is for tips by card; this one is paid from the wallet.`, ['input', forCards])];
}

function emailProblem(text: string): UserError | null {
  const path = ['input', 'receiptEmail'];
  const problem = textProblem(text, { minimum: 3, maximum: longestEmail }, path);
  if (problem || email.test(text)) return problem;
  return new ValidationError(ErrorCode.INVALID_INPUT, `${quoteText(text)} is not one plain e-mail address.`, path);
}
