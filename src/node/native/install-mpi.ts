// node: installs MPI into the cache: download, unpack, compile our addon, test, rename.
import { readdir, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { BackendError } from '../../core/errors.js';
import { assertFunction, assertKnownOptions, assertSignal } from '../../core/shape.js';
import { cacheFolder, type OnProgress, replaceFolderAtomic, sha256OfFile } from '../files.js';
import { withLock } from '../lock.js';
import { compileMpi, findCompiler } from './compile.js';
import { type Machine, machineName, thisMachine } from './machine.js';
import { type MpiInstallation, type MpiRecord, mpiFolder, mpiSource, mpiStatus, pathsIn, probeMpi } from './mpi.js';
import { writeInstallRecord } from './record.js';
import { unpack } from './unpack.js';
import { fetchWheel, findWheelClients, keptWheel, removeLeftovers } from './wheel.js';
import { ALONE_MEANWHILE, MPICH_VERSION, type Wheel } from './wheels.js';

/** Options of `installMpi`. */
export interface InstallMpiOptions {
  /** Build again even if MPI is installed and works. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export interface InstallMpiResult extends MpiInstallation {
  /** False if it was already installed. */
  readonly built: boolean;
  /** What the library calls itself. */
  readonly library: string;
}

/**
 * Installs MPI for all projects of this user.
 *
 * MPICH is extracted from its Python wheel, which the user's pip or uv downloads at a pinned version and checksum. Our
 * addon is compiled against its standard ABI. Two child processes then exchange numbers. If that fails, nothing is installed.
 *
 * @throws BackendError with the failed step and a hint; DomainError for unknown options; the signal's reason if aborted
 */
export async function installMpi(options: InstallMpiOptions = {}): Promise<InstallMpiResult> {
  assertKnownOptions(options, ['force', 'onProgress', 'signal'], 'installMpi');
  const { force = false, signal, onProgress } = options;
  assertSignal(signal, 'installMpi');
  if (onProgress !== undefined) assertFunction(onProgress, 'installMpi', 'onProgress');
  signal?.throwIfAborted();
  const machine = thisMachine();
  const present = force ? undefined : await workingMpi(signal);
  if (present !== undefined) return present;
  const source = mpiSource(machine);
  if (!source.ok) throw failure('this machine', 'be supported by a wheel of MPICH', source.reason, source.advice);
  return withLock(
    cacheFolder('native', 'install'),
    async () => {
      // Another process may have built it while this one waited.
      const built = force ? undefined : await workingMpi(signal);
      return built ?? build(machine, source.wheel, { onProgress, signal });
    },
    { signal, onWait: (stage) => onProgress?.({ stage, done: 0 }) },
  );
}

async function workingMpi(signal?: AbortSignal): Promise<InstallMpiResult | undefined> {
  const status = mpiStatus();
  if (!status.installed) return undefined;
  const probe = await probeMpi(status, signal);
  if (probe.ok) return { built: false, ...status, library: probe.library };
  throw failure('the installed MPI', 'work on this machine', probe.reason, 'Build it again with --force.');
}

async function build(
  machine: Machine,
  wheel: Wheel,
  { onProgress, signal }: Pick<InstallMpiOptions, 'onProgress' | 'signal'>,
): Promise<InstallMpiResult> {
  const downloads = cacheFolder('native', 'downloads');
  const folder = mpiFolder(machine);
  await removeLeftovers(downloads);
  // Missing tools are reported before the download.
  const compiler = await findCompiler(signal, ALONE_MEANWHILE);
  const clients = await findWheelClients(signal);
  let library = '';
  await replaceFolderAtomic(folder, async (fresh) => {
    const parcel = await fetchWheel(wheel, downloads, clients, onProgress, signal);
    try {
      await unpack(parcel, fresh, onProgress, signal);
    } finally {
      if (parcel.kind === 'folder') await rm(parcel.path, { recursive: true, force: true });
    }
    const paths = pathsIn(fresh);
    onProgress?.({ stage: 'compile the addon', done: 0 });
    await compileMpi(paths, compiler, signal);
    await rm(join(paths.mpi, 'include'), { recursive: true });
    onProgress?.({ stage: 'test it in two child processes', done: 0 });
    const probe = await probeMpi(paths, signal);
    if (!probe.ok)
      throw failure('the new addon', 'exchange numbers between two processes', probe.reason, ALONE_MEANWHILE);
    library = probe.library;
    await writeInstallRecord(fresh, await recordOf(fresh, machine));
  });
  await rm(keptWheel(wheel, downloads), { force: true });
  const { addon, mpiexec } = pathsIn(folder);
  return { built: true, installed: true, version: MPICH_VERSION, addon, mpiexec, library };
}

async function recordOf(folder: string, machine: Machine): Promise<MpiRecord> {
  const files: Record<string, number> = {};
  const addons: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const state = await stat(join(folder, name));
    if (state.isFile()) files[name] = state.size;
  }
  const { addon, mpiexec, library } = pathsIn(folder);
  for (const path of [addon, mpiexec, library]) addons[relative(folder, path)] = await sha256OfFile(path);
  return {
    ...{ mpich: MPICH_VERSION, machine: machineName(machine), installed: new Date().toISOString() },
    ...{ addons, files },
  };
}

function failure(argument: string, expected: string, actual: string, hint: string): BackendError {
  return new BackendError({ where: 'native install --mpi', argument, expected, actual, hint });
}
