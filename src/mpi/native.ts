// mpi: the functions of our addon, addon.cc.
import { createRequire } from 'node:module';
import { BackendError } from '../core/errors.js';
import { type MpiInstallation, mpiStatus, NO_HOOKS } from '../node/native/mpi.js';

/** Numbers of the reductions. */
export const REDUCE = { sum: 0, max: 1, min: 2 } as const;

export interface MpiAddon {
  /** The rank, the number of ranks, and what the library calls itself. `launcher`: the number of a socket, or -1. */
  open(isQuiet: boolean, launcher: number): readonly [number, number, string];
  allGather(bytes: Uint8Array): Promise<Uint8Array[]>;
  allReduce(values: Float32Array | Float64Array, reduction: number): Promise<void>;
  barrier(): Promise<void>;
  /** The address of the function that sums float64 numbers over all ranks in place. */
  sumAddress(): number;
  /** Why the ranks are ending, once they are. The caller reports it. */
  lost(): string | undefined;
  /** Ends all ranks. It returns only if this rank has reported the failure, or will, and ends on its own. */
  fail(text: string, code: number, isReported: boolean): void;
  /** Waits until all ranks call it. */
  close(): void;
}

/** The installed MPI. @throws BackendError if there is none */
export function installedMpi(where: string, why: string): MpiInstallation {
  const status = mpiStatus();
  if (status.installed) return status;
  const { reason: actual, advice: hint } = status;
  throw new BackendError({ where, argument: 'MPI', expected: `be installed for ${why}`, actual, hint });
}

export function loadMpi(where: string, why: string): MpiAddon {
  const { addon } = installedMpi(where, why);
  // UCX reads them when it is loaded.
  for (const [name, value] of Object.entries(NO_HOOKS)) process.env[name] ??= value;
  try {
    return createRequire(__filename)(addon) as MpiAddon;
  } catch (cause) {
    const hint = 'Run: npx softmax-regression native install --mpi --force';
    const { message: actual } = cause as Error;
    throw new BackendError({ where, argument: 'MPI', expected: 'load', actual, hint, cause });
  }
}
