import { loadIris } from '../src/data/iris.js';
import { columnStatistics } from '../src/data/standardize.js';
import { type Certificate, certify, certifyAsync } from '../src/objective/certificate.js';
import { bohningMetric, bohningPreconditioner } from '../src/objective/curvature.js';
import { evaluatePlain, type PlainProblem, plainProblem } from '../src/objective/float64.js';
import { type LbfgsOptions, lbfgs } from '../src/optim/lbfgs.js';
import { proximalNewton } from '../src/optim/proximal-newton.js';
import { dense, sparseCrossEntropy } from '../src/reference.js';

const { features, labels, classNames } = loadIris();

function irisProblem(l2: number, fitIntercept: boolean, weighted: boolean, l1 = 0): PlainProblem {
  return plainProblem({
    features: { values: Float64Array.from(features.flat()), shape: [150, 4] },
    labels: labels.map((label) => classNames.indexOf(label)),
    numClasses: 3,
    sampleWeights: weighted ? Array.from({ length: 150 }, (_, i) => ((7 * i) % 5) / 2) : undefined,
    l2,
    l1,
    fitIntercept,
  });
}

/** The optimum, and the certificate of each iterate, with the start. */
async function path(problem: PlainProblem) {
  const visited: { value: number; certificate: Certificate }[] = [];
  const start = new Float64Array(problem.size);
  visited.push({ value: evaluatePlain(problem, start).value, certificate: certify(problem, start) });
  const options: LbfgsOptions = {
    evaluate: (point) => evaluatePlain(problem, point),
    start,
    tolerance: 1e-12,
    maxIterations: 500,
    onIteration: ({ value, state }) => {
      visited.push({ value, certificate: certify(problem, state.point) });
      return undefined;
    },
  };
  const { l1, numFeatures: numPenalised } = problem;
  const result = await (l1 > 0
    ? proximalNewton({ ...options, metric: await bohningMetric(problem), l1, numPenalised })
    : lbfgs({ ...options, precondition: await bohningPreconditioner(problem) }));
  return { visited, optimum: result.value, point: result.point };
}

const settings = [1e-4, 1e-2, 1, 10].flatMap((l2) =>
  [true, false].flatMap((fitIntercept) => [true, false].map((weighted) => ({ l2, fitIntercept, weighted }))),
);

