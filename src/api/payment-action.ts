import { Field, ObjectType } from 'type-graphql';
import { DateTimeScalar } from './scalars.ts';

/** What the payer still has to do: open a page, or hand a secret to the provider's own script. */
export interface PaymentAction {
  readonly redirectUrl: string | null;
  readonly clientSecret: string | null;
  readonly expiresAt: Date | null;
}

@ObjectType('PaymentAction', { description: 'What the fan still has to do before a payment goes on.' })
export class PaymentActionType {
  @Field(() => String, { nullable: true, description: 'A page of the provider to open; it sends the fan back afterwards.' })
  redirectUrl!: string | null;

  @Field(() => String, { nullable: true, description: 'What the provider\'s own script in the page takes to go on.' })
  clientSecret!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the provider gives up waiting; null when it does not say.' })
  expiresAt!: Date | null;
}

/** As it is stored in a jsonb column. */
export interface StoredPaymentAction {
  readonly redirectUrl: string | null;
  readonly clientSecret: string | null;
  readonly expiresAt: string | null;
}

/** Reads an action back from its column. */
export function paymentActionOf(stored: StoredPaymentAction | null): PaymentAction | null {
  return stored && { ...stored, expiresAt: stored.expiresAt === null ? null : new Date(stored.expiresAt) };
}
