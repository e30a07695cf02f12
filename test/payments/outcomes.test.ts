import { describe, expect, test } from '@jest/globals';
import { Services, clockService, databaseService, logService, type Database } from '../../src/database/room.ts';
import {
  disputeKindsService, intentKindsService, Outcomes, paymentProvidersService, ProviderDeniesUs, reconcile,
  type ChargeOutcome, type Intent, type IntentKind, type PaymentProvider, type ReportedOutcome,
} from '../../src/payments/room.ts';
import { chargeRequest } from './support.ts';

const paid: ChargeOutcome = { status: 'SUCCEEDED', chargeId: 'ch_1', feeMicros: 1n };
const waits: ChargeOutcome = { status: 'ACTION_REQUIRED', action: { redirectUrl: 'https://bank.example', clientSecret: null, expiresAt: null } };
const now = new Date('2026-03-01T12:00:00Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A provider that remembers what it was asked, and answers what a test wants. What no test asks of it is not there. */
class FakeProvider {
  readonly name = 'FAKE';
  readonly readLagMs = 2 * hourMs;
  readonly asked: string[] = [];
  create: () => Promise<ChargeOutcome> = async () => paid;
  read: () => Promise<ChargeOutcome | null> = async () => null;

  createCharge({ key }: { key: string }) {
    this.asked.push(`create ${key}`);
    return this.create();
  }

  readCharge(key: string) {
    this.asked.push(`read ${key}`);
    return this.read();
  }

  async cancelCharge(key: string): Promise<ChargeOutcome> {
    this.asked.push(`cancel ${key}`);
    return { status: 'DECLINED', code: 'canceled', message: 'Called off.', retryable: true };
  }
}

function intent(id = 'one', createdAt = now): Intent<'CHARGE'> {
  return { id, operation: 'CHARGE', provider: 'FAKE', createdAt, request: chargeRequest({ key: `key of ${id}` }) };
}

function setUp() {
  const provider = new FakeProvider();
  const providers = new Map([[provider.name, provider as unknown as PaymentProvider]]);
  const warnings: string[] = [];
  const log = { info: () => {}, warn: (_: object, message: string) => warnings.push(message), error: (_: object, message: string) => warnings.push(message) };
  return { provider, providers, warnings, log, outcomes: new Outcomes({ providers, clock: { now: () => now }, log, answerWithinMs: 30 }) };
}

test('a new intent is charged at once, an old one is looked up first', async () => {
  const { provider, outcomes } = setUp();
  expect(await outcomes.ask(intent('one'), { isNew: true })).toEqual(paid);
  provider.read = async () => paid;
  expect(await outcomes.ask(intent('two'), { isNew: false })).toEqual(paid);
  expect(provider.asked).toEqual(['create key of one', 'read key of two']);
});

test('an intent that is sent again is charged under the same key, if the provider never heard of it', async () => {
  const { provider, outcomes } = setUp();
  await outcomes.ask(intent(), { isNew: false });
  expect(provider.asked).toEqual(['read key of one', 'create key of one']);
});

test.each([
  ['59 minutes',          59 * minuteMs,            'SUCCEEDED'],
  ['an hour',             60 * minuteMs,            'PENDING'],
  ['three hours and 9 minutes', 3 * hourMs + 9 * minuteMs, 'PENDING'],
  ['three hours and 10 minutes', 3 * hourMs + 10 * minuteMs, 'DECLINED'],
])('an intent that the provider never heard of, sent again after %s, is %s: it is given up only once no creation can be under way nor be unseen', async (_, ageMs, status) => {
  const { provider, outcomes } = setUp();
  expect(await outcomes.ask(intent('one', new Date(now.getTime() - ageMs)), { isNew: false })).toMatchObject({ status });
  expect(provider.asked).toEqual(status === 'SUCCEEDED' ? ['read key of one', 'create key of one'] : ['read key of one']);
});

test('looking never charges, however young the intent', async () => {
  const { provider, outcomes } = setUp();
  expect(await outcomes.look(intent())).toEqual({ status: 'PENDING' });
  expect(provider.asked).toEqual(['read key of one']);
});

test.each([
  ['throws', async () => { throw new Error('reset'); }],
  ['never answers', () => new Promise<never>(() => {})],
])('a provider that %s leaves an intent pending, and an operator is told', async (_, create) => {
  const { provider, outcomes, warnings } = setUp();
  provider.create = create;
  expect(await outcomes.ask(intent(), { isNew: true })).toEqual({ status: 'PENDING' });
  expect(warnings).toHaveLength(1);
});

test('a provider that does not accept our key did nothing of a new intent, and nobody knows what it did of an old one; an operator is told', async () => {
  const { provider, outcomes, warnings } = setUp();
  provider.create = async () => { throw new ProviderDeniesUs('the key is wrong'); };
  expect(await outcomes.ask(intent(), { isNew: true })).toMatchObject({ status: 'DECLINED', code: 'provider_unavailable', retryable: true });
  expect(warnings).toEqual(['A payment provider does not accept our key: the payment failed.']);
  expect(await outcomes.ask(intent(), { isNew: false })).toEqual({ status: 'PENDING' });
});

test('whoever asks has the answer as soon as it is told of otherwise, and no warning', async () => {
  const { provider, outcomes, warnings } = setUp();
  provider.create = () => new Promise<never>(() => {});
  const asked = outcomes.ask(intent(), { isNew: true });
  outcomes.tell(intent('another'), waits as ReportedOutcome<'CHARGE'>);
  outcomes.tell(intent(), paid as ReportedOutcome<'CHARGE'>);
  expect(await asked).toEqual(paid);
  expect(warnings).toEqual([]);
});

test('an intent of a provider that is gone stays pending', async () => {
  const { outcomes, warnings } = setUp();
  expect(await outcomes.ask({ ...intent(), provider: 'GONE' }, { isNew: false })).toEqual({ status: 'PENDING' });
  expect(warnings).toHaveLength(1);
});

test('those who ask about one intent at a time share the answer; the next one asks anew', async () => {
  const { provider, outcomes } = setUp();
  await Promise.all([outcomes.ask(intent(), { isNew: true }), outcomes.ask(intent(), { isNew: false }), outcomes.ask(intent(), { isNew: false })]);
  expect(provider.asked).toEqual(['create key of one']);
  await outcomes.ask(intent(), { isNew: false });
  expect(provider.asked).toEqual(['create key of one', 'read key of one', 'create key of one']);
});

describe('the reconciler', () => {
  /** One kind of intent with so many pending ones; it remembers the outcomes that it is given. */
  function kindOf(count: number, ageMs = hourMs) {
    const all = Array.from({ length: count }, (_, index) => intent(String(index).padStart(4, '0'), new Date(now.getTime() - ageMs)));
    const settled: string[] = [];
    const kind: IntentKind<'CHARGE'> = {
      name: 'test',
      operation: 'CHARGE',
      readPending: async (_, { madeBefore, afterId, limit }) =>
        all.filter((one) => one.createdAt < madeBefore && (afterId === null || one.id > afterId)).slice(0, limit),
      findByKey: async (_, _provider, key) => all.find((one) => one.request.key === key) ?? null,
      settle: async (_, id, outcome: ReportedOutcome<'CHARGE'>) => {
        if (id === '0007') throw new Error('the books are halted');
        settled.push(`${id} ${outcome.status}`);
      },
    };
    return { kind, settled };
  }

  function servicesWith(kinds: IntentKind[], { providers, log }: ReturnType<typeof setUp>): Services {
    return new Services()
      // No webhook waits, and none was taken.
      .provide(databaseService, noRows as unknown as Database)
      .provide(clockService, { now: () => now })
      .provide(logService, log)
      .provide(paymentProvidersService, providers)
      .provide(disputeKindsService, [])
      .provide(intentKindsService, kinds);
  }
  const noRows = {
    query: async () => [],
    client: async () => ({
      query: async (text: unknown) => ({ command: text, rows: [] }), release: () => {}, on: () => {}, off: () => {},
      connection: { stream: { writableCorked: 1 } },
    }),
    failpoint: () => {},
  };

  test('settles every pending intent of every kind, whatever becomes of single ones, and never charges', async () => {
    const parts = setUp();
    parts.provider.read = async () => paid;
    const { kind, settled } = kindOf(250);
    const report = await reconcile(servicesWith([kind], parts));
    expect(settled).toHaveLength(249);
    expect(report.kinds).toEqual([{ name: 'test', settled: 249, waiting: 0, failed: 1 }]);
    expect(parts.warnings).toEqual(['A payment could not be settled; it is tried again.']);
    expect(parts.provider.asked.filter((call) => !call.startsWith('read'))).toEqual([]);
  });

  test('leaves those pending that have no outcome yet, known to the provider or not', async () => {
    const parts = setUp();
    const { kind, settled } = kindOf(3);
    for (const read of [async () => ({ status: 'PENDING' }) as const, async () => null]) {
      parts.provider.read = read;
      expect((await reconcile(servicesWith([kind], parts))).kinds).toEqual([{ name: 'test', settled: 0, waiting: 3, failed: 0 }]);
    }
    expect(settled).toEqual([]);
  });

  test('says which provider payments wait for that is not set up here', async () => {
    const parts = { ...setUp(), providers: new Map<string, PaymentProvider>() };
    const report = await reconcile(servicesWith([kindOf(3).kind], parts));
    expect(report).toMatchObject({ kinds: [{ name: 'test', settled: 0, waiting: 3, failed: 0 }], withoutProvider: [{ provider: 'FAKE', payments: 3 }] });
  });

  test('gives up what never reached the provider, and calls off what its payer let lie for a day', async () => {
    const parts = setUp();
    const lost = kindOf(1, 4 * hourMs);
    await reconcile(servicesWith([lost.kind], parts));
    expect(lost.settled).toEqual(['0000 DECLINED']);

    parts.provider.read = async () => waits;
    const young = kindOf(1, 23 * hourMs);
    const old = kindOf(1, 25 * hourMs);
    await reconcile(servicesWith([young.kind, old.kind], parts));
    expect([young.settled, old.settled]).toEqual([['0000 ACTION_REQUIRED'], ['0000 DECLINED']]);
    expect(parts.provider.asked.filter((call) => call.startsWith('cancel'))).toHaveLength(1);
  });

  test('calls off a card to be kept whose owner let it lie for a day', async () => {
    const parts = setUp();
    const asked: object[] = [];
    const called = { status: 'DECLINED', code: 'canceled', message: 'Called off.', retryable: true } as const;
    Object.assign(parts.provider, { readMethod: async () => waits, cancelMethod: async (method: object) => (asked.push(method), called) });
    const request = { key: 'key of a card', token: 'pm_action', customer: 'cus_1', returnUrl: null };
    const settled: string[] = [];
    const cardsMadeAgo = (ageMs: number): IntentKind<'METHOD'> => ({
      name: 'card',
      operation: 'METHOD',
      readPending: async () => [{ id: 'one', operation: 'METHOD', provider: 'FAKE', request, createdAt: new Date(now.getTime() - ageMs) }],
      findByKey: async () => null,
      settle: async (_, id, outcome) => void settled.push(`${id} ${outcome.status}`),
    });
    await reconcile(servicesWith([cardsMadeAgo(23 * hourMs) as unknown as IntentKind, cardsMadeAgo(25 * hourMs) as unknown as IntentKind], parts));
    expect([settled, asked]).toEqual([['one ACTION_REQUIRED', 'one DECLINED'], [request]]);
  });
});
