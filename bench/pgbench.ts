import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Where Debian keeps the programs of a server; `pgbench` on the PATH there is a wrapper that looks for clusters. */
const debianServers = '/usr/lib/postgresql';

/** The program, or null where it is not installed. */
export async function findPgbench(): Promise<string | null> {
  const versions = existsSync(debianServers) ? readdirSync(debianServers).toSorted((a, b) => Number(b) - Number(a)) : [];
  const installed = versions.map((version) => path.join(debianServers, version, 'bin', 'pgbench')).find(existsSync);
  if (installed) return installed;
  return execute('pgbench', ['--version']).then(() => 'pgbench', () => null);
}

export const howToInstallPgbench = 'pgbench is not installed, so there is nothing to compare with. On Debian: apt-get install postgresql-contrib (from bookworm on: postgresql).';

/** pgbench's default script, TPC-B (sort of), on a database of its own. */
export class Pgbench {
  readonly #program: string;
  readonly #url: string;

  constructor(program: string, url: string) {
    this.#program = program;
    this.#url = url;
  }

  /** Fills the database. pgbench's manual asks for a scale of at least the number of clients, else they wait for each other's branches. */
  async fill(scale: number): Promise<void> {
    await execute(this.#program, ['--initialize', '--quiet', `--scale=${scale}`, this.#url]);
  }

  /** Transactions a second. */
  async run(options: { readonly clients: number; readonly seconds: number }): Promise<number> {
    const { stdout } = await execute(this.#program, [`--client=${options.clients}`, '--jobs=2', `--time=${options.seconds}`, '--no-vacuum', this.#url]);
    const tps = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
    if (tps === undefined) throw new Error(`pgbench printed no tps:\n${stdout}`);
    return Number(tps);
  }
}
