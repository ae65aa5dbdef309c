import fc from 'fast-check';
import { Random } from '../src/core/random.js';
import { finish } from '../src/core/task.js';
import { FLOAT64 } from '../src/core/tolerance.js';
import { BlockMetric } from '../src/optim/block-metric.js';
import { type BlockPair, compactCurvature } from '../src/optim/compact-curvature.js';
import { leastSubgradient, minimizeComposite } from '../src/optim/composite-quadratic.js';

import { type ProximalNewtonOptions, proximalNewton } from '../src/optim/proximal-newton.js';
import type { SolverState, ValueAndGradient } from '../src/optim/solver.js';
import { between, PROPERTY } from './helpers/numbers.js';

const fails = (fields: object) => expect.objectContaining(fields);

/** ½‖Ax − b‖², [order, blocks] with one block. */
function leastSquares(a: readonly number[][], b: readonly number[]) {
  return (x: Float64Array): ValueAndGradient => {
    const residual = a.map((row, i) => row.reduce((sum, entry, j) => sum + entry * x[j], 0) - b[i]);
    const gradient = Float64Array.from(x, (_, j) => residual.reduce((sum, r, i) => sum + r * a[i][j], 0));
    return { value: residual.reduce((sum, r) => sum + r * r, 0) / 2, gradient };
  };
}

function gramOf(a: readonly number[][]): Float64Array {
  const d = a[0].length;
  return Float64Array.from({ length: d * d }, (_, at) =>
    a.reduce((sum, row) => sum + row[Math.floor(at / d)] * row[at % d], 0),
  );
}

/** Minimises λ‖x‖₁ + ½‖Ax − b‖² by plain coordinate descent: slow but simple. */
function lasso(a: readonly number[][], b: readonly number[], l1: number, sweeps = 20000): number[] {
  const x = a[0].map(() => 0);
  const residual = b.map((entry) => -entry);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let j = 0; j < x.length; j++) {
      const square = a.reduce((sum, row) => sum + row[j] ** 2, 0);
      const wanted = square * x[j] - a.reduce((sum, row, i) => sum + row[j] * residual[i], 0);
      const next = (Math.sign(wanted) * Math.max(0, Math.abs(wanted) - l1)) / square;
      for (let i = 0; i < b.length; i++) residual[i] += a[i][j] * (next - x[j]);
      x[j] = next;
    }
  }
  return x;
}

const A = Array.from({ length: 8 }, (_, i) =>
  Array.from({ length: 5 }, (_, j) => Math.sin(3 * i + 7 * j * j + 2 * i * j)),
);
const B = Array.from({ length: 8 }, (_, i) => 3 * Math.cos(2 * i));

function options(over: Partial<ProximalNewtonOptions> = {}): ProximalNewtonOptions {
  return {
    evaluate: leastSquares(A, B),
    metric: new BlockMetric(gramOf(A), 5, 1, 0),
    start: new Float64Array(5),
    l1: 1,
    numPenalised: 5,
    tolerance: 1e-10,
    maxIterations: 100,
    ...over,
  };
}

/** Σ log(1 + exp(aᵢ·x)) − bᵢaᵢ·x + ½·0.01‖x‖² */
function logistic(x: Float64Array): ValueAndGradient {
  const gradient = x.map((entry) => 0.01 * entry);
  let value = x.reduce((sum, entry) => sum + 0.005 * entry * entry, 0);
  A.forEach((row, i) => {
    const o = row.reduce((sum, entry, j) => sum + entry * x[j], 0);
    const y = i % 3 === 0 ? 1 : 0;
    value += Math.log1p(Math.exp(-Math.abs(o))) + Math.max(o, 0) - y * o;
    const residual = 1 / (1 + Math.exp(-o)) - y;
    for (let j = 0; j < x.length; j++) gradient[j] += residual * row[j];
  });
  return { value, gradient };
}

