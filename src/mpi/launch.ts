// mpi: starts several processes of one command on this machine, by the launcher in the cache.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { availableParallelism, constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { BackendError, DomainError } from '../core/errors.js';
import { assertKnownOptions, assertList, assertPositiveInteger } from '../core/shape.js';
import { fileError } from '../node/files.js';
import { LOCAL_TRANSPORT, launcherArguments } from '../node/native/mpi.js';
import { quoted } from '../node/shell.js';
import { Banner } from './banner.js';
import { LAUNCHER_SOCKET, launcherIn, OF_LAUNCHERS } from './environment.js';
import { installedMpi } from './native.js';
import { Watch } from './watch.js';

/** Options of `launchWorkers`. */
export interface LaunchOptions {
  /** The number of processes, at least 1. */
  readonly workers: number;
  /** The program and its arguments, the same for all processes. */
  readonly argv: readonly string[];
  /** Whether rank 0 reads the standard input of this process. Default: true. Mpiexec fails if rank 0 leaves 64 kB unread. */
  readonly stdin?: boolean;
  /** Where their output goes. Default: that of this process. */
  readonly stdout?: Writable;
  readonly stderr?: Writable;
}

const WHERE = 'launchWorkers';

/** More processes than any machine has cores. */
const MOST_WORKERS = 1024;

/** Milliseconds in which a second signal is the first one again. */
const TWICE = 100;

/**
 * Runs a command in several processes on this machine, which find each other by `openCommunicator`.
 *
 * Rank 0 reads standard input unless `stdin` is false, and gets the first interrupt; a second one ends all processes at once. If one of them dies,
 * or this process does, all end. The launcher is that of the cache, never one of the PATH.
 *
 * @returns the exit code: that of rank 0, or of the rank that failed
 * @throws BackendError if MPI is not installed, or this process has a launcher itself; DomainError for a wrong option
 */
export async function launchWorkers(options: LaunchOptions): Promise<number> {
  assertKnownOptions(options, ['workers', 'argv', 'stdin', 'stdout', 'stderr'], WHERE);
  const { workers, argv, stdin = true, stdout = process.stdout, stderr = process.stderr } = options;
  assertList(argv, WHERE, 'argv');
  const mpiexec = mpiexecFor(workers);
  const child = start(mpiexec, workers, argv, stdin ? 'inherit' : 'ignore');
  const reports = new Reports(child.stdio[3] as Readable);
  const banner = new Banner();
  const output = passOn(child.stdout as Readable, stdout, (chunk) => banner.filter(chunk));
  const errors = passOn(child.stderr as Readable, stderr, (chunk) => chunk);
  const interrupts = new Interrupts(child, reports);
  const watch = new Watch(child.pid ?? 0, () => reports.first !== undefined);
  try {
    const [code, signal] = await ended(child);
    await Promise.all([output, errors, reports.end]);
    if (banner.rest().length > 0) stdout.write(banner.rest());
    if (reports.code !== undefined) return reports.code;
    // A process that was killed reports nothing.
    if (interrupts.signal !== undefined) return 128 + constants.signals[interrupts.signal];
    if (!banner.isSeen && signal === null) return code ?? 1;
    if (watch.lost !== undefined) {
      stderr.write(`error: process ${watch.lost} was stopped; all ${workers} workers have ended\n`);
      return 1;
    }
    const fault = signal === null ? 'a worker was killed or crashed' : `mpiexec was ended by ${signal}`;
    stderr.write(`error: ${fault}; all ${workers} workers have ended\n`);
    return 1;
  } finally {
    interrupts.ignore();
    watch.close();
  }
}

/** The launcher of so many processes. @throws as `launchWorkers` */
export function mpiexecFor(workers: number): string {
  assertPositiveInteger(workers, WHERE, 'workers');
  if (workers > MOST_WORKERS) {
    const expected = `be at most ${MOST_WORKERS}`;
    throw new DomainError({ where: WHERE, argument: 'workers', expected, actual: String(workers) });
  }
  const launched = launcherIn(process.env);
  if (launched !== undefined) {
    throw new BackendError({
      where: WHERE,
      argument: 'this process',
      expected: 'be started without a launcher, or without workers of its own',
      actual: launched.variable,
      hint: 'Call openCommunicator alone under mpiexec or srun.',
    });
  }
  return installedMpi(WHERE, `${workers} workers`).mpiexec;
}

