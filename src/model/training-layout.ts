// model: a layer laid out as it trains fastest.
import * as tf from '@tensorflow/tfjs';
import { backward, type Layer } from '../nn/layer.js';
import type { Tensors } from '../optim/first-order.js';

/**
 * A layer as a training step uses it: its parameters may lie otherwise than in the layer, and its features are taken as
 * they are stored, before the division by their scale.
 */
export interface TrainingLayout {
  /** The layer's parameters as they are trained; the caller disposes them. */
  start(): Tensors;
  /** The same of other parameters of the layer. */
  arrange(parameters: Tensors): Tensors;
  /** The opposite: parameters as the layer has them. */
  restore(parameters: Tensors): Tensors;
  /** o = (x/scale)·W + b */
  forward(features: tf.Tensor2D, parameters: Tensors): tf.Tensor2D;
  /** From ∂ℓ/∂o to the gradients of the parameters, of the penalty λ/2·‖W‖² as well. */
  backward(features: tf.Tensor2D, logitsGradient: tf.Tensor2D, parameters: Tensors, l2: number): Tensors;
  /** Gradients of the loss, with λ·W, back through what W is made of, added. */
  addPenalty(gradients: Tensors, parameters: Tensors, l2: number): Tensors;
  /** W or Wᵀ. */
  weightOf(parameters: Tensors): tf.Tensor2D;
}

/** The layout of a layer whose features are divided by `scale`. */
export function layoutOf(layer: Layer, scale: number): TrainingLayout {
  return asItIs(layer, 1 / scale);
}

/** A layer in its own layout. */
export function asItIs(layer: Layer, factor = 1): TrainingLayout {
  const layout: TrainingLayout = {
    start: () => clones(layer.parameters),
    arrange: clones,
    restore: clones,
    weightOf: (parameters) => layer.weightOf(parameters),
    addPenalty(gradients, parameters, l2) {
      const penalty = layer.pullback(layer.weightOf(parameters).mul(l2), parameters);
      const added = Object.keys(penalty).map((name) => [name, gradients[name].add(penalty[name])]);
      return { ...gradients, ...Object.fromEntries(added) };
    },
    forward: (features, parameters) => layer.forward(features, parameters),
    backward: (features, g, parameters, l2) => backward(layer, features, g, parameters, l2),
  };
  if (factor === 1) return layout;
  return {
    ...layout,
    forward: (features, parameters) =>
      tf.matMul(features, times(layer.weightOf(parameters), factor)).add(parameters.bias),
    backward: (features, g, parameters, l2) => ({
      ...backward(layer, features, times(g, factor), parameters, l2),
      bias: g.sum(0),
    }),
  };
}

function times(tensor: tf.Tensor2D, factor: number): tf.Tensor2D {
  return factor === 1 ? tensor : tensor.mul(factor);
}

function clones(parameters: Tensors): Tensors {
  return Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, tensor.clone()]));
}
