/** Why a subscription ended although its reader did not end it. */
export type InterruptionReason = 'SLOW_READER' | 'STREAM_REWOUND' | 'CLOSING';

/** A subscription ended early, for a passing reason: subscribe again after the last event that was seen. */
export class StreamInterrupted extends Error {
  override name = 'StreamInterrupted';
  readonly reason: InterruptionReason;

  constructor(reason: InterruptionReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The reader took its events more slowly than they came, and as many wait for it as may. */
export class SlowReader extends StreamInterrupted {
  override name = 'SlowReader';

  constructor(limit: number) {
    super('SLOW_READER', `More than ${limit} events are waiting to be read.`);
  }
}
