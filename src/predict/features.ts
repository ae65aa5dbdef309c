// predict: the features that a predictor accepts, and their checks.
import type { Columns } from '../core/affine.js';
import { DomainError, ShapeError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { LARGEST_FLOAT32 } from '../core/tolerance.js';
import { list } from './container.js';
import { type Check, checkOf, isPositive, isSizes, orNothing, POSITIVE } from './json.js';

/** Rows of numbers, or n rows of d numbers in one array. With `scale`, each number is divided by it. */
export type Features =
  | readonly ArrayLike<number>[]
  | {
      readonly values: ArrayLike<number>;
      /** [n, d] */
      readonly shape: readonly [number, number];
      readonly scale?: number;
    };

/** n rows of d numbers in one array. */
export type FeatureRows = Exclude<Features, readonly unknown[]>;

/** Beyond this many deviations from 0, float32 rounds a feature by more than a thousandth of a deviation. */
const LARGEST_RATIO = 1e-3 * 2 ** 24;

/**
 * Features as one array of rows, each of d finite numbers.
 *
 * @throws ShapeError for rows of another length; DomainError for a feature that is not a finite float32 number
 */
export function readFeatures(features: Features, d: number, where: string, columns?: Columns): FeatureRows {
  const limit = columns ? Number.MAX_VALUE : LARGEST_FLOAT32;
  const checkShape: Check = checkOf(ShapeError, where);
  const checkValue: Check = checkOf(DomainError, where);
  const finite = (x: unknown, i: number, j: number): number => {
    if (typeof x === 'number' && Math.abs(x) <= limit) return x;
    checkValue(false, `features[${i}][${j}]`, `be a finite ${columns ? '' : 'float32 '}number`, orNothing(x));
  };
  if (Array.isArray(features)) {
    const n = features.length;
    const values = new Float64Array(n * d);
    for (let i = 0; i < n; i++) {
      const row: ArrayLike<unknown> | undefined = features[i];
      if (row?.length !== d) checkShape(false, `features[${i}]`, `be a row of ${d} numbers`, orNothing(row));
      for (let j = 0; j < d; j++) values[i * d + j] = finite(row[j], i, j);
    }
    return { values, shape: [n, d] };
  }
  const array = features as FeatureRows;
  const { values, shape, scale = 1 } = array ?? {};
  checkShape(
    ArrayBuffer.isView(values),
    'features',
    `be rows of ${d} numbers, or { values, shape: [n, ${d}] }`,
    orNothing(features),
  );
  const { length } = values;
  const isShape = isSizes(shape, 2) && shape[0] * shape[1] === length && (shape[1] === d || length + shape[1] === 0);
  checkShape(isShape, 'features.shape', `be [n, ${d}]`, list(shape));
  checkValue(isPositive(scale), 'features.scale', POSITIVE, describe(scale));
  for (let i = 0; i < length; i++) finite(values[i], Math.floor(i / d), i % d);
  if ((values as Float32Array)[Symbol.toStringTag] === 'Float32Array') {
    columns?.center.forEach((center, j) => {
      const isBlurred = Math.abs(center) * columns.factor[j] > LARGEST_RATIO;
      const name = orNothing(columns.names?.[j] ?? j);
      checkValue(!isBlurred, `column ${name}`, 'be float64', 'float32, which loses its differences');
    });
  }
  return array;
}
