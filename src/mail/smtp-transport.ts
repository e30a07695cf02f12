import nodemailer from 'nodemailer';
import type { MailTransport } from './mail.ts';

/** Hands mail to an SMTP server, named by a URL such as smtps://user:password@host:465. */
export function smtpTransport(url: string, from: string): MailTransport {
  const transporter = nodemailer.createTransport({
    url,
    pool: true,
    maxConnections: 2,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async deliver(mail) {
      // An address as an object is one recipient, never a list to be parsed.
      await transporter.sendMail({ from, to: { name: '', address: mail.to }, subject: mail.subject, text: mail.text });
    },
    close: () => transporter.close(),
  };
}
