import fc from 'fast-check';
import { FINITE_DIFFERENCE, FLOAT64 } from '../src/core/tolerance.js';
import { bohningPreconditioner, curvaturePreconditioner, gramMatrix } from '../src/objective/curvature.js';
import {
  evaluatePlain,
  evaluatePlainAsync,
  type PlainProblem,
  type PlainProblemOptions,
  plainProblem,
} from '../src/objective/float64.js';
import { lbfgs } from '../src/optim/lbfgs.js';
import {
  centralDifference,
  dense,
  denseGradient,
  sparseCrossEntropy,
  sparseCrossEntropyGradient,
} from '../src/reference.js';
import { dataSets, weightsOf } from './helpers/golden-solver.js';
import { between, PROPERTY } from './helpers/numbers.js';

interface Rows {
  readonly features: number[][];
  readonly labels: number[];
  readonly numClasses: number;
  readonly sampleWeights: number[];
  readonly l2: number;
  readonly fitIntercept: boolean;
}

const number = fc.oneof(fc.constant(0), between(-3, 3));

const rows: fc.Arbitrary<Rows & { point: number[] }> = fc
  .record({ n: fc.integer({ min: 1, max: 7 }), d: fc.integer({ min: 1, max: 5 }), q: fc.integer({ min: 1, max: 5 }) })
  .chain(({ n, d, q }) => {
    const list = (entry: fc.Arbitrary<number>, length: number) =>
      fc.array(entry, { minLength: length, maxLength: length });
    const weight = fc.oneof(fc.constant(0), between(0.1, 3));
    return fc.record({
      features: fc.array(list(number, d), { minLength: n, maxLength: n }),
      labels: list(fc.nat(q - 1), n),
      numClasses: fc.constant(q),
      sampleWeights: list(weight, n),
      l2: fc.constantFrom(0, 0.1, 3),
      fitIntercept: fc.boolean(),
      point: list(between(-2, 2), (d + 1) * q),
    });
  });

function problemOf({ features, ...others }: Rows): PlainProblem {
  const shape = [features.length, features[0].length] as const;
  return plainProblem({ ...others, features: { values: Float64Array.from(features.flat()), shape } });
}

/** The objective and its gradient from reference/. */
function reference({ features, labels, numClasses: q, sampleWeights, l2, fitIntercept }: Rows, point: number[]) {
  const d = features[0].length;
  const weight = { rows: d, columns: q, values: Float64Array.from(point.slice(0, d * q)) };
  const logits = dense(features, weight, point.slice(d * q));
  const loss = sparseCrossEntropy(logits, labels, { sampleWeights });
  const through = denseGradient(features, weight, sparseCrossEntropyGradient(logits, labels, { sampleWeights }));
  const square = weight.values.reduce((sum, w) => sum + w * w, 0);
  const bias = fitIntercept ? Array.from(through.bias) : Array(q).fill(0);
  return {
    value: loss + (l2 / 2) * square,
    gradient: [...through.weight.values.map((g, at) => g + l2 * weight.values[at]), ...bias],
  };
}

const TINY: Rows = {
  features: [
    [0, 1],
    [1, 0],
    [2, 2],
    [0, 0],
  ],
  labels: [0, 1, 2, 1],
  numClasses: 3,
  sampleWeights: [1, 2, 0.5, 1],
  l2: 0.1,
  fitIntercept: true,
};

/** A point, or a direction. */
const at = (problem: PlainProblem, entry: (i: number) => number) =>
  Float64Array.from({ length: problem.size }, (_, i) => entry(i));

