// nn: what a linear layer is, whichever way its weight is written.
import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../core/errors.js';
import { assertShape, describe, formatShape } from '../core/shape.js';
import { l2Gradient } from './penalty.js';
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
  /** Frees the parameters. */
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
 * @throws ShapeError if the shapes do not fit
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
  checkFeatures(features, layer.inputs, 'backward');
  assertShape(logitsGradient.shape, [features.shape[0], layer.units], 'backward', 'logitsGradient');
  return tf.tidy(() => {
    const { weight, bias } = affineGradient(features, logitsGradient);
    const ofWeight = l2 === 0 ? weight : weight.add<tf.Tensor2D>(l2Gradient(layer.weightOf(parameters), l2));
    return { ...layer.pullback(ofWeight, parameters), bias };
  });
}

/** XᵀG and Σᵢ gᵢ. */
function affineGradient(features: tf.Tensor2D, logitsGradient: tf.Tensor2D): { weight: tf.Tensor2D; bias: tf.Tensor } {
  const [n, units] = logitsGradient.shape;
  // As a sum over no sample, the wasm backend (4.22) returns whatever its memory held.
  if (n === 0) return { weight: tf.zeros([features.shape[1], units]), bias: tf.zeros([units]) };
  const weight = transposedProduct(features, logitsGradient);
  return { weight, bias: logitsGradient.sum(0) };
}

/** XᵀG */
export function transposedProduct(features: tf.Tensor2D, logitsGradient: tf.Tensor2D): tf.Tensor2D {
  if (tf.getBackend() !== 'wasm') return tf.matMul(features, logitsGradient, true, false);
  // (GᵀX)ᵀ: only the narrow matrices are transposed, 0.2 ms where wasm takes 1.9 at 256 × 784 × 10.
  return tf.transpose(tf.matMul(tf.transpose(logitsGradient), features));
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
  const tensor = given instanceof tf.Tensor;
  assertShape(tensor ? given.shape : nestedShape(given), shape, where, argument);
  if (tensor) return given.toFloat();
  if (!isNested(given, shape)) {
    const expected = `be arrays of numbers, each as long as the others, of shape ${formatShape(shape)}`;
    throw new ShapeError({ where, argument, expected, actual: describe(given) });
  }
  return tf.tensor(given as number[], [...shape], 'float32');
}

/** The shape of nested arrays, as their first entries show it. */
function nestedShape(value: unknown): number[] {
  return isList(value) ? [value.length, ...nestedShape(value[0])] : [];
}

/** tfjs checks nested arrays in its debug mode only. */
function isNested(value: unknown, shape: readonly number[]): boolean {
  if (shape.length === 0) return typeof value === 'number';
  return (
    isList(value) && value.length === shape[0] && Array.from(value).every((each) => isNested(each, shape.slice(1)))
  );
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}
