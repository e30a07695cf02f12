import { readdirSync, readFileSync } from 'node:fs';

/** What Linux counts in: sysconf(_SC_CLK_TCK) is 100 on every architecture that Node runs on. */
const ticksASecond = 100;

/**
 * Seconds of processor time that a process has used until now, with its children, those that ended included (proc_pid_stat(5)). On a
 * machine that others use too it tells more than the clock does. NaN where the system is not Linux.
 */
export function processorSeconds(pid: number): number {
  if (process.platform !== 'linux') return NaN;
  const own = statOf(pid);
  if (!own) throw new Error(`There is no process ${pid}.`);
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => statOf(Number(name))).filter((stat) => stat?.parent === pid);
  return (own.ticks + own.endedChildrensTicks + children.reduce((sum, child) => sum + child!.ticks, 0)) / ticksASecond;
}

interface Stat {
  readonly parent: number;
  readonly ticks: number;
  readonly endedChildrensTicks: number;
}

function statOf(pid: number): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
  const [utime, stime, cutime, cstime] = fields.slice(11, 15) as [number, number, number, number];
  return { parent: fields[1]!, ticks: utime + stime, endedChildrensTicks: cutime + cstime };
}
