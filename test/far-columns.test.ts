// Columns far from 0 relative to their deviation, or very small or large: the model stores the standardisation.
import * as tf from '@tensorflow/tfjs';
import { columnStatistics, crossValidate, loadIris, SoftmaxRegression } from 'softmax-regression';
import { loadPredictor } from '../src/predict.js';
import { decodeModel, encodeModel } from '../src/serialization/model-file.js';
import { onEveryBackend } from './helpers/backends.js';
import { farColumns } from './helpers/far-columns.js';

const LOGISTIC = { standardize: true, l2: 0.01, tolerance: 1e-9 } as const;
const CLOSE = { rtol: 0, atol: 1e-6 };
const fails = (fields: object) => expect.objectContaining(fields);
const flat = (rows: readonly Float64Array[]) => rows.flatMap((row) => [...row]);

/** Unix seconds and milliseconds, Julian days, ids, and scales at the ends of float64. */
const COLUMNS = [
  [1.7e9, 1e3],
  [1.7e12, 1e4],
  [2.46e6, 1e-3],
  [1e12, 1],
  [-4e5, 0.5],
  [0, 1e-300],
  [0, 1e300],
  [5e300, 1e299],
  [3e-300, 1e-300],
  [100, 1],
] as const;

onEveryBackend('fit with columns far from 0', (backend) => {
  it.each(COLUMNS)(
    'predicts the same as for columns near 0, with mean %d and deviation %d',
    async (mean, deviation) => {
      const { rows, near, labels } = farColumns(mean, deviation);
      const { model, result } = await SoftmaxRegression.fit(rows, labels, LOGISTIC);
      const { model: expected, result: best } = await SoftmaxRegression.fit(near, labels, LOGISTIC);
      expect(result).toMatchObject({ converged: true, advice: null });
      expect(result.objective).toBeAllClose(best.objective, { rtol: 1e-7, atol: 0 });
      expect(expected.columns).toBeUndefined();
      const probabilities = flat(expected.predictProbabilities(near));
      expect(flat(model.predictProbabilities(rows))).toBeAllClose(probabilities, CLOSE);
      expect((await model.predictProbabilitiesAsync(rows)).values).toEqual(
        Float64Array.from(flat(model.predictProbabilities(rows))),
      );
      expect((await model.evaluate(rows, labels)).logLoss).toBeCloseTo(
        (await expected.evaluate(near, labels)).logLoss,
        6,
      );
      const bytes = model.toBytes();
      expect(SoftmaxRegression.fromBytes(bytes).predictProbabilities(rows)).toEqual(model.predictProbabilities(rows));
      expect(loadPredictor(bytes).predictProbabilities(rows)).toEqual(model.predictProbabilities(rows));
      // First-order solvers are tested once: every column gives them the same standardised features.
      if (backend !== 'tensorflow' || mean !== 1.7e9) return;
      const steps = { ...LOGISTIC, tolerance: undefined, solver: 'adam', learningRate: 0.1, epochs: 3 } as const;
      const [far, close] = [
        await SoftmaxRegression.fit(rows, labels, steps),
        await SoftmaxRegression.fit(near, labels, steps),
      ];
      expect(flat(far.model.predictProbabilities(rows))).toBeAllClose(flat(close.model.predictProbabilities(near)), {
        rtol: 0,
        atol: 1e-4,
      });
    },
  );
});

