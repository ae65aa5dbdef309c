// node: installs the native kernels into the cache: download, unpack, compile, test, rename.
import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, type ErrorFields } from '../../core/errors.js';
import { assertFunction, assertKnownOptions, assertSignal } from '../../core/shape.js';
import { cacheFolder, makeFolder, type OnProgress, replaceFolderAtomic, sha256OfFile } from '../files.js';
import { withLock } from '../lock.js';
import { type Compiler, compileAddons, findCompiler } from './compile.js';
import { findTfjsNode, type NativeKernels, nativeStatus, noTfjsNode, prove } from './load.js';
import { type Machine, machineName, nativeSource, thisMachine } from './machine.js';
import { probeAddon } from './probe.js';
import { ADDON, float64Addon, type InstallRecord, nativeFolder, writeInstallRecord, writeProof } from './record.js';
import { unpack } from './unpack.js';
import { fetchWheel, findWheelClients, keptWheel, removeLeftovers, type WheelClient } from './wheel.js';
import type { Wheel } from './wheels.js';

/** Options of `installNative`. */
export interface InstallOptions {
  /** `true`: the build for CUDA 12. `false`: the build for the CPU. Default: the installed build, or else the CPU. */
  readonly gpu?: boolean;
  /** Build again even if working kernels are installed. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export interface InstallResult extends NativeKernels {
  /** False if working kernels were already installed. */
  readonly built: boolean;
}

/**
 * Installs native kernels for all projects of this user.
 *
 * TensorFlow's C library is extracted from its Python wheel, which the user's pip or uv downloads at a pinned version
 * and checksum. tfjs-node's addon is compiled against it, and our float64 kernels beside it. A child process then loads
 * them and computes a loss and its gradient. If a result is wrong, nothing is installed. An interrupted installation leaves only the
 * finished download, which the next one reuses.
 *
 * @throws BackendError with the failed step and a hint; DomainError for unknown options; the signal's reason if aborted
 */
export async function installNative(options: InstallOptions = {}): Promise<InstallResult> {
  assertKnownOptions(options, ['gpu', 'force', 'onProgress', 'signal'], 'installNative');
  const { gpu, force = false, signal, onProgress } = options;
  assertSignal(signal, 'installNative');
  if (onProgress !== undefined) assertFunction(onProgress, 'installNative', 'onProgress');
  signal?.throwIfAborted();
  const tfjsNode = findTfjsNode();
  if (tfjsNode === undefined) {
    const { reason, advice } = noTfjsNode();
    throw failure({ argument: 'tfjs-node', expected: 'be installed', actual: reason, hint: advice });
  }
  const present = force ? undefined : await workingKernels(gpu, signal);
  if (present !== undefined) return present;
  const machine = thisMachine();
  const source = nativeSource(machine, gpu ?? false);
  if (!source.ok) {
    const expected = 'be supported by a TensorFlow library';
    throw failure({ argument: 'this machine', expected, actual: source.reason, hint: source.advice });
  }
  const { wheels } = source;
  const onWait = (stage: string) => onProgress?.({ stage, done: 0 });
  return withLock(
    cacheFolder('native', 'install'),
    async () => {
      // Another process may have built them while this one waited.
      const built = force ? undefined : await workingKernels(gpu, signal);
      return built ?? build({ machine, wheels, tfjsNode, gpu: gpu ?? false, onProgress, signal });
    },
    { signal, onWait },
  );
}

async function workingKernels(gpu: boolean | undefined, signal?: AbortSignal): Promise<InstallResult | undefined> {
  const status = nativeStatus();
  if (!status.installed || (gpu !== undefined && gpu !== status.gpu)) return undefined;
  const proof = await prove(status, signal);
  if (proof.ok) {
    const { tensorflowVersion, device } = proof;
    return { built: false, addon: status.addon, tfjsNodeVersion: status.tfjsNodeVersion, tensorflowVersion, device };
  }
  if (status.origin === 'tfjs-node') return undefined;
  throw failure({
    argument: 'the installed kernels',
    expected: 'work on this machine',
    actual: proof.reason,
    hint: 'Build them again with --force.',
  });
}

