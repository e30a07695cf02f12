import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, environmentNames, readConfig } from '../src/config.ts';

const folder = path.join(path.sep, 'srv', 'farthing');
const secret = 'a secret of thirty-two characters';

function mistakesOf(environment: Record<string, string>): string {
  try {
    readConfig(environment, folder);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('The environment was accepted.');
}

test('an empty environment is a trial server on this machine alone, with the embedded database', () => {
  expect(readConfig({}, folder)).toMatchObject({
    production: false, host: '127.0.0.1', port: 4000, dataDir: path.join(folder, '.data'), databaseUrl: null, migrationDatabaseUrl: null,
    publicUrl: 'http://127.0.0.1:4000', allowedOrigins: [], trustedProxies: [], authSecret: null, platformFeeBps: 500, topUpFee: 'fan', logLevel: 'info', smtpUrl: null,
  });
});

test('an empty value counts as absent', () => {
  const empty = Object.fromEntries(environmentNames.map((name) => [name, '']));
  expect(readConfig(empty, folder)).toEqual(readConfig({}, folder));
});

test.each([
  [{ HOST: '0.0.0.0', PORT: '8080' }, 'http://localhost:8080'],
  [{ HOST: '::1' }, 'http://[::1]:4000'],
  [{ PUBLIC_URL: 'https://tips.example.com/' }, 'https://tips.example.com'],
])('%j is reached at %s', (environment, publicUrl) => {
  expect(readConfig(environment, folder).publicUrl).toBe(publicUrl);
});

test('migrations run on DATABASE_URL unless they have a URL of their own', () => {
  const external = { DATABASE_URL: 'postgres://app@db/farthing', AUTH_SECRET: secret };
  expect(readConfig(external, folder).migrationDatabaseUrl).toBe('postgres://app@db/farthing');
  expect(readConfig({ ...external, MIGRATION_DATABASE_URL: 'postgres://owner@db/farthing' }, folder).migrationDatabaseUrl).toBe('postgres://owner@db/farthing');
});

test('every mistake is named in one message, with what was given and what is allowed', () => {
  const message = mistakesOf({
    PORT: '70000', PLATFORM_FEE_BPS: '5%', TOP_UP_FEE: 'nobody', LOG_LEVEL: 'loud', PUBLIC_URL: 'example.com',
    ALLOWED_ORIGINS: 'https://fine.example, https://bad.example/path', TRUSTED_PROXIES: '10.0.0.1, 10.0.0.0/33, ::1/64, proxy', DATABASE_POOL_SIZE: '1', MIGRATION_DATABASE_URL: 'postgres://owner@db/farthing',
  });
  expect(message.split('\n')).toEqual([
    'The environment has 10 mistakes:',
    '  PORT "70000" is not a whole number from 0 to 65535.',
    '  DATABASE_POOL_SIZE "1" is not a whole number from 4 to 200.',
    '  PUBLIC_URL "example.com" is not a URL that starts with http:// or https://.',
    '  PLATFORM_FEE_BPS "5%" is not a whole number from 0 to 9999.',
    '  TOP_UP_FEE "nobody" is none of fan, platform.',
    '  LOG_LEVEL "loud" is none of fatal, error, warn, info, debug, trace, silent.',
    '  ALLOWED_ORIGINS "https://bad.example/path" is not an origin such as https://example.com (scheme, host, no path).',
    '  TRUSTED_PROXIES "10.0.0.0/33" is not an address such as 10.0.0.1, or a network such as 10.0.0.0/8.',
    '  TRUSTED_PROXIES "proxy" is not an address such as 10.0.0.1, or a network such as 10.0.0.0/8.',
    '  MIGRATION_DATABASE_URL is given without DATABASE_URL: it only says how to migrate that server.',
  ]);
});

test.each(['-1', '1e3', '0x10', '4000.5', ' 4000', '４０００', 'NaN'])('the port %j is refused', (port) => {
  expect(mistakesOf({ PORT: port })).toContain(`PORT "${port}" is not a whole number`);
});

test('a real database asks for a secret of its own', () => {
  expect(mistakesOf({ DATABASE_URL: 'postgres://app@db/farthing' })).toContain('AUTH_SECRET is required with DATABASE_URL');
});

test('Stripe is set up by its secret key, and asks for the secrets of its webhooks', () => {
  expect(readConfig({}, folder).stripe).toBeNull();
  const stripe = { STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_WEBHOOK_SECRET: 'whsec_old, whsec_new' };
  expect(readConfig(stripe, folder).stripe).toEqual({ secretKey: 'sk_live_1', webhookSecrets: ['whsec_old', 'whsec_new'], apiUrl: null });
  expect(readConfig({ ...stripe, STRIPE_API_URL: 'http://127.0.0.1:12111' }, folder).stripe?.apiUrl).toBe('http://127.0.0.1:12111');
  expect(mistakesOf({ STRIPE_SECRET_KEY: 'sk_live_1' })).toContain('STRIPE_WEBHOOK_SECRET is required with STRIPE_SECRET_KEY');
  expect(mistakesOf({ SANDBOX_IN_PRODUCTION: 'yes' })).toContain('SANDBOX_IN_PRODUCTION "yes" is none of true, false.');
});

test.each(['pk_live_oops', 'whsec_1', 'sandbox'])('%s is no secret key of Stripe', (key) => {
  const message = mistakesOf({ STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: 'whsec_1' });
  expect(message).toContain('STRIPE_SECRET_KEY is no secret key of Stripe: those begin with sk_ or rk_.');
  expect(message).not.toContain(key);
  expect(readConfig({ STRIPE_SECRET_KEY: 'rk_live_1', STRIPE_WEBHOOK_SECRET: 'whsec_1' }, folder).stripe?.secretKey).toBe('rk_live_1');
});

test('what belongs to Stripe is refused without its key', () => {
  expect(mistakesOf({ STRIPE_WEBHOOK_SECRET: 'whsec_1', STRIPE_API_URL: 'http://127.0.0.1:12111' }).split('\n')).toEqual([
    'The environment has 2 mistakes:',
    '  STRIPE_WEBHOOK_SECRET is given without STRIPE_SECRET_KEY: no cards are charged through Stripe without it.',
    '  STRIPE_API_URL is given without STRIPE_SECRET_KEY: no cards are charged through Stripe without it.',
  ]);
});

test('no secret is ever repeated', () => {
  const message = mistakesOf({
    AUTH_SECRET: 'hunter2', DATABASE_URL: 'mysql://app:hunter2@db/farthing', MIGRATION_DATABASE_URL: 'hunter2', SMTP_URL: 'http://mail:hunter2@mail.example.com',
  });
  expect(message).toContain('4 mistakes');
  expect(message).not.toContain('hunter2');
});

describe('.env.example', () => {
  const lines = readFileSync(path.join(import.meta.dirname, '..', '.env.example'), 'utf8').split('\n');
  const entries = lines.flatMap((line) => {
    const match = /^#([A-Z][A-Z_]+)=(.*)$/.exec(line);
    return match ? [[match[1] as string, match[2] as string] as const] : [];
  });

  test('names exactly the variables that are read, once each', () => {
    expect(entries.map(([name]) => name).sort()).toEqual([...environmentNames].sort());
  });

  test('says the defaults as they are', () => {
    expect(readConfig(Object.fromEntries(entries), folder)).toEqual(readConfig({}, folder));
    // What is written there must be a default, not merely a value that does the same.
    const shown = Object.fromEntries(entries.filter(([, value]) => value !== ''));
    expect(Object.keys(shown)).toEqual(expect.arrayContaining(['HOST', 'PORT', 'DATA_DIR', 'LOG_LEVEL']));
  });
});
