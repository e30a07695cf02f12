import { configService } from '../config.ts';
import { clockService, databaseService, service } from '../database/room.ts';
import type { PaymentProvider } from './port.ts';
import { Sandbox } from './sandbox/sandbox.ts';
import { StripeProvider } from './stripe/stripe-provider.ts';

/** The providers that are set up here, by name. The first one is the default. */
export type PaymentProviders = ReadonlyMap<string, PaymentProvider>;

/** The simulated processor; null in production, unless SANDBOX_IN_PRODUCTION says that it is wanted. */
export const sandboxService = service<Sandbox | null>(
  'payments.sandbox',
  (services) => {
    const { production, sandboxInProduction, publicUrl } = services.get(configService);
    return production && !sandboxInProduction ? null : new Sandbox({ db: services.get(databaseService), clock: services.get(clockService), publicUrl });
  },
  (sandbox) => sandbox?.close(),
);

export const paymentProvidersService = service<PaymentProviders>('payments.providers', (services) => {
  const { stripe } = services.get(configService);
  const providers = [stripe && new StripeProvider(stripe), services.get(sandboxService)?.provider].filter((provider) => provider !== null && provider !== undefined);
  return new Map(providers.map((provider) => [provider.name, provider]));
});
