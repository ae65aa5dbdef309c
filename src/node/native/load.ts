// node: finds the native kernels and loads them into tfjs. install.ts puts them there, probe.ts proves them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import { BackendError } from '../../core/errors.js';
import { nativeSource, thisMachine } from './machine.js';
import { openTfjsNode, type ProbeResult, probeAddon } from './probe.js';
import { ADDON, nativeFolder, type Proof, readInstallRecord, readProof, writeProof } from './record.js';
import { withQuietTerminal } from './terminal.js';
import { TENSORFLOW_VERSION } from './wheels.js';

/** Native kernels that are ready to be loaded. */
export interface NativeInstallation {
  readonly installed: true;
  /** `'cache'`: built by `installNative`. `'tfjs-node'`: its own installer put them into node_modules. */
  readonly origin: 'cache' | 'tfjs-node';
  readonly addon: string;
  /** The addon and the libraries it needs. */
  readonly files: readonly string[];
  readonly tfjsNodeVersion: string;
  /** Whether they were built for CUDA. Which device is in use shows when they run. */
  readonly gpu: boolean;
  /** That exactly these files ran on this machine; `loadNative` takes the proof where there is none yet. */
  readonly proof: Proof | undefined;
}

/** Why there are no native kernels, and what to do. */
export interface NoNativeInstallation {
  readonly installed: false;
  readonly reason: string;
  /** What to do, in whole sentences. */
  readonly advice: string;
  /** The same as one command, where one command does it. */
  readonly command?: string;
}

/** Whether native kernels are installed. */
export type NativeStatus = NativeInstallation | NoNativeInstallation;

/** Native kernels that run in this process. */
export interface NativeKernels {
  readonly tensorflowVersion: string;
  readonly tfjsNodeVersion: string;
  readonly device: 'CPU' | 'GPU';
  /** Undefined where tfjs-node was already loaded, by somebody else. */
  readonly addon: string | undefined;
}

const TFJS_NODE_MANIFEST = '@tensorflow/tfjs-node/package.json';
const INSTALL = 'npx softmax-regression native install';

/** Whether native kernels are here, without loading or running anything. */
export function nativeStatus(): NativeStatus {
  const tfjsNode = findTfjsNode();
  if (tfjsNode === undefined) return noTfjsNode();
  const { folder: tfjsNodeFolder, version: tfjsNodeVersion } = tfjsNode;
  const machine = thisMachine();
  let damage: string | undefined;
  for (const gpu of [true, false]) {
    const folder = nativeFolder(tfjsNodeVersion, machine, gpu);
    const record = readInstallRecord(folder, machine);
    if (record === undefined) continue;
    if ('damage' in record) {
      damage ??= record.damage;
      continue;
    }
    const files = Object.keys(record.files).map((name) => join(folder, name));
    const proof = readProof(files, machine);
    return { installed: true, origin: 'cache', addon: join(folder, ADDON), files, tfjsNodeVersion, gpu, proof };
  }
  const own = ownFiles(tfjsNodeFolder);
  if (own !== undefined) {
    const proof = readProof(own, machine);
    return { installed: true, origin: 'tfjs-node', addon: own[0], files: own, tfjsNodeVersion, gpu: false, proof };
  }
  if (damage !== undefined) return notInstalled(damage, `${INSTALL} --force`);
  const source = nativeSource(machine, false);
  if (!source.ok) return { installed: false, reason: source.reason, advice: source.advice };
  return notInstalled('they were not built yet', INSTALL);
}

/** Without its own install script, which downloads an older library. */
export function noTfjsNode(): NoNativeInstallation & { readonly command: string } {
  return notInstalled(
    'the package @tensorflow/tfjs-node is not installed',
    'npm install --ignore-scripts @tensorflow/tfjs-node@4.22.0',
  );
}

function notInstalled(reason: string, command: string): NoNativeInstallation & { readonly command: string } {
  return { installed: false, reason, advice: `Run: ${command}`, command };
}

