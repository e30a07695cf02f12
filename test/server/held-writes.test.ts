import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { holdWrites } from '../../src/server/held-writes.ts';

/** Takes what leaves together as one line. */
class Wire extends Writable {
  readonly packets: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.packets.push(String(chunk));
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.packets.push(chunks.map(({ chunk }) => String(chunk)).join(' '));
    done();
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('what is written to a stream in one turn leaves together and in order, stream by stream', async () => {
  const [one, another] = [new Wire(), new Wire()];
  for (const text of ['a', 'b', 'c']) {
    for (const wire of [one, another]) {
      holdWrites(wire);
      wire.write(text);
    }
  }
  expect([one.packets, another.packets]).toEqual([[], []]);
  await nextTurn();
  expect([one.packets, another.packets]).toEqual([['a b c'], ['a b c']]);
});

test('the next turn is held anew, and nothing stays behind', async () => {
  const wire = new Wire();
  for (const text of ['a', 'b']) {
    holdWrites(wire);
    wire.write(text);
    await nextTurn();
  }
  expect(wire.packets).toEqual(['a', 'b']);
  expect(wire.writableCorked).toBe(0);
});

test('what is corked and let go meanwhile, as a WebSocket does with each frame, stays held', async () => {
  const wire = new Wire();
  for (const [head, body] of ['12', '34']) {
    holdWrites(wire);
    wire.cork();
    wire.write(head!);
    wire.write(body!);
    wire.uncork();
  }
  expect(wire.packets).toEqual([]);
  await nextTurn();
  expect(wire.packets).toEqual(['1 2 3 4']);
});

test('a stream that was destroyed meanwhile holds up no other', async () => {
  const [gone, stays] = [new Wire(), new Wire()];
  for (const wire of [gone, stays]) {
    holdWrites(wire);
    wire.write('a', () => {});
  }
  gone.destroy();
  await nextTurn();
  expect(stays.packets).toEqual(['a']);
});
