import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config.ts';

export type Log = Logger;

/** Whatever carries one of these names is a credential, however deep an object of a log line holds it (to three levels). */
const secrets = [
  'authorization', 'Authorization', 'cookie', 'set-cookie', 'set-auth-token', 'token', 'authToken', 'overlayToken', 'password',
  'newPassword', 'currentPassword', 'secret', 'clientSecret', 'authSecret', 'smtpUrl', 'databaseUrl', 'migrationDatabaseUrl',
];

/** One JSON object a line, times in RFC 3339, credentials left out. */
export function createLog(level: Config['logLevel'], destination?: DestinationStream): Log {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    redact: { paths: secrets.flatMap((name) => ['', '*.', '*.*.'].map((prefix) => pathOf(prefix, name))), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}

function pathOf(prefix: string, name: string): string {
  return /^\w+$/.test(name) ? `${prefix}${name}` : `${prefix.replace(/\.$/, '')}["${name}"]`;
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
