// model: a layer laid out as it trains fastest.
import * as tf from '@tensorflow/tfjs';
import { backward, type Layer } from '../nn/layer.js';
import type { Tensors } from '../optim/first-order.js';
import type { Scaling } from './standardization.js';

/**
 * A layer as a training step uses it: its parameters may lie otherwise than in the layer, and its features are taken as
 * they are stored, before the division by their scale, and before they are standardised.
 */
export interface TrainingLayout {
  /** The layer's parameters as they are trained; the caller disposes them. */
  start(): Tensors;
  /** The same of other parameters of the layer. */
  arrange(parameters: Tensors): Tensors;
  /** The opposite: parameters as the layer has them. */
  restore(parameters: Tensors): Tensors;
  /** o = zW + b, z = x/scale, standardised or not */
  forward(features: tf.Tensor2D, parameters: Tensors): tf.Tensor2D;
  /** From ∂ℓ/∂o to the gradients of the parameters, of the penalty λ/2·‖W‖² as well. */
  backward(features: tf.Tensor2D, logitsGradient: tf.Tensor2D, parameters: Tensors, l2: number): Tensors;
  /** Gradients of the loss, with λ·W, back through what W is made of, added. */
  addPenalty(gradients: Tensors, parameters: Tensors, l2: number): Tensors;
  /** W or Wᵀ. */
  weightOf(parameters: Tensors): tf.Tensor2D;
}

/**
 * The layout for the backend in use.
 *
 * @param scale what stored features are divided by
 * @param scaling how they are standardised after that: z = (x/scale − mean)/deviation, without a copy of them
 */
export function layoutOf(layer: Layer, scale: number, scaling?: Scaling): TrainingLayout {
  // wasm has a slow way for transposed factors only.
  const isTransposed = layer.kind === 'dense' && tf.getBackend() === 'tensorflow';
  const columns = scaling === undefined ? { factor: 1 / scale } : columnsOf(scaling, scale);
  return isTransposed ? transposedDense(layer, columns) : asItIs(layer, columns);
}

/** What is done to the columns of features as they are stored: z = factor∘x − shift. */
interface Columns {
  /** One for all columns, or one for each. */
  readonly factor: number | Float32Array;
  readonly shift?: Float32Array;
}

function columnsOf({ mean, scale, isConstant }: Scaling, divisor: number): Columns {
  // 0 for a constant column: rounding errors would be gradients else, which Adam makes as large as any.
  const of = (value: (j: number) => number) => Float32Array.from(mean, (_, j) => (isConstant[j] ? 0 : value(j)));
  return { factor: of((j) => 1 / (divisor * scale[j])), shift: of((j) => mean[j] / scale[j]) };
}

/** A layer in its own layout. */
export function asItIs(layer: Layer, columns: Columns = { factor: 1 }): TrainingLayout {
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
  const { factor, shift } = columns;
  if (factor === 1) return layout;
  const rows = (weight: tf.Tensor2D) => times(weight, factor, [layer.inputs, 1]);
  return {
    ...layout,
    forward(features, parameters) {
      const weight = layer.weightOf(parameters);
      const logits = tf.matMul(features, rows(weight)).add<tf.Tensor2D>(parameters.bias);
      return shift === undefined ? logits : logits.sub(tf.matMul(tf.tensor2d(shift, [1, layer.inputs]), weight));
    },
    backward(features, g, parameters, l2) {
      const bias = g.sum(0);
      if (shift === undefined) return { ...backward(layer, features, times(g, factor, [1]), parameters, l2), bias };
      const raw: tf.Tensor2D = tf.transpose(tf.matMul(tf.transpose(g), features));
      const moved = tf.matMul(tf.tensor2d(shift, [layer.inputs, 1]), bias.expandDims<tf.Tensor2D>(0));
      const ofLoss = { ...layer.pullback(rows(raw).sub(moved), parameters), bias };
      return l2 === 0 ? ofLoss : layout.addPenalty(ofLoss, parameters, l2);
    },
  };
}

/**
 * A dense layer by its transposed weight, [units, inputs]: o = (Wᵀ·xᵀ)ᵀ + b and ∂ℓ/∂Wᵀ = gᵀ·x.
 *
 * With few classes, these products are twice as fast as x·W and xᵀ·g (TensorFlow 2.21 on a CPU: 234 times 256 × 784 × 10
 * take 15 ms each where those take 29), for they run along rows. The scale goes into the small factors, not over the
 * features.
 */
function transposedDense(layer: Layer, { factor, shift }: Columns): TrainingLayout {
  const transposed = ({ weight, bias }: Tensors): Tensors => ({ weight: tf.transpose(weight), bias: bias.clone() });
  const columns = (weight: tf.Tensor2D) => times(weight, factor, [1, layer.inputs]);
  return {
    start: () => transposed(layer.parameters),
    arrange: transposed,
    restore: transposed,
    weightOf: ({ weight }) => weight.clone() as tf.Tensor2D,
    addPenalty: (gradients, { weight }, l2) => ({ ...gradients, weight: gradients.weight.add(weight.mul(l2)) }),
    forward(features, { weight, bias }) {
      const transposed = tf.matMul(columns(weight as tf.Tensor2D), features, false, true);
      // Turned around by a product: Transpose takes 65 µs for 10 × 256 in a graph, where it asks oneDNN each time.
      const logits = tf.matMul(transposed, tf.eye(bias.size), true, false).add<tf.Tensor2D>(bias);
      if (shift === undefined) return logits;
      return logits.sub(tf.matMul(tf.tensor2d(shift, [1, layer.inputs]), weight as tf.Tensor2D, false, true));
    },
    backward(features, g, { weight }, l2) {
      const bias = g.sum(0);
      // With one factor for all, on the smaller side of the product.
      const product =
        typeof factor === 'number'
          ? tf.matMul(times(g, factor, [1]), features, true, false)
          : columns(tf.matMul(g, features, true, false));
      const ofLoss =
        shift === undefined
          ? product
          : product.sub(tf.matMul(bias.expandDims<tf.Tensor2D>(1), tf.tensor2d(shift, [1, layer.inputs])));
      return { weight: l2 === 0 ? ofLoss : ofLoss.add(weight.mul(l2)), bias };
    },
  };
}

/** A factor for all, or a tensor of factors of that shape. */
function times(tensor: tf.Tensor2D, factor: number | Float32Array, shape: number[]): tf.Tensor2D {
  if (typeof factor !== 'number') return tensor.mul(tf.tensor(factor, shape));
  return factor === 1 ? tensor : tensor.mul(factor);
}

function clones(parameters: Tensors): Tensors {
  return Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, tensor.clone()]));
}
