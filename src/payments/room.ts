import type { EntitySchema } from '@mikro-orm/core';
import type { RoomFace } from '../database/room.ts';
import { DisputeEntity } from './disputes/dispute.ts';
import { paymentsJobs } from './jobs.ts';
import { WebhookEventEntity } from './webhook-event.ts';

export { assertSameCurrency, feeGiven, lossBorne, type Dispute, type DisputedPayment } from './disputes/dispute.ts';
export { closeDispute, insertDispute, mayThaw, readDispute, readDisputeSums, type DisputeSums } from './disputes/dispute-rows.ts';
export { readDisputedPayments } from './disputes/disputed-payments.ts';
export { passToDisputes, raiseDisputedTotals } from './disputes/returned-refunds.ts';
export {
  borderPostingsService, disputeKindsService, intentKindsService,
  type BorderPosting, type DisputeKind, type FinalOutcome, type Intent, type IntentKind, type IntentPage, type Operation, type OutcomeOf, type PaymentsFace, type ReportedOutcome,
} from './intent.ts';
export { followDisputes, type DisputesReport } from './follow-disputes.ts';
export { Outcomes, outcomesService, type OutcomesOptions } from './outcomes.ts';
export { ProviderDeniesUs, WebhookRefused } from './port.ts';
export type {
  ActionRequired, AddDestinationOutcome, ChargeDeclined, ChargeOutcome, ChargeRequest, ChargeState, CustomerRequest, Declined, DestinationRequest,
  DisputeState, DisputeStatus, Inquiry, PaymentActionNeeded, PaymentProvider, PayoutOutcome, PayoutRequest, Pending, ProviderTotals, Rail, RailOperation,
  RefundOutcome, RefundRequest, SaveMethodOutcome, SaveMethodRequest, VerifyDestinationOutcome, WebhookEvent, WebhookSubject,
} from './port.ts';
export { paidStatus, paidStatusList, wasPaid, type PaidStatus } from './paid-status.ts';
export { paymentProvidersService, sandboxService, type PaymentProviders } from './providers.ts';
export { reconcile, type ReconcileReport } from './reconcile.ts';
export { sandboxRail } from './sandbox/rail.ts';
export { Sandbox, sandboxPagesPath } from './sandbox/sandbox.ts';
export { StripeProvider, type StripeOptions } from './stripe/stripe-provider.ts';
export { compareTotals, differencesOf, lastDays, type ComparedTotals, type DayTotals, type TotalsDifference, type UnreadTotals } from './totals.ts';
export { receiveWebhook, type WebhookAnswer, type WebhookDelivery } from './webhooks.ts';
export { WebhookTaker, webhookTakerService } from './webhook-taker.ts';

export const paymentsRoom: RoomFace = {
  name: 'payments',
  entities: [DisputeEntity, WebhookEventEntity] as EntitySchema[],
  jobs: paymentsJobs,
};
