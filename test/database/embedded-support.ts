import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbedded } from '../../src/database/embedded.ts';

export const isRoot = process.getuid?.() === 0;
export const FAST = { fsync: 'off', shared_buffers: '8MB' };

const CHILD = fileURLToPath(new URL('embedded-child.ts', import.meta.url));
const made = new Set<string>();
const kept = new Set<string>();
const children: ChildProcess[] = [];

/** A fresh folder in memory if there is one, open to the database's user; `cleanUp` removes it. */
export function scratch(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'farthing-test-'));
  chmodSync(folder, 0o711);
  made.add(folder);
  return folder;
}

let initialised: string | null = null;

/** A data folder with a database in it, copied from one that is made once: making one takes half a second. */
export async function initialisedFolder(): Promise<string> {
  if (!initialised) {
    const first = join(scratch(), 'data');
    await (await startEmbedded({ dataDir: first, elsewhere: [], log: () => undefined, settings: FAST })).stop();
    initialised = first;
    kept.add(dirname(first));
  }
  return copyOf(initialised);
}

export function copyOf(dataDir: string): string {
  const copy = join(scratch(), 'data');
  execFileSync('cp', ['-a', dataDir, copy]);
  return copy;
}

/** At the end of a file. */
export async function cleanUpAll(): Promise<void> {
  kept.clear();
  await cleanUp();
}

export async function cleanUp(): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const folder of [...made].filter((entry) => !kept.has(entry))) {
    await until(() => processesIn(folder).length === 0);
    rmSync(folder, { recursive: true, force: true });
    made.delete(folder);
  }
}

/** What a child says of the server it has, or why it has none. */
export interface ChildReport {
  started?: 'started' | 'joined';
  url: string;
  pid: number;
  dataDir: string;
  error?: string;
  log: string[];
}

export interface ChildOptions {
  dataDir: string;
  elsewhere?: string[];
  guard?: 'kernel' | 'watchdog';
  uid?: number;
  gid?: number;
  tmp?: string;
}

/** A node process of its own that starts or joins the server and keeps it until its input ends or it is killed. */
export function startChild({ uid, gid, tmp, ...options }: ChildOptions): { process: ChildProcess; report: Promise<ChildReport> } {
  const child = spawn(process.execPath, ['--no-warnings', CHILD, JSON.stringify({ ...options, settings: FAST })], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env: { PATH: process.env['PATH'], ...(tmp ? { TMPDIR: tmp } : {}) },
    ...(uid === undefined ? {} : { uid, gid }),
  });
  children.push(child);
  const report = once(createInterface(child.stdout!), 'line').then(([line]) => JSON.parse(line as string) as ChildReport);
  return { process: child, report };
}

/** Lets a child stop as it should, and waits for its end. */
export async function endChild(child: ChildProcess): Promise<number | null> {
  child.stdin!.end();
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** The ids of the processes that work inside a folder or name it in their arguments. */
export function processesIn(folder: string): number[] {
  if (process.platform !== 'linux') {
    const lines = spawnSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).stdout.split('\n');
    return lines.filter((line) => line.includes('postgres') && line.includes(folder)).map((line) => parseInt(line, 10));
  }
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) || isServerOn(folder, readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      return false;
    }
  });
}

/** Whether a command line is that of a server, or of what starts or watches one, and not of a child of the tests. */
function isServerOn(folder: string, command: string): boolean {
  return command.includes('/bin/postgres') && command.includes(folder);
}

/** Waits until the condition holds; fails after some seconds. */
export async function until(condition: () => boolean, seconds = 5): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !condition(); await sleep(10)) {
    if (Date.now() > end) throw new Error(`Not so within ${seconds} s: ${condition}`);
  }
}

export async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The id of a system user, for children that are not us. */
export function idOf(user: string): { uid: number; gid: number } {
  const ask = (option: string) => Number(spawnSync('id', [option, user], { encoding: 'utf8' }).stdout);
  return { uid: ask('-u'), gid: ask('-g') };
}

/** Whether another user can run our code at all: a checkout under a closed home is shut to it. */
export function canOthersRunUs(): boolean {
  if (!isRoot) return false;
  const asOther = spawnSync(process.execPath, ['--no-warnings', CHILD, '--probe'], { ...idOf('nobody'), cwd: '/', env: {} });
  return asOther.status === 0;
}
