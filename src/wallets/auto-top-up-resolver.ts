import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import {
  Allow, ApiError, CurrencyMismatch, decodeIdOf, ErrorCode, parseMoneyInput, quoteText, ValidationError, type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { loadViewer, signedIn, ViewerPayloadType, ViewerType } from '../identity/room.ts';
import { formatMoney } from '../money/room.ts';
import { readAutoTopUp } from './auto-top-up-rows.ts';
import { AutoTopUpType, SetAutoTopUpInput, type ShownAutoTopUp } from './auto-top-up-type.ts';
import { autoTopUpsService, type SetAutoTopUp, type SetAutoTopUpOutcome } from './auto-top-ups.ts';
import { readSavedMethods } from './payment-method-rows.ts';
import { paymentMethodPrefix } from './payment-method.ts';
import { topUpRefusal } from './top-up-errors.ts';

@Resolver(() => ViewerType)
export class AutoTopUpResolver {
  @FieldResolver(() => AutoTopUpType, { nullable: true, description: 'How the account\'s wallet fills itself; null when it does not.' })
  async autoTopUp(@Root() viewer: ViewerType, @Ctx() { services }: RequestContext): Promise<ShownAutoTopUp | null> {
    const db = services.get(databaseService);
    const auto = await readAutoTopUp(db, viewer.personId);
    const [paymentMethod] = auto ? await readSavedMethods(db, [auto.paymentMethodId]) : [];
    return auto && paymentMethod ? { ...auto, paymentMethod } : null;
  }

  @Allow(signedIn)
  @Mutation(() => ViewerPayloadType, {
    description:
      'Tops up the viewer\'s wallet by itself when it runs low, with a saved payment method. A declined card stops it until it is set again. Null input.below turns it off.',
  })
  async setAutoTopUp(@Arg('input', () => SetAutoTopUpInput, { description: 'When and by how much.' }) input: SetAutoTopUpInput, @Ctx() context: RequestContext): Promise<ViewerPayloadType> {
    const { personId } = context.viewer as Viewer;
    const autoTopUps = context.services.get(autoTopUpsService);
    const command = input.below == null ? null : parse(input, personId);
    if (command && 'errors' in command) return { viewer: null, errors: command.errors };
    const outcome = await (command ? autoTopUps.set(command) : autoTopUps.turnOff(personId));
    const error = errorOf(outcome, input, command);
    if (error) return { viewer: null, errors: [error] };
    autoTopUps.hint(personId);
    context.caches.clear();
    return { viewer: await loadViewer(context), errors: [] };
  }
}

const methodPath = ['input', 'paymentMethodId'];

/** Every mistake at once. */
function parse(input: SetAutoTopUpInput, personId: string): SetAutoTopUp | { errors: UserError[] } {
  const below = parseMoneyInput(input.below!, ['input', 'below']);
  const amount = input.amount == null ? null : parseMoneyInput(input.amount, ['input', 'amount']);
  const paymentMethodId = input.paymentMethodId == null ? null : decodeIdOf(paymentMethodPrefix, input.paymentMethodId);
  const errors: UserError[] = [];
  if (!below.ok) errors.push(below.error);
  if (amount === null) errors.push(new ValidationError(ErrorCode.INVALID_INPUT, 'With "below" comes "amount": what the wallet gets each time.', ['input', 'amount']));
  else if (!amount.ok) errors.push(amount.error);
  if (input.paymentMethodId != null && paymentMethodId === null) errors.push(noMethod(input.paymentMethodId));
  if (below.ok && amount?.ok && below.money.currency !== amount.money.currency) {
    const message = `The wallet is topped up in the currency that it holds, ${below.money.currency}, not in ${amount.money.currency}.`;
    errors.push(new CurrencyMismatch(message, ['input', 'amount', 'currency'], below.money.currency));
  }
  if (errors.length > 0 || !below.ok || !amount?.ok) return { errors };
  if (amount.money.micros < below.money.micros) {
    const message = `${formatMoney(amount.money)} each time would leave an empty wallet below ${formatMoney(below.money)}, and the card would be charged again at once: give at least ${formatMoney(below.money)}.`;
    return { errors: [new ValidationError(ErrorCode.INVALID_INPUT, message, ['input', 'amount', 'amount'])] };
  }
  return { personId, below: below.money, amount: amount.money, paymentMethodId };
}

function errorOf(outcome: SetAutoTopUpOutcome, input: SetAutoTopUpInput, command: SetAutoTopUp | null): UserError | null {
  switch (outcome.kind) {
    case 'DONE':
      return null;
    case 'PERSON_NOT_FOUND':
      throw new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
    case 'METHOD_NOT_FOUND':
      return noMethod(input.paymentMethodId!);
    case 'NO_PAYMENT_METHOD':
      return new ValidationError(ErrorCode.INVALID_STATE, 'This account has no default payment method: add one first.', methodPath);
    case 'PRICE':
      return topUpRefusal(outcome.price, { amount: command!.amount, amountPath: ['input', 'amount'], provider: null, paymentMethodId: input.paymentMethodId ?? null, idempotencyKey: '' });
  }
}

function noMethod(id: string): UserError {
  return new ValidationError(ErrorCode.NOT_FOUND, `This account has no payment method ${quoteText(id)}.`, methodPath);
}
