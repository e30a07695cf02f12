import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Mutation, Resolver, Root } from 'type-graphql';
import {
  Allow, AmountOutOfRange, decodeIdOf, ErrorCode, Funding, hashInput, hasVisibleText, idempotencyKeyProblem, parseMoneyInput, quoteText, textProblem, ValidationError,
  type Connection, type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { CREATOR_PREFIX, CreatorType, loadCreator, type Creator } from '../creators/room.ts';
import { signedIn, ViewerType } from '../identity/room.ts';
import { money } from '../money/room.ts';
import { SendTipInput, TipPayload } from './tip-inputs.ts';
import { tipRefusal } from './tip-errors.ts';
import { tipsOfCreator, tipsOfSender } from './tip-lists.ts';
import { tipSenderService } from './tip-sender.ts';
import type { SendTip } from './send-tip.ts';
import { TipConnection } from './tip-type.ts';
import type { Tip } from './tip.ts';

const longestName = 80;
/** No creator can allow longer messages than this; the creator's own limit is checked with the tip. */
const longestMessage = 1000;

@Resolver()
export class TipMutations {
  @Allow(signedIn)
  @Mutation(() => TipPayload, {
    description: 'Pays a creator at once, any amount down to 0.000001. Durable when it answers; safe to send again with the same key.',
  })
  async sendTip(@Arg('input', () => SendTipInput, { description: 'The tip.' }) input: SendTipInput, @Ctx() context: RequestContext): Promise<TipPayload> {
    const parsed = parseSendTip(input, context.viewer as Viewer);
    if ('errors' in parsed) return { tip: null, errors: await inCreatorsRange(parsed.errors, input, context) };
    const outcome = await context.services.get(tipSenderService).send(parsed);
    if (outcome.kind === 'SENT' || outcome.kind === 'REPLAYED') {
      // A mutation before this one may have read lists, totals and balances that are no longer true.
      context.caches.clear();
      return { tip: outcome.tip, errors: [] };
    }
    return { tip: null, errors: [tipRefusal(outcome, input)] };
  }
}

@Resolver(() => CreatorType)
export class CreatorTips {
  @FieldResolver(() => TipConnection, { description: 'Tips as they were paid, newest first.' })
  tips(
    @Root() creator: Creator,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many: 1 to 100.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<Connection<Tip>> {
    return tipsOfCreator(context, creator.id, { first, after }, info);
  }
}

@Resolver(() => ViewerType)
export class ViewerTips {
  @FieldResolver(() => TipConnection, { description: 'Tips this account sent, newest first.' })
  tips(
    @Root() viewer: Viewer,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many: 1 to 100.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<Connection<Tip>> {
    return tipsOfSender(context, viewer.personId, { first, after });
  }
}

/** Everything about the input that can be told without looking anything up, all mistakes at once. */
function parseSendTip(input: SendTipInput, viewer: Viewer): SendTip | { errors: UserError[] } {
  const amount = parseMoneyInput(input.amount, ['input', 'amount']);
  const message = input.message != null && hasVisibleText(input.message) ? input.message : null;
  const displayName = input.displayName?.trim() ?? null;
  const problems = [
    idempotencyKeyProblem(input.idempotencyKey, ['input', 'idempotencyKey']),
    amount.ok ? null : amount.error,
    input.message == null ? null : textProblem(input.message, { minimum: 0, maximum: longestMessage, multiline: true }, ['input', 'message']),
    displayName === null ? null : textProblem(displayName, { minimum: 1, maximum: longestName }, ['input', 'displayName']),
    fundingProblem(input),
  ].filter((problem) => problem !== null);
  const creatorId = decodeIdOf(CREATOR_PREFIX, input.creatorId);
  if (creatorId === null) {
    problems.push(new ValidationError(ErrorCode.NOT_FOUND, `There is no creator ${quoteText(input.creatorId)}.`, ['input', 'creatorId']));
  }
  if (problems.length > 0 || !amount.ok || creatorId === null) return { errors: problems };
  const wish = { creatorId, amount: amount.money, message, displayName, isAnonymous: input.isAnonymous ?? false };
  return {
    ...wish,
    senderId: viewer.personId,
    idempotencyKey: input.idempotencyKey,
    inputHash: hashInput('sendTip', { ...wish, funding: input.funding }),
  };
}

/** Amounts that no ledger takes are refused before anybody knows for whom they are: the range that is shown is the creator's all the same. */
async function inCreatorsRange(errors: UserError[], input: SendTipInput, context: RequestContext): Promise<UserError[]> {
  const creatorId = decodeIdOf(CREATOR_PREFIX, input.creatorId);
  if (creatorId === null || !errors.some((error) => error instanceof AmountOutOfRange)) return errors;
  const creator = await loadCreator(context, creatorId);
  if (creator?.currency !== input.amount.currency) return errors;
  const [minimum, maximum] = [money(creator.tipMinimumMicros, creator.currency), money(creator.tipMaximumMicros, creator.currency)];
  return errors.map((error) => (error instanceof AmountOutOfRange ? tipRefusal({ kind: 'AMOUNT_OUT_OF_RANGE', minimum, maximum }, input) : error));
}

/** Cards are not wired to tips yet: a tip by card is refused in words, not by leaving the choice out of the API. */
function fundingProblem(input: SendTipInput): UserError | null {
  if (input.funding === Funding.CARD) {
    return new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, 'Tips straight by card are not available here: top up the wallet and tip from it.', ['input', 'funding']);
  }
  const forCards = (['provider', 'paymentMethodId', 'receiptEmail'] as const).find((name) => input[name] != null);
  if (!forCards) return null;
  return new ValidationError(ErrorCode.INVALID_INPUT, `"${forCards}" is for tips by card; this one is paid from the wallet.`, ['input', forCards]);
}
