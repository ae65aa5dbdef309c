// node: identifies processes, and tells whether one still runs.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, identified so that another process can tell whether it still runs. */
export interface ProcessName {
  readonly pid: number;
  /**
   * The scope of the pid: host name, namespace of process ids and start of the system, as far as the system reports
   * them. Containers with the same host name have separate pids, and so have hosts with the same name.
   */
  readonly host: string;
  /** The start time, if the system reports it, because pids are reused. */
  readonly start: string;
}

/** `'unknown'`: the process is in another scope of pids, such as another machine. */
export type Liveness = 'running' | 'stopped' | 'dead' | 'unknown';

export function thisProcess(): ProcessName {
  return { pid: process.pid, host: thisHost(), start: stateOf(process.pid)?.start ?? '' };
}

function thisHost(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')} ${boot}`;
  } catch {
    return hostname();
  }
}

/**
 * Whether a process still runs. No clock is used.
 *
 * On Linux, a process is dead if its scope of pids is ours and no process has its pid and start time. Elsewhere, Node
 * reports only whether the pid is in use: a reused pid counts as running, and so does a stopped process.
 */
export function livenessOf({ pid, host, start }: ProcessName): Liveness {
  if (host !== thisHost()) return 'unknown';
  const state = stateOf(pid);
  if (state !== undefined) {
    // A zombie keeps its pid until its parent waits for it.
    if (['Z', 'X'].includes(state.letter) || (start !== '' && state.start !== start)) return 'dead';
    return ['T', 't'].includes(state.letter) ? 'stopped' : 'running';
  }
  try {
    process.kill(pid, 0);
    return 'running';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'dead' : 'running';
  }
}

/** From /proc/pid/stat on Linux; see proc(5). */
function stateOf(pid: number): { readonly letter: string; readonly start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program name, which may contain any characters.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { letter: fields[0], start: fields[19] };
  } catch {
    return undefined;
  }
}
