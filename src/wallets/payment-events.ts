import type { NewEvent } from '../events/room.ts';

export { openPaymentStream } from '../events/room.ts';

/** What a payer's stream of payments tells of, by the name of its GraphQL type. */
export type PaymentSubject = 'TopUp' | 'Tip' | 'Charge' | 'Refund' | 'PaymentMethod';

/** Tells the own pages of a person or a guest that a payment of theirs changed its state. The stream is opened with `openPaymentStream` before. */
export function paymentEvent(payerId: string, kind: PaymentSubject, subjectId: string, at: Date): NewEvent {
  return { creatorId: payerId, topic: 'payments', kind, subjectId, createdAt: at };
}
