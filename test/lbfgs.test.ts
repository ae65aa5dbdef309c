import { nextTask } from '../src/core/task.js';
import { FLOAT64 } from '../src/core/tolerance.js';
import { cholesky } from '../src/optim/cholesky.js';
import { type LbfgsOptions, lbfgs } from '../src/optim/lbfgs.js';
import { type LinePoint, lineSearch } from '../src/optim/line-search.js';
import { type SolverState, type ValueAndGradient, withPair } from '../src/optim/solver.js';

const COMMON = { tolerance: 1e-8, maxIterations: 1000 };

function rosenbrock(point: Float64Array): ValueAndGradient {
  let value = 0;
  const gradient = new Float64Array(point.length);
  for (let i = 0; i + 1 < point.length; i++) {
    const [x, y] = [point[i], point[i + 1]];
    value += 100 * (y - x * x) ** 2 + (1 - x) ** 2;
    gradient[i] += -400 * x * (y - x * x) - 2 * (1 - x);
    gradient[i + 1] += 200 * (y - x * x);
  }
  return { value, gradient };
}

/** ½xᵀAx − bᵀx */
function quadratic(a: number[][], b: number[]) {
  return (x: Float64Array): ValueAndGradient => {
    const product = a.map((row) => row.reduce((sum, entry, j) => sum + entry * x[j], 0));
    const value = product.reduce((sum, entry, i) => sum + (entry / 2 - b[i]) * x[i], 0);
    return { value, gradient: Float64Array.from(product, (entry, i) => entry - b[i]) };
  };
}

/** Hilbert's matrix, whose condition number for 6 rows is 1.5e7. */
const HILBERT = Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => 1 / (i + j + 1)));
const SIDE = [1, -2, 3, -1, 0.5, 2];

