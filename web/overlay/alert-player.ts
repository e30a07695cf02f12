import type { Alert, AlertCommand } from './operations.ts';
import type { Report } from './outbox.ts';
import { flashGapMs } from './pace.ts';

/** Where alerts are seen and heard. */
export interface Stage {
  show(alert: Alert): void;
  /** The last moments of an alert: it may leave softly. */
  leave(): void;
  /** At once. */
  clear(): void;
  /** Nothing more is heard of this alert, be it seen, gone or still waiting to be read out; null: of any. */
  silence(alertId: string | null): void;
}

export interface PlayerParts {
  readonly stage: Stage;
  report(report: Report): void;
  /** Whether the server knows already that this page is hidden, and so does not count on it. */
  isKnownHidden(): boolean;
  /** Whenever nothing shows any more. */
  onIdle(): void;
}

const leavingMs = 400;
/** Showings that are remembered, so that none is shown twice. A server repeats only the last. */
const mostLeases = 100;

type Timer = ReturnType<typeof setTimeout>;

/** Shows one alert at a time, each lease once, for as long as the alert says, and reports what became of it. */
export class AlertPlayer {
  readonly #parts: PlayerParts;
  readonly #leases = new Set<string>();
  #showing: { readonly alert: Alert; readonly lease: string; readonly timers: Timer[] } | undefined;
  #isVisible = true;
  #lastStart = -Infinity;

  constructor(parts: PlayerParts) {
    this.#parts = parts;
  }

  get isIdle(): boolean {
    return this.#showing === undefined;
  }

  /** An alert as the server says it: shown if it is to be shown now, under a lease that was not seen before. */
  receive(alert: Alert): void {
    const { id, lease } = alert;
    if (alert.state !== 'SHOWING' || lease === null || this.#leases.has(lease)) return;
    if (!this.#isVisible) {
      if (!this.#parts.isKnownHidden()) this.#parts.report({ alertId: id, lease, state: 'QUEUED' });
      return;
    }
    // Too late to be shown to its end: the lease runs out, and the server shows it anew.
    if (alert.leaseRemainingMs !== null && alert.leaseRemainingMs < alert.durationMs) return;
    // The server goes on: what still shows here was reported by another overlay, or its lease is over.
    this.#end();
    this.#remember(lease);
    this.#start(alert, lease);
  }

  /** Stops what is showing, and what is heard of it, at once. Nothing is reported: the server has decided. */
  command({ alertId, action }: AlertCommand): void {
    if (action !== 'SKIP' && action !== 'DENY') return;
    // Whatever is seen: a voice reads on when its alert has gone.
    this.#parts.stage.silence(alertId);
    if (!this.#showing || (alertId !== null && alertId !== this.#showing.alert.id)) return;
    this.#end();
    this.#parts.onIdle();
  }

  /** What is showing when the page becomes hidden is given back: nobody saw it to its end. */
  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    if (isVisible) return;
    this.#parts.stage.silence(null);
    if (!this.#showing) return;
    const { alert, lease } = this.#showing;
    this.#end();
    this.#parts.report({ alertId: alert.id, lease, state: 'QUEUED' });
    this.#parts.onIdle();
  }

  /** Nothing may be shown or heard any more: the credential is not valid. */
  stop(): void {
    this.#parts.stage.silence(null);
    this.#end();
  }

  #start(alert: Alert, lease: string): void {
    // However fast a moderator skips.
    const wait = Math.max(0, this.#lastStart + flashGapMs - performance.now());
    const duration = Math.max(flashGapMs, alert.durationMs);
    const timers: Timer[] = [];
    const at = (ms: number, work: () => void) => timers.push(setTimeout(work, ms));
    const show = () => {
      this.#lastStart = performance.now();
      this.#parts.stage.show(alert);
      at(duration - Math.min(leavingMs, duration / 4), () => this.#parts.stage.leave());
      at(duration, () => this.#finish());
    };
    this.#showing = { alert, lease, timers };
    if (wait > 0) at(wait, show);
    else show();
  }

  #finish(): void {
    const { alert, lease } = this.#showing!;
    this.#end();
    this.#parts.report({ alertId: alert.id, lease, state: 'SHOWN' });
    this.#parts.onIdle();
  }

  #end(): void {
    if (!this.#showing) return;
    for (const timer of this.#showing.timers) clearTimeout(timer);
    this.#showing = undefined;
    this.#parts.stage.clear();
  }

  #remember(lease: string): void {
    this.#leases.add(lease);
    if (this.#leases.size > mostLeases) this.#leases.delete(this.#leases.values().next().value!);
  }
}
