// Makes calls of kernels, and tensors to call them on.
import * as tf from '@tensorflow/tfjs';
import { Random } from '../../../src/core/random.js';

export interface KernelCall {
  /** A kernel that the call runs, by its registered name: 'Add', 'Conv2D', … */
  readonly kernel: string;
  /** What sets it apart from the other calls of the kernel: a type, a rank, an option. */
  readonly variant?: string;
  /** Makes fresh tensors, with the same numbers each time. */
  inputs(): tf.Tensor[];
  /** A pure function of them. */
  run(...inputs: tf.Tensor[]): tf.Tensor | tf.Tensor[];
  /** It reads the values of a native tensor. */
  readonly reads?: true;
  /** It draws random numbers within TensorFlow. */
  readonly random?: true;
}

interface RankOfLength {
  0: tf.Rank.R0;
  1: tf.Rank.R1;
  2: tf.Rank.R2;
  3: tf.Rank.R3;
  4: tf.Rank.R4;
  5: tf.Rank.R5;
  6: tf.Rank.R6;
}

export type Shape = readonly number[] & { readonly length: keyof RankOfLength };

type Shaped<S extends Shape> = tf.Tensor<RankOfLength[S['length']]>;

export type NumberType = 'float32' | 'int32' | 'bool' | 'complex64';

/** Makes a tensor; a random one takes its numbers from `random`. */
export type Make<T extends tf.Tensor> = (random: Random) => T;

export type Unary = (x: tf.Tensor) => tf.Tensor;

export type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

export type Result = tf.Tensor | tf.Tensor[];

export type Domain = readonly [from: number, to: number];

export const WIDE: Domain = [-2, 2];

/** More than 22 bytes, so stored outside the tensor: freeing it too early is detected. */
export const LONG = 'a string of 1 line, and of more than 22 bytes';

function shaped<S extends Shape>(values: readonly number[], shape: S, type: NumberType): Shaped<S> {
  const tensor: tf.Tensor = tf.tensor([...values], [...shape], type);
  return tensor as Shaped<S>;
}

function filled<S extends Shape>(shape: S, type: NumberType, next: () => number): Shaped<S> {
  const size = shape.reduce((product, n) => product * n, 1);
  return shaped(Array.from({ length: size }, next), shape, type);
}

/** From `from` to `to`. */
export function floats<const S extends Shape>(shape: S, from = -2, to = 2): Make<Shaped<S>> {
  return (random) => filled(shape, 'float32', () => from + (to - from) * random.uniform());
}

/** From `from` to `to − 1`. */
export function ints<const S extends Shape>(shape: S, from = -4, to = 5): Make<Shaped<S>> {
  return (random) => filled(shape, 'int32', () => from + random.below(to - from));
}

export function bools<const S extends Shape>(shape: S): Make<Shaped<S>> {
  return (random) => filled(shape, 'bool', () => random.below(2));
}

export function complex<const S extends Shape>(shape: S): Make<Shaped<S>> {
  const part = floats(shape);
  return (random) => tf.tidy(() => tf.complex(part(random), part(random)) as unknown as Shaped<S>);
}

export function indices<const S extends Shape>(values: readonly number[], shape: S): Make<Shaped<S>> {
  return () => shaped(values, shape, 'int32');
}

/** Rows that sum to 1. */
export function distributions<const S extends Shape>(shape: S): Make<Shaped<S>> {
  return (random) => tf.tidy(() => tf.softmax(floats(shape)(random)) as Shaped<S>);
}

/** A [2, 3] tensor of the type. */
export function matrix(type: NumberType, [from, to]: Domain = WIDE): Make<tf.Tensor2D> {
  switch (type) {
    case 'float32':
      return floats([2, 3], from, to);
    case 'int32':
      return ints([2, 3], Math.ceil(from), Math.floor(to) + 1);
    case 'bool':
      return bools([2, 3]);
    case 'complex64':
      return complex([2, 3]);
  }
}

/** What to add before and behind, axis by axis. */
export function pairs(...sizes: number[]): [number, number][] {
  return sizes.flatMap((size, i) => (i % 2 === 0 ? [[size, sizes[i + 1]]] : []));
}

export function call<I extends readonly tf.Tensor[]>(
  kernel: string,
  variant: string,
  inputs: { readonly [K in keyof I]: Make<I[K]> },
  run: (...inputs: I) => Result,
): KernelCall {
  return {
    kernel,
    variant,
    inputs() {
      const random = new Random(20201);
      return inputs.map((make) => make(random));
    },
    run: (...given) => run(...(given as unknown as I)),
  };
}

/** ∂/∂inputs of Σ wᵢ·f(inputs)ᵢ, where w is 1, 2, 3, 1, 2, 3, …: not the sum, whose gradient hides mistakes. */
export function gradients<I extends readonly tf.Tensor[]>(
  f: (...inputs: I) => tf.Tensor,
): (...inputs: I) => tf.Tensor[] {
  const weighted = (...inputs: tf.Tensor[]) => {
    const y = f(...(inputs as unknown as I));
    const weights = Float32Array.from({ length: y.size }, (_, i) => 1 + (i % 3));
    return y.mul(tf.tensor(weights, y.shape)).sum();
  };
  return (...inputs) => tf.grads(weighted)([...inputs]);
}

export function callGradients<I extends readonly tf.Tensor[]>(
  kernel: string,
  variant: string,
  inputs: { readonly [K in keyof I]: Make<I[K]> },
  f: (...inputs: I) => tf.Tensor,
): KernelCall {
  return call(kernel, variant, inputs, gradients(f));
}
