// Random problems, as fast-check makes them: the same ones in every run.
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

/** Properties are checked on the problems of one seed: a test that fails, fails again. */
export const PROPERTY = { seed: 20201, numRuns: 60 } as const;

/** A float32 number in [−20, 20]: where central differences hold. */
export const logit = fc.double({ min: -20, max: 20, noNaN: true }).map(Math.fround);

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

const weight = fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 3, noNaN: true })).map(Math.fround);

function rows(n: number, classes: number, entry: fc.Arbitrary<number>): fc.Arbitrary<number[][]> {
  const row = fc.array(entry, { minLength: classes, maxLength: classes });
  return fc.array(row, { minLength: n, maxLength: n });
}

function distribution(scores: number[]): number[] {
  const total = scores.reduce((a, b) => a + b);
  return scores.map((score) => Math.fround(score / total));
}

/** A batch of 1 to 6 samples and 2 to 8 classes, with every option that a loss takes. */
export const problem: fc.Arbitrary<Problem> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 8 }))
  .chain(([n, classes]) =>
    fc.record({
      logits: rows(n, classes, logit),
      labels: fc.array(fc.nat(classes - 1), { minLength: n, maxLength: n }),
      targets: rows(n, classes, fc.double({ min: 0.01, max: 1, noNaN: true })).map((scores) =>
        scores.map(distribution),
      ),
      classWeights: fc.array(weight, { minLength: classes, maxLength: classes }),
      sampleWeights: fc.array(weight, { minLength: n, maxLength: n }),
      labelSmoothing: fc.constantFrom(0, 0.1, 1),
      vector: rows(n, classes, fc.double({ min: -1, max: 1, noNaN: true }).map(Math.fround)),
    }),
  );

/** Runs `body` on tensors made inside of it, and gives back plain numbers; no tensor is left. */
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
