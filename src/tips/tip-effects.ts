import type { RecordedTip } from '../creators/room.ts';
import type { NewEvent } from '../events/room.ts';
import type { Tip } from './tip.ts';

/** What a paid tip adds to goals and totals. */
export function rollupOf(tip: Tip): RecordedTip {
  return {
    tipId: tip.id,
    creatorId: tip.creatorId,
    tipperId: tip.isAnonymous ? null : tip.senderId,
    displayName: tip.displayName,
    amountMicros: tip.amountMicros,
    currency: tip.currency,
    createdAt: tip.paidAt ?? tip.createdAt,
  };
}

/** What a creator's stream tells of a tip that was paid at a moment. */
export function tipEvent(tip: Tip, paidAt: Date): NewEvent {
  return { creatorId: tip.creatorId, topic: 'tips', kind: 'TIP', subjectId: tip.id, createdAt: paidAt, payload: tip };
}
