import { setTimeout as delay } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { ChargeRequest, CustomerRequest, DestinationRequest, PayoutRequest, RefundRequest, SaveMethodRequest } from '../port.ts';
import { decideAction, showAction, type PageAnswer } from './action-page.ts';
import { cancelCharge, createCharge, readChargeOutcome, readChargeState } from './charges.ts';
import { changeSettings, readSettings, type Desk } from './desk.ts';
import { closeDispute, disputeNow, listDisputes, readDispute } from './disputes.ts';
import { cancelMethod, createCustomer, forgetMethod, readMethodOutcome, saveMethod } from './methods.ts';
import { Outbox } from './outbox.ts';
import { addDestination, createPayout, decidePayout, readPayoutOutcome, verifyDestination } from './payouts.ts';
import { BadRequest } from './rail.ts';
import { createRefund, readRefundOutcome, returnRefund } from './refunds.ts';
import { readTotals } from './totals.ts';
import { decode, encode } from './wire.ts';

type Operation = (desk: Desk, body: never) => Promise<unknown>;

/** What a shop asks of it. Charges are apart: their card says how they are answered. */
const shopOperations: Readonly<Record<string, Operation>> = {
  'read-charge': (desk, { key }: { key: string }) => readChargeOutcome(desk, key),
  'read-charge-by-id': (desk, { chargeId }: { chargeId: string }) => readChargeState(desk, chargeId),
  'cancel-charge': (desk, { key }: { key: string }) => cancelCharge(desk, key),
  'create-refund': (desk, request: RefundRequest) => createRefund(desk, request),
  'read-refund': (desk, { key }: { key: string }) => readRefundOutcome(desk, key),
  'create-customer': (desk, request: CustomerRequest) => createCustomer(desk, request),
  'save-method': (desk, request: SaveMethodRequest) => saveMethod(desk, request),
  'read-method': (desk, { key }: { key: string }) => readMethodOutcome(desk, key),
  'cancel-method': (desk, { key }: { key: string }) => cancelMethod(desk, key),
  'forget-method': async (desk, { methodToken }: { methodToken: string }) => (await forgetMethod(desk, methodToken), null),
  'add-destination': (desk, request: DestinationRequest) => addDestination(desk, request),
  'verify-destination': (desk, { destinationToken, amounts }: { destinationToken: string; amounts: string[] }) =>
    verifyDestination(desk, destinationToken, amounts.map(BigInt)),
  'create-payout': (desk, request: PayoutRequest) => createPayout(desk, request),
  'read-payout': (desk, { key }: { key: string }) => readPayoutOutcome(desk, key),
  'read-dispute': (desk, { disputeId }: { disputeId: string }) => readDispute(desk, disputeId),
  'list-disputes': (desk, { day }: { day: string }) => listDisputes(desk, day),
  totals: (desk, { day, currency }: { day: string; currency: string }) => readTotals(desk, day, currency),
};

/** What payers, banks and networks would do: for tests and for trying things out. */
const controlOperations = {
  /** Any of `webhookDelayMs`, `webhookCopies`, `isShuffled`, `stallMs`. */
  settings: ({ db }, change: Record<string, unknown>) => (Object.keys(change).length > 0 ? changeSettings(db, change) : readSettings(db)),
  /** Disputes the charge with a key. Answers the dispute's id, or null. */
  dispute: (desk, { key }: { key: string }) => disputeNow(desk, key),
  'close-dispute': (desk, { disputeId, status }: { disputeId: string; status: 'WON' | 'LOST' }) => closeDispute(desk, disputeId, status),
  'return-refund': (desk, { key }: { key: string }) => returnRefund(desk, key),
  'decide-payout': (desk, { key, status }: { key: string; status: 'SUCCEEDED' | 'DECLINED' }) => decidePayout(desk, key, status),
} satisfies Record<string, Operation>;

export type ControlOperation = keyof typeof controlOperations | 'deliver';

