import { afterEach, expect } from '@jest/globals';
import { newId, transaction, type Database } from '../../src/database/room.ts';
import { EventHub, openStreams, type EventHubOptions, type EventReader, type NewEvent, type Notifier, type StreamEvent, type SubscribeOptions } from '../../src/events/room.ts';

/** A notifier whose every hint is lost. */
export const deaf: Notifier = { connected: false, start: () => {}, tell: () => {}, close: async () => {} };

/** Opens hubs that the end of the test closes. Call it before `eachTestDatabase`, which then drops what they stand on. */
export function eachTestHubs(): (options: EventHubOptions) => EventHub {
  const opened: EventHub[] = [];
  afterEach(async () => {
    for (const hub of opened.splice(0)) await hub.close();
  });
  return (options) => {
    const hub = new EventHub(options);
    opened.push(hub);
    return hub;
  };
}

/** A creator with open streams. */
export async function openCreator(db: Database): Promise<string> {
  const creatorId = newId();
  await transaction(db, (tx) => openStreams(tx, creatorId));
  return creatorId;
}

export function tipsOf(creatorId: string, count: number): NewEvent[] {
  return Array.from({ length: count }, () => ({
    creatorId,
    topic: 'tips' as const,
    kind: 'TIP_SENT',
    subjectId: newId(),
    createdAt: new Date('2026-11-21T12:00:00.123Z'),
  }));
}

/** Appends so many tips of one creator in one transaction, and answers their sequences. */
export function appendTips(db: Database, hub: EventHub, creatorId: string, count = 1): Promise<bigint[]> {
  return transaction(db, (tx) => hub.append(tx, tipsOf(creatorId, count)));
}

export async function subscribeTips(hub: EventHub, creatorId: string, after: SubscribeOptions['after']): Promise<EventReader> {
  const subscribed = await hub.subscribe({ creatorId, topic: 'tips', after });
  if (subscribed.kind !== 'SUBSCRIBED') throw new Error(`The subscription was answered by ${subscribed.kind}.`);
  return subscribed.events;
}

export async function take(events: AsyncIterator<StreamEvent>, count: number): Promise<StreamEvent[]> {
  const taken: StreamEvent[] = [];
  while (taken.length < count) {
    const result = await events.next();
    if (result.done) throw new Error(`The subscription ended after ${taken.length} of ${count} events.`);
    taken.push(result.value);
  }
  return taken;
}

/** Reads until the event with this sequence, and answers every sequence on the way. */
export async function readUntil(events: AsyncIterator<StreamEvent>, last: bigint): Promise<bigint[]> {
  const sequences: bigint[] = [];
  while (sequences.at(-1) !== last) sequences.push((await take(events, 1))[0]!.sequence);
  return sequences;
}

export function sequencesOf(events: readonly StreamEvent[]): bigint[] {
  return events.map((event) => event.sequence);
}

/** `from` to `to`, both included. */
export function range(from: number | bigint, to: number | bigint): bigint[] {
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => BigInt(from) + BigInt(index));
}

export async function eventually(holds: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    expect(Date.now()).toBeLessThan(end);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
