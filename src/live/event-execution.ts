import type { StreamEvent } from '../events/room.ts';
import type { EventFeed } from './feed.ts';
import { nobody, type Onlooker, type Runner } from './runner.ts';

/** The payload of an event that the feed does not show: it is passed over. */
export const nothing = '';

/** Names everybody who is not an insider of the event. Insiders are named by their person's or guest's id. */
export const strangers = '';

/** What one event reads like: once for all strangers, and once more for each insider who watches. */
export class EventExecution {
  readonly sequence: bigint;
  readonly #root: Promise<unknown>;
  readonly #runner: Runner;
  readonly #running = new Map<string, Promise<string>>();
  readonly #texts = new Map<string, string>();
  #insiders: ReadonlySet<string> = new Set();
  #read: Promise<void>;

  constructor(sequence: bigint, root: Promise<unknown>, insidersOf: (root: unknown) => readonly string[], runner: Runner) {
    this.sequence = sequence;
    this.#root = root;
    this.#runner = runner;
    this.#read = root.then((value) => {
      if (value !== null) this.#insiders = new Set(insidersOf(value));
    });
    // Whoever waits for the event hears of a failure; when nobody does, it is not an unhandled one.
    this.#read.catch(() => {});
  }

  /** Waits until the event's subject is read, and so its insiders are known. */
  read(): Promise<void> {
    return this.#read;
  }

  get insiders(): ReadonlySet<string> {
    return this.#insiders;
  }

  audienceOf(payerId: string | undefined): string {
    return payerId !== undefined && this.#insiders.has(payerId) ? payerId : strangers;
  }

  /** The payload for an audience; undefined until `run` made it. */
  text(audience: string): string | undefined {
    return this.#texts.get(audience);
  }

  /** Executes for an audience: once, however often it is called. */
  run(audience: string, onlooker: Onlooker): Promise<string> {
    let running = this.#running.get(audience);
    if (!running) {
      running = this.#root
        .then((root) => (root === null ? nothing : this.#runner.run(root, onlooker)))
        .then((text) => {
          this.#texts.set(audience, text);
          return text;
        });
      this.#running.set(audience, running);
    }
    return running;
  }
}

export interface EventExecutionsParts {
  readonly feed: EventFeed;
  readonly runner: Runner;
  /** Whether insiders of an event get an execution of their own. */
  readonly hasInsiders: boolean;
  /** For whom the executions are that are not an insider's own: nobody in particular, or the one viewer of the group. */
  readonly onlooker: Onlooker | undefined;
}

/** The executions of a group's events, shared while they are under way: sockets that come back together replay together. */
export class EventExecutions {
  readonly #parts: EventExecutionsParts;
  readonly #underWay = new Map<bigint, EventExecution>();
  readonly #openings = new Map<bigint, Promise<string>>();

  constructor(parts: EventExecutionsParts) {
    this.#parts = parts;
  }

  /** One for each event, in their order. Events whose subjects must be read are read in one statement. */
  begin(events: readonly StreamEvent[]): EventExecution[] {
    const { feed, runner, hasInsiders } = this.#parts;
    const insidersOf = hasInsiders ? (root: unknown) => feed.insiders(root) : () => [];
    const fresh = events.filter((event) => !this.#underWay.has(event.sequence));
    if (fresh.length > 0) {
      const roots = feed.roots(fresh, runner.sharedContext());
      fresh.forEach((event, index) => {
        this.#underWay.set(event.sequence, new EventExecution(event.sequence, roots.then((all) => all[index]), insidersOf, runner));
      });
    }
    return events.map((event) => this.#underWay.get(event.sequence) as EventExecution);
  }

  /** What those see first who open the feed at a sequence: made once for all who do so together. */
  open(feed: EventFeed, sequence: bigint): Promise<string> {
    let opening = this.#openings.get(sequence);
    if (!opening) {
      const { runner, onlooker } = this.#parts;
      opening = Promise.resolve(feed.opening?.(runner.sharedContext()))
        .then((root) => (root === undefined ? nothing : runner.run(root, onlooker ?? nobody)))
        .finally(() => this.#openings.delete(sequence));
      this.#openings.set(sequence, opening);
    }
    return opening;
  }

  /** Executes for an audience; `insider` is who looks when it is not for strangers. */
  run(execution: EventExecution, audience: string, insider: Onlooker): Promise<string> {
    return execution.run(audience, audience === strangers ? (this.#parts.onlooker ?? nobody) : insider);
  }

  /** Lets go of executions that are done, so that a later replay shows things as they are then. */
  finish(executions: readonly EventExecution[]): void {
    for (const execution of executions) {
      if (this.#underWay.get(execution.sequence) === execution) this.#underWay.delete(execution.sequence);
    }
  }
}
