import { Random } from '../src/core/random.js';
import { evaluatePlain, plainProblem } from '../src/objective/float64.js';
import { hessianMatrix } from '../src/objective/hessian.js';
import { activeEntries, activeSetSolver } from '../src/optim/active-set.js';
import { BlockMetric } from '../src/optim/block-metric.js';
import { proximalNewton, subgradientNorm } from '../src/optim/proximal-newton.js';
import type { SolverIteration, SolverOptions, SolverState } from '../src/optim/solver.js';

const random = new Random(4);
const [n, d, q, l1] = [80, 12, 3, 0.02];
const numPenalised = d * q;
const values = Float64Array.from({ length: n * d }, () => random.normal());
const labels = Int32Array.from({ length: n }, (_, i) =>
  values[i * d] + 0.5 * random.normal() > 0.5 ? 1 : i % 2 === 0 ? 0 : 2,
);
const problem = plainProblem({
  ...{ features: { values, shape: [n, d] }, labels, numClasses: q, l2: 0, l1, fitIntercept: true },
});
const evaluate = (point: Float64Array) => evaluatePlain(problem, point);
const start = new Float64Array(problem.size);
const options: SolverOptions = { evaluate, start, tolerance: 1e-10, maxIterations: 200 };

async function hessianAt(point: Float64Array): Promise<Float64Array> {
  return (await hessianMatrix(problem, point, 1e9)) as Float64Array;
}

async function optimum(): Promise<SolverState> {
  const metric = new BlockMetric(await hessianAt(start), problem.size, 1, 1e-10);
  return (await proximalNewton({ ...options, metric, l1, numPenalised })).state;
}

/** The solver over some entries, with the Hessian of these at a point. */
async function solverOver(entries: Int32Array, point: Float64Array) {
  const whole = await hessianAt(point);
  const hessian = Float64Array.from({ length: entries.length ** 2 }, (_, at) => {
    const [a, b] = [entries[Math.floor(at / entries.length)], entries[at % entries.length]];
    return a >= b ? whole[a * problem.size + b] : 0;
  });
  return activeSetSolver({ entries, hessian, jitter: 1e-10, l1, numPenalised });
}

describe('activeEntries', () => {
  const point = Float64Array.of(0, 2, 0, 0, 0);
  const gradient = Float64Array.of(0.95, 0, -1.5, 0.5, 0);
  const near = (most: number, hasIntercept = true) => [
    ...activeEntries({ point, gradient }, { l1: 1, numPenalised: 4, hasIntercept }, most),
  ];

  it('are those that are not 0, the bias, and those with a gradient near l1, the largest first', () => {
    expect(near(9)).toEqual([0, 1, 2, 4]);
    expect(near(3)).toEqual([1, 2, 4]);
    expect(near(1)).toEqual([1, 4]);
    expect(near(9, false)).toEqual([0, 1, 2]);
  });
});

describe('activeSetSolver', () => {
  it('finds the optimum over the entries that differ from 0 there, in few iterations', async () => {
    const expected = await optimum();
    const entries = Int32Array.from(expected.point.keys()).filter((i) => expected.point[i] !== 0 || i >= numPenalised);
    expect(entries.length).toBeLessThan(25);
    const solve = await solverOver(
      entries,
      expected.point.map((w) => 0.9 * w),
    );
    const states: SolverState[] = [];
    const onIteration = async ({ state }: SolverIteration) => void states.push(state);
    const result = await solve({ ...options, onIteration: onIteration as SolverOptions['onIteration'] });
    expect(result.reason).toBe('gradient');
    expect(result.iterations).toBeLessThan(16);
    expect(result.value).toBeAllClose(expected.value, { rtol: 1e-12, atol: 0 });
    // One number added to all biases changes nothing.
    const shift = result.point[numPenalised] - expected.point[numPenalised];
    const shifted = expected.point.map((entry, i) => (i < numPenalised ? entry : entry + shift));
    expect(result.point).toBeAllClose(shifted, { rtol: 0, atol: 1e-8 });
    expect(result.gradientNorm).toBe(subgradientNorm(result, l1, numPenalised));
    // States are those of the whole point, with whole gradients in their pairs.
    for (const { point, gradient } of states) expect(gradient).toEqual(evaluate(point).gradient);
    const [before, last] = states.slice(-2);
    const { step, change } = last.pairs[last.pairs.length - 1];
    expect(step).toEqual(last.point.map((w, i) => w - before.point[i]));
    expect(change).toEqual(last.gradient.map((g, i) => g - before.gradient[i]));
    // From each of them it goes on with the same bits.
    for (const state of states) expect((await solve({ ...options, state })).point).toEqual(result.point);
  });

  it("ends with 'iterations' if other entries should change", async () => {
    const { point } = await optimum();
    const used = Int32Array.from(point.keys()).filter((i) => point[i] !== 0 || i >= numPenalised);
    const solve = await solverOver(used.slice(1), start);
    const result = await solve(options);
    expect(result.reason).toBe('iterations');
    expect(result.gradientNorm).toBeGreaterThan(options.tolerance);
    expect(result.point[used[0]]).toBe(0);
  });
});
