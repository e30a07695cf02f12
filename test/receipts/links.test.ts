import { expect, test } from '@jest/globals';
import { DocumentLinks } from '../../src/receipts/room.ts';
import { TestClock } from '../support/clock.ts';

const secret = 'a secret of the tests, long enough';

function scene(of = secret) {
  const clock = new TestClock('2026-03-01T12:30:00Z');
  const links = new DocumentLinks({ publicUrl: 'https://tips.example', secret: of, clock });
  const link = new URL(links.to('/receipts/tip_1.pdf'));
  return { clock, links, link, query: Object.fromEntries(link.searchParams) as { expires: string; signature: string } };
}

test('a link is good until its hour, and the same for everybody who asks within one', () => {
  const { clock, links, link, query } = scene();
  expect(link.origin + link.pathname).toBe('https://tips.example/receipts/tip_1.pdf');
  expect(new Date(Number(query.expires) * 1_000).toISOString()).toBe('2026-03-02T13:00:00.000Z');
  clock.moveTo('2026-03-01T12:59:59Z');
  expect(links.to('/receipts/tip_1.pdf')).toBe(link.href);
  clock.moveTo('2026-03-02T12:59:59Z');
  expect(links.judge(link.pathname, query)).toBe('GOOD');
  clock.moveTo('2026-03-02T13:00:00Z');
  expect(links.judge(link.pathname, query)).toBe('EXPIRED');
});

test('nothing of a link can be changed', () => {
  const { links, link, query } = scene();
  const changed: [string, object][] = [
    ['/receipts/tip_2.pdf', query],
    ['/exports/tip_1.pdf', query],
    [link.pathname, { ...query, expires: String(Number(query.expires) + 3_600) }],
    [link.pathname, { ...query, expires: `0${query.expires}` }],
    [link.pathname, { ...query, expires: `${query.expires}.0` }],
    [link.pathname, { ...query, signature: `${query.signature.startsWith('A') ? 'B' : 'A'}${query.signature.slice(1)}` }],
    [link.pathname, { ...query, signature: query.signature.slice(0, -4) }],
    [link.pathname, { ...query, signature: '' }],
    [link.pathname, { ...query, signature: [query.signature] }],
    [link.pathname, { expires: query.expires }],
    [link.pathname, {}],
  ];
  for (const [path, given] of changed) expect([path, given, links.judge(path, given)]).toEqual([path, given, 'FORGED']);
});

test('another secret\'s links are not ours', () => {
  const { link, query } = scene('another secret of the tests, as long');
  expect(scene().links.judge(link.pathname, query)).toBe('FORGED');
});
