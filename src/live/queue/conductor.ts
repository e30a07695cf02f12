import { setTimeout as delay } from 'node:timers/promises';
import { databaseService, logService, service, type Job, type Services } from '../../database/room.ts';
import { eventHubService, type Topic } from '../../events/room.ts';
import { connectionLifeSeconds } from '../entities.ts';
import { leaseGraceService } from './lease-grace.ts';
import { advanceQueue } from './show.ts';

/** How many queues a look at all of them brings on at most. */
const mostAtOnce = 500;

const retryMs = 250;

interface Watched {
  watchers: number;
  /** Ends the following of the creator's streams. */
  readonly stop: AbortController;
}

/**
 * Keeps creators' queues going: at once for those that somebody looks at from this process, and every second for all that lag, whose
 * lease ended, or that have something to show. Any number of processes may do so; the queues' locks keep them apart.
 */
export class Conductor {
  readonly #services: Services;
  readonly #watched = new Map<string, Watched>();
  readonly #busy = new Map<string, { again: boolean; readonly done: Promise<void> }>();
  #closed = false;

  constructor(services: Services) {
    this.#services = services;
  }

  /** Brings a creator's queue on whenever a tip or a membership comes, until what is answered is called. */
  watch(creatorId: string): () => void {
    let watched = this.#watched.get(creatorId);
    if (!watched) {
      watched = { watchers: 0, stop: new AbortController() };
      this.#watched.set(creatorId, watched);
      for (const topic of ['tips', 'members'] as const) void this.#follow(creatorId, topic, watched.stop.signal);
    }
    watched.watchers++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--watched.watchers > 0) return;
      watched.stop.abort();
      if (this.#watched.get(creatorId) === watched) this.#watched.delete(creatorId);
    };
  }

  /** Looks at every queue once and brings on those for which there is something to do. */
  async run(stop: AbortSignal): Promise<void> {
    let creatorIds: string[];
    try {
      creatorIds = await this.#due();
    } catch (error) {
      // Overlays could not report meanwhile either: they get their grace anew.
      this.#services.get(leaseGraceService).renew();
      throw error;
    }
    for (const creatorId of creatorIds) {
      if (stop.aborted || this.#closed) return;
      await this.advance(creatorId);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { stop } of this.#watched.values()) stop.abort();
    await Promise.all([...this.#busy.values()].map(({ done }) => done));
  }

  async #due(): Promise<string[]> {
    const rows = await this.#services.get(databaseService).query<{ creatorId: string }>(
      `SELECT queue.creator_id AS "creatorId" FROM alert_queue queue
         JOIN stream tips ON tips.creator_id = queue.creator_id AND tips.topic = 'tips'
         JOIN stream members ON members.creator_id = queue.creator_id AND members.topic = 'members'
         WHERE tips.head > queue.tips_projected OR members.head > queue.members_projected
       UNION
       SELECT creator_id FROM alert WHERE state = 'SHOWING' AND lease_until + make_interval(secs => $1) <= clock_timestamp()
       UNION
       SELECT queue.creator_id FROM overlay_connection connection
         JOIN overlay ON overlay.id = connection.overlay_id JOIN alert_queue queue ON queue.creator_id = overlay.creator_id
         WHERE connection.widget = 'ALERTS' AND connection.is_visible
           AND connection.seen_at > clock_timestamp() - interval '${connectionLifeSeconds} seconds' AND queue.state = 'PLAYING'
           AND EXISTS (SELECT FROM alert WHERE alert.creator_id = queue.creator_id AND alert.state = 'QUEUED')
           AND NOT EXISTS (SELECT FROM alert WHERE alert.creator_id = queue.creator_id AND alert.state = 'SHOWING')
       LIMIT ${mostAtOnce}`,
      [this.#services.get(leaseGraceService).ms / 1_000],
    );
    return rows.map(({ creatorId }) => creatorId);
  }

  /** Every tick of the stream brings the queue on; an interrupted watch begins again, and looks once for what it missed. */
  async #follow(creatorId: string, topic: Topic, stop: AbortSignal): Promise<void> {
    while (!stop.aborted && !this.#closed) {
      try {
        const ticks = await this.#services.get(eventHubService).watch({ creatorId, topic });
        const end = () => void ticks.return?.();
        stop.addEventListener('abort', end, { once: true });
        if (stop.aborted) end();
        void this.advance(creatorId);
        for await (const _ of ticks) void this.advance(creatorId);
        stop.removeEventListener('abort', end);
      } catch {
        // The second's look at all queues goes on meanwhile.
      }
      await delay(retryMs, undefined, { signal: stop, ref: false }).catch(() => {});
    }
  }

  /** Brings a queue on; what is asked for meanwhile is done once more afterwards. Failures are logged, and tried again in a second. */
  advance(creatorId: string): Promise<void> {
    const busy = this.#busy.get(creatorId);
    if (busy) {
      busy.again = true;
      return busy.done;
    }
    const done = this.#advanceUntilQuiet(creatorId);
    this.#busy.set(creatorId, { again: false, done });
    return done;
  }

  async #advanceUntilQuiet(creatorId: string): Promise<void> {
    try {
      // The turn lets whoever asked for this be noted first.
      await Promise.resolve();
      for (let again = true; again && !this.#closed; again = this.#busy.get(creatorId)?.again ?? false) {
        const busy = this.#busy.get(creatorId);
        if (busy) busy.again = false;
        await advanceQueue(this.#services, creatorId);
      }
    } catch (error) {
      if (!this.#closed) this.#services.get(logService).warn({ err: error, creatorId }, 'A queue of alerts could not be brought on; it is tried again in a second.');
    } finally {
      this.#busy.delete(creatorId);
    }
  }
}

/** The conductor of this process, made on first use. */
export const conductorService = service('live.conductor', (services) => new Conductor(services), (conductor) => conductor.close());

export const conductorJob: Job = {
  name: 'bring alerts on',
  everyMs: 1_000,
  run: (services, stop) => services.get(conductorService).run(stop),
};
