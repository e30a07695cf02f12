import { Field, FieldResolver, ID, InputType, ObjectType, Resolver, Root } from 'type-graphql';
import { encodeId, NodeInterface, PaymentActionType, PaymentProviderCode, UserError, type NodeType, type PaymentAction } from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { self } from '../identity/room.ts';
import { readMethodNodes } from './payment-method-rows.ts';
import { paymentMethodPrefix, type SavedMethod } from './payment-method.ts';

@ObjectType('PaymentMethod', { implements: NodeInterface, description: 'A card that is kept for later, at its provider: its number is never here.' })
export class PaymentMethodType {
  @Field(() => PaymentProviderCode, { description: 'Who keeps it.' })
  provider!: PaymentProviderCode;

  @Field(() => String, { description: 'What to show for it, such as "Visa ending in 4242".' })
  label!: string;

  @Field(() => String, { nullable: true, description: 'The month after which it no longer works, such as "2031-04"; null where methods do not expire.' })
  expiresOn!: string | null;

  @Field(() => Boolean, { description: 'Whether it is charged where none is named.' })
  isDefault!: boolean;
}

@Resolver(() => PaymentMethodType)
export class PaymentMethodFields {
  @FieldResolver(() => ID, { description: 'Opaque: pmt_ and a UUIDv7.' })
  id(@Root() method: SavedMethod): string {
    return encodeId(paymentMethodPrefix, method.id);
  }
}

export const paymentMethodNode: NodeType<SavedMethod> = {
  typeName: 'PaymentMethod',
  prefix: paymentMethodPrefix,
  readableBy: self,
  load: (context, ids) => readMethodNodes(context.services.get(databaseService), ids),
};

@InputType({ description: 'A card to keep for later.' })
export class AddPaymentMethodInput {
  @Field(() => PaymentProviderCode, { description: 'Who keeps it.' })
  provider!: PaymentProviderCode;

  @Field(() => String, { description: 'The provider\'s token for the card, as its form made it in the fan\'s page; with the sandbox such as pm_sandbox_ok.' })
  token!: string;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Charges it where none is named. The first one is the default anyway.' })
  makeDefault?: boolean | null;
}

@InputType({ description: 'One of the viewer\'s payment methods.' })
export class PaymentMethodInput {
  @Field(() => ID, { description: 'Which one.' })
  paymentMethodId!: string;
}

@ObjectType({ description: 'What came of keeping a card.' })
export class PaymentMethodPayload {
  @Field(() => PaymentMethodType, { nullable: true, description: 'The method; null while it waits for the fan or the provider, and when there are errors.' })
  paymentMethod!: object | null;

  @Field(() => PaymentActionType, { nullable: true, description: 'What the fan has to do first; afterwards paymentUpdated shows the method.' })
  action!: PaymentAction | null;

  @Field(() => [UserError], { description: 'Why the card is not kept; empty when it is, or may be yet.' })
  errors!: UserError[];
}
