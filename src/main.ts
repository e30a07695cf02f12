import 'reflect-metadata';
import { runCli } from './cli/room.ts';

process.exit(await runCli(process.argv.slice(2)));
