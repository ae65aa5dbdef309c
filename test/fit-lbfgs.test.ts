import * as tf from '@tensorflow/tfjs';
import { columnStatistics, type FitOptions, type FitProgress, loadIris, SoftmaxRegression } from 'softmax-regression';
import { listed, solversOf } from '../src/training/solvers.js';
import golden from './golden/solver.golden.json';
import { onEveryBackend } from './helpers/backends.js';
import { classes, pixels } from './helpers/pixels.js';

const iris = loadIris();
const fails = (fields: object) => expect.objectContaining(fields);

onEveryBackend("fit with solver 'lbfgs'", () => {
  it.each(golden.cases.filter(({ data, weighted }) => data === 'iris' && weighted === 'none'))(
    'matches the optimum of scikit-learn on Iris, %j',
    async ({ C, standardize, intercept, ...expected }) => {
      const { mean, scale } = columnStatistics(iris.features);
      const rows = standardize
        ? iris.features.map((row) => row.map((value, j) => (value - mean[j]) / scale[j]))
        : iris.features;
      const l2 = 1 / (C * rows.length);
      const options = { solver: 'lbfgs', l2, fitIntercept: intercept, tolerance: 1e-9 } as const;
      const { model, result } = await SoftmaxRegression.fit(rows, iris.labels, options);
      expect(result.objective / expected.objective).toBeAllClose(1, { rtol: 1e-7, atol: 0 });
      // The bound is for the parameters as stored, and grows with their rounding to float32.
      expect(result.suboptimality).toBeLessThan(2e-5 * expected.objective);
      const centred = [...model.weight, model.bias].flatMap((row) => {
        const mean = row.reduce((a, b) => a + b) / row.length;
        return [...row].map((value) => value - mean);
      });
      expect(centred).toBeAllClose([...(expected.weight ?? []), ...(expected.bias ?? [])], { rtol: 0, atol: 1e-4 });
    },
  );

  it('reports each iteration, with a decreasing loss', async () => {
    const seen: FitProgress[] = [];
    const { result } = await SoftmaxRegression.fit(iris.features, iris.labels, {
      solver: 'lbfgs',
      l2: 0.01,
      maxIterations: 5,
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.map(({ epoch, epochs }) => [epoch, epochs])).toEqual([1, 2, 3, 4, 5].map((i) => [i, 5]));
    expect(seen.map(({ loss }) => loss)).toEqual(result.history.map(({ loss }) => loss));
    const losses = [Math.log(3), ...seen.map(({ loss }) => loss)];
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1]);
    expect(result).toMatchObject({
      converged: false,
      reason: 'iterations',
      iterations: 5,
      advice: 'Give `maxIterations: 500`.',
    });
  });

  it('ends for separable classes without a penalty, and advises l2 if it does not converge', async () => {
    const rows = [[-1], [-0.5], [0.5], [1]];
    const { model, result } = await SoftmaxRegression.fit(rows, [0, 0, 1, 1], {
      solver: 'lbfgs',
      l2: 0,
      tolerance: 1e-12,
      maxIterations: 20,
    });
    expect(result.objective).toBeLessThan(1e-3);
    expect(model.predict(rows)).toEqual([0, 0, 1, 1]);
    if (!result.converged) expect(result.advice).toContain('l2');
  });

  it('converges with contradictory labels, constant and collinear columns', async () => {
    const rows = [
      [1, 1, 2],
      [1, 1, 2],
      [1, 2, 4],
      [1, 2, 4],
    ];
    const { model, result } = await SoftmaxRegression.fit(rows, ['a', 'b', 'a', 'b'], { solver: 'lbfgs', l2: 0 });
    expect(result).toMatchObject({ converged: true });
    expect(result.objective).toBeCloseTo(Math.log(2), 9);
    expect([...model.predictProbabilities(rows)[0]]).toBeAllClose([0.5, 0.5]);
  });

  it('keeps the bias at 0 without an intercept', async () => {
    const options = { solver: 'lbfgs', l2: 0.1, fitIntercept: false } as const;
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, options);
    expect([...model.bias]).toEqual([0, 0, 0]);
    expect(model.numParameters).toBe(12);
    expect(model.options).toEqual({ ...options, l1: 0, standardize: false, tolerance: 1e-6, maxIterations: 500 });
  });

  it('does not leak tensors, aborted or not', async () => {
    const before = tf.memory().numTensors;
    await SoftmaxRegression.fit(pixels, classes, { solver: 'lbfgs', l2: 0.1, maxIterations: 2 });
    const abort = new AbortController();
    const aborted = SoftmaxRegression.fit(pixels, classes, {
      solver: 'lbfgs',
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('enough')),
    });
    await expect(aborted).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('yields to the event loop among short iterations', async () => {
    let turns = 0;
    let next = setImmediate(function tick() {
      turns++;
      next = setImmediate(tick);
    });
    const seen: number[] = [];
    const n = 100_000;
    const values = Float64Array.from({ length: 4 * n }, (_, at) => iris.features[(at >> 2) % 150][at % 4]);
    const labels = Array.from({ length: n }, (_, i) => iris.labels[i % 150]);
    const options = { l2: 1e-12, maxIterations: 20, onProgress: () => seen.push(turns) };
    await SoftmaxRegression.fit({ values, shape: [n, 4] }, labels, options);
    clearImmediate(next);
    // An evaluation takes 3e6 multiply-adds, and a task 1.4e7.
    expect(new Set(seen).size).toBeGreaterThanOrEqual(4);
  });

  it.each<[FitOptions<number>, string]>([
    [{ solver: 'lbfgs', epochs: 3 }, 'epochs'],
    [{ solver: 'lbfgs', learningRate: 0.1 }, 'learningRate'],
    [{ solver: 'lbfgs', layer: { phm: 2 } }, 'layer'],
    [{ solver: 'lbfgs', tolerance: 0 }, 'tolerance'],
    [{ solver: 'lbfgs', maxIterations: 1.5 }, 'maxIterations'],
    [{ solver: 'sgd', tolerance: 1e-3 }, 'tolerance'],
    [{ solver: 'adam', maxIterations: 10 }, 'maxIterations'],
    [{ epochs: 10 }, 'epochs'],
  ])('rejects options that are invalid or of another solver: %j', async (options, argument) => {
    await expect(SoftmaxRegression.fit([[1], [2]], [0, 1], options)).rejects.toThrow(
      fails({ code: 'DOMAIN', where: 'fit', argument }),
    );
  });

  it('names the solvers that an option is for', async () => {
    const fit = SoftmaxRegression.fit([[1], [2]], [0, 1], { epochs: 10 });
    await expect(fit).rejects.toThrow(
      "fit: epochs must be left out with `solver: 'lbfgs'`, which is the default; got 10. Leave it out: it is an option of " +
        `${listed(solversOf('steps').map((name) => `\`solver: '${name}'\``))}.`,
    );
  });
});
