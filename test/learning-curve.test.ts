import fc from 'fast-check';
import {
  crossValidate,
  type LearningCurveProgress,
  learningCurve,
  loadIris,
  SoftmaxRegression,
  stratifiedFolds,
  take,
} from 'softmax-regression';
import { complement, stratifiedOrder } from '../src/data/folds.js';
import { SCORE_NAMES } from '../src/metrics/scores.js';
import { useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';

const iris = loadIris();
const OPTIONS = { l2: 0.01, tolerance: 1e-9, folds: 4, seed: 3 } as const;
const sampleWeights = iris.labels.map((_, i) => 1 + (i % 3));

beforeAll(() => useBackend('cpu'));

describe('stratifiedOrder', () => {
  it('has every sample once, and in every beginning the share of each class, rounded up', () => {
    const problem = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
      seed: fc.nat(9),
    });
    fc.assert(
      fc.property(problem, ({ sizes, seed }) => {
        const labels = sizes.flatMap((size, k) => new Array<number>(size).fill(k));
        // Of every second sample of twice as many.
        const all = labels.flatMap((label) => [label, -1]);
        const samples = Int32Array.from(labels, (_, i) => 2 * i);
        const order = stratifiedOrder(samples, all, seed);
        expect([...order].sort((a, b) => a - b)).toEqual([...samples]);
        expect(new Set(Array.from(order.subarray(0, sizes.length), (i) => all[i])).size).toBe(sizes.length);
        for (let m = 1; m <= order.length; m++) {
          const part = order.subarray(0, m);
          sizes.forEach((size, k) => {
            const own = part.filter((i) => all[i] === k).length;
            expect(Math.abs(own - (size * m) / labels.length)).toBeLessThanOrEqual(sizes.length);
          });
        }
      }),
      PROPERTY,
    );
  });

  it('is shuffled by its seed', () => {
    const samples = Int32Array.from({ length: 150 }, (_, i) => i);
    const order = (seed?: number) => [...stratifiedOrder(samples, iris.labels, seed)];
    expect(order(1)).toEqual(order(1));
    expect(order()).toEqual(order(0));
    expect(order(1)).not.toEqual(order(2));
    expect(order(1).slice(0, 3)).not.toEqual([0, 50, 100]);
  });
});

describe('learningCurve', () => {
  it('is a fit and two evaluations for each part of each fold', async () => {
    const sizes = [6, 40, 100];
    const { table } = await learningCurve(iris.features, iris.labels, { ...OPTIONS, sizes, sampleWeights });
    expect(table.map(({ samples }) => samples)).toEqual(sizes);
    const parts = stratifiedFolds(iris.labels, { folds: 4, seed: 3 });
    for (const { samples, folds, logLoss, trainingLogLoss, standardError, converged } of table) {
      const losses: number[] = [];
      const training: number[] = [];
      for (const part of parts) {
        const own = stratifiedOrder(complement(part, 150), iris.labels, 3).slice(0, samples).sort();
        const samplesOf = (indices: ArrayLike<number>) =>
          [
            take(iris.features, indices),
            take(iris.labels, indices),
            { sampleWeights: take(sampleWeights, indices) },
          ] as const;
        const [x, y, weights] = samplesOf(own);
        const { model } = await SoftmaxRegression.fit(x, y, { l2: 0.01, tolerance: 1e-9, ...weights });
        training.push((await model.evaluate(x, y, weights)).logLoss);
        losses.push((await model.evaluate(...samplesOf(part))).logLoss);
      }
      const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b) / 4;
      expect(folds).toBeAllClose(losses, { rtol: 1e-12, atol: 0 });
      expect([logLoss, trainingLogLoss]).toBeAllClose([mean(losses), mean(training)], { rtol: 1e-12, atol: 0 });
      const variance = losses.reduce((sum, loss) => sum + (loss - logLoss) ** 2, 0) / 3;
      expect(standardError).toBeCloseTo(Math.sqrt(variance / 4), 12);
      expect(converged).toBe(true);
    }
    const gaps = table.map(({ logLoss, trainingLogLoss }) => logLoss - trainingLogLoss);
    expect(gaps).toEqual([...gaps].sort((a, b) => b - a));
    expect(table[2].logLoss).toBeLessThan(table[0].logLoss);
  });

  it('ends at the cross-validation of all samples', async () => {
    const { table } = await learningCurve(iris.features, iris.labels, { ...OPTIONS, folds: 5, sizes: [120] });
    const { mean, standardDeviation } = await crossValidate(iris.features, iris.labels, { ...OPTIONS, folds: 5 });
    for (const name of SCORE_NAMES) expect(table[0][name]).toBeCloseTo(mean[name], 6);
    expect(table[0].standardError).toBeCloseTo(standardDeviation.logLoss / Math.sqrt(5), 6);
  });

  it('has ten sizes of its own, from two samples per class to all, and counts its fits', async () => {
    const seen: LearningCurveProgress[] = [];
    const onProgress = (progress: LearningCurveProgress) => seen.push(progress);
    const { table } = await learningCurve(iris.features, iris.labels, { folds: 2, maxIterations: 2, onProgress });
    expect(table.map(({ samples }) => samples)).toEqual([6, 8, 11, 14, 18, 24, 32, 43, 57, 75]);
    expect(seen[0]).toMatchObject({ fit: 1, fits: 20, samples: 6, fold: 1, progress: { epoch: 1 } });
    expect(seen.at(-1)).toMatchObject({ fit: 20, samples: 75, fold: 2 });
    expect(table[9].converged).toBe(false);
    const few = await learningCurve([[0], [1], [2], [3]], ['a', 'b', 'a', 'b'], { folds: 2 });
    expect(few.table.map(({ samples }) => samples)).toEqual([2]);
  });

  it('takes first-order solvers with their seed', async () => {
    const steps = { solver: 'adam', epochs: 2, folds: 2, sizes: [30] } as const;
    const curve = (seed: number) => learningCurve(iris.features, iris.labels, { ...steps, seed });
    expect(await curve(1)).toEqual(await curve(1));
    expect(await curve(1)).not.toEqual(await curve(2));
  });

  it.each<[string, object, object]>([
    ['no sizes', { sizes: [] }, { argument: 'sizes', actual: 'an array of 0' }],
    ['one number', { sizes: 30 }, { argument: 'sizes', actual: '30' }],
    ['fewer samples than classes', { sizes: [2, 30] }, { argument: 'sizes[0]', actual: '2' }],
    [
      'more than a fold leaves',
      { sizes: [30, 121] },
      { argument: 'sizes[1]', expected: expect.stringContaining('[3, 120]') },
    ],
    ['half a sample', { sizes: [30.5] }, { argument: 'sizes[0]' }],
    ['sizes that fall', { sizes: [30, 30] }, { argument: 'sizes[1]', expected: 'be greater than the size before it' }],
    ['an option of no fit', { size: [30] }, { argument: 'options', hint: 'Did you mean sizes?' }],
    ['an option of one fit', { warmStart: {} }, { argument: 'options', actual: "'warmStart'" }],
    ['a fold', { folds: 1 }, { argument: 'folds' }],
  ])('refuses %s', async (_, odd, fields) => {
    await expect(learningCurve(iris.features, iris.labels, odd)).rejects.toMatchObject({
      ...{ code: 'DOMAIN', where: 'learningCurve' },
      ...fields,
    });
  });
});
