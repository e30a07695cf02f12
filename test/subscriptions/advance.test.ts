import { describe, expect, test } from '@jest/globals';
import { advance, cancel, nextCharge, pause, renewTo, resume, type Advanced, type Pending, type Subscription } from '../../src/subscriptions/room.ts';
import { heldTiers } from '../../src/subscriptions/tier-places.ts';
import { monthlyWorth } from '../../src/subscriptions/figures.ts';
import { minute, subscription, usd } from './support.ts';

const at = (text: string) => new Date(`${text}:00.000Z`);
const mid = at('2026-02-10T12:00');
const end = at('2026-02-28T12:00');
const late = at('2026-03-05T12:00');
const until = at('2026-04-10T09:00');

const active = subscription();
const paused = subscription({ status: 'PAUSED', nextChargeAt: null });
const pausedUntil = subscription({ status: 'PAUSED', pausedUntil: until, nextChargeAt: until });
const canceling = subscription({ status: 'CANCELING', pending: { kind: 'CANCEL', beneath: null } });
const pastDue = subscription({ status: 'PAST_DUE', pastDueSince: end, failedAttempts: 1, nextChargeAt: at('2026-03-06T12:00'), accessUntil: at('2026-03-03T12:00') });
const ended = subscription({ status: 'ENDED', endedAt: end, nextChargeAt: null });
const withPending = (pending: Pending) => subscription({ pending });
const downgrade = withPending({ kind: 'DOWNGRADE', tierId: 'small', amountMicros: usd(2), interval: 'MONTH' });
const slower = withPending({ kind: 'DOWNGRADE', tierId: null, amountMicros: usd(2), interval: 'WEEK' });
const pausing = withPending({ kind: 'PAUSE', until: null });
const pausingUntil = withPending({ kind: 'PAUSE', until });

/** What happened, as "CHANGED 2026-02-28T12:00", and the periods that were decided, as "2 PAUSED … – …". */
function story({ transitions, periods }: Advanced): string[] {
  return [
    ...transitions.map(({ kind, at: moment }) => `${kind} ${minute(moment)}`),
    ...periods.map(({ index, state, start, end: over }) => `${index} ${state} ${minute(start)} – ${minute(over)}`),
  ];
}

describe('what the clock alone brings', () => {
  test.each<[string, Subscription, Date, Subscription['status'], string[]]>([
    ['nothing within the period', active, mid, 'ACTIVE', []],
    ['nothing but a renewal that is due after it', active, late, 'ACTIVE', []],
    ['no end before the period\'s', canceling, new Date(end.getTime() - 1), 'CANCELING', []],
    ['the end of what was canceled, at the period\'s end', canceling, end, 'ENDED', ['ENDED 2026-02-28T12:00']],
    ['the same from a run that comes late', canceling, late, 'ENDED', ['ENDED 2026-02-28T12:00']],
    ['a pause, at the period\'s end', pausing, late, 'PAUSED', ['PAUSED 2026-02-28T12:00']],
    ['a pause whose end lies ahead', pausingUntil, late, 'PAUSED', ['PAUSED 2026-02-28T12:00']],
    ['a pause and its end', pausingUntil, at('2026-05-01T00:00'), 'ACTIVE', [
      'PAUSED 2026-02-28T12:00', 'RESUMED 2026-04-10T09:00',
      '2 PAUSED 2026-02-28T12:00 – 2026-03-31T12:00', '3 PAUSED 2026-03-31T12:00 – 2026-04-10T09:00',
    ]],
    ['the end of a pause', pausedUntil, until, 'ACTIVE', [
      'RESUMED 2026-04-10T09:00', '2 PAUSED 2026-02-28T12:00 – 2026-03-31T12:00', '3 PAUSED 2026-03-31T12:00 – 2026-04-10T09:00',
    ]],
    ['nothing to a pause without an end', paused, at('2030-01-01T00:00'), 'PAUSED', []],
    ['nothing to what is past due: the run decides', pastDue, at('2026-04-01T00:00'), 'PAST_DUE', []],
    ['nothing to what has ended', ended, at('2030-01-01T00:00'), 'ENDED', []],
    ['a downgrade, at the period\'s end', downgrade, late, 'ACTIVE', ['CHANGED 2026-02-28T12:00']],
  ])('%s', (_, before, now, status, expected) => {
    const advanced = advance(before, now);
    expect(advanced.subscription.status).toBe(status);
    expect(story(advanced)).toEqual(expected);
    expect(advance(advanced.subscription, now).transitions).toEqual([]);
  });

  test('a downgrade of the same interval keeps the schedule, and one to another interval begins a new one at the period\'s end', () => {
    expect(advance(downgrade, end).subscription).toMatchObject({ tierId: 'small', amountMicros: usd(2), planSince: end, anchor: active.anchor, anchorIndex: 1, pending: null });
    expect(advance(slower, end).subscription).toMatchObject({ tierId: null, interval: 'WEEK', anchor: end, anchorIndex: 2, nextChargeAt: end });
  });

  test('after a pause the schedule begins anew, and the next charge is due there', () => {
    const { subscription: resumed } = advance(pausedUntil, at('2026-05-01T00:00'));
    expect(resumed).toMatchObject({ anchor: until, anchorIndex: 4, periodIndex: 3, periodEnd: until, nextChargeAt: until, pausedUntil: null });
    expect(resumed.accessUntil).toEqual(active.accessUntil);
  });
});

