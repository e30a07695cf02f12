import DataLoader from 'dataloader';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import {
  Allow, cached, decodeIdOf, hashInput, idempotencyKeyProblem, InsiderDependent, isViewer, parseMoneyInput, textProblem,
  type RequestContext, type UserError, type Viewer,
} from '../../api/room.ts';
import { databaseService } from '../../database/room.ts';
import { signedIn } from '../../identity/room.ts';
import { readRefundsOf, refundFailures, RefundPayload, RefundType, type Refund } from '../../wallets/room.ts';
import { readTips } from '../tip-lists.ts';
import { isSender, TIP_PREFIX, TipType } from '../tip-type.ts';
import type { Tip } from '../tip.ts';
import { refundTipRefusal, tipNotFound } from './refund-errors.ts';
import { RefundTipInput } from './refund-inputs.ts';
import { tipRefundsService, type RefundTip } from './refund-tip.ts';

const longestReason = 500;

@Resolver()
export class TipRefundMutations {
  @Allow(signedIn)
  @Mutation(() => RefundPayload, {
    description: 'Gives a tip back, whole or in part, from the earnings of the page that it was paid to: to a wallet at once, to a card through its provider. For the page\'s owner.',
  })
  async refundTip(
    @Arg('input', () => RefundTipInput, { description: 'Which tip, and how much of it.' }) input: RefundTipInput,
    @Ctx() context: RequestContext,
  ): Promise<RefundPayload> {
    const command = parseRefundTip(input, context.viewer as Viewer);
    if ('errors' in command) return { refund: null, topUp: null, errors: command.errors };
    const outcome = await context.services.get(tipRefundsService).refund(command);
    if (outcome.kind !== 'ANSWERED') return { refund: null, topUp: null, errors: [refundTipRefusal(outcome, input)] };
    // A mutation before this one may have read lists, totals and balances that are no longer true.
    context.caches.clear();
    return { refund: outcome.refund, topUp: null, errors: refundFailures(outcome.refund) };
  }
}

@Resolver(() => RefundPayload)
export class RefundedTip {
  @FieldResolver(() => TipType, { nullable: true, description: 'The tip as it is now, when the refund is of one.' })
  async tip(@Root() { refund }: RefundPayload, @Ctx() context: RequestContext): Promise<Tip | null> {
    if (refund?.kind !== 'TIP') return null;
    return (await readTips(context, [refund.paymentId]))[0] ?? null;
  }
}

@Resolver(() => TipType)
export class TipRefundFields {
  @InsiderDependent()
  @FieldResolver(() => [RefundType], { description: 'What went back of it, or is on its way, oldest first: for its sender and the page\'s owner; empty for others.' })
  async refunds(@Root() tip: Tip, @Ctx() context: RequestContext): Promise<Refund[]> {
    // Whoever only looks at a public list costs no read.
    if (context.isShared || (!context.viewer && !context.guest)) return [];
    const refunds = await refundLoader(context).load(tip.id);
    return isSender(tip, context) ? refunds : refunds.filter((refund) => isViewer(context, refund.askedBy));
  }
}

/** Batches without remembering: a mutation later in the same request may have made one. */
function refundLoader(context: RequestContext): DataLoader<string, Refund[]> {
  return cached(context, 'tips.refunds', () => {
    const db = context.services.get(databaseService);
    return new DataLoader<string, Refund[]>((tipIds) => readRefundsOf(db, 'TIP', tipIds), { cache: false });
  });
}

/** Everything about the input that can be told without looking anything up, all mistakes at once. */
function parseRefundTip(input: RefundTipInput, { personId }: Viewer): RefundTip | { errors: UserError[] } {
  const { idempotencyKey } = input;
  const amount = input.amount ? parseMoneyInput(input.amount, ['input', 'amount']) : null;
  const reason = input.reason === '' ? null : (input.reason ?? null);
  const tipId = decodeIdOf(TIP_PREFIX, input.tipId);
  const errors = [
    idempotencyKeyProblem(idempotencyKey, ['input', 'idempotencyKey']),
    amount && !amount.ok ? amount.error : null,
    reason === null ? null : textProblem(reason, { minimum: 0, maximum: longestReason, multiline: true }, ['input', 'reason']),
    tipId === null ? tipNotFound(input.tipId) : null,
  ].filter((problem) => problem !== null);
  if (errors.length > 0 || tipId === null || (amount && !amount.ok)) return { errors };
  const wish = { tipId, amount: amount?.money ?? null, reason };
  return { ...wish, personId, idempotencyKey, inputHash: hashInput('refundTip', wish) };
}
