import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { chosenGoal, percentOf, shareOf } from '../../web/overlay/goals.ts';
import type { Goal } from '../../web/overlay/operations.ts';
import { readOptions } from '../../web/overlay/options.ts';
import { flashGapMs, paced } from '../../web/overlay/pace.ts';
import { Reloader } from '../../web/overlay/reloader.ts';
import { mostSpokenCharacters, Speaker, spokenText, type Utterance } from '../../web/overlay/speech.ts';
import { shortSum } from '../../web/overlay/sums.ts';
import { watchVisibility, type View } from '../../web/overlay/visibility.ts';

describe('the address', () => {
  const plain = { token: 'secret', widget: 'alerts', theme: 'midnight', volumePercent: 60, rows: 5, locale: 'de-CH', goalId: null };

  test.each([
    ['#t=secret', plain],
    ['#t=secret&w=alerts', plain],
    ['#t=a%2Bb&w=goal&theme=paper&goal=gol_1', { ...plain, token: 'a+b', widget: 'goal', theme: 'paper', goalId: 'gol_1' }],
    ['#t=secret&w=top-tippers&rows=10&locale=fr', { ...plain, widget: 'top-tippers', rows: 10, locale: 'fr' }],
    ['#t=secret&w=event-list&theme=ribbon&volume=0', { ...plain, widget: 'event-list', theme: 'ribbon', volumePercent: 0 }],
    ['', 'The address of this overlay has no token: copy it again from the setup page.'],
    ['#w=alerts', 'The address of this overlay has no token: copy it again from the setup page.'],
    ['#t=secret&w=alert', 'The address says w=alert; it may be alerts, goal, top-tippers, event-list.'],
    ['#t=secret&w=toString', 'The address says w=toString; it may be alerts, goal, top-tippers, event-list.'],
    ['#t=secret&theme=neon', 'The address says theme=neon; it may be midnight, paper, ribbon.'],
    ['#t=secret&volume=loud', 'The address says volume=loud; it may be 0 to 100.'],
    ['#t=secret&volume=', 'The address says volume=; it may be 0 to 100.'],
    ['#t=secret&rows=', 'The address says rows=; it may be 1 to 20.'],
    ['#t=secret&w=goal&goal=', 'The address says goal= without an id; leave it out for the newest goal.'],
    ['#t=secret&volume=101', 'The address says volume=101; it may be 0 to 100.'],
    ['#t=secret&locale=en_US', 'The address says locale=en_US; it may be a language tag such as en or de-CH.'],
    ['#t=secret&rows=0', 'The address says rows=0; it may be 1 to 20.'],
    ['#t=secret&rows=2.5', 'The address says rows=2.5; it may be 1 to 20.'],
  ])('%s', (fragment, expected) => {
    expect(readOptions(fragment, 'de-CH')).toEqual(expected);
  });
});

describe('whether the page is seen', () => {
  function view(obsstudio?: View['obsstudio']) {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const window = Object.assign(new EventTarget(), { document: page, obsstudio });
    const changes: boolean[] = [];
    const first = watchVisibility(window as unknown as View, (isVisible) => changes.push(isVisible));
    const tell = (name: string, detail: object) => window.dispatchEvent(new CustomEvent(name, { detail }));
    const hide = (state: string) => {
      page.visibilityState = state;
      page.dispatchEvent(new Event('visibilitychange'));
    };
    return { first, changes, tell, hide };
  }

  test('follows the document', () => {
    const { first, changes, hide } = view();
    hide('hidden');
    hide('hidden');
    hide('visible');
    expect([first, changes]).toEqual([true, [false, true]]);
  });

  test('in OBS takes a source that is shown, and shown in the program', () => {
    const { changes, tell } = view({});
    tell('obsSourceVisibleChanged', { visible: true });
    expect(changes).toEqual([]);
    tell('obsSourceActiveChanged', { active: false });
    tell('obsSourceVisibleChanged', { visible: false });
    tell('obsSourceActiveChanged', { active: true });
    expect(changes).toEqual([false]);
    tell('obsSourceVisibleChanged', { visible: true });
    expect(changes).toEqual([false, true]);
  });

  test('hears the OBS of before these events, too', () => {
    const obsstudio: NonNullable<View['obsstudio']> = {};
    const { changes } = view(obsstudio);
    obsstudio.onVisibilityChange!(false);
    obsstudio.onVisibilityChange!(true);
    expect(changes).toEqual([false, true]);
  });
});

