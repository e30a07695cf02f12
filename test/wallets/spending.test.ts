import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Period } from '../../src/api/room.ts';
import { transaction } from '../../src/database/room.ts';
import { lockPeople } from '../../src/identity/room.ts';
import { readSpending, type CapPeriod } from '../../src/wallets/room.ts';
import { dayMs } from '../support/clock.ts';
import { eachTestDatabase } from '../support/database.ts';
import { statementsOf } from '../support/statements.ts';
import { makePerson } from '../support/world.ts';
import { capSpending, spend, spentByDay, type Wish } from './caps.ts';

const database = eachTestDatabase();
const noon = new Date('2026-03-10T12:00:00.000Z');
const at = (moment: string) => new Date(moment);

test('an amount may reach the cap and not pass it by a micro, and what is refused consumes nothing', async () => {
  const { db } = database.current;
  const personId = await makePerson(db);
  await capSpending(db, personId, 100n, noon);
  const refusals = await spend(db, [60n, 41n, 40n, 1n].map((amountMicros) => ({ personId, amountMicros })), noon);
  const resetsAt = at('2026-03-11T00:00:00.000Z');
  expect(refusals).toEqual([
    null,
    { currency: 'USD', amountMicros: 41n, period: 'DAY', remainingMicros: 40n, resetsAt },
    null,
    { currency: 'USD', amountMicros: 1n, period: 'DAY', remainingMicros: 0n, resetsAt },
  ]);
  expect(await spentByDay(db, personId)).toEqual({ '2026-03-10': 100n });
});

test.each<[CapPeriod, string, string, boolean]>([
  // period       spent at                    again at                    in the same period
  [Period.DAY,   '2026-03-10T00:00:00.000Z', '2026-03-10T23:59:59.999Z', true],
  [Period.DAY,   '2026-03-10T23:59:59.999Z', '2026-03-11T00:00:00.000Z', false],
  [Period.WEEK,  '2026-03-09T00:00:00.000Z', '2026-03-15T23:59:59.999Z', true],
  [Period.WEEK,  '2026-03-15T23:59:59.999Z', '2026-03-16T00:00:00.000Z', false],
  [Period.WEEK,  '2026-12-28T00:00:00.000Z', '2027-01-03T23:59:59.999Z', true], // over New Year
  [Period.MONTH, '2026-01-01T00:00:00.000Z', '2026-01-31T23:59:59.999Z', true],
  [Period.MONTH, '2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00.000Z', false],
  [Period.MONTH, '2028-02-01T00:00:00.000Z', '2028-02-29T23:59:59.999Z', true], // leap year
  [Period.MONTH, '2028-02-29T23:59:59.999Z', '2028-03-01T00:00:00.000Z', false],
  [Period.YEAR,  '2028-01-01T00:00:00.000Z', '2028-12-31T23:59:59.999Z', true],
  [Period.YEAR,  '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z', false],
  // A process whose clock is behind still sees what another one spent a moment later.
  [Period.MONTH, '2026-03-10T00:00:00.001Z', '2026-03-09T23:59:59.999Z', true],
])('a cap of a %s counts %s and %s together: %#', async (period, first, second, together) => {
  const { db } = database.current;
  const personId = await makePerson(db);
  await capSpending(db, personId, 10n, at(first), { period });
  expect(await spend(db, [{ personId, amountMicros: 10n }], at(first))).toEqual([null]);
  const [again] = await spend(db, [{ personId, amountMicros: 10n }], at(second));
  expect(again?.remainingMicros ?? null).toBe(together ? 0n : null);
});

