import 'reflect-metadata';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// A server as a process of its own, from the build (decorators need one), that kills itself at a failpoint when its parent says at which.
const built = (file: string) => import(pathToFileURL(path.join(import.meta.dirname, '..', '..', 'dist', file)).href);
const { createApp, entities } = (await built('src/app.js')) as typeof import('../../src/app.ts');
const { readConfig } = (await built('src/config.js')) as typeof import('../../src/config.ts');
const { connect } = (await built('src/database/room.js')) as typeof import('../../src/database/room.ts');
const { createLog } = (await built('src/server/room.js')) as typeof import('../../src/server/room.ts');
const { migrations } = (await built('migrations/index.js')) as typeof import('../../migrations/index.ts');

const config = readConfig();
const database = await connect({ url: config.databaseUrl as string, entities, poolSize: 8 });
let dieAt = 0;
let passed = 0;
database.failpoint = async (name) => {
  if (dieAt === 0 || ++passed !== dieAt) return;
  await new Promise((resolve) => process.send?.({ diesAt: name }, resolve));
  process.kill(process.pid, 'SIGKILL');
  // Nothing more happens here before the signal does.
  await new Promise(() => {});
};
process.on('message', (message: { readonly dieAt: number }) => {
  dieAt = message.dieAt;
  process.send?.({ isArmed: true });
});
process.on('disconnect', () => process.exit(0));
const { url } = await createApp({ config, database, log: createLog('silent'), migrations, runsJobs: false }).start();
process.send?.({ url });
