// optim: first-order updates as pure functions of parameters, gradients and state.
import * as tf from '@tensorflow/tfjs';

/** Tensors by parameter name: parameters, or their gradients. */
export type Tensors = Readonly<Record<string, tf.Tensor>>;
/** The state of an optimizer between steps. It consists of tensors, so a step can be recorded, saved and resumed. */
export type OptimizerState = Readonly<Record<string, Tensors>>;

/** Separate tensors with the same values. */
export function clonesOf(tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
}

/** An update rule: computes new parameters from old ones and their gradients. */
export interface Optimizer {
  /** The state before the first step; the caller disposes it. */
  init(parameters: Tensors): OptimizerState;
  /** New parameters and new state; the arguments stay unchanged. The caller disposes all of them. */
  update(
    parameters: Tensors,
    gradients: Tensors,
    state: OptimizerState,
    learningRate: tf.Scalar,
  ): { parameters: Tensors; state: OptimizerState };
}

/**
 * Stochastic gradient descent.
 *
 *   θ ← θ − η·g
 *
 * @example at θ = 1, g = 2, η = 0.1   // θ = 0.8
 * @see Dive into Deep Learning (zh), §3.1.1.4
 */
export function sgd(): Optimizer {
  return {
    init: () => ({}),
    update: (parameters, gradients, state, learningRate) =>
      tf.tidy(() => ({
        parameters: zip((theta, g) => theta.sub(g.mul(learningRate)), parameters, gradients),
        state,
      })),
  };
}

/**
 * Gradient descent with momentum, as PyTorch defines it.
 *
 *   v ← β·v + g        θ ← θ − η·v
 *
 * @param beta β in [0, 1)
 * @example two steps from θ = 1 with g = 2, η = 0.1   // θ = 0.8, then 0.42
 * @see Dive into Deep Learning (zh), §11.6
 */
export function momentum(beta = 0.9): Optimizer {
  return {
    init: (parameters) => ({ velocity: zip(tf.zerosLike, parameters) }),
    update: (parameters, gradients, state, learningRate) =>
      tf.tidy(() => {
        const velocity = zip((v, g) => v.mul(beta).add(g), state.velocity, gradients);
        const next = zip((theta, v) => theta.sub(v.mul(learningRate)), parameters, velocity);
        return { parameters: next, state: { velocity } };
      }),
  };
}

/**
 * Adam.
 *
 *   m ← β₁m + (1 − β₁)g        v ← β₂v + (1 − β₂)g²        θ ← θ − η·m̂/(√v̂ + ε)
 *   m̂ = m/(1 − β₁ᵗ)           v̂ = v/(1 − β₂ᵗ)             t = 1, 2, …
 *
 * 1 − βᵗ is a tensor, not a JavaScript counter, so that the step depends on its state alone. It is the running mean of
 * ones, c ← βc + (1 − β) from c = 0. (In float32, 1 − 0.999 has a relative error of 5e-5.)
 *
 * @example the first step from θ = 1 with g = 2, η = 0.1   // θ = 0.9: its length is η for every g
 * @see Kingma and Ba (2015); Dive into Deep Learning (zh), §11.10
 */
export function adam(beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8): Optimizer {
  return {
    init: (parameters) => ({
      mean: zip(tf.zerosLike, parameters),
      square: zip(tf.zerosLike, parameters),
      ones: { beta1: tf.scalar(0), beta2: tf.scalar(0) },
    }),
    update: (parameters, gradients, state, learningRate) =>
      tf.tidy(() => {
        const mean = zip((m, g) => runningMean(beta1, m, g), state.mean, gradients);
        const square = zip((v, g) => runningMean(beta2, v, g.square()), state.square, gradients);
        const one = tf.scalar(1);
        const ones = {
          beta1: runningMean(beta1, state.ones.beta1, one),
          beta2: runningMean(beta2, state.ones.beta2, one),
        };
        const rate = learningRate.div(ones.beta1);
        // √v̂ = √v/√(1 − β₂ᵗ): a product instead of a division of every element.
        const inverse = ones.beta2.rsqrt();
        const step = (m: tf.Tensor, v: tf.Tensor) => m.mul(rate).div(v.sqrt().mul(inverse).add(epsilon));
        const next = zip((theta, m, v) => theta.sub(step(m, v)), parameters, mean, square);
        return { parameters: next, state: { mean, square, ones } };
      }),
  };
}

function runningMean(beta: number, before: tf.Tensor, now: tf.Tensor): tf.Tensor {
  return before.mul(beta).add(now.mul(1 - beta));
}

/** Applies a function to the tensors of each name; the first argument determines the names. */
function zip(f: (...tensors: tf.Tensor[]) => tf.Tensor, ...by: Tensors[]): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.keys(by[0]).map((name) => [name, f(...by.map((tensors) => tensors[name]))]));
}
