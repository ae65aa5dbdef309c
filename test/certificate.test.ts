import { loadIris } from '../src/data/iris.js';
import { columnStatistics } from '../src/data/standardize.js';
import { type Certificate, certify, certifyAsync } from '../src/model/certificate.js';
import { bohningPreconditioner } from '../src/model/curvature.js';
import { evaluatePlain, type PlainProblem, plainProblem } from '../src/model/objective-plain.js';
import { lbfgs } from '../src/optim/lbfgs.js';
import { dense, sparseCrossEntropy } from '../src/reference.js';

const { features, labels, classNames } = loadIris();

function irisProblem(l2: number, fitIntercept: boolean, weighted: boolean): PlainProblem {
  return plainProblem({
    features: { values: Float64Array.from(features.flat()), shape: [150, 4] },
    labels: labels.map((label) => classNames.indexOf(label)),
    numClasses: 3,
    sampleWeights: weighted ? Array.from({ length: 150 }, (_, i) => ((7 * i) % 5) / 2) : undefined,
    l2,
    fitIntercept,
  });
}

/** The optimum, and what is certified at each iterate on the way, the start included. */
async function path(problem: PlainProblem) {
  const visited: { value: number; norm: number; certificate: Certificate }[] = [];
  const start = new Float64Array(problem.size);
  const { value, gradient } = evaluatePlain(problem, start);
  visited.push({ value, norm: Math.hypot(...gradient), certificate: certify(problem, start) });
  const result = await lbfgs({
    evaluate: (point) => evaluatePlain(problem, point),
    start,
    precondition: await bohningPreconditioner(problem),
    tolerance: 1e-12,
    maxIterations: 500,
    onIteration: ({ value, state }) => {
      const certificate = certify(problem, state.point);
      visited.push({ value, norm: Math.hypot(...state.gradient), certificate });
      return undefined;
    },
  });
  return { visited, optimum: result.value, point: result.point };
}

const settings = [1e-4, 1e-2, 1, 10].flatMap((l2) =>
  [true, false].flatMap((fitIntercept) => [true, false].map((weighted) => ({ l2, fitIntercept, weighted }))),
);

