// Newton's method by conjugate gradients, and the products with the Hessian of sparse samples that it needs.
import { Random } from '../src/core/random.js';
import { SoftmaxRegression } from '../src/index.js';
import { evaluatePlain, type PlainProblem, plainProblem } from '../src/objective/float64.js';
import { sparseHessian } from '../src/objective/sparse/hessian.js';
import { type Hessian, newtonCg } from '../src/optim/newton-cg.js';
import type { SolverState } from '../src/optim/solver.js';
import { onEveryEngine } from './helpers/float64-engines.js';
import { denseTwin, sparseMatrix } from './helpers/sparse-problems.js';

/** ½xᵀAx − bᵀx for Hilbert's matrix A, whose condition number for 4 rows is 1.5e4. */
const HILBERT = Array.from({ length: 4 }, (_, i) => Array.from({ length: 4 }, (_, j) => 1 / (i + j + 1)));
const SIDE = [1, -2, 3, -1];

const timesHilbert = (x: Float64Array) =>
  Float64Array.from(HILBERT, (row) => row.reduce((sum, entry, j) => sum + entry * x[j], 0));

function hilbert(x: Float64Array) {
  const product = timesHilbert(x);
  const value = product.reduce((sum, entry, i) => sum + (entry / 2 - SIDE[i]) * x[i], 0);
  return { value, gradient: product.map((entry, i) => entry - SIDE[i]) };
}

const hessianOfHilbert: Hessian = {
  times: async (vector) => timesHilbert(vector),
  diagonal: Float64Array.from(HILBERT, (row, i) => row[i]),
};

/** Σ log(1 + exp(aᵢx)) + x²/2 for some a: convex, with a Hessian that changes. */
const SLOPES = [3, -2, 0.5, -8, 1];

function logistic([x]: Float64Array) {
  const at = SLOPES.map((a) => 1 / (1 + Math.exp(-a * x)));
  const value = SLOPES.reduce((sum, a) => sum + Math.log1p(Math.exp(a * x)), (x * x) / 2);
  const curvature = SLOPES.reduce((sum, a, i) => sum + a * a * at[i] * (1 - at[i]), 1);
  return { value, gradient: Float64Array.of(SLOPES.reduce((sum, a, i) => sum + a * at[i], x)), curvature };
}

const logisticHessian = async (point: Float64Array): Promise<Hessian> => {
  const { curvature } = logistic(point);
  return { times: async (v) => v.map((each) => curvature * each), diagonal: Float64Array.of(curvature) };
};

describe('newtonCg', () => {
  it('finds the minimum of an ill-conditioned quadratic function', async () => {
    const start = new Float64Array(4);
    const options = { evaluate: hilbert, start, tolerance: 1e-7, maxIterations: 100 };
    const result = await newtonCg({ ...options, hessianAt: async () => hessianOfHilbert });
    expect(result.reason).toBe('gradient');
    timesHilbert(result.point).forEach((each, i) => {
      expect(each).toBeCloseTo(SIDE[i], 6);
    });
  });

  it('converges superlinearly', async () => {
    const norms: number[] = [];
    const { reason, iterations } = await newtonCg({
      evaluate: logistic,
      start: Float64Array.of(4),
      ...{ tolerance: 1e-14, maxIterations: 50, hessianAt: logisticHessian },
      onIteration: ({ gradientNorm }) => void norms.push(gradientNorm),
    });
    expect([reason, iterations < 12]).toEqual(['gradient', true]);
    expect(norms[norms.length - 1]).toBeLessThan(1e-3 * norms[norms.length - 2]);
  });

  it('goes on from a state to the same bits', async () => {
    const options = { evaluate: logistic, start: Float64Array.of(4), tolerance: 1e-14, hessianAt: logisticHessian };
    const states: SolverState[] = [];
    const whole = await newtonCg({
      ...{ ...options, maxIterations: 50 },
      onIteration: ({ state }) => void states.push(state),
    });
    const rest = await newtonCg({ ...options, maxIterations: 50, state: states[1] });
    expect(rest.point).toEqual(whole.point);
    expect(rest.iterations).toBe(whole.iterations);
  });

  it('ends without progress where the Hessian has no curvature', async () => {
    const flat: Hessian = { times: async (v) => v.map(() => 0), diagonal: Float64Array.of(1) };
    const options = { evaluate: logistic, start: Float64Array.of(4), tolerance: 1e-14, maxIterations: 50 };
    expect(await newtonCg({ ...options, hessianAt: async () => flat })).toMatchObject({ reason: 'no-progress' });
  });

  it('ends with the reason of a signal', async () => {
    const signal = AbortSignal.abort(new Error('planted'));
    const options = { evaluate: logistic, start: Float64Array.of(4), tolerance: 1e-14, maxIterations: 50, signal };
    await expect(newtonCg({ ...options, hessianAt: logisticHessian })).rejects.toThrow('planted');
  });
});

