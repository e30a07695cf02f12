import { describe, expect, test } from '@jest/globals';
import { actionsFor, listsOf, marksOf, successorOf, type Alert } from '../../web/control/queue.ts';
import { presenceOf, presenceWords } from '../../web/shared/presence.ts';
import { addressFor } from '../../web/setup/address.ts';

function alert(given: Partial<Alert> = {}): Alert {
  return {
    id: 'alr_1', kind: 'TIP', state: 'QUEUED', headline: 'Ada tipped $5.00', message: null, amount: { formatted: '$5.00' }, isTest: false, attempt: 1,
    replayOf: null, createdAt: '2026-11-21T12:00:00.000Z', ...given,
  };
}

describe('the control page', () => {
  test('parts what is held from what waits, each in the queue\'s order', () => {
    const pending = [alert({ id: 'a', state: 'HELD' }), alert({ id: 'b' }), alert({ id: 'c', state: 'HELD' }), alert({ id: 'd' })];
    const lists = listsOf({ state: 'PLAYING', showing: null, pending, pendingCount: 4, recent: [alert({ id: 'e', state: 'SHOWN' })] });
    expect(Object.entries(lists).map(([name, alerts]) => [name, alerts.map(({ id }) => id).join('')])).toEqual([
      ['showing', ''], ['held', 'ac'], ['waiting', 'bd'], ['recent', 'e'],
    ]);
  });

  test.each<[string, Partial<Alert>, string]>([
    ['one that is held', { state: 'HELD', message: 'Hi' }, 'APPROVE DENY'],
    ['one that waits', {}, 'SKIP'],
    ['one that waits with a fan\'s words', { message: 'Hi' }, 'SKIP DENY'],
    ['a test with words', { message: 'Hi', isTest: true }, 'SKIP'],
    ['one that is showing', { state: 'SHOWING' }, 'SKIP'],
    ['one that was shown', { state: 'SHOWN' }, 'REPLAY'],
    ['one that was shown with a fan\'s words', { state: 'SHOWN', message: 'Hi' }, 'REPLAY DENY'],
    ['a test that was shown', { state: 'SHOWN', message: 'Hi', isTest: true }, 'REPLAY'],
    ['one that was skipped', { state: 'SKIPPED' }, 'REPLAY'],
    ['one that was skipped with a fan\'s words', { state: 'SKIPPED', message: 'Hi' }, 'REPLAY DENY'],
    ['one that was denied', { state: 'DENIED' }, ''],
  ])('offers for %s what the queue allows', (_, given, actions) => {
    expect(actionsFor(alert(given)).join(' ')).toBe(actions);
  });

  test.each<[Partial<Alert>, string[]]>([
    [{}, []],
    [{ isTest: true, kind: 'GOAL_REACHED' }, ['Test']],
    [{ kind: 'DIGEST', attempt: 3 }, ['Summary', 'Attempt 3']],
    [{ replayOf: 'alr_0', state: 'SKIPPED' }, ['Replay', 'Skipped']],
  ])('marks %j', (given, marks) => {
    expect(marksOf(alert(given))).toEqual(marks);
  });

  test('hands the focus of an alert that left its list to the one in its place, else to the last', () => {
    expect([successorOf(['b', 'c'], 0), successorOf(['a', 'b'], 2), successorOf([], 0)]).toEqual(['b', 'b', null]);
  });
});

const visible = (widget: string | null) => ({ widget, isVisible: true });
const hidden = (widget: string | null) => ({ widget, isVisible: false });

describe('whether alerts can be seen', () => {
  test.each([
    [[], 'nowhere 0', 'No overlay connected: alerts wait'],
    [[visible('ALERTS')], 'seen 1', 'Overlay connected'],
    [[visible('ALERTS'), hidden('ALERTS'), visible('GOAL')], 'seen 1', 'Overlay connected'],
    [[visible('ALERTS'), visible('ALERTS')], 'seen 2', '2 overlays connected'],
    [[hidden('ALERTS'), hidden('ALERTS'), visible('GOAL')], 'hidden 2', 'Overlay hidden in OBS: alerts wait'],
    [[visible('GOAL'), visible(null)], 'elsewhere 2', 'No alert widget connected: alerts wait'],
  ])('of %j is said as it is', (sources, presence, words) => {
    const of = presenceOf(sources);
    expect(`${of.presence} ${of.count}`).toBe(presence);
    expect(presenceWords(sources)).toBe(words);
  });
});

test('the setup page changes an address behind its token alone', () => {
  expect(addressFor('https://tips.example/overlay#t=a-b_c&w=alerts', 'goal', 'paper')).toBe('https://tips.example/overlay#t=a-b_c&w=goal&theme=paper');
});
