import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { builtMain } from '../support/child-server.ts';

/** What became of a command. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that runs. */
export interface Running {
  readonly process: ChildProcess;
  /** What it has printed on its standard output until now. */
  readonly out: string;
  /** And on its standard error. */
  readonly err: string;
  readonly ended: Promise<Ended>;
  /** Waits until the standard output holds the text. Fails when the command ends before. */
  says(text: string): Promise<void>;
}

const patienceMs = 120_000;

/** Starts `farthing <args>` from the build, in a folder of its own, with nothing of our environment. */
export function start(folder: string, args: readonly string[], environment: Record<string, string> = {}): Running {
  const env = { PATH: process.env.PATH, HOME: folder, ...environment };
  const child = spawn(process.execPath, ['--enable-source-maps', builtMain, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  let isOver = false;
  const ended = once(child, 'close').then(([code]) => {
    isOver = true;
    return { code: code as number | null, out, err };
  });
  return {
    process: child,
    get out() {
      return out;
    },
    get err() {
      return err;
    },
    ended,
    says: async (text) => {
      for (const giveUp = Date.now() + patienceMs; !out.includes(text); await delay(20)) {
        if (isOver || Date.now() > giveUp) throw new Error(`"${text}" was not said, but:\n${out}${err}`);
      }
    },
  };
}

/** Runs a command to its end. */
export function run(folder: string, args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return start(folder, args, environment).ended;
}
