import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** Objects as Stripe publishes them (MIT: see the LICENSE beside them). */
const fixtures = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'fixtures', 'stripe', 'fixtures.json'), 'utf8')) as Record<string, Thing>;

type Thing = Record<string, any>;
type Params = Record<string, any>;

interface Answer {
  readonly status: number;
  readonly body: Thing;
  /** The connection ends without an answer. */
  readonly isLost?: boolean;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly params: Params;
  readonly idempotencyKey: string | undefined;
}

/** Stands in for Stripe behind HTTP: its fixtures, filled with what was asked, and its rules as far as the adapter meets them. */
export class StripeDouble {
  readonly asked: Asked[] = [];
  readonly #things = new Map<string, Thing>();
  readonly #answers = new Map<string, { readonly params: string; readonly answer: Answer }>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #count = 0;
  url = '';
  /** Our key is none of its own any more. */
  isKeyRevoked = false;

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Begins anew, with nothing made. */
  forget(): void {
    this.#things.clear();
    this.#answers.clear();
  }

  thing(id: string): Thing {
    return this.#things.get(id) as Thing;
  }

  all(object: string, wanted: (thing: Thing) => boolean = () => true): Thing[] {
    return [...this.#things.values()].filter((thing) => thing.object === object && wanted(thing)).reverse();
  }

  put(object: string, prefix: string, changes: Thing): Thing {
    const id = changes.id ?? `${prefix}_${String(++this.#count).padStart(8, '0')}`;
    const thing = { ...structuredClone(fixtures[object] as Thing), created: Math.floor(Date.now() / 1_000), ...changes, id };
    this.#things.set(id, thing);
    return thing;
  }

  /** The payer passes what 3-D Secure asks, or does not. */
  payerActs(intentId: string, confirms: boolean): void {
    const intent = this.thing(intentId);
    if (intent.status !== 'requires_action') return;
    if (confirms) this.#pay(intent);
    else this.#refuse(intent, { type: 'card_error', code: 'payment_intent_authentication_failure', message: 'Authentication failed.' });
  }

  dispute(intentId: string): string {
    const intent = this.thing(intentId);
    this.thing(intent.latest_charge).disputed = true;
    const fee = { ...fixtures.balance_transaction, currency: intent.currency, fee: 1_500 };
    return this.put('dispute', 'dp', {
      payment_intent: intentId, charge: intent.latest_charge, amount: intent.amount, currency: intent.currency, status: 'needs_response',
      reason: 'fraudulent', balance_transactions: [fee],
    }).id;
  }

  event(type: string, object: Thing): string {
    return JSON.stringify({ ...fixtures.event, id: `evt_${++this.#count}`, created: Math.floor(Date.now() / 1_000), type, data: { object } });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const url = new URL(request.url ?? '', this.url);
    const params = nested([...url.searchParams, ...new URLSearchParams(text)]);
    const idempotencyKey = request.headers['idempotency-key'] as string | undefined;
    this.asked.push({ method: request.method ?? '', path: url.pathname, params, idempotencyKey });
    const answer = this.isKeyRevoked
      ? refusal(401, { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_*' })
      : this.#once(request.method ?? '', url.pathname, params, idempotencyKey);
    if (answer.isLost) return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json', 'request-id': 'req_1' });
    response.end(JSON.stringify(answer.body));
  }

  /** A key that comes again is answered as it was; with other parameters it is an error. */
  #once(method: string, pathname: string, params: Params, key: string | undefined): Answer {
    if (method !== 'POST' || key === undefined) return this.#answer(method, pathname, params);
    const known = this.#answers.get(key);
    const asked = JSON.stringify([pathname, params]);
    if (known && known.params !== asked) return refusal(400, { type: 'idempotency_error', message: 'Keys for idempotent requests can only be used with the same parameters.' });
    const answer = known?.answer ?? this.#answer(method, pathname, params);
    this.#answers.set(key, { params: asked, answer });
    return answer;
  }

  #answer(method: string, pathname: string, params: Params): Answer {
    const [, , resource = '', id, action] = pathname.split('/');
    if (method === 'POST' && id === undefined) return this.#create(resource, params);
    if (action === 'cancel') return this.#cancel(this.#things.get(id as string));
    if (action === 'detach') return this.#detach(this.#things.get(id as string));
    if (id === 'search') return found(this.all('payment_intent', (one) => params.query === `metadata['farthing_key']:'${one.metadata.farthing_key}'`).map((one) => this.#expanded(one)));
    if (id !== undefined) {
      const thing = this.#things.get(id);
      return thing ? found(this.#expanded(thing)) : refusal(404, { type: 'invalid_request_error', code: 'resource_missing', message: `No such ${resource}: '${id}'` });
    }
    return found(this.#list(resource, params).map((one) => this.#expanded(one)));
  }

  #list(resource: string, params: Params): Thing[] {
    const fits = (one: Thing) =>
      ['payment_intent', 'customer', 'transfer_group'].every((name) => params[name] === undefined || one[name] === params[name])
      && (params.created === undefined || (one.created >= Number(params.created.gte) && one.created < Number(params.created.lt)));
    return this.all(resource.replace(/s$/, ''), fits);
  }

  #create(resource: string, params: Params): Answer {
    const amount = params.amount === undefined ? {} : { amount: Number(params.amount) };
    const given = { ...params, ...amount, metadata: params.metadata ?? {} };
    if (resource === 'payment_intents') return this.#charge(given);
    if (resource === 'refunds') return this.#refund(given);
    if (resource === 'setup_intents') return this.#save(given);
    if (resource === 'customers') return found(this.put('customer', 'cus', given));
    return found(this.put('transfer', 'tr', { ...given, amount_reversed: 0, reversed: false }));
  }

  #charge(params: Params): Answer {
    const card = this.#things.get(params.payment_method)?.token ?? params.payment_method;
    const owner = this.#things.get(params.payment_method)?.customer;
    const intent = this.put('payment_intent', 'pi', {
      ...params, status: 'requires_payment_method', last_payment_error: null, next_action: null, latest_charge: null, client_secret: 'pi_secret', processing: null,
    });
    if (params.payment_method === undefined) return found(intent);
    if (owner !== undefined && owner !== params.customer) return this.#refuse(intent, { type: 'card_error', code: 'payment_method_unexpected_state', message: 'The PaymentMethod is not attached to this customer.' });
    if (card === 'pm_declined') return this.#refuse(intent, { type: 'card_error', code: 'card_declined', decline_code: 'generic_decline', message: 'Your card was declined.' });
    if (card === 'pm_poor') return this.#refuse(intent, { type: 'card_error', code: 'card_declined', decline_code: 'insufficient_funds', message: 'Your card has insufficient funds.' });
    if (card === 'pm_action' && params.off_session === 'true') {
      return this.#refuse(intent, { type: 'card_error', code: 'authentication_required', decline_code: 'authentication_required', message: 'The card asks for authentication.' });
    }
    if (card === 'pm_action') {
      const redirect = { type: 'redirect_to_url', redirect_to_url: { url: 'https://hooks.stripe.com/3ds', return_url: params.return_url } };
      Object.assign(intent, { status: 'requires_action', next_action: params.return_url ? redirect : { type: 'use_stripe_sdk' } });
      return found(intent);
    }
    if (card !== 'pm_ok' && card !== 'pm_silent') {
      this.#things.delete(intent.id);
      return refusal(400, { type: 'invalid_request_error', code: 'resource_missing', param: 'payment_method', message: `No such PaymentMethod: '${card}'` });
    }
    this.#pay(intent);
    return { ...found(this.#expanded(intent)), isLost: card === 'pm_silent' };
  }

  #pay(intent: Thing): void {
    const settled = this.put('balance_transaction', 'txn', { amount: intent.amount, currency: intent.currency, fee: Math.ceil(intent.amount * 0.029) + 30 });
    const charge = this.put('charge', 'ch', {
      amount: intent.amount, currency: intent.currency, payment_intent: intent.id, metadata: intent.metadata, status: 'succeeded', amount_refunded: 0,
      disputed: false, balance_transaction: settled.id,
    });
    Object.assign(intent, { status: 'succeeded', latest_charge: charge.id, next_action: null, amount_received: intent.amount });
  }

  #refuse(intent: Thing, error: Thing): Answer {
    Object.assign(intent, { status: 'requires_payment_method', last_payment_error: error, next_action: null });
    return refusal(402, { ...error, payment_intent: structuredClone(intent) });
  }

  #cancel(intent: Thing | undefined): Answer {
    if (!intent || ['succeeded', 'canceled'].includes(intent.status)) return refusal(400, { type: 'invalid_request_error', code: `${intent?.object}_unexpected_state`, message: 'It cannot be canceled.' });
    return found(Object.assign(intent, { status: 'canceled', next_action: null }));
  }

  #refund(params: Params): Answer {
    const intent = this.#things.get(params.payment_intent);
    const charge = intent && this.#things.get(intent.latest_charge);
    if (!charge) return refusal(404, { type: 'invalid_request_error', code: 'resource_missing', message: 'No such payment_intent.' });
    if (charge.disputed) return refusal(400, { type: 'invalid_request_error', code: 'charge_disputed', message: 'The charge is disputed.' });
    if (charge.amount_refunded + params.amount > charge.amount) {
      return refusal(400, { type: 'invalid_request_error', code: 'amount_too_large', message: 'Refund amount is greater than unrefunded amount on charge.' });
    }
    charge.amount_refunded += params.amount;
    return found(this.put('refund', 're', { ...params, currency: charge.currency, charge: charge.id, status: 'succeeded' }));
  }

