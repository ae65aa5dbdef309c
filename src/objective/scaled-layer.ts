// objective: a layer that scales and standardises stored features itself.
import * as tf from '@tensorflow/tfjs';
import type { Scaling } from '../data/standardize.js';
import { hasSoftmaxGradient, softmaxGradient } from '../nn/fused.js';
import { backward, type Layer, transposedProduct } from '../nn/layer.js';
import { l2Gradient } from '../nn/penalty.js';
import type { Tensors } from '../optim/first-order.js';

/** A layer as a training step uses it. Its input is the stored features, neither scaled nor standardised. */
export interface ScaledLayer {
  /** o = zW + b with z = x/scale, optionally standardised */
  forward(features: tf.Tensor2D, parameters: Tensors): tf.Tensor2D;
  /** The gradients of the parameters from ∂ℓ/∂o, including that of the penalty λ/2·‖W‖². */
  backward(features: tf.Tensor2D, logitsGradient: tf.Tensor2D, parameters: Tensors, l2: number): Tensors;
  /** The mean loss and the gradients of a batch in one kernel; undefined where there is none for this layer and backend. */
  batchGradient(
    batch: { readonly features: tf.Tensor2D; readonly labels: tf.Tensor1D; readonly weights?: tf.Tensor1D },
    parameters: Tensors,
    l2: number,
  ): { readonly loss: tf.Scalar; readonly gradients: Tensors } | undefined;
  /** Adds the gradient of the penalty, λ·W backpropagated to the parameters, to the gradients of the loss. */
  addPenalty(gradients: Tensors, parameters: Tensors, l2: number): Tensors;
  weightOf(parameters: Tensors): tf.Tensor2D;
}

/**
 * Wraps a layer so that it takes stored features, without a scaled copy of them.
 *
 * @param scale the divisor of stored features
 * @param scaling standardises them after the division: z = (x/scale − mean)/deviation
 */
export function scaledLayer(layer: Layer, scale = 1, scaling?: Scaling): ScaledLayer {
  return onColumns(layer, scaling === undefined ? { factor: 1 / scale } : columnsOf(scaling, scale));
}

/** The transformation of the stored columns: z = factor∘x − shift. */
interface Columns {
  /** One for all columns, or one per column. */
  readonly factor: number | Float32Array;
  readonly shift?: Float32Array;
}

function columnsOf({ mean, scale, isConstant }: Scaling, divisor: number): Columns {
  // 0 for a constant column. Rounding errors would otherwise become gradients, which Adam scales up to the size of the
  // others.
  const of = (value: (j: number) => number) => Float32Array.from(mean, (_, j) => (isConstant[j] ? 0 : value(j)));
  return { factor: of((j) => 1 / (divisor * scale[j])), shift: of((j) => mean[j] / scale[j]) };
}

function onColumns(layer: Layer, { factor, shift }: Columns): ScaledLayer {
  // Tested here, since a recorded step must not read values.
  const isOneKernel = layer.kind === 'dense' && hasSoftmaxGradient(layer.units);
  const plain: ScaledLayer = {
    weightOf: (parameters) => layer.weightOf(parameters),
    addPenalty(gradients, parameters, l2) {
      const penalty = layer.pullback(l2Gradient(layer.weightOf(parameters), l2), parameters);
      const added = Object.keys(penalty).map((name) => [name, gradients[name].add(penalty[name])]);
      return { ...gradients, ...Object.fromEntries(added) };
    },
    forward: (features, parameters) => layer.forward(features, parameters),
    backward: (features, g, parameters, l2) => backward(layer, features, g, parameters, l2),
    batchGradient(batch, parameters, l2) {
      if (typeof factor !== 'number' || !isOneKernel) return undefined;
      const { weight, bias } = parameters as { readonly weight: tf.Tensor2D; readonly bias: tf.Tensor1D };
      const { loss, ...gradients } = softmaxGradient({ ...batch, weight, bias, factor });
      return { loss, gradients: l2 === 0 ? gradients : plain.addPenalty(gradients, parameters, l2) };
    },
  };
  if (factor === 1) return plain;
  const rows = (weight: tf.Tensor2D) => times(weight, factor, [layer.inputs, 1]);
  return {
    ...plain,
    forward(features, parameters) {
      const weight = layer.weightOf(parameters);
      const logits = tf.matMul(features, rows(weight)).add<tf.Tensor2D>(parameters.bias);
      return shift === undefined ? logits : logits.sub(tf.matMul(tf.tensor2d(shift, [1, layer.inputs]), weight));
    },
    backward(features, g, parameters, l2) {
      const bias = g.sum(0);
      if (shift === undefined) return { ...backward(layer, features, times(g, factor, [1]), parameters, l2), bias };
      const raw = transposedProduct(features, g);
      const moved = tf.matMul(tf.tensor2d(shift, [layer.inputs, 1]), bias.expandDims<tf.Tensor2D>(0));
      const ofLoss = { ...layer.pullback(rows(raw).sub(moved), parameters), bias };
      return l2 === 0 ? ofLoss : plain.addPenalty(ofLoss, parameters, l2);
    },
  };
}

/** Multiplies by one factor, or by factors of the given shape. */
function times(tensor: tf.Tensor2D, factor: number | Float32Array, shape: number[]): tf.Tensor2D {
  if (typeof factor !== 'number') return tensor.mul(tf.tensor(factor, shape));
  return factor === 1 ? tensor : tensor.mul(factor);
}
