import { expect, test } from '@jest/globals';
import type { AlertRow } from '../../../src/live/queue/alert.ts';
import { judgeAction, judgeReport, leaseIsOver, LEASE_SLACK_MS, mayStart, moved } from '../../../src/live/queue/queue-rules.ts';
import type { AlertStateName } from '../../../src/live/entities.ts';

/** What each action leads to: a state, STAY, REPLAY or REFUSE. */
const actions: [state: AlertStateName, approve: string, deny: string, skip: string, replay: string][] = [
  ['HELD', 'QUEUED', 'DENIED', 'SKIPPED', 'REFUSE'],
  ['QUEUED', 'STAY', 'DENIED', 'SKIPPED', 'REFUSE'],
  ['SHOWING', 'STAY', 'DENIED', 'SKIPPED', 'REFUSE'],
  ['SHOWN', 'STAY', 'DENIED', 'REFUSE', 'REPLAY'],
  ['SKIPPED', 'REFUSE', 'DENIED', 'STAY', 'REPLAY'],
  ['DENIED', 'REFUSE', 'STAY', 'REFUSE', 'REFUSE'],
];

test.each(actions)('of an alert that is %s, approving makes %s, denying %s, skipping %s and replaying %s', (state, ...wanted) => {
  const judged = (['APPROVE', 'DENY', 'SKIP', 'REPLAY'] as const).map((action) => judgeAction({ state }, action));
  expect(judged.map((verdict) => (verdict.kind === 'MOVE' ? verdict.to : verdict.kind))).toEqual(wanted);
  for (const verdict of judged) if (verdict.kind === 'REFUSE') expect(verdict.reason).toMatch(state === 'DENIED' ? /DENIED|denied/ : new RegExp(state));
});

const reports: [state: AlertStateName, lease: 'same' | 'other', reported: AlertStateName, othersWatch: boolean, wanted: string][] = [
  ['SHOWING', 'same', 'SHOWN', false, 'SHOWN'],
  ['SHOWING', 'same', 'SHOWN', true, 'SHOWN'],
  ['SHOWING', 'other', 'SHOWN', false, 'REFUSE'],
  ['SHOWING', 'same', 'QUEUED', false, 'QUEUED'],
  ['SHOWING', 'same', 'QUEUED', true, 'STAY'],
  ['SHOWING', 'other', 'QUEUED', false, 'REFUSE'],
  ['SHOWN', 'same', 'SHOWN', false, 'STAY'],
  ['SHOWN', 'same', 'QUEUED', false, 'REFUSE'],
  ['SHOWN', 'other', 'SHOWN', false, 'REFUSE'],
  ['QUEUED', 'same', 'SHOWN', false, 'REFUSE'],
  ['SKIPPED', 'same', 'SHOWN', false, 'REFUSE'],
  ['DENIED', 'same', 'SHOWN', false, 'REFUSE'],
  ['SHOWING', 'same', 'SKIPPED', false, 'REFUSE'],
  ['SHOWING', 'same', 'HELD', false, 'REFUSE'],
];

test.each(reports)('a %s alert under the %s lease, reported %s while others watch: %p, becomes %s', (state, lease, reported, othersWatch, wanted) => {
  // Only what is showing, or was shown, still has its lease.
  const alert = { state, lease: state === 'SHOWING' || state === 'SHOWN' ? 'mine' : null };
  const verdict = judgeReport(alert, { lease: lease === 'same' ? 'mine' : 'old', state: reported, othersWatch });
  expect(verdict.kind === 'MOVE' ? verdict.to : verdict.kind).toBe(wanted);
});

test.each([
  ['PLAYING', false, true, true],
  ['PAUSED', false, true, false],
  ['PLAYING', true, true, false],
  ['PLAYING', false, false, false],
] as const)('a queue that is %s, showing something: %p, watched: %p, may start the next: %p', (state, isShowing, isWatched, may) => {
  expect(mayStart({ state, isShowing, isWatched })).toBe(may);
});

const start = new Date('2026-03-01T12:00:00Z');
const after = (ms: number) => new Date(start.getTime() + ms);

test('a lease ends with its time, and later where a process has just started', () => {
  const alert = { state: 'SHOWING' as const, leaseUntil: after(1_000) };
  expect([999, 1_000].map((ms) => leaseIsOver(alert, after(ms), 0))).toEqual([false, true]);
  expect([1_000, 10_999, 11_000].map((ms) => leaseIsOver(alert, after(ms), 10_000))).toEqual([false, false, true]);
  expect(leaseIsOver({ state: 'SHOWN', leaseUntil: null }, after(99_000), 0)).toBe(false);
});

const queued = {
  id: 'an id', state: 'QUEUED', durationMs: 6_000, attempt: 1, lease: null, leaseUntil: null, leaseRemainingMs: null, waitingSince: start, shownAt: null, endedAt: null,
} as unknown as AlertRow;

test('an alert keeps its lease when it was shown, and loses it on every other way out', () => {
  const showing = moved(queued, 'SHOWING', { now: start, lease: 'a lease' });
  expect(showing).toMatchObject({ state: 'SHOWING', lease: 'a lease', leaseUntil: after(6_000 + LEASE_SLACK_MS), leaseRemainingMs: 6_000 + LEASE_SLACK_MS, attempt: 1 });
  expect(moved(showing, 'SHOWN', { now: after(5) })).toMatchObject({ state: 'SHOWN', lease: 'a lease', leaseUntil: null, shownAt: after(5), endedAt: after(5) });
  expect(moved(showing, 'QUEUED', { now: after(5) })).toMatchObject({ state: 'QUEUED', lease: null, leaseUntil: null, attempt: 2, endedAt: null, waitingSince: start });
  for (const to of ['SKIPPED', 'DENIED'] as const) {
    expect(moved(showing, to, { now: after(5) })).toMatchObject({ state: to, lease: null, leaseUntil: null, shownAt: null, endedAt: after(5), attempt: 1 });
  }
});

test('an approved alert is as young as its approval, and one that was shown before it was denied still says when', () => {
  expect(moved({ ...queued, state: 'HELD' }, 'QUEUED', { now: after(9) })).toMatchObject({ attempt: 1, waitingSince: after(9) });
  const shown = { ...queued, state: 'SHOWN' as const, lease: 'a lease', shownAt: after(1), endedAt: after(1) };
  expect(moved(shown, 'DENIED', { now: after(9) })).toMatchObject({ state: 'DENIED', lease: null, shownAt: after(1), endedAt: after(1) });
});
