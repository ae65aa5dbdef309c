// reading: what samples are, and their division into those to learn from and those held back.
import type { Label } from '../core/labels.js';
import type { FeatureArray } from '../data/batches.js';
import { take, trainTestSplit } from '../data/split.js';
import type { CsvSchema } from '../data/table/schema.js';

/** Features and the label of each row. */
export interface Samples {
  /** [n, d] */
  readonly features: FeatureArray;
  /** One for each sample. */
  readonly labels: readonly Label[];
}

/** Samples to learn from, those set aside to test on, and what is known of them beside their numbers. */
export interface DataSet {
  /** The file's or the data set's, for people. */
  readonly name: string;
  readonly samples: Samples;
  /** Samples to test on, where the files have some or some were held back. */
  readonly test?: Samples;
  /** All classes: class names in their order, other labels in ascending order. */
  readonly classes: readonly Label[];
  /** One for each feature; none for pictures. */
  readonly featureNames?: readonly string[];
  /** How a table was read: give it to `fit`, and the model reads other rows in the same way. */
  readonly schema?: CsvSchema;
  /** The size of a sample that is a picture. */
  readonly image?: { readonly width: number; readonly height: number };
  /** How many rows with missing values were left out. */
  readonly dropped: number;
}

/** What is known of samples beside their numbers. */
export type Described = Omit<DataSet, 'samples' | 'test' | 'classes'>;

/** A class of a single sample, which cannot be in both parts of a split; undefined if there is none. */
export function singleClass(labels: readonly Label[]): Label | undefined {
  const counts = new Map<Label, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].find(([, n]) => n === 1)?.[0];
}

/** Samples in two parts, the same share of each class; not stratified where a class has a single sample. */
export function divided(
  { features, labels }: Samples,
  { testFraction, seed }: { readonly testFraction: number; readonly seed: number },
): { readonly train: Samples; readonly test: Samples } {
  const stratify = singleClass(labels) === undefined ? labels : undefined;
  const { train, test } = trainTestSplit(labels.length, { testFraction, seed, stratify });
  const part = (indices: Int32Array) => ({ features: take(features, indices), labels: take(labels, indices) });
  return { train: part(train), test: part(test) };
}
