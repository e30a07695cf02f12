import { resumeAt, stepTo, type Advanced } from './advance.ts';
import { invalidState, type OwnDecision } from './own-subscription.ts';
import { askedChange } from './subscription.ts';

/**
 * Takes back what waits for the period's end, or ends a pause that runs: then a new schedule begins now, and the next renewal run charges
 * its first period. A cancellation is taken back alone: a downgrade or pause that had been asked for before waits again, and another
 * resume takes it back. Resuming what runs as it is changes nothing. A downgrade that is taken back leaves the price that was accepted once.
 */
export function resume(advanced: Advanced, now: Date): OwnDecision {
  const { subscription } = advanced;
  switch (subscription.status) {
    case 'PAUSED':
      return { kind: 'DECIDED', advanced: resumeAt(advanced, now) };
    case 'CANCELING':
      return { kind: 'DECIDED', advanced: stepTo(advanced, 'RESUMED', now, { ...subscription, status: 'ACTIVE', pending: askedChange(subscription.pending) }) };
    case 'ACTIVE':
      return { kind: 'DECIDED', advanced: subscription.pending ? { ...advanced, subscription: { ...subscription, pending: null } } : advanced };
    default:
      return invalidState(subscription, 'resumed');
  }
}
