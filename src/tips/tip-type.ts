import { Ctx, Field, FieldResolver, ID, ObjectType, Resolver, Root } from 'type-graphql';
import {
  cached, connectionType, DateTimeScalar, encodeId, InsiderDependent, isGuest, isViewer, MoneyType, NodeInterface, PaymentActionType, PaymentStatus,
  type PaymentAction, type RequestContext,
} from '../api/room.ts';
import { CreatorType, isModerator, loadCreator, type Creator } from '../creators/room.ts';
import { money, type Money } from '../money/room.ts';
import type { Tip } from './tip.ts';

export const TIP_PREFIX = 'tip';

@ObjectType('Tip', { implements: NodeInterface, description: 'A fan\'s one-time payment to a creator.' })
export class TipType {
  @Field(() => PaymentStatus, { description: 'Where the payment stands.' })
  status!: PaymentStatus;

  @Field(() => Boolean, { description: 'Whether the sender\'s name is hidden from everybody else.' })
  isAnonymous!: boolean;

  @Field(() => DateTimeScalar, { description: 'When it was sent.' })
  createdAt!: Date;
}

export const TipConnection = connectionType('Tip', () => TipType);

@Resolver(() => TipType)
export class TipFields {
  @FieldResolver(() => ID, { description: 'Opaque: tip_ and a UUIDv7.' })
  id(@Root() tip: Tip): string {
    return encodeId(TIP_PREFIX, tip.id);
  }

  @FieldResolver(() => CreatorType, { description: 'Who was tipped.' })
  creator(@Root() tip: Tip, @Ctx() context: RequestContext): Promise<Creator> {
    return creatorOf(tip, context);
  }

  @FieldResolver(() => MoneyType, { description: 'What the fan paid.' })
  amount(@Root() tip: Tip): Money {
    return money(tip.amountMicros, tip.currency);
  }

  @InsiderDependent()
  @FieldResolver(() => String, { description: 'The sender\'s name; "Anonymous" to all but the sender when isAnonymous.' })
  displayName(@Root() tip: Tip, @Ctx() context: RequestContext): string {
    return tip.isAnonymous && !isSender(tip, context) ? 'Anonymous' : tip.displayName;
  }

  @InsiderDependent()
  @FieldResolver(() => PaymentActionType, { nullable: true, description: 'What the fan still has to do, while ACTION_REQUIRED; the fan alone.' })
  action(@Root() tip: Tip, @Ctx() context: RequestContext): PaymentAction | null {
    return isSender(tip, context) ? (tip.card?.action ?? null) : null;
  }

  @InsiderDependent()
  @FieldResolver(() => String, {
    nullable: true,
    description: 'What the fan wrote. Null to all but sender, owner and moderators while held, and for ever if denied.',
  })
  async message(@Root() tip: Tip, @Ctx() context: RequestContext): Promise<string | null> {
    if (tip.messageState === 'VISIBLE' || tip.message === null) return tip.message;
    const isInsider = isSender(tip, context) || (await isCreators(tip, context)) || (await isModerator(context, tip.creatorId));
    return isInsider ? tip.message : null;
  }

  @InsiderDependent()
  @FieldResolver(() => MoneyType, { nullable: true, description: 'What the platform kept: the creator alone, null for others.' })
  async fee(@Root() tip: Tip, @Ctx() context: RequestContext): Promise<Money | null> {
    return (await isCreators(tip, context)) ? money(tip.feeMicros, tip.currency) : null;
  }

  @InsiderDependent()
  @FieldResolver(() => MoneyType, { nullable: true, description: 'What the card\'s processor kept: the creator alone, null for others.' })
  async processorFee(@Root() tip: Tip, @Ctx() context: RequestContext): Promise<Money | null> {
    return (await isCreators(tip, context)) ? money(tip.processorFeeMicros, tip.currency) : null;
  }

  @InsiderDependent()
  @FieldResolver(() => MoneyType, { nullable: true, description: 'What the creator got: the creator alone, null for others.' })
  async net(@Root() tip: Tip, @Ctx() context: RequestContext): Promise<Money | null> {
    return (await isCreators(tip, context)) ? money(tip.netMicros, tip.currency) : null;
  }
}

/** Whether it was sent by the viewer, or by the guest, who looks. */
export function isSender(tip: Tip, context: RequestContext): boolean {
  return isViewer(context, tip.senderId) || isGuest(context, tip.guestId);
}

async function creatorOf(tip: Tip, context: RequestContext): Promise<Creator> {
  const creator = await loadCreator(context, tip.creatorId);
  if (!creator) throw new Error(`The tip ${tip.id} names a creator ${tip.creatorId} that is not there.`);
  return creator;
}

/** Whether the viewer runs the page that was tipped. Asked once a request and creator. */
async function isCreators(tip: Tip, context: RequestContext): Promise<boolean> {
  if (context.isShared || !context.viewer) return false;
  return cached(context, `tips.isCreators.${tip.creatorId}`, async () => isViewer(context, (await creatorOf(tip, context)).ownerId));
}
