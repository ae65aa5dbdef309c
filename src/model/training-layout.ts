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

/** The layout for the backend in use. */
export function layoutOf(layer: Layer, scale: number): TrainingLayout {
  // wasm has a slow way for transposed factors only.
  const isTransposed = layer.kind === 'dense' && tf.getBackend() === 'tensorflow';
  return isTransposed ? transposedDense(layer, 1 / scale) : asItIs(layer, 1 / scale);
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

/**
 * A dense layer by its transposed weight, [units, inputs]: o = (Wᵀ·xᵀ)ᵀ + b and ∂ℓ/∂Wᵀ = gᵀ·x.
 *
 * With few classes, these products are twice as fast as x·W and xᵀ·g (TensorFlow 2.21 on a CPU: 234 times 256 × 784 × 10
 * take 15 ms each where those take 29), for they run along rows. The scale goes into the small factors, not over the
 * features.
 */
function transposedDense(layer: Layer, factor: number): TrainingLayout {
  const transposed = ({ weight, bias }: Tensors): Tensors => ({ weight: tf.transpose(weight), bias: bias.clone() });
  return {
    start: () => transposed(layer.parameters),
    arrange: transposed,
    restore: transposed,
    weightOf: ({ weight }) => weight.clone() as tf.Tensor2D,
    addPenalty: (gradients, { weight }, l2) => ({ ...gradients, weight: gradients.weight.add(weight.mul(l2)) }),
    forward(features, { weight, bias }) {
      const transposed = tf.matMul(times(weight as tf.Tensor2D, factor), features, false, true);
      // Turned around by a product: Transpose takes 65 µs for 10 × 256 in a graph, where it asks oneDNN each time.
      return tf.matMul(transposed, tf.eye(bias.size), true, false).add(bias);
    },
    backward(features, g, { weight }, l2) {
      const ofLoss = tf.matMul(times(g, factor), features, true, false);
      return { weight: l2 === 0 ? ofLoss : ofLoss.add(weight.mul(l2)), bias: g.sum(0) };
    },
  };
}

function times(tensor: tf.Tensor2D, factor: number): tf.Tensor2D {
  return factor === 1 ? tensor : tensor.mul(factor);
}

function clones(parameters: Tensors): Tensors {
  return Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, tensor.clone()]));
}
