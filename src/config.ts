import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { service } from './database/services.ts';

/** Everything Farthing reads from its environment, checked once at start. Units are in the names. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Absolute. Holds the embedded database, generated secrets and demo mail. */
  readonly dataDir: string;
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  readonly migrationDatabaseUrl: string | null;
  readonly databasePoolSize: number;
  /** Where the outside world reaches this server, without a trailing slash. */
  readonly publicUrl: string;
  /** Origins of browsers that may call with HTTP and sockets, besides the public URL's own. */
  readonly allowedOrigins: readonly string[];
  /** Proxies whose X-Forwarded-For is believed: addresses, or networks such as 10.0.0.0/8. */
  readonly trustedProxies: readonly string[];
  /** Null: generated into the data folder, which only the embedded database allows. */
  readonly authSecret: string | null;
  readonly platformFeeBps: number;
  readonly topUpFee: 'fan' | 'platform';
  readonly payoutHoldDays: number;
  /** Null: no cards are charged through Stripe. */
  readonly stripe: StripeConfig | null;
  /** Whether the simulated processor, which moves no real money, is offered in production. */
  readonly sandboxInProduction: boolean;
  /** How much longer the earnings of a card tip are held that goes back to somebody who tipped its sender lately. */
  readonly roundTripHoldDays: number;
  /** Where a payment provider sends fans back to after a page of its own. */
  readonly paymentReturnUrl: string;
  /** The least that a payout may be, in micros of whatever currency. */
  readonly payoutMinimumMicros: bigint;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** SMTP server as a URL; null writes mail into files under the data folder. */
  readonly smtpUrl: string | null;
  readonly mailFrom: string;
  readonly limits: Limits;
}

export interface StripeConfig {
  readonly secretKey: string;
  /** A webhook may be signed by any of them: two while one is being replaced. */
  readonly webhookSecrets: readonly string[];
  /** Null: Stripe itself. */
  readonly apiUrl: string | null;
}

export interface Limits {
  readonly bodyBytes: number;
  readonly tokens: number;
  readonly depth: number;
  readonly aliases: number;
  readonly cost: number;
  readonly socketOperations: number;
  /** Requests a minute from one address to sign-in, sign-up and password reset. */
  readonly authAttemptsPerMinute: number;
  /** Tries to charge or save a card within an hour, for one account or guest, from one address, and for one creator. */
  readonly cardAttemptsPerAccount: number;
  readonly cardAttemptsPerAddress: number;
  readonly cardAttemptsPerCreator: number;
  /** Guests' sessions within an hour, from one address. */
  readonly guestSessionsPerAddress: number;
}

export const configService = service<Config>('config');

/** Every mistake in the environment at once, a line each, so that one restart mends them all. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

const whole = (minimum: number, maximum: number, fallback: number) =>
  z
    .string()
    .default(String(fallback))
    .refine((text) => /^\d+$/.test(text) && Number(text) >= minimum && Number(text) <= maximum, {
      error: `is not a whole number from ${minimum} to ${maximum}`,
    })
    .transform(Number);

/** An amount in a currency's major unit, as micros. */
const units = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .refine((text) => /^\d{1,9}(\.\d{1,6})?$/.test(text), { error: 'is not an amount such as 1 or 0.50, with at most six digits after the point' })
    .transform((text) => {
      const [whole = '', fraction = ''] = text.split('.');
      return BigInt(whole + fraction.padEnd(6, '0'));
    });

