import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config.ts';

export type Log = Logger;

/** Whatever carries one of these names, in any spelling, is a credential. */
const secrets = new Set([
  'authorization', 'cookie', 'setcookie', 'setauthtoken', 'token', 'authtoken', 'overlaytoken', 'sessiontoken', 'password', 'newpassword',
  'currentpassword', 'secret', 'clientsecret', 'authsecret', 'smtpurl', 'databaseurl', 'migrationdatabaseurl',
]);

/** One JSON object a line, times in RFC 3339, credentials left out. */
export function createLog(level: Config['logLevel'], destination?: DestinationStream): Log {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }), log: (details: object) => withoutSecrets(details) as Record<string, unknown> },
    serializers: { err: describeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

const deepest = 6;

/** The same details, or a copy where a credential had to go. Written by hand, since pino's own redaction copies every line. */
function withoutSecrets(value: object, depth = 0): object {
  if (value instanceof Error || value instanceof Date || depth > deepest) return value;
  let clean: Record<string, unknown> | unknown[] | undefined;
  for (const [name, inner] of Object.entries(value)) {
    let kept = inner;
    if (secrets.has(name.replaceAll(/[-_]/g, '').toLowerCase())) kept = '[redacted]';
    else if (typeof inner === 'object' && inner !== null) kept = withoutSecrets(inner, depth + 1);
    if (kept === inner) continue;
    clean ??= Array.isArray(value) ? [...value] : { ...value };
    (clean as Record<string, unknown>)[name] = kept;
  }
  return clean ?? value;
}

/** The parts of an error that say what broke. Other properties, such as a query's values or a row's detail, stay out. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    type: error.name,
    message: error.message.slice(0, 2_000),
    code,
    constraint,
    stack: error.stack?.slice(0, 8_000),
    cause: error.cause === undefined ? undefined : describeError(error.cause),
  };
}