describe('evaluatePlain', () => {
  it('agrees with the reference in value and gradient', () => {
    fc.assert(
      fc.property(rows, ({ point, ...problem }) => {
        const { value, gradient } = evaluatePlain(problemOf(problem), Float64Array.from(point));
        const expected = reference(problem, point);
        expect(value).toBeAllClose(expected.value, FLOAT64);
        expect(gradient).toBeAllClose(expected.gradient, { rtol: 1e-11, atol: 1e-13 });
      }),
      PROPERTY,
    );
  });

  it('has a gradient that matches finite differences', () => {
    fc.assert(
      fc.property(rows, ({ point, ...options }) => {
        const problem = problemOf({ ...options, fitIntercept: true });
        const { gradient } = evaluatePlain(problem, Float64Array.from(point));
        const differences = centralDifference((x) => evaluatePlain(problem, x).value, point);
        expect(differences).toBeAllClose(gradient, FINITE_DIFFERENCE);
      }),
      PROPERTY,
    );
  });

  it('is log(classes) at θ = 0, and the same for scaled bytes as for floats', () => {
    const bytes = plainProblem({
      features: { values: Uint8Array.from([0, 255, 51, 0, 102, 7]), shape: [3, 2], scale: 255 },
      labels: [0, 1, 2],
      numClasses: 3,
      l2: 1,
      fitIntercept: true,
    });
    expect(evaluatePlain(bytes, new Float64Array(9)).value).toBeCloseTo(Math.log(3), 14);
    expect(evaluatePlain(bytes, new Float64Array(9)).value).toBeCloseTo(1.0986, 4);
    const values = Float64Array.from([0, 1, 0.2, 0, 0.4, 7 / 255]);
    const numbers = plainProblem({ ...bytes, features: { values, shape: [3, 2] } });
    const point = at(bytes, (i) => Math.sin(i));
    expect(evaluatePlain(bytes, point)).toEqual(evaluatePlain(numbers, point));
  });

  it('is accurate for near-certain samples, and finite at logits of 1e300', () => {
    const one = plainProblem({
      features: { values: Float64Array.of(1), shape: [1, 1] },
      labels: [0],
      numClasses: 2,
      l2: 0,
      fitIntercept: false,
    });
    const certain = evaluatePlain(one, Float64Array.of(100, 0, 0, 0));
    expect(certain.value / Math.exp(-100)).toBeCloseTo(1, 12);
    expect(certain.gradient[0] / -Math.exp(-100)).toBeCloseTo(1, 12);
    expect(evaluatePlain(one, Float64Array.of(-1e300, 1e300, 0, 0)).value).toBe(2e300);
    expect(evaluatePlain(one, Float64Array.of(Number.NaN, 0, 0, 0)).value).toBeNaN();
  });

  it('has a loss of 0 and gradient λW if all sample weights are 0', () => {
    const problem = problemOf({ ...TINY, sampleWeights: [0, 0, 0, 0] });
    const { value, gradient } = evaluatePlain(
      problem,
      at(problem, () => 2),
    );
    expect(value).toBeCloseTo((0.1 / 2) * 6 * 4, 14);
    expect(gradient).toBeAllClose([...Array(6).fill(0.2), 0, 0, 0], FLOAT64);
  });

  it('gives the same bits asynchronously, yields to other tasks, and can be aborted', async () => {
    const [n, d, q] = [1500, 800, 10];
    const values = Uint8Array.from({ length: n * d }, (_, i) => (i * 7919) % 251);
    const labels = Int32Array.from({ length: n }, (_, i) => i % q);
    const options = { features: { values, shape: [n, d] as const, scale: 251 }, labels, numClasses: q };
    const problem = plainProblem({ ...options, l2: 1e-3, fitIntercept: true });
    const point = at(problem, (i) => Math.sin(i) / 100);
    let turns = 0;
    let turn = setImmediate(function next() {
      turns++;
      turn = setImmediate(next);
    });
    const controller = new AbortController();
    const result = await evaluatePlainAsync(problem, point, controller.signal);
    clearImmediate(turn);
    expect(result).toEqual(evaluatePlain(problem, point));
    expect(turns).toBeGreaterThan(0);
    const aborted = evaluatePlainAsync(problem, point, controller.signal);
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
  });

  it('rejects invalid problems and points', () => {
    const options: PlainProblemOptions = {
      features: { values: Float64Array.of(1, 2), shape: [2, 1] },
      labels: [0, 1],
      numClasses: 2,
      l2: 0,
      fitIntercept: true,
    };
    const refused = (change: Partial<PlainProblemOptions>) => expect(() => plainProblem({ ...options, ...change }));
    refused({ labels: [0, 2] }).toThrow('labels[1] must be an integer in [0, 2); got 2');
    refused({ labels: [0] }).toThrow('labels must have shape [2]');
    refused({ sampleWeights: [1] }).toThrow('sampleWeights must have shape [2]');
    refused({ sampleWeights: [1, -1] }).toThrow('sampleWeights[1] must be a finite number ≥ 0; got -1');
    refused({ l2: Number.NaN }).toThrow('l2 must be a finite number ≥ 0; got NaN');
    expect(() => evaluatePlain(plainProblem(options), new Float64Array(3))).toThrow('point must have shape [4]');
  });
});

