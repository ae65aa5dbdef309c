// mpi: the Communicator of this process, by MPI if a launcher has started several.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { BackendError, DomainError } from '../core/errors.js';
import { assertBytes, assertReduction, type Communicator, ONE_PROCESS } from '../core/ranks/communicator.js';
import { provideGraphSum } from '../core/ranks/graph-sum.js';
import { assertKnownOptions, describe } from '../core/shape.js';
import { stateNow } from '../node/files.js';
import { MPICH_VERSION } from '../node/native/wheels.js';
import { CONNECTIONS, LAUNCHER_SOCKET, type Launched, launcherIn } from './environment.js';
import { loadMpi, type MpiAddon, REDUCE } from './native.js';

/** Options of `openCommunicator`. */
export interface CommunicatorOptions {
  /** Whether all ranks but 0 write nothing to standard output and error from now on. Default: false. */
  readonly quiet?: boolean;
}

const WHERE = 'openCommunicator';

let opened: Promise<Communicator> | undefined;

/**
 * The processes that compute together with this one: those that mpiexec or srun has started, or this one alone.
 *
 * Call it before anything is read or written, in the main thread of every process. Later calls return the same. MPI
 * is closed when the process ends: then it waits for the other ranks. A rank that ends with an error, is killed or stopped
 * ends all ranks within ten seconds.
 *
 * @throws BackendError if MPI is not installed, or if it knows of one process where the environment shows a launcher of several
 */
export async function openCommunicator(options: CommunicatorOptions = {}): Promise<Communicator> {
  assertKnownOptions(options, ['quiet'], WHERE);
  const { quiet = false } = options;
  if (typeof quiet !== 'boolean') {
    const actual = describe(quiet);
    throw new DomainError({ where: WHERE, argument: 'quiet', expected: 'be true or false', actual });
  }
  opened ??= open(quiet).catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function open(isQuiet: boolean): Promise<Communicator> {
  const launched = launcherIn(process.env);
  const isOurs = process.env[LAUNCHER_SOCKET] !== undefined;
  if (launched === undefined && !isOurs) return ONE_PROCESS;
  if (!isMainThread) {
    throw failure('this thread', 'be the main thread', 'a worker thread', 'Call it in the main thread.');
  }
  if (launched !== undefined && !isConnected(process.env)) throw alone(launched, 'no connection to it');
  const addon = loadMpi(WHERE, `several processes (${launched?.variable ?? 'mpiexec'})`);
  if (isCutOff(process.env)) {
    const hint =
      'Start node, or node_modules/.bin/softmax-regression, by the launcher itself: npx and npm close its connection.';
    throw failure('this process', 'be started by its launcher', 'a closed connection to it', hint);
  }
  const socket = launcherSocket();
  let facts: readonly [number, number, string];
  try {
    facts = addon.open(isQuiet, socket);
  } catch (cause) {
    throw failure('MPI', 'start', (cause as Error).message, 'Run: npx softmax-regression doctor', cause);
  }
  const [rank, size, library] = facts;
  // Processes that this one starts are no ranks.
  for (const name of CONNECTIONS) delete process.env[name];
  endTogether(addon, rank, size);
  if (size === 1 && launched !== undefined && launched.size !== 1)
    throw alone(launched, `one process for ${library.replace(/\s+/g, ' ')}`);
  return communicatorOf(addon, rank, size);
}

/**
 * Whether MPICH finds the launcher. Without, it would be one process, or end with a stack of its own functions. Another
 * library with the standard ABI knows its own launcher.
 */
function isConnected(env: NodeJS.ProcessEnv): boolean {
  const folders = (env.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '');
  const hasLibrary = folders.some((folder) => existsSync(join(folder, 'libmpi_abi.so.1')));
  return hasLibrary || CONNECTIONS.some((name) => env[name] !== undefined);
}

/** Whether the socket to the launcher was closed on the way to this process, as npx and npm do. */
function isCutOff({ PMI_FD }: NodeJS.ProcessEnv): boolean {
  return PMI_FD !== undefined && !isSocket(PMI_FD);
}

function isSocket(number: string): boolean {
  return stateNow(Number(number))?.isSocket() === true;
}

/** Else every process would take itself for rank 0, and all would write. */
function alone({ variable }: Launched, actual: string): BackendError {
  return failure(
    'MPI',
    `know the launcher of several processes that ${variable} shows`,
    actual,
    `MPICH ${MPICH_VERSION} is started by its own mpiexec, which native status --mpi prints, by that of Intel MPI, or by srun --mpi=pmi2. Open MPI 5 has no standard ABI. For one process, unset the variable.`,
  );
}

/** The number of the socket that our launcher holds open, or -1. Processes that this one starts must not use it. */
function launcherSocket(): number {
  const text = process.env[LAUNCHER_SOCKET];
  delete process.env[LAUNCHER_SOCKET];
  return text !== undefined && isSocket(text) ? Number(text) : -1;
}

/** Closes MPI when the process ends, or tells the other ranks why it failed. */
function endTogether(addon: MpiAddon, rank: number, size: number): void {
  let uncaught: unknown;
  process.on('uncaughtExceptionMonitor', (error) => {
    uncaught = error;
  });
  process.on('exit', (code) => {
    if (code === 0) return addon.close();
    const message = uncaught instanceof Error ? uncaught.message : `exit code ${code}`;
    // What rank 0 has to say, it says itself.
    addon.fail(`rank ${rank} of ${size} failed: ${message}`, code, rank === 0);
  });
}

function communicatorOf(addon: MpiAddon, rank: number, size: number): Communicator {
  /** One call at a time: two could begin in another order on another rank. */
  let last: Promise<unknown> = Promise.resolve();
  const next = <T>(call: () => Promise<T>): Promise<T> => {
    const result = last.then(call).catch((actual: unknown) => {
      throw lost(String(actual));
    });
    last = result.catch(() => {});
    return result;
  };
  const communicator: Communicator = {
    rank,
    size,
    async allGather(bytes) {
      assertBytes(bytes);
      return next(() => addon.allGather(bytes));
    },
    async allReduce(values, reduction) {
      assertReduction(values, reduction);
      return next(() => addon.allReduce(values, REDUCE[reduction]));
    },
    async barrier() {
      return next(() => addon.barrier());
    },
    abort(message, exitCode = 1) {
      if (rank === 0) {
        process.stderr.write(`error: ${message}\n`);
        // The handler above tells the others.
        process.exit(exitCode);
      }
      addon.fail(message, exitCode, false);
      throw new Error('unreachable');
    },
  };
  const failure = () => {
    const actual = addon.lost();
    return actual === undefined ? undefined : lost(actual);
  };
  provideGraphSum(communicator, { address: addon.sumAddress(), failure });
  return communicator;
}

function lost(actual: string): BackendError {
  const expected = 'live to the end, and make the same calls in the same order';
  return new BackendError({ where: 'Communicator', argument: 'all ranks', expected, actual });
}

function failure(argument: string, expected: string, actual: string, hint?: string, cause?: unknown): BackendError {
  return new BackendError({ where: WHERE, argument, expected, actual, hint, cause });
}
