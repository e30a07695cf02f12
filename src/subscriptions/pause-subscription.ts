import { advanceFurther, type Advanced } from './advance.ts';
import { invalidState, type OwnDecision } from './own-subscription.ts';

const yearMs = 365 * 86_400_000;
/** The longest pause with an end: each period of it becomes a row. */
const longestPauseMs = 5 * yearMs;

/**
 * Pauses at the end of the paid period, until a moment after it or, with null, until it is resumed. The place in the tier is kept.
 * Asking again moves the pause's end, before it has begun and while it runs.
 */
export function pause(advanced: Advanced, until: Date | null, now: Date): OwnDecision {
  const { subscription } = advanced;
  const { status, pending, periodEnd, pausedUntil } = subscription;
  if (status === 'PAUSED' && pausedUntil?.getTime() === until?.getTime()) return { kind: 'DECIDED', advanced };
  if ((status !== 'ACTIVE' && status !== 'PAUSED') || pending?.kind === 'DOWNGRADE') return invalidState(subscription, 'paused');
  const after = periodEnd > now ? periodEnd : now;
  if (until && until <= after) return { kind: 'PAUSE_TOO_SHORT', after };
  const latest = new Date(now.getTime() + longestPauseMs);
  if (until && until > latest) return { kind: 'PAUSE_TOO_LONG', latest };
  if (status === 'PAUSED') return { kind: 'DECIDED', advanced: { ...advanced, subscription: { ...subscription, pausedUntil: until, nextChargeAt: until } } };
  const paused = { ...advanced, subscription: { ...subscription, pending: { kind: 'PAUSE' as const, until } } };
  // While a renewal is due the period's end is over already: the pause begins there.
  return { kind: 'DECIDED', advanced: advanceFurther(paused, now) };
}
