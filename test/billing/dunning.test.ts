import { describe, expect, test } from '@jest/globals';
import { nextTry, owedBy, paid, parseAsOf, unpaid } from '../../src/billing/room.ts';
import { intervalEnd, type BillingInterval } from '../../src/subscriptions/periods.ts';
import type { Subscription } from '../../src/subscriptions/room.ts';
import { minute, subscription } from '../subscriptions/support.ts';

const at = (text: string) => new Date(`${text}:00.000Z`);
const once = (one: Subscription) => ({ subscription: one, transitions: [], periods: [] });
const pastDue = (since: string, given: Partial<Subscription> = {}) =>
  subscription({ status: 'PAST_DUE', pastDueSince: at(since), nextChargeAt: nextTry(at(since), at(since)), failedAttempts: 1, ...given });

describe('what is owed', () => {
  test.each<[string, Subscription, string, boolean, string | null, number[]]>([
    // the subscription                 at                  catch-up  owed period                               skipped
    ['nothing before the end', subscription(), '2026-02-28T11:59', false, null, []],
    ['the next period at its end', subscription(), '2026-02-28T12:00', false, '2 2026-02-28T12:00 – 2026-03-31T12:00', []],
    ['the current one after a downtime', subscription(), '2026-06-15T00:00', false, '5 2026-05-31T12:00 – 2026-06-30T12:00', [2, 3, 4]],
    ['each in turn when catching up', subscription(), '2026-06-15T00:00', true, '2 2026-02-28T12:00 – 2026-03-31T12:00', []],
    ['the old one within it', pastDue('2026-02-28T12:00'), '2026-03-07T12:00', false, '2 2026-02-28T12:00 – 2026-03-31T12:00', []],
    ['the current one after it', pastDue('2026-02-28T12:00'), '2026-04-01T00:00', false, '3 2026-03-31T12:00 – 2026-04-30T12:00', [2]],
    ['who is past due catches up with nothing', pastDue('2026-02-28T12:00'), '2026-04-01T00:00', true, '3 2026-03-31T12:00 – 2026-04-30T12:00', [2]],
    ['nothing while paused', subscription({ status: 'PAUSED' }), '2026-06-15T00:00', false, null, []],
    ['nothing once ended', subscription({ status: 'ENDED' }), '2026-06-15T00:00', false, null, []],
  ])('is %s', (_, one, now, catchUp, period, skipped) => {
    const owed = owedBy(one, at(now), { catchUp });
    expect(owed && `${owed.period.index} ${minute(owed.period.start)} – ${minute(owed.period.end)}`).toBe(period);
    expect(owed?.missed.map(({ index, state }) => [index, state]) ?? []).toEqual(skipped.map((index) => [index, 'SKIPPED']));
  });

  test('and paid late leaves the schedule where it was, and the days between neither charged nor lost', () => {
    const one = pastDue('2026-02-28T12:00');
    const now = at('2026-04-01T00:00');
    const { subscription: after, periods } = paid(once(one), owedBy(one, now, { catchUp: false })!, now);
    expect(after).toMatchObject({ status: 'ACTIVE', periodIndex: 3, nextChargeAt: at('2026-04-30T12:00'), accessUntil: at('2026-04-30T12:00'), pastDueSince: null, failedAttempts: 0 });
    expect(after).toMatchObject({ anchor: one.anchor, anchorIndex: one.anchorIndex });
    expect(periods.map(({ index, state }) => `${index} ${state}`)).toEqual(['2 SKIPPED', '3 CHARGED']);
  });
});

