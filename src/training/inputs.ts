// training: converts the arguments of a fit to the form that solvers use.
import * as tf from '@tensorflow/tfjs';
import { DomainError, isSoftmaxRegressionError, ShapeError } from '../core/errors.js';
import { assertLabels, type Label, sortedClasses } from '../core/labels.js';
import type { Checksum } from '../core/ranks/checksum.js';
import { describe, formatShape } from '../core/shape.js';
import { LARGEST_FLOAT32 } from '../core/tolerance.js';
import type { TrainingRows } from '../data/any-rows.js';
import { type FeatureArray, type Features, notFinite, readFeatureArray } from '../data/batches.js';
import { assertSparse, isSparse, type SparseMatrix } from '../data/matrix.js';
import { StoredRows, withLeftOut } from '../data/stored-rows.js';
import { eachPart } from './standardization.js';

/** Samples as rows of numbers, as one typed array with its shape, or as a tensor [n, features]. */
export type FeaturesInput = Features | tf.Tensor2D;

/** Samples of any form: also stored outside memory, or sparse. */
export type AnyFeatures = FeaturesInput | StoredRows | SparseMatrix;

/** Reads features of any form; the values of a tensor are downloaded once. Rejects NaN, ±∞ and numbers above `limit`. */
export async function readFeatures(
  features: FeaturesInput,
  where: string,
  argument = 'features',
  limit = LARGEST_FLOAT32,
): Promise<FeatureArray> {
  if (!(features instanceof tf.Tensor)) return readFeatureArray(features, limit, where, argument);
  const { shape } = features as tf.Tensor;
  if (shape.length !== 2)
    throw new ShapeError({ where, argument, expected: 'have shape [n, features]', actual: formatShape(shape) });
  const data = await features.data();
  // Beyond 2²⁴, float32 does not have all integers.
  const values = features.dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data);
  return readFeatureArray({ values, shape: [shape[0], shape[1]] }, limit, where, argument);
}

/** `readFeatures`, which also takes sparse matrices. */
export async function readMatrix(
  features: FeaturesInput | SparseMatrix,
  where: string,
  argument: string,
  limit: number,
): Promise<FeatureArray | SparseMatrix> {
  if (!isSparseInput(features)) return readFeatures(features, where, argument, limit);
  assertSparse(features, where, argument, limit);
  return features;
}

/**
 * `readFeatures`, which also takes sparse matrices, and stored rows: it reads them once, to check their numbers.
 *
 * @param checksum takes the numbers of stored rows
 */
export async function readRows(
  features: AnyFeatures,
  where: string,
  limit: number,
  signal: AbortSignal | undefined,
  checksum?: Checksum,
): Promise<TrainingRows> {
  if (!(features instanceof StoredRows)) return readMatrix(features, where, 'features', limit);
  const d = features.shape[1];
  const check = ({ values }: FeatureArray, start: number) => {
    checksum?.add(values);
    for (let i = 0; i < values.length; i++) {
      if (Math.abs(values[i]) <= limit) continue;
      const error = notFinite(values[i], where, `features[${start + Math.floor(i / d)}][${i % d}]`, limit);
      throw Number.isNaN(values[i]) ? withLeftOut(error) : error;
    }
  };
  await eachPart(features, check, signal);
  return features;
}

/**
 * Adds the way out to the error of `readFeatures` for a feature that float32 does not hold but float64 does.
 *
 * @param names those of the columns, if they are known
 */
export function withWayOut(error: unknown, names: readonly string[] | undefined): unknown {
  if (!isSoftmaxRegressionError(error) || error.code !== 'DOMAIN') return error;
  const { where, argument, expected, actual } = error;
  const column = /^features\[\d+\]\[(\d+)\]$/.exec(argument)?.[1];
  if (column === undefined || !Number.isFinite(Number(actual))) return error;
  const name = names?.[Number(column)];
  const hint = `Give \`standardize: true\`, or divide the values of column ${name === undefined ? column : describe(name)}.`;
  return new DomainError({ where, argument, expected, actual, hint, cause: error });
}

/** Whether features of any form are a sparse matrix. */
export function isSparseInput(features: unknown): features is SparseMatrix {
  return typeof features === 'object' && features !== null && isSparse(features);
}

/** The largest absolute feature of a fit: standardised columns may have any finite numbers. */
export function largestOf({ standardize }: { readonly standardize?: boolean }): number {
  return standardize ? Number.MAX_VALUE : LARGEST_FLOAT32;
}

/** The classes in the order of their columns: as given, or the distinct labels in sorted order. */
export function classesOf<L extends Label>(
  labels: ArrayLike<L>,
  given: readonly L[] | undefined,
  where: string,
): readonly L[] {
  if (given !== undefined) {
    if (!Array.isArray(given)) {
      throw new ShapeError({ where, argument: 'classes', expected: 'be an array of labels', actual: describe(given) });
    }
    assertLabels(given, where, 'classes');
  }
  const classes = given ?? sortedClasses(labels, where);
  if (classes.length >= 2) return classes;
  const argument = given === undefined ? 'labels' : 'classes';
  const actual = classes.length === 0 ? 'none' : `only ${describe(classes[0])}`;
  throw new DomainError({ where, argument, expected: 'name at least two classes', actual });
}

export function assertNotEmpty({ shape }: Pick<FeatureArray, 'shape'>, where: string, argument = 'features'): void {
  if (shape[0] > 0 && shape[1] > 0) return;
  const expected = 'have at least one row and one column';
  throw new ShapeError({ where, argument, expected, actual: formatShape(shape) });
}

export function assertLabelCount(labels: unknown, n: number, where: string, argument = 'labels'): void {
  const isList = Array.isArray(labels) || (ArrayBuffer.isView(labels) && 'length' in labels);
  if (isList && (labels as ArrayLike<unknown>).length === n) return;
  const actual = isList ? String((labels as ArrayLike<unknown>).length) : describe(labels);
  throw new ShapeError({ where, argument, expected: `be a list of ${n} labels, one for each sample`, actual });
}
