import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Ask } from '../../web/overlay/link.ts';
import { Outbox, type Report } from '../../web/overlay/outbox.ts';

const shown = (alertId: string): Report => ({ alertId, lease: `lease of ${alertId}`, state: 'SHOWN' });

/** A socket that answers when it is told to: `answers` in order, then plainly. */
function socket(answers: (object | Error)[] = []): { ask: Ask; told: string[] } {
  const told: string[] = [];
  const ask: Ask = async (query, { input }) => {
    const { alertId, state, visible } = input as { alertId?: string; state?: string; visible?: boolean };
    told.push(query.includes('reportOverlay') ? `visible ${visible}` : `${alertId} ${state}`);
    await wait(1);
    const answer = answers.shift() ?? { data: {} };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { ask, told };
}

const fault = (code: string) => ({ data: null, errors: [{ message: code, extensions: { code } }] });

describe('the outbox', () => {
  test('tells what happened in order, each after the answer to the last', async () => {
    const { ask, told } = socket();
    const outbox = new Outbox();
    await outbox.open(ask);
    outbox.report(shown('a'));
    outbox.report(shown('b'));
    expect(outbox.isEmpty).toBe(false);
    expect(told).toEqual(['a SHOWN']);
    await wait(20);
    expect(told).toEqual(['a SHOWN', 'b SHOWN']);
    expect(outbox.isEmpty).toBe(true);
  });

  test('keeps what was not answered for the next socket, which is told before it is open', async () => {
    const first = socket([new Error('closed')]);
    const outbox = new Outbox();
    await outbox.open(first.ask);
    outbox.report(shown('a'));
    await wait(10);
    outbox.close();
    outbox.report(shown('b'));
    const second = socket();
    await outbox.open(second.ask);
    expect([first.told, second.told]).toEqual([['a SHOWN'], ['a SHOWN', 'b SHOWN']]);
    expect(outbox.isEmpty).toBe(true);
  });

  test('an answer that comes when its socket is gone counts for nothing', async () => {
    const first = socket();
    const outbox = new Outbox();
    await outbox.open(first.ask);
    outbox.report(shown('a'));
    outbox.close();
    await wait(10);
    const second = socket();
    await outbox.open(second.ask);
    expect(second.told).toEqual(['a SHOWN']);
  });

  test('says that nobody sees the page before everything else, on each socket', async () => {
    const first = socket();
    const outbox = new Outbox();
    outbox.report(shown('a'));
    outbox.setVisible(false);
    expect(outbox.isKnownHidden).toBe(false);
    await outbox.open(first.ask);
    expect(first.told).toEqual(['visible false', 'a SHOWN']);
    expect(outbox.isKnownHidden).toBe(true);
    outbox.close();
    expect(outbox.isKnownHidden).toBe(false);
    const second = socket();
    await outbox.open(second.ask);
    expect(second.told).toEqual(['visible false']);
    outbox.setVisible(true);
    await wait(10);
    expect(second.told).toEqual(['visible false', 'visible true']);
    expect(outbox.isKnownHidden).toBe(false);
  });

  test('of many changes tells only how it stands', async () => {
    const { ask, told } = socket();
    const outbox = new Outbox();
    await outbox.open(ask);
    for (const isVisible of [false, true, false, true, false]) outbox.setVisible(isVisible);
    await wait(20);
    expect(told).toEqual(['visible false']);
  });

  test.each(['UNAVAILABLE', 'OVERLOADED', 'OUTCOME_UNKNOWN', 'RATE_LIMITED'])('tells again while the answer is %s', async (code) => {
    const { ask, told } = socket(Array.from({ length: 8 }, () => fault(code)));
    const outbox = new Outbox(1);
    outbox.report(shown('a'));
    await outbox.open(ask);
    expect(told).toHaveLength(9);
    expect(outbox.isEmpty).toBe(true);
  });

  test('a report that the server cannot take is not in the way of the next', async () => {
    const { ask, told } = socket([...Array.from({ length: 5 }, () => fault('INTERNAL_SERVER_ERROR')), fault('FORBIDDEN')]);
    const outbox = new Outbox(1);
    for (const id of ['a', 'b', 'c']) outbox.report(shown(id));
    await outbox.open(ask);
    expect(told).toEqual([...Array.from({ length: 5 }, () => 'a SHOWN'), 'b SHOWN', 'c SHOWN']);
  });

  test('a report that came too late is answered by an error in the data, and is done with', async () => {
    const { ask, told } = socket([{ data: { reportAlert: { alert: null, errors: [{ code: 'INVALID_STATE', message: 'Another lease.' }] } } }]);
    const outbox = new Outbox(1);
    outbox.report(shown('a'));
    await outbox.open(ask);
    expect(told).toEqual(['a SHOWN']);
    expect(outbox.isEmpty).toBe(true);
  });
});