test('of several caps that an amount would pass, the one that leaves least is named, and of equal ones the longest', async () => {
  const { db } = database.current;
  const personId = await makePerson(db);
  for (const [period, limit] of [[Period.DAY, 30n], [Period.WEEK, 50n], [Period.MONTH, 50n], [Period.YEAR, 500n]] as const) {
    await capSpending(db, personId, limit, noon, { period });
  }
  const ask = async (amountMicros: bigint, now: Date) => (await spend(db, [{ personId, amountMicros }], now))[0];
  expect(await ask(31n, noon)).toMatchObject({ period: 'DAY', remainingMicros: 30n });
  expect(await ask(30n, noon)).toBeNull();
  const tomorrow = new Date(noon.getTime() + dayMs);
  expect(await ask(25n, tomorrow)).toEqual({
    currency: 'USD', amountMicros: 25n, period: 'MONTH', remainingMicros: 20n, resetsAt: at('2026-04-01T00:00:00.000Z'),
  });
  expect(await ask(20n, tomorrow)).toBeNull();
  expect(await ask(1n, at('2026-03-16T00:00:00.000Z'))).toMatchObject({ period: 'MONTH', remainingMicros: 0n });
  expect(await ask(30n, at('2026-04-01T00:00:00.000Z'))).toBeNull();
});

test('what was spent before a cap was set counts, and a cap below it leaves nothing rather than less', async () => {
  const { db } = database.current;
  const personId = await makePerson(db);
  await spend(db, [{ personId, amountMicros: 70n }], noon);
  await capSpending(db, personId, 50n, noon);
  expect(await spend(db, [{ personId, amountMicros: 1n }], noon)).toMatchObject([{ remainingMicros: 0n }]);
});

test('each currency is capped by itself, and each person', async () => {
  const { db } = database.current;
  const [personId, other] = [await makePerson(db), await makePerson(db)];
  await capSpending(db, personId, 10n, noon);
  await capSpending(db, personId, 20n, noon, { currency: 'EUR' });
  const wishes: Wish[] = [
    { personId, amountMicros: 11n }, { personId, amountMicros: 20n, currency: 'EUR' }, { personId, amountMicros: 1n, currency: 'EUR' },
    { personId, amountMicros: 900n, currency: 'JPY' }, { personId: other, amountMicros: 900n }, { personId, amountMicros: 10n },
  ];
  const refusals = await spend(db, wishes, noon);
  expect(refusals.map((refusal) => refusal && `${refusal.remainingMicros} ${refusal.currency}`)).toEqual(['10 USD', null, '0 EUR', null, null, null]);
  expect(await spentByDay(db, personId, 'EUR')).toEqual({ '2026-03-10': 20n });
  expect(await spentByDay(db, other)).toEqual({ '2026-03-10': 900n });
});

test('a raise is used from its moment on, and a lifted cap refuses nothing', async () => {
  const { db } = database.current;
  const personId = await makePerson(db);
  await capSpending(db, personId, 10n, noon, { period: Period.YEAR });
  await capSpending(db, personId, 15n, noon, { period: Period.YEAR });
  const after = (ms: number) => new Date(noon.getTime() + ms);
  expect(await spend(db, [{ personId, amountMicros: 15n }], after(dayMs - 1))).toMatchObject([{ remainingMicros: 10n }]);
  expect(await spend(db, [{ personId, amountMicros: 15n }], after(dayMs))).toEqual([null]);
  await capSpending(db, personId, null, after(dayMs), { period: Period.YEAR });
  expect(await spend(db, [{ personId, amountMicros: 1n }], after(2 * dayMs - 1))).toMatchObject([{ remainingMicros: 0n }]);
  expect(await spend(db, [{ personId, amountMicros: 1_000_000n }], after(2 * dayMs))).toEqual([null]);
});

test('reading costs one statement whoever is capped, writing one, and nothing spent costs none', async () => {
  const { db } = database.current;
  const people = await Promise.all(Array.from({ length: 30 }, () => makePerson(db)));
  for (const personId of people.slice(0, 10)) await capSpending(db, personId, 100n, noon);
  const count = async (personIds: readonly string[], amountMicros: bigint) => {
    const statements = await statementsOf(() => spend(db, personIds.map((personId) => ({ personId, amountMicros })), noon));
    return statements.filter((text) => text.includes('spending_')).length;
  };
  expect(await count(people.slice(10), 5n)).toBe(2);
  expect(await count([...people, ...people], 5n)).toBe(2);
  expect(await count(people.slice(0, 10), 1_000n)).toBe(1);
});

test('an amount of nothing, or less, is a bug', async () => {
  const { db } = database.current;
  const personId = await makePerson(db);
  const spending = await transaction(db, (tx) => readSpending(tx, [{ personId, currency: 'USD' }], noon));
  expect(() => spending.spend(personId, 'USD', 0n)).toThrow('Nobody spends 0 micros');
  expect(() => spending.spend(personId, 'USD', -1n)).toThrow('Nobody spends -1 micros');
});

