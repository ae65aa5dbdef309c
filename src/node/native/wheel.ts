// node: downloads wheels with the user's pip or uv, which is configured for their index, proxy and certificates.
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackendError } from '../../core/errors.js';
import { fileError, makeFolder, type OnProgress, sha256OfFile, statIfAny } from '../files.js';
import { systemInstallCommand } from './machine.js';
import { lastLine, runProgram } from './process.js';
import { WHEEL_PYTHON, type Wheel } from './wheels.js';

export interface WheelClient {
  readonly kind: 'pip' | 'uv';
  /** The program and its leading arguments. */
  readonly command: readonly [string, ...string[]];
}

/** The result of a download: the wheel itself from pip, or its `content` in a temporary folder from uv. */
export type Parcel =
  | { readonly kind: 'wheel'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string; readonly content: string };

// pip first: it returns the wheel, which we can verify and store until the build succeeds.
const CLIENTS: readonly WheelClient[] = [
  { kind: 'pip', command: ['python3', '-m', 'pip'] },
  { kind: 'pip', command: ['pip3'] },
  { kind: 'pip', command: ['pip'] },
  { kind: 'uv', command: ['uv'] },
];

/**
 * The first working pip and the first working uv.
 *
 * @throws the signal's reason if aborted
 */
export async function findWheelClients(signal?: AbortSignal): Promise<readonly WheelClient[]> {
  const found: WheelClient[] = [];
  for (const client of CLIENTS) {
    if (found.some(({ kind }) => kind === client.kind)) continue;
    const [program, ...prefix] = client.command;
    const { end, code } = await runProgram(program, [...prefix, '--version'], { signal });
    if (end === 'exit' && code === 0) found.push(client);
  }
  return found;
}

/** The arguments of the client. The file of requirements contains the pinned checksum. */
export function downloadArguments(
  kind: WheelClient['kind'],
  wheel: Wheel,
  requirements: string,
  into: string,
): string[] {
  switch (kind) {
    case 'pip':
      return [
        ...['download', '--no-deps', '--only-binary=:all:', '--require-hashes', '--no-cache-dir', '--progress-bar=off'],
        ...['--python-version', WHEEL_PYTHON, '--implementation', 'cp', '--abi', `cp${WHEEL_PYTHON.replace('.', '')}`],
        ...['--platform', wheel.platform, '--requirement', requirements, '--dest', into],
      ];
    case 'uv':
      return [
        ...['pip', 'install', '--no-deps', '--only-binary=:all:', '--require-hashes', '--no-cache', '--no-progress'],
        ...['--python-version', WHEEL_PYTHON, '--python-platform', uvPlatform(wheel.platform)],
        ...['--requirement', requirements, '--target', into],
      ];
  }
}

/** uv names platforms by architecture and supports manylinux 2.17, and 2.28 and later. */
function uvPlatform(platform: string): string {
  if (platform.startsWith('macosx')) return 'aarch64-apple-darwin';
  return platform.endsWith('aarch64') ? 'aarch64-manylinux_2_28' : 'x86_64-manylinux_2_28';
}

/**
 * Downloads one wheel into `folder`, or finds it there from an earlier attempt.
 *
 * @param clients tried in this order
 * @throws BackendError if there is no client, all clients fail, or the checksum differs; a wrong file is removed
 */
