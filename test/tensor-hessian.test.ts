import * as tf from '@tensorflow/tfjs';
import { BackendInUse } from '../src/compile/backend-in-use.js';
import { Random } from '../src/core/random.js';
import type { FeatureArray } from '../src/data/batches.js';
import { type DenseProblem, evaluatePlain, type PlainProblemOptions, plainProblem } from '../src/objective/float64.js';
import { hessianMatrix } from '../src/objective/hessian.js';
import { largestPart, tensorHessian, tensorHessianPart } from '../src/objective/tensor-hessian.js';
import { Turns } from '../src/objective/turns.js';
import { onEveryBackend } from './helpers/backends.js';

function problemOf(
  n: number,
  d: number,
  q: number,
  others: Partial<PlainProblemOptions<FeatureArray>> = {},
): DenseProblem {
  const random = new Random(7);
  const values = Float32Array.from({ length: n * d }, () => random.uniform() - 0.3);
  const labels = Int32Array.from({ length: n }, (_, i) => (i < q ? i : random.below(q)));
  return plainProblem({
    ...{ features: { values, shape: [n, d] }, labels, numClasses: q, l2: 0.1, fitIntercept: true },
    ...others,
  });
}

function vectorOf(size: number, scale = 1): Float64Array {
  const random = new Random(3);
  return Float64Array.from({ length: size }, () => scale * (2 * random.uniform() - 1));
}

/** A vector like a gradient: its biases sum to 0, and are 0 without an intercept. */
function slopeOf({ size, numFeatures: d, numClasses: q, fitIntercept }: DenseProblem): Float64Array {
  const vector = vectorOf(size);
  const bias = vector.subarray(d * q);
  const mean = bias.reduce((sum, each) => sum + each, 0) / q;
  for (let k = 0; k < q; k++) bias[k] = fitIntercept ? bias[k] - mean : 0;
  return vector;
}

/** ∇²f(θ)·v by central differences of the float64 gradient. */
function product(problem: DenseProblem, point: Float64Array, vector: Float64Array): Float64Array {
  const at = (step: number) =>
    evaluatePlain(
      problem,
      point.map((x, i) => x + step * vector[i]),
    ).gradient;
  const step = 1e-5 / Math.max(...vector.map(Math.abs));
  const [above, below] = [at(step), at(-step)];
  return above.map((g, i) => (g - below[i]) / (2 * step));
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, each, i) => sum + each * b[i], 0);

