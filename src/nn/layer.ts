// nn: what a linear layer is, whichever way its weight is written.
import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../core/errors.js';
import { assertShape, describe, formatShape } from '../core/shape.js';
import type { Logits } from './tensors.js';

/** The tensors of a layer, by name: its parameters, or their gradients. */
export type Parameters = Readonly<Record<string, tf.Tensor>>;

/**
 * An affine map from features to logits, o = XW + b, that knows its own derivative.
 *
 * Each method takes other parameters in place of the layer's own, so a training step stays a pure function.
 */
export interface Layer {
  readonly kind: 'dense' | 'phm';
  readonly inputs: number;
  readonly units: number;
  /** How many numbers are trained. */
  readonly numParameters: number;
  /** What is trained. The layer owns these; `assign` changes them in place. */
  readonly parameters: Readonly<Record<string, tf.Variable>>;
  /** W, [inputs, units], a new tensor; the caller disposes it. */
  weightOf(parameters?: Parameters): tf.Tensor2D;
  /** o = XW + b, [n, units]; the caller disposes it. */
  forward(features: tf.Tensor2D, parameters?: Parameters): Logits;
  /** From ∂ℓ/∂W, [inputs, units], to the gradients of what W is made of; the caller disposes them. */
  pullback(weightGradient: tf.Tensor2D, parameters?: Parameters): Record<string, tf.Tensor>;
  dispose(): void;
}

/**
 * Closed-form gradient for each parameter of a layer, from that of its logits.
 *
 *   ∂ℓ/∂W = Xᵀ ∂ℓ/∂O + λW        ∂ℓ/∂b = Σᵢ ∂ℓ/∂oᵢ
 *
 * @param logitsGradient ∂ℓ/∂O, [n, units]
 * @param l2 λ ≥ 0, of a penalty λ/2·‖W‖² on the weight; the bias is never penalised
 * @returns gradients by parameter name; the caller disposes them
 * @example backward(layer, tf.tensor2d([[1, 2]]), tf.tensor2d([[3]])).weight   // [[3], [6]]
 * @see Dive into Deep Learning (zh), §3.4.6; checked against reference/dense.ts and reference/phm.ts
 */
export function backward(
  layer: Layer,
  features: tf.Tensor2D,
  logitsGradient: tf.Tensor2D,
  parameters: Parameters = layer.parameters,
  l2 = 0,
): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    // Not XᵀG but (GᵀX)ᵀ: only the narrow matrices are transposed, 3.4 ms where wasm takes 5.7 at 256 × 784 × 10.
    const product: tf.Tensor2D = tf.transpose(tf.matMul(tf.transpose(logitsGradient), features));
    const ofWeight = l2 === 0 ? product : product.add<tf.Tensor2D>(layer.weightOf(parameters).mul(l2));
    return { ...layer.pullback(ofWeight, parameters), bias: logitsGradient.sum(0) };
  });
}

/** Features as a layer takes them: [n, inputs] float32. */
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

/** What a parameter starts from: given values, or those that `initial` draws. The caller disposes it. */
export function initialValue(
  given: tf.Tensor | readonly unknown[] | undefined,
  shape: readonly number[],
  where: string,
  argument: string,
  initial: () => Float32Array,
): tf.Tensor {
  if (given === undefined) return tf.tensor(initial(), [...shape]);
  const tensor = given instanceof tf.Tensor ? given.toFloat() : nestedNumbers(given, shape, where, argument);
  assertShape(tensor.shape, shape, where, argument);
  return tensor;
}

function nestedNumbers(
  given: readonly unknown[],
  shape: readonly number[],
  where: string,
  argument: string,
): tf.Tensor {
  try {
    return tf.tensor(given as number[], undefined, 'float32');
  } catch (cause) {
    const expected = `be nested arrays of shape ${formatShape(shape)}`;
    throw new ShapeError({ where, argument, expected, actual: describe(given), cause });
  }
}