function problemOf(fitIntercept: boolean): PlainProblem {
  const random = new Random(8);
  const matrix = sparseMatrix({ n: 90, d: 30, q: 3, draws: 8 }, random);
  const features = { ...matrix, values: matrix.values.map(() => random.normal()) };
  const labels = Int32Array.from({ length: 90 }, () => random.below(3));
  const sampleWeights = Float64Array.from({ length: 90 }, () => random.below(3));
  return plainProblem({ features, labels, numClasses: 3, sampleWeights, l2: 0.02, fitIntercept });
}

onEveryEngine('the Hessian of sparse samples', () => {
  it.each([true, false])('is the derivative of the gradient; with a bias: %s', async (fitIntercept) => {
    const problem = problemOf(fitIntercept);
    const random = new Random(3);
    const draw = () => Float64Array.from({ length: problem.size }, () => random.normal() / 2);
    const [point, vector] = [draw(), draw()];
    if (!fitIntercept) for (const each of [point, vector]) each.fill(0, problem.size - 3);
    const { times, diagonal } = await sparseHessian(problem, point, undefined);
    const step = 1e-5;
    const gradientAt = (direction: Float64Array, t: number) =>
      evaluatePlain(
        problem,
        point.map((each, i) => each + t * direction[i]),
      ).gradient;
    const derivative = (direction: Float64Array) => {
      const [above, below] = [gradientAt(direction, step), gradientAt(direction, -step)];
      return above.map((each, i) => (each - below[i]) / (2 * step));
    };
    const [own, expected] = [await times(vector), derivative(vector)];
    own.forEach((each, i) => {
      expect(Math.abs(each - expected[i])).toBeLessThan(1e-8);
    });
    for (const i of [0, 7, 44, problem.size - 4]) {
      const unit = new Float64Array(problem.size);
      unit[i] = 1;
      expect(Math.abs(diagonal[i] - derivative(unit)[i])).toBeLessThan(1e-8);
    }
    expect(diagonal[problem.size - 1] === 1).toBe(!fitIntercept);
  });

  it('gives a fit with more columns than are factored the optimum of dense rows', async () => {
    const random = new Random(12);
    const drawn = sparseMatrix({ n: 300, d: 1500, q: 3, draws: 12 }, random);
    const matrix = { ...drawn, values: drawn.values.map(() => 0.1 + random.uniform()) };
    const labels = Array.from({ length: 300 }, (_, i) => 'abc'[(matrix.indices[matrix.starts[i]] ?? 0) % 3]);
    const options = { l2: 0.001, tolerance: 1e-9, maxIterations: 2000 };
    const own = await SoftmaxRegression.fit(matrix, labels, options);
    const twin = await SoftmaxRegression.fit(denseTwin(matrix), labels, options);
    expect(own.result).toMatchObject({ converged: true, reason: 'gradient' });
    expect(own.result.iterations).toBeLessThan(11);
    expect(Math.abs(own.result.objective - twin.result.objective)).toBeLessThan(1e-10);
    expect(own.result.suboptimality).toBeLessThan(1e-10);
  });
});