describe('bohningPreconditioner', () => {
  it.each([true, false])('is the inverse of M, with intercept %p', async (fitIntercept) => {
    const problem = problemOf({ ...TINY, fitIntercept });
    const apply = await bohningPreconditioner(problem, { jitter: 0 });
    const [d, q] = [2, 3];
    const order = fitIntercept ? 3 : 2;
    const bound = Array.from({ length: order }, (_, i) =>
      Array.from({ length: order }, (_, j) => {
        const products = TINY.features.map((x, s) => TINY.sampleWeights[s] * [...x, 1][i] * [...x, 1][j]);
        return products.reduce((a, b) => a + b) / 4.5 / 2 + (i === j && i < d ? TINY.l2 : 0);
      }),
    );
    const vector = at(problem, (i) => Math.cos(i) * (i < order * q ? 1 : 0));
    const applied = apply(vector);
    expect(applied).toHaveLength(problem.size);
    const back = Array.from({ length: problem.size }, (_, i) =>
      Math.floor(i / q) < order
        ? bound[Math.floor(i / q)].reduce((s, m, j) => s + m * applied[j * q + (i % q)], 0)
        : applied[i],
    );
    expect(back).toBeAllClose(vector, { rtol: 1e-12, atol: 1e-12 });
  });

  it('bounds the Hessian: no second difference along a line exceeds that of M', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.array(number, { minLength: 30, maxLength: 30 }),
        async ({ point, ...options }, along) => {
          const problem = problemOf({ ...options, sampleWeights: options.sampleWeights.map((s) => s + 0.1) });
          const { numFeatures: d, numClasses: q } = problem;
          const gram = await gramMatrix(problem);
          const v = at(problem, (i) => (!options.fitIntercept && i >= d * q ? 0 : along[i % along.length]));
          const moved = (h: number) => Float64Array.from(point, (x, i) => x + h * v[i]);
          const [above, below] = [1e-4, -1e-4].map((h) => evaluatePlain(problem, moved(h)).gradient);
          const curvature = v.reduce((sum, entry, i) => sum + (entry * (above[i] - below[i])) / 2e-4, 0);
          let bound = 0;
          for (let i = 0; i <= d; i++) {
            for (let j = 0; j <= d; j++) {
              const m = gram[Math.max(i, j) * (d + 1) + Math.min(i, j)] / 2 + (i === j && i < d ? problem.l2 : 0);
              for (let k = 0; k < q; k++) bound += m * v[i * q + k] * v[j * q + k];
            }
          }
          expect(curvature).toBeLessThanOrEqual(bound * (1 + 1e-6) + 1e-6);
        },
      ),
      PROPERTY,
    );
  });

  it('accepts a Gram matrix, and uses only the diagonal beyond 1024 features', async () => {
    const problem = problemOf(TINY);
    const vector = at(problem, (i) => Math.cos(i));
    const own = (await bohningPreconditioner(problem))(vector);
    const gram = await gramMatrix(problem);
    expect((await bohningPreconditioner(problem, { gram }))(vector)).toEqual(own);
    const d = 1025;
    const wide = plainProblem({
      features: { values: Float64Array.from({ length: 2 * d }, (_, i) => (i < d ? 2 : 0)), shape: [2, d] },
      labels: [0, 1],
      numClasses: 2,
      l2: 0.5,
      fitIntercept: true,
    });
    const apply = await bohningPreconditioner(wide, { jitter: 0 });
    // ½·(2² + 0)/2 + 0.5 for a feature, ½ for the bias.
    const applied = apply(at(wide, () => 3));
    expect(applied.slice(0, 4)).toBeAllClose([2, 2, 2, 2], FLOAT64);
    expect(applied.slice(-2)).toBeAllClose([6, 6], FLOAT64);
    const none = plainProblem({ ...wide, sampleWeights: [1, 1], fitIntercept: false });
    expect((await bohningPreconditioner(none))(at(wide, () => 3)).slice(-2)).toEqual(Float64Array.of(0, 0));
  });
});