describe('lbfgs', () => {
  it.each([2, 10])('finds the minimum of Rosenbrock’s function of %i variables', async (n) => {
    const result = await lbfgs({ evaluate: rosenbrock, start: new Float64Array(n).fill(-1.2), ...COMMON });
    expect(result).toMatchObject({ reason: 'gradient' });
    expect(result.gradientNorm).toBeLessThanOrEqual(1e-8);
    // From −1.2 everywhere, ten variables have one other local minimum, at x₁ ≈ −1; value 0 is the global one.
    expect(result.value).toBeLessThan(1e-12);
    expect(result.point).toBeAllClose(Array(n).fill(1), { rtol: 1e-6, atol: 0 });
    expect(result.iterations).toBeLessThan(150);
  });

  it('matches the closed-form solution of a quadratic', async () => {
    const a = HILBERT.map((row, i) => row.map((entry, j) => entry + (i === j ? 0.1 : 0)));
    const exact = cholesky(Float64Array.from(a.flat()), 6).solve(Float64Array.from(SIDE));
    const evaluate = quadratic(a, SIDE);
    const result = await lbfgs({ evaluate, start: new Float64Array(6), tolerance: 1e-11, maxIterations: 200 });
    expect(result.reason).toBe('gradient');
    expect(result.point).toBeAllClose(exact, { rtol: 0, atol: 1e-9 });
  });

  it('takes a first step of length 1, and then steps by the BFGS formula', async () => {
    const points: Float64Array[] = [];
    const evaluate = (x: Float64Array) => {
      points.push(x);
      return quadratic(A, [0, 0])(x);
    };
    const A = [
      [10, 1],
      [1, 30],
    ];
    const states: SolverState[] = [];
    const start = Float64Array.of(30, 40);
    await lbfgs({
      evaluate,
      start,
      tolerance: 0,
      maxIterations: 2,
      onIteration: ({ state }) => void states.push(state),
    });
    const [, first] = points;
    expect(Math.hypot(first[0] - start[0], first[1] - start[1])).toBeCloseTo(1, 12);
    // H = (I − ρsyᵀ)γ(I − ρysᵀ) + ρssᵀ, γ = sᵀy / yᵀy
    const [{ point, gradient: g, pairs, evaluations }] = states;
    const [{ step: s, change: y }] = pairs;
    const along = (a: Float64Array, b: Float64Array) => a[0] * b[0] + a[1] * b[1];
    const rho = 1 / along(s, y);
    const moved = g.map((entry, i) => entry - rho * along(s, g) * y[i]);
    const gamma = along(s, y) / along(y, y);
    const direction = moved.map(
      (entry, i) => -gamma * (entry - rho * along(y, moved) * s[i]) - rho * along(s, g) * s[i],
    );
    expect(points[evaluations]).toBeAllClose(
      point.map((entry, i) => entry + direction[i]),
      FLOAT64,
    );
  });

  it('tracks the best value and gradient norm', async () => {
    const met: [state: SolverState, value: number, norm: number][] = [];
    const start = new Float64Array(10).fill(-1.2);
    const first = rosenbrock(start);
    const onIteration: LbfgsOptions['onIteration'] = ({ state, value, gradientNorm }) =>
      void met.push([state, value, gradientNorm]);
    await lbfgs({ evaluate: rosenbrock, start, ...COMMON, onIteration });
    let [bestValue, bestNorm] = [first.value, Math.max(...first.gradient.map(Math.abs))];
    let rises = 0;
    for (const [state, value, norm] of met) {
      if (norm > bestNorm) rises++;
      [bestValue, bestNorm] = [Math.min(bestValue, value), Math.min(bestNorm, norm)];
      expect(state).toMatchObject({ bestValue, bestNorm });
    }
    expect(rises).toBeGreaterThan(0);
  });

  it('needs two evaluations if the preconditioner inverts the Hessian', async () => {
    const factored = cholesky(Float64Array.from(HILBERT.flat()), 6);
    const result = await lbfgs({
      evaluate: quadratic(HILBERT, SIDE),
      start: new Float64Array(6),
      precondition: (v) => factored.solve(v),
      tolerance: 1e-6,
      maxIterations: 10,
    });
    expect(result).toMatchObject({ reason: 'gradient', iterations: 1, evaluations: 2 });
  });

  it.each([1e-150, 1e-12, 1e12, 1e60])('solves a quadratic in units of %p', async (scale) => {
    // (x·scale − 1)² + (y·scale − 2)²
    const evaluate = ([x, y]: Float64Array) => ({
      value: (x * scale - 1) ** 2 + (y * scale - 2) ** 2,
      gradient: Float64Array.of(2 * scale * (x * scale - 1), 2 * scale * (y * scale - 2)),
    });
    const precondition = (v: Float64Array) => v.map((entry) => entry / scale / scale);
    const tolerance = 1e-9 * scale;
    const plain = await lbfgs({ evaluate, start: new Float64Array(2), tolerance, maxIterations: 50 });
    // From steps of length 1, no line search reaches a factor of 1e300; it ends without progress.
    if (scale === 1e-150) expect(plain.reason).toBe('no-progress');
    else expect([plain.point[0] * scale, plain.point[1] * scale]).toBeAllClose([1, 2], { rtol: 1e-8, atol: 0 });
    if (scale === 1e-150) return;
    const result = await lbfgs({ evaluate, start: new Float64Array(2), precondition, tolerance, maxIterations: 50 });
    expect([result.point[0] * scale, result.point[1] * scale]).toBeAllClose([1, 2], { rtol: 1e-8, atol: 0 });
  });

  it('backtracks from values that are not finite', async () => {
    // x − log x is not defined for x ≤ 0; the first step from 0.01 without a scale would go there.
    const evaluate = ([x]: Float64Array) => ({
      value: Math.log(x) + 1 / x,
      gradient: Float64Array.of(1 / x - 1 / (x * x)),
    });
    const barrier = ([x]: Float64Array) => ({ value: x - Math.log(x), gradient: Float64Array.of(1 - 1 / x) });
    for (const [f, start] of [
      [evaluate, 0.01],
      [barrier, 100],
      [barrier, 1e-3],
    ] as const) {
      const result = await lbfgs({
        evaluate: f,
        start: Float64Array.of(start),
        precondition: (v) => v.slice(),
        ...COMMON,
      });
      expect(result.reason).toBe('gradient');
      expect(result.point[0]).toBeCloseTo(1, 6);
    }
  });

  it('reports divergence if no value is finite', async () => {
    const start = Float64Array.of(0);
    const never = () => ({ value: Number.NaN, gradient: Float64Array.of(1) });
    expect(await lbfgs({ evaluate: never, start, ...COMMON })).toMatchObject({ reason: 'diverged', iterations: 0 });
    const onlyHere = ([x]: Float64Array) => ({ value: x === 0 ? 0 : Number.NaN, gradient: Float64Array.of(1) });
    const result = await lbfgs({ evaluate: onlyHere, start, ...COMMON });
    expect(result).toMatchObject({ reason: 'diverged', value: 0 });
    expect(result.point).toEqual(start);
    const infinite = () => ({ value: 0, gradient: Float64Array.of(Number.POSITIVE_INFINITY) });
    expect(await lbfgs({ evaluate: infinite, start, ...COMMON })).toMatchObject({ reason: 'diverged' });
    const partly = () => ({ value: 0, gradient: Float64Array.of(Number.NaN, 1) });
    const both = await lbfgs({ evaluate: partly, start: new Float64Array(2), ...COMMON });
    expect(both).toMatchObject({ reason: 'diverged', gradientNorm: Number.NaN, iterations: 0 });
  });

  it.each([1e-200, 1e200])(
    'ends without a line search if the slope under- or overflows: a gradient of %p',
    async (size) => {
      const evaluate = ([x]: Float64Array) => ({ value: x * size, gradient: Float64Array.of(size) });
      const result = await lbfgs({ evaluate, start: Float64Array.of(0), tolerance: 0, maxIterations: 9 });
      expect(result).toMatchObject({ reason: 'no-progress', evaluations: 1 });
    },
  );

  it('converges if no entry of the gradient exceeds the tolerance', async () => {
    const evaluate = ([x]: Float64Array) => ({ value: x, gradient: Float64Array.of(1) });
    const at = { evaluate, start: Float64Array.of(0), maxIterations: 1 };
    expect(await lbfgs({ ...at, tolerance: 1 })).toMatchObject({ reason: 'gradient', evaluations: 1 });
    expect(await lbfgs({ ...at, tolerance: 1 - 2 ** -53 })).toMatchObject({ reason: 'iterations' });
  });

  it('ends on a function without a minimum, and on a wrong gradient', async () => {
    const linear = ([x]: Float64Array) => ({ value: x, gradient: Float64Array.of(1) });
    const down = await lbfgs({ evaluate: linear, start: Float64Array.of(0), tolerance: 1e-8, maxIterations: 30 });
    expect(['iterations', 'diverged', 'no-progress']).toContain(down.reason);
    expect(down.value).toBeLessThan(-1e6);
    const uphill = ([x]: Float64Array) => ({ value: (x - 1) ** 2, gradient: Float64Array.of(-2 * (x - 1)) });
    const result = await lbfgs({ evaluate: uphill, start: Float64Array.of(0), ...COMMON });
    expect(result.reason).toBe('no-progress');
    expect(result.value).toBeCloseTo(1, 9);
  });

  it('converges below the noise of float32 values, and ends if only noise is left', async () => {
    const evaluate = quadratic(
      [
        [1000, 0],
        [0, 1],
      ],
      [1000, 1],
    );
    const values: number[] = [];
    const rounded = (x: Float64Array) => {
      const { value, gradient } = evaluate(x);
      values.push(Math.fround(value + 600));
      return { value: Math.fround(value + 600), gradient };
    };
    const start = Float64Array.of(1 + 1e-3, 1 + 1e-3);
    const result = await lbfgs({ evaluate: rounded, start, tolerance: 1e-6, maxIterations: 100, noise: 1e-6 });
    expect(result.reason).toBe('gradient');
    expect(result.point).toBeAllClose([1, 1], { rtol: 1e-5, atol: 0 });
    const noisy = (x: Float64Array) => {
      const { value, gradient } = rounded(x);
      return { value, gradient: Float64Array.from(gradient, (entry) => Math.fround(entry + 1000) - 1000) };
    };
    const ended = await lbfgs({ evaluate: noisy, start, tolerance: 1e-12, maxIterations: 1e4, noise: 1e-6 });
    expect(['no-progress', 'gradient']).toContain(ended.reason);
    expect(ended.iterations).toBeLessThan(200);
    expect(ended.gradientNorm).toBeLessThan(1e-3);
  });

  it('resumes from a state bit for bit, also after a JSON round trip', async () => {
    const states: SolverState[] = [];
    const options: LbfgsOptions = {
      evaluate: rosenbrock,
      start: new Float64Array(8).fill(-1.2),
      memory: 4,
      tolerance: 1e-9,
      maxIterations: 500,
    };
    const whole = await lbfgs({
      ...options,
      onIteration: ({ state }) => {
        states.push(state);
        return undefined;
      },
    });
    expect(states).toHaveLength(whole.iterations);
    expect(states.map(({ pairs }) => pairs.length).slice(0, 6)).toEqual([1, 2, 3, 4, 4, 4]);
    for (const at of [0, 3, 11, 29]) {
      const written = JSON.parse(JSON.stringify(states[at], (_, v) => (v instanceof Float64Array ? Array.from(v) : v)));
      const vector = (v: number[]) => Float64Array.from(v);
      const state: SolverState = {
        ...written,
        point: vector(written.point),
        gradient: vector(written.gradient),
        pairs: written.pairs.map((p: { step: number[]; change: number[] }) => ({
          step: vector(p.step),
          change: vector(p.change),
        })),
      };
      const resumed = await lbfgs({ ...options, state });
      expect(resumed).toEqual(whole);
    }
    const first = await lbfgs({ ...options, maxIterations: 10 });
    expect(first).toMatchObject({ reason: 'iterations', iterations: 10 });
    expect(await lbfgs({ ...options, state: first.state })).toEqual(whole);
  });

  it('gives the same bits for an asynchronous evaluation', async () => {
    const start = new Float64Array(4).fill(-1.2);
    const at = async (x: Float64Array) => {
      await nextTask();
      return rosenbrock(x);
    };
    const plain = await lbfgs({ evaluate: rosenbrock, start, ...COMMON });
    expect(await lbfgs({ evaluate: at, start, ...COMMON })).toEqual(plain);
    expect(start).toEqual(new Float64Array(4).fill(-1.2));
  });

  it('reports each iteration, and stops on request', async () => {
    const seen: number[] = [];
    const result = await lbfgs({
      evaluate: rosenbrock,
      start: Float64Array.of(-1.2, 1),
      ...COMMON,
      onIteration: async ({ iteration, value, gradientNorm, evaluations, step, state }) => {
        seen.push(iteration);
        expect(state.value).toBe(value);
        expect(evaluations).toBeGreaterThan(iteration);
        expect(gradientNorm).toBe(Math.max(...Array.from(state.gradient, Math.abs)));
        expect(step).toBeGreaterThan(0);
        return iteration === 5 ? 'stop' : undefined;
      },
    });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(result).toMatchObject({ reason: 'stopped', iterations: 5 });
  });

  it('never increases the value beyond the noise', async () => {
    const values: number[] = [];
    await lbfgs({
      evaluate: rosenbrock,
      start: new Float64Array(10).fill(-1.2),
      ...COMMON,
      onIteration: ({ value }) => {
        values.push(value);
        return undefined;
      },
    });
    for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThanOrEqual(values[i - 1] * (1 + 1e-13));
  });

  it('rejects with the reason of an aborted signal', async () => {
    const controller = new AbortController();
    let calls = 0;
    const evaluate = (x: Float64Array) => {
      if (++calls === 5) controller.abort(new Error('enough'));
      return rosenbrock(x);
    };
    const options = { evaluate, start: Float64Array.of(-1.2, 1), ...COMMON, signal: controller.signal };
    await expect(lbfgs(options)).rejects.toThrow('enough');
    expect(calls).toBe(5);
  });

  it('takes no step if the start is the minimum', async () => {
    const start = Float64Array.of(1, 1);
    const result = await lbfgs({ evaluate: rosenbrock, start, ...COMMON });
    expect(result.point).not.toBe(start);
    expect(result).toMatchObject({ reason: 'gradient', iterations: 0, evaluations: 1, value: 0 });
  });

  it('rejects invalid options and functions', async () => {
    const options = { evaluate: rosenbrock, start: Float64Array.of(-1.2, 1), ...COMMON };
    const refused = (change: Partial<LbfgsOptions>) => lbfgs({ ...options, ...change });
    await expect(refused({ tolerance: Number.NaN })).rejects.toMatchObject({ code: 'DOMAIN', argument: 'tolerance' });
    await expect(refused({ maxIterations: 1.5 })).rejects.toMatchObject({ code: 'DOMAIN', argument: 'maxIterations' });
    await expect(refused({ memory: 0 })).rejects.toMatchObject({ code: 'DOMAIN', argument: 'memory' });
    await expect(refused({ noise: -1 })).rejects.toMatchObject({ code: 'DOMAIN', argument: 'noise' });
    const short = () => ({ value: 1, gradient: Float64Array.of(1) });
    await expect(refused({ evaluate: short })).rejects.toMatchObject({ code: 'SHAPE', argument: 'evaluate' });
    const negative = (v: Float64Array) => v.map((entry) => -entry);
    await expect(refused({ precondition: negative })).rejects.toMatchObject({ argument: 'precondition' });
  });
});

