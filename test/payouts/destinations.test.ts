import { expect, test } from '@jest/globals';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { expectCleanPayouts, makePage, openBank, type Page } from './support.ts';

const clock = new TestClock('2026-03-01T12:00:00Z');
const server = eachTestServer({ clock });

const fields = '{ destination { id label isVerified } errors { code message path } }';

async function add({ token }: Pick<Page, 'token'>, bankToken: string, provider = 'SANDBOX') {
  const answer = await server.current.graphql(
    `mutation ($input: AddPayoutDestinationInput!) { addPayoutDestination(input: $input) ${fields} }`, { input: { provider, token: bankToken } }, token);
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.addPayoutDestination;
}

async function verify({ token }: Pick<Page, 'token'>, destinationId: string, amounts: readonly string[]) {
  const answer = await server.current.graphql(
    `mutation ($input: VerifyPayoutDestinationInput!) { verifyPayoutDestination(input: $input) ${fields} }`, { input: { destinationId, amounts } }, token);
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.verifyPayoutDestination;
}

async function current({ token }: Page) {
  const { data } = await server.current.graphql('{ viewer { creator { dashboard { payoutDestination { id label isVerified } } } } }', {}, token);
  return data.viewer.creator.dashboard.payoutDestination;
}

async function scene() {
  const bank = openBank(server.current.services);
  return { bank, page: await makePage(server.current, { destination: null }) };
}

test('a destination is proven by its two deposits, in either order', async () => {
  const { page } = await scene();
  expect(await current(page)).toBeNull();
  const { destination, errors } = await add(page, 'new');
  expect([destination, errors]).toEqual([{ id: expect.stringMatching(/^dst_/), label: 'Bank of new', isVerified: false }, []]);
  expect((await verify(page, destination.id, ['0.45', '0.32'])).destination).toEqual({ ...destination, isVerified: true });
  expect(await current(page)).toEqual({ ...destination, isVerified: true });
  expect((await verify(page, destination.id, ['9.99', '9.99'])).destination).toMatchObject({ isVerified: true });
  await expectCleanPayouts(server.current.db);
});

test('the same token is the same destination, and the one that was added last is paid', async () => {
  const { bank, page } = await scene();
  const first = await add(page, 'known one');
  const second = await add(page, 'known two');
  expect(await current(page)).toEqual(second.destination);
  expect(await add(page, 'known one')).toEqual(first);
  expect(await current(page)).toEqual(first.destination);
  expect(bank.added).toBe(2);
  const added = await Promise.all(Array.from({ length: 20 }, () => add(page, 'known three')));
  expect(new Set(added.map(({ destination }) => destination.id)).size).toBe(1);
});

test('five wrong answers end it, sent one by one or at one time', async () => {
  const { page } = await scene();
  const slow = await add(page, 'slow');
  const left: string[] = [];
  for (let guess = 0; guess < 6; guess++) {
    const { errors } = await verify(page, slow.destination.id, ['0.01', '0.02']);
    left.push(`${errors[0].code} ${/(\d) more/.exec(errors[0].message)?.[1] ?? '-'}`);
  }
  expect(left).toEqual(['INVALID_INPUT 4', 'INVALID_INPUT 3', 'INVALID_INPUT 2', 'INVALID_INPUT 1', 'TOO_MANY_ATTEMPTS -', 'TOO_MANY_ATTEMPTS -']);
  expect((await verify(page, slow.destination.id, ['0.32', '0.45'])).errors).toEqual([expect.objectContaining({ code: 'TOO_MANY_ATTEMPTS' })]);

  const { bank, page: quick } = await scene();
  let judged = 0;
  bank.verify = () => {
    judged += 1;
    return { status: 'WRONG', attemptsLeft: 9 };
  };
  const { destination } = await add(quick, 'fast');
  await Promise.all(Array.from({ length: 40 }, () => verify(quick, destination.id, ['0.01', '0.02'])));
  expect(judged).toBe(5);
});

test('an attempt that the provider did not judge is forgiven', async () => {
  const { bank, page } = await scene();
  const { destination } = await add(page, 'new');
  bank.verify = () => {
    throw new Error('The line is dead.');
  };
  for (let tries = 0; tries < 7; tries++) {
    expect((await verify(page, destination.id, ['0.32', '0.45'])).errors).toEqual([expect.objectContaining({ code: 'PROVIDER_UNAVAILABLE' })]);
  }
  bank.verify = () => ({ status: 'NOT_YET', message: 'The deposits are on their way.' });
  for (let tries = 0; tries < 7; tries++) {
    expect((await verify(page, destination.id, ['0.32', '0.45'])).errors).toEqual([
      { code: 'INVALID_STATE', message: 'The deposits are on their way.', path: ['input', 'destinationId'] }]);
  }
  bank.verify = () => ({ status: 'VERIFIED' });
  expect((await verify(page, destination.id, ['0.32', '0.45'])).destination.isVerified).toBe(true);
});