test('written twice in a transaction, nothing is counted twice and everything is', async () => {
  const { db } = database.current;
  const personId = await makePerson(db);
  await capSpending(db, personId, 10n, noon);
  await transaction(db, async (tx) => {
    await lockPeople(tx, [personId]);
    const spending = await readSpending(tx, [{ personId, currency: 'USD' }], noon);
    spending.spend(personId, 'USD', 4n);
    await spending.write(tx);
    expect(spending.refusal(personId, 'USD', 7n)).toMatchObject({ remainingMicros: 6n });
    spending.spend(personId, 'USD', 6n);
    await spending.write(tx);
    await spending.write(tx);
  });
  expect(await spentByDay(db, personId)).toEqual({ '2026-03-10': 10n });
});

test('any spending by two processes agrees with a model of the four periods', async () => {
  const { db, connect } = database.current;
  const second = await connect();
  const amount = fc.bigInt({ min: 1n, max: 40n });
  const batch = fc.record({ afterHours: fc.integer({ min: 0, max: 400 }), amounts: fc.array(amount, { minLength: 1, maxLength: 5 }) });
  const limits = fc.record({ DAY: fc.option(amount), WEEK: fc.option(amount), MONTH: fc.option(amount), YEAR: fc.option(amount) });
  const start = at('2027-12-20T10:00:00.000Z');
  await fc.assert(
    fc.asyncProperty(limits, fc.array(batch, { maxLength: 8 }), async (caps, batches) => {
      const personId = await makePerson(db);
      const capped = (Object.entries(caps) as [CapPeriod, bigint | null][]).filter((one): one is [CapPeriod, bigint] => one[1] !== null);
      for (const [period, limit] of capped) await capSpending(db, personId, limit, start, { period });
      const spent: { readonly names: Record<string, string>; readonly amount: bigint }[] = [];
      let now = start;
      for (const [index, { afterHours, amounts }] of batches.entries()) {
        now = new Date(now.getTime() + afterHours * 3_600_000);
        const names = namesOf(now);
        const expected = amounts.map((wanted) => {
          const used = (period: CapPeriod) => spent.reduce((sum, one) => sum + (one.names[period] === names[period] ? one.amount : 0n), 0n);
          const left = capped.map(([period, limit]) => limit - used(period)).filter((rest) => wanted > rest);
          if (left.length > 0) return left.reduce((a, b) => (a < b ? a : b));
          spent.push({ names, amount: wanted });
          return null;
        });
        const refusals = await spend(index % 2 ? second : db, amounts.map((amountMicros) => ({ personId, amountMicros })), now);
        expect(refusals.map((refusal) => refusal && refusal.remainingMicros)).toEqual(expected);
      }
    }),
    { numRuns: 60 },
  );
});

/** The periods that a moment lies in, each by a name of its own. The week is found by walking back to its Monday. */
function namesOf(now: Date): Record<CapPeriod, string> {
  const day = now.toISOString().slice(0, 10);
  let monday = new Date(`${day}T00:00:00Z`);
  while (monday.getUTCDay() !== 1) monday = new Date(monday.getTime() - dayMs);
  return { DAY: day, WEEK: monday.toISOString(), MONTH: day.slice(0, 7), YEAR: day.slice(0, 4) };
}

test('two processes that spend against one cap at the same time never pass it, and leave nothing that would fit', async () => {
  const { db, connect } = database.current;
  const pools = [db, await connect()];
  const personId = await makePerson(db);
  await capSpending(db, personId, 1_000n, noon);
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, (_, index) => spend(pools[index % 2]!, [{ personId, amountMicros: 7n }, { personId, amountMicros: 30n }], noon)),
  );
  const spent = outcomes.reduce((sum, [small, large]) => sum + (small ? 0n : 7n) + (large ? 0n : 30n), 0n);
  expect(await spentByDay(db, personId)).toEqual({ '2026-03-10': spent });
  expect(spent).toBeLessThanOrEqual(1_000n);
  expect(spent).toBeGreaterThan(1_000n - 7n);
});