onEveryBackend('the Hessian on tensors', () => {
  const factored = async (problem: DenseProblem, point: Float64Array, work = 1e12, signal?: AbortSignal) => {
    const backend = new BackendInUse('test', signal);
    const found = await tensorHessian(problem, point, { work, backend, signal });
    if ('leftOut' in found) throw new Error(found.leftOut);
    return found;
  };

  it.each<[string, DenseProblem]>([
    ['three classes', problemOf(60, 7, 3)],
    ['no intercept', problemOf(60, 7, 3, { fitIntercept: false })],
    ['weights, some of them 0', problemOf(60, 7, 3, { sampleWeights: Array.from({ length: 60 }, (_, i) => i % 3) })],
    ['several blocks of columns for a class', problemOf(20, 300, 2)],
    ['more rows than one product takes', problemOf(1100, 4, 3)],
    ['several blocks of samples', problemOf(40_000, 2, 2)],
  ])('solves as the Hessian of evaluatePlain: %s', async (_, problem) => {
    const point = vectorOf(problem.size, 0.5);
    const before = tf.memory().numTensors;
    const hessian = await factored(problem, point);
    const right = slopeOf(problem);
    const solved = (await hessian.solve(right)) as Float64Array;
    expect(product(problem, point, solved)).toBeAllClose(right, { rtol: 1e-3, atol: 1e-3 });
    // A small gradient does not underflow.
    const tiny = (await hessian.solve(right.map((each) => each * 1e-60))) as Float64Array;
    expect(tiny.map((each) => each * 1e60)).toBeAllClose(solved, { rtol: 1e-4, atol: 1e-4 });
    expect(await hessian.solve(new Float64Array(problem.size))).toEqual(new Float64Array(problem.size));
    hessian.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is positive definite where the Hessian is singular', async () => {
    // Two equal columns and one of zeros, no penalty, and the shift of all biases.
    const values = Array.from({ length: 50 }, (_, i) => [Math.sin(i), Math.sin(i), 0]).flat();
    const labels = Int32Array.from({ length: 50 }, (_, i) => i % 3);
    const features = { values: Float32Array.from(values), shape: [50, 3] as const };
    const problem = plainProblem({ features, labels, numClasses: 3, l2: 0, fitIntercept: true });
    const hessian = await factored(problem, new Float64Array(problem.size));
    const shift = new Float64Array(problem.size).fill(1, 9);
    for (const vector of [vectorOf(problem.size), shift]) {
      const solved = (await hessian.solve(vector)) as Float64Array;
      expect(solved.every(Number.isFinite)).toBe(true);
      expect(dot(vector, solved)).toBeGreaterThan(0);
      // No rounding error is a pivot: the least is the least curvature, 5e-5 of the mean square.
      expect(Math.max(...solved.map(Math.abs))).toBeLessThan(1e5);
      // The pivot of a shift of all biases is a rounding error, which is replaced.
      if (vector === shift) expect(Math.max(...solved.map(Math.abs))).toBeLessThan(100);
    }
    hessian.close();
  });

  it('leads downhill without a penalty, with many weights that the loss hardly depends on', async () => {
    const random = new Random(11);
    const [n, d, q] = [900, 120, 6];
    // Sparse columns of all scales, and more pivots of rounding errors than one block of the factor has.
    const values = Float32Array.from({ length: n * d }, (_, at) =>
      random.uniform() < 0.05 ? random.uniform() * 10 ** -(at % 5) : 0,
    );
    const labels = Int32Array.from({ length: n }, () => random.below(q));
    const problem = plainProblem({
      features: { values, shape: [n, d] },
      labels,
      numClasses: q,
      l2: 0,
      fitIntercept: true,
    });
    const point = vectorOf(problem.size, 3);
    const { value, gradient } = evaluatePlain(problem, point);
    const hessian = await factored(problem, point);
    const direction = (await hessian.solve(gradient)) as Float64Array;
    hessian.close();
    const along = (step: number) =>
      evaluatePlain(
        problem,
        point.map((x, i) => x - step * direction[i]),
      ).value;
    expect(Math.min(...[1, 0.3, 0.1, 0.01].map(along))).toBeLessThan(value);
  });

  it('draws a part of its terms where there is less work to do', async () => {
    const problem = problemOf(2000, 6, 5, { l2: 1e-4 });
    // Large weights: most probabilities are near 0 or 1.
    const point = vectorOf(problem.size, 8);
    const whole = await factored(problem, point);
    const part = await factored(problem, point, 2.5e6);
    expect(part.work).toBeLessThan((whole?.work as number) / 2);
    const right = slopeOf(problem);
    const [exact, near] = [await whole?.solve(right), await part?.solve(right)] as Float64Array[];
    expect(near).not.toEqual(exact);
    const cosine = dot(exact, near) / Math.sqrt(dot(exact, exact) * dot(near, near));
    const length = Math.sqrt(dot(near, near) / dot(exact, exact));
    expect(cosine).toBeGreaterThan(0.97);
    expect(length).toBeAllClose(1, { rtol: 0.4, atol: 0 });
    // The same draws each time.
    const again = await factored(problem, point, 2.5e6);
    expect(await again?.solve(right)).toEqual(near);
    for (const each of [whole, part, again]) each?.close();
  });

  it('gives the rows and columns of some entries', async () => {
    const problem = problemOf(60, 7, 3);
    const point = vectorOf(problem.size, 0.5);
    const expected = (await hessianMatrix(problem, point, 1e9)) as Float64Array;
    const entries = Int32Array.of(0, 1, 5, 6, 12, 20, 21, 23);
    const backend = new BackendInUse('test', undefined);
    const before = tf.memory().numTensors;
    const part = await tensorHessianPart(problem, point, entries, { work: 1e12, backend });
    if ('leftOut' in part) throw new Error(part.leftOut);
    expect(tf.memory().numTensors).toBe(before);
    const m = entries.length;
    for (let a = 0; a < m; a++) {
      for (let b = 0; b <= a; b++) {
        const entry = expected[entries[a] * problem.size + entries[b]];
        expect(part.matrix[a * m + b]).toBeAllClose(entry, { rtol: 1e-4, atol: 1e-6 });
      }
    }
    const others = (count: number, work: number) =>
      tensorHessianPart(problem, point, entries.subarray(0, count), { work, backend });
    // The products are those of all columns, and the factor is that of the entries.
    const four = (await others(4, 1e12)) as typeof part;
    expect(four.work).toBeGreaterThan(4 ** 3);
    expect(part.work - four.work).toBeAllClose((m ** 3 - 4 ** 3) / 6, { rtol: 1e-9, atol: 0 });
    expect(await others(m, 10)).toEqual({ leftOut: 'it would take longer than the iterations before it' });
    expect(await others(0, 1e12)).toEqual({ leftOut: 'all weights are 0' });
    const many = largestPart() + 1;
    expect(await tensorHessianPart(problem, point, new Int32Array(many), { work: 1e15, backend })).toEqual({
      leftOut: `${many.toLocaleString('en')} weights are not 0, more than ${(many - 1).toLocaleString('en')}; a larger \`l1\` leaves fewer`,
    });
  });

  it('is left out where it takes too much work, or has too many parameters', async () => {
    const problem = problemOf(60, 7, 3);
    const before = tf.memory().numTensors;
    await expect(factored(problem, new Float64Array(problem.size), 1000)).rejects.toThrow('it would take longer');
    const wide = problemOf(2, 6000, 2);
    const refused = factored(wide, new Float64Array(wide.size), 1e15);
    await expect(refused).rejects.toThrow('12,002 parameters are more than 12,000');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ends with the reason of an abort, and leaves no tensor', async () => {
    const problem = problemOf(400, 300, 2);
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const work = factored(problem, new Float64Array(problem.size), 1e12, controller.signal);
    setTimeout(() => controller.abort(new Error('enough')));
    await expect(work).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves no tensor, wherever the work is interrupted', async () => {
    const problem = problemOf(20, 300, 2);
    const work = () => factored(problem, new Float64Array(problem.size));
    const before = tf.memory().numTensors;
    let [turns, last] = [0, 0];
    const after = jest.spyOn(Turns.prototype, 'after').mockImplementation(async () => {
      turns++;
      if (turns === last) throw new Error('enough');
    });
    try {
      (await work()).close();
      const all = turns;
      expect(all).toBeGreaterThan(5);
      for (last = 1; last <= all; last++) {
        turns = 0;
        await expect(work()).rejects.toThrow('enough');
        expect([last, tf.memory().numTensors]).toEqual([last, before]);
      }
    } finally {
      after.mockRestore();
    }
  });
});
