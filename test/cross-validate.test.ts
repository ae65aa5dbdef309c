import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import {
  crossValidate,
  type FitOptions,
  type FoldProgress,
  type LambdaPathOptions,
  type LambdaProgress,
  lambdaPath,
  loadIris,
  metrics,
  type Scores,
  SoftmaxRegression,
  stratifiedFolds,
  take,
} from 'softmax-regression';
import { SCORE_NAMES } from '../src/metrics/scores.js';
import { defaultStrengths } from '../src/model/lambda-path.js';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';

const iris = loadIris();
type Species = (typeof iris.labels)[number];
const BY_LBFGS = { solver: 'lbfgs', l2: 0.01 } as const;
const sampleWeights = iris.labels.map((_, i) => 1 + (i % 3));

/** The samples that are not held out. */
const others = (part: ArrayLike<number>, n = 150) => {
  const held = new Set(Array.from(part));
  return Array.from({ length: n }, (_, i) => i).filter((i) => !held.has(i));
};

describe('stratifiedFolds', () => {
  it('covers each sample once, with part sizes that differ by at most one, in total and per class', () => {
    const problem = fc
      .record({
        folds: fc.integer({ min: 2, max: 6 }),
        seed: fc.nat(9),
        sizes: fc.array(fc.integer({ min: 2, max: 9 }), { minLength: 1, maxLength: 4 }),
      })
      .filter(({ folds, sizes }) => sizes.reduce((a, b) => a + b) >= folds)
      .chain(({ sizes, ...rest }) => {
        const labels = sizes.flatMap((size, label) => new Array<string>(size).fill(`class ${label}`));
        return fc.record({ labels: fc.shuffledSubarray(labels, { minLength: labels.length }), ...mapOf(rest) });
      });
    fc.assert(
      fc.property(problem, ({ labels, folds, seed }) => {
        const parts = stratifiedFolds(labels, { folds, seed });
        expect(parts).toHaveLength(folds);
        expect(parts.flatMap((part) => [...part]).sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
        const spread = (counts: number[]) => Math.max(...counts) - Math.min(...counts);
        expect(spread(parts.map(({ length }) => length))).toBeLessThanOrEqual(1);
        for (const label of new Set(labels)) {
          expect(spread(parts.map((part) => part.filter((i) => labels[i] === label).length))).toBeLessThanOrEqual(1);
        }
        for (const part of parts) expect([...part]).toEqual([...part].sort((a, b) => a - b));
      }),
      PROPERTY,
    );
  });

  it('is determined by its seed', () => {
    const folds = (seed?: number) => stratifiedFolds(iris.labels, { folds: 5, seed });
    expect(stratifiedFolds(['a', 'b', 'a', 'b'], { folds: 2 }).map((part) => [...part])).toEqual([
      [2, 3],
      [0, 1],
    ]);
    expect(folds(3)).toEqual(folds(3));
    expect(folds()).toEqual(folds(0));
    expect(folds(1)).not.toEqual(folds(2));
    // Not in the given order.
    expect([...folds(0)[0].subarray(0, 10)]).not.toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45]);
  });

  it.each<[string, unknown[], object, object]>([
    [
      'one fold',
      iris.labels,
      { folds: 1 },
      { argument: 'folds', expected: 'be an integer in [2, 150], the number of samples' },
    ],
    ['more folds than samples', ['a', 'a', 'b', 'b'], { folds: 5 }, { argument: 'folds', actual: '5' }],
    ['a fractional number of folds', iris.labels, { folds: 2.5 }, { argument: 'folds' }],
    ['a class of one sample', ['a', 'a', 'b', 'a'], { folds: 2 }, { argument: 'labels', actual: '1 of "b"' }],
    ['labels of two types', ['a', 'a', 1, 1], { folds: 2 }, { argument: 'labels[2]' }],
    ['a negative seed', iris.labels, { seed: -1 }, { where: 'Random', argument: 'seed' }],
    ['a misspelt option', iris.labels, { fold: 2 }, { argument: 'options', actual: "'fold'" }],
  ])('rejects %s', (_, labels, options, fields) => {
    expect(() => stratifiedFolds(labels as string[], options)).toThrow(
      expect.objectContaining({ code: 'DOMAIN', ...fields }),
    );
  });
});