const url = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `is not a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  });

const oneOf = <T extends string>(...values: readonly [T, ...T[]]) =>
  z.enum(values, { error: `is none of ${values.join(', ')}` });

const shape = z.object({
  NODE_ENV: z.string().default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: whole(0, 65_535, 4000),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  MIGRATION_DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  DATABASE_POOL_SIZE: whole(4, 200, 16),
  PUBLIC_URL: url('http:', 'https:').optional(),
  ALLOWED_ORIGINS: z.string().default(''),
  TRUSTED_PROXIES: z.string().default(''),
  AUTH_SECRET: z.string().min(32, { error: 'is shorter than 32 characters' }).optional(),
  PLATFORM_FEE_BPS: whole(0, 9_999, 500),
  TOP_UP_FEE: oneOf('fan', 'platform').default('fan'),
  PAYOUT_HOLD_DAYS: whole(0, 90, 7),
  ROUND_TRIP_HOLD_DAYS: whole(0, 365, 30),
  PAYMENT_RETURN_URL: url('http:', 'https:').optional(),
  PAYOUT_MINIMUM: units('1'),
  STRIPE_SECRET_KEY: z.string().optional(),
  STRIPE_WEBHOOK_SECRET: z.string().default(''),
  STRIPE_API_URL: url('http:', 'https:').optional(),
  SANDBOX_IN_PRODUCTION: oneOf('true', 'false').default('false'),
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
  SMTP_URL: url('smtp:', 'smtps:').optional(),
  MAIL_FROM: z.string().default('Farthing <farthing@localhost>'),
  LIMIT_BODY_BYTES: whole(1_024, 10_485_760, 131_072),
  LIMIT_TOKENS: whole(100, 100_000, 4_000),
  LIMIT_DEPTH: whole(5, 100, 16),
  LIMIT_ALIASES: whole(1, 1_000, 60),
  LIMIT_COST: whole(100, 10_000_000, 15_000),
  LIMIT_SOCKET_OPERATIONS: whole(1, 10_000, 100),
  LIMIT_AUTH_ATTEMPTS_PER_MINUTE: whole(1, 1_000_000, 60),
  LIMIT_CARD_ATTEMPTS_PER_ACCOUNT: whole(1, 1_000_000, 20),
  LIMIT_CARD_ATTEMPTS_PER_ADDRESS: whole(1, 1_000_000, 60),
  LIMIT_CARD_ATTEMPTS_PER_CREATOR: whole(1, 1_000_000, 1_000),
  LIMIT_GUEST_SESSIONS_PER_ADDRESS: whole(1, 1_000_000, 30),
});

/** Every variable that `readConfig` looks at. */
export const environmentNames: readonly string[] = Object.keys(shape.shape);

/** Adds what the file `.env` of a folder says, if there is one, to the environment; what is set already stays as it is. */
export function loadEnvironmentFile(folder: string = process.cwd()): void {
  const file = path.join(folder, '.env');
  if (!existsSync(file)) return;
  try {
    process.loadEnvFile(file);
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Reads and checks the environment. An empty value counts as absent. Throws `ConfigError` listing every mistake. */
export function readConfig(environment: Environment = process.env, workingDirectory: string = process.cwd()): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = shape.safeParse(given);
  const mistakes = parsed.success ? [] : parsed.error.issues.map((issue) => describeMistake(String(issue.path[0]), given, issue.message));
  mistakes.push(...jointMistakes(given));
  if (!parsed.success || mistakes.length > 0) {
    throw new ConfigError(`The environment has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
  }
  const env = parsed.data;
  const publicUrl = (env.PUBLIC_URL ?? defaultPublicUrl(env.HOST, env.PORT)).replace(/\/+$/, '');
  return {
    production: env.NODE_ENV === 'production',
    host: env.HOST,
    port: env.PORT,
    dataDir: path.resolve(workingDirectory, env.DATA_DIR),
    databaseUrl: env.DATABASE_URL ?? null,
    migrationDatabaseUrl: env.MIGRATION_DATABASE_URL ?? env.DATABASE_URL ?? null,
    databasePoolSize: env.DATABASE_POOL_SIZE,
    publicUrl,
    allowedOrigins: splitList(env.ALLOWED_ORIGINS),
    trustedProxies: splitList(env.TRUSTED_PROXIES),
    authSecret: env.AUTH_SECRET ?? null,
    platformFeeBps: env.PLATFORM_FEE_BPS,
    topUpFee: env.TOP_UP_FEE,
    payoutHoldDays: env.PAYOUT_HOLD_DAYS,
    stripe: env.STRIPE_SECRET_KEY === undefined ? null : {
      secretKey: env.STRIPE_SECRET_KEY,
      webhookSecrets: splitList(env.STRIPE_WEBHOOK_SECRET),
      apiUrl: env.STRIPE_API_URL ?? null,
    },
    sandboxInProduction: env.SANDBOX_IN_PRODUCTION === 'true',
    roundTripHoldDays: env.ROUND_TRIP_HOLD_DAYS,
    paymentReturnUrl: env.PAYMENT_RETURN_URL ?? `${publicUrl}/`,
    payoutMinimumMicros: env.PAYOUT_MINIMUM,
    logLevel: env.LOG_LEVEL,
    smtpUrl: env.SMTP_URL ?? null,
    mailFrom: env.MAIL_FROM,
    limits: {
      bodyBytes: env.LIMIT_BODY_BYTES,
      tokens: env.LIMIT_TOKENS,
      depth: env.LIMIT_DEPTH,
      aliases: env.LIMIT_ALIASES,
      cost: env.LIMIT_COST,
      socketOperations: env.LIMIT_SOCKET_OPERATIONS,
      authAttemptsPerMinute: env.LIMIT_AUTH_ATTEMPTS_PER_MINUTE,
      cardAttemptsPerAccount: env.LIMIT_CARD_ATTEMPTS_PER_ACCOUNT,
      cardAttemptsPerAddress: env.LIMIT_CARD_ATTEMPTS_PER_ADDRESS,
      cardAttemptsPerCreator: env.LIMIT_CARD_ATTEMPTS_PER_CREATOR,
      guestSessionsPerAddress: env.LIMIT_GUEST_SESSIONS_PER_ADDRESS,
    },
  };
}

