// node: identifies processes, and tells whether one still runs.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, identified so that another process can tell whether it still runs. */
export interface ProcessName {
  readonly pid: number;
  /** The scope of the pid. Containers with the same host name have separate pids. */
  readonly host: string;
  /** The start time, if the system reports it, because pids are reused. */
  readonly start: string;
}

export function thisProcess(): ProcessName {
  return { pid: process.pid, host: thisHost(), start: stateOf(process.pid)?.start ?? '' };
}

function thisHost(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Whether a process is known to have ended. For a process on another host this is unknown, so false. */
export function isGone({ pid, host, start }: ProcessName): boolean {
  if (host !== thisHost()) return false;
  const state = stateOf(pid);
  // A zombie keeps its pid until its parent waits for it.
  if (state !== undefined) return state.isDead || (start !== '' && state.start !== start);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

/** From /proc/pid/stat on Linux; see proc(5). */
function stateOf(pid: number): { readonly isDead: boolean; readonly start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program name, which may contain any characters.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { isDead: fields[0] === 'Z' || fields[0] === 'X', start: fields[19] };
  } catch {
    return undefined;
  }
}
