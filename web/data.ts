// web: files and Iris → the samples of the page, some of them held back.
import {
  columnStatistics,
  type DataSet,
  FASHION_MNIST_CLASSES,
  type FeatureArray,
  isSoftmaxRegressionError,
  type ReadSamplesOptions,
  readSamples,
} from 'softmax-regression';
import type { TableOptions } from './messages.js';

/** Samples to learn from, and others to test on. */
export interface PageData extends DataSet {
  readonly test: NonNullable<DataSet['test']>;
  /** Of the features; none for pictures. */
  readonly deviations?: Deviations;
}

export interface Deviations {
  readonly mean: ArrayLike<number>;
  readonly scale: ArrayLike<number>;
}

/** A fifth is held back. No more bytes than a page can hold: the 60,000 images of Fashion-MNIST have 47 MB. */
const READING = { testFraction: 0.2, seed: 1, maxBytes: 1e9, maxMemory: 4e9 } as const;

export function irisData(): Promise<PageData> {
  return read('iris', {});
}

/** A table, its columns of text one-hot encoded. */
export function tableData(file: File, { label, missing }: TableOptions): Promise<PageData> {
  return read([file], { label, missing, strings: 'one-hot' });
}

/** Images and their labels: those to learn from, those to test on, or one of the two, of which some are then held back. */
export async function imageData(files: readonly File[], isClothing: boolean): Promise<PageData> {
  if (!isClothing) return read(files, {});
  try {
    return { ...(await read(files, { classNames: FASHION_MNIST_CLASSES })), name: 'Fashion-MNIST' };
  } catch (error) {
    if (!isSoftmaxRegressionError(error) || error.argument !== 'classNames') throw error;
    throw new Error(`${files[0].name}: labels must be 0 to 9 to be clothes. Untick Fashion-MNIST's names.`);
  }
}

async function read(source: 'iris' | readonly File[], options: ReadSamplesOptions): Promise<PageData> {
  const data = await readSamples(source, { ...READING, ...options });
  const deviations = data.image === undefined ? columnStatistics(data.samples.features) : undefined;
  return { ...data, test: data.test as PageData['test'], deviations };
}

export function rowOf({ values, shape: [, d], scale = 1 }: FeatureArray, i: number): Float64Array {
  return Float64Array.from(values.subarray(i * d, (i + 1) * d), (value) => value / scale);
}
