// predict: the features that a predictor accepts, and their checks.
import type { Columns } from '../core/affine.js';
import { DomainError, ShapeError } from '../core/errors.js';
import { describe, formatShape } from '../core/shape.js';
import { type Check, checkOf, isPositive, isSizes, orNothing } from './json.js';

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

const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;
/** Beyond this many deviations from 0, float32 rounds a feature by more than a thousandth of a deviation. */
const LARGEST_RATIO = 1e-3 * 2 ** 24;

/**
 * Features as one array of rows, each of d finite numbers.
 *
 * @throws ShapeError for rows of another length; DomainError for a feature that is not a finite float32 number
 */
export function readFeatures(features: Features, d: number, where: string, columns?: Columns): FeatureRows {
  const limit = columns === undefined ? LARGEST_FLOAT32 : Number.MAX_VALUE;
  const checkShape: Check = checkOf((fields) => new ShapeError({ where, ...fields }));
  const checkValue: Check = checkOf((fields) => new DomainError({ where, ...fields }));
  const refuse = (x: unknown, i: number, j: number) =>
    checkValue(
      false,
      `features[${i}][${j}]`,
      `be a finite ${columns === undefined ? 'float32 ' : ''}number`,
      orNothing(x),
    );
  if (Array.isArray(features)) {
    const values = new Float64Array(features.length * d);
    (features as ArrayLike<number>[]).forEach((row, i) => {
      const isRow = Array.isArray(row) || ArrayBuffer.isView(row);
      if (!isRow || row.length !== d) checkShape(false, `features[${i}]`, `be a row of ${d} numbers`, orNothing(row));
      for (let j = 0; j < d; j++) {
        const x: unknown = row[j];
        if (typeof x !== 'number') refuse(x, i, j);
        else values[i * d + j] = x;
      }
    });
    return readFeatures({ values, shape: [features.length, d] }, d, where, columns);
  }
  const array = features as FeatureRows;
  const { values, shape, scale = 1 } = array ?? {};
  const isArray = ArrayBuffer.isView(values) && Array.isArray(shape);
  checkShape(isArray, 'features', `be rows of ${d} numbers, or { values, shape: [n, ${d}] }`, orNothing(features));
  const [n, width] = shape;
  const isShape = isSizes(shape, 2) && n * width === values.length && (width === d || values.length + width === 0);
  checkShape(isShape, 'features.shape', `be [n, ${d}]`, formatShape(shape));
  checkValue(isPositive(scale), 'features.scale', 'be a finite number > 0', describe(scale));
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]) <= limit)) refuse(values[i], Math.floor(i / d), i % d);
  }
  if (columns !== undefined && Object.prototype.toString.call(values) === '[object Float32Array]') {
    columns.center.forEach((center, j) => {
      const isBlurred = Math.abs(center) * columns.factor[j] > LARGEST_RATIO;
      checkValue(
        !isBlurred,
        `column ${orNothing(columns.names?.[j] ?? j)}`,
        'be float64',
        'float32, which loses its differences',
      );
    });
  }
  return array;
}
