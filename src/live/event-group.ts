import { setImmediate as nextTurn } from 'node:timers/promises';
import { payerIdOf } from '../api/room.ts';
import type { EventReader } from '../events/room.ts';
import { nextEvents } from './event-batch.ts';
import { nothing, strangers, type EventExecution, type EventExecutions } from './event-execution.ts';
import type { EventFeed } from './feed.ts';
import type { LiveOperation } from './live-operation.ts';

/** How many frames are made before those that were are let go, and others get their turn. */
const framesATurn = 20_000;

/** One socket's way through the group's stream. */
interface Member {
  readonly operation: LiveOperation;
  readonly feed: EventFeed;
  readonly payerId: string | undefined;
  /** The last sequence sent. */
  position: bigint;
}

/** The reader that all live members share, and the last sequence it brought them. */
interface Channel {
  readonly reader: EventReader;
  delivered: bigint;
}

export interface EventGroupParts {
  readonly executions: EventExecutions;
  /** Ends an operation with what went wrong. */
  readonly fail: (operation: LiveOperation, error: unknown) => void;
}

/**
 * The sockets that watch one stream through one operation. A newcomer replays by itself; once it has seen as much as the group
 * was brought, it joins: from then on each event is read and executed once for all. Who is ahead of the group passes over
 * what it saw already, so the seam loses nothing and doubles nothing.
 */
export class EventGroup {
  readonly #parts: EventGroupParts;
  readonly #live = new Set<Member>();
  /** The live members of each account and guest. */
  readonly #people = new Map<string, Set<Member>>();
  #channel: Channel | undefined;

  constructor(parts: EventGroupParts) {
    this.#parts = parts;
  }

  /** Adds an operation whose feed begins after `position`; `head` is where the stream stood when its reader was opened. */
  add(operation: LiveOperation, feed: EventFeed, reader: EventReader, position: bigint, head: bigint): void {
    const member: Member = { operation, feed, payerId: payerIdOf(operation), position };
    // A reader that became the group's own outlives the member that brought it.
    operation.onEnd(() => {
      if (this.#channel?.reader !== reader) void reader.return();
    });
    this.#replay(member, reader, head).catch((error: unknown) => this.#parts.fail(operation, error));
  }

  async #replay(member: Member, reader: EventReader, head: bigint): Promise<void> {
    if (member.feed.opening) member.operation.send(await this.#parts.executions.open(member.feed, member.position));
    while (!member.operation.ended) {
      if (member.position >= head && this.#admit(member, reader)) return;
      const events = await nextEvents(reader);
      if (!events) return;
      const batch = this.#parts.executions.begin(events);
      const texts = await Promise.all(batch.map((execution) => this.#textFor(member, execution))).finally(() =>
        this.#parts.executions.finish(batch),
      );
      for (const [index, text] of texts.entries()) {
        send(member, batch[index] as EventExecution, text);
        await member.operation.drained();
      }
    }
  }

  async #textFor(member: Member, execution: EventExecution): Promise<string> {
    await execution.read();
    return this.#parts.executions.run(execution, execution.audienceOf(member.payerId), member.operation);
  }

  /** Makes a member live if nothing lies between it and the group. */
  #admit(member: Member, reader: EventReader): boolean {
    if (!this.#channel) this.#open(reader, member.position);
    else if (member.position < this.#channel.delivered) return false;
    else void reader.return();
    this.#live.add(member);
    this.#enter(member);
    const left = member.feed.joined?.();
    if (left) member.operation.onEnd(left);
    member.operation.onEnd(() => {
      this.#live.delete(member);
      this.#leave(member);
      if (this.#live.size === 0) this.#close();
    });
    return true;
  }

  #enter(member: Member): void {
    if (member.payerId === undefined) return;
    const own = this.#people.get(member.payerId);
    if (own) own.add(member);
    else this.#people.set(member.payerId, new Set([member]));
  }

  #leave(member: Member): void {
    if (member.payerId === undefined) return;
    const own = this.#people.get(member.payerId);
    own?.delete(member);
    if (own?.size === 0) this.#people.delete(member.payerId);
  }

  #open(reader: EventReader, delivered: bigint): void {
    const channel: Channel = { reader, delivered };
    this.#channel = channel;
    this.#pump(channel).catch((error: unknown) => {
      if (this.#channel !== channel) return;
      for (const { operation } of [...this.#live]) this.#parts.fail(operation, error);
    });
  }

  #close(): void {
    void this.#channel?.reader.return();
    this.#channel = undefined;
  }

  async #pump(channel: Channel): Promise<void> {
    for (let frames = 0; ; ) {
      const events = await nextEvents(channel.reader);
      if (!events || this.#channel !== channel) return;
      const batch = this.#parts.executions.begin(events);
      try {
        await Promise.all(batch.map((execution) => this.#prepare(execution)));
        for (const execution of batch) {
          // Members may have joined since; nothing may come between the last look and the delivery.
          while (this.#missing(execution).length > 0) await this.#prepare(execution);
          if (this.#channel !== channel) return;
          this.#deliver(execution);
          channel.delivered = execution.sequence;
          frames += this.#live.size;
          if (frames < framesATurn) continue;
          frames = 0;
          await nextTurn();
        }
      } finally {
        this.#parts.executions.finish(batch);
      }
    }
  }

  /** Executes for each audience that has a live member. */
  async #prepare(execution: EventExecution): Promise<void> {
    await execution.read();
    const { executions } = this.#parts;
    await Promise.all(this.#missing(execution).map(({ audience, member }) => executions.run(execution, audience, member.operation)));
  }

  #missing(execution: EventExecution): { audience: string; member: Member }[] {
    return this.#audiences(execution).filter(({ audience }) => execution.text(audience) === undefined);
  }

  /** The audiences among the live members, each with somebody who is in it. */
  #audiences(execution: EventExecution): { audience: string; member: Member }[] {
    const [anybody] = this.#live;
    if (!anybody) return [];
    const insiders = [...execution.insiders].flatMap((audience) => {
      const own = this.#people.get(audience);
      return own ? [{ audience, members: own }] : [];
    });
    const insiderCount = insiders.reduce((sum, { members }) => sum + members.size, 0);
    const own = insiders.map(({ audience, members }) => ({ audience, member: [...members][0] as Member }));
    return insiderCount < this.#live.size ? [...own, { audience: strangers, member: anybody }] : own;
  }

  #deliver(execution: EventExecution): void {
    for (const member of this.#live) {
      send(member, execution, execution.text(execution.audienceOf(member.payerId)) as string);
    }
  }
}

function send(member: Member, { sequence }: EventExecution, text: string): void {
  if (sequence <= member.position) return;
  member.position = sequence;
  if (text !== nothing) member.operation.send(text);
}
