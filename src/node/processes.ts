// node: whose a file is, and whether that process still runs.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, named so that another one can tell whether it still runs. */
export interface ProcessName {
  readonly pid: number;
  /** Where that number counts: containers with the same host name have numbers of their own. */
  readonly host: string;
  /** When it began, where the system says so: numbers are given again. */
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

/** Whether it is known that a process is gone; of one elsewhere, it is not. */
export function isGone({ pid, host, start }: ProcessName): boolean {
  if (host !== thisHost()) return false;
  const state = stateOf(pid);
  // What is dead keeps its number until its parent asks.
  if (state !== undefined) return state.isDead || (start !== '' && state.start !== start);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

/** As Linux tells it: proc(5), /proc/pid/stat. */
function stateOf(pid: number): { readonly isDead: boolean; readonly start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name, which may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { isDead: fields[0] === 'Z' || fields[0] === 'X', start: fields[19] };
  } catch {
    return undefined;
  }
}