describe('withPair', () => {
  const pair = (step: number[], change: number[]) =>
    withPair([], Float64Array.from(step), Float64Array.from(change), 1).length === 1;

  it('keeps a pair only if its curvature exceeds rounding, in any units', () => {
    expect(pair([1, 0], [2e-10, 1])).toBe(true);
    expect(pair([1, 0], [0.5e-10, 1])).toBe(false);
    expect(pair([1e12, 0], [1e-6, 0])).toBe(true);
    expect(pair([1e-12, 0], [0, 1e-6])).toBe(false);
    expect(pair([1, 0], [-1, 0])).toBe(false);
  });

  it('keeps the latest pairs', () => {
    const kept = [1, 2, 3].reduce<ReturnType<typeof withPair>>(
      (pairs, entry) => withPair(pairs, Float64Array.of(entry), Float64Array.of(1), 2),
      [],
    );
    expect(kept.map(({ step }) => [...step])).toEqual([[2], [3]]);
  });
});

describe('lineSearch', () => {
  const onLine = (f: (t: number) => [number, number]) => (t: number) => {
    const [value, slope] = f(t);
    return { value, slope };
  };
  // Moré and Thuente (1994), test functions 1 to 3: φ′ of very different sizes, a narrow valley, an oscillation.
  const functions: Record<string, (t: number) => [number, number]> = {
    'one that flattens out': (t) => [-t / (t * t + 2), (t * t - 2) / (t * t + 2) ** 2],
    'a high power': (t) => [(t + 0.004) ** 5 - 2 * (t + 0.004) ** 4, 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3],
    'a parabola': (t) => [(t - 3) ** 2, 2 * (t - 3)],
    'a wall': (t) => (t < 1e-7 ? [-t, -1] : [Number.NaN, Number.NaN]),
    'a wave that descends': (t) => [-t + 0.8 * Math.sin(10 * t), -1 + 8 * Math.cos(10 * t) - 8],
  };

  it.each([1e-3, 1e-1, 1, 10, 1e3])('finds strong Wolfe points from a first step of %p', async (firstStep) => {
    for (const name of ['one that flattens out', 'a high power', 'a parabola']) {
      const evaluate = onLine(functions[name]);
      const start: LinePoint = evaluate(0);
      const result = await lineSearch({ evaluate, start, firstStep, noise: 0 });
      expect(result.found).toBe('wolfe');
      if (result.found !== 'wolfe') return;
      const { step, point } = result;
      expect(point).toEqual(evaluate(step));
      expect(point.value).toBeLessThanOrEqual(start.value + 1e-4 * step * start.slope);
      expect(Math.abs(point.slope)).toBeLessThanOrEqual(0.9 * Math.abs(start.slope));
      expect(result.evaluations).toBeLessThan(20);
    }
  });

  it('accepts step 1 for (t − 3)² from t = 0', async () => {
    const evaluate = onLine(functions['a parabola']);
    const result = await lineSearch({ evaluate, start: evaluate(0), firstStep: 1, noise: 0 });
    expect(result).toMatchObject({ found: 'wolfe', step: 1, evaluations: 1, point: { value: 4, slope: -4 } });
  });

  it('never evaluates at infinity, nor too close to an evaluated point', async () => {
    const steps: number[] = [];
    const looking = (f: (t: number) => [number, number]) => (t: number) => {
      steps.push(t);
      return onLine(f)(t);
    };
    const falling = looking((t) => [-t, -1]);
    await lineSearch({ evaluate: falling, start: { value: 0, slope: -1 }, firstStep: 1e307, noise: 0 });
    expect(steps.every(Number.isFinite)).toBe(true);
    expect(steps.length).toBeGreaterThan(1);
    // The cubic through 0 and 1 has its minimum at about 2e-5.
    steps.length = 0;
    const rising = looking((t) => [t <= 1e-6 ? -t : 1e9 * t * t, t <= 1e-6 ? -1 : 2e9 * t]);
    await lineSearch({ evaluate: rising, start: { value: 0, slope: -1 }, firstStep: 1, noise: 0 });
    expect(steps.slice(0, 2)).toEqual([1, 1e-3]);
  });

  it('ends within maxEvaluations for any function', async () => {
    const start = { value: 0, slope: -1 };
    for (const [f, found] of [
      [onLine(() => [Number.NaN, Number.NaN]), { found: 'none', finite: false }],
      [onLine(() => [1, -1]), { found: 'none', finite: true }],
      [onLine(() => [0, 1]), { found: 'none', finite: true }],
      [onLine(() => [Number.NEGATIVE_INFINITY, -1]), { found: 'none', finite: false }],
      [onLine((t) => [-t, -1]), { found: 'decrease' }],
      [onLine(functions['a wall']), { found: 'decrease' }],
    ] as const) {
      let calls = 0;
      const evaluate = (t: number) => {
        calls++;
        return f(t);
      };
      const result = await lineSearch({ evaluate, start, firstStep: 1, noise: 0, maxEvaluations: 40 });
      expect(result).toMatchObject({ ...found, evaluations: calls });
      expect(calls).toBeLessThanOrEqual(40);
    }
  });

  it('extends its step to the zero of the secant of the slopes, by a factor from 2 to 10', async () => {
    /** The steps that are tried if φ′ is linear between these points. */
    const stepsOn = async (slopes: readonly (readonly [number, number])[]) => {
      const steps: number[] = [];
      const evaluate = (t: number) => {
        steps.push(t);
        const next = slopes.findIndex(([at]) => at > t);
        const [[a, left], [b, right]] = [slopes[next - 1], slopes[next]];
        return { value: -t, slope: left + ((right - left) * (t - a)) / (b - a) };
      };
      await lineSearch({
        evaluate,
        start: { value: 0, slope: slopes[0][1] },
        firstStep: 1,
        noise: 0,
        maxEvaluations: 3,
      });
      return steps;
    };
    const end = [1000, 0] as const;
    // 10 + 9·9.1 / (12 − 9.1)
    expect(await stepsOn([[0, -10], [1, -12], [10, -9.1], end])).toBeAllClose([1, 10, 38.241379310344826], FLOAT64);
    // 10 + 9·9.5 / (20 − 9.5) is less than twice as far, 1 + 38/2 more than ten times, and −1 is behind.
    expect(await stepsOn([[0, -10], [1, -20], [10, -9.5], end])).toEqual([1, 10, 20]);
    expect(await stepsOn([[0, -40], [1, -38], [10, -20], end])).toEqual([1, 10]);
    expect(await stepsOn([[0, -10], [1, -10], [10, -10], end])).toEqual([1, 10, 100]);
  });

  it('bisects if neither the cubic nor the secant has a minimum between the ends', async () => {
    const stepsOn = async (points: readonly (readonly [number, number])[], value: number, slope: number) => {
      const steps: number[] = [];
      const evaluate = (t: number) => {
        const [value, slope] = points[steps.push(t) - 1];
        return { value, slope };
      };
      const maxEvaluations = points.length;
      await lineSearch({ evaluate, start: { value, slope }, firstStep: 1, noise: 0.1, maxEvaluations });
      return steps;
    };
    // The cubic overflows.
    const far = 1e308;
    expect(
      await stepsOn(
        [
          [far, -far],
          [0, 0],
        ],
        0,
        -far,
      ),
    ).toEqual([1, 0.5]);
    // A noisy value at 10: by the slopes, the minimum is further on, at 1 + 9·20.
    expect(
      await stepsOn(
        [
          [1.09, -1],
          [1.15, -0.95],
          [1, 0],
        ],
        1,
        -1,
      ),
    ).toEqual([1, 10, 5.5]);
  });

  it('decides by slopes if the value stays at 0, where the noise is 0', async () => {
    const evaluate = onLine((t) => [0, t - 1]);
    const result = await lineSearch({ evaluate, start: evaluate(0), firstStep: 0.5, noise: 1e-6 });
    expect(result).toMatchObject({ found: 'wolfe', step: 0.5, evaluations: 1 });
  });

  it('decides by slopes if all values are equal', async () => {
    const evaluate = onLine((t) => [1, 2 * (t - 3e-9)]);
    const result = await lineSearch({ evaluate, start: evaluate(0), firstStep: 1, noise: 1e-12 });
    expect(result).toMatchObject({ found: 'wolfe' });
    if (result.found === 'wolfe') expect(Math.abs(result.step - 3e-9)).toBeLessThan(2.7e-9);
  });
});