test('a pause that a server behind in time resumes goes on from where it began, not before', () => {
  const behind = new Date(end.getTime() - 500);
  const decided = resume(advance(paused, behind), behind);
  expect(decided).toMatchObject({ kind: 'DECIDED', advanced: { subscription: { anchor: end, anchorIndex: 2, periodIndex: 1, periodEnd: end, nextChargeAt: end }, periods: [] } });
});

describe('what a fan may do', () => {
  const kinds = (decide: (own: Advanced, now: Date) => { kind: string; advanced?: Advanced }, before: Subscription, now: Date): string => {
    const decision = decide(advance(before, now), now);
    if (!decision.advanced) return decision.kind;
    const { status, pending } = decision.advanced.subscription;
    return [status, pending?.kind, ...decision.advanced.transitions.map(({ kind }) => kind.toLowerCase())].filter(Boolean).join(' ');
  };
  const pauseForGood = (own: Advanced, now: Date) => pause(own, null, now);
  const states = { active, canceling, pausing, downgrade, pastDue, paused, ended };
  const wanted: Record<keyof typeof states, [cancel: string, pause: string, resume: string, lateCancel: string, latePause: string, lateResume: string]> = {
    active: ['CANCELING CANCEL canceled', 'ACTIVE PAUSE', 'ACTIVE', 'ENDED ended', 'PAUSED paused', 'ACTIVE'],
    canceling: ['CANCELING CANCEL', 'INVALID_STATE', 'ACTIVE resumed', 'ENDED ended', 'INVALID_STATE', 'INVALID_STATE'],
    pausing: ['CANCELING CANCEL canceled', 'ACTIVE PAUSE', 'ACTIVE', 'ENDED paused ended', 'PAUSED paused', 'ACTIVE paused resumed'],
    downgrade: ['CANCELING CANCEL canceled', 'INVALID_STATE', 'ACTIVE', 'ENDED changed ended', 'PAUSED changed paused', 'ACTIVE changed'],
    pastDue: ['ENDED ended', 'INVALID_STATE', 'INVALID_STATE', 'ENDED ended', 'INVALID_STATE', 'INVALID_STATE'],
    paused: ['ENDED ended', 'PAUSED', 'ACTIVE resumed', 'ENDED ended', 'PAUSED', 'ACTIVE resumed'],
    ended: ['ENDED', 'INVALID_STATE', 'INVALID_STATE', 'ENDED', 'INVALID_STATE', 'INVALID_STATE'],
  };
  // A pause, a debt and an end lie behind their period's end, so those states have no "within the period".
  const within = (name: string) => (name === 'pastDue' || name === 'paused' || name === 'ended' ? late : mid);

  test.each(Object.keys(states) as (keyof typeof states)[])('to one that is %s: cancel, pause and resume, within the period and after it', (name) => {
    const before = states[name];
    const soon = within(name);
    expect([
      kinds(cancel, before, soon), kinds(pauseForGood, before, soon), kinds(resume, before, soon),
      kinds(cancel, before, late), kinds(pauseForGood, before, late), kinds(resume, before, late),
    ]).toEqual(wanted[name]);
  });

  test.each(Object.keys(states) as (keyof typeof states)[])('to one that is %s, twice, changes nothing the second time', (name) => {
    for (const decide of [cancel, pauseForGood, resume]) {
      const first = decide(advance(states[name], late), late);
      if (first.kind !== 'DECIDED') continue;
      const again = decide(advance(first.advanced.subscription, late), late);
      expect(again).toEqual({ kind: 'DECIDED', advanced: { subscription: first.advanced.subscription, transitions: [], periods: [] } });
    }
  });

  test.each([downgrade, pausing, pausingUntil])('a cancellation lies over what had been asked for, which waits again when it is taken back: %#', (before) => {
    const canceled = cancel(advance(before, mid), mid);
    if (canceled.kind !== 'DECIDED') throw new Error(canceled.kind);
    expect(canceled.advanced.subscription.pending).toEqual({ kind: 'CANCEL', beneath: before.pending });
    expect(heldTiers(canceled.advanced.subscription)).toEqual(heldTiers(before));
    expect(nextCharge(canceled.advanced.subscription)).toBeNull();
    const resumed = resume(canceled.advanced, mid);
    expect(resumed.kind === 'DECIDED' && resumed.advanced.subscription).toEqual(before);
    expect(advance(canceled.advanced.subscription, end).subscription).toMatchObject({ status: 'ENDED', pending: null });
  });

  test('a pause must end after what is paid for, and within five years', () => {
    const own = advance(active, mid);
    expect(pause(own, end, mid)).toEqual({ kind: 'PAUSE_TOO_SHORT', after: end });
    expect(pause(own, new Date(end.getTime() + 1), mid).kind).toBe('DECIDED');
    expect(pause(own, at('2031-02-09T12:00'), mid)).toMatchObject({ kind: 'DECIDED' });
    expect(pause(own, at('2031-02-10T12:00'), mid)).toMatchObject({ kind: 'PAUSE_TOO_LONG' });
  });

  test('what ends while nothing is paid for leaves its unpaid periods skipped, cut at the end', () => {
    const decided = cancel(advance(pastDue, at('2026-04-02T00:00')), at('2026-04-02T00:00'));
    expect(decided.kind === 'DECIDED' && story(decided.advanced)).toEqual([
      'ENDED 2026-04-02T00:00', '2 SKIPPED 2026-02-28T12:00 – 2026-03-31T12:00', '3 SKIPPED 2026-03-31T12:00 – 2026-04-02T00:00',
    ]);
  });
});

