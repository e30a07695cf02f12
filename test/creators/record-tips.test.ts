import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createGoal, readTipTargets, recordTips, type RecordedTip } from '../../src/creators/room.ts';
import { newId, transaction, type Database, type Services } from '../../src/database/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { Api, expectClean, statementsOf } from './support.ts';
import { RollupModel } from './rollup-model.ts';

const database = eachTestDatabase();

const noon = new Date('2026-03-01T12:00:00Z');
const at = (text: string) => new Date(text);

function tip(creatorId: string, given: Partial<RecordedTip> = {}): RecordedTip {
  return { tipId: newId(), creatorId, tipperId: null, displayName: 'Fan', amountMicros: 1_000_000n, currency: 'USD', createdAt: noon, ...given };
}

const record = (db: Database, tips: readonly RecordedTip[]) => transaction(db, (tx) => recordTips(tx, tips), { attempts: 1 });

async function goal(services: Services, personId: string, amount: string): Promise<string> {
  const { goal: made } = await createGoal(services, personId, { title: 'G', target: { amount, currency: 'USD' } });
  return made!.id;
}

test('tip targets name the accounts, limits and owner of each creator that is there', async () => {
  const { db } = database.current;
  const api = new Api(db);
  const [linus, yuki] = [await api.page('linus'), await api.page('yuki', { currency: 'JPY' })];
  const statements = await statementsOf(async () => {
    const targets = await readTipTargets(db, [yuki.uuid, linus.uuid, newId(), linus.uuid]);
    expect([...targets.keys()].sort()).toEqual([linus.uuid, yuki.uuid].sort());
    expect(targets.get(linus.uuid)).toEqual({
      creatorId: linus.uuid, ownerId: linus.personId, currency: 'USD', tipMinimumMicros: 1n, tipMaximumMicros: 10_000_000_000n, maxMessageLength: 500,
      holdTipsForApproval: false, earningsAccountId: expect.any(String), debtAccountId: expect.any(String),
    });
  });
  expect(statements).toHaveLength(1);
  const target = (await readTipTargets(db, [yuki.uuid])).get(yuki.uuid)!;
  const kinds = await db.query('SELECT kind, currency, owner_id FROM account WHERE id = ANY ($1::uuid[]) ORDER BY kind', [[target.earningsAccountId, target.debtAccountId]]);
  expect(kinds).toEqual([{ kind: 'debt', currency: 'JPY', owner_id: yuki.uuid }, { kind: 'earnings', currency: 'JPY', owner_id: yuki.uuid }]);
});

describe('goals', () => {
  test('a goal is reached by the first tip of a batch that brings it there, once', async () => {
    const { db } = database.current;
    const api = new Api(db, { now: () => noon });
    const { personId, uuid } = await api.page('linus');
    const other = await api.page('grace');
    const small = await goal(api.services, personId, '2');
    const large = await goal(api.services, personId, '4');
    const moved = await record(db, [tip(uuid), tip(other.uuid), tip(uuid), tip(uuid)]);
    expect(moved).toEqual([
      { goalId: small, creatorId: uuid, raisedMicros: 3_000_000n, targetMicros: 2_000_000n, reachedByIndex: 2 },
      { goalId: large, creatorId: uuid, raisedMicros: 3_000_000n, targetMicros: 4_000_000n, reachedByIndex: null },
    ]);
    const later = at('2026-03-02T00:00:00Z');
    const again = await record(db, [tip(uuid, { createdAt: later })]);
    expect(again.map((one) => one.reachedByIndex)).toEqual([null, 0]);
    expect(await db.query('SELECT reached_at FROM goal ORDER BY id')).toEqual([{ reached_at: noon }, { reached_at: later }]);
    await expectClean(db);
  });

  test('what is given back lowers a goal that it counted for, and stays reached', async () => {
    const { db } = database.current;
    let now = noon;
    const api = new Api(db, { now: () => now });
    const { personId, uuid } = await api.page('linus');
    await record(db, [tip(uuid)]);
    now = at('2026-03-01T13:00:00Z');
    await goal(api.services, personId, '1');
    await record(db, [tip(uuid, { createdAt: now })]);
    expect(await record(db, [tip(uuid, { amountMicros: -1_000_000n })])).toEqual([]);
    const moved = await record(db, [tip(uuid, { amountMicros: -400_000n, createdAt: now })]);
    expect(moved).toEqual([expect.objectContaining({ raisedMicros: 600_000n, reachedByIndex: null })]);
    expect(await db.query('SELECT raised_micros, reached_at FROM goal')).toEqual([{ raised_micros: 600_000n, reached_at: now }]);
    await expectClean(db);
  });

  test('a tip in another currency than its creator\'s is a bug, and nothing of the batch is kept', async () => {
    const { db } = database.current;
    const api = new Api(db);
    const { personId, uuid } = await api.page('linus');
    await goal(api.services, personId, '1');
    await expect(record(db, [tip(uuid), tip(uuid, { currency: 'EUR' })])).rejects.toThrow('cannot count for goal');
    expect(await db.query('SELECT raised_micros FROM goal')).toEqual([{ raised_micros: 0n }]);
  });
});