function mapOf<T extends object>(values: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fc.constant(value)])) as never;
}

onEveryBackend('crossValidate', () => {
  it.each<
    [string, Pick<FitOptions<Species>, 'solver' | 'l2' | 'sampleWeights' | 'classWeights' | 'epochs' | 'learningRate'>]
  >([
    ['lbfgs', { ...BY_LBFGS, sampleWeights, classWeights: 'balanced' }],
    ['steps', { solver: 'adam', epochs: 5, learningRate: 0.1 }],
  ])('equals one fit and one evaluation per fold: %s', async (_, options) => {
    const { folds, probabilities, classes } = await crossValidate(iris.features, iris.labels, {
      ...{ ...options, folds: 3, seed: 7 },
      outOfFold: true,
    });
    const parts = stratifiedFolds(iris.labels, { folds: 3, seed: 7 });
    expect(folds.map(({ test }) => test)).toEqual(parts);
    expect(probabilities.shape).toEqual([150, 3]);
    for (const { test, result, evaluation } of folds) {
      const weights = (part: ArrayLike<number>) => options.sampleWeights && take(sampleWeights, part);
      const train = others(test);
      const seed = options.solver === 'lbfgs' ? {} : { seed: 7 };
      const own = { ...options, ...seed, sampleWeights: weights(train) };
      const { model, result: expected } = await SoftmaxRegression.fit(
        take(iris.features, train),
        take(iris.labels, train),
        own,
      );
      expect(result).toEqual(expected);
      const [x, y] = [take(iris.features, test), take(iris.labels, test)];
      expect(evaluation).toEqual(await model.evaluate(x, y, { sampleWeights: weights(test) }));
      model.predictProbabilities(x).forEach((row, i) => {
        expect([...probabilities.values.subarray(3 * test[i], 3 * test[i] + 3)]).toEqual([...row]);
      });
    }
    expect(classes).toEqual(['setosa', 'versicolor', 'virginica']);
  });
});

describe('crossValidate', () => {
  beforeAll(() => useBackend('cpu'));

  it('returns consistent means, deviations and out-of-fold probabilities', async () => {
    const options = { ...BY_LBFGS, folds: 5 };
    const { folds, mean, standardDeviation, probabilities } = await crossValidate(iris.features, iris.labels, {
      ...options,
      outOfFold: true,
    });
    for (const name of Object.keys(mean) as (keyof Scores)[]) {
      const scores = folds.map(({ evaluation }) => evaluation[name]);
      const middle = scores.reduce((a, b) => a + b) / 5;
      expect(mean[name]).toBeCloseTo(middle, 12);
      const variance = scores.reduce((sum, score) => sum + (score - middle) ** 2, 0) / 4;
      expect(standardDeviation[name]).toBeCloseTo(Math.sqrt(variance), 12);
    }
    expect(Object.keys(mean)).toEqual(SCORE_NAMES);
    // Folds of 30 samples each: the mean over folds is that over samples.
    const rows = Array.from({ length: 150 }, (_, i) => probabilities.values.subarray(3 * i, 3 * i + 3));
    expect(metrics.logLoss(iris.labels, rows, ['setosa', 'versicolor', 'virginica'])).toBeCloseTo(mean.logLoss, 12);
    expect(mean.accuracy).toBeGreaterThan(0.94);
    expect((await crossValidate(iris.features, iris.labels, options)).mean).toEqual(mean);
    expect('probabilities' in (await crossValidate(iris.features, iris.labels, options))).toBe(false);
  });

  it('accepts tensors and typed arrays', async () => {
    const values = Float32Array.from(iris.features.flat());
    const { mean } = await crossValidate({ values, shape: [150, 4] }, iris.labels, { ...BY_LBFGS, folds: 2 });
    const tensor = tf.tensor2d(values, [150, 4]);
    expect((await crossValidate(tensor, iris.labels, { ...BY_LBFGS, folds: 2 })).mean).toEqual(mean);
    tensor.dispose();
  });

  it('keeps the type of labels, and the order of the classes', async () => {
    const labels = iris.labels.map((label) => label !== 'setosa');
    const { classes, folds } = await crossValidate(iris.features, labels, {
      ...BY_LBFGS,
      folds: 2,
      classes: [true, false],
    });
    const truths: readonly boolean[] = classes;
    expect(truths).toEqual([true, false]);
    expect(folds[0].evaluation.confusion.classes).toEqual([true, false]);
    // @ts-expect-error booleans are not names
    const wrong: readonly string[] = classes;
    expect(wrong).toBe(classes);
  });

  it('reports its progress, and stops on an abort signal', async () => {
    const seen: FoldProgress[] = [];
    await crossValidate(iris.features, iris.labels, {
      ...BY_LBFGS,
      folds: 3,
      onProgress: (progress) => seen.push(progress),
    });
    expect([...new Set(seen.map(({ fold }) => fold))]).toEqual([1, 2, 3]);
    expect(seen[0]).toMatchObject({ fold: 1, folds: 3, fit: { epoch: 1 } });
    const controller = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ fold }: FoldProgress) => {
      if (fold === 2) controller.abort(reason);
    };
    const options = { ...BY_LBFGS, folds: 3, signal: controller.signal, onProgress };
    await expect(crossValidate(iris.features, iris.labels, options)).rejects.toBe(reason);
  });

  it.each<[string, object, object]>([
    ['one fold', { folds: 1 }, { where: 'crossValidate', argument: 'folds' }],
    ['too few weights', { sampleWeights: [1] }, { where: 'crossValidate', argument: 'sampleWeights' }],
    ['an unknown class', { classes: ['setosa', 'versicolor'] }, { where: 'crossValidate', argument: 'labels[100]' }],
    ['outOfFold as a string', { outOfFold: 'yes' }, { where: 'crossValidate', argument: 'outOfFold' }],
    ['an unknown option', { metric: 'accuracy' }, { argument: 'options', actual: "'metric'" }],
  ])('rejects %s', async (_, options, fields) => {
    await expect(crossValidate(iris.features, iris.labels, options)).rejects.toMatchObject(fields);
  });
});

