// nn: validation of class indices and one-hot rows given by the caller.
import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertPositiveInteger, describe, formatShape } from '../core/shape.js';
import {
  checkMatrix,
  isNumberList,
  isTensor,
  type Labels,
  type LabelsLike,
  readFree,
  type TargetsLike,
} from './tensors.js';

/**
 * Class indices from a tensor, or from numbers.
 *
 * @param numClasses if given, each label must be below it
 * @throws ShapeError unless [n] and int32; DomainError for a label that is not a class index
 */
export function asLabels(labels: LabelsLike | ArrayLike<number>, numClasses = 2 ** 31): Labels {
  assertPositiveInteger(numClasses, 'asLabels', 'numClasses');
  return checkLabels(labels, numClasses, 'asLabels');
}

/** Targets that must be exactly one-hot, returned unchanged; checked only if values are readable. */
export function checkOneHot(targets: TargetsLike, where: string): TargetsLike {
  checkMatrix(targets, where, 'targets');
  const [n, classes] = targets.shape;
  const values = readFree(targets);
  for (let i = 0; values !== undefined && i < n; i++) {
    const row = values.subarray(i * classes, (i + 1) * classes);
    if (row.every((value) => value === 0 || value === 1) && row.indexOf(1) === row.lastIndexOf(1) && row.includes(1))
      continue;
    const hint = 'Soft targets? Use their argMax(1).';
    throw new DomainError({
      where,
      argument: `targets[${i}]`,
      expected: 'have a single 1 and otherwise 0',
      actual: `[${row.join(', ')}]`,
      hint,
    });
  }
  return targets;
}

/**
 * int32 labels below `numClasses`. Arrays and readable tensors are checked here. For other tensors a kernel rejects
 * an index out of range (TensorFlow's gather; WebGL and WebGPU have no such check).
 *
 * @param allowed one additional accepted label (an `ignoreIndex`)
 * @returns the given tensor, or a new one from an array
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

/** Converts a kernel's error for an index out of range into an error of this package. */
export function refusingLabels<T>(numClasses: number, where: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const refused = /(-?\d+) (?:is not in|which is outside)|outside the valid range|is not in \[0/.exec(message);
    if (refused === null) throw cause;
    throw labelError(refused[1] ?? 'a label out of range', numClasses, where, 'labels', cause);
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
