// data: columns of mean 0 and standard deviation 1.

import type { Columns } from '../core/affine.js';
import { binadeOf, square } from '../core/elementary.js';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertList, assertObject, assertShape, describe } from '../core/shape.js';
import { BLOCK_TERMS, BlockSum } from '../core/tree-sum.js';
import { type FeatureArray, type Features, readFeatureArray } from './batches.js';
import type { Source } from './source.js';

/** z = (x − mean)/scale for each column; 0 in a constant column. */
export interface Scaling {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  /** Whether a column has the same value in all samples and therefore carries no information. */
  readonly isConstant: Uint8Array;
}

/** The parameters of (x − mean) / scale. */
export interface Standardization {
  readonly mean: ArrayLike<number>;
  /** The standard deviation of each column; 1 where the column is constant. */
  readonly scale: ArrayLike<number>;
}

/**
 * Mean and standard deviation of each column, in float64.
 *
 *   meanⱼ = Σᵢ xᵢⱼ / n        scaleⱼ = √(Σᵢ (xᵢⱼ − meanⱼ)² / n)
 *
 * The standard deviation is that of the population, with divisor n, as in scikit-learn's StandardScaler.
 *
 * @throws ShapeError if there are no samples; DomainError if a feature is not finite
 * @example columnStatistics([[1, 5], [3, 5]])   // { mean: [2, 5], scale: [1, 1] }
 */
export function columnStatistics(features: Features): { mean: Float64Array; scale: Float64Array } {
  const checked = readFeatureArray(features, Number.MAX_VALUE, 'columnStatistics');
  const [n] = checked.shape;
  if (n === 0) {
    const expected = 'have at least one sample';
    throw new ShapeError({ where: 'columnStatistics', argument: 'features', expected, actual: '0' });
  }
  return statisticsOf({ blocks: () => [checked] });
}

/** `columnStatistics` of blocks of at least one row, whose features are finite. */
export function statisticsOf(rows: Source<FeatureArray>): { mean: Float64Array; scale: Float64Array } {
  let sums: ColumnSums | undefined;
  for (const block of rows.blocks()) {
    sums ??= new ColumnSums(block);
    sums.addRows(block, 0, block.shape[0]);
  }
  const squares = (sums as ColumnSums).squares();
  for (const block of rows.blocks()) squares.addRows(block, 0, block.shape[0]);
  return squares.statistics();
}

/**
 * Adds the rows start, …, end − 1 to a sum that has `reached` rows.
 *
 * @returns how many it has then
 */
function addInBlocks(
  sum: BlockSum,
  reached: number,
  start: number,
  end: number,
  add: (sums: Float64Array, row: number) => void,
): number {
  let count = reached;
  for (let row = start; row < end; ) {
    const stop = Math.min(end, row + BLOCK_TERMS - (count % BLOCK_TERMS));
    count += stop - row;
    for (; row < stop; row++) add(sum.leaf, row);
    sum.reach(count);
  }
  return count;
}

/** Sums of differences from the first row: exactly 0 in a constant column, and more accurate for columns far from 0. */
export class ColumnSums {
  readonly #first: FeatureArray;
  readonly #sums: BlockSum;
  /** The largest difference from the first row, of float64 columns. Squares of all others stay within float64. */
  readonly #largest: Float64Array | undefined;
  #n = 0;

  /** @param features at least the first row */
  constructor(features: FeatureArray) {
    const d = features.shape[1];
    this.#first = { ...features, values: features.values.slice(0, d), shape: [1, d] };
    this.#sums = new BlockSum(d);
    if (features.values[Symbol.toStringTag] === 'Float64Array') this.#largest = new Float64Array(d);
  }

  /** Adds the rows start, …, end − 1 of an array like the one with the first row. */
  addRows({ values, shape }: FeatureArray, start: number, end: number): void {
    const d = shape[1];
    const first = this.#first.values;
    this.#n = addInBlocks(this.#sums, this.#n, start, end, (sums, at) => {
      for (let j = 0; j < d; j++) sums[j] += values[at * d + j] - first[j];
    });
    const largest = this.#largest;
    if (largest === undefined) return;
    for (let i = start * d; i < end * d; i += d) {
      for (let j = 0; j < d; j++) largest[j] = Math.max(largest[j], Math.abs(values[i + j] - first[j]));
    }
  }

  /** The accumulator of the second pass. Call it after all rows are added. */
  squares(): ColumnSquares {
    const { values, scale = 1 } = this.#first;
    const mean = this.#sums.total().map((sum, j) => values[j] + sum / this.#n);
    return new ColumnSquares(this.#n, scale, mean, this.#largest?.map(unitOf));
  }
}

/** Differences within these bounds have squares within float64. */
const [SMALL, LARGE] = [1e-140, 1e140];

/** A power of two by which differences can be multiplied before they are squared. It changes no digit of the result. */
function unitOf(largest: number): number {
  if (largest === 0 || (largest >= SMALL && largest <= LARGE)) return 1;
  return 1 / binadeOf(Math.max(2 ** -1022, Math.min(2 ** 1022, largest)));
}

/** Sums of squared differences from the mean of each column. */
export class ColumnSquares {
  readonly #n: number;
  readonly #divisor: number;
  readonly #mean: Float64Array;
  #reached = 0;
  readonly #sums: BlockSum;
  readonly #unit: Float64Array | undefined;

