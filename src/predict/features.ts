// predict: the features that a predictor accepts, and their checks.
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

/**
 * Features as one array of rows, each of d finite numbers.
 *
 * @throws ShapeError for rows of another length; DomainError for a feature that is not a finite float32 number
 */
export function readFeatures(features: Features, d: number, where: string): FeatureRows {
  const checkShape: Check = checkOf((fields) => new ShapeError({ where, ...fields }));
  const checkValue: Check = checkOf((fields) => new DomainError({ where, ...fields }));
  const refuse = (x: unknown, i: number, j: number) =>
    checkValue(false, `features[${i}][${j}]`, 'be a finite float32 number', orNothing(x));
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
    return readFeatures({ values, shape: [features.length, d] }, d, where);
  }
  const array = features as FeatureRows;
  const { values, shape, scale = 1 } = array ?? {};
  const isArray = ArrayBuffer.isView(values) && Array.isArray(shape);
  checkShape(isArray, 'features', `be rows of ${d} numbers, or { values, shape: [n, ${d}] }`, orNothing(features));
  const [n, columns] = shape;
  const isShape =
    isSizes(shape, 2) && n * columns === values.length && (columns === d || values.length + columns === 0);
  checkShape(isShape, 'features.shape', `be [n, ${d}]`, formatShape(shape));
  checkValue(isPositive(scale), 'features.scale', 'be a finite number > 0', describe(scale));
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]) <= LARGEST_FLOAT32)) refuse(values[i], Math.floor(i / d), i % d);
  }
  return array;
}
