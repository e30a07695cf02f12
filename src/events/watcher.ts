import type { Channel } from './channel.ts';
import type { HeadFollower } from './follower.ts';
import { PullIterator } from './pull-iterator.ts';

/** Ticks with a stream's head when it moved; moves that nobody has taken yet become one tick. */
export class Watcher extends PullIterator<bigint> implements HeadFollower {
  readonly #channel: Channel;
  #moved: bigint | undefined;

  constructor(channel: Channel) {
    super();
    this.#channel = channel;
    channel.addWatcher(this);
  }

  moved(head: bigint): void {
    this.#moved = head;
    this.wake();
  }

  protected override take(): bigint | undefined {
    const head = this.#moved;
    this.#moved = undefined;
    return head;
  }

  protected override release(): void {
    this.#channel.removeWatcher(this);
  }
}
