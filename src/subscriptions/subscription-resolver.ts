import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import {
  Allow, hashInput, idempotencyKeyProblem, Interval, MoneyInput, ViewerDependent, type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { signedIn } from '../identity/room.ts';
import { cancel } from './cancel-subscription.ts';
import { changeSubscription, type ChangeSubscription } from './change-subscription.ts';
import { subscriptionDeskService } from './desk.ts';
import type { SubscriptionOutcome } from './outcomes.ts';
import { changeOwn, type OwnDecision } from './own-subscription.ts';
import { FieldReader, type PlanFields } from './parse-input.ts';
import { pause } from './pause-subscription.ts';
import { previewChange, previewStart } from './preview-subscription.ts';
import { previewOf, SubscriptionPreviewPayload } from './preview-type.ts';
import { resume } from './resume-subscription.ts';
import { subscribe, type Subscribe } from './subscribe.ts';
import { subscriptionRefusal, type Asked } from './subscription-errors.ts';
import { ChangeSubscriptionInput, MicroSubscriptionPayload, PauseSubscriptionInput, SubscribeInput, SubscriptionInput } from './subscription-inputs.ts';
import { forgetSubscriptions } from './subscription-lists.ts';
import type { Advanced } from './advance.ts';

const base = ['input'];

@Resolver()
export class SubscriptionOperations {
  @ViewerDependent()
  @Query(() => SubscriptionPreviewPayload, {
    description: 'What a new micro-subscription, or a change of one, would cost now and next, or why it cannot be had. The wallet, the spending cap and a frozen account are left to the mutation: INSUFFICIENT_FUNDS, CAP_EXCEEDED, ACCOUNT_FROZEN. The price of a change is its subscriber\'s alone to see.',
  })
  async previewSubscription(
    @Ctx() context: RequestContext,
    @Arg('subscriptionId', () => ID, { nullable: true, description: 'The micro-subscription to change; absent for a new one.' }) subscriptionId?: string | null,
    @Arg('tierId', () => ID, { nullable: true, description: 'The tier.' }) tierId?: string | null,
    @Arg('creatorId', () => ID, { nullable: true, description: 'For a new one: the creator to pay an amount of one\'s own.' }) creatorId?: string | null,
    @Arg('amount', () => MoneyInput, { nullable: true, description: 'The amount of one\'s own.' }) amount?: MoneyInput | null,
    @Arg('interval', () => Interval, { nullable: true, description: 'How often the amount of one\'s own is paid.' }) interval?: Interval | null,
  ): Promise<SubscriptionPreviewPayload> {
    return preview(context, subscriptionId ?? null, { tierId, creatorId, amount, interval });
  }

  @Allow(signedIn)
  @Mutation(() => MicroSubscriptionPayload, {
    description: 'Starts a micro-subscription: the first period is charged from the wallet at once. Safe to send again with the same key.',
  })
  async subscribe(@Arg('input', () => SubscribeInput, { description: 'What to subscribe to.' }) input: SubscribeInput, @Ctx() context: RequestContext): Promise<MicroSubscriptionPayload> {
    const command = parseSubscribe(input, context.viewer as Viewer);
    if ('errors' in command) return { subscription: null, errors: command.errors };
    return payload(context, await subscribe(context.services.get(subscriptionDeskService), command), { base, ...input });
  }

  @Allow(signedIn)
  @Mutation(() => MicroSubscriptionPayload, {
    description: 'To another tier, amount or interval; to the same tier it accepts the tier\'s new price. In the same interval what costs more takes effect now, and what costs less at the end of the paid period. Another interval begins a new period now, at its whole price less the unused rest of the paid one; where that rest covers it, it waits for the period\'s end.',
  })
  async changeSubscription(
    @Arg('input', () => ChangeSubscriptionInput, { description: 'What to change to.' }) input: ChangeSubscriptionInput,
    @Ctx() context: RequestContext,
  ): Promise<MicroSubscriptionPayload> {
    const command = parseChange(input, context.viewer as Viewer);
    if ('errors' in command) return { subscription: null, errors: command.errors };
    return payload(context, await changeSubscription(context.services.get(subscriptionDeskService), command), { base, ...input });
  }

  @Allow(signedIn)
  @Mutation(() => MicroSubscriptionPayload, { description: 'At the end of the paid period: no charges, no benefits, and the place in the tier is kept. Asked again, it moves the pause\'s end, while it runs too.' })
  pauseSubscription(
    @Arg('input', () => PauseSubscriptionInput, { description: 'Which, and for how long.' }) input: PauseSubscriptionInput,
    @Ctx() context: RequestContext,
  ): Promise<MicroSubscriptionPayload> {
    return act(context, input.subscriptionId, (own, now) => pause(own, input.until ?? null, now));
  }

  @Allow(signedIn)
  @Mutation(() => MicroSubscriptionPayload, {
    description: 'Ends a pause, or takes back a downgrade, pause or cancellation to come. Never charges by itself: what is due is charged by the next renewal run.',
  })
  resumeSubscription(@Arg('input', () => SubscriptionInput, { description: 'Which.' }) input: SubscriptionInput, @Ctx() context: RequestContext): Promise<MicroSubscriptionPayload> {
    return act(context, input.subscriptionId, resume);
  }

  @Allow(signedIn)
  @Mutation(() => MicroSubscriptionPayload, {
    description: 'At the end of the paid period; benefits last until then. While nothing is paid for, at once.',
  })
  cancelSubscription(@Arg('input', () => SubscriptionInput, { description: 'Which.' }) input: SubscriptionInput, @Ctx() context: RequestContext): Promise<MicroSubscriptionPayload> {
    return act(context, input.subscriptionId, cancel);
  }
}

async function preview(context: RequestContext, subscriptionId: string | null, fields: PlanFields): Promise<SubscriptionPreviewPayload> {
  const { db, clock } = context.services.get(subscriptionDeskService);
  const reader = new FieldReader([]);
  const id = subscriptionId === null ? null : reader.subscriptionId(subscriptionId);
  const wanted = subscriptionId === null ? reader.plan(fields) : null;
  const change = subscriptionId === null ? null : reader.change(fields);
  if (reader.errors.length > 0) return { preview: null, errors: reader.errors };
  const personId = context.viewer?.personId ?? null;
  const outcome = wanted ? await previewStart(db, personId, wanted, clock.now()) : await previewChange(db, personId, id!, change!, clock.now());
  if (outcome.kind !== 'PRICED') return { preview: null, errors: [subscriptionRefusal(outcome, { base: [], subscriptionId, ...fields })] };
  return { preview: previewOf(outcome.price, outcome.currency), errors: [] };
}

async function act(context: RequestContext, subscriptionId: string, decide: (own: Advanced, now: Date) => OwnDecision): Promise<MicroSubscriptionPayload> {
  const reader = new FieldReader(base);
  const id = reader.subscriptionId(subscriptionId);
  if (id === null) return { subscription: null, errors: reader.errors };
  const { personId } = context.viewer as Viewer;
  const outcome = await changeOwn(context.services.get(subscriptionDeskService), { personId, subscriptionId: id }, decide);
  return payload(context, outcome, { base, subscriptionId });
}

function payload(context: RequestContext, outcome: SubscriptionOutcome, asked: Asked): MicroSubscriptionPayload {
  if (outcome.kind !== 'DONE') return { subscription: null, errors: [subscriptionRefusal(outcome, asked)] };
  forgetSubscriptions(context);
  return { subscription: outcome.subscription, errors: [] };
}

/** Everything about the input that can be told without looking anything up, all mistakes at once. */
function parseSubscribe(input: SubscribeInput, { personId }: Viewer): Subscribe | { errors: UserError[] } {
  const { idempotencyKey } = input;
  const reader = new FieldReader(base);
  reader.add(idempotencyKeyProblem(idempotencyKey, [...base, 'idempotencyKey']));
  const wanted = reader.plan(input);
  const expectedDueNow = input.expectedDueNow ? reader.expectedDueNow(input.expectedDueNow) : null;
  if (reader.errors.length > 0 || !wanted) return { errors: reader.errors };
  const wish = { wanted, expectedDueNow, pricedAt: input.pricedAt ?? null };
  return { ...wish, personId, idempotencyKey, inputHash: hashInput('subscribe', wish) };
}

function parseChange(input: ChangeSubscriptionInput, { personId }: Viewer): ChangeSubscription | { errors: UserError[] } {
  const { idempotencyKey, pricedAt } = input;
  const reader = new FieldReader(base);
  reader.add(idempotencyKeyProblem(idempotencyKey, [...base, 'idempotencyKey']));
  const subscriptionId = reader.subscriptionId(input.subscriptionId);
  const wanted = reader.change(input);
  const expectedDueNow = reader.expectedDueNow(input.expectedDueNow);
  if (reader.errors.length > 0 || subscriptionId === null || !wanted || !expectedDueNow) return { errors: reader.errors };
  const wish = { subscriptionId, wanted, expectedDueNow, pricedAt };
  return { ...wish, personId, idempotencyKey, inputHash: hashInput('changeSubscription', wish) };
}
