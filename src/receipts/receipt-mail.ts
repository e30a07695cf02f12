import { defineEntity, p } from '@mikro-orm/core';
import { encodeId } from '../api/room.ts';
import { clockService, databaseService, type Job, type Services } from '../database/room.ts';
import { mailerService, mailProblem, type Mail } from '../mail/room.ts';
import { formatMoney, money } from '../money/room.ts';
import { paidStatusList } from '../payments/room.ts';
import { TIP_PREFIX } from '../tips/room.ts';
import { receiptPath } from './documents.ts';
import { documentLinksService } from './links.ts';

/** Tips whose receipt was mailed. */
export const ReceiptMailEntity = defineEntity({
  name: 'ReceiptMail',
  tableName: 'receipt_mail',
  properties: {
    tipId: p.uuid().primary(),
    sentAt: p.datetime().columnType('timestamptz'),
  },
});

/** A mail is read days later, by somebody who may have no account to ask for another link. */
const linkHours = 30 * 24;
const dayMs = 86_400_000;
const mailsAtATime = 100;

interface DueReceipt {
  readonly id: string;
  readonly receiptEmail: string;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly creator: string;
}

/**
 * Mails the receipts of paid card tips whose sender gave an address. A row goes with the first process that inserts it, before the mail
 * leaves: an address gets one mail or, when that process dies in between, none; the link stays in the API.
 */
export async function mailReceipts(services: Services): Promise<void> {
  const db = services.get(databaseService);
  const now = services.get(clockService).now();
  const due = await db.query<DueReceipt>(
    `SELECT tip.id, tip.receipt_email AS "receiptEmail", tip.currency, tip.amount_micros AS "amountMicros", creator.display_name AS creator
     FROM tip JOIN creator ON creator.id = tip.creator_id
     WHERE tip.receipt_email IS NOT NULL AND tip.status IN ${paidStatusList} AND tip.settled_at > $1
       AND NOT EXISTS (SELECT FROM receipt_mail WHERE receipt_mail.tip_id = tip.id)
     ORDER BY tip.settled_at LIMIT $2`,
    [new Date(now.getTime() - dayMs), mailsAtATime],
  );
  for (const receipt of due) {
    const mail = mailOf(services, receipt);
    const [mine] = await db.query('INSERT INTO receipt_mail (tip_id, sent_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING tip_id', [receipt.id, now]);
    if (mine && mailProblem(mail) === null) services.get(mailerService).send(mail);
  }
}

function mailOf(services: Services, { id, receiptEmail, currency, amountMicros, creator }: DueReceipt): Mail {
  const amount = formatMoney(money(amountMicros, currency));
  const link = services.get(documentLinksService).to(receiptPath(TIP_PREFIX, id), linkHours);
  return {
    to: receiptEmail,
    subject: `Your receipt: ${amount} to ${creator}`,
    text: `Thank you. You tipped ${creator} ${amount}.\n\nThe receipt, for 30 days: ${link}\n\nTip ${encodeId(TIP_PREFIX, id)}\n`,
  };
}

export const receiptMailJob: Job = { name: 'mail receipts', everyMs: 10_000, run: mailReceipts };