test('more given back than was given is refused by the database', async () => {
  const { db } = database.current;
  const { uuid, personId } = await new Api(db).page('linus');
  await record(db, [tip(uuid, { tipperId: personId })]);
  await expect(record(db, [tip(uuid, { tipperId: personId, amountMicros: -1_000_001n })])).rejects.toThrow('would fall below zero');
  await expect(record(db, [tip(uuid, { amountMicros: -1_000_001n })])).rejects.toThrow('would fall below zero');
  await expectClean(db);
});

test('a batch costs five statements, however many tips, fans and creators are in it', async () => {
  const { db } = database.current;
  const api = new Api(db);
  const pages = await Promise.all(Array.from({ length: 10 }, (_, index) => api.page(`maker_${index}`)));
  for (const { personId } of pages) await goal(api.services, personId, '1');
  const fans = Array.from({ length: 40 }, newId);
  const tips = Array.from({ length: 512 }, (_, index) => tip(pages[index % 10]!.uuid, { tipperId: fans[index % 40]!, displayName: `F${index}` }));
  const statements = await statementsOf(() => record(db, tips));
  expect(statements.filter((text) => !/^(BEGIN|COMMIT)/.test(text))).toHaveLength(5);
  await expectClean(db);
});

test('top tippers and figures are those of the period, by the last name that was not anonymous', async () => {
  const { db } = database.current;
  let now = at('2026-03-05T10:00:00Z');
  const api = new Api(db, { now: () => now });
  const { uuid, personId } = await api.page('linus');
  const [ann, bob, cy] = [newId(), newId(), newId()];
  const tips: [string | null, string, number, string][] = [
    [ann, 'Ann', 9, '2025-12-31T23:59:59Z'],
    [bob, 'Bob', 7, '2026-01-01T00:00:00Z'],
    [ann, 'Annie', 2, '2026-03-01T23:59:59Z'], // a Sunday: the week before
    [bob, 'Bobby', 3, '2026-03-02T00:00:00Z'],
    [null, 'Ghost', 50, '2026-03-05T01:00:00Z'],
    [ann, 'Anne', 1, '2026-03-05T02:00:00Z'],
    [cy, 'Cy', 4, '2026-03-05T03:00:00Z'],
    [cy, 'ignored', -4, '2026-03-05T03:00:00Z'],
  ];
  for (const [tipperId, displayName, units, moment] of tips) {
    await record(db, [tip(uuid, { tipperId, displayName, amountMicros: BigInt(units) * 1_000_000n, createdAt: at(moment) })]);
  }
  const figures = async () => {
    const periods = ['DAY', 'WEEK', 'MONTH', 'YEAR', 'ALL_TIME'];
    const fields = periods.map((period) => `${period}: topTippers(period: ${period}) { displayName total { amount } }`);
    const stats = periods.map((period) => `${period}: stats(period: ${period}) { tipsTotal { amount } tipCount }`);
    const { data, codes } = await api.run(personId, `{ creator(handle: "linus") { ${fields.join(' ')} dashboard { ${stats.join(' ')} default: stats { tipCount } } } }`);
    expect(codes).toEqual([]);
    const { dashboard, ...top } = data.creator;
    const shown = (period: string) => top[period].map((fan: any) => `${fan.displayName} ${fan.total.amount}`).join(', ');
    expect(dashboard.default.tipCount).toBe(dashboard.MONTH.tipCount);
    return periods.map((period) => `${period}: ${shown(period)}; ${dashboard[period].tipsTotal.amount} in ${dashboard[period].tipCount}`);
  };
  expect(await figures()).toEqual([
    'DAY: Anne 1.00; 51.00 in 3',
    'WEEK: Bobby 3.00, Anne 1.00; 54.00 in 4',
    'MONTH: Anne 3.00, Bobby 3.00; 56.00 in 5', // newId() rises, so Anne's is the lower one
    'YEAR: Bobby 10.00, Anne 3.00; 63.00 in 6',
    'ALL_TIME: Anne 12.00, Bobby 10.00; 72.00 in 7',
  ]);
  now = at('2027-01-01T00:00:00Z');
  expect((await figures()).map((line) => line.split(': ')[1])).toEqual([
    '; 0.00 in 0', '; 0.00 in 0', '; 0.00 in 0', '; 0.00 in 0', 'Anne 12.00, Bobby 10.00; 72.00 in 7',
  ]);
  expect((await api.run(null, '{ creator(handle: "linus") { topTippers(first: 1) { displayName } } }')).data.creator.topTippers).toEqual([{ displayName: 'Anne' }]);
  await expectClean(db);
});

