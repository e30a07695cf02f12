import { decodeIdOf } from '../api/room.ts';
import type { Sql } from '../database/room.ts';
import type { PaymentProviders } from '../payments/room.ts';
import { readSavedMethods, readSavedMethodsOf } from './payment-method-rows.ts';
import { paymentMethodPrefix, type SavedMethod } from './payment-method.ts';

/** How somebody wants to pay, as they said it. */
export interface WantedMethod {
  /** Null for a guest, who has no saved methods. */
  readonly personId: string | null;
  /** Null: that of the method, or the first that is set up. */
  readonly provider: string | null;
  /** A saved method's id or a provider's token; null: the default one, else a card that the provider asks for. */
  readonly given: string | null;
}

/** What a provider is asked to charge. */
export interface ChosenMethod {
  readonly provider: string;
  /** The provider's token; null: the payer enters a card there. */
  readonly paymentMethod: string | null;
  /** The saved one's id. */
  readonly paymentMethodId: string | null;
  readonly customer: string | null;
}

export type MethodRefusal =
  | { readonly kind: 'METHOD_NOT_FOUND' }
  | { readonly kind: 'METHOD_OF_OTHER_PROVIDER'; readonly provider: string }
  | ProviderUnavailable;

/** Null: none at all is set up. */
export interface ProviderUnavailable {
  readonly kind: 'PROVIDER_UNAVAILABLE';
  readonly provider: string | null;
}

export type MethodChoice = { readonly kind: 'CHOSEN'; readonly method: ChosenMethod } | MethodRefusal;

/** Finds what is to be charged. Whether the provider takes the amount is for its rail to say. */
export async function chooseMethod(sql: Sql, providers: PaymentProviders, wanted: WantedMethod): Promise<MethodChoice> {
  const saved = await savedMethod(sql, wanted);
  if (saved === 'NOT_FOUND') return { kind: 'METHOD_NOT_FOUND' };
  if (saved && wanted.provider !== null && saved.provider !== wanted.provider) return { kind: 'METHOD_OF_OTHER_PROVIDER', provider: saved.provider };
  const provider = saved?.provider ?? wanted.provider ?? defaultProvider(providers);
  if (provider === null || !providers.has(provider)) return { kind: 'PROVIDER_UNAVAILABLE', provider };
  const method = saved
    ? { provider, paymentMethod: saved.token, paymentMethodId: saved.id, customer: saved.customer }
    : { provider, paymentMethod: wanted.given, paymentMethodId: null, customer: null };
  return { kind: 'CHOSEN', method };
}

/** Who charges where nobody says: the first that is set up; null where none is. */
export function defaultProvider(providers: PaymentProviders): string | null {
  const [first] = providers.keys();
  return first ?? null;
}

async function savedMethod(sql: Sql, { personId, provider, given }: WantedMethod): Promise<SavedMethod | null | 'NOT_FOUND'> {
  if (given === null) {
    const all = personId === null ? [] : await readSavedMethodsOf(sql, personId);
    return all.find((method) => method.isDefault && (provider === null || method.provider === provider)) ?? null;
  }
  const id = decodeIdOf(paymentMethodPrefix, given);
  if (id === null) return null;
  const [method] = await readSavedMethods(sql, [id]);
  return method && method.personId === personId ? method : 'NOT_FOUND';
}
