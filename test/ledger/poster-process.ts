import { connect } from '../../src/database/room.ts';
import { ledgerRoom } from '../../src/ledger/room.ts';
import { runPoster, type Batch } from './poster.ts';

// Started with the database's URL: posts what its parent sends and answers the reports.
const db = await connect({ url: process.argv[2] as string, entities: ledgerRoom.entities ?? [], poolSize: 8 });

process.on('message', ({ accounts, batches }: { accounts: string[]; batches: Batch[] }) => {
  runPoster(db, accounts, batches).then(
    (reports) => process.send?.({ reports }),
    (error: Error) => process.send?.({ failure: error.stack }),
  );
});
process.on('disconnect', () => void db.close());
process.send?.({ ready: true });
