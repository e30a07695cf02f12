import { systemClock, type Clock, type Database } from '../../src/database/room.ts';
import { Sandbox, type ChargeRequest, type PaymentProvider } from '../../src/payments/room.ts';
import type { TestDatabase } from '../support/database.ts';

/** A provider that answers some things otherwise than another one. */
export function changedProvider(provider: PaymentProvider, change: Partial<PaymentProvider>): PaymentProvider {
  return new Proxy(provider, {
    get: (target, name) => {
      const value: unknown = Reflect.get(Object.hasOwn(change, name) ? change : target, name);
      return typeof value === 'function' && !Object.hasOwn(change, name) ? value.bind(target) : value;
    },
  });
}

/** A sandbox of a test's own on its database; it ends before the pools do. */
export function openSandbox(database: TestDatabase, { db = database.db, clock = systemClock }: { readonly db?: Database; readonly clock?: Clock } = {}): Sandbox {
  const sandbox = new Sandbox({ db, clock, publicUrl: 'http://farthing.example' });
  database.endFirst(() => sandbox.close());
  return sandbox;
}

export function chargeRequest(changes: Partial<ChargeRequest> = {}): ChargeRequest {
  return {
    key: 'k', amountMicros: 10_610_000n, currency: 'USD', paymentMethod: 'pm_sandbox_ok', description: 'A test', customer: null,
    isOffSession: false, returnUrl: null, ...changes,
  };
}