const secretNames = new Set(['AUTH_SECRET', 'DATABASE_URL', 'MIGRATION_DATABASE_URL', 'SMTP_URL', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET']);

function describeMistake(name: string, given: Environment, problem: string): string {
  const value = secretNames.has(name) ? '' : ` "${given[name]}"`;
  return `${name}${value} ${problem}.`;
}

function splitList(text: string): string[] {
  return text.split(',').map((item) => item.trim()).filter((item) => item !== '');
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  return isIP(address) !== 0 && rest.length === 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits));
}

function jointMistakes(given: Environment): string[] {
  const mistakes: string[] = [];
  for (const origin of splitList(given.ALLOWED_ORIGINS ?? '')) {
    if (!isOrigin(origin)) mistakes.push(`ALLOWED_ORIGINS "${origin}" is not an origin such as https://example.com (scheme, host, no path).`);
  }
  for (const proxy of splitList(given.TRUSTED_PROXIES ?? '')) {
    if (!isNetwork(proxy)) mistakes.push(`TRUSTED_PROXIES "${proxy}" is not an address such as 10.0.0.1, or a network such as 10.0.0.0/8.`);
  }
  if (given.DATABASE_URL && !given.AUTH_SECRET) {
    mistakes.push('AUTH_SECRET is required with DATABASE_URL: at least 32 random characters, the same for every process.');
  }
  if (given.STRIPE_SECRET_KEY && splitList(given.STRIPE_WEBHOOK_SECRET ?? '').length === 0) {
    mistakes.push('STRIPE_WEBHOOK_SECRET is required with STRIPE_SECRET_KEY: the signing secret of the endpoint /webhooks/stripe.');
  }
  if (given.STRIPE_SECRET_KEY && !/^(sk|rk)_/.test(given.STRIPE_SECRET_KEY)) {
    mistakes.push('STRIPE_SECRET_KEY is no secret key of Stripe: those begin with sk_ or rk_. The publishable key, pk_…, belongs into pages.');
  }
  for (const name of ['STRIPE_WEBHOOK_SECRET', 'STRIPE_API_URL']) {
    if (given[name] && !given.STRIPE_SECRET_KEY) mistakes.push(`${name} is given without STRIPE_SECRET_KEY: no cards are charged through Stripe without it.`);
  }
  if (given.MIGRATION_DATABASE_URL && !given.DATABASE_URL) {
    mistakes.push('MIGRATION_DATABASE_URL is given without DATABASE_URL: it only says how to migrate that server.');
  }
  return mistakes;
}

function defaultPublicUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
