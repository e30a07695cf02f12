import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { configService } from '../config.ts';
import { clockService, service, type Clock } from '../database/room.ts';
import { authSecretService } from '../identity/room.ts';

const hourMs = 3_600_000;

/** How long a link that the API gives out is good, in hours: a page asks for a new one. */
const linkHours = 24;

export interface DocumentLinksOptions {
  readonly publicUrl: string;
  readonly secret: string;
  readonly clock: Clock;
}

export type LinkVerdict = 'GOOD' | 'EXPIRED' | 'FORGED';

/**
 * Signed links to documents, so that a browser opens one without a credential of its own: whoever has the link has the document, until
 * it expires. The key is derived from AUTH_SECRET and signs nothing else; another AUTH_SECRET ends every link.
 */
export class DocumentLinks {
  readonly #options: DocumentLinksOptions;
  readonly #key: Buffer;

  constructor(options: DocumentLinksOptions) {
    this.#options = options;
    this.#key = Buffer.from(hkdfSync('sha256', options.secret, '', 'farthing document links', 32));
  }

  /** The link to a path such as "/receipts/tip_01k….pdf". It expires at a whole hour, so that links of one hour are the same. */
  to(path: string, hours: number = linkHours): string {
    const end = this.#options.clock.now().getTime() + hours * hourMs;
    const expires = String(Math.ceil(end / hourMs) * (hourMs / 1_000));
    return `${this.#options.publicUrl}${path}?expires=${expires}&signature=${this.#sign(path, expires).toString('base64url')}`;
  }

  /** Judges a link by its path and the query that came with it. */
  judge(path: string, { expires, signature }: { readonly expires?: unknown; readonly signature?: unknown }): LinkVerdict {
    if (typeof expires !== 'string' || typeof signature !== 'string' || !/^\d{1,12}$/.test(expires)) return 'FORGED';
    const given = Buffer.from(signature, 'base64url');
    const right = this.#sign(path, expires);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return 'FORGED';
    return Number(expires) * 1_000 > this.#options.clock.now().getTime() ? 'GOOD' : 'EXPIRED';
  }

  #sign(path: string, expires: string): Buffer {
    return createHmac('sha256', this.#key).update(`${path}\n${expires}`).digest();
  }
}

export const documentLinksService = service<DocumentLinks>(
  'receipts.links',
  (services) =>
    new DocumentLinks({ publicUrl: services.get(configService).publicUrl, secret: services.get(authSecretService), clock: services.get(clockService) }),
);
