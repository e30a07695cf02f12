import { afterEach, expect, test } from '@jest/globals';
import { settlementRequestsService } from '../../src/wallets/room.ts';
import { TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { expectCleanWallets, provideSandbox, topUp } from './support.ts';

const start = '2026-02-27T18:00:00.000Z';
const clock = new TestClock(start);
const lines: string[] = [];
const server = eachTestServer({ clock, onLog: (line) => lines.push(line) });

afterEach(async () => {
  clock.moveTo(start);
  await expectCleanWallets(server.database.db);
});

const requested = () => server.database.db.query<{ personId: string; at: Date }>('SELECT person_id AS "personId", requested_at AS at FROM settlement ORDER BY 1');

/** Whom the server's listeners were told of, with what was stored by then. */
function listen() {
  const told: string[] = [];
  const stored: Promise<number>[] = [];
  const end = server.current.services.get(settlementRequestsService).listen((personId) => {
    told.push(personId);
    stored.push(requested().then((rows) => rows.length));
  });
  return { told, stored: () => Promise.all(stored), end };
}

test('a top-up that succeeds asks for its person\'s settlement, and tells this process once it is committed', async () => {
  const [{ token, personId }, listening] = [await server.current.signUp(), listen()];
  await topUp(server.current, token);
  expect(await requested()).toEqual([{ personId, at: new Date(start) }]);
  expect(listening.told).toEqual([personId]);
  expect(await listening.stored()).toEqual([1]);
});

test('the next one moves the request on, and a listener that has ended is told nothing', async () => {
  const [{ token, personId }, listening] = [await server.current.signUp(), listen()];
  await topUp(server.current, token);
  clock.pass(1_500);
  listening.end();
  await topUp(server.current, token);
  expect(await requested()).toEqual([{ personId, at: new Date('2026-02-27T18:00:01.500Z') }]);
  expect(listening.told).toEqual([personId]);
});

test('a declined, a refused and a repeated top-up ask for nothing', async () => {
  const [{ token, personId }, listening] = [await server.current.signUp(), listen()];
  await topUp(server.current, token, { paymentMethodId: 'pm_sandbox_declined' });
  await topUp(server.current, token, { amount: '0' });
  expect(await requested()).toEqual([]);
  await topUp(server.current, token, { idempotencyKey: 'once' });
  await server.database.db.query('DELETE FROM settlement');
  await topUp(server.current, token, { idempotencyKey: 'once' });
  expect(await requested()).toEqual([]);
  expect(listening.told).toEqual([personId]);
});

test('a top-up that is pending asks once its outcome is known, whichever process stores it', async () => {
  const [{ token, personId }, listening] = [await server.current.signUp(), listen()];
  provideSandbox(server.current, (sandbox) => ({
    createCharge: async (request) => (await sandbox.createCharge(request), { status: 'PENDING', chargeId: null }),
    readCharge: async () => ({ status: 'PENDING', chargeId: null }),
  }));
  const { topUp: pending } = await topUp(server.current, token, { idempotencyKey: 'late' });
  expect(pending.status).toBe('PENDING');
  expect(await requested()).toEqual([]);
  const second = await server.another();
  const { topUp: settled } = await topUp(second, token, { idempotencyKey: 'late' });
  expect(settled.status).toBe('SUCCEEDED');
  expect(await requested()).toMatchObject([{ personId }]);
  expect(listening.told).toEqual([]);
});

test('a listener that throws takes nothing from the top-up, nor from the other listeners', async () => {
  const { token, personId } = await server.current.signUp();
  const requests = server.current.services.get(settlementRequestsService);
  requests.listen(() => {
    throw new Error('the listener fell over');
  });
  const listening = listen();
  const { topUp: made } = await topUp(server.current, token);
  expect(made.status).toBe('SUCCEEDED');
  expect(listening.told).toEqual([personId]);
  expect(lines.some((line) => line.includes('the listener fell over'))).toBe(true);
});
