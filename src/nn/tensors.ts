// nn: tensors that carry their meaning in their type, and the only place that reads their values.
import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertShape, describe, formatShape, rectangleShape } from '../core/shape.js';
import { DISTRIBUTION_ATOL } from '../core/tolerance.js';

declare const meaning: unique symbol;
/** What this package returns: a tensor whose meaning is known. */
type Meaning<T extends tf.Tensor, M extends string> = T & { readonly [meaning]: M };
/** What this package takes: a tensor of that meaning, or a plain one. */
type Like<T extends tf.Tensor, M extends string> = T & { readonly [meaning]?: M };

/** Unnormalised scores o, [n, classes], nats. */
export type Logits = Meaning<tf.Tensor2D, 'logits'>;
/** Rows ≥ 0 that sum to 1, [n, classes]. */
export type Probabilities = Meaning<tf.Tensor2D, 'probabilities'>;
/** Rows ≥ 0 that sum to 1, [n, classes]: what the model should say; often one-hot. */
export type Targets = Meaning<tf.Tensor2D, 'targets'>;
/** Class indices, [n], int32, 0 ≤ label < classes. */
export type Labels = Meaning<tf.Tensor1D, 'labels'>;

export type LogitsLike = Like<tf.Tensor2D, 'logits'>;
/** A distribution over classes: predicted (probabilities) or wanted (targets). */
export type DistributionLike = Like<tf.Tensor2D, 'probabilities' | 'targets'>;
export type TargetsLike = DistributionLike;
export type ProbabilitiesLike = DistributionLike;
export type LabelsLike = Like<tf.Tensor1D, 'labels'>;

/** Rows of numbers, [n, columns]. */
export type Rows = readonly ArrayLike<number>[];

/**
 * Logits from a tensor, or from rows of numbers.
 *
 * @param logits o, [n, classes]; in an array each entry is finite or −∞, and no row is only −∞
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
 * Probabilities ŷ from a tensor, or from rows of numbers that are ≥ 0 and sum to 1.
 *
 * @throws ShapeError unless [n, classes] and float32; DomainError for a row that is no distribution
 */
export function asProbabilities(probabilities: ProbabilitiesLike | Rows): Probabilities {
  return asDistribution(probabilities, 'asProbabilities', 'probabilities') as Probabilities;
}

/**
 * Targets y from a tensor, or from rows of numbers that are ≥ 0 and sum to 1: one-hot or soft labels.
 *
 * @throws ShapeError unless [n, classes] and float32; DomainError for a row that is no distribution
 */
export function asTargets(targets: TargetsLike | Rows): Targets {
  return asDistribution(targets, 'asTargets', 'targets') as Targets;
}

/**
 * Class indices from a tensor, or from numbers.
 *
 * @param numClasses where given, each label must be below it
 * @throws ShapeError unless [n] and int32; DomainError for a label that is no class index
 */
export function asLabels(labels: LabelsLike | ArrayLike<number>, numClasses = 2 ** 31): Labels {
  return checkLabels(labels, numClasses, 'asLabels');
}

function asDistribution(rows: DistributionLike | Rows, where: string, argument: string): tf.Tensor2D {
  if (isTensor(rows)) return checkDistribution(rows, where, argument);
  const { values, shape } = flatten(rows, where, argument);
  checkDistributionValues(values, shape, where, argument, 'refuse NaN');
  return tf.tensor2d(values, shape);
}

/** What a caller gave, when it is [n, columns] float32. */
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

/** Logits as given; a row of only −∞ is refused where values can be read, NaN goes through. */
export function checkLogits(logits: LogitsLike, where: string): LogitsLike {
  checkMatrix(logits, where, 'logits');
  const values = readFree(logits);
  if (values !== undefined) checkLogitValues(values, logits.shape, where, 'let NaN through');
  return logits;
}

/** A distribution as given; its rows are checked where values can be read, NaN goes through. */
export function checkDistribution(rows: DistributionLike, where: string, argument: string): tf.Tensor2D {
  checkMatrix(rows, where, argument);
  const values = readFree(rows);
  if (values !== undefined) checkDistributionValues(values, rows.shape, where, argument, 'let NaN through');
  return rows;
}

/** Targets that are one-hot to the bit, as given; checked where values can be read. */
export function checkOneHot(targets: TargetsLike, where: string): TargetsLike {
  checkMatrix(targets, where, 'targets');
  const [n, classes] = targets.shape;
  const values = readFree(targets);
  for (let i = 0; values !== undefined && i < n; i++) {
    const row = values.subarray(i * classes, (i + 1) * classes);
    if (row.every((value) => value === 0 || value === 1) && row.indexOf(1) === row.lastIndexOf(1) && row.includes(1))
      continue;
    const hint = 'Soft targets? Take their argMax(1).';
    throw new DomainError({
      where,
      argument: `targets[${i}]`,
      expected: 'have one 1 and else 0',
      actual: `[${row.join(', ')}]`,
      hint,
    });
  }
  return targets;
}

/**
 * int32 labels below `numClasses`, with their values checked: an array or a readable tensor here, otherwise by a
 * kernel that itself refuses an index out of range (TensorFlow's gather; WebGL and WebGPU have none).
 *
 * @param allowed one more label that is let through (an `ignoreIndex`)
 * @returns a tensor given as it is, or a new one from an array
 */
