import { type EvaluateOptions, FLOAT64, metrics, type SoftmaxRegression } from 'softmax-regression';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { drawLabels, modelOf, normals, rowsOf, turnsOf } from './helpers/models.js';

const classes = ['cat', 'chicken', 'dog', 'eel'] as const;
type Pet = (typeof classes)[number];
const [D, Q] = [3, 4];
const model: SoftmaxRegression<Pet> = modelOf(rowsOf(normals(D * Q, 3, 1.5), Q), [0.2, 0, -0.3, 0.1], classes);
const features = rowsOf(normals(200 * D, 4), D);
const labels = drawLabels(model, features, 5);
const sampleWeights = labels.map((_, i) => (i * 7) % 4);

onEveryBackend('an evaluation', () => {
  it.each<[string, EvaluateOptions]>([
    ['unweighted samples', {}],
    ['weighted samples', { sampleWeights }],
    ['other bins and another confidence', { bins: 4, confidence: 0.5 }],
  ])('matches the metrics of its probabilities: %s', async (_, options) => {
    const evaluation = await model.evaluate(features, labels, options);
    const { bins, confidence, ...weighted } = options;
    const probabilities = model.predictProbabilities(features);
    const predictions = model.predict(features);
    const ofColumns = { classes, ...weighted };
    const ofBins = { ...ofColumns, bins };
    const expected = {
      accuracy: metrics.accuracy(labels, predictions, weighted),
      logLoss: metrics.logLoss(labels, probabilities, ofColumns),
      brier: metrics.brier(labels, probabilities, ofColumns),
      expectedCalibrationError: metrics.expectedCalibrationError(labels, probabilities, ofBins),
      rocAuc: metrics.rocAuc(labels, probabilities, { ...ofColumns, average: 'macro' }),
      matthews: metrics.matthews(labels, predictions, weighted),
      cohenKappa: metrics.cohenKappa(labels, predictions, { ...ofColumns }),
      topKAccuracy: [1, 2, 3, 4].map((k) => metrics.topKAccuracy(labels, probabilities, k, ofColumns)),
      macro: metrics.precisionRecallFscore(labels, predictions, { ...ofColumns, average: 'macro' }),
      micro: metrics.precisionRecallFscore(labels, predictions, { ...ofColumns, average: 'micro' }),
      weighted: metrics.precisionRecallFscore(labels, predictions, { ...ofColumns, average: 'weighted' }),
    };
    const flat = (value: object | number) => (typeof value === 'number' ? [value] : Object.values(value));
    for (const [name, value] of Object.entries(expected)) {
      expect(flat(evaluation[name as keyof typeof expected])).toBeAllClose(flat(value), FLOAT64);
    }
    const { rocAuc, ...perClass } = evaluation.perClass;
    expect(perClass).toEqual(metrics.precisionRecallFscore(labels, predictions, ofColumns));
    expect(rocAuc).toEqual(metrics.rocAuc(labels, probabilities, ofColumns).auc);
    expect(evaluation.confusion).toEqual(metrics.confusionMatrix(labels, predictions, ofColumns));
    const diagram = metrics.reliabilityBins(labels, probabilities, ofBins);
    expect(evaluation.reliability.map((bin) => Object.values(bin))).toBeAllClose(
      diagram.map((bin) => Object.values(bin)),
      FLOAT64,
    );
    expect(evaluation.samples).toBe(200);
    if (options.sampleWeights !== undefined) return;
    const right = predictions.filter((prediction, i) => prediction === labels[i]).length;
    expect(evaluation.interval).toEqual(metrics.wilsonInterval(right, 200, { confidence }));
  });
});