describe('proximalNewton', () => {
  it('is soft thresholding for orthogonal columns', async () => {
    const identity = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0)));
    const evaluate = leastSquares(identity, [3, -2, 0.5, -0.4]);
    const metric = new BlockMetric(gramOf(identity), 4, 1, 0);
    const result = await proximalNewton(options({ evaluate, metric, start: new Float64Array(4), numPenalised: 4 }));
    expect([...result.point]).toEqual([2, -1, 0, 0]);
    expect(result).toMatchObject({ reason: 'gradient', iterations: 1, gradientNorm: 0 });
    // ½(1 + 1 + 0.25 + 0.16) + 2 + 1
    expect(result.value).toBeCloseTo(4.205, 12);
  });

  it('does not shrink unpenalised entries', async () => {
    const identity = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 : 0)));
    const evaluate = leastSquares(identity, [3, 0.5, 0.5]);
    const metric = new BlockMetric(gramOf(identity), 3, 1, 0);
    const result = await proximalNewton(options({ evaluate, metric, start: new Float64Array(3), numPenalised: 2 }));
    expect([...result.point]).toEqual([2, 0, 0.5]);
  });

  it.each([1e-3, 0.3, 1, 4])('finds the lasso solution of coordinate descent, λ = %d', async (l1) => {
    const expected = lasso(A, B, l1);
    const result = await proximalNewton(options({ l1 }));
    expect(result.reason).toBe('gradient');
    expect(result.point).toBeAllClose(expected, { rtol: 1e-8, atol: 1e-10 });
    expect([...result.point].map((entry) => entry === 0)).toEqual(expected.map((entry) => entry === 0));
    // With the Hessian as M, the quadratic model is the problem itself.
    expect(result.iterations).toBeLessThan(4);
  });

  it.each([0, 0.05, 0.5])('converges with a poor metric, λ = %d', async (l1) => {
    const poor = new BlockMetric(new Float64Array(5).fill(1), 5, 1, 0);
    const result = await proximalNewton(options({ evaluate: logistic, metric: poor, l1 }));
    const good = new BlockMetric(gramOf(A), 5, 1, 0);
    const other = await proximalNewton(options({ evaluate: logistic, metric: good, l1 }));
    expect([result.reason, other.reason]).toEqual(['gradient', 'gradient']);
    expect(result.point).toBeAllClose(other.point, { rtol: 1e-7, atol: 1e-8 });
  });

  it('never increases the value, and reports the value of each point', async () => {
    const values: number[] = [];
    await proximalNewton(
      options({
        evaluate: logistic,
        metric: new BlockMetric(new Float64Array(5).fill(0.1), 5, 1, 0),
        l1: 0.05,
        onIteration: ({ value, state }) => {
          const { value: smooth } = logistic(state.point);
          expect(value).toBeCloseTo(smooth + 0.05 * state.point.reduce((sum, x) => sum + Math.abs(x), 0), 13);
          values.push(value);
          return undefined;
        },
      }),
    );
    expect(values.length).toBeGreaterThan(3);
    for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThanOrEqual(values[i - 1] * (1 + 1e-13));
  });

  it('steps back to the minimum of the parabola if the value rises', async () => {
    const steps: number[] = [];
    const result = await proximalNewton({
      evaluate: ([x]) => ({ value: 1.5 * x * x, gradient: Float64Array.of(3 * x) }),
      // A third of the curvature: the target is −2, where the value is four times as high.
      metric: new BlockMetric(Float64Array.of(1), 1, 1, 0),
      start: Float64Array.of(1),
      ...{ l1: 0, numPenalised: 1, tolerance: 1e-12, maxIterations: 9 },
      onIteration: ({ step }) => {
        steps.push(step);
        return undefined;
      },
    });
    expect(steps).toBeAllClose([1 / 3], FLOAT64);
    expect(result).toMatchObject({ reason: 'gradient', iterations: 1, evaluations: 3 });
  });

  it('resumes bit for bit from a state that went through JSON', async () => {
    const given = options({
      evaluate: logistic,
      metric: new BlockMetric(new Float64Array(5).fill(0.5), 5, 1, 0),
      l1: 0.1,
    });
    const whole = await proximalNewton(given);
    expect(whole.iterations).toBeGreaterThan(5);
    const { state } = await proximalNewton({ ...given, maxIterations: 4 });
    const floats = (value: unknown) => Float64Array.from(Object.values(value as object));
    const read: SolverState = JSON.parse(JSON.stringify(state), (key, value) => {
      return ['point', 'gradient', 'step', 'change'].includes(key) ? floats(value) : value;
    });
    const rest = await proximalNewton({ ...given, state: read });
    expect([...rest.point]).toEqual([...whole.point]);
    expect(rest).toMatchObject({ value: whole.value, iterations: whole.iterations, evaluations: whole.evaluations });
  });

  it('handles collinear columns', async () => {
    const doubled = A.map((row) => [...row, row[0], 2 * row[1]]);
    const evaluate = leastSquares(doubled, B);
    const metric = new BlockMetric(gramOf(doubled), 7, 1, 1e-10);
    const result = await proximalNewton(
      options({ evaluate, metric, start: new Float64Array(7), numPenalised: 7, l1: 0.1 }),
    );
    const single = await proximalNewton(options({ l1: 0.1 }));
    expect(result.reason).toBe('gradient');
    // The larger column needs a smaller weight, so its penalty is smaller.
    expect(result.point[1]).toBe(0);
    expect(result.value).toBeLessThan(single.value);
    expect(Math.sign(result.point[0] * result.point[5])).toBeGreaterThanOrEqual(0);
  });

  it('reports the reason for stopping', async () => {
    expect((await proximalNewton(options({ evaluate: logistic, l1: 0.1, maxIterations: 1 }))).reason).toBe(
      'iterations',
    );
    expect((await proximalNewton(options({ onIteration: () => 'stop', evaluate: logistic, l1: 0.1 }))).reason).toBe(
      'stopped',
    );
    const stopped = options({ onIteration: ({ gradientNorm }) => (gradientNorm < 1e-6 ? 'stop' : undefined) });
    expect(await proximalNewton({ ...stopped, tolerance: 1e-6 })).toMatchObject({ reason: 'gradient' });
    const nowhere = (x: Float64Array) => ({ value: Number.NaN, gradient: x.slice() });
    expect((await proximalNewton(options({ evaluate: nowhere }))).reason).toBe('diverged');
    const island = (x: Float64Array) =>
      x.some((entry) => entry !== 0) ? { value: Number.NaN, gradient: x } : { value: 1, gradient: x.map(() => 9) };
    expect((await proximalNewton(options({ evaluate: island }))).reason).toBe('diverged');
    const wrong = (x: Float64Array) => {
      const { value, gradient } = leastSquares(A, B)(x);
      return { value, gradient: gradient.map((g) => -g) };
    };
    expect((await proximalNewton(options({ evaluate: wrong, l1: 0 }))).reason).toBe('no-progress');
    const aborted = proximalNewton(options({ signal: AbortSignal.abort(new Error('enough')) }));
    await expect(aborted).rejects.toThrow('enough');
  });

  it('takes no step if the start is optimal', async () => {
    const result = await proximalNewton(options({ l1: 1e3 }));
    expect(result).toMatchObject({ reason: 'gradient', iterations: 0, evaluations: 1, gradientNorm: 0 });
  });

  it.each<[Partial<ProximalNewtonOptions>, object]>([
    [{ start: new Float64Array(4) }, { code: 'SHAPE', argument: 'start' }],
    [{ l1: -1 }, { code: 'DOMAIN', argument: 'l1' }],
    [{ l1: Number.NaN }, { code: 'DOMAIN', argument: 'l1' }],
    [{ numPenalised: -1 }, { code: 'DOMAIN', argument: 'numPenalised' }],
    [{ numPenalised: 6 }, { code: 'DOMAIN', argument: 'numPenalised' }],
    [{ tolerance: -1 }, { code: 'DOMAIN', argument: 'tolerance' }],
    [{ maxIterations: 0.5 }, { code: 'DOMAIN', argument: 'maxIterations' }],
    [{ evaluate: () => ({ value: 0, gradient: new Float64Array(2) }) }, { code: 'SHAPE', argument: 'evaluate' }],
  ])('rejects %j', async (over, fields) => {
    await expect(proximalNewton(options(over))).rejects.toThrow(fails({ where: 'proximalNewton', ...fields }));
  });
});