  /**
   * @param divisor the scale of the features
   * @param unit the factor of each column's differences
   */
  constructor(n: number, divisor: number, mean: Float64Array, unit: Float64Array | undefined) {
    this.#n = n;
    this.#divisor = divisor;
    this.#mean = mean;
    this.#unit = unit?.some((each) => each !== 1) ? unit : undefined;
    this.#sums = new BlockSum(mean.length);
  }

  /** Adds the rows start, …, end − 1. */
  addRows({ values, shape }: FeatureArray, start: number, end: number): void {
    const d = shape[1];
    const unit = this.#unit;
    const mean = this.#mean;
    this.#reached = addInBlocks(this.#sums, this.#reached, start, end, (sums, at) => {
      const from = at * d;
      if (unit === undefined) for (let j = 0; j < d; j++) sums[j] += square(values[from + j] - mean[j]);
      else for (let j = 0; j < d; j++) sums[j] += square((values[from + j] - mean[j]) * unit[j]);
    });
  }

  /** Mean and standard deviation, 1 for a constant column. Call it after all rows are added. */
  statistics(): { mean: Float64Array; scale: Float64Array } {
    const divisor = this.#divisor;
    return {
      mean: this.#mean.map((mean) => mean / divisor),
      scale: this.#sums.total().map((sum, j) => Math.sqrt(sum / this.#n) / (this.#unit?.[j] ?? 1) / divisor || 1),
    };
  }
}

/**
 * Standardised features, (x − mean) / scale for each column, as float32.
 *
 * @param standardization `columnStatistics(train)`, also for samples other than the training samples
 * @throws ShapeError if mean or scale do not have one number per column
 * @throws DomainError if a mean is not finite, a scale not finite or not > 0, or a feature not finite
 * @example standardize([[1, 5], [3, 7]], { mean: [2, 5], scale: [1, 4] }).values   // Float32Array [-1, 0, 1, 0.5]
 */
export function standardize(features: Features, standardization: Standardization): FeatureArray<Float32Array> {
  assertObject(standardization, 'standardize', 'standardization', 'be { mean, scale }');
  const { mean, scale } = standardization;
  assertList(mean, 'standardize', 'mean', 'be an array of numbers');
  assertList(scale, 'standardize', 'scale', 'be an array of numbers');
  const checked = readFeatureArray(features, Number.MAX_VALUE, 'standardize');
  const [n, d] = checked.shape;
  assertShape([mean.length], [d], 'standardize', 'mean');
  assertShape([scale.length], [d], 'standardize', 'scale');
  for (let j = 0; j < d; j++) {
    if (!Number.isFinite(mean[j])) throw badNumber('mean', j, 'be a finite number', mean[j]);
    if (!Number.isFinite(scale[j]) || scale[j] <= 0) throw badNumber('scale', j, 'be a finite number > 0', scale[j]);
  }
  const standardized = new Float32Array(n * d);
  standardizeRows(checked, { mean, scale }, 0, n, standardized);
  return { values: standardized, shape: checked.shape };
}

/** Writes (x − mean) / scale of the rows start, …, end − 1 to the same rows of `into`. */
export function standardizeRows(
  { values, shape, scale: divisor = 1 }: FeatureArray,
  { mean, scale }: Standardization,
  start: number,
  end: number,
  into: Float32Array | Float64Array,
): void {
  const d = shape[1];
  for (let i = start * d; i < end * d; i += d) {
    for (let j = 0; j < d; j++) into[i + j] = (values[i + j] / divisor - mean[j]) / scale[j];
  }
}

/** A deviation that float64 cannot divide by. */
const SMALLEST_DEVIATION = 2 ** -1022;
/** float32 rounds a value by up to this part of it. */
const ROUNDING = 2 ** -24;
/** The largest acceptable rounding of a feature, in deviations. */
const BLUR = 1e-3;

/**
 * Checks that float64 can standardise the columns, and that float32 features have not lost their differences.
 *
 * @throws DomainError with the name of the column
 */
export function assertColumns(
  { values }: Pick<FeatureArray, 'values'>,
  { center, factor, names }: Columns,
  where: string,
): void {
  const isFloat32 = values[Symbol.toStringTag] === 'Float32Array';
  for (let j = 0; j < center.length; j++) {
    const argument = names === undefined ? `column ${j}` : `column ${describe(names[j])}`;
    if (!(factor[j] <= 1 / SMALLEST_DEVIATION)) {
      const expected = `have a deviation of at least ${SMALLEST_DEVIATION.toPrecision(2)}`;
      throw new DomainError({
        where,
        argument,
        expected,
        actual: describe(1 / factor[j]),
        hint: `Multiply its values by 1e100, for example${orIgnored(names?.[j])}.`,
      });
    }
    const deviations = Math.abs(center[j]) * factor[j];
    if (!isFloat32 || deviations * ROUNDING <= BLUR) continue;
    const expected = 'be float64: float32 loses the differences between its values';
    const actual = `float32 with a mean of ${center[j]} and a deviation of ${1 / factor[j]}`;
    throw new DomainError({ where, argument, expected, actual, hint: 'Pass rows of numbers or a Float64Array.' });
  }
}

/** The other way out for a column of this name, which a table may leave out. */
export function orIgnored(name: string | undefined): string {
  return name === undefined ? '' : `, or read the table with \`ignore: [${describe(name)}]\``;
}

function badNumber(argument: string, column: number, expected: string, value: unknown): DomainError {
  return new DomainError({
    where: 'standardize',
    argument: `${argument}[${column}]`,
    expected,
    actual: describe(value),
  });
}