export function checkLabels(
  labels: LabelsLike | ArrayLike<number>,
  numClasses: number,
  where: string,
  allowed?: number,
): Labels {
  if (!isTensor(labels)) {
    if (!isNumberList(labels))
      throw new ShapeError({
        where,
        argument: 'labels',
        expected: 'be a list of class indices',
        actual: describe(labels),
      });
    checkLabelValues(labels, numClasses, where, allowed);
    return tf.tensor1d(Int32Array.from(labels), 'int32') as Labels;
  }
  const tensor = labels as tf.Tensor;
  if (tensor.rank !== 1) {
    const hint = 'One-hot rows? Use crossEntropy, or fromOneHot(targets).';
    throw new ShapeError({
      where,
      argument: 'labels',
      expected: 'have shape [n]',
      actual: formatShape(tensor.shape),
      hint,
    });
  }
  if (tensor.dtype !== 'int32') {
    throw new ShapeError({
      where,
      argument: 'labels',
      expected: 'have dtype int32',
      actual: tensor.dtype,
      hint: 'Cast them: labels.toInt().',
    });
  }
  const values = readFree(tensor);
  if (values !== undefined) checkLabelValues(values, numClasses, where, allowed);
  return labels as Labels;
}

/** Weights, one for each class or sample: a list or tensor of `length` finite numbers ≥ 0, as a tensor. */
export function checkWeights(
  weights: tf.Tensor1D | ArrayLike<number>,
  length: number,
  where: string,
  argument: string,
): tf.Tensor1D {
  if (isTensor(weights)) {
    assertShape(weights.shape, [length], where, argument);
    const values = readFree(weights);
    if (values !== undefined) checkWeightValues(values, where, argument);
    return weights.dtype === 'float32' ? weights : weights.toFloat();
  }
  if (!isNumberList(weights))
    throw new ShapeError({ where, argument, expected: `have shape [${length}]`, actual: describe(weights) });
  assertShape([weights.length], [length], where, argument);
  checkWeightValues(weights, where, argument);
  return tf.tensor1d(Float32Array.from(weights));
}

/** Turns a kernel's own refusal of an index out of range into the error of this package. */
export function refusingLabels<T>(numClasses: number, where: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const refused = /(-?\d+) (?:is not in|which is outside)|outside the valid range|is not in \[0/.exec(message);
    if (refused === null) throw cause;
    throw labelError(refused[1] ?? 'a label outside', numClasses, where, 'labels', cause);
  }
}

export function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

/** The values, where reading costs no wait: on cpu and wasm they are in this process's memory. */
function readFree(tensor: tf.Tensor): Float32Array | Int32Array | undefined {
  const backend = tf.getBackend();
  if (backend !== 'cpu' && backend !== 'wasm') return undefined;
  return tensor.dataSync() as Float32Array | Int32Array;
}

function isNumberList(value: unknown): value is ArrayLike<number> {
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

type OnNaN = 'refuse NaN' | 'let NaN through';

function checkLogitValues(
  values: ArrayLike<number>,
  [n, classes]: readonly number[],
  where: string,
  onNaN: OnNaN,
): void {
  for (let i = 0; i < n; i++) {
    let defined = classes === 0;
    for (let k = 0; k < classes; k++) {
      const value = values[i * classes + k];
      if (onNaN === 'refuse NaN' && !(value < Number.POSITIVE_INFINITY)) {
        throw new DomainError({
          where,
          argument: `logits[${i}][${k}]`,
          expected: 'be a finite float32 number or −Infinity',
          actual: String(value),
        });
      }
      if (value !== Number.NEGATIVE_INFINITY) defined = true;
    }
    if (!defined) {
      throw new DomainError({
        where,
        argument: `logits[${i}]`,
        expected: 'have an entry above −Infinity',
        actual: 'a row of only −Infinity',
      });
    }
  }
}

function checkDistributionValues(
  values: ArrayLike<number>,
  [n, classes]: readonly number[],
  where: string,
  argument: string,
  onNaN: OnNaN,
): void {
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const value = values[i * classes + k];
      if (value < 0 || (onNaN === 'refuse NaN' && Number.isNaN(value))) {
        throw new DomainError({
          where,
          argument: `${argument}[${i}][${k}]`,
          expected: 'be ≥ 0',
          actual: String(value),
        });
      }
      sum += value;
    }
    if (Math.abs(sum - 1) > DISTRIBUTION_ATOL || (onNaN === 'refuse NaN' && Number.isNaN(sum))) {
      const hint = 'Scores? Take softmax first. Class indices? Use sparseCrossEntropy, or oneHot.';
      throw new DomainError({
        where,
        argument: `${argument}[${i}]`,
        expected: 'sum to 1',
        actual: `a row with sum ${sum}`,
        hint,
      });
    }
  }
}

function checkLabelValues(
  labels: ArrayLike<number>,
  numClasses: number,
  where: string,
  allowed: number | undefined,
): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (Number.isInteger(label) && label >= 0 && label < numClasses) continue;
    if (allowed !== undefined && label === allowed) continue;
    throw labelError(describe(label), numClasses, where, `labels[${i}]`);
  }
}

function labelError(actual: string, numClasses: number, where: string, argument: string, cause?: unknown): DomainError {
  const hint = 'Classes are counted from 0.';
  return new DomainError({ where, argument, expected: `be an integer in [0, ${numClasses})`, actual, hint, cause });
}

function checkWeightValues(weights: ArrayLike<number>, where: string, argument: string): void {
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] >= 0 && Number.isFinite(Math.fround(weights[i]))) continue;
    throw new DomainError({
      where,
      argument: `${argument}[${i}]`,
      expected: 'be a finite number ≥ 0',
      actual: describe(weights[i]),
    });
  }
}
