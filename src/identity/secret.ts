import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { configService, type Config } from '../config.ts';
import { service } from '../database/room.ts';

const shortestSecret = 32;

/**
 * The secret that signs session tokens: the configured one, or, with the embedded database, one that is generated once into
 * `<dataDir>/auth-secret`, readable by the server's own user alone. Throws when a real server is used without a configured secret.
 */
export function ensureAuthSecret(config: Pick<Config, 'authSecret' | 'databaseUrl' | 'dataDir'>): string {
  if (config.authSecret !== null) return config.authSecret;
  if (config.databaseUrl !== null) throw new Error('AUTH_SECRET is required with DATABASE_URL: one that was generated here would differ between processes.');
  const file = path.join(config.dataDir, 'auth-secret');
  return readSecret(file) ?? generateSecret(file);
}

function generateSecret(file: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
    // A link appears whole or not at all, and only once: of two processes that start together, both use the first one's.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readSecret(file) as string;
}

function readSecret(file: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (text.length < shortestSecret) {
    throw new Error(`${file} holds ${text.length} characters; a secret has at least ${shortestSecret}. Remove the file to get a new one, which signs everybody out.`);
  }
  return text;
}

export const authSecretService = service<string>('identity.secret', (services) => ensureAuthSecret(services.get(configService)));
