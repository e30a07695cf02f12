import { service } from '../../database/room.ts';
import { LEASE_GRACE_MS } from './queue-rules.ts';

/** How much longer than their end this process leaves leases alone: overlays that lost it, or the database, come back and report first. */
export class LeaseGrace {
  #sinceMs = performance.now();

  get ms(): number {
    return performance.now() - this.#sinceMs < LEASE_GRACE_MS ? LEASE_GRACE_MS : 0;
  }

  /** Begins anew, as after a start: nobody could report for a while. */
  renew(): void {
    this.#sinceMs = performance.now();
  }
}

export const leaseGraceService = service('live.leaseGrace', () => new LeaseGrace());
