// data: columns of mean 0 and standard deviation 1.
import { DomainError, ShapeError } from '../core/errors.js';
import { assertShape, describe } from '../core/shape.js';
import { asFeatureArray, type FeatureArray, type Features } from './batches.js';

/** What makes a column standard: (x − mean) / scale. */
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
 * The deviation is that of a population, divided by n, as in scikit-learn's StandardScaler.
 *
 * @throws ShapeError if there is no sample; DomainError if a feature is not finite
 * @example columnStatistics([[1, 5], [3, 5]])   // { mean: [2, 5], scale: [1, 1] }
 */
export function columnStatistics(features: Features): { mean: Float64Array; scale: Float64Array } {
  const { values, shape, scale: divisor = 1 } = asFeatureArray(features, 'columnStatistics');
  const [n, d] = shape;
  if (n === 0) {
    const expected = 'have at least one sample';
    throw new ShapeError({ where: 'columnStatistics', argument: 'features', expected, actual: '0' });
  }
  // Sums of differences from the first row: exactly 0 in a constant column, and more exact in one far from 0.
  const mean = new Float64Array(d);
  for (let i = 0; i < values.length; i += d) {
    for (let j = 0; j < d; j++) mean[j] += values[i + j] - values[j];
  }
  for (let j = 0; j < d; j++) mean[j] = values[j] + mean[j] / n;
  const scale = new Float64Array(d);
  for (let i = 0; i < values.length; i += d) {
    for (let j = 0; j < d; j++) scale[j] += (values[i + j] - mean[j]) ** 2;
  }
  for (let j = 0; j < d; j++) {
    mean[j] /= divisor;
    scale[j] = Math.sqrt(scale[j] / n) / divisor || 1;
  }
  return { mean, scale };
}

/**
 * Standardised features, (x − mean) / scale for each column, as float32.
 *
 * @param standardization of the training samples, for every sample ever after: `columnStatistics(train)`
 * @throws ShapeError if mean or scale do not have one number per column
 * @throws DomainError if a mean is not finite, a scale not finite or not > 0, or a feature not finite
 * @example standardize([[1, 5], [3, 7]], { mean: [2, 5], scale: [1, 4] }).values   // Float32Array [-1, 0, 1, 0.5]
 */
export function standardize(features: Features, { mean, scale }: Standardization): FeatureArray<Float32Array> {
  const { values, shape, scale: divisor = 1 } = asFeatureArray(features, 'standardize');
  const [n, d] = shape;
  assertShape([mean.length], [d], 'standardize', 'mean');
  assertShape([scale.length], [d], 'standardize', 'scale');
  for (let j = 0; j < d; j++) {
    if (!Number.isFinite(mean[j])) throw badNumber('mean', j, 'be a finite number', mean[j]);
    if (!Number.isFinite(scale[j]) || scale[j] <= 0) throw badNumber('scale', j, 'be a finite number > 0', scale[j]);
  }
  const standardized = new Float32Array(n * d);
  for (let i = 0; i < values.length; i += d) {
    for (let j = 0; j < d; j++) standardized[i + j] = (values[i + j] / divisor - mean[j]) / scale[j];
  }
  return { values: standardized, shape };
}

function badNumber(argument: string, column: number, expected: string, value: unknown): DomainError {
  return new DomainError({
    where: 'standardize',
    argument: `${argument}[${column}]`,
    expected,
    actual: describe(value),
  });
}
