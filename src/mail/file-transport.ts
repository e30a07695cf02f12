import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Mail, MailTransport } from './mail.ts';

/**
 * Writes each mail into `<folder>/<time>-<to>.eml`, readable as it is: UTF-8 as it stands, headers too (RFC 6532), so that links are
 * never broken. Only the server's own user may read them, since they carry tokens.
 */
export function fileTransport(folder: string, from: string, now: () => Date): MailTransport {
  return {
    async deliver(mail) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const at = now();
      const time = at.toISOString().replaceAll(':', '-');
      const to = mail.to.replaceAll(/[^A-Za-z0-9@._+-]/g, '_').slice(0, 100);
      // Two mails of one millisecond to one person are told apart by the random part.
      const id = randomBytes(6).toString('hex');
      await writeFile(path.join(folder, `${time}-${id}-${to}.eml`), printMail(mail, from, at, id), { flag: 'wx', mode: 0o600 });
    },
    close: () => {},
  };
}

function printMail(mail: Mail, from: string, at: Date, id: string): string {
  const headers = [
    `Date: ${at.toUTCString().replace('GMT', '+0000')}`,
    `From: ${from}`,
    `To: ${mail.to}`,
    `Subject: ${mail.subject}`,
    `Message-ID: <${id}@farthing>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  return `${[...headers, '', ...mail.text.split('\n')].join('\r\n')}\r\n`;
}