describe('certify', () => {
  it.each(settings)('bounds the true gap at every iterate: %p', async ({ l2, fitIntercept, weighted }) => {
    const { visited, optimum } = await path(irisProblem(l2, fitIntercept, weighted));
    for (const { value, certificate } of visited) {
      expect(certificate.objective / value).toBeAllClose(1, { rtol: 1e-13, atol: 0 });
      // Both values are rounded.
      expect(certificate.suboptimality).toBeGreaterThanOrEqual(value - optimum - 2e-15 * value);
      expect(certificate.suboptimality).toBeLessThanOrEqual(value);
    }
    expect(visited.length).toBeGreaterThan(5);
  });

  it.each(settings)('tends to 0: %p', async ({ l2, fitIntercept, weighted }) => {
    const { visited, optimum } = await path(irisProblem(l2, fitIntercept, weighted));
    expect(visited[visited.length - 1].certificate.suboptimality).toBeLessThan(l2 < 1e-3 ? 1e-11 : 1e-13);
    // While the true gap is well above rounding, the bound is not far from it; the weaker the penalty, the farther.
    const allowed = { 0.0001: 1e7, 0.01: 1e6, 1: 30, 10: 10 }[l2] as number;
    for (const { value, certificate } of visited) {
      if (value - optimum > 1e-12) expect(certificate.suboptimality).toBeLessThan(allowed * (value - optimum));
    }
  });

  it('says more than ‖∇f‖²/2λ, which is not a bound where the bias is free', async () => {
    // In centred columns: else the weights feel a shift of the biases, and their gradient covers for it.
    const { mean } = columnStatistics(features);
    const values = Float64Array.from(features.flatMap((x) => x.map((value, j) => value - mean[j])));
    let wrong = 0;
    for (const l2 of [1e-2, 1, 10]) {
      const problem = plainProblem({ ...irisProblem(l2, true, false), features: { values, shape: [150, 4] } });
      const { optimum, point: best } = await path(problem);
      for (const shift of [1e-3, 0.1, 1]) {
        const point = best.slice();
        point[12] += shift;
        const { value, gradient } = evaluatePlain(problem, point);
        if (gradient.reduce((sum, g) => sum + g * g, 0) / (2 * l2) < value - optimum) wrong++;
        expect(certify(problem, point).suboptimality).toBeGreaterThanOrEqual(value - optimum);
      }
    }
    expect(wrong).toBeGreaterThan(0);
  });

  it('is ‖∇f‖²/2λ without a bias, wherever that is less than f itself', () => {
    const problem = irisProblem(5, false, true);
    const point = Float64Array.from({ length: 15 }, (_, i) => (i < 12 ? Math.sin(i) / 50 : 0));
    const { gradient } = evaluatePlain(problem, point);
    const square = gradient.reduce((sum, g) => sum + g * g, 0);
    const { objective, suboptimality } = certify(problem, point);
    expect(Math.min(square / 10, objective) / suboptimality).toBeCloseTo(1, 12);
    expect(square / 10).toBeLessThan(objective);
  });

  it('is the dual gap, computed from its definition', () => {
    const problem = irisProblem(5, true, true);
    const point = Float64Array.from({ length: 15 }, (_, i) => Math.sin(i) / 20);
    const { objective, suboptimality } = certify(problem, point);
    const [n, q, total] = [150, 3, problem.totalWeight];
    const weight = { rows: 4, columns: q, values: point.slice(0, 12) };
    const logits = dense(features, weight, point.slice(12));
    expect(objective).toBeCloseTo(
      sparseCrossEntropy(logits, problem.labels, { sampleWeights: problem.weights }) +
        2.5 * weight.values.reduce((sum, w) => sum + w * w, 0),
      12,
    );
    const p = Array.from({ length: n }, (_, i) => {
      const row = Array.from(logits.values.subarray(i * q, i * q + q), Math.exp);
      return row.map((e) => e / row.reduce((a, b) => a + b));
    });
    const mean = (entry: (i: number, k: number) => number) =>
      Array.from({ length: q }, (_, k) => {
        return Array.from({ length: n }, (_, i) => problem.weights[i] * entry(i, k)).reduce((a, b) => a + b) / total;
      });
    const [pBar, yBar] = [mean((i, k) => p[i][k]), mean((i, k) => (problem.labels[i] === k ? 1 : 0))];
    const t = Math.max(...pBar.map((each, k) => 1 - yBar[k] / each));
    const c = pBar.map((each, k) => each + (yBar[k] - each) / t);
    const alpha = p.map((row) => row.map((each, k) => (1 - t) * each + t * c[k]));
    expect(mean((i, k) => alpha[i][k])).toBeAllClose(yBar, { rtol: 1e-12, atol: 0 });
    let dual = 0;
    const v = new Float64Array(12);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < q; k++) {
        dual -= (problem.weights[i] / total) * (alpha[i][k] > 0 ? alpha[i][k] * Math.log(alpha[i][k]) : 0);
        const residual = (problem.weights[i] / total) * (alpha[i][k] - (problem.labels[i] === k ? 1 : 0));
        for (let j = 0; j < 4; j++) v[j * q + k] += features[i][j] * residual;
      }
    }
    dual -= v.reduce((sum, each) => sum + each * each, 0) / (2 * 5);
    expect(objective - dual).toBeLessThan(objective);
    expect(suboptimality / (objective - dual)).toBeCloseTo(1, 11);
  });

  it('is the objective itself without a penalty', () => {
    const problem = irisProblem(0, true, false);
    const point = Float64Array.from({ length: 15 }, (_, i) => Math.sin(i));
    const { objective, suboptimality } = certify(problem, point);
    expect(objective).toBeCloseTo(evaluatePlain(problem, point).value, 12);
    expect(suboptimality).toBe(objective);
  });

  it('holds for a class without samples, for certain samples, and where every weight is 0', () => {
    const options = { features: { values: Float64Array.of(1, -1), shape: [2, 1] as const }, labels: [0, 1], l2: 1e-3 };
    const problem = plainProblem({ ...options, numClasses: 3, fitIntercept: true });
    const point = Float64Array.of(1e5, -1e5, 0, 0, 0, 1);
    const far = certify(problem, point);
    expect(far.suboptimality).toBeGreaterThan(0.99 * far.objective);
    const near = certify(problem, Float64Array.of(3, -3, 0, 0, 0, -30));
    expect(near.suboptimality).toBeGreaterThan(0);
    expect(near.suboptimality).toBeLessThanOrEqual(near.objective);
    const none = plainProblem({ ...options, numClasses: 3, fitIntercept: true, sampleWeights: [0, 0] });
    const { objective, suboptimality } = certify(none, Float64Array.of(1, 2, 3, 0, 0, 0));
    expect(objective).toBeCloseTo(0.007, 12);
    expect(suboptimality).toBeCloseTo(0.007, 12);
    expect(certify(none, Float64Array.of(Number.NaN, 2, 3, 0, 0, 0)).suboptimality).toBeNaN();
  });

  it('gives the same in tasks, and can be aborted', async () => {
    const problem = irisProblem(0.1, true, true);
    const point = Float64Array.from({ length: 15 }, (_, i) => Math.sin(i) / 10);
    expect(await certifyAsync(problem, point)).toEqual(certify(problem, point));
    const aborted = certifyAsync(problem, point, AbortSignal.abort(new Error('enough')));
    await expect(aborted).rejects.toThrow('enough');
    expect(() => certify(problem, new Float64Array(3))).toThrow('point must have shape [15]');
  });
});