test('a paid renewal follows the schedule, takes back a debt and prolongs access', () => {
  const renewed = renewTo(advance(pastDue, late), { index: 2, start: end, end: at('2026-03-31T12:00') }, late);
  expect(renewed.subscription).toMatchObject({
    status: 'ACTIVE', periodIndex: 2, nextChargeAt: at('2026-03-31T12:00'), accessUntil: at('2026-03-31T12:00'), pastDueSince: null, failedAttempts: 0,
  });
  expect(story(renewed)).toEqual(['RENEWED 2026-03-05T12:00', '2 CHARGED 2026-02-28T12:00 – 2026-03-31T12:00']);
});

test.each<[string, Subscription, [bigint, Date] | null]>([
  ['an active one', active, [usd(5), end]],
  ['one that is to be downgraded', downgrade, [usd(2), end]],
  ['one that is to be paused for good', pausing, null],
  ['one that is to be paused for a time', pausingUntil, [usd(5), until]],
  ['one that is paused for good', paused, null],
  ['one that is paused for a time', pausedUntil, [usd(5), until]],
  ['one that is canceled', canceling, null],
  ['one that is past due', pastDue, [usd(5), at('2026-03-06T12:00')]],
  ['one that has ended', ended, null],
])('the next charge of %s is told exactly', (_, given, expected) => {
  const next = nextCharge(given);
  expect(next && [next.amountMicros, next.at]).toEqual(expected);
});

test('places are held by all that live, and by a pending downgrade in the tier that it leads to', () => {
  expect(heldTiers({ ...downgrade, tierId: 'big' })).toEqual(['big', 'small']);
  expect(heldTiers({ ...downgrade, tierId: 'small' })).toEqual(['small']);
  expect(heldTiers({ ...paused, tierId: 'big' })).toEqual(['big']);
  expect(heldTiers({ ...ended, tierId: 'big' })).toEqual([]);
  expect(heldTiers(active)).toEqual([]);
});

test.each([
  ['ACTIVE', 'DAY', 10_000n, 304_166n], ['ACTIVE', 'WEEK', usd(1), 4_345_238n], ['PAST_DUE', 'MONTH', usd(5), usd(5)],
  ['CANCELING', 'YEAR', usd(100), 8_333_333n], ['PAUSED', 'MONTH', usd(5), 0n], ['ENDED', 'YEAR', usd(5), 0n],
] as const)('one that is %s, by %s, of %s micros is worth %s a month', (status, interval, amountMicros, worth) => {
  expect(monthlyWorth({ status, interval, amountMicros })).toBe(worth);
});
