import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { configService, readConfig } from '../../src/config.ts';
import { Services, type Log } from '../../src/database/room.ts';
import { fileTransport, Mailer, mailerService, type Mail, type MailTransport } from '../../src/mail/room.ts';

const mail: Mail = { to: 'ada@example.com', subject: 'Grüße', text: `Öffne\nhttps://example.com/${'x'.repeat(200)}\n` };

let folder: string;
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'mail-test-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function memoryLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (details: object, message: string) => void lines.push(`${level} ${message} ${JSON.stringify(details)}`);
  return { lines, info: write('info'), warn: write('warn'), error: write('error') };
}

/** A transport that fails as often as it is told, and then delivers. */
function failing(times: number): MailTransport & { delivered: Mail[]; attempts: number; closed: boolean } {
  return {
    delivered: [], attempts: 0, closed: false,
    async deliver(given) {
      if (this.attempts++ < times) throw new Error('421 Try later');
      this.delivered.push(given);
    },
    close() { this.closed = true; },
  };
}

test('without an SMTP server each mail is a file that its own user alone may read, with every link whole', async () => {
  const services = new Services().provide(configService, { ...readConfig({}), dataDir: folder });
  services.get(mailerService).send(mail);
  services.get(mailerService).send(mail);
  await services.close();
  const files = readdirSync(path.join(folder, 'mail'));
  expect(files).toHaveLength(2);
  for (const name of files) {
    expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-[0-9a-f]{12}-ada@example\.com\.eml$/);
    expect(statSync(path.join(folder, 'mail', name)).mode & 0o777).toBe(0o600);
  }
  const [head, ...body] = readFileSync(path.join(folder, 'mail', files[0] as string), 'utf8').split('\r\n\r\n');
  expect(head?.split('\r\n')).toEqual(expect.arrayContaining(['From: Farthing <farthing@localhost>', 'To: ada@example.com', 'Subject: Grüße']));
  expect(body.join('\r\n\r\n')).toBe(mail.text.replaceAll('\n', '\r\n') + '\r\n');
});

test.each([
  ['a line break in the address', { to: 'ada@example.com\r\nBcc: eve@example.com' }],
  ['a second address', { to: 'ada@example.com, eve@example.com' }],
  ['an address with a name', { to: 'Ada <ada@example.com>' }],
  ['a group', { to: 'all: ada@example.com;' }],
  ['no address', { to: '' }],
  ['a line break in the subject', { subject: 'Hello\nBcc: eve@example.com' }],
  ['a bare carriage return in the subject', { subject: 'Hello\rBcc: eve@example.com' }],
])('%s is refused before anything is sent', async (_title, wrong) => {
  const transport = failing(0);
  const mailer = new Mailer({ transport, log: memoryLog() });
  expect(() => mailer.send({ ...mail, ...wrong })).toThrow('A mail cannot be sent');
  await mailer.close();
  expect(transport.attempts).toBe(0);
});

test('an address that is a path stays in the folder', async () => {
  const transport = fileTransport(path.join(folder, 'mail'), 'from@example.com', () => new Date(0));
  await transport.deliver({ ...mail, to: '../../etc/cron.d/x@example.com' });
  expect(readdirSync(folder)).toEqual(['mail']);
  expect(readdirSync(path.join(folder, 'mail'))).toHaveLength(1);
});

test('sending answers before the mail is on its way, and a failure is tried again', async () => {
  const transport = failing(2);
  const log = memoryLog();
  const mailer = new Mailer({ transport, log, retryPausesMs: [1, 1] });
  mailer.send(mail);
  await mailer.idle();
  expect(transport.delivered).toEqual([mail]);
  expect(log.lines).toHaveLength(2);
});

test('a mail that fails every time is given up and logged without its text or its recipient', async () => {
  const transport = failing(Number.POSITIVE_INFINITY);
  const log = memoryLog();
  const mailer = new Mailer({ transport, log, retryPausesMs: [1, 1] });
  mailer.send(mail);
  await mailer.idle();
  expect(transport.attempts).toBe(3);
  expect(log.lines.at(-1)).toBe('error A mail could not be sent and is given up. {"host":"example.com","attempt":3,"reason":"421 Try later"}');
  expect(log.lines.join()).not.toMatch(/ada|https/);
});

test.each([
  ['leaves', 1, 1, []],
  ['is given up', 2, 0, ['error A mail could not be sent and is given up.']],
])('closing tries a mail that waits one last time: it %s', async (_title, failures, delivered, errors) => {
  const transport = failing(failures);
  const log = memoryLog();
  const mailer = new Mailer({ transport, log, retryPausesMs: [60_000, 60_000] });
  mailer.send(mail);
  await new Promise((resolve) => setImmediate(resolve));
  expect(log.lines).toEqual([expect.stringContaining('it is tried again in 60000 ms')]);
  await mailer.close();
  expect(transport).toMatchObject({ closed: true, attempts: 2 });
  expect(transport.delivered).toHaveLength(delivered);
  expect(log.lines.filter((line) => line.startsWith('error')).map((line) => line.replace(/ \{.*/, ''))).toEqual(errors);
});

test('a mailer that was closed drops and logs what comes after', async () => {
  const transport = failing(0);
  const log = memoryLog();
  const mailer = new Mailer({ transport, log });
  await mailer.close();
  mailer.send(mail);
  expect(transport.attempts).toBe(0);
  expect(log.lines).toEqual([expect.stringContaining('A mail was dropped')]);
});

test('closing gives a mail that hangs a moment and no more', async () => {
  const transport = { deliver: () => new Promise<void>(() => {}), close: () => {} };
  const mailer = new Mailer({ transport, log: memoryLog(), drainMs: 20 });
  mailer.send(mail);
  await mailer.close();
});

test('when too many mails wait the next is dropped and logged, and the rest arrive', async () => {
  const transport = failing(0);
  const log = memoryLog();
  const mailer = new Mailer({ transport, log, queueLimit: 2 });
  for (let index = 0; index < 3; index++) mailer.send(mail);
  await mailer.idle();
  expect(transport.delivered).toHaveLength(2);
  expect(log.lines).toEqual([expect.stringContaining('A mail was dropped')]);
});
