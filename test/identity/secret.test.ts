import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ensureAuthSecret } from '../../src/identity/room.ts';

let dataDir: string;
beforeEach(() => { dataDir = mkdtempSync(path.join(tmpdir(), 'secret-test-')); });
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const embedded = () => ({ authSecret: null, databaseUrl: null, dataDir: path.join(dataDir, 'data') });
const file = () => path.join(embedded().dataDir, 'auth-secret');

test('a secret is generated once, for the server\'s own user alone, and nothing else is left behind', () => {
  const secret = ensureAuthSecret(embedded());
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(ensureAuthSecret(embedded())).toBe(secret);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readdirSync(embedded().dataDir)).toEqual(['auth-secret']);
});

test('a secret that another process made first is used', () => {
  ensureAuthSecret(embedded());
  writeFileSync(file(), `${'s'.repeat(40)}\n`);
  expect(ensureAuthSecret(embedded())).toBe('s'.repeat(40));
});

test('a configured secret is used and no file is made', () => {
  expect(ensureAuthSecret({ ...embedded(), authSecret: 'configured' })).toBe('configured');
  expect(existsSync(file())).toBe(false);
});

test('a real server needs a configured secret', () => {
  expect(() => ensureAuthSecret({ ...embedded(), databaseUrl: 'postgres://db/farthing' })).toThrow('AUTH_SECRET is required with DATABASE_URL');
});

test('a file that was cut short is refused rather than trusted or replaced', () => {
  ensureAuthSecret(embedded());
  chmodSync(file(), 0o600);
  writeFileSync(file(), 'short');
  expect(() => ensureAuthSecret(embedded())).toThrow(`${file()} holds 5 characters; a secret has at least 32.`);
  expect(readFileSync(file(), 'utf8')).toBe('short');
});
