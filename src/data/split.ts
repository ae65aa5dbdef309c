// data: the split into training and test samples.
import { DomainError, ShapeError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { assertKnownOptions, assertList, assertObject, describe } from '../core/shape.js';
import { allocateLike, assertFeatureArray, type FeatureArray, type FeatureValues } from './batches.js';
import { assertEachClass, assertGroups, assertRestrictions, partsByGroup, partsByTime } from './groups.js';
import { isSparse, type SparseMatrix, sparseRows } from './matrix.js';
import { assertMatrix, LARGEST_COUNT } from './sparse.js';

/** Options of `trainTestSplit`. */
export interface SplitOptions {
  /** The share of samples to hold back, in (0, 1); 0.25 by default. */
  readonly testFraction?: number;
  /** Seed of the split; 0 by default. */
  readonly seed?: number;
  /** One label per sample. Each class is split in the same proportion, up to rounding. */
  readonly stratify?: ArrayLike<string | number | boolean>;
  /** The group of each sample, such as a patient: all samples of a group are in the same part. */
  readonly groups?: ArrayLike<string | number>;
  /** The time of each sample, a number: the test part has the latest samples. Not with `groups`. */
  readonly times?: ArrayLike<number>;
}

/** Indices of samples, in random order; with `times` in their order. Each of 0, …, count − 1 is in exactly one part. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * A random split of `count` samples, as indices for `take`.
 *
 * The test part has round(testFraction·count) samples, and neither part is empty. With `stratify`, the
 * largest-remainder method divides it among the classes; ties go to the class that occurs first.
 *
 * With `groups` and with `times`, the size of the test part is only near that, because groups, and samples of the same
 * time, stay together. `groups` are drawn at random and divided so that each class is near its share. With both, `stratify`
 * guarantees that the training part has samples of each class.
 *
 * @throws DomainError if the fraction is not in (0, 1), there are fewer than two samples, groups or times, a class has
 *         only one sample or group, or only samples of the latest times
 * @throws ShapeError if the number of labels differs from `count`
 * @example
 * const { features, labels } = loadIris();
 * const { train, test } = trainTestSplit(150, { testFraction: 0.2, stratify: labels });
 * take(features, train);   // 120 rows, 40 of each species
 * take(labels, test);      // 30 labels, 10 of each species
 */
export function trainTestSplit(count: number, options: SplitOptions = {}): Split {
  const where = 'trainTestSplit';
  assertKnownOptions(options, ['testFraction', 'seed', 'stratify', 'groups', 'times'], where);
  const { testFraction = 0.25, seed = 0, stratify, groups, times } = options;
  if (!Number.isInteger(count) || count < 2) {
    throw new DomainError({ where, argument: 'count', expected: 'be an integer ≥ 2', actual: describe(count) });
  }
  if (!(typeof testFraction === 'number' && testFraction > 0 && testFraction < 1)) {
    const actual = describe(testFraction);
    throw new DomainError({ where, argument: 'testFraction', expected: 'be in (0, 1)', actual });
  }
  const testCount = Math.min(Math.max(Math.round(testFraction * count), 1), count - 1);
  assertRestrictions(options, count, where);
  const random = new Random(seed);
  const { stratumOf, alone } = strata(stratify, count, where);
  if (times !== undefined) {
    const split = partsByTime(times, testCount, where);
    const hint = 'Drop that class, or change `testFraction`.';
    if (stratify !== undefined) assertEachClass(stratify, split.train, { where, argument: 'times', hint });
    return split;
  }
  if (groups !== undefined) {
    assertGroups(groups, stratify, 2, where);
    const shares = [1 - testFraction, testFraction];
    const partOf = partsByGroup(stratumOf, groups, shares, { random, training: 0 });
    const order = random.permutation(count);
    return { train: order.filter((i) => partOf[i] === 0), test: order.filter((i) => partOf[i] === 1) };
  }
  if (alone !== undefined) {
    throw new DomainError({
      where,
      argument: 'stratify',
      expected: 'have at least 2 samples of each class',
      actual: `1 of ${describe(alone)}`,
      hint: 'Drop that class, or split without stratify.',
    });
  }
  const quotas = testQuotas(stratumOf, testCount);
  const train = new Int32Array(count - testCount);
  const test = new Int32Array(testCount);
  let trained = 0;
  let tested = 0;
  for (const sample of random.permutation(count)) {
    if (quotas[stratumOf[sample]]-- > 0) test[tested++] = sample;
    else train[trained++] = sample;
  }
  return { train, test };
}

/** The class of each sample, numbered in order of first occurrence, and the first class with a single sample. */
function strata(
  labels: SplitOptions['stratify'],
  count: number,
  where: string,
): { readonly stratumOf: Int32Array; readonly alone?: unknown } {
  if (labels === undefined) return { stratumOf: new Int32Array(count) };
  assertList(labels, where, 'stratify', `be an array of ${count} labels`);
  if (labels.length !== count) {
    const expected = `have ${count} labels, one per sample`;
    throw new ShapeError({ where, argument: 'stratify', expected, actual: String(labels.length) });
  }
  const numbers = new Map<unknown, number>();
  const sizes: number[] = [];
  const stratumOf = Int32Array.from(labels, (label) => {
    const stratum = numbers.get(label) ?? numbers.size;
    numbers.set(label, stratum);
    sizes[stratum] = (sizes[stratum] ?? 0) + 1;
    return stratum;
  });
  return { stratumOf, alone: [...numbers.keys()].find((label) => sizes[numbers.get(label) as number] === 1) };
}

/** The number of test samples of each stratum, by the largest-remainder method. */
function testQuotas(stratumOf: Int32Array, testCount: number): Int32Array {
  const sizes = new Int32Array(stratumOf.reduce((most, stratum) => Math.max(most, stratum), 0) + 1);
  for (const stratum of stratumOf) sizes[stratum]++;
  const shares = Array.from(sizes, (size) => (testCount * size) / stratumOf.length);
  const quotas = Int32Array.from(shares, Math.floor);
  const missing = testCount - quotas.reduce((total, quota) => total + quota, 0);
  const byRemainder = Array.from(shares.keys()).sort((a, b) => (shares[b] % 1) - (shares[a] % 1));
  for (const stratum of byRemainder.slice(0, missing)) quotas[stratum]++;
  return quotas;
}

/**
 * The samples at `indices`, in that order and in the same form.
 *
 * @throws DomainError if an index is out of range
 * @example take(['a', 'b', 'c'], Int32Array.of(2, 0))   // ['c', 'a']
 */
export function take<Values extends FeatureValues>(
  samples: FeatureArray<Values>,
  indices: ArrayLike<number>,
): FeatureArray<Values>;
export function take(samples: SparseMatrix, indices: ArrayLike<number>): SparseMatrix;
export function take<Values extends FeatureValues>(samples: Values, indices: ArrayLike<number>): Values;
export function take<Sample>(samples: readonly Sample[], indices: ArrayLike<number>): Sample[];
export function take(
  samples: FeatureArray | SparseMatrix | FeatureValues | readonly unknown[],
  indices: ArrayLike<number>,
): FeatureArray | SparseMatrix | FeatureValues | unknown[] {
  assertObject(samples, 'take', 'samples', 'be an array, a typed array, or { values, shape }');
  assertList(indices, 'take', 'indices', 'be an array of indices');
  if ('values' in samples && 'shape' in samples)
    return isSparse(samples) ? takeSparse(samples, indices) : takeRows(samples, indices);
  assertList(samples, 'take', 'samples', 'be an array, a typed array, or { values, shape }');
  assertIndices(indices, samples.length);
  if (Array.isArray(samples)) return Array.from(indices, (index) => samples[index]);
  const values = samples as FeatureValues;
  const taken = allocateLike(values, indices.length);
  for (let i = 0; i < indices.length; i++) taken[i] = values[indices[i]];
  return taken;
}

function takeRows(features: FeatureArray, indices: ArrayLike<number>): FeatureArray {
  assertFeatureArray(features, 'take', 'samples');
  const [n, d] = features.shape;
  assertIndices(indices, n);
  const values = allocateLike(features.values, indices.length * d);
  for (let i = 0; i < indices.length; i++) {
    values.set(features.values.subarray(indices[i] * d, (indices[i] + 1) * d), i * d);
  }
  return { ...features, values, shape: [indices.length, d] };
}

function takeSparse(matrix: SparseMatrix, indices: ArrayLike<number>): SparseMatrix {
  assertMatrix(matrix, 'take', 'samples');
  const { starts, shape } = matrix;
  assertIndices(indices, shape[0]);
  let count = 0;
  for (let r = 0; r < indices.length; r++) count += starts[indices[r] + 1] - starts[indices[r]];
  if (count <= LARGEST_COUNT) return sparseRows(matrix, indices);
  const rule = { where: 'take', argument: 'indices', expected: `select at most ${LARGEST_COUNT} entries` };
  throw new DomainError({ ...rule, actual: String(count), hint: 'Select fewer rows.' });
}

function assertIndices(indices: ArrayLike<number>, count: number): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    const expected = `be an integer in [0, ${count})`;
    throw new DomainError({ where: 'take', argument: `indices[${i}]`, expected, actual: describe(index) });
  }
}