describe('a newer build', () => {
  let now: number;
  let isFree: boolean;
  let reloads: number;
  const kept = new Map<string, string>();
  const storage = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value) };
  const reloader = (ownBuildId: string) => new Reloader({ ownBuildId, isFree: () => isFree, reload: () => reloads++, storage, now: () => now });

  beforeEach(() => {
    kept.clear();
    now = 1_000_000;
    isFree = true;
    reloads = 0;
  });

  test('is loaded as soon as no alert is showing', () => {
    const page = reloader('one');
    page.heard('one');
    isFree = false;
    page.heard('two');
    expect(reloads).toBe(0);
    isFree = true;
    page.look();
    expect(reloads).toBe(1);
  });

  test('is not loaded for ever when the old page comes again', () => {
    reloader('one').heard('two');
    const again = reloader('one');
    again.heard('two');
    expect(reloads).toBe(1);
    now += 60_000;
    again.look();
    expect(reloads).toBe(2);
  });

  test.each([['development', 'two'], ['one', 'unbuilt'], ['', 'two']])('is none where a side is not built: "%s" and "%s"', (own, server) => {
    reloader(own).heard(server);
    expect(reloads).toBe(0);
  });
});

const usd = (micros: string, formatted = '') => ({ micros, currency: 'USD', formatted });

describe('the goal bar', () => {
  const goal = (id: string, change: Partial<Goal> = {}): Goal => ({
    __typename: 'Goal', id, title: id, target: usd('10000000', '$10.00'), raised: usd('0', '$0.00'), reachedAt: null, archivedAt: null, ...change,
  });
  const reached = { reachedAt: '2026-01-01T00:00:00Z' };
  const archived = { archivedAt: '2026-01-01T00:00:00Z' };

  test.each([
    ['the newest that is not reached', [goal('a'), goal('c', reached), goal('b')], null, 'b'],
    ['the newest that is reached, when all are', [goal('b', reached), goal('a', reached)], null, 'b'],
    ['none that is archived', [goal('a', archived)], null, undefined],
    ['the one that is named', [goal('a', archived), goal('b')], 'a', 'a'],
    ['nothing when the one that is named is not there', [goal('b')], 'a', undefined],
    ['nothing without goals', [], null, undefined],
  ])('shows %s', (_, goals, goalId, expected) => {
    expect(chosenGoal(goals, goalId)?.id).toBe(expected);
  });

  test.each([
    ['0', '10000000', 0, 0n],
    ['2500000', '10000000', 0.25, 25n],
    ['9999999', '10000000', 0.9999, 99n],
    ['30000000', '10000000', 1, 300n],
    ['9007199254740993000000', '18014398509481986000000', 0.5, 50n],
  ])('%s of %s micros fill %s, which is said as %s per cent', (raised, target, share, percent) => {
    const goal = { raised: usd(raised), target: usd(target) };
    expect(shareOf(goal)).toBe(share);
    expect(percentOf(goal)).toBe(percent);
  });

  test.each([
    ['USD', '12345678', 'en', '$12.34'],
    ['USD', '999999', 'en', '$0.99'],
    ['USD', '1234567890123', 'en', '$1,234,567.89'],
    ['JPY', '1500000', 'en', '¥1'],
    ['USD', '12340000', 'en', 'as the server wrote it'],
    ['USD', '9999', 'en', 'as the server wrote it'],
    ['USD', '0', 'en', 'as the server wrote it'],
  ])('says a sum in %s of %s micros short', (currency, micros, locale, text) => {
    expect(shortSum({ micros, currency, formatted: 'as the server wrote it' }, locale)).toBe(text);
  });
});

