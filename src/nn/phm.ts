// nn: parameterized hypercomplex multiplication, a weight matrix with about 1/n of the parameters of a dense one.

import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { assertKnownOptions, assertObject, assertPositiveInteger, describe } from '../core/shape.js';
import { dense, INITIAL_WEIGHT_DEVIATION } from './dense.js';
import { checkFeatures, initialValue, type Layer, type Parameters } from './layer.js';
import type { Logits } from './tensors.js';
import { checkTensor, isTensor } from './tensors.js';

/** Options of a `Phm` layer. */
export interface PhmOptions {
  /** d, features of a sample; n divides it. */
  readonly inputs: number;
  /** q, classes; n divides it. */
  readonly units: number;
  /** Number of components of a hypercomplex number: 1 is a dense layer, 4 includes the quaternions. */
  readonly n: number;
  /** Seed of the initial factors and components. Default 0. */
  readonly seed?: number;
  /** Initial Aᵢ, [n, n, n], instead of random numbers. */
  readonly factors?: tf.Tensor3D | readonly (readonly (readonly number[])[])[];
  /** Whether the factors are trained (default) or stay fixed. */
  readonly trainableFactors?: boolean;
  /** Initial Sᵢ, [n, inputs/n, units/n], instead of random numbers. */
  readonly components?: tf.Tensor3D | readonly (readonly (readonly number[])[])[];
  /** Initial b, [units], instead of zeros. */
  readonly bias?: tf.Tensor1D | readonly number[];
}

/**
 * The weight defined by factors and components: a sum of Kronecker products.
 *
 *   W = Σᵢ Aᵢ ⊗ Sᵢ        W[j·d/n + r, k·q/n + c] = Σᵢ Aᵢ[j, k]·Sᵢ[r, c]
 *
 * @param factors A, [n, n, n]
 * @param components S, [n, inputs/n, units/n]
 * @returns W, [inputs, units]; the caller disposes it
 * @example phmWeight(tf.tensor3d([[[2]]]), tf.tensor3d([[[3, 4]]]))   // [[6, 8]]
 * @see Zhang et al. (2021), Beyond Fully-Connected Layers with Quaternions; checked against reference/phm.ts
 */
export function phmWeight(factors: tf.Tensor3D, components: tf.Tensor3D): tf.Tensor2D {
  if (!isTensor(components) || components.rank !== 3) {
    const expected = 'be a tensor of shape [n, rows, columns]';
    throw new ShapeError({ where: 'phmWeight', argument: 'components', expected, actual: describe(components) });
  }
  const [n, rows, columns] = components.shape;
  checkTensor(factors, [n, n, n], 'phmWeight', 'factors');
  return tf.tidy(() => {
    const blocks = tf.matMul(
      tf.transpose(factors.reshape<tf.Tensor2D>([n, n * n])),
      components.reshape<tf.Tensor2D>([n, rows * columns]),
    );
    return blocks
      .reshape([n, n, rows, columns])
      .transpose([0, 2, 1, 3])
      .reshape([n * rows, n * columns]);
  });
}

/**
 * A linear layer with weight W = Σᵢ Aᵢ ⊗ Sᵢ: inputs·units/n + n³ weights instead of inputs·units, and units biases.
 *
 * Components are contiguous blocks: feature j·inputs/n + r is the j-th component of the r-th hypercomplex number. If
 * n = 4 and Aᵢ is the transposed left-multiplication matrix of the i-th quaternion, o = x·W is the Hamilton product
 * w ⊗ x.
 *
 * @throws DomainError unless n divides inputs and units; ShapeError for given parameters of another shape
 * @example new Phm({ inputs: 784, units: 10, n: 2 }).numParameters   // 3938: 3920 components, 8 factors, 10 biases
 * @see Dive into Deep Learning (zh), §3.4.3; Zhang et al. (2021), Beyond Fully-Connected Layers with Quaternions
 */
export class Phm implements Layer {
  readonly kind = 'phm';
  readonly inputs: number;
  readonly units: number;
  readonly n: number;
  /** A, [n, n, n]: trained unless `trainableFactors` is false. */
  readonly factors: tf.Variable<tf.Rank.R3>;
  /** S, [n, inputs/n, units/n]. */
  readonly components: tf.Variable<tf.Rank.R3>;
  /** b, [units]. */
  readonly bias: tf.Variable<tf.Rank.R1>;
  readonly parameters: Readonly<Record<string, tf.Variable>>;