describe('cholesky', () => {
  it.each([1, 3, 4, 9])('solves for %i right-hand sides', (columns) => {
    const random = (i: number) => Math.sin(i * 12.9898) * 43758.5453 - Math.floor(Math.sin(i * 12.9898) * 43758.5453);
    const n = 37;
    const b = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => random(i * n + j) - 0.5));
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) matrix[i * n + j] = b[i].reduce((sum, e, k) => sum + e * b[j][k], i === j ? 0.5 : 0);
    }
    const x = Float64Array.from({ length: n * columns }, (_, i) => random(i + 5000));
    const right = new Float64Array(n * columns);
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < columns; c++)
        for (let k = 0; k < n; k++) right[i * columns + c] += matrix[i * n + k] * x[k * columns + c];
    }
    const before = matrix.slice();
    const factored = cholesky(matrix, n);
    expect(factored.jitter).toBe(0);
    expect(factored.solve(right, columns)).toBeAllClose(x, { rtol: 1e-11, atol: 1e-11 });
    expect(matrix).toEqual(before);
    expect(cholesky(Float64Array.of(4, 2, 2, 3), 2).solve(Float64Array.of(2, 1))).toBeAllClose([0.5, 0], FLOAT64);
  });

  it('writes the factor over the matrix if asked to, with the same result', () => {
    const matrix = Float64Array.of(4, 2, 2, 3);
    const factored = cholesky(matrix, 2, 0, true);
    expect(matrix[0]).toBe(1);
    // Another factorisation takes the memory of the kernels in between.
    cholesky(Float64Array.of(9, 0, 1, 5), 2);
    expect(factored.solve(Float64Array.of(2, 1))).toBeAllClose([0.5, 0], FLOAT64);
    // A jitter that is too small must leave the matrix for the next one.
    const collinear = () => Float64Array.of(5, 10, 10, 20);
    const [kept, over] = [cholesky(collinear(), 2), cholesky(collinear(), 2, 0, true)];
    expect(over.jitter).toBe(kept.jitter);
    expect(over.solve(Float64Array.of(5, 10))).toEqual(kept.solve(Float64Array.of(5, 10)));
  });

  it('reads only the lower triangle, and does not depend on units', () => {
    const half = cholesky(Float64Array.of(4, 99, 2, 3), 2).solve(Float64Array.of(2, 1));
    expect(half).toBeAllClose([0.5, 0], FLOAT64);
    // Units of 1e±80 on either side: D A D, with D = diag(1e80, 1e-80).
    const scaled = cholesky(Float64Array.of(4e160, 0, 2, 3e-160), 2);
    expect(scaled.jitter).toBe(0);
    expect(scaled.solve(Float64Array.of(1e80, 1e-80))).toBeAllClose([1.25e-81, 2.5e79], FLOAT64);
  });

  it('adds minimal jitter for collinear columns, and none for a zero column', () => {
    // XᵀX of columns (1, 2), (2, 4), (0, 0).
    const matrix = Float64Array.of(5, 10, 0, 10, 20, 0, 0, 0, 0);
    const { jitter, solve } = cholesky(matrix, 3);
    expect(jitter).toBeGreaterThan(0);
    expect(jitter).toBeLessThan(1e-9);
    // A right-hand side that the columns span: (5, 10)ᵀ = A(1, 0, 0)ᵀ = A(0.2, 0.4, 0)ᵀ.
    const x = solve(Float64Array.of(5, 10, 0));
    expect([5 * x[0] + 10 * x[1], 10 * x[0] + 20 * x[1], x[2]]).toBeAllClose([5, 10, 0], { rtol: 1e-3, atol: 0 });
    // Its last pivot, 2⁻⁵², is what rounding leaves.
    expect(cholesky(Float64Array.of(1, 0, 1 - 2 ** -53, 1), 2).jitter).toBeGreaterThan(0);
    expect(cholesky(Float64Array.of(2, 0, 0, 0), 2).jitter).toBe(0);
    expect(cholesky(Float64Array.of(2, 0, 0, 0), 2, 1e-6).jitter).toBe(1e-6);
  });

  it('rejects a matrix that is not positive definite', () => {
    const refused = (...entries: number[]) => expect(() => cholesky(Float64Array.from(entries), 2));
    refused(1, 2, 2, 1).toThrow('positive definite');
    refused(1, 0, 0, -1).toThrow('positive definite, up to rounding; got -1 at [1][1]');
    refused(Number.NaN, 0, 0, 1).toThrow('NaN at [0][0]');
    refused(Number.POSITIVE_INFINITY, 0, 0, 1).toThrow('Infinity at [0][0]');
    refused(1, Number.NaN, Number.NaN, 1).toThrow('positive definite');
    refused(1, 2, 3).toThrow('shape [4]');
    expect(() => cholesky(Float64Array.of(1), 1).solve(Float64Array.of(1, 2))).toThrow('shape [1]');
  });
});
