import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import {
  Allow, CurrencyMismatch, decodeIdOf, enforce, ErrorCode, parseMoneyInput, quoteText, textProblem, ValidationError,
  type RequestContext, type UserError,
} from '../../api/room.ts';
import { CREATOR_PREFIX, loadCreator, loadKnownCreator, ownerOrModerator, requireOwnCreator, type Creator } from '../../creators/room.ts';
import { signedIn } from '../../identity/room.ts';
import { loadAlert, loadQueue } from './alert-lists.ts';
import { AlertQueuePayload, AlertSettingsPayload } from './alert-payloads.ts';
import { ALERT_PREFIX } from './alert.ts';
import { updateAlertSettings } from './edit-settings.ts';
import { ModerateAlertInput, SendTestAlertInput, SetAlertQueueStateInput, UpdateAlertSettingsInput } from './inputs.ts';
import { moderateAlert, MOST_TESTS_WAITING, sendTestAlert, setQueueState, type TestAlert } from './moderate.ts';

const longestMessage = 1_000;
const defaultMessage = 'This is what a tip looks like on your stream.';

@Resolver()
export class QueueMutations {
  @Allow(signedIn)
  @Mutation(() => AlertSettingsPayload, { description: 'Changes what the viewer\'s own page shows on stream: an absent field leaves, null clears.' })
  async updateAlertSettings(
    @Arg('input', () => UpdateAlertSettingsInput, { description: 'The change.' }) input: UpdateAlertSettingsInput,
    @Ctx() context: RequestContext,
  ): Promise<AlertSettingsPayload> {
    const own = await requireOwnCreator(context);
    if (!own.ok) return { settings: null, errors: [own.error] };
    const changed = await updateAlertSettings(context.services, own.creator, input);
    context.caches.clear();
    return changed;
  }

  @Allow(signedIn)
  @Mutation(() => AlertQueuePayload, {
    description: 'Shows a made-up tip, the way of a real one, before everything that waits. For the owner and moderators of a page.',
  })
  async sendTestAlert(
    @Arg('input', () => SendTestAlertInput, { description: 'What it says.' }) input: SendTestAlertInput,
    @Ctx() context: RequestContext,
  ): Promise<AlertQueuePayload> {
    const page = await pageOf(context, input.creatorId);
    if (!page.ok) return refused(page.error);
    const test = parseTest(input, page.creator);
    if ('errors' in test) return refused(...test.errors);
    if ((await sendTestAlert(context.services, page.creator.id, test)) === 'FULL') {
      return refused(new ValidationError(ErrorCode.INVALID_STATE, `${MOST_TESTS_WAITING} test alerts wait already: more than that may not.`, ['input']));
    }
    return changed(context, page.creator.id);
  }

  @Allow(signedIn)
  @Mutation(() => AlertQueuePayload, {
    description: 'Approves, denies, skips or replays an alert. What is so already stays so without an error. For the owner and moderators of its page.',
  })
  async moderateAlert(
    @Arg('input', () => ModerateAlertInput, { description: 'The alert and the action.' }) input: ModerateAlertInput,
    @Ctx() context: RequestContext,
  ): Promise<AlertQueuePayload> {
    const uuid = decodeIdOf(ALERT_PREFIX, input.alertId);
    const alert = uuid === null ? null : await loadAlert(context, uuid);
    if (!alert) return refused(new ValidationError(ErrorCode.NOT_FOUND, `There is no alert ${quoteText(input.alertId)}.`, ['input', 'alertId']));
    await enforce(ownerOrModerator, context, await loadKnownCreator(context, alert.creatorId));
    const outcome = await moderateAlert(context.services, alert, input.action);
    if (outcome.kind === 'DONE') return changed(context, alert.creatorId);
    return refused(new ValidationError(ErrorCode.INVALID_STATE, `The alert ${quoteText(input.alertId)} ${outcome.reason}`, ['input', 'action']));
  }

  @Allow(signedIn)
  @Mutation(() => AlertQueuePayload, { description: 'Lets a page\'s alerts play, or pauses them: what is showing ends. For the owner and moderators of the page.' })
  async setAlertQueueState(
    @Arg('input', () => SetAlertQueueStateInput, { description: 'The page and the state.' }) input: SetAlertQueueStateInput,
    @Ctx() context: RequestContext,
  ): Promise<AlertQueuePayload> {
    const page = await pageOf(context, input.creatorId);
    if (!page.ok) return refused(page.error);
    await setQueueState(context.services, page.creator.id, input.state);
    return changed(context, page.creator.id);
  }
}

type Page = { readonly ok: true; readonly creator: Creator } | { readonly ok: false; readonly error: UserError };

/** The page that is named, or the viewer's own. Throws FORBIDDEN for a page that the viewer neither runs nor moderates. */
async function pageOf(context: RequestContext, creatorId: string | null | undefined): Promise<Page> {
  if (creatorId == null) return requireOwnCreator(context);
  const uuid = decodeIdOf(CREATOR_PREFIX, creatorId);
  const creator = uuid === null ? null : await loadCreator(context, uuid);
  if (!creator) return { ok: false, error: new ValidationError(ErrorCode.NOT_FOUND, `There is no creator ${quoteText(creatorId)}.`, ['input', 'creatorId']) };
  await enforce(ownerOrModerator, context, creator);
  return { ok: true, creator };
}

function parseTest(input: SendTestAlertInput, { currency, tipPresetMicros, tipMinimumMicros }: Creator): TestAlert | { errors: UserError[] } {
  const message = input.message ?? defaultMessage;
  const errors: UserError[] = [];
  const problem = textProblem(message, { minimum: 0, maximum: longestMessage, multiline: true }, ['input', 'message']);
  if (problem) errors.push(problem);
  let amountMicros = tipPresetMicros[0] ?? tipMinimumMicros;
  if (input.amount) {
    const parsed = parseMoneyInput(input.amount, ['input', 'amount']);
    if (!parsed.ok) errors.push(parsed.error);
    else if (parsed.money.currency !== currency) errors.push(otherCurrency(parsed.money.currency, currency));
    else amountMicros = parsed.money.micros;
  }
  return errors.length > 0 ? { errors } : { message, amountMicros, currency };
}

function otherCurrency(given: string, expected: string): UserError {
  return new CurrencyMismatch(`${quoteText(given)} is not the creator's currency; amounts here are in ${expected}.`, ['input', 'amount', 'currency'], expected);
}

/** Lets the rest of the request see the change instead of what it read before. */
async function changed(context: RequestContext, creatorId: string): Promise<AlertQueuePayload> {
  context.caches.clear();
  return { queue: await loadQueue(context, creatorId), errors: [] };
}

function refused(...errors: UserError[]): AlertQueuePayload {
  return { queue: null, errors };
}
