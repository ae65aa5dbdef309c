// nn: the interface of a linear layer, independent of how its weight is parameterized.

import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertObject, assertShape, describe, formatShape } from '../core/shape.js';
import { l2Gradient } from './penalty.js';
import type { Logits } from './tensors.js';
import { checkTensor } from './tensors.js';

/** The tensors of a layer, by name: its parameters, or their gradients. */
export type Parameters = Readonly<Record<string, tf.Tensor>>;

/**
 * An affine map from features to logits, o = XW + b, with its derivative.
 *
 * Each method accepts parameters to use instead of the layer's own, so a training step stays a pure function.
 */
export interface Layer {
  readonly kind: 'dense' | 'phm';
  readonly inputs: number;
  readonly units: number;
  /** Number of trained values. */
  readonly numParameters: number;
  /** The trained parameters. The layer owns them; `assign` changes them in place. */
  readonly parameters: Readonly<Record<string, tf.Variable>>;
  /** W, [inputs, units], a new tensor; the caller disposes it. */
  weightOf(parameters?: Parameters): tf.Tensor2D;
  /** o = XW + b, [n, units]; the caller disposes it. */
  forward(features: tf.Tensor2D, parameters?: Parameters): Logits;
  /** Maps ∂ℓ/∂W, [inputs, units], to the gradients of the parameters of W; the caller disposes them. */
  pullback(weightGradient: tf.Tensor2D, parameters?: Parameters): Record<string, tf.Tensor>;
  /** Disposes the parameters. */
  dispose(): void;
}

/**
 * Closed-form gradient of each parameter of a layer, from the gradient of its logits.
 *
 *   ∂ℓ/∂W = Xᵀ ∂ℓ/∂O + λW        ∂ℓ/∂b = Σᵢ ∂ℓ/∂oᵢ
 *
 * @param logitsGradient ∂ℓ/∂O, [n, units]
 * @param l2 λ ≥ 0 of the penalty λ/2·‖W‖² on the weight; the bias is never penalised
 * @returns gradients by parameter name; the caller disposes them
 * @throws ShapeError if the shapes are incompatible
 * @example backward(layer, tf.tensor2d([[1, 2]]), tf.tensor2d([[3]])).weight   // [[3], [6]]
 * @see Dive into Deep Learning (zh), §3.4.6; checked against reference/dense.ts and reference/phm.ts
 */
export function backward(
  layer: Layer,
  features: tf.Tensor2D,
  logitsGradient: tf.Tensor2D,
  parameters: Parameters | undefined = layer?.parameters,
  l2 = 0,
): Record<string, tf.Tensor> {
  const where = 'backward';
  assertObject(layer, where, 'layer', 'be a Dense or a Phm');
  assertObject(parameters, where, 'parameters');
  checkFeatures(features, layer.inputs, where);
  checkTensor(logitsGradient, [features.shape[0], layer.units], where, 'logitsGradient');
  if (!(typeof l2 === 'number' && l2 >= 0 && l2 < Number.POSITIVE_INFINITY)) {
    throw new DomainError({ where, argument: 'l2', expected: 'be a finite number ≥ 0', actual: describe(l2) });
  }
  return tf.tidy(() => {
    const { weight, bias } = affineGradient(features, logitsGradient);
    const ofWeight = l2 === 0 ? weight : weight.add<tf.Tensor2D>(l2Gradient(layer.weightOf(parameters), l2));
    return { ...layer.pullback(ofWeight, parameters), bias };
  });
}

/** XᵀG and Σᵢ gᵢ. */
function affineGradient(features: tf.Tensor2D, logitsGradient: tf.Tensor2D): { weight: tf.Tensor2D; bias: tf.Tensor } {
  const [n, units] = logitsGradient.shape;
  // The wasm backend (4.22) returns uninitialised memory for a sum over no samples.
  if (n === 0) return { weight: tf.zeros([features.shape[1], units]), bias: tf.zeros([units]) };
  const weight = transposedProduct(features, logitsGradient);
  return { weight, bias: logitsGradient.sum(0) };
}

/** XᵀG */
export function transposedProduct(features: tf.Tensor2D, logitsGradient: tf.Tensor2D): tf.Tensor2D {
  if (tf.getBackend() !== 'wasm') return tf.matMul(features, logitsGradient, true, false);
  // (GᵀX)ᵀ transposes narrow matrices only: 0.2 ms instead of 1.9 ms on wasm at 256 × 784 × 10.
  return tf.transpose(tf.matMul(tf.transpose(logitsGradient), features));
}

/** Checks that features are [n, inputs] float32. */
export function checkFeatures(features: tf.Tensor2D, inputs: number, where: string): tf.Tensor2D {
  if (!(features instanceof tf.Tensor)) {
    const expected = `be a tensor of shape [n, ${inputs}]`;
    throw new ShapeError({
      where,
      argument: 'features',
      expected,
      actual: describe(features),
      hint: 'Rows of numbers? tf.tensor2d(rows).',
    });
  }
  if (features.rank !== 2 || features.shape[1] !== inputs || features.dtype !== 'float32') {
    const actual = `${features.dtype} ${formatShape((features as tf.Tensor).shape)}`;
    throw new ShapeError({ where, argument: 'features', expected: `be float32 of shape [n, ${inputs}]`, actual });
  }
  return features;
}

/** Initial value of a parameter: the given values, or those that `initial` draws. The caller disposes it. */
export function initialValue(
  given: tf.Tensor | readonly unknown[] | undefined,
  shape: readonly number[],
  where: string,
  argument: string,
  initial: () => Float32Array,
): tf.Tensor {
  if (given === undefined) return tf.tensor(initial(), [...shape]);
  const tensor = given instanceof tf.Tensor;
  assertShape(tensor ? given.shape : nestedShape(given), shape, where, argument);
  if (tensor) return given.toFloat();
  if (!isNested(given, shape)) {
    const expected = `be arrays of numbers of equal length, of shape ${formatShape(shape)}`;
    throw new ShapeError({ where, argument, expected, actual: describe(given) });
  }
  return tf.tensor(given as number[], [...shape], 'float32');
}

/** Shape of nested arrays, inferred from their first entries. */
function nestedShape(value: unknown): number[] {
  return isList(value) ? [value.length, ...nestedShape(value[0])] : [];
}

/** Checks nested arrays; tfjs does so only in debug mode. */
function isNested(value: unknown, shape: readonly number[]): boolean {
  if (shape.length === 0) return typeof value === 'number';
  return (
    isList(value) && value.length === shape[0] && Array.from(value).every((each) => isNested(each, shape.slice(1)))
  );
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}