interface Plan {
  readonly machine: Machine;
  readonly wheels: readonly Wheel[];
  readonly tfjsNode: { readonly folder: string; readonly version: string };
  readonly gpu: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

async function build(plan: Plan): Promise<InstallResult> {
  const { machine, wheels, tfjsNode, gpu, signal } = plan;
  const downloads = cacheFolder('native', 'downloads');
  const folder = nativeFolder(tfjsNode.version, machine, gpu);
  await removeLeftovers(downloads);
  // Missing tools are reported before the long download.
  await assertSpace(downloads, wheels);
  const compiler = await findCompiler(signal);
  const clients = await findWheelClients(signal);
  let filled: Filled | undefined;
  await replaceFolderAtomic(folder, async (fresh) => {
    filled = await fill(fresh, plan, { downloads, compiler, clients });
  });
  const { record, device } = filled as Filled;
  const files = Object.keys(record.files).map((name) => join(folder, name));
  await writeProof(files, machine, { tensorflowVersion: record.tensorflowVersion, device });
  await rm(nativeFolder(tfjsNode.version, machine, !gpu), { recursive: true, force: true });
  await Promise.all(wheels.map((wheel) => rm(keptWheel(wheel, downloads), { force: true })));
  return {
    built: true,
    addon: join(folder, ADDON),
    tensorflowVersion: record.tensorflowVersion,
    tfjsNodeVersion: record.tfjsNodeVersion,
    device,
  };
}

interface Tools {
  readonly downloads: string;
  readonly compiler: Compiler;
  readonly clients: readonly WheelClient[];
}

interface Filled {
  readonly record: InstallRecord;
  readonly device: InstallResult['device'];
}

/** All steps that can fail, in a folder that is not in use yet. */
async function fill(folder: string, plan: Plan, { downloads, compiler, clients }: Tools): Promise<Filled> {
  const { machine, wheels, tfjsNode, gpu, onProgress, signal } = plan;
  for (const wheel of wheels) {
    const parcel = await fetchWheel(wheel, downloads, clients, onProgress, signal);
    try {
      await unpack(parcel, folder, onProgress, signal);
    } finally {
      if (parcel.kind === 'folder') await rm(parcel.path, { recursive: true, force: true });
    }
  }
  const tensorflow = join(folder, 'tensorflow');
  const addon = join(folder, ADDON);
  const float64 = float64Addon(addon);
  onProgress?.({ stage: 'compile the addons', done: 0 });
  await compileAddons({ tfjsNode: tfjsNode.folder, tensorflow, addon, float64 }, compiler, signal);
  await rm(join(tensorflow, 'include'), { recursive: true });
  onProgress?.({ stage: 'test it in a child process', done: 0 });
  const proof = await probeAddon(tfjsNode.folder, addon, signal);
  if (!proof.ok) {
    throw failure({
      argument: 'the new addon',
      expected: 'load and give correct results in a child process',
      actual: proof.reason,
      hint: 'Until then the wasm backend works.',
    });
  }
  const record: InstallRecord = {
    tfjsNodeVersion: tfjsNode.version,
    tensorflowVersion: proof.tensorflowVersion,
    machine: machineName(machine),
    gpu,
    cpu: machine.cpu,
    installed: new Date().toISOString(),
    addons: { [ADDON]: await sha256OfFile(addon), [float64Addon(ADDON)]: await sha256OfFile(float64) },
    files: await sizesIn(folder),
  };
  await writeInstallRecord(folder, record);
  return { record, device: proof.device };
}

async function sizesIn(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const state = await stat(join(folder, name));
    if (state.isFile()) sizes[name] = state.size;
  }
  return sizes;
}

/** Size of wheels with their unpacked files, relative to the wheels: CPU 1.13 GB / 274 MB, CUDA 8.7 GB / 3.4 GB. */
const SPACE_FACTOR = { cpu: 4.5, cuda: 3 };

async function assertSpace(folder: string, wheels: readonly Wheel[]): Promise<void> {
  await makeFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  const factor = wheels.length > 1 ? SPACE_FACTOR.cuda : SPACE_FACTOR.cpu;
  const needed = factor * wheels.reduce((sum, { bytes }) => sum + bytes, 0);
  if (bavail * bsize >= needed) return;
  const inGigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw failure({
    argument: folder,
    expected: `have ${inGigabytes(needed)} free while installing`,
    actual: inGigabytes(bavail * bsize),
    hint: 'Free some space, or set SOFTMAX_REGRESSION_CACHE to a folder on another disk.',
  });
}

function failure(fields: Omit<ErrorFields, 'where'>): BackendError {
  return new BackendError({ where: 'native install', ...fields });
}
