import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import {
  Allow, decodeIdOf, ErrorCode, hashInput, idempotencyKeyProblem, parseMoneyInput, textProblem, ValidationError,
  type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { signedIn } from '../identity/room.ts';
import { parseDecimal } from '../money/room.ts';
import { addDestination, verifyDestination } from './destinations.ts';
import { addRefusal, payoutRefusal, verifyRefusal } from './payout-errors.ts';
import {
  AddPayoutDestinationInput, PayoutDestinationPayload, PayoutPayload, RequestPayoutInput, VerifyPayoutDestinationInput,
} from './payout-type.ts';
import { destinationPrefix } from './payout.ts';
import { payoutsService, type RequestPayout } from './payouts.ts';

/** Each acts on the page that the viewer runs. */
@Resolver()
export class PayoutMutations {
  @Allow(signedIn)
  @Mutation(() => PayoutDestinationPayload, {
    description: 'Makes a bank account, say, the one that the viewer\'s page is paid to, in place of the one before. The same token again is the same destination.',
  })
  async addPayoutDestination(
    @Arg('input', () => AddPayoutDestinationInput, { description: 'The destination.' }) { provider, token }: AddPayoutDestinationInput,
    @Ctx() context: RequestContext,
  ): Promise<PayoutDestinationPayload> {
    const problem = textProblem(token, { minimum: 1, maximum: 255 }, ['input', 'token']);
    if (problem) return { destination: null, errors: [problem] };
    const result = await addDestination(context.services, { personId: personIdOf(context), provider, token });
    return result.kind === 'ADDED' ? { destination: result.destination, errors: [] } : { destination: null, errors: [addRefusal(result)] };
  }

  @Allow(signedIn)
  @Mutation(() => PayoutDestinationPayload, { description: 'Proves a destination by the two small deposits that arrived there. Five wrong answers end it.' })
  async verifyPayoutDestination(
    @Arg('input', () => VerifyPayoutDestinationInput, { description: 'The proof.' }) input: VerifyPayoutDestinationInput,
    @Ctx() context: RequestContext,
  ): Promise<PayoutDestinationPayload> {
    const amounts = parseDeposits(input.amounts);
    if (!amounts.ok) return { destination: null, errors: [amounts.error] };
    const id = decodeIdOf(destinationPrefix, input.destinationId);
    const result = id === null
      ? { kind: 'NOT_FOUND' as const }
      : await verifyDestination(context.services, { personId: personIdOf(context), destinationId: id, amountsMicros: amounts.micros });
    return result.kind === 'VERIFIED'
      ? { destination: result.destination, errors: [] }
      : { destination: null, errors: [verifyRefusal(result, input)] };
  }

  @Allow(signedIn)
  @Mutation(() => PayoutPayload, {
    description: 'Sends earnings to the page\'s payout destination. Safe to send again with the same key: it is paid once, and while the outcome is not known the payout is PENDING.',
  })
  async requestPayout(
    @Arg('input', () => RequestPayoutInput, { description: 'The payout.' }) input: RequestPayoutInput,
    @Ctx() context: RequestContext,
  ): Promise<PayoutPayload> {
    const command = parseRequest(input, personIdOf(context));
    if ('errors' in command) return { payout: null, errors: command.errors };
    const outcome = await context.services.get(payoutsService).request(command);
    return outcome.kind === 'ANSWERED' ? { payout: outcome.payout, errors: [] } : { payout: null, errors: [payoutRefusal(outcome, command)] };
  }
}

function personIdOf(context: RequestContext): string {
  return (context.viewer as Viewer).personId;
}

/** Everything about the input that can be told without looking anything up, all mistakes at once. */
function parseRequest(input: RequestPayoutInput, personId: string): RequestPayout | { errors: UserError[] } {
  const amount = parseMoneyInput(input.amount, ['input', 'amount']);
  const problems = [
    idempotencyKeyProblem(input.idempotencyKey, ['input', 'idempotencyKey']),
    amount.ok ? null : amount.error,
  ].filter((problem) => problem !== null);
  if (problems.length > 0 || !amount.ok) return { errors: problems };
  const { micros, currency } = amount.money;
  return { personId, idempotencyKey: input.idempotencyKey, inputHash: hashInput('requestPayout', { micros, currency }), amount: amount.money };
}

type Deposits = { readonly ok: true; readonly micros: readonly bigint[] } | { readonly ok: false; readonly error: UserError };

function parseDeposits(amounts: readonly string[]): Deposits {
  const refuse = (code: ErrorCode, message: string, ...place: string[]): Deposits => ({ ok: false, error: new ValidationError(code, message, ['input', 'amounts', ...place]) });
  if (amounts.length !== 2) {
    const given = amounts.length === 0 ? 'No amount was given' : amounts.length === 1 ? '1 amount was given' : `${amounts.length} amounts were given`;
    return refuse(ErrorCode.INVALID_INPUT, `${given}; it takes the two deposits.`);
  }
  const micros: bigint[] = [];
  for (const [index, text] of amounts.entries()) {
    const parsed = parseDecimal(text);
    if (!parsed.ok) return refuse(parsed.problem === 'PRECISION' ? ErrorCode.PRECISION : ErrorCode.INVALID_INPUT, parsed.message, String(index));
    micros.push(parsed.micros);
  }
  return { ok: true, micros };
}
