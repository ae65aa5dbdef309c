// data: columns of mean 0 and standard deviation 1.
import { DomainError, ShapeError } from '../core/errors.js';
import { assertShape, describe } from '../core/shape.js';
import { asFeatureArray, type FeatureArray, type Features } from './batches.js';

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
  const checked = asFeatureArray(features, 'columnStatistics');
  const [n] = checked.shape;
  if (n === 0) {
    const expected = 'have at least one sample';
    throw new ShapeError({ where: 'columnStatistics', argument: 'features', expected, actual: '0' });
  }
  const sums = new ColumnSums(checked);
  sums.addRows(0, n);
  const squares = sums.squares();
  squares.addRows(0, n);
  return squares.statistics();
}

/** Sums of differences from the first row: exactly 0 in a constant column, and more accurate for columns far from 0. */
export class ColumnSums {
  readonly #features: FeatureArray;
  readonly #sums: Float64Array;

  constructor(features: FeatureArray) {
    this.#features = features;
    this.#sums = new Float64Array(features.shape[1]);
  }

  addRows(start: number, end: number): void {
    const { values, shape } = this.#features;
    const d = shape[1];
    for (let i = start * d; i < end * d; i += d) {
      for (let j = 0; j < d; j++) this.#sums[j] += values[i + j] - values[j];
    }
  }

  /** The accumulator of the second pass. Call it after all rows are added. */
  squares(): ColumnSquares {
    const { values, shape } = this.#features;
    return new ColumnSquares(
      this.#features,
      this.#sums.map((sum, j) => values[j] + sum / shape[0]),
    );
  }
}

/** Sums of squared differences from the mean of each column. */
export class ColumnSquares {
  readonly #features: FeatureArray;
  readonly #mean: Float64Array;
  readonly #sums: Float64Array;

  constructor(features: FeatureArray, mean: Float64Array) {
    this.#features = features;
    this.#mean = mean;
    this.#sums = new Float64Array(mean.length);
  }

  addRows(start: number, end: number): void {
    const { values, shape } = this.#features;
    const d = shape[1];
    for (let i = start * d; i < end * d; i += d) {
      for (let j = 0; j < d; j++) this.#sums[j] += (values[i + j] - this.#mean[j]) ** 2;
    }
  }

  /** Mean and standard deviation, 1 for a constant column. Call it after all rows are added. */
  statistics(): { mean: Float64Array; scale: Float64Array } {
    const { shape, scale: divisor = 1 } = this.#features;
    return {
      mean: this.#mean.map((mean) => mean / divisor),
      scale: this.#sums.map((sum) => Math.sqrt(sum / shape[0]) / divisor || 1),
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
export function standardize(features: Features, { mean, scale }: Standardization): FeatureArray<Float32Array> {
  const checked = asFeatureArray(features, 'standardize');
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

function badNumber(argument: string, column: number, expected: string, value: unknown): DomainError {
  return new DomainError({
    where: 'standardize',
    argument: `${argument}[${column}]`,
    expected,
    actual: describe(value),
  });
}
