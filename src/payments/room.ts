import type { EntitySchema } from '@mikro-orm/core';
import type { RoomFace } from '../database/room.ts';
import { reconcile } from './reconcile.ts';
import { SandboxChargeEntity } from './sandbox/sandbox-charge.ts';

export {
  disputeKindsService, intentKindsService,
  type DisputeKind, type FinalOutcome, type Intent, type IntentKind, type IntentPage, type Operation, type OutcomeOf, type PaymentsFace, type ReportedOutcome,
} from './intent.ts';
export { Outcomes, outcomesService, type OutcomesOptions } from './outcomes.ts';
export { WebhookRefused } from './port.ts';
export type {
  ActionRequired, AddDestinationOutcome, ChargeDeclined, ChargeOutcome, ChargeRequest, ChargeState, CustomerRequest, Declined, DestinationRequest,
  DisputeState, DisputeStatus, PaymentActionNeeded, PaymentProvider, PayoutOutcome, PayoutRequest, Pending, ProviderTotals, Rail, RailOperation,
  RefundOutcome, RefundRequest, SaveMethodOutcome, SaveMethodRequest, VerifyDestinationOutcome, WebhookEvent, WebhookSubject,
} from './port.ts';
export { paymentProvidersService, type PaymentProviders } from './providers.ts';
export { reconcile } from './reconcile.ts';
export { SandboxProvider } from './sandbox/sandbox-provider.ts';

export const paymentsRoom: RoomFace = {
  name: 'payments',
  entities: [SandboxChargeEntity] as EntitySchema[],
  jobs: [{ name: 'reconcile payments', everyMs: 30_000, run: reconcile }],
};
