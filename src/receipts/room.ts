import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace } from '../api/room.ts';
import { ChargeReceipt, DashboardStatement, TipReceipt, TopUpReceipt, WalletStatement } from './document-fields.ts';
import { ReceiptMailEntity, receiptMailJob } from './receipt-mail.ts';

export { csvLines, textCell } from './csv.ts';
export { openDocument, receiptPath, statementDocument, statementPath, type Document, type DocumentAnswer, type StatementFormat } from './documents.ts';
export { printable } from './fonts.ts';
export { DocumentLinks, documentLinksService } from './links.ts';
export { drawPaper } from './paper.ts';
export { mailReceipts } from './receipt-mail.ts';
export { monthBounds, pageStatement, sliceOf, walletStatement, type Month, type StatementOf } from './statement.ts';

export const receiptsRoom: ApiFace = {
  name: 'receipts',
  entities: [ReceiptMailEntity] as unknown as EntitySchema[],
  resolvers: [ChargeReceipt, DashboardStatement, TipReceipt, TopUpReceipt, WalletStatement],
  jobs: [receiptMailJob],
};
