import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { configService, readConfig } from '../../src/config.ts';
import { logService, Services } from '../../src/database/room.ts';
import { mailerService } from '../../src/mail/room.ts';

interface Received {
  readonly commands: string[];
  data: string;
}

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/** The least of RFC 5321 that a client needs; it remembers what it was told. */
async function smtpServer(received: Received): Promise<string> {
  server = createServer((socket) => {
    let inData = false;
    let pending = '';
    socket.write('220 test ready\r\n');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      pending += chunk.toString();
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (inData && line !== '.') received.data += `${line}\r\n`;
        else if (inData) { inData = false; socket.write('250 taken\r\n'); }
        else {
          received.commands.push(line);
          inData = line === 'DATA';
          socket.write(inData ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 fine\r\n');
          if (line === 'QUIT') socket.end();
        }
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('with an SMTP server a mail goes to its one recipient, from the configured sender', async () => {
  const received: Received = { commands: [], data: '' };
  const smtpUrl = await smtpServer(received);
  const failures: string[] = [];
  const note = (_details: object, message: string) => void failures.push(message);
  const services = new Services()
    .provide(configService, { ...readConfig({}), smtpUrl, mailFrom: 'Farthing <noreply@example.com>' })
    .provide(logService, { info: note, warn: note, error: note });
  services.get(mailerService).send({ to: 'ada@example.com', subject: 'Grüße', text: 'Hello\n.\nthere' });
  await services.get(mailerService).idle();
  await services.close();
  expect(failures).toEqual([]);
  expect(received.commands).toEqual(expect.arrayContaining(['MAIL FROM:<noreply@example.com>', 'RCPT TO:<ada@example.com>']));
  expect(received.commands.filter((line) => line.startsWith('RCPT'))).toHaveLength(1);
  expect(received.data).toMatch(/^From: Farthing <noreply@example\.com>\r$/m);
  expect(received.data).toMatch(/^To: ada@example\.com\r$/m);
  expect(received.data).toMatch(/^Subject: =\?UTF-8\?/m);
  expect(received.data).toMatch(/\r\nHello\r\n\.\.\r\nthere\r\n/);
});
