// node: loads a folder of IDX files that are named like those of MNIST.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, FormatError } from '../../core/errors.js';
import { describe } from '../../core/shape.js';
import { type IdxArray, idxLength, parseIdx } from '../../data/idx.js';
import {
  type IdxFolder,
  type IdxRole,
  type Pair,
  type Part,
  pairsOf,
  roleByName,
  samplesOfPairs,
} from '../../reading/idx.js';
import { assertPath } from '../files.js';
import { readRegularFile } from '../regular-file.js';
import { unpack, unpackStart } from './gunzip.js';

/** 2 GiB, the limit of one byte array and of one read. */
const MAX_BYTES = 2 ** 31 - 1;

const HINT = 'The file is damaged: fetch it again.';

/**
 * The samples of a folder with IDX files, such as MNIST's and Fashion-MNIST's.
 *
 * The files are named `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
 * `t10k-labels-idx1-ubyte`. `test` may replace `t10k`, a dot may replace a hyphen, and all names may share a prefix.
 * One of the two parts is enough; files without a part in their name are `train`. Files may be gzipped. A plain file
 * takes precedence over a gzipped one.
 *
 * @throws FormatError if files are missing, do not match, or are not IDX files; BackendError if they cannot be read
 * @example
 * const { train, test, sampleShape } = await loadIdxFolder('mnist');
 * train?.features.shape   // [60000, 784]
 * sampleShape             // [28, 28]
 */
export async function loadIdxFolder(folder: string): Promise<IdxFolder> {
  assertPath(folder, 'loadIdxFolder');
  const loaded = new Map<Part, Pair<{ name: string; array: IdxArray }>>();
  for (const [part, { images, labels }] of pairsOf(await findFiles(folder), folder)) {
    loaded.set(part, { labels: await loadIdx(labels.name), images: await loadIdx(images.name) });
  }
  return samplesOfPairs(loaded, folder);
}

/** The files of the folder whose names are those of a data set, by their paths. */
async function findFiles(folder: string): Promise<readonly (IdxRole & { readonly name: string })[]> {
  const names = await readdir(folder).catch((cause) => {
    throw new BackendError({
      where: folder,
      argument: 'this path',
      expected: 'be a readable folder',
      actual: (cause as Error).message,
      cause,
    });
  });
  const sets = new Set<string>();
  const files = new Map<string, IdxRole & { readonly name: string }>();
  // Packed files first, so that plain files replace them.
  for (const name of names.sort((a, b) => Number(b.endsWith('.gz')) - Number(a.endsWith('.gz')))) {
    const role = roleByName(name);
    if (role === undefined) continue;
    const { set, part, kind } = role;
    sets.add(set);
    files.set(`${part} ${kind}`, { part, kind, name: join(folder, name) });
  }
  const expected = 'hold files such as train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or as .gz';
  if (files.size === 0) throw new FormatError({ where: folder, argument: 'this folder', expected, actual: 'none' });
  if (sets.size > 1) {
    const actual = [...sets].sort().map(describe).join(', ');
    const hint = 'Put each data set into a folder of its own.';
    const one = 'hold one data set, whose files have the same prefix';
    throw new FormatError({ where: folder, argument: 'this folder', expected: one, actual, hint });
  }
  return [...files.values()];
}

async function loadIdx(path: string): Promise<{ readonly name: string; readonly array: IdxArray }> {
  const content = await readRegularFile(path, MAX_BYTES);
  if (!path.toLowerCase().endsWith('.gz')) return { name: path, array: parseIdx(content, { name: path }) };
  const length = idxLength(unpackStart(content, path, HINT), path);
  assertSize(length, path);
  return { name: path, array: parseIdx(await unpack(content, length, path, HINT), { name: path }) };
}

function assertSize(size: number, path: string): void {
  if (size <= MAX_BYTES) return;
  throw new FormatError({
    where: path,
    argument: 'the file',
    expected: `have at most ${MAX_BYTES} bytes`,
    actual: `${size}`,
  });
}