test.each([
  ['no amount',       [],                       'INVALID_INPUT', 'No amount was given; it takes the two deposits.',   []],
  ['one amount',      ['0.32'],                 'INVALID_INPUT', '1 amount was given; it takes the two deposits.',    []],
  ['three',           ['0.32', '0.45', '0.01'], 'INVALID_INPUT', '3 amounts were given; it takes the two deposits.',  []],
  ['words',           ['a', 'b'],               'INVALID_INPUT', '"a"',                                               ['0']],
  ['too many digits', ['0.32', '0.4500001'],    'PRECISION',     '"0.4500001"',                                       ['1']],
])('%s is no proof, and no attempt', async (_, amounts, code, message, place) => {
  const { page } = await scene();
  const { destination } = await add(page, 'new');
  const error = { code, message: expect.stringContaining(message), path: ['input', 'amounts', ...place] };
  for (let tries = 0; tries < 6; tries++) expect((await verify(page, destination.id, amounts)).errors).toEqual([error]);
  expect((await verify(page, destination.id, ['0.32', '0.45'])).destination.isVerified).toBe(true);
});

test('a wrong answer is told with what was given', async () => {
  const { page } = await scene();
  const { destination } = await add(page, 'new');
  const told = async () => (await verify(page, destination.id, ['0.01', '0.02'])).errors[0].message;
  expect(await told()).toBe('"0.01" and "0.02" are not the two deposits. 4 more answers may be tried.');
});

test('destinations are their page\'s alone', async () => {
  const { page } = await scene();
  const { destination } = await add(page, 'new');
  const stranger = await makePage(server.current, { destination: null });
  for (const id of [destination.id, 'dst_nothing', 'tip_00000000000000000000000000']) {
    expect((await verify(stranger, id, ['0.32', '0.45'])).errors).toEqual([expect.objectContaining({ code: 'NOT_FOUND' })]);
  }
  expect((await verify(page, destination.id, ['0.32', '0.45'])).destination.isVerified).toBe(true);
  expect((await add(await server.current.signUp(), 'known')).errors).toEqual([expect.objectContaining({ code: 'NOT_FOUND' })]);
});

test('what the provider refuses, and a provider that is not there, are errors', async () => {
  const { page } = await scene();
  expect((await add(page, 'closed')).errors).toEqual([{ code: 'INVALID_INPUT', message: 'The account is closed.', path: ['input', 'token'] }]);
  expect((await add(page, '')).errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: ['input', 'token'] })]);
  expect((await add(page, 'known', 'STRIPE')).errors).toEqual([expect.objectContaining({ code: 'PROVIDER_UNAVAILABLE' })]);
  expect(await current(page)).toBeNull();
});

test('a page adds ten destinations a day at most', async () => {
  const { page } = await scene();
  for (let count = 0; count < 10; count++) expect((await add(page, `known ${count}`)).errors).toEqual([]);
  expect((await add(page, 'known eleven')).errors).toEqual([expect.objectContaining({ code: 'TOO_MANY_ATTEMPTS' })]);
  expect((await add(page, 'known 3')).destination.label).toBe('Bank of known 3');
  clock.pass(dayMs + 1);
  expect((await add(page, 'known eleven')).errors).toEqual([]);
});

test('ten are tried a day at most, sent at one time or refused by the provider', async () => {
  const { bank, page } = await scene();
  const added = await Promise.all(Array.from({ length: 40 }, (_, count) => add(page, `new ${count}`)));
  expect(added.filter(({ errors }) => errors.length === 0)).toHaveLength(10);
  expect(bank.added).toBe(10);
  const guesser = await makePage(server.current, { destination: null });
  bank.addDestination = async () => ({ status: 'DECLINED' as const, code: 'invalid_destination', message: 'No.', retryable: false });
  const codes: string[] = [];
  for (let count = 0; count < 11; count++) codes.push((await add(guesser, `guess ${count}`)).errors[0].code);
  expect(codes).toEqual([...Array.from({ length: 10 }, () => 'INVALID_INPUT'), 'TOO_MANY_ATTEMPTS']);
  await expectCleanPayouts(server.current.db);
});

test('a destination belongs to one page, also when two add it at one time', async () => {
  const { page } = await scene();
  const others = [page, ...await Promise.all([1, 2, 3].map(() => makePage(server.current, { destination: 'known' })))];
  const before = await Promise.all(others.map(current));
  const answers = await Promise.all(others.map((one) => add(one, 'acct_shared')));
  const winner = answers.findIndex(({ errors }) => errors.length === 0);
  for (const [index, one] of others.entries()) {
    if (index === winner) expect(await current(one)).toMatchObject({ label: 'Bank of acct_shared' });
    else {
      expect(answers[index].errors).toEqual([
        { code: 'INVALID_INPUT', message: '"acct_shared" is the destination of another page already. One is paid to one page alone.', path: ['input', 'token'] },
      ]);
      expect(await current(one)).toEqual(before[index]);
    }
  }
  expect(winner).toBeGreaterThanOrEqual(0);
});
