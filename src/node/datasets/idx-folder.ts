// node: a folder of IDX files, named as MNIST and its relatives name theirs.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, FormatError } from '../../core/errors.js';
import { describe, formatShape } from '../../core/shape.js';
import type { FeatureArray } from '../../data/batches.js';
import { type IdxArray, idxLength, parseIdx } from '../../data/idx.js';
import { readRegularFile } from '../regular-file.js';
import { unpack, unpackStart } from './gunzip.js';

/** Samples and their labels, from two files. */
export interface IdxSamples {
  /** [n, d], in the numbers of the file; bytes have the scale 255, so that they are in [0, 1]. */
  readonly features: FeatureArray;
  /** One integer for each sample. */
  readonly labels: Int32Array;
}

/** What a folder of IDX files holds. */
export interface IdxFolder {
  /** The samples to learn from, in files that begin with `train`, or with neither name. */
  readonly train?: IdxSamples;
  /** The samples to test on, in files that begin with `t10k` or `test`. */
  readonly test?: IdxSamples;
  /** Of one sample: [28, 28]. */
  readonly sampleShape: readonly number[];
}

const FILE = /^(?<set>.*?)(?<part>train|t10k|test)?[-_.]?(?<kind>images|labels)[-_.]idx\d[-_.]?\w*(?<gzip>\.gz)?$/i;

/** 2 GiB: what one array of bytes and one read may have. */
const MAX_BYTES = 2 ** 31 - 1;

const HINT = 'The file is damaged: fetch it again.';

type Part = 'train' | 'test';
type Paths = { images?: string; labels?: string };

/**
 * The samples of a folder with IDX files, such as MNIST's and Fashion-MNIST's.
 *
 * Files are called `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`;
 * `test` stands for `t10k` as well, a dot for a hyphen, and one word may come before all names. A folder may have one of the two
 * parts, and one without a part's name is `train`. Files may be gzipped; where a file is there plain and packed, the plain one is
 * taken. The header tells the length of a file before it is unpacked.
 *
 * @throws FormatError if files are missing, do not belong together, or are no IDX files; BackendError if they cannot be read
 * @example
 * const { train, test, sampleShape } = await loadIdxFolder('mnist');
 * train?.features.shape   // [60000, 784]
 * sampleShape             // [28, 28]
 */
export async function loadIdxFolder(folder: string): Promise<IdxFolder> {
  const parts = await findParts(folder);
  const loaded: Partial<Record<Part, IdxSamples & { sampleShape: readonly number[] }>> = {};
  for (const [part, paths] of parts) loaded[part] = await loadPart(folder, part, paths);
  const { train, test } = loaded;
  const sampleShape = (train ?? test)?.sampleShape ?? [];
  if (train !== undefined && test !== undefined && formatShape(sampleShape) !== formatShape(test.sampleShape)) {
    const expected = `have the shape of the training samples, ${formatShape(sampleShape)}`;
    const actual = formatShape(test.sampleShape);
    throw new FormatError({ where: folder, argument: 'the test samples', expected, actual });
  }
  const samples = ({ features, labels }: IdxSamples): IdxSamples => ({ features, labels });
  return {
    ...(train === undefined ? {} : { train: samples(train) }),
    ...(test === undefined ? {} : { test: samples(test) }),
    sampleShape,
  };
}

/** Which files of the folder are which. */
async function findParts(folder: string): Promise<Map<Part, Paths>> {
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
  const parts = new Map<Part, Paths>();
  // Packed ones first, so that plain ones take their places.
  for (const name of names.sort((a, b) => Number(b.endsWith('.gz')) - Number(a.endsWith('.gz')))) {
    const { set, part = 'train', kind } = FILE.exec(name)?.groups ?? {};
    if (kind === undefined) continue;
    sets.add(set);
    const key = part.toLowerCase() === 'train' ? 'train' : 'test';
    parts.set(key, { ...parts.get(key), [kind.toLowerCase()]: join(folder, name) });
  }
  const expected = 'hold files such as train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or as .gz';
  if (parts.size === 0) throw new FormatError({ where: folder, argument: 'this folder', expected, actual: 'none' });
  if (sets.size > 1) {
    const actual = [...sets].sort().map(describe).join(', ');
    const hint = 'Put each data set into a folder of its own.';
    const one = 'hold one data set, whose files begin alike';
    throw new FormatError({ where: folder, argument: 'this folder', expected: one, actual, hint });
  }
  return parts;
}

async function loadPart(folder: string, part: Part, { images, labels }: Paths) {
  if (images === undefined || labels === undefined) {
    const [missing, present] = images === undefined ? ['images', 'labels'] : ['labels', 'images'];
    const expected = `be there beside its ${present}`;
    throw new FormatError({
      where: folder,
      argument: `the file of ${part} ${missing}`,
      expected,
      actual: 'no such file',
    });
  }
  const { shape: labelShape, values: labelValues } = await loadIdx(labels);
  if (labelShape.length !== 1 || labelValues[Symbol.toStringTag].startsWith('Float')) {
    const expected = 'be one integer for each sample';
    const actual = `${labelValues[Symbol.toStringTag]} of shape ${formatShape(labelShape)}`;
    throw new FormatError({ where: labels, argument: 'labels', expected, actual });
  }
  const { shape, values } = await loadIdx(images);
  const [n, ...sampleShape] = shape;
  if (n !== labelShape[0] || n === 0) {
    const expected = `be ${n === 0 ? 'at least 1' : n}, as many as samples in ${images}`;
    throw new FormatError({ where: labels, argument: 'the number of labels', expected, actual: String(labelShape[0]) });
  }
  const d = sampleShape.reduce((product, size) => product * size, 1);
  const scale = values[Symbol.toStringTag] === 'Uint8Array' ? { scale: 255 } : {};
  return { features: { values, shape: [n, d] as const, ...scale }, labels: Int32Array.from(labelValues), sampleShape };
}

async function loadIdx(path: string): Promise<IdxArray> {
  const content = await readRegularFile(path, MAX_BYTES);
  if (!path.toLowerCase().endsWith('.gz')) return parseIdx(content, { name: path });
  const length = idxLength(unpackStart(content, path, HINT), path);
  assertSize(length, path);
  return parseIdx(await unpack(content, length, path, HINT), { name: path });
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
