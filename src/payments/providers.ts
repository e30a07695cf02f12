import { clockService, databaseService, service } from '../database/room.ts';
import type { PaymentProvider } from './port.ts';
import { SandboxProvider } from './sandbox/sandbox-provider.ts';

/** The providers that are set up here, by name. */
export type PaymentProviders = ReadonlyMap<string, PaymentProvider>;

export const paymentProvidersService = service<PaymentProviders>('payments.providers', (services) => {
  const sandbox = new SandboxProvider(services.get(databaseService), services.get(clockService));
  return new Map([[sandbox.name, sandbox]]);
});