  constructor(options: PhmOptions) {
    assertKnownOptions(
      options,
      ['inputs', 'units', 'n', 'seed', 'factors', 'trainableFactors', 'components', 'bias'],
      'Phm',
    );
    const { inputs, units, n, seed = 0, factors, trainableFactors = true, components, bias } = options;
    assertPositiveInteger(inputs, 'Phm', 'inputs');
    assertPositiveInteger(units, 'Phm', 'units');
    assertPositiveInteger(n, 'Phm', 'n');
    if (inputs % n !== 0 || units % n !== 0) {
      const hint = 'Choose an n that divides both, or pad the features.';
      throw new DomainError({
        where: 'Phm',
        argument: 'n',
        expected: `divide inputs = ${inputs} and units = ${units}`,
        actual: String(n),
        hint,
      });
    }
    const random = new Random(seed);
    const normal = (count: number, deviation: number) => () =>
      Float32Array.from({ length: count }, () => deviation * random.normal());
    this.inputs = inputs;
    this.units = units;
    this.n = n;
    const size = [n, inputs / n, units / n];
    const variables = tf.tidy(() => {
      // Factors with variance 1/n and components with deviation 0.01 give W deviation 0.01, as in a dense layer.
      const a = initialValue(factors, [n, n, n], 'Phm', 'factors', normal(n ** 3, Math.sqrt(1 / n)));
      const initial = normal((inputs * units) / n, INITIAL_WEIGHT_DEVIATION);
      const s = initialValue(components, size, 'Phm', 'components', initial);
      const b = initialValue(bias, [units], 'Phm', 'bias', () => new Float32Array(units));
      // Variables last: tidy does not dispose a variable that was created before another argument is rejected.
      return { factors: tf.variable(a), components: tf.variable(s), bias: tf.variable(b) };
    });
    this.factors = variables.factors as tf.Variable<tf.Rank.R3>;
    this.components = variables.components as tf.Variable<tf.Rank.R3>;
    this.bias = variables.bias as tf.Variable<tf.Rank.R1>;
    const trained = { components: this.components, bias: this.bias };
    this.parameters = trainableFactors ? { factors: this.factors, ...trained } : trained;
  }

  get numParameters(): number {
    return Object.values(this.parameters).reduce((count, parameter) => count + parameter.size, 0);
  }

  weightOf(parameters: Parameters = this.parameters): tf.Tensor2D {
    assertObject(parameters, 'Phm.weightOf', 'parameters');
    const { factors = this.factors, components } = parameters;
    return phmWeight(factors as tf.Tensor3D, components as tf.Tensor3D);
  }

  forward(features: tf.Tensor2D, parameters: Parameters = this.parameters): Logits {
    checkFeatures(features, this.inputs, 'Phm.forward');
    return tf.tidy(() => dense(features, this.weightOf(parameters), parameters.bias as tf.Tensor1D));
  }

  /** ∂ℓ/∂Sᵢ = Σⱼₖ Aᵢ[j, k]·Gⱼₖ and ∂ℓ/∂Aᵢ[j, k] = ⟨Gⱼₖ, Sᵢ⟩, where Gⱼₖ is block (j, k) of ∂ℓ/∂W. */
  pullback(weightGradient: tf.Tensor2D, parameters: Parameters = this.parameters): Record<string, tf.Tensor> {
    checkTensor(weightGradient, [this.inputs, this.units], 'Phm.pullback', 'weightGradient');
    const { n } = this;
    const { factors = this.factors, components } = parameters;
    const [, rows, columns] = this.components.shape;
    return tf.tidy((): Record<string, tf.Tensor> => {
      const tiles = weightGradient.reshape([n, rows, n, columns]).transpose([0, 2, 1, 3]);
      const blocks = tiles.reshape<tf.Tensor2D>([n * n, rows * columns]);
      const ofComponents = tf.matMul(factors.reshape<tf.Tensor2D>([n, n * n]), blocks).reshape([n, rows, columns]);
      if (!('factors' in this.parameters)) return { components: ofComponents };
      const ofFactors = tf.matMul(components.reshape<tf.Tensor2D>([n, rows * columns]), tf.transpose(blocks));
      return { components: ofComponents, factors: ofFactors.reshape([n, n, n]) };
    });
  }

  /** Disposes the parameters. */
  dispose(): void {
    this.factors.dispose();
    this.components.dispose();
    this.bias.dispose();
  }

  /** Same as `dispose`; called at the end of a block that declares the layer with `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
