import { describe, expect, test } from '@jest/globals';
import { dunningPausedUntil, watchDeclines } from '../../src/wallets/room.ts';
import { eachTestServer } from '../support/server.ts';
import { addMethod, expectCleanWallets, stored, topUp } from './support.ts';

const server = eachTestServer();

describe('cards are tried no more often than the limits allow', () => {
  test('with one account, however many tries come at once, and a key that was used is no try', async () => {
    const strict = await server.another({ environment: { LIMIT_CARD_ATTEMPTS_PER_ACCOUNT: '3' } });
    const { token } = await strict.signUp();
    const payloads = await Promise.all(Array.from({ length: 12 }, (_, index) => topUp(strict, token, { paymentMethodId: 'pm_sandbox_declined', idempotencyKey: `k${index}` })));
    const refused = payloads.filter(({ topUp: made }) => made === null);
    expect(refused).toHaveLength(9);
    expect(refused[0].errors).toMatchObject([{ __typename: 'ValidationError', code: 'TOO_MANY_ATTEMPTS', message: expect.stringContaining('3 times') }]);
    expect(await stored(strict.db)).toMatchObject({ topUps: ['FAILED', 'FAILED', 'FAILED'], charges: 3 });
    const done = payloads.findIndex(({ topUp: made }) => made !== null);
    expect(await topUp(strict, token, { paymentMethodId: 'pm_sandbox_declined', idempotencyKey: `k${done}` })).toEqual(payloads[done]);
    await expectCleanWallets(strict.db);
  });

  test('whether they are charged or only kept', async () => {
    const strict = await server.another({ environment: { LIMIT_CARD_ATTEMPTS_PER_ACCOUNT: '2' } });
    const { token } = await strict.signUp();
    await addMethod(strict, token, 'pm_sandbox_declined');
    await topUp(strict, token, { paymentMethodId: 'pm_sandbox_declined' });
    expect(await addMethod(strict, token)).toMatchObject({ paymentMethod: null, errors: [{ code: 'TOO_MANY_ATTEMPTS' }] });
  });

  test('from one address, whoever tries', async () => {
    const strict = await server.another({ environment: { LIMIT_CARD_ATTEMPTS_PER_ADDRESS: '3' } });
    const people = await Promise.all(Array.from({ length: 6 }, () => strict.signUp()));
    const payloads = await Promise.all(people.map(({ token }) => topUp(strict, token, { paymentMethodId: 'pm_sandbox_declined' })));
    expect(payloads.filter(({ errors }) => errors[0]?.code === 'TOO_MANY_ATTEMPTS')).toHaveLength(3);
    expect(await stored(strict.db)).toMatchObject({ charges: 3 });
    await expectCleanWallets(strict.db);
  });

  test('within an hour, and then again', async () => {
    const strict = await server.another({ environment: { LIMIT_CARD_ATTEMPTS_PER_ACCOUNT: '1' } });
    const { token } = await strict.signUp();
    await topUp(strict, token, { paymentMethodId: 'pm_sandbox_declined' });
    expect((await topUp(strict, token)).errors).toMatchObject([{ code: 'TOO_MANY_ATTEMPTS' }]);
    await strict.db.query(`UPDATE card_attempt SET made_at = made_at - interval '61 minutes'`);
    expect((await topUp(strict, token)).topUp.status).toBe('SUCCEEDED');
  });

  test('where ten that were paid weigh as one that was declined', async () => {
    const strict = await server.another({ environment: { LIMIT_CARD_ATTEMPTS_PER_ACCOUNT: '2' } });
    const { token } = await strict.signUp();
    await topUp(strict, token, { paymentMethodId: 'pm_sandbox_declined' });
    for (let n = 0; n < 10; n++) expect((await topUp(strict, token)).topUp.status).toBe('SUCCEEDED');
    expect((await topUp(strict, token)).errors).toMatchObject([{ code: 'TOO_MANY_ATTEMPTS' }]);
    await expectCleanWallets(strict.db);
  });

  test('and no address is kept as it is', async () => {
    const { token } = await server.current.signUp();
    await topUp(server.current, token);
    const [row] = await server.current.db.query<{ text: string }>('SELECT card_attempt::text AS text FROM card_attempt');
    expect(row?.text).not.toContain('127.0.0.1');
  });
});

test.each([
  ['few answers', 39, 0, false],
  ['many, most of them declined', 36, 14, true],
  ['many, half of them declined', 50, 50, false],
])('%s: %i declined and %i paid', async (_, declined, paid, isPaused) => {
  const { db, services } = server.current;
  const insert = 'INSERT INTO card_attempt (id, account_id, made_at, is_declined) SELECT gen_random_uuid(), gen_random_uuid(), now(), $1 FROM generate_series(1, $2)';
  await db.query(insert, [true, declined]);
  await db.query(insert, [false, paid]);
  await watchDeclines(services);
  await watchDeclines(services);
  expect((await dunningPausedUntil(db, new Date())) !== null).toBe(isPaused);
  expect(await dunningPausedUntil(db, new Date(Date.now() + 2 * 3_600_000))).toBeNull();
});

test('one address, one account and guests, however often their cards are declined, pause nothing', async () => {
  const { current } = server;
  const { db, services } = current;
  for (let guests = 0; guests < 3; guests++) await current.graphql('mutation { createGuestSession { token } }');
  const insert = (columns: string, values: string) =>
    db.query(`INSERT INTO card_attempt (id, made_at, is_declined, ${columns}) SELECT gen_random_uuid(), now(), true, ${values}`);
  await insert('account_id, address_hash', `gen_random_uuid(), '\\x01' FROM generate_series(1, 60)`);
  await insert('account_id', `'00000000-0000-7000-8000-000000000001' FROM generate_series(1, 60)`);
  await insert('account_id', 'id FROM guest_session, generate_series(1, 20)');
  await watchDeclines(services);
  expect(await dunningPausedUntil(db, new Date())).toBeNull();
  await insert('account_id', 'gen_random_uuid() FROM generate_series(1, 34)');
  await watchDeclines(services);
  expect(await dunningPausedUntil(db, new Date())).not.toBeNull();
});
