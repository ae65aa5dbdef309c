// nn: conversion between class indices and one-hot rows.
import * as tf from '@tensorflow/tfjs';
import { assertPositiveInteger } from '../core/shape.js';
import { checkLabels, checkOneHot, refusingLabels } from './labels.js';
import { isTensor, type Labels, type LabelsLike, type Targets, type TargetsLike } from './tensors.js';

/**
 * One-hot rows: 1 at the class of each sample, 0 elsewhere.
 *
 *   yᵢₖ = 1 if k = labelᵢ, else 0
 *
 * @param labels class indices, [n], 0 ≤ label < numClasses
 * @returns targets, [n, numClasses]; the caller disposes them
 * @throws DomainError for a label outside [0, numClasses); on WebGL and WebGPU, where label tensors are not read, such
 *         a label gives a row of zeros instead
 * @example oneHot([1, 0], 3)   // [[0, 1, 0], [1, 0, 0]]
 * @see Dive into Deep Learning (zh), §3.4.1; checked against reference/one-hot.ts
 */
export function oneHot(labels: LabelsLike | ArrayLike<number>, numClasses: number): Targets {
  assertPositiveInteger(numClasses, 'oneHot', 'numClasses');
  return oneHotFor(labels, numClasses, 'oneHot');
}

/** `oneHot` with the function name for error messages. */
export function oneHotFor(labels: LabelsLike | ArrayLike<number>, numClasses: number, where: string): Targets {
  return tf.tidy(() => {
    const checked = checkLabels(labels, numClasses, where);
    if (!isTensor(labels)) return oneHotRows(checked, numClasses) as Targets;
    return refusingLabels(
      numClasses,
      where,
      () => oneHotRows(refuseOutside(checked, numClasses), numClasses) as Targets,
    );
  });
}

/**
 * Class indices of one-hot rows: the inverse of `oneHot`.
 *
 * @param targets y, [n, classes]
 * @returns labels, [n]; the caller disposes them
 * @throws DomainError for a row that is not one-hot (cpu, wasm; other backends return the index of its largest entry)
 * @example fromOneHot(oneHot([1, 0], 3))   // [1, 0]
 */
export function fromOneHot(targets: TargetsLike): Labels {
  return tf.argMax(checkOneHot(targets, 'fromOneHot'), 1) as Labels;
}

/** Returns the labels unchanged. TensorFlow's oneHot maps a label out of range to zeros; its gather rejects it. */
export function refuseOutside(labels: tf.Tensor1D, numClasses: number): tf.Tensor1D {
  if (tf.getBackend() !== 'tensorflow') return labels;
  return tf.gather(tf.range(0, numClasses, 1, 'int32'), labels);
}

/** One-hot rows of labels already known to be in range. */
export function oneHotRows(labels: tf.Tensor1D, numClasses: number): tf.Tensor2D {
  // tfjs's oneHot requires at least two classes.
  if (numClasses === 1) return labels.equal(0).expandDims<tf.Tensor2D>(1).toFloat();
  // Cast from int32: with dtype float32, the wasm backend (4.22) writes the bits of the integer 1, which is 1.4e-45.
  return tf.oneHot(labels, numClasses).toFloat() as tf.Tensor2D;
}
