import { Readable } from 'node:stream';
import { decodeId, decodeIdOf, encodeId } from '../api/room.ts';
import { clockService, type Services } from '../database/room.ts';
import { CREATOR_PREFIX } from '../creators/room.ts';
import { walletPrefix } from '../wallets/room.ts';
import { documentLinksService, type DocumentLinks } from './links.ts';
import { drawReceipt, receiptPrefixes } from './receipt.ts';
import { statementCsv, statementPdf } from './statement-document.ts';
import { monthBounds, pageStatement, walletStatement, type Month, type StatementOf } from './statement.ts';

/** A document on its way to a browser. */
export interface Document {
  readonly kind: 'DOCUMENT';
  readonly contentType: string;
  readonly fileName: string;
  readonly body: Buffer | Readable;
}

export type DocumentAnswer = Document | { readonly kind: 'NOT_FOUND' } | { readonly kind: 'FORGED' } | { readonly kind: 'EXPIRED' };

export type StatementFormat = 'CSV' | 'PDF';

/** The path of a payment's receipt. */
export function receiptPath(prefix: string, uuid: string): string {
  return `/receipts/${encodeId(prefix, uuid)}.pdf`;
}

/** The path of a statement, of a month or of all time. */
export function statementPath(of: { readonly kind: 'WALLET' | 'PAGE'; readonly id: string }, month: Month, format: StatementFormat): string {
  const id = encodeId(of.kind === 'WALLET' ? walletPrefix : CREATOR_PREFIX, of.id);
  return `/exports/${id}${month === null ? '' : `_${month}`}.${format.toLowerCase()}`;
}

/** Serves what a signed link leads to. The link is the credential: it was given to somebody who may read the document. */
export async function openDocument(services: Services, path: string, query: Parameters<DocumentLinks['judge']>[1]): Promise<DocumentAnswer> {
  const verdict = services.get(documentLinksService).judge(path, query);
  if (verdict !== 'GOOD') return { kind: verdict };
  return (await openReceipt(services, path)) ?? (await openStatement(services, path)) ?? { kind: 'NOT_FOUND' };
}

async function openReceipt(services: Services, path: string): Promise<Document | null> {
  const [, id = ''] = /^\/receipts\/([a-z0-9_]{1,64})\.pdf$/.exec(path) ?? [];
  const decoded = decodeId(id);
  if (!decoded || !receiptPrefixes.includes(decoded.prefix)) return null;
  const body = await drawReceipt(services, decoded.prefix, decoded.uuid);
  return body && { kind: 'DOCUMENT', contentType: 'application/pdf', fileName: `receipt-${id}.pdf`, body };
}

async function openStatement(services: Services, path: string): Promise<Document | null> {
  const [, id = '', , month = null, format = ''] = /^\/exports\/([a-z]{3}_[a-z0-9]{26})(_(\d{4}-\d{2}))?\.(csv|pdf)$/.exec(path) ?? [];
  if (month !== null && !monthBounds(month)) return null;
  const statement = await statementOf(services, id);
  if (!statement) return null;
  return statementDocument(services, statement, month, format === 'csv' ? 'CSV' : 'PDF');
}

async function statementOf(services: Services, id: string): Promise<StatementOf | null> {
  const walletId = decodeIdOf(walletPrefix, id);
  if (walletId !== null) return walletStatement(services, walletId);
  const creatorId = decodeIdOf(CREATOR_PREFIX, id);
  return creatorId === null ? null : pageStatement(services, creatorId);
}

/** Makes a statement into a document. */
export async function statementDocument(services: Services, statement: StatementOf, month: Month, format: StatementFormat): Promise<Document> {
  const fileName = `${statement.kind.toLowerCase()}-statement${month === null ? '' : `-${month}`}-${statement.currency}.${format.toLowerCase()}`;
  if (format === 'CSV') {
    return { kind: 'DOCUMENT', contentType: 'text/csv; charset=utf-8', fileName, body: Readable.from(statementCsv(services, statement, month)) };
  }
  return { kind: 'DOCUMENT', contentType: 'application/pdf', fileName, body: await statementPdf(services, statement, month, services.get(clockService).now()) };
}
