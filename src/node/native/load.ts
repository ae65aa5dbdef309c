// node: finds the native kernels and loads them into tfjs. install.ts installs them, probe.ts tests them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import { BackendError } from '../../core/errors.js';
import { type Float64Kernels, useFloat64Kernels } from '../../core/simd.js';
import { nativeSource, thisMachine } from './machine.js';
import { openTfjsNode, type ProbeResult, probeAddon } from './probe.js';
import {
  ADDON,
  type Damage,
  float64Addon,
  nativeFolder,
  type Proof,
  readInstallRecord,
  readProof,
  writeProof,
} from './record.js';
import { repairRound } from './repair.js';
import { applySettings } from './settings.js';
import { type StandardError, withoutStartLines } from './start-lines.js';
import { TENSORFLOW_VERSION } from './wheels.js';

/** Native kernels that are ready to be loaded. */
export interface NativeInstallation {
  readonly installed: true;
  /** `'cache'`: built by `installNative`. `'tfjs-node'`: installed into node_modules by tfjs-node's own installer. */
  readonly origin: 'cache' | 'tfjs-node';
  readonly addon: string;
  /** The addon and the libraries it needs. */
  readonly files: readonly string[];
  readonly tfjsNodeVersion: string;
  /** Whether they were built for CUDA. The device in use is known when they run. */
  readonly gpu: boolean;
  /** The proof that exactly these files ran on this machine. `loadNative` creates it if it is missing. */
  readonly proof: Proof | undefined;
}

/** The reason why there are no native kernels, and what to do. */
export interface NoNativeInstallation {
  readonly installed: false;
  readonly reason: string;
  /** What to do, in whole sentences. */
  readonly advice: string;
  /** The same as one command, if one command is enough. */
  readonly command?: string;
}

/** Whether native kernels are installed. */
export type NativeStatus = NativeInstallation | NoNativeInstallation;

/** Native kernels that are loaded in this process. */
export interface NativeKernels {
  readonly tensorflowVersion: string;
  readonly tfjsNodeVersion: string;
  readonly device: 'CPU' | 'GPU';
  /** Undefined if tfjs-node was already loaded by other code. */
  readonly addon: string | undefined;
}

const TFJS_NODE_MANIFEST = '@tensorflow/tfjs-node/package.json';
const INSTALL = 'npx softmax-regression native install';

/** Whether native kernels are installed. Nothing is loaded or run. */
export function nativeStatus(): NativeStatus {
  const tfjsNode = findTfjsNode();
  if (tfjsNode === undefined) return noTfjsNode();
  const { folder: tfjsNodeFolder, version: tfjsNodeVersion } = tfjsNode;
  const machine = thisMachine();
  let damaged: Damage | undefined;
  for (const gpu of [true, false]) {
    const folder = nativeFolder(tfjsNodeVersion, machine, gpu);
    const record = readInstallRecord(folder, machine);
    if (record === undefined) continue;
    if ('damage' in record) {
      damaged ??= record;
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
  if (damaged?.advice !== undefined) {
    const { damage: reason, advice } = damaged;
    return { installed: false, reason, advice, command: /^Run: (.*)$/.exec(advice)?.[1] };
  }
  if (damaged !== undefined) return notInstalled(damaged.damage, `${INSTALL} --force`);
  const source = nativeSource(machine, false);
  if (!source.ok) return { installed: false, reason: source.reason, advice: source.advice };
  return notInstalled('they are not built yet', INSTALL);
}

/** The command skips tfjs-node's install script, which downloads an older library. */
export function noTfjsNode(): NoNativeInstallation & { readonly command: string } {
  return notInstalled(
    'the package @tensorflow/tfjs-node is not installed',
    'npm install --ignore-scripts @tensorflow/tfjs-node@4.22.0',
  );
}

function notInstalled(reason: string, command: string): NoNativeInstallation & { readonly command: string } {
  return { installed: false, reason, advice: `Run: ${command}`, command };
}

/** The package tfjs-node, or undefined. It is resolved from here, because it must share our copy of tfjs. */
export function findTfjsNode(): { readonly folder: string; readonly version: string } | undefined {
  try {
    const manifest = require.resolve(TFJS_NODE_MANIFEST);
    return { folder: dirname(manifest), version: JSON.parse(readFileSync(manifest, 'utf8')).version };
  } catch {
    return undefined;
  }
}

/** The files of tfjs-node's own installer: the addon first, then the libraries. */
function ownFiles(tfjsNode: string): readonly string[] | undefined {
  // tfjs-node uses the highest Node-API version up to 8, which every Node since 16 supports.
  const addon = join(tfjsNode, 'lib', 'napi-v8', 'tfjs_binding.node');
  if (!existsSync(addon)) return undefined;
  const libraries = join(tfjsNode, 'deps', 'lib');
  const names = existsSync(libraries) ? readdirSync(libraries).sort() : [];
  return [addon, ...names.map((name) => join(libraries, name))];
}

let loading: Promise<NativeKernels> | undefined;

/**
 * Registers the backend `'tensorflow'` with tfjs, using the native kernels that `nativeStatus` finds. Our float64 kernels
 * then replace those in WebAssembly, with the same results.
 *
 * Files without a proof for this machine are first tested in a child process. The backend in use stays in use; if there
 * is none, tfjs uses this one. Nothing is written into node_modules.
 *
 * @throws BackendError if there are no native kernels, or they do not work on this machine
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
  if (tf.findBackendFactory('tensorflow')) {
    repairRound(tf);
    return describe(tf, undefined);
  }
  const status = nativeStatus();
  if (!status.installed) throw unusable(status.reason, status.advice);
  const denied = deniedByDeno();
  if (denied.length > 0) throw unusable(`Deno without ${denied.join(' and ')}`, 'Pass --allow-all to Deno.');
  const proof = await prove(status);
  if (!proof.ok) throw unusable(proof.reason, `Run: ${rebuildCommand(status)}`);
  const inUse = tf.getBackend();
  applySettings();
  try {
    const requireFromTfjsNode = createRequire(require.resolve(TFJS_NODE_MANIFEST));
    const path = float64Addon(status.addon);
    const own = existsSync(path) ? (requireFromTfjsNode(path) as Float64Kernels & StandardError) : undefined;
    withoutStartLines(own, () => openTfjsNode(requireFromTfjsNode, status.addon));
    useFloat64Kernels(own);
  } catch (cause) {
    throw unusable((cause as Error).message, `Run: ${rebuildCommand(status)}`, cause);
  }
  repairRound(tf);
  // tfjs-node selects its backend when it loads.
  if (inUse) await tf.setBackend(inUse);
  return describe(tf, status.addon);
}

interface Deno {
  readonly permissions: { readonly querySync: (permission: { readonly name: string }) => { readonly state: string } };
}

/** The flags of the permissions that native kernels need and Deno did not grant; none in other runtimes. */
export function deniedByDeno(): string[] {
  const { Deno } = globalThis as { readonly Deno?: Deno };
  if (Deno === undefined) return [];
  const isDenied = (name: string) => Deno.permissions.querySync({ name }).state !== 'granted';
  return ['run', 'ffi'].filter(isDenied).map((name) => `--allow-${name}`);
}

/**
 * The proof that an installation works on this machine: from the record, or by a test in a child process.
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

/** The command for an installation that does not work. An installation of tfjs-node stays; ours is built beside it. */
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
