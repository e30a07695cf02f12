import type { Database } from './connection.ts';
import { failureKind, OutcomeUnknown, Overloaded, Unavailable } from './errors.ts';
import { transaction, type Tx } from './transaction.ts';

export interface GroupCommitOptions<Command, Answer> {
  readonly db: Database;
  /**
   * Decides and writes a batch inside one transaction and answers one value a command, in order. It reads the commands' keys under
   * locks before anything else, so that running it again after a lost COMMIT finds what the first run wrote.
   */
  readonly run: (tx: Tx, commands: readonly Command[]) => Promise<readonly Answer[]>;
  readonly maxBatch?: number;
  readonly maxInFlight?: number;
  readonly maxQueued?: number;
}

interface Waiting<Command, Answer> {
  readonly command: Command;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A DataLoader for writes: commands that arrive while transactions are in flight are committed together by the next one, so a row
 * that they all touch is updated once a batch, not once a command. When idle nothing waits.
 */
export class GroupCommit<Command, Answer> {
  readonly #options: Required<GroupCommitOptions<Command, Answer>>;
  #queue: Waiting<Command, Answer>[] = [];
  #inFlight = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(options: GroupCommitOptions<Command, Answer>) {
    this.#options = { maxBatch: 512, maxInFlight: 2, maxQueued: 10_000, ...options };
  }

  /** Commands that wait for a batch. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Answers when the command's batch is committed. Throws `Overloaded`, `Unavailable`, `OutcomeUnknown`, or the command's own error. */
  submit(command: Command): Promise<Answer> {
    if (this.#queue.length >= this.#options.maxQueued) {
      return Promise.reject(new Overloaded(`${this.#queue.length} commands are waiting; at most ${this.#options.maxQueued} may.`));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ command, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when nothing waits and nothing is in flight. */
  async drain(): Promise<void> {
    if (this.#queue.length === 0 && this.#inFlight === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#options.maxInFlight) return;
    this.#scheduled = true;
    // One turn of the event loop gathers every command whose request arrived in the same poll.
    setImmediate(() => {
      this.#scheduled = false;
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#queue.length === 0) return;
    const batch = this.#queue.splice(0, this.#options.maxBatch);
    this.#inFlight++;
    if (this.#queue.length > 0) this.#schedule();
    await this.#commit(batch);
    this.#inFlight--;
    if (this.#queue.length > 0) this.#schedule();
    else if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #commit(batch: readonly Waiting<Command, Answer>[], conflictsLeft = 2): Promise<void> {
    try {
      const commands = batch.map((waiting) => waiting.command);
      const answers = await transaction(this.#options.db, (tx) => this.#options.run(tx, commands), { rerunLostCommit: true, keepPlans: true });
      if (answers.length !== batch.length) throw new Error(`A batch of ${batch.length} commands got ${answers.length} answers.`);
      batch.forEach((waiting, index) => waiting.resolve(answers[index] as Answer));
    } catch (error) {
      await this.#recover(batch, error, conflictsLeft);
    }
  }

  /**
   * A key that somebody wrote first is read by running again. Whatever else a command of the batch brings about, data that the
   * database refuses or a fault of ours, is halved until it stands alone: strangers do not pay for it.
   */
  async #recover(batch: readonly Waiting<Command, Answer>[], error: unknown, conflictsLeft: number): Promise<void> {
    if (failureKind(error) === 'CONFLICT' && conflictsLeft > 0) return this.#commit(batch, conflictsLeft - 1);
    const concernsAll = error instanceof Unavailable || error instanceof OutcomeUnknown;
    if (!concernsAll && batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      await this.#commit(batch.slice(0, middle));
      return this.#commit(batch.slice(middle));
    }
    for (const waiting of batch) waiting.reject(error);
  }
}
