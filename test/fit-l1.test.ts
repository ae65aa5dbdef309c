import * as tf from '@tensorflow/tfjs';
import { columnStatistics, type FitOptions, loadIris, Random, SoftmaxRegression } from 'softmax-regression';
import { onEveryBackend } from './helpers/backends.js';
import { classes, pixels } from './helpers/pixels.js';

const iris = loadIris();
const fails = (fields: object) => expect.objectContaining(fields);

onEveryBackend('fit with l1', () => {
  it('can be aborted without leaking tensors', async () => {
    const before = tf.memory().numTensors;
    const abort = new AbortController();
    const aborted = SoftmaxRegression.fit(pixels, classes, {
      l1: 1e-3,
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('enough')),
    });
    await expect(aborted).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('fit with l1', () => {
  it('leaves only the bias if l1 exceeds the largest gradient entry at W = 0, and not below', async () => {
    // At W = 0 and the bias of the shares, the gradient of W: (1/n) Xᵀ(P − Y).
    const mean = columnStatistics(iris.features).mean;
    const bounds = iris.classNames.map((name) => {
      const rows = iris.features.filter((_, i) => iris.labels[i] === name);
      return mean.map((m, j) => Math.abs(m / 3 - rows.reduce((sum, x) => sum + x[j], 0) / 150));
    });
    const largest = Math.max(...bounds.flatMap((row) => Array.from(row)));
    const above = await SoftmaxRegression.fit(iris.features, iris.labels, { l1: largest * 1.001 });
    expect(above.model.weight.flatMap((row) => Array.from(row))).toEqual(Array(12).fill(0));
    expect(above.result.objective).toBeCloseTo(Math.log(3), 12);
    expect(above.result.suboptimality).toBeLessThan(1e-12);
    const below = await SoftmaxRegression.fit(iris.features, iris.labels, { l1: largest * 0.99 });
    expect(below.model.weight.flatMap((row) => Array.from(row)).filter((w) => w !== 0).length).toBeGreaterThan(0);
  });

  it('equals the fit without l1 at l1 = 0, and is close to it for a tiny l1', async () => {
    const options = { l2: 0.01, tolerance: 1e-9 } as const;
    const without = await SoftmaxRegression.fit(iris.features, iris.labels, options);
    const zero = await SoftmaxRegression.fit(iris.features, iris.labels, { ...options, l1: 0 });
    expect(zero.model.toBytes()).toEqual(without.model.toBytes());
    const tiny = await SoftmaxRegression.fit(iris.features, iris.labels, { ...options, l1: 1e-9 });
    expect(tiny.model.weight).toBeAllClose(without.model.weight, { rtol: 0, atol: 1e-5 });
  });

  it('keeps zero weights with standardize and in the model file', async () => {
    const { model, result } = await SoftmaxRegression.fit(iris.features, iris.labels, { l1: 0.02, standardize: true });
    const weight = model.weight.flatMap((row) => Array.from(row));
    expect(result.converged).toBe(true);
    expect(weight.filter((w) => w === 0).length).toBeGreaterThan(4);
    const read = SoftmaxRegression.fromBytes(model.toBytes());
    expect(read.weight.flatMap((row) => Array.from(row))).toEqual(weight);
    expect(read.options).toMatchObject({ solver: 'lbfgs', l1: 0.02 });
  });

  it('keeps the bias at 0 without an intercept', async () => {
    const options = { l1: 0.01, fitIntercept: false, tolerance: 1e-8 } as const;
    const { model, result } = await SoftmaxRegression.fit(iris.features, iris.labels, options);
    expect([...model.bias]).toEqual([0, 0, 0]);
    expect(result).toMatchObject({ converged: true, reason: 'gradient' });
    expect(result.suboptimality).toBeLessThan(1e-5);
  });

  it('converges with more features than samples, and more than its metric is factored for', async () => {
    const wide = new Random(9);
    const rows = Array.from({ length: 40 }, () => Array.from({ length: 1100 }, () => wide.uniform() - 0.5));
    const labels = rows.map((x) => (x[3] > 0.2 ? 'high' : x[7] > 0 ? 'middle' : 'low'));
    const { model, result } = await SoftmaxRegression.fit(rows, labels, { l1: 0.02, maxIterations: 2000 });
    expect(result).toMatchObject({ converged: true, reason: 'gradient' });
    expect(result.suboptimality).toBeLessThan(1e-4);
    expect(model.weight.flatMap((row) => Array.from(row)).filter((w) => w !== 0).length).toBeLessThan(120);
  });

  it('reports the penalised objective at each iteration and at the end', async () => {
    const losses: number[] = [];
    const { model, result } = await SoftmaxRegression.fit(iris.features, iris.labels, {
      l1: 0.01,
      l2: 0.001,
      tolerance: 1e-8,
      onProgress: ({ loss }) => losses.push(loss),
    });
    const weight = model.weight.flatMap((row) => Array.from(row));
    const { logLoss: loss } = await model.evaluate(iris.features, iris.labels);
    const penalty = weight.reduce((sum, w) => sum + 0.01 * Math.abs(w) + 0.0005 * w * w, 0);
    expect(result.objective).toBeCloseTo(loss + penalty, 9);
    expect(losses[losses.length - 1]).toBeCloseTo(result.objective, 9);
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThanOrEqual(losses[i - 1]);
  });

  it('advises a larger maxIterations after too few iterations', async () => {
    const { result } = await SoftmaxRegression.fit(iris.features, iris.labels, { l1: 1e-4, maxIterations: 3 });
    expect(result).toMatchObject({ converged: false, reason: 'iterations', iterations: 3 });
    expect(result.advice).toBe('Give `maxIterations: 500`.');
    expect(result.suboptimality).toBeGreaterThan(0);
  });

  it.each<[FitOptions<string>, string]>([
    [{ l1: -1 }, 'l1'],
    [{ l1: Number.NaN }, 'l1'],
    [{ l1: Number.POSITIVE_INFINITY }, 'l1'],
    [{ l1: 0.1, solver: 'sgd' }, 'l1'],
    [{ l1: 0, solver: 'adam' }, 'l1'],
  ])('rejects %j', async (options, argument) => {
    await expect(SoftmaxRegression.fit(iris.features, iris.labels, options)).rejects.toThrow(
      fails({ code: 'DOMAIN', where: 'fit', argument }),
    );
  });
});
