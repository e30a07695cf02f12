import { Ctx, Field, FieldResolver, ID, Int, ObjectType, Resolver, Root } from 'type-graphql';
import {
  DateTimeScalar, encodeId, InsiderDependent, isViewer, MoneyType, NodeInterface, type NodeType, type RequestContext, type Rule,
} from '../../api/room.ts';
import { isModerator, loadGoal, loadKnownCreator, loadTier, ownerOrModerator } from '../../creators/room.ts';
import { loadPerson } from '../../identity/room.ts';
import { formatMoney, money, type Money } from '../../money/room.ts';
import { loadSubscription, MicroSubscriptionType, type Subscription } from '../../subscriptions/room.ts';
import { loadTip, TipType, type Tip } from '../../tips/room.ts';
import { AlertKind, AlertState } from './alert-enums.ts';
import { readAlertNodes } from './alert-lists.ts';
import { ALERT_PREFIX, type AlertRow } from './alert.ts';
import { boundText, maskText } from './fan-text.ts';
import { loadAlertSettings, variantOf } from './settings.ts';
import { headlineOf } from './wording.ts';

/** Its root value is an `AlertRow`. */
@ObjectType('Alert', { implements: NodeInterface, description: 'Something that is shown on a creator\'s stream: its owner, moderators and overlays alone see it.' })
export class AlertType {
  @Field(() => AlertKind, { description: 'What it tells of.' })
  kind!: AlertKind;

  @Field(() => AlertState, { description: 'Where it stands.' })
  state!: AlertState;

  @Field(() => String, { description: 'The name of the look that the settings gave it.' })
  variant!: string;

  @Field(() => Int, { description: 'How long it is shown, in milliseconds.' })
  durationMs!: number;

  @Field(() => Boolean, { description: 'Whether it is a test, with nothing paid behind it.' })
  isTest!: boolean;

  @Field(() => Int, { description: '1 at first; one more each time it came back to the queue from showing.' })
  attempt!: number;

  @Field(() => DateTimeScalar, { description: 'When what it tells of happened; of a replay, when it was asked for.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the first overlay said that it was shown; null before.' })
  shownAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'The showing\'s lease, the same for every overlay: give it back with reportAlert.' })
  lease!: string | null;

  @Field(() => Int, { nullable: true, description: 'How many milliseconds of the lease are left, by the server\'s clock; null unless SHOWING.' })
  leaseRemainingMs!: number | null;
}

@Resolver(() => AlertType)
export class AlertFields {
  @FieldResolver(() => ID, { description: 'Opaque: alr_ and a UUIDv7.' })
  id(@Root() alert: AlertRow): string {
    return encodeId(ALERT_PREFIX, alert.id);
  }

  @InsiderDependent()
  @FieldResolver(() => String, { description: 'What is shown in one line: names with profanity and blocked words masked, "Anonymous" for a fan who wished so.' })
  async headline(@Root() alert: AlertRow, @Ctx() context: RequestContext): Promise<string> {
    const settings = await loadAlertSettings(context, alert.creatorId);
    const variant = settings.variants.find(({ name }) => name === alert.variant) ?? variantOf(settings, alert.amountMicros);
    const [name, tier, goal, hides] = await Promise.all([nameOf(alert, context), tierOf(alert, context), goalOf(alert, context), hidesAmounts(alert, context)]);
    const sum = moneyOf(alert);
    return headlineOf(variant.headline, {
      kind: alert.kind,
      name: maskText(name, settings.blockedWords).trim() || 'Anonymous',
      amount: sum && (hides ? '…' : formatMoney(sum)),
      tier,
      goal,
      count: alert.digestCount,
    });
  }

  @InsiderDependent()
  @FieldResolver(() => String, {
    nullable: true,
    description: 'What the fan wrote, with profanity and blocked words masked. Held or denied, it is for owner and moderators alone: as it was written.',
  })
  async message(@Root() alert: AlertRow, @Ctx() context: RequestContext): Promise<string | null> {
    const tip = await tipOf(alert, context);
    const message = alert.isTest ? alert.message : (tip?.message ?? null);
    if (message === null) return null;
    if (tip && tip.messageState !== 'VISIBLE') return (await mayModerate(alert, context)) ? boundText(message) : null;
    return maskText(message, (await loadAlertSettings(context, alert.creatorId)).blockedWords);
  }

