import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { nodeTypesService } from '../api/room.ts';
import { nodeTypes } from '../app.ts';
import { configService, readConfig } from '../config.ts';
import { databaseService, logService, Services } from '../database/room.ts';
import { monthBounds, pageStatement, statementDocument, walletStatement, type Document, type StatementOf } from '../receipts/room.ts';
import { readWalletOf } from '../wallets/room.ts';
import { CliError, usageError } from './cli-error.ts';
import type { Command, Invocation } from './command.ts';
import { onDatabase } from './on-database.ts';

/** Named so because `export` is a word of the language. */
export const exportStatement: Command = {
  name: 'export',
  summary: 'Writes the statement of a page, or of an account\'s wallet, as CSV or PDF.',
  details:
    'Give either --page, or --account and --currency. Without --to the statement goes to the standard output. A CSV has every movement,\n'
    + 'oldest first; a PDF has the balances and the totals of each kind. Months begin and end at midnight UTC.',
  options: [
    { name: 'page', value: 'HANDLE', description: 'The statement of what this page earned.' },
    { name: 'account', value: 'EMAIL', description: 'The statement of this account\'s wallet.' },
    { name: 'currency', value: 'CODE', description: 'Which of the account\'s wallets (USD).' },
    { name: 'month', value: 'YYYY-MM', description: 'This month alone, such as 2026-03 (all time).' },
    { name: 'format', value: 'FORMAT', description: 'csv or pdf (csv).' },
    { name: 'to', value: 'FILE', description: 'Where it is written.' },
  ],
  async run(invocation) {
    const { text, remark } = invocation;
    const asked = readOptions(invocation);
    const config = readConfig();
    return onDatabase(config, remark, async ({ database, log, closers }) => {
      const services = new Services().provide(configService, config).provide(databaseService, database).provide(logService, log).provide(nodeTypesService, nodeTypes());
      closers.add(() => services.close());
      const statement = await findStatement(services, asked);
      await write(await statementDocument(services, statement, asked.month, asked.format), text('to'));
      return 0;
    });
  },
};

interface Asked {
  readonly page: string | undefined;
  readonly account: string | undefined;
  readonly currency: string;
  readonly month: string | null;
  readonly format: 'CSV' | 'PDF';
}

function readOptions({ text }: Invocation): Asked {
  const [page, account] = [text('page'), text('account')];
  if ((page === undefined) === (account === undefined)) throw usageError('"farthing export" takes either --page HANDLE or --account EMAIL.');
  const month = text('month') ?? null;
  if (month !== null && !monthBounds(month)) throw usageError(`"${month}" is no value for --month of "farthing export": write a month as 2026-03.`);
  const format = text('format') ?? 'csv';
  if (format !== 'csv' && format !== 'pdf') throw usageError(`"${format}" is no value for --format of "farthing export": it is csv or pdf.`);
  return { page, account, currency: (text('currency') ?? 'USD').toUpperCase(), month, format: format === 'csv' ? 'CSV' : 'PDF' };
}

async function findStatement(services: Services, { page, account, currency }: Asked): Promise<StatementOf> {
  const db = services.get(databaseService);
  if (page !== undefined) {
    const [creator] = await db.query<{ id: string }>('SELECT id FROM creator WHERE lower(handle) = lower($1)', [page]);
    const statement = creator && (await pageStatement(services, creator.id));
    if (!statement) throw new CliError(`There is no page with the handle "${page}".`);
    return statement;
  }
  const [person] = await db.query<{ id: string }>('SELECT id FROM auth."user" WHERE lower(email) = lower($1)', [account]);
  if (!person) throw new CliError(`There is no account with the address "${account}".`);
  const wallet = await readWalletOf(db, person.id, currency);
  const statement = wallet && (await walletStatement(services, wallet.id));
  if (!statement) throw new CliError(`The account "${account}" has no wallet of ${currency}.`);
  return statement;
}

async function write({ body }: Document, file: string | undefined): Promise<void> {
  const source = Buffer.isBuffer(body) ? Readable.from([body]) : body;
  try {
    if (file === undefined) await pipeline(source, process.stdout, { end: false });
    else await pipeline(source, createWriteStream(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (file !== undefined && code !== undefined) throw new CliError(`${file} cannot be written: ${message}.`);
    throw error;
  }
}