/** M, dense, used for both blocks. */
const ORDER = 3;
const BLOCKS = 2;
const SIZE = ORDER * BLOCKS;
const M = Float64Array.of(4, 1, 0.5, 1, 3, -0.2, 0.5, -0.2, 2);

/** The Hessian that the pairs sample. */
const HESSIAN = Array.from({ length: SIZE }, (_, i) =>
  Array.from({ length: SIZE }, (_, j) => (i === j ? 3 + i : 0) + Math.cos(i + j) / 2),
);

function pairsOf(metric: BlockMetric, count: number): BlockPair[] {
  return Array.from({ length: count }, (_, p) => {
    const step = Float64Array.from({ length: SIZE }, (_, i) => Math.sin(1 + i * (p + 2)));
    const change = Float64Array.from(HESSIAN, (row) => row.reduce((sum, entry, j) => sum + entry * step[j], 0));
    return { step, change, ofStep: metric.multiply(step) };
  });
}

/** B in full. */
function denseOf({ metric, sigma, width, outer, inner }: NonNullable<ReturnType<typeof compactCurvature>>): number[][] {
  return Array.from({ length: SIZE }, (_, i) => {
    const unit = Float64Array.from({ length: SIZE }, (_, j) => Number(i === j));
    const row = Array.from(metric.multiply(unit), (entry) => sigma * entry);
    for (let j = 0; j < SIZE; j++)
      for (let a = 0; a < width; a++) row[j] -= outer[i * width + a] * inner[j * width + a];
    return row;
  });
}