describe('curvaturePreconditioner', () => {
  it.each([true, false])(
    'is the inverse of the mean diagonal block of the Hessian, with intercept %p',
    async (fitIntercept) => {
      const problem = problemOf({ ...TINY, fitIntercept });
      const point = at(problem, (i) => Math.sin(i));
      const { precondition: apply } = await curvaturePreconditioner(problem, point, { jitter: 0 });
      const q = 3;
      const order = fitIntercept ? 3 : 2;
      const vector = at(problem, (i) => (i < order * q ? Math.cos(i) : 0));
      const applied = apply(vector);
      // The block of class k, by differences of class k of the gradient along each coordinate.
      const back = new Float64Array(problem.size);
      for (let j = 0; j < order; j++) {
        for (let k = 0; k < q; k++) {
          const moved = (h: number) =>
            evaluatePlain(
              problem,
              point.map((x, i) => (i === j * q + k ? x + h : x)),
            ).gradient;
          const [above, below] = [moved(1e-5), moved(-1e-5)];
          for (let i = 0; i < order; i++) {
            const entry = (above[i * q + k] - below[i * q + k]) / 2e-5 / q;
            for (let c = 0; c < q; c++) back[i * q + c] += entry * applied[j * q + c];
          }
        }
      }
      expect(back).toBeAllClose(vector, { rtol: 1e-6, atol: 1e-7 });
      await expect(curvaturePreconditioner(problem, point.slice(1))).rejects.toThrow('point must have shape [9]');
    },
  );

  it('makes L-BFGS converge within 200 iterations if rebuilt on the way, where Böhning’s bound does not', async () => {
    const features = dataSets.digits.features.slice(0, 600);
    const labels = dataSets.digits.labels.slice(0, 600);
    const l2 = 1 / (100 * 600);
    const problem = problemOf({
      features,
      labels,
      numClasses: 10,
      sampleWeights: weightsOf(600, false),
      l2,
      fitIntercept: false,
    });
    const evaluate = (point: Float64Array) => evaluatePlain(problem, point);
    const start = new Float64Array(problem.size);
    const options = { evaluate, start, tolerance: 1e-7 };
    const bound = await bohningPreconditioner(problem);
    expect((await lbfgs({ ...options, precondition: bound, maxIterations: 200 })).reason).toBe('iterations');
    let result = await lbfgs({ ...options, precondition: bound, maxIterations: 8 });
    for (let until = 16; until <= 256; until *= 2) {
      const { precondition } = await curvaturePreconditioner(problem, result.point);
      result = await lbfgs({ ...options, precondition, maxIterations: until, state: result.state });
    }
    expect(result.reason).toBe('gradient');
    expect(result.iterations).toBeLessThan(200);
  });
});

async function solve(
  problem: PlainProblem,
  options: { isPlain?: boolean; tolerance?: number; maxIterations?: number } = {},
) {
  const { isPlain = false, tolerance = 1e-9, maxIterations = 3000 } = options;
  const precondition = isPlain ? undefined : await bohningPreconditioner(problem);
  const evaluate = (point: Float64Array) => evaluatePlain(problem, point);
  return lbfgs({ evaluate, start: new Float64Array(problem.size), precondition, tolerance, maxIterations });
}