export async function fetchWheel(
  wheel: Wheel,
  folder: string,
  clients: readonly WheelClient[],
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<Parcel> {
  const kept = keptWheel(wheel, folder);
  if ((await statIfAny(kept)) !== undefined) {
    if (await hasChecksum(kept, wheel, onProgress, signal)) return { kind: 'wheel', path: kept };
    await rm(kept);
  }
  const failures: string[] = [];
  for (const client of clients) {
    const result = await download(wheel, folder, client, onProgress, signal);
    if (typeof result !== 'string') return result;
    failures.push(`${client.command.join(' ')}: ${result}`);
  }
  throw clients.length === 0 ? noClient(wheel) : notDelivered(wheel, failures);
}

/** The path of a downloaded wheel until the build succeeds. */
export function keptWheel({ name, version, sha256 }: Wheel, folder: string): string {
  return join(folder, `${name}-${version}-${sha256.slice(0, 16)}.whl`);
}

async function download(
  wheel: Wheel,
  folder: string,
  client: WheelClient,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<Parcel | string> {
  const work = await makeWorkFolder(folder);
  const [requirements, temporary, into] = ['requirements.txt', 'tmp', 'into'].map((name) => join(work, name));
  let parcel: Parcel | undefined;
  const stopWatching = watchDownload(wheel, client, work, onProgress);
  try {
    await writeFile(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
    await mkdir(temporary);
    const [program, ...prefix] = client.command;
    const args = downloadArguments(client.kind, wheel, requirements, into);
    const outcome = await runProgram(program, [...prefix, ...args], {
      // Temporary files beside the result, because /tmp is often small and their size is the progress.
      env: { TMPDIR: temporary, PIP_REQUIRE_VIRTUALENV: 'false', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      signal,
    });
    stopWatching();
    if (outcome.end !== 'exit' || outcome.code !== 0) return reasonOf(outcome.stderr);
    if (client.kind === 'uv') {
      parcel = { kind: 'folder', path: work, content: into };
      return parcel;
    }
    const [file] = (await readdir(into)).filter((name) => name.endsWith('.whl'));
    if (file === undefined) return 'it downloaded no wheel';
    if (!(await hasChecksum(join(into, file), wheel, onProgress, signal))) return `${file} has another sha256`;
    const kept = keptWheel(wheel, folder);
    await rename(join(into, file), kept);
    return { kind: 'wheel', path: kept };
  } catch (error) {
    throw fileError(error, folder);
  } finally {
    stopWatching();
    if (parcel === undefined) await rm(work, { recursive: true, force: true });
  }
}

const WORK_PREFIX = 'fetch-';

async function makeWorkFolder(folder: string): Promise<string> {
  await makeFolder(folder);
  return mkdtemp(join(folder, WORK_PREFIX)).catch((error) => {
    throw fileError(error, folder);
  });
}

/** Removes the leftovers of killed downloads. Only the holder of the lock may call it. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.startsWith(WORK_PREFIX)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function hasChecksum(
  path: string,
  wheel: Wheel,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<boolean> {
  const named: OnProgress = (progress) => onProgress?.({ ...progress, stage: `check ${wheel.name} ${wheel.version}` });
  return (await sha256OfFile(path, named, signal)) === wheel.sha256;
}

const WATCH_INTERVAL = 250;

/** Reports the progress of a download by the size of the files, because the output of pip differs between versions. */
function watchDownload(wheel: Wheel, { kind }: WheelClient, folder: string, onProgress?: OnProgress): () => void {
  const stage = `download ${wheel.name} ${wheel.version}`;
  if (kind === 'uv') {
    onProgress?.({ stage, done: 0 }); // uv unpacks while it downloads, so file sizes say nothing
    return () => {};
  }
  let watching = true;
  const watch = async () => {
    for (let done = 0; watching; await sleep(WATCH_INTERVAL, undefined, { ref: false })) {
      onProgress?.({ stage, done, total: wheel.bytes, unit: 'bytes' });
      done = Math.max(done, Math.min(wheel.bytes, await sizeOfWheels(folder)));
    }
  };
  void watch();
  return () => {
    watching = false;
  };
}

async function sizeOfWheels(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const states = await Promise.all(names.map((name) => statIfAny(join(folder, name))));
  return states.reduce((sum, state) => sum + (state?.isFile() ? state.size : 0), 0);
}

/** The line with the reason. pip marks it and adds advice below. */
function reasonOf(stderr: string): string {
  const errors = stderr.split('\n').filter((line) => /^(ERROR|error):|hash/i.test(line.trim()));
  return lastLine(errors.length > 0 ? errors.join('\n') : stderr);
}

/** Another way to TensorFlow's library. */
const OWN_INSTALLER =
  'Or use the installer of tfjs-node itself: npm rebuild @tensorflow/tfjs-node --ignore-scripts=false. Until then the wasm backend works.';

function noClient({ name, meanwhile }: Wheel): BackendError {
  const install = systemInstallCommand('pip');
  return new BackendError({
    where: 'native install',
    argument: 'pip or uv',
    expected: `be installed, to download ${name}`,
    actual: 'neither',
    hint: `${install === undefined ? 'Install one of them' : `Run: ${install}`}. ${meanwhile ?? OWN_INSTALLER}`,
  });
}

function notDelivered(
  { name, version, meanwhile = 'Until then the wasm backend works.' }: Wheel,
  failures: readonly string[],
): BackendError {
  return new BackendError({
    where: 'native install',
    argument: `${name} ${version}`,
    expected: 'be downloaded with the pinned sha256',
    actual: failures.join('; '),
    hint: `Check network, proxy and the index of pip (pip config list), and run it again. ${meanwhile}`,
  });
}
