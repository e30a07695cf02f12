import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { builtMain } from './built.ts';
import { peers } from './cost-peers.ts';
import { costReport, type CostFindings, type TipCost, type TopUpCost } from './cost-report.ts';
import { withOwnPostgres } from './own-postgres.ts';
import { startServerProcess } from './server-process.ts';

const tips = ['0.01', '0.05', '0.25', '1.00', '5.00'] as const;
/** The first is the one whose tips are shown in detail. */
const topUps = ['10.00', '5.00', '25.00', '50.00'] as const;
const currency = 'USD';
const reportFile = path.join(import.meta.dirname, 'COST.md');

/** Pays for real on a server of its own, whose processor is simulated, and writes what it cost to `COST.md`. */
export async function run(): Promise<void> {
  await withOwnPostgres(async (postgres, folder) => {
    const environment = {
      DATABASE_URL: postgres.appUrl(), MIGRATION_DATABASE_URL: postgres.ownerUrl(), DATA_DIR: folder, AUTH_SECRET: randomBytes(32).toString('base64url'),
      LOG_LEVEL: 'warn', SANDBOX_IN_PRODUCTION: 'true', PAYOUT_HOLD_DAYS: '0', PAYOUT_MINIMUM: '0.01',
    };
    const server = await startServerProcess({ environment });
    try {
      const findings = await measure(new Client(`http://127.0.0.1:${server.port}`));
      writeFileSync(reportFile, costReport(findings, peers));
    } finally {
      await server.stop();
    }
    const said = execFileSync(process.execPath, [builtMain, 'check'], { env: { PATH: process.env.PATH, ...environment }, encoding: 'utf8' });
    console.log(`Wrote ${path.relative(process.cwd(), reportFile)}. farthing check: ${said.trimEnd().split('\n').at(-1)}`);
  });
}

/** The API as any program outside sees it. Throws for every answer that is not the one that is wanted. */
class Client {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async signUp(name: string): Promise<string> {
    const body = { name, email: `${randomUUID()}@example.com`, password: randomUUID() };
    const token = (await this.#post('/api/auth/sign-up/email', body)).headers.get('set-auth-token');
    if (!token) throw new Error('Nobody could sign up.');
    return token;
  }

