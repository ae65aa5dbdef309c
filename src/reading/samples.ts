// reading: the types of samples, and their division into training and test samples.
import type { Label } from '../core/labels.js';
import type { FeatureArray } from '../data/batches.js';
import { take, trainTestSplit } from '../data/split.js';
import { StoredRows } from '../data/stored-rows.js';
import type { ColumnSummary } from '../data/table/learn/column.js';
import type { CsvSchema } from '../data/table/schema.js';

/** Features and the label of each row. */
export interface Samples<Features extends FeatureArray | StoredRows = FeatureArray> {
  /** [n, d] */
  readonly features: Features;
  /** One for each sample. */
  readonly labels: readonly Label[];
  /** For a table read from a file, the line on which each row begins, from 1. */
  readonly lines?: Float64Array;
  /** With `sampleWeight`, the weight of each sample: pass them to `fit`, `evaluate` and `calibrate`. */
  readonly sampleWeights?: Float64Array;
  /** With `group`, the group of each sample: pass them to `fit` and `crossValidate`. */
  readonly groups?: readonly string[];
  /** With `time`, the time of each sample: pass them to `fit` and `crossValidate`. */
  readonly times?: Float64Array;
}

/** Samples in memory, or with stored features. */
export type AnySamples = Samples<FeatureArray | StoredRows>;

/** Training samples, test samples, and their description. */
export interface DataSet<Features extends FeatureArray | StoredRows = FeatureArray> {
  /** The name of the file or the data set, for display. */
  readonly name: string;
  readonly samples: Samples<Features>;
  /** Test samples, if the files contain some or some were held back. */
  readonly test?: Samples;
  /** All classes: class names in the given order, other labels in ascending order. */
  readonly classes: readonly Label[];
  /** One for each feature; undefined for images. */
  readonly featureNames?: readonly string[];
  /** How a table was read: pass it to `fit`, and the model reads other rows in the same way. */
  readonly schema?: CsvSchema;
  /** The size of an image. */
  readonly image?: { readonly width: number; readonly height: number };
  /** The number of rows dropped because of missing values. */
  readonly dropped: number;
  /** What was found in each column of a table, and what it became. */
  readonly columns?: readonly ColumnSummary[];
  /** With `minClassCount`, the labels that were left out, as written, and the number of rows of each. */
  readonly leftOut?: Readonly<Record<string, number>>;
}

/** A data set in memory, or with stored features. */
export type AnyDataSet = DataSet<FeatureArray | StoredRows>;

/** The description of a data set, without samples and classes. */
export type Described = Omit<DataSet, 'samples' | 'test' | 'classes'>;

/** A class with a single sample, which cannot be in both parts of a split; undefined if there is none. */
export function singleClass(labels: readonly Label[]): Label | undefined {
  const counts = new Map<Label, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].find(([, n]) => n === 1)?.[0];
}

/** How samples are divided. */
export interface DivisionOptions {
  readonly testFraction: number;
  readonly seed: number;
  /** Whether the parts may take the memory of the samples, whose rows then change places. */
  readonly inPlace?: boolean;
}

interface Divided<Part> {
  readonly train: Part;
  readonly test: Part;
}

/**
 * Samples in two parts, stratified by class unless a class has a single sample. Groups stay together; with times, the
 * second part has the latest samples. In each part, samples keep their order.
 */
export function divided(samples: Samples, options: DivisionOptions): Divided<Samples>;
export function divided(samples: AnySamples, options: DivisionOptions): Divided<AnySamples>;
export function divided(
  { features, labels, lines, sampleWeights, groups, times }: AnySamples,
  { testFraction, seed, inPlace }: DivisionOptions,
): Divided<AnySamples> {
  const isRestricted = groups !== undefined || times !== undefined;
  const stratify = isRestricted || singleClass(labels) === undefined ? labels : undefined;
  const split = trainTestSplit(labels.length, { testFraction, seed, stratify, groups, times });
  const [train, test] = [split.train.sort(), split.test.sort()];
  const part = (indices: Int32Array, rows: FeatureArray | StoredRows) => ({
    features: rows,
    labels: take(labels, indices),
    ...(lines && { lines: take(lines, indices) }),
    ...(sampleWeights && { sampleWeights: take(sampleWeights, indices) }),
    ...(groups && { groups: take(groups, indices) }),
    ...(times && { times: take(times, indices) }),
  });
  if (features instanceof StoredRows) {
    return { train: part(train, features.take(train)), test: part(test, features.take(test)) };
  }
  if (!inPlace) return { train: part(train, take(features, train)), test: part(test, take(features, test)) };
  orderRows(features, joined(train, test));
  const { values, shape, ...others } = features;
  const [, d] = shape;
  const border = train.length * d;
  const rowsOf = (own: FeatureArray['values']) => ({ ...others, values: own, shape: [own.length / d, d] as const });
  return { train: part(train, rowsOf(values.subarray(0, border))), test: part(test, rowsOf(values.subarray(border))) };
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** Reorders rows within their memory, which may be most of what there is: row i becomes the row that was at order[i]. */
function orderRows({ values, shape: [n, d] }: FeatureArray, order: Int32Array): void {
  const isDone = new Uint8Array(n);
  for (let start = 0; start < n; start++) {
    if (isDone[start] === 1) continue;
    // The rows of one cycle move up by one place.
    const first = values.slice(start * d, (start + 1) * d);
    let to = start;
    for (let from = order[to]; from !== start; from = order[to]) {
      values.copyWithin(to * d, from * d, (from + 1) * d);
      isDone[to] = 1;
      to = from;
    }
    values.set(first, to * d);
    isDone[to] = 1;
  }
}