export interface ProcessorOptions extends Desk {
  /** Whoever has it may ask the processor for anything. */
  readonly apiKey: string;
  /** Signs its webhooks. */
  readonly webhookSecret: string;
}

/** A payment processor of our own making that moves no real money, behind HTTP on this machine alone. */
export class SandboxProcessor {
  readonly #options: ProcessorOptions;
  readonly #outbox: Outbox;
  readonly #closing = new AbortController();
  #http: FastifyInstance | undefined;
  #url: Promise<string> | undefined;

  constructor(options: ProcessorOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options, options.webhookSecret);
  }

  /** Listens on a free port from the first call on. Answers where, without a trailing slash. */
  start(): Promise<string> {
    if (this.#closing.signal.aborted) return Promise.reject(new Error('The sandbox is closed.'));
    return (this.#url ??= this.#listen());
  }

  /** Sends its webhooks there from now on. */
  deliverTo(url: string): void {
    this.#outbox.deliverTo(url);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#outbox.stop();
    await this.#url?.catch(() => {});
    // Some of its requests are never answered, on purpose.
    this.#http?.server.closeAllConnections();
    await this.#http?.close();
  }

  async #listen(): Promise<string> {
    const http = fastify({ logger: false, forceCloseConnections: true });
    this.#http = http;
    http.removeAllContentTypeParsers();
    http.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    http.setErrorHandler(async (error, _request, reply) =>
      reply.code(error instanceof BadRequest || error instanceof SyntaxError ? 400 : 500).send({ error: (error as Error).message }));
    http.addHook('onResponse', async () => this.#outbox.nudge());
    this.#apiRoutes(http);
    this.#pageRoutes(http);
    await http.listen({ host: '127.0.0.1', port: 0 });
    return `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`;
  }

  #apiRoutes(http: FastifyInstance): void {
    http.post<{ Params: { part: string; operation: string }; Body: string }>('/:part(v1|control)/:operation', async (request, reply) => {
      if (request.headers.authorization !== `Bearer ${this.#options.apiKey}`) return reply.code(401).send({ error: 'The API key is wrong.' });
      const { part, operation } = request.params;
      const body = decode<never>(request.body);
      void reply.type('application/json');
      if (part === 'v1' && operation === 'create-charge') return this.#charge(body, reply);
      if (part === 'control' && operation === 'deliver') return encode(await this.#outbox.deliverDue());
      const operations: Readonly<Record<string, Operation>> = part === 'v1' ? shopOperations : controlOperations;
      const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      return run ? encode(await run(this.#options, body)) : reply.code(404).send({ error: `There is no ${part}/${operation}.` });
    });
  }

  async #charge(request: ChargeRequest, reply: FastifyReply): Promise<string | FastifyReply> {
    const { outcome, card } = await createCharge(this.#options, request);
    if (card.answers === 'SILENT') {
      this.#outbox.nudge();
      return reply.hijack();
    }
    if (card.answers === 'STALL') {
      const { stallMs } = await readSettings(this.#options.db);
      await delay(stallMs, undefined, { signal: this.#closing.signal });
    }
    return encode(outcome);
  }

  #pageRoutes(http: FastifyInstance): void {
    const send = (reply: FastifyReply, { status, html, location }: PageAnswer) => {
      if (location !== null) void reply.header('location', location);
      return reply.code(status).type('text/html; charset=utf-8').send(html);
    };
    http.get<{ Params: { id: string } }>('/pages/:id', async (request, reply) => send(reply, await showAction(this.#options, request.params.id)));
    http.post<{ Params: { id: string }; Body: string | undefined }>('/pages/:id', async (request, reply) => {
      const decision = new URLSearchParams(request.body ?? '').get('decision');
      if (decision !== 'CONFIRMED' && decision !== 'REFUSED') throw new BadRequest('The decision is neither CONFIRMED nor REFUSED.');
      return send(reply, await decideAction(this.#options, request.params.id, decision));
    });
  }
}
