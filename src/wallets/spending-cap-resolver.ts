import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import {
  Allow, amountProblem, ApiError, ErrorCode, Period, ValidationError, type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { clockService, databaseService } from '../database/room.ts';
import { loadViewer, signedIn, ViewerPayloadType, ViewerType } from '../identity/room.ts';
import { MAX_MICROS, money, parseAmount } from '../money/room.ts';
import { setSpendingCap, type SetSpendingCap } from './set-spending-cap.ts';
import { SetSpendingCapInput, SpendingCapType } from './spending-cap-type.ts';
import { capPeriods, type CapPeriod } from './spending-cap.ts';
import { readCapsOf, type CapState } from './spending-rows.ts';

@Resolver(() => ViewerType)
export class SpendingCapResolver {
  @FieldResolver(() => [SpendingCapType], { description: 'The caps that the account set on its own spending, by currency and from the shortest period to the longest.' })
  async spendingCaps(@Root() viewer: ViewerType, @Ctx() { services }: RequestContext): Promise<SpendingCapType[]> {
    const caps = await readCapsOf(services.get(databaseService), viewer.personId, services.get(clockService).now());
    return caps.map(shown);
  }

  @Allow(signedIn)
  @Mutation(() => ViewerPayloadType, {
    description:
      'Caps what the viewer spends in a calendar period (UTC): tips and micro-subscriptions together, an amount that would pass it is CAP_EXCEEDED. A first or a lower limit holds at once, and drops a higher one that waits; a higher one, or none, takes effect after 24 hours. ALL_TIME is refused.',
  })
  async setSpendingCap(
    @Arg('input', () => SetSpendingCapInput, { description: 'The cap.' }) input: SetSpendingCapInput,
    @Ctx() context: RequestContext,
  ): Promise<ViewerPayloadType> {
    const command = parseCap(input, context.viewer as Viewer);
    if ('errors' in command) return { viewer: null, errors: command.errors };
    const { services } = context;
    const outcome = await setSpendingCap(services.get(databaseService), command, services.get(clockService).now());
    if (outcome === 'PERSON_NOT_FOUND') throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    return { viewer: await loadViewer(context), errors: [] };
  }
}

/** Every mistake at once. */
function parseCap({ period, currency, limit }: SetSpendingCapInput, viewer: Viewer): SetSpendingCap | { errors: UserError[] } {
  const errors: UserError[] = [];
  if (!isCapPeriod(period)) {
    errors.push(new ValidationError(ErrorCode.INVALID_INPUT, `${period} cannot be capped: use ${capPeriods.join(', ')}.`, ['input', 'period']));
  }
  // Where there is no limit, nothing is as good as any amount to find out about the currency.
  const parsed = parseAmount({ amount: limit ?? '0', currency }, { allowZero: true });
  if (!parsed.ok) {
    const path = ['input', parsed.field === 'amount' ? 'limit' : 'currency'];
    errors.push(amountProblem(parsed, currency, path, { minimumMicros: 0n, maximumMicros: MAX_MICROS }));
  }
  if (!parsed.ok || !isCapPeriod(period)) return { errors };
  return { personId: viewer.personId, currency: parsed.money.currency, period, limitMicros: limit == null ? null : parsed.money.micros };
}

function isCapPeriod(period: Period): period is CapPeriod {
  return period !== Period.ALL_TIME;
}

function shown({ currency, period, limitMicros, usedMicros, resetsAt, pending }: CapState): SpendingCapType {
  return {
    period,
    limit: money(limitMicros, currency),
    used: money(usedMicros, currency),
    resetsAt,
    pendingLimit: pending?.limitMicros == null ? null : money(pending.limitMicros, currency),
    pendingAt: pending?.at ?? null,
  };
}