describe('compactCurvature', () => {
  const metric = new BlockMetric(M, ORDER, BLOCKS, 0);

  it.each([0, 1, 3])('equals the BFGS updates of σM, with %i pairs', (count) => {
    const pairs = pairsOf(metric, count);
    const curvature = compactCurvature(metric, 1.5, pairs);
    if (curvature === undefined) throw new Error('none');
    let expected = denseOf({ ...curvature, width: 0 });
    for (const { step, change } of pairs) {
      // B ← B − Bs(Bs)ᵀ/sᵀBs + yyᵀ/yᵀs
      const image = expected.map((row) => row.reduce((sum, entry, j) => sum + entry * step[j], 0));
      const bent = image.reduce((sum, entry, i) => sum + entry * step[i], 0);
      const curved = change.reduce((sum, entry, i) => sum + entry * step[i], 0);
      expected = expected.map((row, i) =>
        row.map((entry, j) => entry - (image[i] * image[j]) / bent + (change[i] * change[j]) / curved),
      );
    }
    expect(denseOf(curvature)).toBeAllClose(expected, { rtol: 1e-10, atol: 1e-12 });
    expect(curvature.diagonal).toBeAllClose(
      expected.map((row, i) => row[i]),
      { rtol: 1e-10, atol: 0 },
    );
  });

  it.each([
    [
      'in the second row of the first column',
      [
        [1, 0, 0],
        [0.9, 0.4, 0],
      ],
      [
        [1e15, 0, 0],
        [0, 2.5e-15, 0],
      ],
    ],
    [
      'in its own row',
      [
        [0, 0, 1],
        [1, 0, 0],
        [1e-15, 1, 0],
      ],
      [
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 0],
      ],
    ],
  ])('takes the largest pivot, %s', (_, steps, changes) => {
    const identity = new BlockMetric(Float64Array.of(1, 1, 1), 3, 1, 0);
    const pairs = steps.map((entries, i) => {
      const step = Float64Array.from(entries);
      return { step, change: Float64Array.from(changes[i]), ofStep: step };
    });
    expect(compactCurvature(identity, 1, pairs)).toBeDefined();
  });

  it('returns undefined if rounding cancels the diagonal', () => {
    const identity = new BlockMetric(Float64Array.of(1, 1), 2, 1, 0);
    const step = Float64Array.of(1, 0);
    const along = (slope: number) => [{ step, change: Float64Array.of(slope, 1), ofStep: step }];
    expect(compactCurvature(identity, 1, along(1e-17))).toBeUndefined();
    expect(compactCurvature(identity, 1, along(1e-15))?.diagonal[0]).toBeCloseTo(1e-15, 25);
  });

  it('returns undefined for equal steps', () => {
    const [pair] = pairsOf(metric, 1);
    expect(compactCurvature(metric, 1, [pair, { ...pair, change: pair.change.map((y) => -y) }])).toBeUndefined();
  });
});

