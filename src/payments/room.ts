import type { EntitySchema } from '@mikro-orm/core';
import type { RoomFace } from '../database/room.ts';
import { reconcile } from './reconcile.ts';
import { SandboxChargeEntity } from './sandbox/sandbox-charge.ts';

export { Charges, chargesService, type ChargesOptions } from './charges.ts';
export { intentKindsService, type FinalOutcome, type Intent, type IntentKind, type IntentPage, type PaymentsFace } from './intent.ts';
export type { ChargeDeclined, ChargeOutcome, ChargeRequest, PaymentProvider, Rail } from './port.ts';
export { paymentProvidersService, type PaymentProviders } from './providers.ts';
export { reconcile } from './reconcile.ts';
export { SandboxProvider } from './sandbox/sandbox-provider.ts';

export const paymentsRoom: RoomFace = {
  name: 'payments',
  entities: [SandboxChargeEntity] as EntitySchema[],
  jobs: [{ name: 'reconcile payments', everyMs: 30_000, run: reconcile }],
};