test('random batches leave exactly what an in-memory model holds', async () => {
  const { db } = database.current;
  const api = new Api(db, { now: () => at('2026-01-01T00:00:00Z') });
  const day = fc.constantFrom('2026-01-31T23:59:59Z', '2026-02-01T00:00:00Z', '2026-02-28T12:00:00Z', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z');
  const sent = fc.record({
    creator: fc.nat(2), fan: fc.option(fc.nat(3)), name: fc.constantFrom('A', 'B', "C'\\", '日本'),
    micros: fc.oneof(fc.bigInt(1n, 5n), fc.bigInt(1n, 9_000_000n)), moment: day, givesBack: fc.boolean(),
  });
  const batches = fc.array(fc.record({ tips: fc.array(sent, { maxLength: 12 }), archives: fc.option(fc.nat(5), { freq: 6 }) }), { minLength: 1, maxLength: 8 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(batches, async (steps) => {
      run++;
      const pages = [await api.page(`p${run}_a`), await api.page(`p${run}_b`), await api.page(`p${run}_c`)];
      const fans = Array.from({ length: 4 }, newId);
      const model = new RollupModel();
      for (const { personId, uuid } of pages.slice(0, 2)) {
        for (const amount of ['0.000007', '3', '20']) model.addGoal(await goal(api.services, personId, amount), uuid, amount);
      }
      for (const { tips, archives } of steps) {
        if (archives !== null) await archive(db, model, archives);
        const batch = tips.map(({ creator, fan, name, micros, moment, givesBack }): RecordedTip =>
          (givesBack && model.refundOf(micros)) || tip(pages[creator]!.uuid, { tipperId: fan === null ? null : fans[fan]!, displayName: name, amountMicros: micros, createdAt: at(moment) }))
          .filter((one) => model.accepts(one));
        expect(await record(db, batch)).toEqual(model.record(batch));
      }
      expect(await RollupModel.read(db, pages.map(({ uuid }) => uuid))).toEqual(model.rows());
    }),
    { numRuns: 40 },
  );
  await expectClean(db);
});

async function archive(db: Database, model: RollupModel, index: number): Promise<void> {
  const goalId = model.archive(index);
  if (goalId) await db.query('UPDATE goal SET archived_at = now() WHERE id = $1', [goalId]);
}

test('writers with overlapping creators and fans, in any order, never deadlock and lose nothing', async () => {
  const pools = [database.current.db, await database.current.connect()];
  const api = new Api(pools[0]!, { now: () => noon });
  const pages = await Promise.all(Array.from({ length: 5 }, (_, index) => api.page(`maker_${index}`)));
  for (const { personId } of pages) await goal(api.services, personId, '1000');
  const fans = Array.from({ length: 5 }, newId);
  const until = Date.now() + 3_000;
  let recorded = 0n;
  await Promise.all(Array.from({ length: 8 }, async (_, worker) => {
    for (let round = worker; Date.now() < until; round++) {
      const tips = Array.from({ length: 1 + (round % 12) }, () =>
        tip(pick(pages).uuid, { tipperId: pick(fans), displayName: `W${worker}`, amountMicros: 10n, createdAt: pick([noon, at('2026-04-01T00:00:00Z')]) }));
      // A part of it is given back in the same breath, so that rows move both ways.
      const batch = round % 3 ? tips : [...tips, { ...tips[0]!, amountMicros: -4n }];
      await record(pools[worker % 2]!, batch);
      recorded += batch.reduce((sum, one) => sum + one.amountMicros, 0n);
    }
  }));
  const sums = `SELECT (SELECT sum(total_micros) FROM supporter_total WHERE period = 'ALL_TIME')::bigint AS fans,
    (SELECT sum(tips_total_micros) FROM creator_day)::bigint AS days, (SELECT sum(raised_micros) FROM goal)::bigint AS goals`;
  expect(recorded).toBeGreaterThan(1_000n);
  expect(await pools[0]!.query(sums)).toEqual([{ fans: recorded, days: recorded, goals: recorded }]);
  await expectClean(pools[0]!);
});

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}
