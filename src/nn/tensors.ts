// nn: tensor types with a meaning, and the only place that reads their values.
import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertShape, describe, formatShape, rectangleShape } from '../core/shape.js';
import { checkDistributionValues, checkLogitValues } from './values.js';

declare const meaning: unique symbol;
/** A returned tensor: its meaning is part of its type. */
type Meaning<T extends tf.Tensor, M extends string> = T & { readonly [meaning]: M };
/** An accepted tensor: one with this meaning, or a plain one. */
type Like<T extends tf.Tensor, M extends string> = T & { readonly [meaning]?: M };

/** Unnormalised scores o, [n, classes], nats. */
export type Logits = Meaning<tf.Tensor2D, 'logits'>;
/** Rows ≥ 0 that sum to 1, [n, classes]. */
export type Probabilities = Meaning<tf.Tensor2D, 'probabilities'>;
/** Rows ≥ 0 that sum to 1, [n, classes]: the desired output, often one-hot. */
export type Targets = Meaning<tf.Tensor2D, 'targets'>;
/** Class indices, [n], int32, 0 ≤ label < classes. */
export type Labels = Meaning<tf.Tensor1D, 'labels'>;

/** Logits, or a plain tensor of them. */
export type LogitsLike = Like<tf.Tensor2D, 'logits'>;
/** A distribution over classes: predicted (probabilities) or desired (targets). */
export type DistributionLike = Like<tf.Tensor2D, 'probabilities' | 'targets'>;
/** Targets, or a plain tensor of them. */
export type TargetsLike = DistributionLike;
/** Probabilities, or a plain tensor of them. */
export type ProbabilitiesLike = DistributionLike;
/** Labels, or a plain tensor of them. */
export type LabelsLike = Like<tf.Tensor1D, 'labels'>;

/** Rows of numbers, [n, columns]. */
export type Rows = readonly ArrayLike<number>[];

/**
 * Logits from a tensor or from rows of numbers.
 *
 * @param logits o, [n, classes]; in arrays, each entry is finite or −∞, and no row is only −∞
 * @returns the same tensor, or a new float32 one that the caller disposes
 * @throws ShapeError unless [n, classes] and float32; DomainError for NaN, +∞ or a row of only −∞
 * @example asLogits([[1, 2, 3]]).shape   // [1, 3]
 */
export function asLogits(logits: LogitsLike | Rows): Logits {
  if (isTensor(logits)) return checkLogits(logits, 'asLogits') as Logits;
  const { values, shape } = flatten(logits, 'asLogits', 'logits');
  checkLogitValues(values, shape, 'asLogits', 'refuse NaN');
  return tf.tensor2d(values, shape) as Logits;
}

/**
 * Probabilities ŷ from a tensor or from rows of numbers that are ≥ 0 and sum to 1.
 *
 * @throws ShapeError unless [n, classes] and float32; DomainError for a row that is not a distribution
 */
export function asProbabilities(probabilities: ProbabilitiesLike | Rows): Probabilities {
  return asDistribution(probabilities, 'asProbabilities', 'probabilities') as Probabilities;
}

/**
 * Targets y from a tensor or from rows of numbers that are ≥ 0 and sum to 1: one-hot or soft labels.
 *
 * @throws ShapeError unless [n, classes] and float32; DomainError for a row that is not a distribution
 */
export function asTargets(targets: TargetsLike | Rows): Targets {
  return asDistribution(targets, 'asTargets', 'targets') as Targets;
}

function asDistribution(rows: DistributionLike | Rows, where: string, argument: string): tf.Tensor2D {
  if (isTensor(rows)) return checkDistribution(rows, where, argument);
  const { values, shape } = flatten(rows, where, argument);
  checkDistributionValues(values, shape, where, argument, 'refuse NaN');
  return tf.tensor2d(values, shape);
}

/** Checks that an argument is a tensor of this shape. */
export function checkTensor(tensor: unknown, shape: readonly number[], where: string, argument: string): void {
  if (!isTensor(tensor)) {
    const expected = `be a tensor of shape ${formatShape(shape)}`;
    throw new ShapeError({ where, argument, expected, actual: describe(tensor) });
  }
  assertShape(tensor.shape, shape, where, argument);
}

/** Checks that an argument is an [n, columns] float32 tensor. */
export function checkMatrix(matrix: tf.Tensor2D, where: string, argument: string): tf.Tensor2D {
  if (!isTensor(matrix) || matrix.rank !== 2) {
    const actual = isTensor(matrix) ? formatShape((matrix as tf.Tensor).shape) : describe(matrix);
    throw new ShapeError({ where, argument, expected: 'be a tensor of shape [n, columns]', actual });
  }
  if (matrix.dtype !== 'float32') {
    const hint = `Cast it: ${argument}.toFloat().`;
    throw new ShapeError({ where, argument, expected: 'have dtype float32', actual: matrix.dtype, hint });
  }
  return matrix;
}

/** Checks logits. Rows of only −∞ are rejected if values are readable; NaN is accepted. */
export function checkLogits(logits: LogitsLike, where: string): LogitsLike {
  checkMatrix(logits, where, 'logits');
  const values = readFree(logits);
  if (values !== undefined) checkLogitValues(values, logits.shape, where, 'let NaN through');
  return logits;
}

/** Checks a distribution. Rows are checked if values are readable; NaN is accepted. */
export function checkDistribution(rows: DistributionLike, where: string, argument: string): tf.Tensor2D {
  checkMatrix(rows, where, argument);
  const values = readFree(rows);
  if (values !== undefined) checkDistributionValues(values, rows.shape, where, argument, 'let NaN through');
  return rows;
}

export function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

/** The values, if reading does not block: cpu and wasm keep them in the memory of this process. */
export function readFree(tensor: tf.Tensor): Float32Array | Int32Array | undefined {
  const backend = tf.getBackend();
  if (backend !== 'cpu' && backend !== 'wasm') return undefined;
  return tensor.dataSync() as Float32Array | Int32Array;
}

export function isNumberList(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function flatten(rows: Rows, where: string, argument: string): { values: Float32Array; shape: [number, number] } {
  const shape = rectangleShape(rows, where, argument);
  const values = new Float32Array(shape[0] * shape[1]);
  for (let i = 0; i < shape[0]; i++) {
    for (let j = 0; j < shape[1]; j++) {
      const value: unknown = rows[i][j];
      if (typeof value !== 'number') {
        throw new DomainError({
          where,
          argument: `${argument}[${i}][${j}]`,
          expected: 'be a number',
          actual: describe(value),
        });
      }
      values[i * shape[1] + j] = value;
    }
  }
  return { values, shape };
}