describe('lbfgs on the objective', () => {
  it('stops on separable data without a penalty, and reports the reason', async () => {
    const problem = problemOf({
      ...TINY,
      features: [[-2], [-1], [1], [2]],
      labels: [0, 0, 1, 1],
      numClasses: 2,
      l2: 0,
    });
    const early = await solve(problem, { maxIterations: 5, tolerance: 0 });
    expect(early.reason).toBe('iterations');
    const result = await solve(problem, { tolerance: 1e-8 });
    expect(result).toMatchObject({ reason: 'gradient' });
    expect(result.value).toBeLessThan(1e-7);
    const whole = await solve(problem, { tolerance: 0, maxIterations: 5000 });
    expect(['gradient', 'no-progress', 'iterations']).toContain(whole.reason);
    expect(Array.from(whole.point).every(Number.isFinite)).toBe(true);
  });

  it('fits the class frequencies of contradictory labels', async () => {
    // The same sample with labels 0, 0, 0, 1: log-odds log 3.
    const features = [[1], [1], [1], [1]];
    const problem = problemOf({
      ...TINY,
      features,
      labels: [0, 0, 0, 1],
      sampleWeights: [1, 1, 1, 1],
      numClasses: 2,
      l2: 0,
    });
    const { reason, value, point } = await solve(problem);
    expect(reason).toBe('gradient');
    expect(point[0] - point[1] + point[2] - point[3]).toBeCloseTo(Math.log(3), 7);
    expect(value).toBeCloseTo(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25), 12);
  });

  it.each([0, 1e-3])(
    'splits weight between collinear columns and ignores constant and zero columns, l2 = %p',
    async (l2) => {
      const { features, labels } = dataSets.iris;
      const plain = problemOf({
        features,
        labels,
        numClasses: 3,
        sampleWeights: weightsOf(150, true),
        l2: 1e-3,
        fitIntercept: true,
      });
      const widened = features.map((x) => [...x, x[0], 2 * x[1], 5, 0]);
      const problem = problemOf({
        ...plain,
        features: widened,
        labels,
        sampleWeights: weightsOf(150, true),
        l2,
      } as Rows);
      const result = await solve(problem, { tolerance: 1e-6 });
      expect(result.reason).toBe('gradient');
      const weight = (j: number, k: number) => result.point[j * 3 + k];
      if (l2 === 0) return;
      const small = await solve(plain);
      expect(result.value).toBeLessThan(small.value);
      for (let k = 0; k < 3; k++) {
        expect(weight(0, k)).toBeCloseTo(weight(4, k), 3);
        expect(weight(5, k)).toBeCloseTo(2 * weight(1, k), 2);
        // The unpenalised bias replaces the constant column.
        expect(weight(6, k)).toBeCloseTo(0, 3);
        expect(weight(7, k)).toBe(0);
      }
    },
  );

  it('is invariant to the units of features without a penalty', async () => {
    const { features, labels } = dataSets.iris;
    const units = [1e-9, 1e3, 1, 1e12];
    const given = { labels: labels.map((label) => Math.min(label, 1)).map((l, i) => (i % 7 === 0 ? 1 - l : l)) };
    const others = { ...given, numClasses: 2, sampleWeights: weightsOf(150, false), l2: 0, fitIntercept: true };
    const base = await solve(problemOf({ features, ...others }), { tolerance: 1e-10 });
    const scaled = features.map((x) => x.map((value, j) => value * units[j]));
    // The gradient has the units of the features, so the largest unit decides convergence.
    const result = await solve(problemOf({ features: scaled, ...others }), { tolerance: 1e-4 });
    expect(base.reason).toBe('gradient');
    expect(result.value).toBeCloseTo(base.value, 9);
    expect(result.iterations).toBeLessThan(200);
  });
});
