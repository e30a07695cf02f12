import type { IncomingHttpHeaders } from 'node:http';
import { clockService, databaseService, logService, type Services } from '../database/room.ts';
import { WebhookRefused, type WebhookEvent } from './port.ts';
import { paymentProvidersService } from './providers.ts';
import { webhookTakerService } from './webhook-taker.ts';

export type WebhookAnswer =
  | { readonly kind: 'TAKEN' }
  | { readonly kind: 'UNKNOWN_PROVIDER' }
  | { readonly kind: 'REFUSED'; readonly reason: string };

export interface WebhookDelivery {
  /** The last part of the path, such as "stripe". */
  readonly providerName: string;
  /** Byte for byte as it came: that is what was signed. */
  readonly rawBody: Buffer;
  readonly headers: IncomingHttpHeaders;
}

/** Stores a webhook once, if its signature is right and it concerns us, and has it looked into; the sender need not wait for that. */
export async function receiveWebhook(services: Services, { providerName, rawBody, headers }: WebhookDelivery): Promise<WebhookAnswer> {
  const provider = services.get(paymentProvidersService).get(providerName.toUpperCase());
  if (!provider || providerName !== providerName.toLowerCase()) return { kind: 'UNKNOWN_PROVIDER' };
  let event: WebhookEvent;
  try {
    event = provider.parseWebhook(rawBody, headers, services.get(clockService).now());
  } catch (error) {
    if (!(error instanceof WebhookRefused)) throw error;
    services.get(logService).warn({ provider: provider.name, reason: error.message }, 'A webhook was refused.');
    return { kind: 'REFUSED', reason: error.message };
  }
  if (event.subject) {
    const { kind, key, providerId } = event.subject;
    await services.get(databaseService).query(
      `INSERT INTO webhook_event (provider, id, subject_kind, subject_key, subject_id, created_at, received_at, take_after)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (provider, id) DO NOTHING`,
      [provider.name, event.id, kind, key, providerId, event.createdAt, services.get(clockService).now()],
    );
    services.get(webhookTakerService).nudge();
  }
  return { kind: 'TAKEN' };
}
