import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { asLogits, FLOAT32, logSoftmax, reference, softmax } from 'softmax-regression';
import { onEveryBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';
import { gradientOf, hessianVectorOf, numbers, problem } from './helpers/problems.js';

onEveryBackend('softmax', (backend) => {
  it('agrees with the float64 reference', () => {
    const check = fc.property(problem, ({ logits }) => {
      expect(numbers(() => softmax(tf.tensor2d(logits)))).toBeAllClose(reference.softmax(logits));
      expect(numbers(() => logSoftmax(tf.tensor2d(logits)))).toBeAllClose(reference.logSoftmax(logits));
    });
    fc.assert(check, PROPERTY);
  });

  it('has the gradient and second derivative of the reference', () => {
    const check = fc.property(problem, ({ logits, vector, targets }) => {
      const along = (f: typeof softmax) => (o: tf.Tensor2D) => f(o).mul(tf.tensor2d(targets));
      expect(gradientOf(along(softmax), logits)).toBeAllClose(reference.softmaxGradient(logits, targets));
      expect(hessianVectorOf(along(softmax), logits, vector)).toBeAllClose(
        reference.softmaxHessianVector(logits, targets, vector),
      );
      const alongLog = (o: tf.Tensor2D) => logSoftmax(o).mul(tf.tensor2d(targets));
      expect(gradientOf(alongLog, logits)).toBeAllClose(reference.logSoftmaxGradient(logits, targets));
      // Targets sum to 1; an upstream gradient need not.
      const alongAny = (o: tf.Tensor2D) => logSoftmax(o).mul(tf.tensor2d(vector));
      expect(gradientOf(alongAny, logits)).toBeAllClose(reference.logSoftmaxGradient(logits, vector));
      expect(hessianVectorOf(alongLog, logits, vector)).toBeAllClose(
        reference.logSoftmaxHessianVector(logits, targets, vector),
      );
    });
    fc.assert(check, PROPERTY);
  });

  it('matches the docstring examples', () => {
    expect(numbers(() => softmax(asLogits([[1, 2, 3]])))).toBeAllClose([0.09, 0.2447, 0.6652], { rtol: 0, atol: 5e-5 });
    expect(numbers(() => logSoftmax(asLogits([[1, 2, 3]])))).toBeAllClose([-2.4076, -1.4076, -0.4076], {
      rtol: 0,
      atol: 5e-5,
    });
  });

  it('has rows that sum to 1, preserves order, and is invariant to a shift of the logits', () => {
    const check = fc.property(problem, fc.integer({ min: -8, max: 8 }), ({ logits }, shift) => {
      const plain = numbers(() => softmax(tf.tensor2d(logits)));
      const shifted = numbers(() => softmax(tf.tensor2d(logits.map((row) => row.map((o) => o + shift)))));
      // The shifted logits are rounded to float32, by up to 2⁻²⁴·28.
      expect(shifted).toBeAllClose(plain, { rtol: 1e-5, atol: 2e-6 });
      logits.forEach((row, i) => {
        const p = plain.subarray(i * row.length, (i + 1) * row.length);
        expect(Math.abs(p.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-6);
        row.forEach((a, j) => {
          for (const k of row.keys()) if (a < row[k]) expect(p[j]).toBeLessThanOrEqual(p[k]);
        });
      });
    });
    fc.assert(check, PROPERTY);
  });

  it('is stable at ±1e30 and −∞, including derivatives', () => {
    const edges = [
      [1e30, -1e30, 0],
      [Number.NEGATIVE_INFINITY, 0, 1],
      [-1e30, -1e30, -1e30],
    ];
    expect(numbers(() => softmax(tf.tensor2d(edges)))).toBeAllClose(reference.softmax(edges));
    expect(numbers(() => logSoftmax(tf.tensor2d(edges)))).toBeAllClose(reference.logSoftmax(edges));
    const ones = edges.map((row) => row.map((_, k) => k + 1));
    const along = (o: tf.Tensor2D) => softmax(o).mul(tf.tensor2d(ones));
    expect(gradientOf(along, edges)).toBeAllClose(reference.softmaxGradient(edges, ones));
    expect(hessianVectorOf(along, edges, ones)).toBeAllClose(reference.softmaxHessianVector(edges, ones, ones));
  });

  it('is 1 for one class, and empty for zero samples', () => {
    expect([...numbers(() => softmax(tf.tensor2d([[-7]])))]).toEqual([1]);
    expect([...numbers(() => logSoftmax(tf.tensor2d([[-7]])))].map(Math.abs)).toEqual([0]);
    expect(numbers(() => softmax(tf.zeros([0, 3])))).toHaveLength(0);
  });

  it('propagates NaN within its row only', () => {
    const p = numbers(() =>
      softmax(
        tf.tensor2d([
          [Number.NaN, 0],
          [0, 0],
        ]),
      ),
    );
    expect([...p]).toEqual([Number.NaN, Number.NaN, 0.5, 0.5]);
  });

  it(`${backend === 'tensorflow' ? 'is NaN' : 'is rejected'} for a row of only −∞`, () => {
    const rows = [[Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]];
    for (const f of [softmax, logSoftmax]) {
      const run = () => numbers(() => f(tf.tensor2d(rows)));
      if (backend === 'tensorflow') expect([...run()]).toEqual([Number.NaN, Number.NaN]);
      else expect(run).toThrow(expect.objectContaining({ code: 'DOMAIN', argument: 'logits[0]' }));
    }
    expect(() => asLogits(rows)).toThrow(expect.objectContaining({ code: 'DOMAIN', argument: 'logits[0]' }));
  });

  it('rejects tensors other than float32 of shape [n, classes]', () => {
    const shape = expect.objectContaining({ code: 'SHAPE', argument: 'logits' });
    expect(() => tf.tidy(() => softmax(tf.tensor1d([1, 2]) as never))).toThrow(shape);
    expect(() => tf.tidy(() => softmax(tf.tensor2d([[1, 2]], [1, 2], 'int32')))).toThrow(shape);
    expect(() => softmax([[1, 2]] as never)).toThrow(shape);
  });
});

describe('the checks of softmax', () => {
  it('fail for a softmax that is off by 1e-4', () => {
    const planted = (o: tf.Tensor2D) => o.exp().div<tf.Tensor2D>(o.exp().sum(1, true)).mul(1.0001);
    const logits = [[1, 2, 3]];
    expect(() =>
      expect(numbers(() => planted(tf.tensor2d(logits)))).toBeAllClose(reference.softmax(logits), FLOAT32),
    ).toThrow('numbers differ');
  });

  it('include a type error for a softmax of a softmax', () => {
    const probabilities = softmax(asLogits([[1, 2]]));
    // @ts-expect-error a softmax of a softmax
    softmax(probabilities).dispose();
    probabilities.dispose();
  });
});
