import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { AlertPlayer } from '../../web/overlay/alert-player.ts';
import type { Alert } from '../../web/overlay/operations.ts';

const alert = (id: string, change: Partial<Alert> = {}): Alert => ({
  __typename: 'Alert', id, kind: 'TIP', state: 'SHOWING', headline: `Ada tipped ${id}`, message: null, amount: { formatted: '$5.00' },
  variant: 'default', durationMs: 6_000, isTest: false, lease: `lease of ${id}`, leaseRemainingMs: null, ...change,
});

describe('the player of alerts', () => {
  /** What is seen and told, in order. */
  let log: string[];
  let isKnownHidden: boolean;
  let player: AlertPlayer;
  const passes = (ms: number) => jest.advanceTimersByTime(ms);

  beforeEach(() => {
    jest.useFakeTimers();
    log = [];
    isKnownHidden = false;
    player = new AlertPlayer({
      stage: {
        show: ({ id }) => void log.push(`shows ${id}`),
        leave: () => void log.push('leaves'),
        clear: () => void log.push('clears'),
        silence: (alertId) => void log.push(`silences ${alertId ?? 'all'}`),
      },
      report: ({ alertId, lease, state }) => void log.push(`reports ${alertId} ${state} under "${lease}"`),
      isKnownHidden: () => isKnownHidden,
      onIdle: () => void log.push('is idle'),
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('shows an alert for as long as it says, then reports it', () => {
    player.receive(alert('a'));
    passes(5_999);
    expect(log).toEqual(['shows a', 'leaves']);
    expect(player.isIdle).toBe(false);
    passes(1);
    expect(log).toEqual(['shows a', 'leaves', 'clears', 'reports a SHOWN under "lease of a"', 'is idle']);
    expect(player.isIdle).toBe(true);
  });

  test('shows a lease once, however often it is told of it: while it shows, after, and after a hundred others', () => {
    player.receive(alert('a'));
    player.receive(alert('a'));
    passes(6_000);
    player.receive(alert('a'));
    for (let n = 1; n < 99; n++) {
      player.receive(alert(`b${n}`));
      passes(6_000);
    }
    player.receive(alert('a'));
    expect(log.filter((line) => line === 'shows a')).toHaveLength(1);
    expect(log.filter((line) => line.startsWith('reports a '))).toHaveLength(1);
  });

  test('shows an alert again under a new lease', () => {
    player.receive(alert('a'));
    passes(6_000);
    player.receive(alert('a', { lease: 'a second' }));
    passes(6_000);
    expect(log.filter((line) => line.startsWith('reports'))).toEqual(['reports a SHOWN under "lease of a"', 'reports a SHOWN under "a second"']);
  });

  test.each([
    ['was shown', { state: 'SHOWN' }],
    ['waits', { state: 'QUEUED' }],
    ['has no lease', { lease: null }],
    ['would not end within its lease', { leaseRemainingMs: 5_999 }],
  ] as const)('shows nothing that %s', (_, change) => {
    player.receive(alert('a', change));
    passes(20_000);
    expect(log).toEqual([]);
  });

  test('takes its lease\'s whole rest', () => {
    player.receive(alert('a', { leaseRemainingMs: 6_000 }));
    expect(log).toEqual(['shows a']);
  });

  test('stops at once when it is skipped or denied, and reports nothing', () => {
    player.receive(alert('a'));
    passes(1_000);
    player.command({ __typename: 'AlertCommand', alertId: 'a', action: 'SKIP' });
    expect(log).toEqual(['shows a', 'silences a', 'clears', 'is idle']);
    player.receive(alert('b'));
    passes(1_000);
    player.command({ __typename: 'AlertCommand', alertId: null, action: 'DENY' });
    passes(10_000);
    expect(log.slice(4)).toEqual(['shows b', 'silences all', 'clears', 'is idle']);
  });

  test.each([['before it could start', 0], ['while it leaves', 5_999], ['after it has gone', 6_000]])('silences an alert that is denied %s', (_, ms) => {
    player.receive(alert('a'));
    if (ms === 0) player.receive(alert('b'));
    passes(ms);
    log = [];
    player.command({ __typename: 'AlertCommand', alertId: ms === 0 ? 'b' : 'a', action: 'DENY' });
    expect(log[0]).toBe(ms === 0 ? 'silences b' : 'silences a');
    passes(10_000);
    expect(log.filter((line) => /shows|reports/.test(line))).toEqual([]);
  });

  test.each([
    ['is hidden', () => player.setVisible(false)],
    ['may show nothing any more', () => player.stop()],
  ])('silences everything when it %s, though nothing shows', (_, end) => {
    player.receive(alert('a'));
    passes(6_000);
    log = [];
    end();
    expect(log).toEqual(['silences all']);
  });

  test('goes on with what shows when another alert is skipped', () => {
    player.receive(alert('a'));
    player.command({ __typename: 'AlertCommand', alertId: 'b', action: 'SKIP' });
    player.command({ __typename: 'AlertCommand', alertId: 'a', action: 'APPROVE' });
    passes(6_000);
    expect(log).not.toContain('silences a');
    expect(log).toContain('reports a SHOWN under "lease of a"');
  });

  test('gives an alert back when it is hidden before the end', () => {
    player.receive(alert('a'));
    passes(3_000);
    player.setVisible(false);
    passes(10_000);
    expect(log).toEqual(['shows a', 'silences all', 'clears', 'reports a QUEUED under "lease of a"', 'is idle']);
    player.setVisible(true);
    player.receive(alert('a', { lease: 'a second' }));
    passes(6_000);
    expect(log.at(-2)).toBe('reports a SHOWN under "a second"');
  });

  test('gives back what comes while it is hidden, until the server knows of it', () => {
    player.setVisible(false);
    player.receive(alert('a'));
    isKnownHidden = true;
    player.receive(alert('b'));
    passes(10_000);
    expect(log).toEqual(['silences all', 'reports a QUEUED under "lease of a"']);
  });

  test('goes on with the next alert as soon as the server does, and leaves the report to the overlay that was faster', () => {
    player.receive(alert('a'));
    passes(5_950);
    player.receive(alert('b'));
    passes(6_000);
    expect(log.filter((line) => !/leaves|clears|idle/.test(line))).toEqual(['shows a', 'shows b', 'reports b SHOWN under "lease of b"']);
  });

  test('never starts more than three alerts a second, however fast they are skipped', () => {
    const starts: number[] = [];
    for (let ms = 0; ms < 5_000; ms += 10) {
      player.receive(alert(`a${ms}`));
      if (log.includes('shows a0')) player.command({ __typename: 'AlertCommand', alertId: `a${ms}`, action: ms % 20 === 0 ? 'SKIP' : 'REPLAY' });
      passes(10);
      while (starts.length < log.filter((line) => line.startsWith('shows')).length) starts.push(ms);
    }
    expect(starts.length).toBeGreaterThan(5);
    expect(starts.filter((start, index) => index >= 3 && start - starts[index - 3]! < 1_000)).toEqual([]);
  });

  test('an alert that was skipped before it could start never starts', () => {
    player.receive(alert('a'));
    passes(100);
    player.receive(alert('b'));
    player.command({ __typename: 'AlertCommand', alertId: 'b', action: 'SKIP' });
    passes(10_000);
    expect(log.filter((line) => /shows|reports/.test(line))).toEqual(['shows a']);
  });

  test('shows nothing any more after it was stopped', () => {
    player.receive(alert('a'));
    player.stop();
    passes(10_000);
    expect(log).toEqual(['shows a', 'silences all', 'clears']);
  });
});
