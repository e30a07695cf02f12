import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eachTestDatabase } from '../support/database.ts';
import { describeProvider, type Delivery } from './contract.ts';
import { openSandbox } from './support.ts';

const database = eachTestDatabase();

describeProvider('the sandbox', async () => {
  const sandbox = openSandbox(database.current);
  const { db } = database.current;
  const chargeIdOf = async (key: string) => (await db.query<{ id: string }>('SELECT id FROM sandbox_charge WHERE idempotency_key = $1', [key]))[0]!.id;
  return {
    provider: sandbox.provider,
    cards: { ok: 'pm_sandbox_ok', declined: 'pm_sandbox_declined', poor: 'pm_sandbox_insufficient_funds', action: 'pm_sandbox_action', silent: 'pm_sandbox_silent' },
    destination: { token: 'ba_sandbox_ok', prepare: async () => {}, proof: [450_000n, 320_000n] },
    payerActs: async (key, confirms) => {
      const url = `http://farthing.example/sandbox/pages/${await chargeIdOf(key)}`;
      await sandbox.page(new Request(url, { method: 'POST', body: `decision=${confirms ? 'CONFIRMED' : 'REFUSED'}` }));
    },
    dispute: (key) => sandbox.control('dispute', { key }),
    closeDispute: async (disputeId, status) => {
      await sandbox.control('close-dispute', { disputeId, status });
    },
    webhook: async (key) => {
      const deliveries = await deliveredBy(async (url) => {
        await sandbox.deliverTo(url);
        await sandbox.control('deliver');
      });
      return deliveries.find(({ rawBody }) => JSON.parse(rawBody.toString()).subject.key === key) as Delivery;
    },
  };
});

/** What is posted to a listener while something runs. */
async function deliveredBy(run: (url: string) => Promise<void>): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    deliveries.push({ rawBody: Buffer.concat(chunks), headers: request.headers as Record<string, string> });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.closeAllConnections();
  server.close();
  return deliveries;
}