function start(mpiexec: string, workers: number, argv: readonly string[], stdin: 'inherit' | 'ignore'): ChildProcess {
  const own = Object.entries(process.env).filter(([name]) => !OF_LAUNCHERS.test(name));
  // The threads of all processes together use each core once.
  const threads = Math.max(1, Math.floor(availableParallelism() / workers));
  const env = {
    ...{ TF_NUM_INTRAOP_THREADS: String(threads), ...Object.fromEntries(own) },
    ...{ ...LOCAL_TRANSPORT, [LAUNCHER_SOCKET]: '3' },
  };
  // By a shell: mpiexec itself takes the word ":" for the end of a command.
  const command = ['/bin/sh', '-c', `exec ${argv.map(quoted).join(' ')}`];
  return spawn(mpiexec, [...launcherArguments(workers), ...command], {
    env,
    // Ranks inherit the socket, and see its end if this process is killed.
    stdio: [stdin, 'pipe', 'pipe', 'pipe'],
    // In a group of its own, Ctrl-C of the terminal reaches this process alone.
    detached: true,
  });
}

/** What the ranks write to their socket: lines `rank 0 4711`, with the number of a process, and the exit code, `code 1`. */
class Reports {
  text = '';
  /** All ranks have ended. */
  readonly end: Promise<void>;

  constructor(socket: Readable) {
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk;
    });
    this.end = new Promise((resolve) => socket.once('close', resolve).once('error', () => resolve()));
  }

  get code(): number | undefined {
    return this.#number(/^code (\d+)$/m);
  }

  /** The process of rank 0. */
  get first(): number | undefined {
    return this.#number(/^rank 0 (\d+)$/m);
  }

  #number(line: RegExp): number | undefined {
    const found = line.exec(this.text);
    return found === null ? undefined : Number(found[1]);
  }
}

/** Copies a stream until its end, at the pace of the reader. */
async function passOn(from: Readable, to: Writable, change: (chunk: Buffer) => Buffer): Promise<void> {
  for await (const chunk of from) {
    const rest = change(chunk as Buffer);
    if (rest.length > 0 && !to.destroyed && !to.write(rest)) {
      await new Promise((resolve) => to.once('drain', resolve).once('close', resolve).once('error', resolve));
    }
  }
}

function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(fileError(error, child.spawnfile)));
    child.once('exit', (code, signal) => {
      // Ranks that are still there see this, and end. What they have reported can still be read.
      (child.stdio[3] as Socket).end();
      resolve([code, signal]);
    });
  });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Passes the first interrupt to rank 0, which ends the others. The second one ends all at once. */
class Interrupts {
  /** The first one. */
  signal: (typeof SIGNALS)[number] | undefined;
  #time = 0;
  readonly #child: ChildProcess;
  readonly #reports: Reports;

  constructor(child: ChildProcess, reports: Reports) {
    [this.#child, this.#reports] = [child, reports];
    for (const signal of SIGNALS) process.on(signal, this.#take);
  }

  ignore(): void {
    for (const signal of SIGNALS) process.off(signal, this.#take);
  }

  readonly #take = (signal: NodeJS.Signals): void => {
    if (this.signal !== undefined) {
      if (performance.now() - this.#time > TWICE) this.#child.kill('SIGKILL');
      return;
    }
    this.signal = signal as (typeof SIGNALS)[number];
    this.#time = performance.now();
    const { first } = this.#reports;
    // Ranks that have not yet met end by a signal of mpiexec. It would announce an interrupt on standard output.
    if (first === undefined || !isSent(first, signal)) this.#child.kill('SIGTERM');
  };
}

function isSent(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it has ended
  }
}
