// node: loads IDX files with pinned checksums from the first source that has them.
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, FormatError, isSoftmaxRegressionError, type SoftmaxRegressionError } from '../../core/errors.js';
import { formatShape } from '../../core/shape.js';
import { type IdxArray, parseIdx } from '../../data/idx.js';
import { writeFileAtomic } from '../atomic-writer.js';
import { cacheFolder, fileError, makeFolder, type OnProgress, statIfAny } from '../files.js';
import { withLock } from '../lock.js';
import { readRegularFile } from '../regular-file.js';
import { assertTrusted } from '../trust.js';
import { unpackDebianPackage } from './debian-package.js';
import { download, type ExpectedFile } from './download.js';
import { unpack } from './gunzip.js';

/** One IDX file of bytes: its name, shape and checksum, plain and packed. */
export interface PinnedFile {
  /** Without `.gz`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly sha256: string;
  readonly gzip: ExpectedFile;
}

/** A data set and its sources. */
export interface PinnedData<Part extends string> {
  readonly name: string;
  readonly files: Readonly<Record<Part, PinnedFile>>;
  /** The environment variable that names a folder with the files. */
  readonly folderVariable: string;
  /** The environment variable with other mirrors, separated by spaces. */
  readonly mirrorsVariable: string;
  readonly cacheName: string;
  readonly debianPackage: string;
  /** The folder in which that package installs the files. */
  readonly systemFolder: string;
  /** URLs to which the name of a packed file is appended. */
  readonly mirrors: readonly string[];
  /** A command that gets the files if all sources fail. */
  readonly command: string;
}

/** Options of loaders of published data sets. */
export interface PinnedDataOptions {
  /** The folder of the files, instead of a search. */
  readonly dir?: string;
  /** Search on this machine only. */
  readonly offline?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export interface FoundData<Part extends string> {
  readonly arrays: Record<Part, IdxArray>;
  /** The source of the files, as a readable phrase. */
  readonly source: string;
}

/**
 * The files of a data set, each checked against its pinned sha256.
 *
 * A folder given by the caller or by the environment is the only one searched. Otherwise the first source that has all
 * files is used: the cache, the system folder, each mirror, the Debian package. The last two fill the cache.
 *
 * @throws FormatError if a file of the given folder is missing or wrong
 * @throws BackendError if no source has the files, with the reason for each; the signal's reason if aborted
 */
export async function loadPinnedData<Part extends string>(
  data: PinnedData<Part>,
  options: PinnedDataOptions,
): Promise<FoundData<Part>> {
  const { dir, offline = false, signal } = options;
  signal?.throwIfAborted();
  if (dir !== undefined) return { arrays: await readFolder(data, dir), source: `folder ${dir}` };
  const named = process.env[data.folderVariable];
  if (named) {
    return { arrays: await readFolder(data, named), source: `folder ${named} ($${data.folderVariable})` };
  }
  const reasons = [`$${data.folderVariable}: not set`];
  const firstOf = async (places: readonly Place<Part>[]): Promise<FoundData<Part> | undefined> => {
    for (const { source, load } of places) {
      try {
        return { arrays: await load(), source };
      } catch (error) {
        signal?.throwIfAborted();
        if (!isSoftmaxRegressionError(error)) throw error;
        reasons.push(`${source}: ${error.message}`);
      }
    }
    return undefined;
  };
  const here = await firstOf(placesHere(data));
  if (here !== undefined) return here;
  // Every other place fills the cache, so this reason alone is enough.
  if (!offline) assertTrusted(cacheFolder(), [cacheFolder(data.cacheName)]);
  const away = offline ? undefined : await firstOf(placesAway(data, options));
  if (away !== undefined) return away;
  if (offline) reasons.push('the network: not used, because of `offline`');
  throw new BackendError({
    where: data.name,
    argument: 'its files',
    expected: 'be on this machine or on the network',
    actual: 'none',
    hint: `Run: ${data.command}\nTried:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
  });
}

interface Place<Part extends string> {
  readonly source: string;
  readonly load: () => Promise<Record<Part, IdxArray>>;
}

function placesHere<Part extends string>(data: PinnedData<Part>): Place<Part>[] {
  const { systemFolder, debianPackage } = data;
  const cache = cacheFolder(data.cacheName);
  return [
    {
      source: `cache ${cache}`,
      load: async () => {
        assertTrusted(cacheFolder(), [cache]);
        return readFolder(data, cache);
      },
    },
    {
      source: `Debian package ${debianPackage} in ${systemFolder}`,
      load: () => readFolder(data, systemFolder),
    },
  ];
}

function placesAway<Part extends string>(data: PinnedData<Part>, options: PinnedDataOptions): Place<Part>[] {
  const cache = cacheFolder(data.cacheName);
  const mirrors = process.env[data.mirrorsVariable]?.match(/\S+/g) ?? data.mirrors;
  return [
    ...mirrors.map((mirror) => ({
      source: `download from ${mirror} into ${cache}`,
      load: () => fillCache(data, cache, options, (scratch) => fromMirror(data, mirror, scratch, options)),
    })),
    {
      source: `Debian package ${data.debianPackage}, unpacked into ${cache}`,
      load: () => fillCache(data, cache, options, (scratch) => fromDebian(data, scratch, options)),
    },
  ];
}

/** Puts one file into a folder, packed or not, and returns that folder. */
type Obtain = (file: PinnedFile) => Promise<string>;

/** The arrays of the cache. Missing files are obtained, checked and added first. */
async function fillCache<Part extends string>(
  data: PinnedData<Part>,
  cache: string,
  { signal, onProgress }: PinnedDataOptions,
  obtainInto: (scratch: string) => Obtain,
): Promise<Record<Part, IdxArray>> {
  const onWait = (stage: string) => onProgress?.({ stage, done: 0 });
  const scratch = join(cache, '.scratch');
  const fill = async () => {
    await makeFolder(scratch);
    const obtain = obtainInto(scratch);
    const arrays = await readEach(data, async (file) => {
      const cached = await readPinned(cache, file).catch(() => undefined);
      if (cached !== undefined) return cached.array;
      const { bytes, array } = await readPinned(await obtain(file), file);
      await writeFileAtomic(join(cache, file.name), bytes);
      return array;
    });
    // Only after success: the next call resumes a partial download from here.
    await rm(scratch, { recursive: true, force: true });
    return arrays;
  };
  return withLock(cache, fill, { signal, onWait }).catch((error) => {
    throw fileError(error, cache);
  });
}

function fromMirror<Part extends string>(
  data: PinnedData<Part>,
  mirror: string,
  scratch: string,
  { onProgress, signal }: PinnedDataOptions,
): Obtain {
  const files = Object.values<PinnedFile>(data.files);
  const total = files.reduce((sum, file) => sum + file.gzip.bytes, 0);
  onProgress?.({ stage: `ask ${mirror} for ${data.name}`, done: 0 });
  return async (file) => {
    const before = files.slice(0, files.indexOf(file)).reduce((sum, each) => sum + each.gzip.bytes, 0);
    const onBytes = (bytes: number) =>
      onProgress?.({ stage: `download ${data.name}`, done: before + bytes, total, unit: 'bytes' });
    const packed = `${file.name}.gz`;
    const unpacked = { path: join(scratch, file.name), bytes: lengthOf(file), sha256: file.sha256 };
    const url = `${mirror.replace(/\/*$/, '/')}${packed}`;
    await download(url, join(scratch, packed), file.gzip, { onBytes, signal, unpacked });
    return scratch;
  };
}

function fromDebian<Part extends string>(
  data: PinnedData<Part>,
  scratch: string,
  { onProgress, signal }: PinnedDataOptions,
): Obtain {
  const folder = join(scratch, 'debian');
  let unpacked: Promise<string> | undefined;
  const unpack = async () => {
    await rm(folder, { recursive: true, force: true });
    try {
      return await unpackDebianPackage(data.debianPackage, folder, { onProgress, signal });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  };
  return async () => {
    unpacked ??= unpack();
    return join(await unpacked, data.systemFolder);
  };
}

function readFolder<Part extends string>(data: PinnedData<Part>, folder: string): Promise<Record<Part, IdxArray>> {
  return readEach(data, async (file) => (await readPinned(folder, file)).array);
}

async function readEach<Part extends string>(
  data: PinnedData<Part>,
  read: (file: PinnedFile) => Promise<IdxArray>,
): Promise<Record<Part, IdxArray>> {
  const arrays: Partial<Record<Part, IdxArray>> = {};
  for (const part of Object.keys(data.files) as Part[]) arrays[part] = await read(data.files[part]);
  return arrays as Record<Part, IdxArray>;
}

/** A file of a folder, plain or packed, as bytes and as an array. */
async function readPinned(folder: string, file: PinnedFile): Promise<{ bytes: Uint8Array; array: IdxArray }> {
  const plain = join(folder, file.name);
  const path = (await statIfAny(plain)) === undefined ? `${plain}.gz` : plain;
  const state = await statIfAny(path);
  if (state === undefined) {
    const actual = (await statIfAny(folder)) === undefined ? 'no such folder' : 'no such file';
    const expected = 'be there, plain or as .gz';
    throw new FormatError({ where: folder, argument: file.name, expected, actual });
  }
  const length = lengthOf(file);
  // Packing lengthens a file by less than this. A larger file is refused unread.
  const limit = length + Math.ceil(length / 1000) + 64;
  const content = await readRegularFile(path, limit).catch((cause: SoftmaxRegressionError) => {
    const { expected, actual } = cause;
    throw new FormatError({ where: path, argument: 'the file', expected, actual, hint: REPLACE, cause });
  });
  const bytes = path === plain ? content : await unpack(content, length, path, REPLACE);
  const array = parseIdx(bytes, { name: path, magic: 0x0800 + file.shape.length });
  if (formatShape(array.shape) !== formatShape(file.shape)) {
    const expected = `be ${formatShape(file.shape)}`;
    throw new FormatError({
      where: path,
      argument: 'shape',
      expected,
      actual: formatShape(array.shape),
      hint: REPLACE,
    });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== file.sha256) {
    const expected = `be ${file.sha256} once unpacked`;
    throw new FormatError({ where: path, argument: 'sha256', expected, actual: sha256, hint: REPLACE });
  }
  return { bytes, array };
}

/** The length of the unpacked file: header and bytes. */
function lengthOf({ shape }: PinnedFile): number {
  return 4 + 4 * shape.length + shape.reduce((product, size) => product * size);
}

const REPLACE = 'This is not the published file. Fetch it again.';
