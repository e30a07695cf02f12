import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Mutation, Resolver, Root } from 'type-graphql';
import {
  Allow, AmountOutOfRange, decodeIdOf, type Connection, type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { CREATOR_PREFIX, CreatorType, loadCreator, type Creator } from '../creators/room.ts';
import { payer, ViewerType } from '../identity/room.ts';
import { money } from '../money/room.ts';
import { autoTopUpsService, paymentFailures } from '../wallets/room.ts';
import { cardTipsService } from './card-tips.ts';
import { parseSendTip } from './parse-tip.ts';
import { SendTipInput, TipPayload } from './tip-inputs.ts';
import { cardTipRefusal, tipRefusal } from './tip-errors.ts';
import { tipsOfCreator, tipsOfSender } from './tip-lists.ts';
import { tipSenderService } from './tip-sender.ts';
import type { SendCardTip } from './send-card-tip.ts';
import type { SendTip } from './send-tip.ts';
import { TipConnection } from './tip-type.ts';
import type { Tip } from './tip.ts';

@Resolver()
export class TipMutations {
  @Allow(payer)
  @Mutation(() => TipPayload, {
    description:
      'Pays a creator: from the wallet at once, any amount down to 0.000001, or straight by card, where the amount bears the card\'s fee. Durable when it answers; safe to send again with the same key, also to learn what became of a card that had to be confirmed. Guests tip by card alone.',
  })
  async sendTip(@Arg('input', () => SendTipInput, { description: 'The tip.' }) input: SendTipInput, @Ctx() context: RequestContext): Promise<TipPayload> {
    const parsed = parseSendTip(input, context);
    if ('errors' in parsed) return { tip: null, errors: await inCreatorsRange(parsed.errors, input, context) };
    const payload = await ('wallet' in parsed ? sendFromWallet(parsed.wallet, input, context) : sendByCard(parsed.card, input, context));
    // A mutation before this one may have read lists, totals and balances that are no longer true.
    if (payload.tip) context.caches.clear();
    return payload;
  }
}

async function sendFromWallet(command: SendTip, input: SendTipInput, { services }: RequestContext): Promise<TipPayload> {
  const outcome = await services.get(tipSenderService).send(command);
  if (outcome.kind === 'SENT') services.get(autoTopUpsService).hint(command.senderId);
  return outcome.kind === 'SENT' || outcome.kind === 'REPLAYED' ? { tip: outcome.tip, errors: [] } : { tip: null, errors: [tipRefusal(outcome, input)] };
}

async function sendByCard(command: SendCardTip, input: SendTipInput, { services }: RequestContext): Promise<TipPayload> {
  const outcome = await services.get(cardTipsService).send(command);
  if (outcome.kind !== 'ANSWERED') return { tip: null, errors: [cardTipRefusal(outcome, input)] };
  const { tip } = outcome;
  return { tip, errors: tip.card ? paymentFailures(tip.card) : [] };
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

/** Amounts that no ledger takes are refused before anybody knows for whom they are: the range that is shown is the creator's all the same. */
async function inCreatorsRange(errors: readonly UserError[], input: SendTipInput, context: RequestContext): Promise<UserError[]> {
  const creatorId = decodeIdOf(CREATOR_PREFIX, input.creatorId);
  if (creatorId === null || !errors.some((error) => error instanceof AmountOutOfRange)) return [...errors];
  const creator = await loadCreator(context, creatorId);
  if (creator?.currency !== input.amount.currency) return [...errors];
  const [minimum, maximum] = [money(creator.tipMinimumMicros, creator.currency), money(creator.tipMaximumMicros, creator.currency)];
  return errors.map((error) => (error instanceof AmountOutOfRange ? tipRefusal({ kind: 'AMOUNT_OUT_OF_RANGE', minimum, maximum }, input) : error));
}
