// nn: the fully connected layer, o = XW + b.
import * as tf from '@tensorflow/tfjs';
import { Random } from '../core/random.js';
import { assertKnownOptions, assertObject, assertPositiveInteger } from '../core/shape.js';
import { checkFeatures, initialValue, type Layer, type Parameters } from './layer.js';
import { checkMatrix, checkTensor, type Logits } from './tensors.js';

/** Standard deviation of initial weights, as in the textbook chapter's implementation (§3.6.1). */
export const INITIAL_WEIGHT_DEVIATION = 0.01;

/** Options of a `Dense` layer. */
export interface DenseOptions {
  /** d, features of a sample. */
  readonly inputs: number;
  /** q, classes. */
  readonly units: number;
  /** Seed of the initial weight (normal, standard deviation 0.01); the bias starts at 0. Default 0. */
  readonly seed?: number;
  /** Initial W, [inputs, units], instead of random numbers. */
  readonly weight?: tf.Tensor2D | readonly (readonly number[])[];
  /** Initial b, [units], instead of zeros. */
  readonly bias?: tf.Tensor1D | readonly number[];
}

/**
 * Affine map of each row.
 *
 *   O = XW + b        ∂ℓ/∂W = Xᵀ ∂ℓ/∂O        ∂ℓ/∂b = Σᵢ ∂ℓ/∂oᵢ
 *
 * @param features X, [n, inputs]
 * @param weight W, [inputs, units]
 * @param bias b, [units], added to each row
 * @returns logits O, [n, units]; the caller disposes them
 * @throws ShapeError if the shapes are incompatible
 * @example dense(tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 0], [0, 1]]), tf.tensor1d([10, 20]))   // [[11, 22]]
 * @see Dive into Deep Learning (zh), §3.4.2 and §3.4.5; checked against reference/dense.ts
 */
export function dense(features: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): Logits {
  checkMatrix(weight, 'dense', 'weight');
  checkFeatures(features, weight.shape[0], 'dense');
  checkTensor(bias, [weight.shape[1]], 'dense', 'bias');
  return tf.tidy(() => tf.matMul(features, weight).add(bias) as Logits);
}

/**
 * A fully connected layer: each logit depends on each feature, with inputs·units weights and units biases.
 *
 * @throws DomainError unless inputs and units are integers > 0; ShapeError for a given weight or bias of another shape
 * @example new Dense({ inputs: 4, units: 3 }).numParameters   // 15: 12 weights and 3 biases
 * @see Dive into Deep Learning (zh), §3.4.2 and §3.4.3
 */
export class Dense implements Layer {
  readonly kind = 'dense';
  readonly inputs: number;
  readonly units: number;
  readonly parameters: Readonly<{ weight: tf.Variable<tf.Rank.R2>; bias: tf.Variable<tf.Rank.R1> }>;

  constructor(options: DenseOptions) {
    assertKnownOptions(options, ['inputs', 'units', 'seed', 'weight', 'bias'], 'Dense');
    const { inputs, units, seed = 0, weight, bias } = options;
    assertPositiveInteger(inputs, 'Dense', 'inputs');
    assertPositiveInteger(units, 'Dense', 'units');
    const random = new Random(seed);
    const normal = () =>
      Float32Array.from({ length: inputs * units }, () => INITIAL_WEIGHT_DEVIATION * random.normal());
    this.inputs = inputs;
    this.units = units;
    this.parameters = tf.tidy(() => {
      const w = initialValue(weight, [inputs, units], 'Dense', 'weight', normal);
      const b = initialValue(bias, [units], 'Dense', 'bias', () => new Float32Array(units));
      // Variables last: tidy does not dispose a variable that was created before another argument is rejected.
      return { weight: tf.variable<tf.Rank.R2>(w as tf.Tensor2D), bias: tf.variable<tf.Rank.R1>(b as tf.Tensor1D) };
    });
  }

  /** W, [inputs, units]. */
  get weight(): tf.Variable<tf.Rank.R2> {
    return this.parameters.weight;
  }

  /** b, [units]. */
  get bias(): tf.Variable<tf.Rank.R1> {
    return this.parameters.bias;
  }

  get numParameters(): number {
    return this.inputs * this.units + this.units;
  }

  weightOf(parameters: Parameters = this.parameters): tf.Tensor2D {
    checkTensor(parameters?.weight, [this.inputs, this.units], 'Dense.weightOf', 'parameters.weight');
    return parameters.weight.clone() as tf.Tensor2D;
  }

  forward(features: tf.Tensor2D, parameters: Parameters = this.parameters): Logits {
    checkFeatures(features, this.inputs, 'Dense.forward');
    assertObject(parameters, 'Dense.forward', 'parameters');
    return dense(features, parameters.weight as tf.Tensor2D, parameters.bias as tf.Tensor1D);
  }

  pullback(weightGradient: tf.Tensor2D): Record<string, tf.Tensor> {
    checkTensor(weightGradient, [this.inputs, this.units], 'Dense.pullback', 'weightGradient');
    return { weight: weightGradient.clone() };
  }

  /** Disposes the parameters. */
  dispose(): void {
    this.weight.dispose();
    this.bias.dispose();
  }

  /** Same as `dispose`; called at the end of a block that declares the layer with `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