  async ask(query: string, variables: object, token: string): Promise<any> {
    const { data, errors } = (await (await this.#post('/graphql', { query, variables }, token)).json()) as { data: any; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  #post(route: string, body: object, token?: string): Promise<Response> {
    const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    return fetch(this.#url + route, { method: 'POST', headers, body: JSON.stringify(body) });
  }
}

const money = (amount: string) => ({ amount, currency });
const microsOf = (shown: { readonly micros: string }) => BigInt(shown.micros);

async function measure(client: Client): Promise<CostFindings> {
  const [creator, fan] = [await client.signUp('Creator'), await client.signUp('Fan')];
  const { createCreator } = await client.ask(
    `mutation ($input: CreateCreatorInput!) { createCreator(input: $input) { creator { id } errors { message } } }`,
    { input: { handle: 'tipped', displayName: 'Creator', currency } }, creator);
  if (!createCreator.creator) throw new Error(`No page was made: ${JSON.stringify(createCreator.errors)}`);
  const creatorId: string = createCreator.creator.id;
  const topUpCosts: TopUpCost[] = [];
  for (const amount of topUps) topUpCosts.push(await topUp(client, fan, amount));
  const tipCosts: TipCost[] = [];
  for (const amount of tips) {
    for (const funding of ['WALLET', 'CARD'] as const) tipCosts.push(await tip(client, { fan, creator, creatorId, amount, funding }));
  }
  const earnedMicros = tipCosts.reduce((sum, { isAvailable, receivedMicros }) => sum + (isAvailable ? receivedMicros : 0n), 0n);
  return { topUps: topUpCosts, tips: tipCosts, earnedMicros, paidOutMicros: await payOut(client, creator, earnedMicros) };
}

async function topUp(client: Client, token: string, amount: string): Promise<TopUpCost> {
  const { topUpWallet } = await client.ask(
    `mutation ($input: TopUpWalletInput!) { topUpWallet(input: $input) { topUp { status charged { micros } processorFee { micros } amount { micros } } errors { message } } }`,
    { input: { amount: money(amount), paymentMethodId: 'pm_sandbox_ok', idempotencyKey: randomUUID() } }, token);
  const paid = topUpWallet.topUp;
  if (paid?.status !== 'SUCCEEDED') throw new Error(`The top-up of ${amount} failed: ${JSON.stringify(topUpWallet.errors)}`);
  return { amountMicros: microsOf(paid.amount), chargedMicros: microsOf(paid.charged) };
}

interface AskedTip {
  readonly fan: string;
  readonly creator: string;
  readonly creatorId: string;
  readonly amount: string;
  readonly funding: 'WALLET' | 'CARD';
}

/** Previews a tip, pays it where it can be paid, and holds the two against each other. */
async function tip(client: Client, { fan, creator, creatorId, amount, funding }: AskedTip): Promise<TipCost> {
  const { previewTip } = await client.ask(
    `query ($creatorId: ID!, $amount: MoneyInput!) { previewTip(creatorId: $creatorId, amount: $amount) {
       options { funding available unavailableReason fanPays { micros } processorFee { micros } platformFee { micros } creatorReceives { micros } } errors { message } } }`,
    { creatorId, amount: money(amount) }, fan);
  const option = previewTip.options.find((one: { funding: string }) => one.funding === funding);
  const cost: TipCost = {
    funding,
    isAvailable: option.available,
    amountMicros: microsOf(option.fanPays),
    processorFeeMicros: microsOf(option.processorFee),
    platformFeeMicros: microsOf(option.platformFee),
    receivedMicros: microsOf(option.creatorReceives),
  };
  const input = { creatorId, amount: money(amount), funding, idempotencyKey: randomUUID(), ...(funding === 'CARD' && { paymentMethodId: 'pm_sandbox_ok' }) };
  const { sendTip } = await client.ask(`mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { id status } errors { code } } }`, { input }, fan);
  const isPaid = sendTip.tip?.status === 'SUCCEEDED';
  if (isPaid !== cost.isAvailable) throw new Error(`The preview of ${amount} by ${funding} says "available: ${cost.isAvailable}", the payment ${JSON.stringify(sendTip)}.`);
  if (!isPaid) return cost;
  const { node } = await client.ask('query ($id: ID!) { node(id: $id) { ... on Tip { fee { micros } processorFee { micros } net { micros } } } }', { id: sendTip.tip.id }, creator);
  const real = [microsOf(node.fee), microsOf(node.processorFee), microsOf(node.net)];
  const previewed = [cost.platformFeeMicros, cost.processorFeeMicros, cost.receivedMicros];
  if (real.join() !== previewed.join()) throw new Error(`The preview of ${amount} by ${funding} said ${previewed.join(', ')}; it became ${real.join(', ')}.`);
  return cost;
}

/** Sends all that is payable to the creator's bank, and answers what arrived there. */
async function payOut(client: Client, token: string, earnedMicros: bigint): Promise<bigint> {
  const added = await client.ask(`mutation { addPayoutDestination(input: {provider: SANDBOX, token: "ba_sandbox_ok"}) { destination { id isVerified } errors { message } } }`, {}, token);
  const { id, isVerified } = added.addPayoutDestination.destination;
  if (!isVerified) {
    const verified = await client.ask(
      `mutation ($input: VerifyPayoutDestinationInput!) { verifyPayoutDestination(input: $input) { errors { message } } }`,
      { input: { destinationId: id, amounts: ['0.32', '0.45'] } }, token);
    if (verified.verifyPayoutDestination.errors.length > 0) throw new Error(JSON.stringify(verified));
  }
  const balances = `{ viewer { creator { dashboard { balance { available { micros } payable { amount } paidOut { micros } } } } } }`;
  const before = (await client.ask(balances, {}, token)).viewer.creator.dashboard.balance;
  if (microsOf(before.available) !== earnedMicros) throw new Error(`The tips came to ${earnedMicros} micros, but ${before.available.micros} are available.`);
  const { requestPayout } = await client.ask(
    `mutation ($input: RequestPayoutInput!) { requestPayout(input: $input) { payout { status } errors { message } } }`,
    { input: { amount: money(before.payable.amount), idempotencyKey: randomUUID() } }, token);
  if (requestPayout.payout?.status !== 'SUCCEEDED') throw new Error(JSON.stringify(requestPayout));
  return microsOf((await client.ask(balances, {}, token)).viewer.creator.dashboard.balance.paidOut);
}