/** The package tfjs-node, or undefined. It is looked for from here, because it must share our copy of tfjs. */
export function findTfjsNode(): { readonly folder: string; readonly version: string } | undefined {
  try {
    const manifest = require.resolve(TFJS_NODE_MANIFEST);
    return { folder: dirname(manifest), version: JSON.parse(readFileSync(manifest, 'utf8')).version };
  } catch {
    return undefined;
  }
}

/** What tfjs-node's own installer leaves in its folder: the addon first, then the libraries. */
function ownFiles(tfjsNode: string): readonly string[] | undefined {
  // tfjs-node asks for the highest Node-API version up to 8 that Node has, and every Node since 16 has 8.
  const addon = join(tfjsNode, 'lib', 'napi-v8', 'tfjs_binding.node');
  if (!existsSync(addon)) return undefined;
  const libraries = join(tfjsNode, 'deps', 'lib');
  const names = existsSync(libraries) ? readdirSync(libraries).sort() : [];
  return [addon, ...names.map((name) => join(libraries, name))];
}

let loading: Promise<NativeKernels> | undefined;

/**
 * Registers the backend `'tensorflow'` with tfjs, on the native kernels that `nativeStatus` finds.
 *
 * Files that were not yet proven on this machine are first proven in a child process. A backend that was in use stays
 * in use; where none was, tfjs takes this one. Nothing is written into node_modules.
 *
 * @throws BackendError if there are none, or they do not work here
 */
export function loadNative(): Promise<NativeKernels> {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<NativeKernels> {
  const tf: typeof tfjs = require('@tensorflow/tfjs');
  if (tf.findBackendFactory('tensorflow')) return describe(tf, undefined);
  const status = nativeStatus();
  if (!status.installed) throw unusable(status.reason, status.advice);
  const proof = await prove(status);
  if (!proof.ok) throw unusable(proof.reason, `Run: ${rebuildCommand(status)}`);
  const inUse = tf.getBackend();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  // Kernels of a training step follow one upon the other: a second thread between them only moves the data to and fro.
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  try {
    withQuietTerminal(() => openTfjsNode(createRequire(require.resolve(TFJS_NODE_MANIFEST)), status.addon));
  } catch (cause) {
    throw unusable((cause as Error).message, `Run: ${rebuildCommand(status)}`, cause);
  }
  // tfjs-node makes its backend the one in use when it loads.
  if (inUse) await tf.setBackend(inUse);
  return describe(tf, status.addon);
}

/**
 * The proof that an installation works on this machine: the one on record, or one that is taken now in a child process.
 *
 * @throws the signal's reason if aborted
 */
export async function prove(installation: NativeInstallation, signal?: AbortSignal): Promise<ProbeResult> {
  const { addon, files, origin, proof } = installation;
  if (proof !== undefined) return { ok: true, ...proof };
  const result = await probeAddon(dirname(require.resolve(TFJS_NODE_MANIFEST)), addon, signal);
  if (result.ok && origin === 'cache' && result.tensorflowVersion !== TENSORFLOW_VERSION) {
    return { ok: false, reason: `it is TensorFlow ${result.tensorflowVersion} instead of ${TENSORFLOW_VERSION}` };
  }
  if (result.ok) await writeProof(files, thisMachine(), result);
  return result;
}

function describe(tf: typeof tfjs, addon: string | undefined): NativeKernels {
  const backend = tf.findBackend('tensorflow') as unknown as {
    readonly binding: { readonly TF_Version: string };
    readonly isUsingGpuDevice: boolean;
  };
  return {
    tensorflowVersion: backend.binding.TF_Version,
    tfjsNodeVersion: findTfjsNode()?.version ?? 'unknown',
    device: backend.isUsingGpuDevice ? 'GPU' : 'CPU',
    addon,
  };
}

/** What to run when an installation does not work. That of tfjs-node is not touched: ours is built beside it. */
export function rebuildCommand({ origin }: NativeInstallation): string {
  return origin === 'cache' ? `${INSTALL} --force` : INSTALL;
}

function unusable(actual: string, hint: string, cause?: unknown): BackendError {
  return new BackendError({
    where: 'loadNative',
    argument: 'the native kernels',
    expected: 'be installed and work on this machine',
    actual,
    hint,
    cause,
  });
}
