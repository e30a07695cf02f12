import type { StreamHead } from './topic.ts';

/**
 * Carries between processes that streams moved. What it carries are hints: they may be lost, late or doubled, and nobody waits
 * for them, because every process reads the heads of the streams it serves once a second anyway.
 */
export interface Notifier {
  /** Starts to call `heard` with what other processes told. Called once, before anything else. */
  start(heard: (heads: readonly StreamHead[]) => void): void;
  /** Tells the other processes where these streams stand now. Never throws. */
  tell(heads: readonly StreamHead[]): void;
  /** True while other processes can be heard. */
  readonly connected: boolean;
  /** Tells what is still to be told, if it can be, and stops. */
  close(): Promise<void>;
}

/** Something went wrong that the room recovers from by itself; for the log. */
export interface Fault {
  /** What was being done, as in "reading the streams' heads". */
  readonly doing: string;
  readonly error: unknown;
}
