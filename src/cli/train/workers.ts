// cli: --workers: `train` in several processes, which share each fit.
import { devNull } from 'node:os';
import type { Communicator } from '../../core/ranks/communicator.js';
import { launchWorkers, mpiexecFor } from '../../mpi/launch.js';
import { stateNow } from '../../node/files.js';
import { memoryForData } from '../../node/memory.js';
import { assertFacts } from '../../training/ranks.js';
import type { Data } from '../data/query.js';
import { isOnce, sharedInput, shareInput } from '../data/spooled.js';
import { STDIN } from '../files.js';
import { withInterrupt } from '../interrupt.js';
import { kindOf } from '../samples.js';
import { UsageError } from '../usage.js';
import type { TrainOptions } from './training.js';

/** Refuses what several processes cannot share, before any of them starts. */
export function assertShareable(source: Data, options: TrainOptions, { size }: Communicator): void {
  const given = options.workers === undefined ? 'several processes' : '--workers';
  const { test } = options;
  // Each rank would take a part of the same pipe.
  if (test !== undefined && (test === STDIN || isPipe(test))) {
    throw new UsageError(
      `--test must be a file with ${given}: each process reads it itself; got ${test}. Write the rows to a file first.`,
    );
  }
  if (isOnce(source) ? size > 1 && sharedInput(source, {}) === undefined : isPipe(source as string)) {
    const named = typeof source === 'string' ? source : '--sql';
    throw new UsageError(
      `${named} must be left out with ${given}: each process reads DATA itself. Write the rows to a file first.`,
    );
  }
}

/** Whether a path is one that can be read once, such as /dev/stdin, which is that of another process in each of them. */
function isPipe(path: string): boolean {
  const state = stateNow(path);
  return state !== undefined && !state.isFile() && !state.isDirectory();
}

/** What ranks may have otherwise: what one of them writes, what they take, and the kernels, which the fit compares where bits depend on them. */
const OF_ONE_RANK: ReadonlySet<string> = new Set([
  'output',
  'report',
  'skipBad',
  'json',
  'memory',
  'workers',
  'backend',
]);

/** Files, which may have another path on another machine. */
const FILES: ReadonlySet<string> = new Set(['cache', 'test', 'checkpoint', 'resume']);

/**
 * Compares the flags of all ranks before anything is read: how DATA is read and split is not seen by the fit, which finds
 * other features, and ranks that make other calls end without a name.
 *
 * @throws DomainError with the first flag that differs
 */
export async function assertSameFlags(options: TrainOptions, communicator: Communicator): Promise<void> {
  const flags = Object.entries(options).filter(([name]) => !OF_ONE_RANK.has(name));
  const facts = Object.fromEntries(flags.map(([name, value]) => [name, FILES.has(name) ? 'a file' : value]));
  await assertFacts(communicator, JSON.parse(JSON.stringify(facts)), 'train');
}

/** Runs this command line in several processes, and returns the exit code. What can be read once is copied for them first. */
export async function runInWorkers(source: Data, workers: number, memory: number | undefined): Promise<number> {
  mpiexecFor(workers);
  const remove = isOnce(source) ? await withInterrupt((signal) => shareInput(source, { signal, memory })) : undefined;
  const [program, script, ...rest] = process.argv;
  try {
    // Standard input belongs to others, such as a loop of the shell.
    return await launchWorkers({ workers, argv: [program, ...process.execArgv, script, ...rest], stdin: false });
  } finally {
    await remove?.();
  }
}

/** The options of one of several processes: only rank 0 writes files, and all of them share the memory. */
export function optionsOfRank(source: Data, options: TrainOptions, { rank, size }: Communicator): TrainOptions {
  const { memory = memoryForData(), skipBad } = options;
  const own = kindOf(source) === 'table' ? { ...options, memory: Math.floor(memory / size) } : options;
  if (rank === 0) return own;
  return { ...own, output: undefined, report: undefined, skipBad: skipBad && devNull };
}
