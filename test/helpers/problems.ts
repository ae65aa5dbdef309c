// Random problems from fast-check, the same in every run.
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { between } from './numbers.js';

/** A float32 number in [−20, 20]: where central differences hold. */
export const logit = between(-20, 20).map(Math.fround);

export interface Problem {
  readonly logits: number[][];
  readonly labels: number[];
  /** Soft targets: rows that sum to 1 after rounding to float32, within 2⁻²⁴. */
  readonly targets: number[][];
  readonly classWeights: number[];
  readonly sampleWeights: number[];
  readonly labelSmoothing: number;
  /** A direction in the space of logits. */
  readonly vector: number[][];
}

const weight = fc.oneof(fc.constant(0), between(0.1, 3)).map(Math.fround);

function rows(n: number, classes: number, entry: fc.Arbitrary<number>): fc.Arbitrary<number[][]> {
  const row = fc.array(entry, { minLength: classes, maxLength: classes });
  return fc.array(row, { minLength: n, maxLength: n });
}

function distribution(scores: number[]): number[] {
  const total = scores.reduce((a, b) => a + b);
  return scores.map((score) => Math.fround(score / total));
}

/** Rows that sum to 1 after rounding to float32, within a few 2⁻²⁵. */
function targetRows(n: number, classes: number): fc.Arbitrary<number[][]> {
  return rows(n, classes, between(0.01, 1)).map((scores) => scores.map(distribution));
}

/** A batch of 1 to 6 samples and 2 to 8 classes, with every option that a loss takes. */
export const problem: fc.Arbitrary<Problem> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 8 }))
  .chain(([n, classes]) =>
    fc.record({
      logits: rows(n, classes, logit),
      labels: fc.array(fc.nat(classes - 1), { minLength: n, maxLength: n }),
      targets: targetRows(n, classes),
      classWeights: fc.array(weight, { minLength: classes, maxLength: classes }),
      sampleWeights: fc.array(weight, { minLength: n, maxLength: n }),
      labelSmoothing: fc.constantFrom(0, 0.1, 1),
      vector: rows(n, classes, between(-1, 1).map(Math.fround)),
    }),
  );

/** The numbers of the tensor that `body` returns. Disposes every tensor made inside. */
export function numbers(body: () => tf.Tensor): Float32Array {
  const tensor = tf.tidy(body);
  const values = Float32Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}

/** ∂f/∂x of a scalar (or summed) function at x. */
export function gradientOf(f: (x: tf.Tensor2D) => tf.Tensor, at: number[][]): Float32Array {
  return numbers(() => tf.grad((x) => f(x as tf.Tensor2D).sum())(tf.tensor2d(at)));
}

/** The Hessian of f at x times v: the gradient of ∂f/∂x·v. */
export function hessianVectorOf(f: (x: tf.Tensor2D) => tf.Tensor, at: number[][], vector: number[][]): Float32Array {
  return numbers(() => {
    const v = tf.tensor2d(vector);
    const slope = (x: tf.Tensor) =>
      tf
        .grad((y) => f(y as tf.Tensor2D).sum())(x)
        .mul(v)
        .sum();
    return tf.grad(slope)(tf.tensor2d(at));
  });
}

/** A float32 number in [−1, 1]. */
const unit = between(-1, 1).map(Math.fround);

export interface DenseProblem {
  /** X, [n, inputs]. */
  readonly features: number[][];
  /** W, [inputs, units]. */
  readonly weight: number[][];
  readonly bias: number[];
  /** G, [n, units]: ∂ℓ/∂o of some loss. */
  readonly logitsGradient: number[][];
  /** [n, units], rows that sum to 1. */
  readonly targets: number[][];
}

/** A dense layer of up to 6 features and 5 classes, and up to 5 samples. */
export const denseProblem: fc.Arbitrary<DenseProblem> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }))
  .chain(([n, inputs, units]) =>
    fc.record({
      features: rows(n, inputs, unit),
      weight: rows(inputs, units, unit),
      bias: fc.array(unit, { minLength: units, maxLength: units }),
      logitsGradient: rows(n, units, unit),
      targets: targetRows(n, units),
    }),
  );

export interface PhmProblem extends Omit<DenseProblem, 'weight'> {
  readonly n: number;
  /** A, [n, n, n]. */
  readonly factors: number[][][];
  /** S, [n, inputs/n, units/n]. */
  readonly components: number[][][];
}

/** A PHM layer of up to 4 components, each a block of up to 2 features and 2 classes, and up to 4 samples. */
export const phmProblem: fc.Arbitrary<PhmProblem> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), ...[4, 2, 2].map((max) => fc.integer({ min: 1, max })))
  .chain(([n, samples, blockRows, blockColumns]) =>
    fc.record({
      n: fc.constant(n),
      features: rows(samples, n * blockRows, unit),
      factors: fc.array(rows(n, n, unit), { minLength: n, maxLength: n }),
      components: fc.array(rows(blockRows, blockColumns, unit), { minLength: n, maxLength: n }),
      bias: fc.array(unit, { minLength: n * blockColumns, maxLength: n * blockColumns }),
      logitsGradient: rows(samples, n * blockColumns, unit),
      targets: targetRows(samples, n * blockColumns),
    }),
  );

/** The same numbers without their signs: what a sum of products over them is judged against. */
export function absolute<T extends number | readonly unknown[]>(nested: T): T {
  return (typeof nested === 'number' ? Math.abs(nested) : nested.map((each) => absolute(each as number))) as T;
}