describe('a model that standardises columns', () => {
  const { rows, labels } = farColumns(1.7e9, 1e3);
  let model: SoftmaxRegression<'a' | 'b' | 'c'>;

  beforeAll(async () => {
    const options = { ...LOGISTIC, featureNames: ['time', 'other'] };
    model = (await SoftmaxRegression.fit(rows, labels, options)).model;
  });

  it('exposes center and factor, the mean and 1/scale of columnStatistics', () => {
    const { mean, scale } = columnStatistics(rows);
    expect(model.columns?.center).toEqual(mean);
    expect(model.columns?.factor).toBeAllClose(
      scale.map((each) => 1 / each),
      { rtol: 1e-15, atol: 0 },
    );
  });

  it('is not needed for columns near 0', async () => {
    const iris = loadIris();
    const { model: plain } = await SoftmaxRegression.fit(iris.features, iris.labels, { standardize: true });
    expect(plain.columns).toBeUndefined();
    expect(new TextDecoder().decode(plain.toBytes())).toContain('"version":"1"');
  });

  it('is saved as version 2, with tensor names that readers of version 1 do not know', () => {
    const bytes = model.toBytes();
    const text = new TextDecoder().decode(bytes.subarray(8, 2000));
    expect(text).toContain('"version":"2"');
    for (const name of ['scaled_weight', 'scaled_bias', 'column_center', 'column_factor']) expect(text).toContain(name);
    expect(text).not.toMatch(/"(weight|bias)":/);
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });

  it('is rejected if its file requires something unknown', () => {
    const bytes = model.toBytes();
    const changed = Uint8Array.from(bytes);
    const at = new TextDecoder('latin1').decode(bytes).indexOf('columns\\"]');
    changed.set(new TextEncoder().encode('textual'), at);
    const refused = fails({ code: 'FORMAT', argument: 'requires' });
    expect(() => SoftmaxRegression.fromBytes(changed)).toThrow(refused);
    expect(() => loadPredictor(changed)).toThrow(refused);
  });

  it('rejects float32 features that lost their differences, and names the column', async () => {
    const values = Float32Array.from(rows.flat());
    const features = { values, shape: [rows.length, 2] } as const;
    const tensor = tf.tensor2d(values, [rows.length, 2]);
    const refused = fails({ code: 'DOMAIN', argument: 'column "time"' });
    expect(() => model.predict(features)).toThrow(refused);
    expect(() => loadPredictor(model.toBytes()).predict(features)).toThrow(refused);
    expect(() => model.contributions(values.subarray(0, 2))).toThrow(refused);
    await expect(model.predictAsync(tensor)).rejects.toThrow(refused);
    await expect(model.evaluate(features, labels)).rejects.toThrow(refused);
    await expect(
      SoftmaxRegression.fit(tensor, labels, { ...LOGISTIC, featureNames: ['time', 'other'] }),
    ).rejects.toThrow(refused);
    tensor.dispose();
    // The suggested change works.
    expect(model.predict({ values: Float64Array.from(rows.flat()), shape: [rows.length, 2] })).toHaveLength(200);
  });

  it('has contributions that add up from the center, and weights per unit', () => {
    const { base, features, logits } = model.contributions(rows[7]);
    const sums = base.map((each, k) => features.reduce((sum, { contributions }) => sum + contributions[k], each));
    expect(sums).toBeAllClose(logits, { rtol: 1e-12, atol: 1e-12 });
    expect(logits).toEqual(model.logits([rows[7]])[0]);
    const { scale } = columnStatistics(rows);
    const [own] = model.weightTable({ scale }).rows;
    const centred = [...model.weight[0]].map((w, _, all) => w - all.reduce((a, b) => a + b) / 3);
    expect(own.weights).toBeAllClose(centred, { rtol: 1e-6, atol: 0 });
  });

  it('can be calibrated, and is a warm start for fit but not for untrained', async () => {
    const { model: calibrated, temperature } = await model.calibrate(rows, labels);
    expect(calibrated.columns).toEqual(model.columns);
    expect(calibrated.logits(rows)[3]).toBeAllClose(
      model.logits(rows)[3].map((o) => o / temperature),
      { rtol: 1e-5, atol: 1e-5 },
    );
    const again = await SoftmaxRegression.fit(rows, labels, { ...LOGISTIC, warmStart: model });
    expect(again.result.iterations).toBeLessThan(4);
    const part = { classes: model.classes, numFeatures: 2, solver: 'sgd', warmStart: model } as const;
    await expect(SoftmaxRegression.untrained(part)).rejects.toThrow(fails({ argument: 'the model' }));
  });

  it('returns finite probabilities for any finite features', () => {
    for (const x of [Number.MAX_VALUE, -Number.MAX_VALUE, 0]) {
      expect(flat(model.predictProbabilities([[x, 0]])).every(Number.isFinite)).toBe(true);
    }
    expect(() => model.predict([[Number.POSITIVE_INFINITY, 0]])).toThrow(fails({ expected: 'be a finite number' }));
  });
});

describe('a fit whose stored weights lose digits', () => {
  it('does not converge, names the column, and reports the objective of the returned model', async () => {
    const { rows, labels } = farColumns(1e5, 1);
    const options = { l2: 1e-4, featureNames: ['time', 'other'] };
    const { model, result } = await SoftmaxRegression.fit(rows, labels, options);
    expect(result.converged).toBe(false);
    expect(result.advice).toMatch(/Give `standardize: true`.*column "time"/);
    const { logLoss } = await model.evaluate(rows, labels);
    const penalty = model.weight.reduce((sum, row) => sum + row.reduce((all, w) => all + w * w, 0), 0);
    expect(result.objective).toBeCloseTo(logLoss + (1e-4 / 2) * penalty, 6);
  });

  it('rejects a deviation that float64 cannot divide by', async () => {
    const rows = Array.from({ length: 6 }, (_, i) => [i * 5e-324]);
    const labels = ['a', 'b', 'a', 'b', 'a', 'b'];
    const refused = fails({ code: 'DOMAIN', argument: 'column 0', hint: 'Multiply its values by 1e100, for example.' });
    await expect(SoftmaxRegression.fit(rows, labels, LOGISTIC)).rejects.toThrow(refused);
    const named = SoftmaxRegression.fit(rows, labels, { ...LOGISTIC, featureNames: ['p'] });
    const hint = 'Multiply its values by 1e100, for example, or read the table with `ignore: ["p"]`.';
    await expect(named).rejects.toThrow(fails({ code: 'DOMAIN', argument: 'column "p"', hint }));
    // The suggested change works.
    const multiplied = rows.map(([x]) => [x * 1e100]);
    expect((await SoftmaxRegression.fit(multiplied, labels, LOGISTIC)).result.converged).toBe(true);
  });
});