const sparse = [0, 1e-4, 1e-2, 1, 10].flatMap((l2) =>
  [1e-3, 1e-2, 0.1].flatMap((l1) => [
    { l1, l2, fitIntercept: true, weighted: false },
    { l1, l2, fitIntercept: false, weighted: true },
    { l1, l2, fitIntercept: true, weighted: true },
  ]),
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

  it.each(settings)('gives a bound that tends to 0: %p', async ({ l2, fitIntercept, weighted }) => {
    const { visited, optimum } = await path(irisProblem(l2, fitIntercept, weighted));
    expect(visited[visited.length - 1].certificate.suboptimality).toBeLessThan(l2 < 1e-3 ? 1e-11 : 1e-13);
    // While the true gap is well above rounding, the bound is close to it; less so for a weaker penalty.
    const allowed = { 0.0001: 1e7, 0.01: 1e6, 1: 30, 10: 10 }[l2] as number;
    for (const { value, certificate } of visited) {
      if (value - optimum > 1e-12) expect(certificate.suboptimality).toBeLessThan(allowed * (value - optimum));
    }
  });

  it('bounds the true gap with an unpenalised bias, unlike ‖∇f‖²/2λ', async () => {
    // Without centring, a shift of the biases changes the gradient of the weights, which hides the failure.
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

  it('returns ‖∇f‖²/2λ without a bias, if that is less than f', () => {
    const problem = irisProblem(5, false, true);
    const point = Float64Array.from({ length: 15 }, (_, i) => (i < 12 ? Math.sin(i) / 50 : 0));
    const { gradient } = evaluatePlain(problem, point);
    const square = gradient.reduce((sum, g) => sum + g * g, 0);
    const { objective, suboptimality } = certify(problem, point);
    expect(Math.min(square / 10, objective) / suboptimality).toBeCloseTo(1, 12);
    expect(square / 10).toBeLessThan(objective);
  });

  it('returns the dual gap, as computed from its definition', () => {
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

  it.each(sparse)(
    'bounds the true gap at every iterate and tends to 0, with l1: %p',
    async ({ l1, l2, fitIntercept, weighted }) => {
      const { visited, optimum } = await path(irisProblem(l2, fitIntercept, weighted, l1));
      for (const { value, certificate } of visited) {
        expect(certificate.objective / value).toBeAllClose(1, { rtol: 1e-13, atol: 0 });
        expect(certificate.suboptimality).toBeGreaterThanOrEqual(value - optimum - 2e-15 * value);
        expect(certificate.suboptimality).toBeLessThanOrEqual(value);
      }
      expect(visited.length).toBeGreaterThan(2);
      expect(visited[visited.length - 1].certificate.suboptimality).toBeLessThan(1e-9);
    },
  );

  it('bounds the true gap at points near to and far from the optimum', async () => {
    for (const { l1, l2, fitIntercept, weighted } of [...sparse, ...settings.map((each) => ({ ...each, l1: 0 }))]) {
      const problem = irisProblem(l2, fitIntercept, weighted, l1);
      const { optimum, point: best } = await path(problem);
      for (const [seed, far] of [1e-8, 1e-4, 1e-2, 1, 100].entries()) {
        const point = best.map((entry, i) => {
          const moved = entry + far * Math.sin(7 * i + seed);
          return !fitIntercept && i >= 12 ? 0 : i % 3 === 0 ? entry : moved;
        });
        let value = evaluatePlain(problem, point).value;
        for (let j = 0; j < 12; j++) value += l1 * Math.abs(point[j]);
        expect(certify(problem, point).suboptimality).toBeGreaterThanOrEqual(value - optimum - 4e-15 * value);
      }
    }
  });

  it.each([0, 2])('returns the dual gap with l1 and l2 = %d, as computed from its definition', (l2) => {
    const l1 = 0.25;
    const problem = irisProblem(l2, false, true, l1);
    const point = Float64Array.from({ length: 15 }, (_, i) => (i < 12 && i % 3 > 0 ? Math.sin(i) / 20 : 0));
    const { objective, suboptimality } = certify(problem, point);
    const { gradient } = evaluatePlain({ ...problem, l2: 0 }, point);
    const largest = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    expect(largest).toBeGreaterThan(l1);
    const gaps = (l2 === 0 ? [l1 / largest] : [1, l1 / largest]).map((shrink) => {
      // Σ sᵢH(αᵢ)/S − Σ (|V| − l1)₊²/2λ, αᵢ = yᵢ + shrink·(pᵢ − yᵢ)
      let dual = 0;
      const logits = dense(features, { rows: 4, columns: 3, values: point.slice(0, 12) }, point.slice(12));
      for (let i = 0; i < 150; i++) {
        const exponentials = Array.from(logits.values.subarray(3 * i, 3 * i + 3), Math.exp);
        exponentials.forEach((e, k) => {
          const p = e / exponentials.reduce((a, b) => a + b);
          const alpha = shrink * p + (problem.labels[i] === k ? 1 - shrink : 0);
          dual -= (problem.weights[i] / problem.totalWeight) * alpha * Math.log(alpha);
        });
      }
      for (const g of gradient.subarray(0, 12)) {
        if (l2 > 0) dual -= Math.max(0, shrink * Math.abs(g) - l1) ** 2 / (2 * l2);
      }
      return objective - dual;
    });
    expect(suboptimality).toBeLessThan(objective);
    expect(suboptimality / Math.min(...gaps)).toBeCloseTo(1, 10);
  });

  it('returns the objective itself without a penalty', () => {
    const problem = irisProblem(0, true, false);
    const point = Float64Array.from({ length: 15 }, (_, i) => Math.sin(i));
    const { objective, suboptimality } = certify(problem, point);
    expect(objective).toBeCloseTo(evaluatePlain(problem, point).value, 12);
    expect(suboptimality).toBe(objective);
  });

  it('handles a class without samples, saturated probabilities and all-zero weights', () => {
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

  it('gives the same result asynchronously, and can be aborted', async () => {
    const problem = irisProblem(0.1, true, true);
    const point = Float64Array.from({ length: 15 }, (_, i) => Math.sin(i) / 10);
    expect(await certifyAsync(problem, point)).toEqual(certify(problem, point));
    const aborted = certifyAsync(problem, point, AbortSignal.abort(new Error('enough')));
    await expect(aborted).rejects.toThrow('enough');
    expect(() => certify(problem, new Float64Array(3))).toThrow('point must have shape [15]');
  });
});
