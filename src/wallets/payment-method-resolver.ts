import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import {
  Allow, ApiError, decodeIdOf, ErrorCode, PaymentDeclined, quoteText, textProblem, ValidationError, type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { addressHash, loadViewer, signedIn, ViewerPayloadType, ViewerType } from '../identity/room.ts';
import { describeRefusal } from './card-attempts.ts';
import { readSavedMethodsOf } from './payment-method-rows.ts';
import { AddPaymentMethodInput, PaymentMethodInput, PaymentMethodPayload, PaymentMethodType } from './payment-method-type.ts';
import { paymentMethodPrefix, type PaymentMethod, type SavedMethod } from './payment-method.ts';
import { providerUnavailable } from './top-up-errors.ts';
import { paymentMethodsService, type AddMethodRefusal, type ChangeMethodOutcome, type PaymentMethods } from './payment-methods.ts';

const longestToken = 255;

@Resolver(() => ViewerType)
export class PaymentMethodResolver {
  @FieldResolver(() => [PaymentMethodType], { description: 'The account\'s saved cards, newest first.' })
  paymentMethods(@Root() viewer: ViewerType, @Ctx() { services }: RequestContext): Promise<SavedMethod[]> {
    return readSavedMethodsOf(services.get(databaseService), viewer.personId);
  }

  @Allow(signedIn)
  @Mutation(() => PaymentMethodPayload, { description: 'Keeps a card for later, at its provider. Nothing is charged.' })
  async addPaymentMethod(
    @Arg('input', () => AddPaymentMethodInput, { description: 'The card.' }) { provider, token, makeDefault }: AddPaymentMethodInput,
    @Ctx() { services, viewer, remoteAddress }: RequestContext,
  ): Promise<PaymentMethodPayload> {
    const problem = textProblem(token, { minimum: 1, maximum: longestToken }, ['input', 'token']);
    if (problem) return { paymentMethod: null, action: null, errors: [problem] };
    const { personId, email } = viewer as Viewer;
    const command = { personId, email, provider, token, makeDefault: makeDefault ?? false, addressHash: addressHash(services, remoteAddress) };
    const outcome = await services.get(paymentMethodsService).add(command);
    return outcome.kind === 'ANSWERED' ? payloadOf(outcome.method) : { paymentMethod: null, action: null, errors: [refusalError(outcome)] };
  }

  @Allow(signedIn)
  @Mutation(() => ViewerPayloadType, { description: 'Forgets a card, here and at its provider. An automatic top-up that used it is turned off.' })
  removePaymentMethod(@Arg('input', () => PaymentMethodInput, { description: 'The card.' }) input: PaymentMethodInput, @Ctx() context: RequestContext): Promise<ViewerPayloadType> {
    return changed(context, input, (methods, personId, id) => methods.remove(personId, id));
  }

  @Allow(signedIn)
  @Mutation(() => ViewerPayloadType, { description: 'Charges this card where none is named.' })
  setDefaultPaymentMethod(@Arg('input', () => PaymentMethodInput, { description: 'The card.' }) input: PaymentMethodInput, @Ctx() context: RequestContext): Promise<ViewerPayloadType> {
    return changed(context, input, (methods, personId, id) => methods.setDefault(personId, id));
  }
}

function payloadOf(method: PaymentMethod): PaymentMethodPayload {
  const { status, action, failure, provider } = method;
  if (status === 'SAVED') return { paymentMethod: method, action: null, errors: [] };
  if (failure) return { paymentMethod: null, action: null, errors: [new PaymentDeclined(failure.reason, ['input', 'token'], failure.code, failure.retryable)] };
  if (action) return { paymentMethod: null, action, errors: [] };
  const message = `${provider} has not answered yet. If it keeps the card, the card will be among your payment methods.`;
  return { paymentMethod: null, action: null, errors: [new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, message, ['input', 'provider'])] };
}

function refusalError(refusal: AddMethodRefusal): UserError {
  switch (refusal.kind) {
    case 'PERSON_NOT_FOUND':
      throw noAccount();
    case 'PROVIDER_UNAVAILABLE':
      return providerUnavailable(refusal, refusal);
    case 'PROVIDER_SILENT':
      return new ValidationError(ErrorCode.PROVIDER_UNAVAILABLE, `${refusal.provider} does not answer. No card was kept; try again later.`, ['input', 'provider']);
    case 'ACCOUNT_FROZEN':
      return new ValidationError(ErrorCode.ACCOUNT_FROZEN, 'This account is frozen because of a dispute; no cards can be added until that is settled.');
    case 'TOO_MANY_METHODS':
      return new ValidationError(ErrorCode.INVALID_STATE, `This account has ${refusal.most} payment methods, which is the most: remove one first.`);
    case 'TOO_MANY_ATTEMPTS':
      return new ValidationError(ErrorCode.TOO_MANY_ATTEMPTS, describeRefusal(refusal));
  }
}

async function changed(
  context: RequestContext,
  { paymentMethodId }: PaymentMethodInput,
  change: (methods: PaymentMethods, personId: string, id: string) => Promise<ChangeMethodOutcome>,
): Promise<ViewerPayloadType> {
  const { personId } = context.viewer as Viewer;
  const id = decodeIdOf(paymentMethodPrefix, paymentMethodId);
  const outcome = id === null ? 'METHOD_NOT_FOUND' : await change(context.services.get(paymentMethodsService), personId, id);
  if (outcome === 'PERSON_NOT_FOUND') throw noAccount();
  context.caches.clear();
  if (outcome === 'DONE') return { viewer: await loadViewer(context), errors: [] };
  const message = `This account has no payment method ${quoteText(paymentMethodId)}.`;
  return { viewer: null, errors: [new ValidationError(ErrorCode.NOT_FOUND, message, ['input', 'paymentMethodId'])] };
}

function noAccount(): ApiError {
  return new ApiError('UNAUTHENTICATED', 'The account of this session no longer exists.');
}