describe('lambdaPath', () => {
  beforeAll(() => useBackend('cpu'));

  const l2 = [1e-4, 1, 0.01];
  const options = { solver: 'lbfgs', folds: 4, seed: 1, tolerance: 1e-8 } as const;

  it('matches a cross-validation for each λ, despite warm starts', async () => {
    const { table } = await lambdaPath(iris.features, iris.labels, { ...options, l2 });
    expect(table.map((row) => row.l2)).toEqual([1, 0.01, 1e-4]);
    for (const row of table) {
      const { folds, mean, standardDeviation } = await crossValidate(iris.features, iris.labels, {
        ...options,
        l2: row.l2,
      });
      expect(row.folds).toBeAllClose(
        folds.map(({ evaluation }) => evaluation.logLoss),
        { rtol: 1e-5, atol: 0 },
      );
      expect(row.logLoss).toBeAllClose(mean.logLoss, { rtol: 1e-5, atol: 0 });
      expect(row.accuracy).toBe(mean.accuracy);
      expect(row.standardError).toBeAllClose(standardDeviation.logLoss / 2, { rtol: 1e-4, atol: 0 });
      expect(row.converged).toBe(true);
    }
  });

  it('takes fewer iterations than fits that start at zero', async () => {
    const values = [0.1, 0.09, 0.08, 0.07];
    let along = 0;
    const onProgress = ({ l2 }: LambdaProgress) => {
      if (l2 < 0.1) along++;
    };
    await lambdaPath(iris.features, iris.labels, { ...options, l2: values, onProgress });
    let alone = 0;
    for (const l2 of values.slice(1)) {
      await crossValidate(iris.features, iris.labels, { ...options, l2, onProgress: () => alone++ });
    }
    expect(along).toBeLessThan(alone);
  });

  it('returns the λ with the least loss and the largest λ within one standard error of it', async () => {
    const values = Array.from({ length: 13 }, (_, i) => 10 ** (-2 - i / 8));
    const { table, best, oneStandardError } = await lambdaPath(iris.features, iris.labels, { ...options, l2: values });
    const losses = table.map(({ logLoss }) => logLoss);
    const least = losses.indexOf(Math.min(...losses));
    expect(best).toBe(table[least].l2);
    const limit = losses[least] + table[least].standardError;
    const inReach = table.filter(({ logLoss }) => logLoss <= limit).map(({ l2 }) => l2);
    expect(oneStandardError).toBe(Math.max(...inReach));
    expect(oneStandardError).toBeGreaterThan(best);
    expect(oneStandardError).toBeLessThan(0.01);
  });

  it('refits with the chosen λ on all samples', async () => {
    for (const refit of ['best', 'oneStandardError'] as const) {
      const path = await lambdaPath(iris.features, iris.labels, { ...options, l2, refit });
      const model: SoftmaxRegression<Species> = path.model;
      expect(model.options).toMatchObject({ l2: path[refit], tolerance: 1e-8 });
      const own = { solver: 'lbfgs', tolerance: 1e-8, l2: path[refit] } as const;
      const alone = await SoftmaxRegression.fit(iris.features, iris.labels, own);
      expect(model.weight).toEqual(alone.model.weight);
      expect(path.result).toEqual(alone.result);
      // @ts-expect-error labels are names
      const wrong: SoftmaxRegression<number> = path.model;
      expect(wrong).toBe(model);
    }
    const path = await lambdaPath(iris.features, iris.labels, { ...options, l2 });
    expect('model' in path).toBe(false);
    // @ts-expect-error without refit there is no model
    expect(path.model).toBeUndefined();
  });

  it('has default values of λ, counts its fits and respects sample weights', async () => {
    const seen: LambdaProgress[] = [];
    const more = {
      sampleWeights,
      refit: 'best',
      onProgress: (progress: LambdaProgress) => seen.push(progress),
    } as const;
    const { table } = await lambdaPath(iris.features, iris.labels, { ...options, folds: 2, ...more });
    expect(table.map((row) => row.l2)).toBeAllClose([
      1,
      0.1 ** 0.5,
      0.1,
      0.1 ** 1.5,
      0.01,
      0.1 ** 2.5,
      1e-3,
      0.1 ** 3.5,
      1e-4,
      0.1 ** 4.5,
    ]);
    expect(seen[0]).toMatchObject({ fit: 1, fits: 21, l2: 1, fold: 1 });
    expect(seen.at(-1)).toMatchObject({ fit: 21, fits: 21, fold: undefined });
    const plain = await lambdaPath(iris.features, iris.labels, { ...options, folds: 2 });
    expect(plain.table[0].logLoss).not.toBeCloseTo(table[0].logLoss, 6);
  });

  it.each([
    [2, 9, 1e-4],
    [50, 9, 1e-4],
    [100, 9, 1e-4],
    [101, 10, 10 ** -4.5],
    [1000, 11, 1e-5],
    [100_000, 15, 1e-7],
  ])('tries, for %d samples, %d values from 1 down to %d', (n, count, least) => {
    const values = defaultStrengths(n);
    expect([values.length, values[0]]).toEqual([count, 1]);
    expect(values.at(-1)).toBeAllClose(least, { rtol: 1e-12, atol: 0 });
    expect(values.at(-1)).toBeLessThanOrEqual(Math.min(1e-4, 1 / (100 * n)) * (1 + 1e-9));
    for (let i = 1; i < count; i++)
      expect(values[i - 1] / values[i]).toBeAllClose(Math.sqrt(10), { rtol: 1e-12, atol: 0 });
  });

  it.each<[string, LambdaPathOptions<Species> | object, object]>([
    ['an empty list', { l2: [] }, { argument: 'l2', actual: 'an array of 0' }],
    ['a number instead of a list', { l2: 0.1 }, { argument: 'l2', actual: '0.1' }],
    ['a negative value', { l2: [0.1, -1] }, { argument: 'l2[1]', actual: '-1' }],
    ['a repeated value', { l2: [0.1, 1, 0.1] }, { argument: 'l2[2]', actual: '0.1' }],
    ['an unknown refit', { refit: 'last' }, { argument: 'refit', expected: "be 'best' | 'oneStandardError'" }],
  ])('rejects %s', async (_, odd, fields) => {
    await expect(lambdaPath(iris.features, iris.labels, odd)).rejects.toMatchObject({ where: 'lambdaPath', ...fields });
  });

  it('stops on an abort signal', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(lambdaPath(iris.features, iris.labels, { ...options, l2, signal })).rejects.toBe(reason);
  });
});
