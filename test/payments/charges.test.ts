import { describe, expect, test } from '@jest/globals';
import { Services, clockService, databaseService, logService, type Database } from '../../src/database/room.ts';
import {
  Charges, intentKindsService, paymentProvidersService, reconcile, type ChargeOutcome, type Intent, type IntentKind, type PaymentProvider,
} from '../../src/payments/room.ts';

const paid: ChargeOutcome = { status: 'SUCCEEDED', chargeId: 'ch_1', feeMicros: 1n };
const now = new Date('2026-03-01T12:00:00Z');
const hourMs = 3_600_000;

/** A provider that remembers what it was asked, and answers what a test wants. */
class FakeProvider implements PaymentProvider {
  readonly name = 'FAKE';
  readonly asked: string[] = [];
  create: () => Promise<ChargeOutcome> = async () => paid;
  read: () => Promise<ChargeOutcome | null> = async () => null;

  rail() {
    return null;
  }

  createCharge({ key }: { key: string }) {
    this.asked.push(`create ${key}`);
    return this.create();
  }

  readCharge(key: string) {
    this.asked.push(`read ${key}`);
    return this.read();
  }
}

function intent(id = 'one', createdAt = now): Intent {
  return { id, provider: 'FAKE', createdAt, request: { key: `key of ${id}`, amountMicros: 1_000_000n, currency: 'USD', paymentMethod: 'pm', description: '' } };
}

function setUp() {
  const provider = new FakeProvider();
  const warnings: string[] = [];
  const log = { info: () => {}, warn: (_: object, message: string) => warnings.push(message), error: (_: object, message: string) => warnings.push(message) };
  const options = { providers: new Map([[provider.name, provider]]), clock: { now: () => now }, log, answerWithinMs: 30 };
  return { provider, warnings, log, charges: new Charges(options) };
}

test('a new intent is charged at once, an old one is looked up first', async () => {
  const { provider, charges } = setUp();
  expect(await charges.ask(intent('one'), { isNew: true })).toEqual(paid);
  provider.read = async () => paid;
  expect(await charges.ask(intent('two'), { isNew: false })).toEqual(paid);
  expect(provider.asked).toEqual(['create key of one', 'read key of two']);
});

test('an old intent that the provider never heard of is charged, under the same key', async () => {
  const { provider, charges } = setUp();
  await charges.ask(intent(), { isNew: false });
  expect(provider.asked).toEqual(['read key of one', 'create key of one']);
});

test('after a day an intent that the provider never heard of is given up without a charge', async () => {
  const { provider, charges } = setUp();
  const ask = (ageMs: number) => charges.ask(intent('one', new Date(now.getTime() - ageMs)), { isNew: false });
  expect(await ask(24 * hourMs - 1)).toEqual(paid);
  provider.asked.length = 0;
  expect(await ask(24 * hourMs)).toMatchObject({ status: 'DECLINED', code: 'not_attempted' });
  expect(provider.asked).toEqual(['read key of one']);
});

test.each([
  ['throws', async () => { throw new Error('reset'); }],
  ['never answers', () => new Promise<never>(() => {})],
])('a provider that %s leaves an intent pending, and an operator is told', async (_, create) => {
  const { provider, charges, warnings } = setUp();
  provider.create = create;
  expect(await charges.ask(intent(), { isNew: true })).toEqual({ status: 'PENDING' });
  expect(warnings).toHaveLength(1);
});

test('an intent of a provider that is gone stays pending', async () => {
  const { charges, warnings } = setUp();
  expect(await charges.ask({ ...intent(), provider: 'GONE' }, { isNew: false })).toEqual({ status: 'PENDING' });
  expect(warnings).toHaveLength(1);
});

test('those who ask about one intent at a time share the answer; the next one asks anew', async () => {
  const { provider, charges } = setUp();
  await Promise.all([charges.ask(intent(), { isNew: true }), charges.ask(intent(), { isNew: false }), charges.ask(intent(), { isNew: false })]);
  expect(provider.asked).toEqual(['create key of one']);
  await charges.ask(intent(), { isNew: false });
  expect(provider.asked).toEqual(['create key of one', 'read key of one', 'create key of one']);
});

describe('the reconciler', () => {
  /** One kind of intent with so many pending ones; it remembers the outcomes that it is given. */
  function kindOf(count: number) {
    const all = Array.from({ length: count }, (_, index) => intent(String(index).padStart(4, '0'), new Date(now.getTime() - hourMs)));
    const settled: string[] = [];
    const kind: IntentKind = {
      name: 'test',
      readPending: async (_, { madeBefore, afterId, limit }) =>
        all.filter((one) => one.createdAt < madeBefore && (afterId === null || one.id > afterId)).slice(0, limit),
      settle: async (_, id, outcome) => {
        if (id === '0007') throw new Error('the books are halted');
        settled.push(`${id} ${outcome.status}`);
      },
    };
    return { kind, settled };
  }

  function servicesWith(kinds: IntentKind[], { provider, log }: ReturnType<typeof setUp>): Services {
    return new Services()
      .provide(databaseService, {} as Database)
      .provide(clockService, { now: () => now })
      .provide(logService, log)
      .provide(paymentProvidersService, new Map([[provider.name, provider]]))
      .provide(intentKindsService, kinds);
  }

  test('settles every pending intent of every kind, whatever becomes of single ones', async () => {
    const parts = setUp();
    const { kind, settled } = kindOf(250);
    await reconcile(servicesWith([kind], parts));
    expect(settled).toHaveLength(249);
    expect(parts.warnings).toEqual(['A payment could not be settled; it is tried again.']);
  });

  test('leaves those pending that have no outcome yet', async () => {
    const parts = setUp();
    parts.provider.read = async () => ({ status: 'PENDING' });
    const { kind, settled } = kindOf(3);
    await reconcile(servicesWith([kind], parts));
    expect(settled).toEqual([]);
  });
});