  @InsiderDependent()
  @FieldResolver(() => MoneyType, {
    nullable: true,
    description: 'How much: of a goal its target, of a digest the sum. Null where there is none, and for moderators from whom amounts are hidden.',
  })
  async amount(@Root() alert: AlertRow, @Ctx() context: RequestContext): Promise<Money | null> {
    return (await hidesAmounts(alert, context)) ? null : moneyOf(alert);
  }

  @InsiderDependent()
  @FieldResolver(() => TipType, {
    nullable: true,
    description: 'The tip it tells of; null for other kinds, for tests, and for moderators from whom amounts are hidden.',
  })
  async tip(@Root() alert: AlertRow, @Ctx() context: RequestContext): Promise<Tip | null> {
    return (await hidesAmounts(alert, context)) ? null : tipOf(alert, context);
  }

  @InsiderDependent()
  @FieldResolver(() => MicroSubscriptionType, { nullable: true, description: 'The micro-subscription it tells of, for the owner alone; null for other kinds.' })
  async subscription(@Root() { creatorId, subscriptionId }: AlertRow, @Ctx() context: RequestContext): Promise<Subscription | null> {
    if (subscriptionId === null || !isViewer(context, (await loadKnownCreator(context, creatorId)).ownerId)) return null;
    return loadSubscription(context, subscriptionId);
  }

  @FieldResolver(() => ID, { nullable: true, description: 'The alert that this one shows again; null unless it is a replay.' })
  replayOf(@Root() { replayOf }: AlertRow): string | null {
    return replayOf && encodeId(ALERT_PREFIX, replayOf);
  }
}

function moneyOf({ amountMicros, currency }: AlertRow): Money | null {
  return amountMicros === null || currency === null ? null : money(amountMicros, currency);
}

async function tipOf({ tipId }: AlertRow, context: RequestContext): Promise<Tip | null> {
  return tipId === null ? null : loadTip(context, tipId);
}

async function nameOf(alert: AlertRow, context: RequestContext): Promise<string> {
  if (alert.isTest) return 'Test fan';
  const tip = await tipOf(alert, context);
  if (tip) return tip.isAnonymous ? 'Anonymous' : tip.displayName;
  const subscription = alert.subscriptionId === null ? null : await loadSubscription(context, alert.subscriptionId);
  return (subscription && (await loadPerson(context, subscription.personId))?.displayName) ?? '';
}

async function tierOf({ subscriptionId }: AlertRow, context: RequestContext): Promise<string | null> {
  const subscription = subscriptionId === null ? null : await loadSubscription(context, subscriptionId);
  return subscription?.tierId ? ((await loadTier(context, subscription.tierId))?.name ?? null) : null;
}

async function goalOf({ goalId }: AlertRow, context: RequestContext): Promise<string | null> {
  return goalId === null ? null : ((await loadGoal(context, goalId))?.title ?? null);
}

/** An execution that answers many sockets is for overlays, which show what everybody may see. */
async function mayModerate({ creatorId }: AlertRow, context: RequestContext): Promise<boolean> {
  if (context.isShared) return false;
  return isViewer(context, (await loadKnownCreator(context, creatorId)).ownerId) || isModerator(context, creatorId);
}

async function hidesAmounts(alert: AlertRow, context: RequestContext): Promise<boolean> {
  if (!(await mayModerate(alert, context)) || isViewer(context, (await loadKnownCreator(context, alert.creatorId)).ownerId)) return false;
  return (await loadAlertSettings(context, alert.creatorId)).hideAmountsFromModerators;
}

const ofItsPage: Rule = {
  ...ownerOrModerator,
  decide: async (context, alert) => ownerOrModerator.decide(context, await loadKnownCreator(context, (alert as AlertRow).creatorId)),
};

export const alertNode: NodeType<AlertRow> = { typeName: 'Alert', prefix: ALERT_PREFIX, readableBy: ofItsPage, load: readAlertNodes };