describe('columns at the end of float64', () => {
  const labels = Array.from({ length: 60 }, (_, i) => ((i * 5) % 7 < 3 ? 'a' : 'b'));
  const rowsOf = (value: (i: number) => number) => labels.map((_, i) => [i % 11, value(i)]);
  const named = { featureNames: ['other', 'x'], standardize: true } as const;

  it.each<[string, (i: number) => number, string]>([
    ['±1e308', (i) => (i % 2 ? 1e308 : -1e308), 'values from -1e+308 to 1e+308'],
    ['±1.7e308', (i) => (i % 2 ? 1.7e308 : -1.7e308), 'values from -1.7e+308 to 1.7e+308'],
    ['1e308 and 1e-300', (i) => (i % 2 ? 1e308 : 1e-300), 'values from 1e-300 to 1e+308'],
    ['a sum that overflows', (i) => (i % 10) * 1e307, 'values from 0 to 9e+307'],
    [
      'a difference that overflows',
      (i) => (i === 0 ? -1.2e308 : i === 3 ? 1.7e308 : i),
      'values from -1.2e+308 to 1.7e+308',
    ],
  ])('are refused by name before training if mean or deviation overflow: %s', async (_, value, actual) => {
    for (const solver of ['lbfgs', 'adam'] as const) {
      const onProgress = jest.fn();
      const refused = SoftmaxRegression.fit(rowsOf(value), labels, { ...named, solver, onProgress });
      await expect(refused).rejects.toThrow(
        fails({
          ...{ code: 'DOMAIN', where: 'fit', argument: 'column "x"', actual },
          hint: 'Divide its values by 1e10, for example, or read the table with `ignore: ["x"]`.',
        }),
      );
      expect(onProgress).not.toHaveBeenCalled();
    }
    // The suggested changes work.
    const divided = rowsOf((i) => value(i) / 1e10);
    expect((await SoftmaxRegression.fit(divided, labels, named)).result).toMatchObject({
      converged: true,
      advice: null,
    });
    const without = divided.map(([other]) => [other]);
    expect((await SoftmaxRegression.fit(without, labels, { standardize: true })).result.converged).toBe(true);
  });

  it.each<[string, (i: number) => number]>([
    ['a single outlier of 1e300', (i) => (i === 5 ? 1e300 : i % 10)],
    ['a constant of 1.7e308', () => 1.7e308],
    ['one value of each sign', (i) => (i === 3 ? 1.7e308 : i === 4 ? -1.7e308 : i)],
    ['zeros and 1e308, once', (i) => (i === 7 ? 1e308 : 0)],
  ])('are fitted if both are finite: %s', async (_, value) => {
    for (const solver of ['lbfgs', 'adam'] as const) {
      const { model, result } = await SoftmaxRegression.fit(rowsOf(value), labels, { ...named, solver });
      expect(result.advice).toBeNull();
      expect(flat(model.predictProbabilities(rowsOf(value))).every(Number.isFinite)).toBe(true);
    }
  });

  it('are cross-validated and validated where they are standardised', async () => {
    const rows = rowsOf((i) => ((i * 3) % 10) * 1e300);
    const { mean } = await crossValidate(rows, labels, { ...named, folds: 3 });
    const near = await crossValidate(
      rows.map(([a, b]) => [a, b / 1e300]),
      labels,
      { ...named, folds: 3 },
    );
    expect(mean.logLoss).toBeCloseTo(near.mean.logLoss, 6);
    const validation = { features: rows, labels };
    const { result } = await SoftmaxRegression.fit(rows, labels, { ...named, solver: 'adam', validation });
    expect(result.history.every(({ validationLoss = Number.NaN }) => Number.isFinite(validationLoss))).toBe(true);
  });

  it('need standardize beyond float32, and the message says so by name', async () => {
    const rows = rowsOf((i) => (i % 10) * 1e300);
    const raw = { ...named, standardize: false };
    await expect(SoftmaxRegression.fit(rows, labels, raw)).rejects.toThrow(
      fails({
        argument: 'features[1][1]',
        hint: 'Give `standardize: true`, or divide the values of column "x".',
      }),
    );
    const infinite = rowsOf((i) => (i === 1 ? Number.POSITIVE_INFINITY : i));
    await expect(SoftmaxRegression.fit(infinite, labels, raw)).rejects.toThrow(fails({ hint: undefined }));
  });
});
