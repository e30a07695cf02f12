import { existsSync, linkSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';

/** What `postmaster.pid` says of the server that wrote it. The socket's folder comes a moment after the rest. */
export interface ServerLock {
  pid: number;
  port: number;
  socketDir: string | null;
}

/** Reads the lock of a data folder (lines: pid, folder, start time, port, socket folder …), null if there is none. */
export function readLock(pgdata: string): ServerLock | null {
  const lines = read(join(pgdata, 'postmaster.pid'))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, port: Number(lines[3]), socketDir: lines[4] || null } : null;
}

/** Whether the process is a PostgreSQL server of this folder: one that lives under a reused process id is not. */
export function servesFolder(pid: number, pgdata: string): boolean {
  if (process.platform !== 'linux') {
    const command = spawnSync('/bin/ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
    return command.includes('postgres') && command.includes(pgdata);
  }
  try {
    // A server works in its data folder from before it takes the lock until it ends.
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(pgdata);
  } catch {
    return false;
  }
}

/**
 * Removes the locks of a server that is gone, where its process id has since been given to another process of the same user: after
 * a crash of the machine, or each time a container starts again. PostgreSQL takes that process for the old server and refuses to
 * start; all other stale locks it removes by itself.
 */
export function discardStaleLocks(pgdata: string, socketDir: string, port: number): void {
  for (const file of [join(pgdata, 'postmaster.pid'), join(socketDir, `.s.PGSQL.${port}.lock`)]) {
    const content = read(file);
    const pid = Number(content?.split('\n')[0]);
    if (content && pid > 0 && isAlive(pid) && !servesFolder(pid, pgdata)) removeIfStill(file, content);
  }
}

/**
 * Two starters may judge the same lock stale, and one may have started a server since: a lock that is not the judged one goes back.
 * Should the server's own look at its lock (once a minute) or a third starter hit that moment, PostgreSQL's second
 * guard, the shared memory of the data folder, still lets no two servers in.
 */
function removeIfStill(file: string, judged: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== judged && !existsSync(file)) linkSync(aside, file);
  rmSync(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