describe('what is not paid', () => {
  test.each([
    // first failure, tried at → tried next
    ['2026-02-28T12:00', '2026-02-28T12:00', '2026-03-01T12:00'],
    ['2026-02-28T12:00', '2026-03-01T12:00', '2026-03-03T12:00'],
    ['2026-02-28T12:00', '2026-03-03T12:00', '2026-03-05T12:00'],
    ['2026-02-28T12:00', '2026-03-05T12:00', '2026-03-07T12:00'],
    ['2026-02-28T12:00', '2026-03-07T12:00', null],
    // a late run does not make up for the tries it missed
    ['2026-02-28T12:00', '2026-03-04T00:00', '2026-03-05T12:00'],
    ['2026-02-28T12:00', '2026-06-01T00:00', null],
  ])('since %s and tried at %s is tried again at %s', (since, now, next) => {
    expect(nextTry(at(since), at(now))).toEqual(next && at(next));
    const before = since === now ? subscription() : pastDue(since);
    const { subscription: after, transitions } = unpaid(once(before), at(now));
    expect(after).toMatchObject(next ? { status: 'PAST_DUE', nextChargeAt: at(next), pastDueSince: at(since) } : { status: 'ENDED', nextChargeAt: null, endedAt: at(now) });
    expect(transitions.map(({ kind }) => kind)).toEqual(next === null ? ['ENDED'] : since === now ? ['PAST_DUE'] : []);
  });

  test.each<[BillingInterval, string]>([
    ['DAY', '2026-02-28T14:00'],
    ['WEEK', '2026-03-01T04:00'],
    ['MONTH', '2026-03-03T12:00'],
    ['YEAR', '2026-03-03T12:00'],
  ])('by the %s keeps its benefits until %s, for no more than about a tenth of the shortest period', (interval, until) => {
    const { accessUntil, periodEnd } = unpaid(once(subscription({ interval })), at('2026-02-28T12:00')).subscription;
    expect(accessUntil).toEqual(at(until));
    const shortestMs = intervalEnd(periodEnd, interval).getTime() - periodEnd.getTime();
    expect((accessUntil.getTime() - periodEnd.getTime()) / shortestMs).toBeLessThan(0.11);
  });

  test('has no grace when its benefits had been lost before', () => {
    const now = at('2026-02-28T12:00');
    const resumed = subscription({ accessUntil: at('2026-02-10T12:00') });
    expect(unpaid(once(resumed), now).subscription.accessUntil).toEqual(at('2026-02-10T12:00'));
  });

  test('once ended leaves what was owed skipped, cut at the end', () => {
    const { periods } = unpaid(once(pastDue('2026-02-28T12:00')), at('2026-03-07T12:00'));
    expect(periods.map(({ index, state, start, end }) => `${index} ${state} ${minute(start)} – ${minute(end)}`)).toEqual(['2 SKIPPED 2026-02-28T12:00 – 2026-03-07T12:00']);
  });
});

describe('the time of a run', () => {
  const now = at('2026-03-31T12:00');

  test.each([
    ['2026-03-31', '2026-03-31T00:00:00.000Z'],
    ['2026-03-31T11:59Z', '2026-03-31T11:59:00.000Z'],
    ['2026-03-31T11:59:59.125Z', '2026-03-31T11:59:59.125Z'],
    ['2026-03-31T01:00:00+05:30', '2026-03-30T19:30:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('may be %s', (text, asOf) => {
    expect(parseAsOf(text, now, { mayBeAhead: false })).toEqual({ kind: 'PARSED', asOf: new Date(asOf) });
  });

  test.each(['', 'yesterday', '2026-02-30', '2025-02-29', '2026-13-01', '2026-03-31T12:00:00', '2026-03-31 12:00Z', '2026-03-31T25:00Z', '1774958400', '2026-3-31'])('may not be "%s"', (text) => {
    expect(parseAsOf(text, now, { mayBeAhead: true })).toMatchObject({ kind: 'REFUSED', problem: expect.stringContaining('2026-03-31T12:00:00Z') });
  });

  test('lies ahead only where that is allowed', () => {
    expect(parseAsOf('2026-03-31T12:00:01Z', now, { mayBeAhead: true })).toMatchObject({ kind: 'PARSED' });
    expect(parseAsOf('2026-03-31T12:00:01Z', now, { mayBeAhead: false })).toMatchObject({ kind: 'REFUSED', problem: expect.stringContaining('ahead of now, 2026-03-31T12:00:00.000Z') });
  });
});