  #save(params: Params): Answer {
    const intent = this.put('setup_intent', 'seti', { ...params, status: 'requires_payment_method', last_setup_error: null, next_action: null, payment_method: null });
    if (params.payment_method === 'pm_declined') {
      const error = { type: 'card_error', code: 'card_declined', decline_code: 'generic_decline', message: 'Your card was declined.' };
      Object.assign(intent, { last_setup_error: error });
      return refusal(402, { ...error, setup_intent: intent });
    }
    if (params.payment_method === 'pm_action') return found(Object.assign(intent, { status: 'requires_action', next_action: { type: 'use_stripe_sdk' } }));
    const method = this.put('payment_method', 'pm_saved', { customer: params.customer, token: params.payment_method });
    return found(this.#expanded(Object.assign(intent, { status: 'succeeded', payment_method: method.id })));
  }

  #detach(method: Thing | undefined): Answer {
    if (!method?.customer) return refusal(400, { type: 'invalid_request_error', code: 'payment_method_unexpected_state', message: 'It is not attached to a customer.' });
    return found(Object.assign(method, { customer: null, token: 'gone' }));
  }

  /** All that the adapter ever asks to be expanded, expanded always. */
  #expanded(thing: Thing): Thing {
    const shown = structuredClone(thing);
    for (const name of ['latest_charge', 'balance_transaction', 'payment_method', ...(thing.object === 'dispute' ? ['payment_intent'] : thing.object === 'refund' ? ['charge'] : [])]) {
      const inner = typeof shown[name] === 'string' ? this.#things.get(shown[name]) : undefined;
      if (inner) shown[name] = this.#expanded(inner);
    }
    return shown;
  }
}

function found(result: Thing | Thing[]): Answer {
  return { status: 200, body: Array.isArray(result) ? { object: 'list', data: result, has_more: false, url: '/v1' } : result };
}

function refusal(status: number, error: Thing): Answer {
  return { status, body: { error } };
}

/** `metadata[farthing_key]=k` as {metadata: {farthing_key: 'k'}}. */
function nested(entries: [string, string][]): Params {
  const params: Params = {};
  for (const [name, value] of entries) {
    const parts = name.split(/[[\]]+/).filter((part) => part !== '');
    const last = parts.pop() as string;
    let inner = params;
    for (const part of parts) inner = inner[part] ??= {};
    inner[last] = value;
  }
  return params;
}
