import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, loadEnvironmentFile } from '../config.ts';
import { EmbeddedError } from '../database/room.ts';
import { DemoError } from '../demo/room.ts';
import { createLog } from '../server/room.ts';
import { parseCommandLine } from './arguments.ts';
import { check } from './check.ts';
import { CliError } from './cli-error.ts';
import { invocationOf, type Command } from './command.ts';
import { demo } from './demo.ts';
import { exportStatement } from './export.ts';
import { helpOf, overview } from './help.ts';
import { migrate } from './migrate.ts';
import { reconcile } from './reconcile.ts';
import { renew } from './renew.ts';
import { sandbox } from './sandbox.ts';
import { schema } from './schema.ts';
import { seed } from './seed.ts';
import { serve } from './serve.ts';

/** Every command, in the order in which the help lists them. */
export const commands: readonly Command[] = [serve, migrate, seed, demo, renew, reconcile, check, exportStatement, sandbox, schema];

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const remark = (line: string): void => void process.stderr.write(`${line}\n`);

/** Does what a command line asks for and answers the exit code: 0 done, 1 could not be done, 2 asked for in a wrong way. */
export async function runCli(argv: readonly string[]): Promise<number> {
  process.on('uncaughtException', (error) => process.exit(explain(error)));
  try {
    const request = parseCommandLine(argv, commands);
    if (request.kind === 'RUN') {
      loadEnvironmentFile();
      return await request.command.run(invocationOf(request.command, request.values, { say, remark }, request.words));
    }
    if (request.kind === 'VERSION') say(version());
    else say(request.kind === 'HELP' ? helpOf(request.command) : overview(commands));
    return 0;
  } catch (error) {
    return explain(error);
  }
}

/** What the user can mend is said as it is; anything else is a bug, and its trace goes to the log. */
function explain(error: unknown): number {
  if (error instanceof CliError || error instanceof ConfigError || error instanceof EmbeddedError || error instanceof DemoError) {
    remark(error.message);
    return error instanceof ConfigError ? 2 : error instanceof CliError ? error.exitCode : 1;
  }
  createLog('fatal', process.stderr).fatal({ err: error }, 'crashed');
  remark(`Farthing stopped for a reason it did not expect: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
}

/** As package.json says, which stands above the sources and above the build. */
function version(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json')) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  return (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}
