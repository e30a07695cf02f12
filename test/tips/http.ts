import { randomUUID } from 'node:crypto';
import { encodeId } from '../../src/api/room.ts';
import { createCreator, CREATOR_PREFIX } from '../../src/creators/room.ts';
import type { TestServer } from '../support/server.ts';
import { fundWallet } from '../support/world.ts';

export const tipFields = `
  id status isAnonymous displayName message createdAt amount { amount micros currency formatted }
  fee { amount } processorFee { amount } net { amount } creator { id handle }`;

export const sendTipOperation = `
  mutation SendTip($input: SendTipInput!) {
    sendTip(input: $input) {
      tip { ${tipFields} }
      errors {
        __typename code message path
        ... on AmountOutOfRange { minimum { amount currency } maximum { amount currency } }
        ... on CurrencyMismatch { expected }
        ... on PaymentDeclined { declineCode retryable }
        ... on ActionRequired { action { redirectUrl } }
        ... on CapExceeded { remaining { amount } }
        ... on InsufficientFunds { balance { amount } shortfall { amount } }
      }
    }
  }`;

export interface HttpFan {
  readonly personId: string;
  readonly token: string;
}

/** An account with money in its wallet. */
export async function newFan(server: TestServer, given: { readonly micros?: bigint; readonly currency?: string; readonly name?: string } = {}): Promise<HttpFan> {
  const { micros = 100_000_000n, currency = 'USD', name = 'Fan' } = given;
  const { personId, token } = await server.signUp({ name });
  if (micros > 0n) await fundWallet(server.db, personId, micros, currency);
  return { personId, token };
}

export interface HttpPage {
  /** As the API writes it. */
  readonly id: string;
  readonly uuid: string;
  readonly handle: string;
  readonly ownerId: string;
  /** The owner's. */
  readonly token: string;
}

export async function newPage(server: TestServer, { currency = 'USD' } = {}): Promise<HttpPage> {
  const { personId, token } = await server.signUp({ name: 'Owner' });
  const handle = `page_${randomUUID().slice(0, 8)}`;
  const { creator, errors } = await createCreator(server.services, personId, { handle, displayName: 'A page', currency });
  if (!creator) throw new Error(JSON.stringify(errors));
  return { id: encodeId(CREATOR_PREFIX, creator.id), uuid: creator.id, handle, ownerId: personId, token };
}

export function tipInput(creatorId: string, given: Record<string, unknown> = {}) {
  return { creatorId, amount: { amount: '0.05', currency: 'USD' }, idempotencyKey: randomUUID(), ...given };
}

/** The input of a tip of 5.00 USD by a card that works, but for what is given. */
export function cardInput(creatorId: string, given: Record<string, unknown> = {}) {
  return tipInput(creatorId, { amount: { amount: '5.00', currency: 'USD' }, funding: 'CARD', paymentMethodId: 'pm_sandbox_ok', ...given });
}

/** A guest's token. */
export async function newGuest(server: TestServer): Promise<string> {
  const { data } = await server.graphql('mutation { createGuestSession { token errors { code } } }');
  if (!data.createGuestSession.token) throw new Error(JSON.stringify(data.createGuestSession.errors));
  return data.createGuestSession.token;
}

/** Sends a tip and answers the payload. Fails on top-level errors. */
export async function send(server: TestServer, token: string, input: object): Promise<any> {
  const { data, errors } = await server.graphql(sendTipOperation, { input }, token);
  if (errors) throw new Error(`sendTip failed: ${JSON.stringify(errors)}`);
  return data.sendTip;
}

/** Sends a tip that is expected to arrive, and answers it. */
export async function sent(server: TestServer, token: string, input: object): Promise<any> {
  const { tip, errors } = await send(server, token, input);
  if (!tip) throw new Error(`The tip was refused: ${JSON.stringify(errors)}`);
  return tip;
}