describe('what is read out', () => {
  test('is the headline and the message, without spelled links, cut at a word', () => {
    expect(spokenText('Ada tipped $5.00', null)).toBe('Ada tipped $5.00');
    expect(spokenText('Ada tipped $5.00', 'see  https://example.com/a?b=c\nnow')).toBe('Ada tipped $5.00. see link now');
    const long = spokenText('Ada', 'lala '.repeat(500));
    expect(long.length).toBeLessThanOrEqual(mostSpokenCharacters);
    expect(long.endsWith('lala')).toBe(true);
  });

  class Sung implements Utterance {
    readonly text: string;
    readonly listeners: Record<string, () => void> = {};
    constructor(text: string) {
      this.text = text;
    }
    addEventListener(type: string, listener: () => void): void {
      this.listeners[type] = listener;
    }
  }
  let spoken: Sung[];
  let cancelled: number;
  let speaker: Speaker;

  beforeEach(() => {
    jest.useFakeTimers();
    spoken = [];
    cancelled = 0;
    speaker = new Speaker({ prepare: (text) => new Sung(text), speak: (utterance) => void spoken.push(utterance as Sung), cancel: () => cancelled++ });
    speaker.isOn = true;
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const texts = () => spoken.map(({ text }) => text);

  test('comes one after another; of those that wait, the oldest gives way', () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) speaker.say(id, id);
    expect(texts()).toEqual(['a']);
    spoken[0]!.listeners.end!();
    spoken[1]!.listeners.error!();
    spoken[2]!.listeners.end!();
    spoken[2]!.listeners.end!();
    expect(texts()).toEqual(['a', 'c', 'd', 'e']);
  });

  test('is silent when an alert is skipped, whether it speaks or waits', () => {
    for (const id of ['a', 'b', 'c']) speaker.say(id, id);
    speaker.hush('b');
    expect(cancelled).toBe(0);
    speaker.hush('a');
    expect(cancelled).toBe(1);
    expect(texts()).toEqual(['a', 'c']);
  });

  test('is silent about an alert that waits twice, as one does that was given back and shown again', () => {
    for (const id of ['a', 'b', 'b', 'c']) speaker.say(id, id);
    speaker.hush('b');
    spoken[0]!.listeners.end!();
    expect(texts()).toEqual(['a', 'c']);
  });

  test.each([
    ['all of it is to end', () => speaker.hush(null)],
    ['the creator turns speech off', () => (speaker.isOn = false)],
  ])('ends at once, and nothing that waits is spoken, when %s', (_, end) => {
    for (const id of ['a', 'b', 'c']) speaker.say(id, id);
    end();
    expect(cancelled).toBe(1);
    spoken[0]!.listeners.error!();
    jest.advanceTimersByTime(60_000);
    expect([texts(), cancelled]).toEqual([['a'], 1]);
    speaker.isOn = true;
    speaker.say('d', 'd');
    expect(texts()).toEqual(['a', 'd']);
  });

  test('goes on when a voice never says that it has ended', () => {
    speaker.say('a', 'a');
    speaker.say('b', 'b');
    jest.advanceTimersByTime(30_000);
    expect(texts()).toEqual(['a', 'b']);
  });

  test('is nothing while the creator has speech turned off', () => {
    speaker.isOn = false;
    speaker.say('a', 'a');
    expect(texts()).toEqual([]);
  });
});

describe('what is drawn at a pace', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('comes at once when it is the first for a while, and no more than three times in any second, the last time with all there is', () => {
    let wanted = 0;
    const drawn: { readonly at: number; readonly wanted: number }[] = [];
    const draw = paced(() => drawn.push({ at: performance.now(), wanted }));
    for (; wanted < 100; jest.advanceTimersByTime(20)) {
      wanted++;
      draw();
      if (wanted === 1) expect(drawn).toHaveLength(1);
    }
    jest.advanceTimersByTime(flashGapMs);
    expect(drawn.filter(({ at }, index) => index >= 3 && at - drawn[index - 3]!.at < 1_000)).toEqual([]);
    expect([drawn.length, drawn.at(-1)!.wanted]).toEqual([7, 100]);
    jest.advanceTimersByTime(10_000);
    expect(drawn).toHaveLength(7);
    draw();
    expect(drawn).toHaveLength(8);
  });
});
