// mpi: watches the processes of a launcher. MPI itself waits for one that is stopped, and leaves files behind.
import { readFileSync, rmSync } from 'node:fs';

/** Milliseconds between two looks. */
const TICK = 100;

/** Looks at which a process was stopped, before it is lost: 5 s. Counted, not measured: this process may be suspended too. */
const MOST_LOOKS = 50;

/** The same once all have met: 8 s. Ranks notice it after 5 s, unless they have ended. */
const MOST_LATER = 80;

/** Looks for shared memory after the meeting, in which more of it may be made. */
const MORE_LOOKS = 20;

/** The files of the shared memory of MPICH and of its UCX. */
const MEMORY = /\/dev\/shm\/(?:mpich_shm|ucx_shm_posix)_\S+/g;

/**
 * The processes that a launcher has started on this machine: all end if one is stopped. Where the system does not tell about
 * processes as Linux does, nothing is watched.
 */
export class Watch {
  /** A process that was stopped, for which all others were ended. */
  lost: number | undefined;
  readonly #launcher: number;
  readonly #hasMet: () => boolean;
  #more = MORE_LOOKS;
  readonly #looks = new Map<number, number>();
  readonly #memory = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(launcher: number, hasMet: () => boolean) {
    [this.#launcher, this.#hasMet] = [launcher, hasMet];
    this.#timer = setInterval(this.#look, TICK);
  }

  /** Ends the watch. All processes have ended, so their shared memory is of no use. */
  close(): void {
    clearInterval(this.#timer);
    for (const path of this.#memory) rmSync(path, { force: true });
  }

  readonly #look = (): void => {
    const processes = familyOf(this.#launcher);
    const hasMet = this.#hasMet();
    if (hasMet) this.#more--;
    if (this.#more >= 0) for (const pid of processes) this.#seeMemory(pid);
    for (const pid of processes) {
      const looks = isStopped(pid) ? (this.#looks.get(pid) ?? 0) + 1 : 0;
      this.#looks.set(pid, looks);
      if (looks >= (hasMet ? MOST_LATER : MOST_LOOKS)) this.lost ??= pid;
    }
    if (this.lost !== undefined) for (const pid of processes) kill(pid);
  };

  #seeMemory(pid: number): void {
    for (const path of read(`/proc/${pid}/maps`).match(MEMORY) ?? []) this.#memory.add(path);
  }
}

/** A process, and those that it has started. */
function familyOf(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(familyOf)];
}

/** Whether a signal has stopped a process. */
function isStopped(pid: number): boolean {
  // The name of the program, in parentheses, may have any character.
  return /^.*\) [Tt] /s.test(read(`/proc/${pid}/stat`));
}

/** The text of a file that may have gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
