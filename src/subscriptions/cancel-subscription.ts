import { endAt, stepTo, type Advanced } from './advance.ts';
import type { OwnDecision } from './own-subscription.ts';
import { askedChange } from './subscription.ts';

/**
 * Cancels at the end of what was paid for. Where nothing is paid for (PAST_DUE, PAUSED, or a renewal that is due) it ends at once.
 * Cancelling what is canceled or ended changes nothing. A downgrade or pause that waits keeps its place, for the case that the fan resumes.
 */
export function cancel(advanced: Advanced, now: Date): OwnDecision {
  const { subscription } = advanced;
  const { status, periodEnd } = subscription;
  if (status === 'CANCELING' || status === 'ENDED') return { kind: 'DECIDED', advanced };
  const canceled = stepTo(advanced, 'CANCELED', now, { ...subscription, status: 'CANCELING', pending: { kind: 'CANCEL', beneath: askedChange(subscription.pending) } });
  if (status === 'ACTIVE' && periodEnd > now) return { kind: 'DECIDED', advanced: canceled };
  return { kind: 'DECIDED', advanced: endAt(advanced, now) };
}