describe('minimizeComposite', () => {
  const vector = (entry: fc.Arbitrary<number>) => fc.array(entry, { minLength: SIZE, maxLength: SIZE });
  const models = fc.record({
    start: vector(fc.oneof(fc.constant(0), between(-2, 2))),
    gradient: vector(between(-5, 5)),
    l1: fc.constantFrom(0, 0.1, 1, 3),
    numPenalised: fc.constantFrom(2, 3),
    pairs: fc.nat(3),
  });

  it('stops at zero subgradients, with exact zeros', () => {
    const metric = new BlockMetric(M, ORDER, BLOCKS, 0);
    fc.assert(
      fc.property(models, ({ start, gradient, l1, numPenalised, pairs }) => {
        const curvature = compactCurvature(metric, 1.2, pairsOf(metric, pairs));
        if (curvature === undefined) throw new Error('none');
        const from = Float64Array.from(start);
        const model = {
          curvature,
          start: from,
          gradient: Float64Array.from(gradient),
          l1,
          numPenalised,
          accuracy: 1e-10,
        };
        const found = finish(minimizeComposite(model));
        const hessian = denseOf(curvature);
        found.forEach((value, i) => {
          const slope = hessian[i].reduce((sum, entry, j) => sum + entry * (found[j] - from[j]), gradient[i]);
          const penalty = i % ORDER < numPenalised ? l1 : 0;
          expect(Math.abs(leastSubgradient(value, slope, penalty))).toBeLessThan(1e-7);
          if (value !== 0 && penalty > 0) expect(Math.abs(value)).toBeGreaterThan(1e-12);
        });
      }),
      PROPERTY,
    );
  });

  it.each([1, 4])('stops entries of collinear columns at 0 before a sign change (%i)', (seed) => {
    const random = new Random(seed);
    const order = 6;
    const columns = Array.from({ length: order }, () => {
      random.normal();
      return Array.from({ length: order }, (_, k) => (k === 0 ? 1 : random.normal() / 10));
    });
    const gram = gramOf(columns[0].map((_, i) => columns.map((column) => column[i])));
    const curvature = compactCurvature(new BlockMetric(gram, order, 1, 0), 1, []);
    if (curvature === undefined) throw new Error('none');
    const start = Float64Array.from({ length: order }, () => random.normal());
    const gradient = Float64Array.from({ length: order }, () => random.normal() / 10);
    const model = { curvature, start, gradient, l1: 0.01, numPenalised: order, accuracy: 1e-8 };
    const found = finish(minimizeComposite(model));
    found.forEach((value, i) => {
      const slope = gradient[i] + start.reduce((sum, from, j) => sum + gram[i * order + j] * (found[j] - from), 0);
      expect(leastSubgradient(value, slope, 0.01)).toBeCloseTo(0, 10);
    });
  });

  it('yields to other tasks in long computations', () => {
    const order = 400;
    const ones = Float64Array.from({ length: order * order }, (_, i) => (i % (order + 1) === 0 ? 2 : 1));
    const curvature = compactCurvature(new BlockMetric(ones, order, 1, 0), 1, []);
    if (curvature === undefined) throw new Error('none');
    const [start, gradient] = [new Float64Array(order), Float64Array.from({ length: order }, (_, i) => Math.sin(i))];
    let turns = 0;
    for (const _ of minimizeComposite({ curvature, start, gradient, l1: 0.1, numPenalised: order, accuracy: 1e-6 }))
      turns++;
    expect(turns).toBeGreaterThan(0);
  });

  it('accepts a diagonal metric', () => {
    const metric = new BlockMetric(Float64Array.of(1, 2, 4), ORDER, 1, 0);
    const curvature = compactCurvature(metric, 1, []);
    if (curvature === undefined) throw new Error('none');
    const gradient = Float64Array.of(-3, 1, -8);
    const model = { curvature, start: new Float64Array(3), gradient, l1: 2, numPenalised: 2, accuracy: 1e-6 };
    expect([...finish(minimizeComposite(model))]).toEqual([1, 0, 2]);
  });
});

describe('BlockMetric', () => {
  it('multiplies and solves by blocks and by parts', () => {
    const metric = new BlockMetric(M, ORDER, BLOCKS, 0);
    const vector = Float64Array.of(1, -2, 3, 0, 1, 0);
    expect([...metric.multiply(vector)]).toEqual([3.5, -5.6, 6.9, 1, 3, -0.2]);
    const rows = Int32Array.of(0, 2);
    const to = new Float64Array(2);
    metric.multiplyPart(rows, Float64Array.of(1, 2), 0, to);
    expect([...to]).toEqual([5, 4.5]);
    expect(metric.solvePart(rows, to)).toBeAllClose([1, 2], FLOAT64);
    const square = metric.inverseSquare(metric.multiply(vector));
    expect(square).toBeCloseTo(
      metric.multiply(vector).reduce((sum, entry, i) => sum + entry * vector[i], 0),
      12,
    );
  });

  it('multiplies and solves by parts if diagonal', () => {
    const metric = new BlockMetric(Float64Array.of(1, 2, 4), ORDER, BLOCKS, 0);
    const rows = Int32Array.of(0, 2);
    const to = Float64Array.of(9, 9, 9, 9);
    metric.multiplyPart(rows, Float64Array.of(0, 3, 5, 0), 1, to);
    expect([...to]).toEqual([9, 3, 20, 9]);
    expect([...metric.solvePart(rows, Float64Array.of(3, 20))]).toEqual([3, 5]);
    expect([...metric.multiply(Float64Array.of(1, 1, 1, 0, 1, 0))]).toEqual([1, 2, 4, 0, 2, 0]);
  });

  it('reads only the lower half, and uses 1 for a zero diagonal', () => {
    const metric = new BlockMetric(Float64Array.of(2, Number.NaN, 0, 0), 2, 1, 0.5);
    expect([...metric.diagonal]).toEqual([3, 1]);
    expect([...metric.multiply(Float64Array.of(1, 1))]).toEqual([3, 1]);
    expect(() => new BlockMetric(new Float64Array(3), 2, 1, 0)).toThrow(fails({ code: 'SHAPE', where: 'BlockMetric' }));
  });
});