describe('an evaluation', () => {
  beforeAll(() => useBackend('cpu'));

  it('counts a sample of weight 2 twice, and ignores one of weight 0', async () => {
    const twice = sampleWeights.flatMap((weight, i) => new Array<number>(weight).fill(i));
    const [x, y] = [twice.map((i) => features[i]), twice.map((i) => labels[i])];
    const { samples, interval, ...repeated } = await model.evaluate(x, y);
    const { samples: ofAll, interval: wider, ...weighted } = await model.evaluate(features, labels, { sampleWeights });
    const numbers = (value: object): number[] =>
      Object.values(value).flatMap((each) =>
        typeof each === 'object' ? numbers(each) : typeof each === 'number' ? [each] : [],
      );
    expect(numbers(weighted)).toBeAllClose(numbers(repeated), { rtol: 1e-12, atol: 1e-12 });
    expect([samples, ofAll]).toEqual([twice.length, 200]);
    // Repeated samples overstate the effective sample size.
    expect(wider.upper - wider.lower).toBeGreaterThan(interval.upper - interval.lower);
  });

  it('computes the interval from the effective sample size of the weights', async () => {
    // Weights 3 and 1 in turn: (Σs)²/Σs² = (2n)²/5n = 0.8·n
    const weights = labels.map((_, i) => (i % 2 === 0 ? 3 : 1));
    const { accuracy, interval } = await model.evaluate(features, labels, { sampleWeights: weights });
    const z = 1.959963984540054;
    const [n, p] = [160, accuracy];
    const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
    const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
    expect([interval.lower, interval.upper]).toBeAllClose([middle - half, middle + half], FLOAT64);
    const scaled = await model.evaluate(features, labels, { sampleWeights: weights.map((weight) => weight / 1024) });
    expect(scaled.interval).toEqual(interval);
  });

  it('returns NaN for the ROC AUC if a class has no sample', async () => {
    const { rocAuc, perClass, logLoss } = await model.evaluate(features.slice(0, 2), ['cat', 'dog']);
    expect(rocAuc).toBeNaN();
    expect(perClass.rocAuc.map(Number.isNaN)).toEqual([false, true, false, true]);
    expect(logLoss).toBeGreaterThan(0);
  });

  it('matches the metrics for large arrays, yields to the event loop, reports progress and can be aborted', async () => {
    const n = 30_000;
    const values = Float32Array.from(normals(n * D, 9));
    const large = { values, shape: [n, D] } as const;
    const truth = drawLabels(model, large, 6);
    const done: number[] = [];
    const turns = await turnsOf(async () => {
      const evaluation = await model.evaluate(large, truth, { onProgress: (progress) => done.push(progress.done) });
      const predictions = model.predict(large);
      expect(evaluation.accuracy).toBe(metrics.accuracy(truth, predictions));
      const probabilities = model.predictProbabilities(large);
      expect(evaluation.rocAuc).toBe(metrics.rocAuc(truth, probabilities, { classes, average: 'macro' }));
    });
    expect(turns).toBeGreaterThan(Q);
    expect(done.at(-1)).toBe(n);
    const reason = new Error('enough');
    const controller = new AbortController();
    const work = model.evaluate(large, truth, {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(work).rejects.toBe(reason);
  });

  it('keeps the type of labels', async () => {
    const { perClass, confusion } = await model.evaluate(features, labels);
    const names: readonly Pet[] = perClass.classes;
    expect(names).toEqual(confusion.classes);
    // @ts-expect-error names are not numbers
    const wrong: readonly number[] = perClass.classes;
    expect(wrong).toBe(names);
    // @ts-expect-error a label of another type
    await expect(model.evaluate(features, new Array(200).fill(1) as number[])).rejects.toThrow();
  });

  it.each<[string, EvaluateOptions, object]>([
    ['0 bins', { bins: 0 }, { argument: 'bins', expected: 'be an integer > 0' }],
    ['a confidence of 1', { confidence: 1 }, { argument: 'confidence', expected: 'be in (0, 1)' }],
    ['too few weights', { sampleWeights: [1] }, { code: 'SHAPE', argument: 'sampleWeights' }],
    ['all-zero weights', { sampleWeights: labels.map(() => 0) }, { code: 'DOMAIN', argument: 'sampleWeights' }],
    [
      'a negative weight',
      { sampleWeights: labels.map((_, i) => i - 1) },
      { argument: 'sampleWeights[0]', actual: '-1' },
    ],
    ['an unknown option', { k: 5 } as object, { argument: 'options', actual: "'k'" }],
  ])('rejects %s', async (_, options, fields) => {
    await expect(model.evaluate(features, labels, options)).rejects.toMatchObject({ where: 'evaluate', ...fields });
  });
});
