// reading: pairs of IDX files, as in MNIST and similar data sets → samples and their labels.
import { DomainError, FormatError } from '../core/errors.js';
import { type Label, sortedClasses } from '../core/labels.js';
import { formatShape } from '../core/shape.js';
import type { FeatureArray } from '../data/batches.js';
import type { IdxArray } from '../data/idx.js';
import type { DataSet } from './samples.js';

/** Samples and their labels, from two files. */
export interface IdxSamples {
  /** [n, d], in the number type of the file; bytes have scale 255, so that features are in [0, 1]. */
  readonly features: FeatureArray;
  /** One integer for each sample. */
  readonly labels: Int32Array;
}

/** The contents of a folder of IDX files. */
export interface IdxFolder {
  /** The training samples: files whose names begin with `train`, or with none of the three words. */
  readonly train?: IdxSamples;
  /** The test samples: files whose names begin with `t10k` or `test`. */
  readonly test?: IdxSamples;
  /** The shape of one sample: [28, 28]. */
  readonly sampleShape: readonly number[];
}

export type Part = 'train' | 'test';

/** The part and kind of a file. */
export interface IdxRole {
  readonly part: Part;
  readonly kind: 'images' | 'labels';
}

/** Images and their labels. */
export interface Pair<F> {
  readonly images: F;
  readonly labels: F;
}

const NAME = /^(?<set>.*?)(?<part>train|t10k|test)?[-_.]?(?<kind>images|labels)[-_.]idx\d[-_.]?\w*(?:\.gz)?$/i;

/** The role of a file by its name, and the prefix of the name; undefined for other names. */
export function roleByName(name: string): (IdxRole & { readonly set: string }) | undefined {
  const groups = NAME.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const { set, part = 'train', kind } = groups;
  return { set, part: part.toLowerCase() === 'train' ? 'train' : 'test', kind: kind.toLowerCase() as IdxRole['kind'] };
}

/** The role of a file: by its name, or by its number of axes and whether its name contains `test` or `t10k`. */
export function roleOf(name: string, { shape }: IdxArray): IdxRole {
  const kind = shape.length === 1 ? 'labels' : 'images';
  return roleByName(name) ?? { kind, part: /t10k|test/i.test(name) ? 'test' : 'train' };
}

/**
 * Pairs images with their labels.
 *
 * @param where the folder or the files, for error messages
 * @throws FormatError if a file of a pair is missing, or there are several for one role
 */
export function pairsOf<F extends IdxRole & { readonly name: string }>(
  files: readonly F[],
  where: string,
): Map<Part, Pair<F>> {
  const pairs = new Map<Part, Pair<F>>();
  for (const part of ['train', 'test'] as const) {
    const of = (kind: IdxRole['kind']) => {
      const found = files.filter((file) => file.part === part && file.kind === kind);
      if (found.length < 2) return found[0];
      const actual = found.map(({ name }) => name).join(', ');
      const hint = 'Leave out all but one of them.';
      throw new FormatError({ where, argument: `the ${part} ${kind}`, expected: 'be in one file', actual, hint });
    };
    const [images, labels] = [of('images'), of('labels')];
    if (images !== undefined && labels !== undefined) pairs.set(part, { images, labels });
    else if (images !== labels) {
      const missing = images === undefined ? 'images' : 'labels';
      const argument = `the file of ${part} ${missing}`;
      const expected = `be given beside ${(images ?? labels)?.name}`;
      const [first, axes] = [part === 'train' ? 'train' : 't10k', images === undefined ? 3 : 1];
      const hint = `A usual name is ${first}-${missing}-idx${axes}-ubyte.`;
      throw new FormatError({ where, argument, expected, actual: 'no such file', hint });
    }
  }
  return pairs;
}

interface IdxFile {
  readonly name: string;
  readonly array: IdxArray;
}

/**
 * The samples of pairs of files.
 *
 * @throws FormatError if the number of samples, the type of labels or the shape of samples is invalid
 */
export function samplesOfPairs(pairs: ReadonlyMap<Part, Pair<IdxFile>>, where: string): IdxFolder {
  const parts = new Map([...pairs].map(([part, pair]) => [part, samplesOfPair(pair)]));
  const [train, test] = [parts.get('train'), parts.get('test')];
  const sampleShape = (train ?? test)?.sampleShape ?? [];
  if (test !== undefined && formatShape(sampleShape) !== formatShape(test.sampleShape)) {
    const expected = `have the shape of the training samples, ${formatShape(sampleShape)}`;
    const actual = formatShape(test.sampleShape);
    throw new FormatError({ where, argument: 'the test samples', expected, actual });
  }
  return { ...(train && { train: train.samples }), ...(test && { test: test.samples }), sampleShape };
}

function samplesOfPair({ images, labels }: Pair<IdxFile>): { samples: IdxSamples; sampleShape: readonly number[] } {
  const { shape: labelShape, values: labelValues } = labels.array;
  if (labelShape.length !== 1 || labelValues[Symbol.toStringTag].startsWith('Float')) {
    const expected = 'be one integer for each sample';
    const actual = `${labelValues[Symbol.toStringTag]} of shape ${formatShape(labelShape)}`;
    const hint = labelShape.length > 1 ? 'Were the files of images and labels swapped?' : undefined;
    throw new FormatError({ where: labels.name, argument: 'labels', expected, actual, hint });
  }
  const { shape, values } = images.array;
  const [n, ...sampleShape] = shape;
  if (n === 0) {
    const rule = { argument: 'the number of samples', expected: 'be at least 1', actual: '0' };
    throw new FormatError({ where: images.name, ...rule });
  }
  if (n !== labelShape[0]) {
    const expected = `be ${n}, the number of samples in ${images.name}`;
    const [actual, hint] = [String(labelShape[0]), 'Are the two files parts of one data set?'];
    throw new FormatError({ where: labels.name, argument: 'the number of labels', expected, actual, hint });
  }
  const d = sampleShape.reduce((product, size) => product * size, 1);
  const scale = values[Symbol.toStringTag] === 'Uint8Array' ? { scale: 255 } : {};
  const features = { values, shape: [n, d] as const, ...scale };
  return { samples: { features, labels: Int32Array.from(labelValues) }, sampleShape };
}

/**
 * IDX files as a data set. If there is only one part, its samples are the training samples.
 *
 * @param classNames the names of the labels 0, 1, …
 * @throws DomainError if a label has no name
 */
export function pictureData(
  name: string,
  { train, test, sampleShape }: IdxFolder,
  classNames?: readonly string[],
): DataSet {
  const parts = [train, test].flatMap((part) => part ?? []);
  const [samples, tested] = parts.map(({ features, labels }) => ({
    features,
    labels: Array.from(labels, (label): Label => (classNames === undefined ? label : nameOf(label, classNames, name))),
  }));
  const [height, width] = sampleShape;
  return {
    name,
    samples,
    ...(tested && { test: tested }),
    classes: classNames ?? sortedClasses(parts.flatMap(({ labels }) => Array.from(labels))),
    ...(sampleShape.length === 2 ? { image: { width, height } } : {}),
    dropped: 0,
  };
}

function nameOf(label: number, classNames: readonly string[], where: string): string {
  if (label in classNames) return classNames[label];
  const actual = `${classNames.length} names and the label ${label}`;
  throw new DomainError({ where, argument: 'classNames', expected: 'have a name for each label', actual });
}
