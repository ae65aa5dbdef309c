import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { loadIris, metrics, SoftmaxRegression } from 'softmax-regression';
import { loadPredictor } from 'softmax-regression/predict';
import { fitTemperature } from '../src/model/calibrate.js';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { drawLabels, modelOf, normals, rowsOf } from './helpers/models.js';
import { PROPERTY } from './helpers/numbers.js';
import { logit } from './helpers/problems.js';

interface Golden {
  readonly features: number[][];
  readonly labels: number[];
  readonly cases: readonly {
    readonly weight: number[][];
    readonly bias: number[];
    readonly sampleWeights: number[] | null;
    readonly temperature: number;
    readonly root: number;
  }[];
}
const golden: Golden = JSON.parse(readFileSync(join(__dirname, 'golden/calibrate.golden.json'), 'utf8'));

const D = 4;
const classes = ['a', 'b', 'c'] as const;
const weight = rowsOf(normals(D * 3, 1, 1), 3);
const bias = [0.3, -0.3, 0];
const features = rowsOf(normals(2000 * D, 2), D);
const model = modelOf(weight, bias, classes);
/** Labels drawn from the model's own probabilities. */
const labels = drawLabels(model, features, 3);
const scaled = (factor: number) =>
  modelOf(
    weight.map((row) => row.map((w) => w * factor)),
    bias.map((b) => b * factor),
    classes,
  );

onEveryBackend('calibrate', () => {
  it.each(golden.cases.map((each, i) => [i, each] as const))(
    'matches the temperature of scikit-learn and SciPy in case %i',
    async (_, each) => {
      const overconfident = modelOf<number>(each.weight, each.bias, [3, 5, 8]);
      const truth = golden.labels.map((label) => [3, 5, 8][label]);
      const options = each.sampleWeights === null ? {} : { sampleWeights: each.sampleWeights };
      const { temperature, bound } = await overconfident.calibrate(golden.features, truth, options);
      expect(temperature).toBeAllClose(each.root, { rtol: 1e-10, atol: 0 });
      // scikit-learn minimises values, which are flat around the minimum.
      expect(temperature).toBeAllClose(each.temperature, { rtol: 1e-7, atol: 0 });
      expect(bound).toBeNull();
    },
  );

  it('corrects weights that are too large or too small', async () => {
    for (const factor of [0.1, 1, 8]) {
      const { model: calibrated, temperature, before, after } = await scaled(factor).calibrate(features, labels);
      expect(temperature / factor).toBeCloseTo(1, 1);
      expect(after.logLoss).toBeLessThanOrEqual(before.logLoss);
      expect(after.accuracy).toBe(before.accuracy);
      expect(after.expectedCalibrationError).toBeLessThan(0.03);
      expect(after).toEqual(await calibrated.evaluate(features, labels));
      expect(before).toEqual(await scaled(factor).evaluate(features, labels));
    }
  });
});

describe('a calibrated model', () => {
  beforeAll(() => useBackend('cpu'));

  it('divides the logits by the temperature, also when loaded from its file', async () => {
    const old = scaled(5);
    const before = old.logits(features.slice(0, 5));
    const { model: calibrated, temperature } = await old.calibrate(features, labels);
    const expected = before.map((row) => row.map((o) => o / temperature));
    expect(calibrated.logits(features.slice(0, 5))).toBeAllClose(expected);
    expect(old.logits(features.slice(0, 5))).toEqual(before);
    expect([old.temperature, calibrated.temperature]).toEqual([1, temperature]);
    const bytes = calibrated.toBytes();
    const again = SoftmaxRegression.fromBytes(bytes);
    expect(again.temperature).toBe(temperature);
    expect(again.toBytes()).toEqual(bytes);
    const probabilities = calibrated.predictProbabilities(features.slice(0, 5));
    expect(again.predictProbabilities(features.slice(0, 5))).toEqual(probabilities);
    expect(loadPredictor(bytes).predictProbabilities(features.slice(0, 5))).toEqual(probabilities);
    // The file of a model that is not calibrated does not mention calibration.
    expect(new TextDecoder().decode(old.toBytes())).not.toContain('calibration');
  });

  it('is unchanged by a second calibration, and keeps names, options and the type of labels', async () => {
    const iris = loadIris();
    const featureNames = ['sepal length', 'sepal width', 'petal length', 'petal width'];
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, { solver: 'lbfgs', l2: 1, featureNames });
    const once = await model.calibrate(iris.features, iris.labels);
    const twice = await once.model.calibrate(iris.features, iris.labels);
    expect(once.temperature).toBeLessThan(0.5);
    expect(twice.temperature).toBeCloseTo(1, 5);
    expect(twice.model.temperature).toBeCloseTo(once.temperature, 5);
    const kept: SoftmaxRegression<'setosa' | 'versicolor' | 'virginica'> = twice.model;
    const { options, numParameters } = model;
    expect(kept).toMatchObject({ featureNames, options, numParameters, classes: model.classes });
    // @ts-expect-error the labels are names
    const wrong: SoftmaxRegression<number> = twice.model;
    expect(wrong).toBe(kept);
  });

  it('has a temperature that depends on neither the names nor the order of the classes', async () => {
    const { temperature } = await scaled(5).calibrate(features, labels);
    const named = modelOf<number>(
      weight.map((row) => [2, 0, 1].map((k) => 5 * row[k])),
      [2, 0, 1].map((k) => 5 * bias[k]),
      [30, -5, 1.5],
    );
    const numbers = labels.map((label) => ({ c: 30, a: -5, b: 1.5 })[label]);
    expect((await named.calibrate(features, numbers)).temperature).toBeCloseTo(temperature, 6);
  });
});

describe('the temperature', () => {
  beforeAll(() => useBackend('cpu'));

  const truthOf = (columns: readonly number[], weights?: readonly number[]) => ({
    classes: [0, 1, 2],
    labels: Int32Array.from(columns),
    weights: weights === undefined ? new Float64Array(columns.length).fill(1) : Float64Array.from(weights),
  });
  const lossAt = (logits: Float64Array, columns: readonly number[], temperature: number) => {
    const rows = rowsOf(logits, 3).map((row) => {
      const exps = row.map((o) => Math.exp((o - Math.max(...row)) / temperature));
      return exps.map((e) => e / exps.reduce((a, b) => a + b));
    });
    return metrics.logLoss(columns, rows);
  };

  it('minimises the log loss, and scales with the logits', async () => {
    const problem = fc.array(fc.record({ row: fc.array(logit, { minLength: 3, maxLength: 3 }), label: fc.nat(2) }), {
      minLength: 2,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(problem, fc.constantFrom(1e-6, 0.125, 1024), async (samples, c) => {
        const logits = Float64Array.from(samples.flatMap(({ row }) => row));
        const columns = samples.map(({ label }) => label);
        const { temperature, bound } = await fitTemperature(logits, truthOf(columns));
        expect(temperature).toBeGreaterThan(0);
        expect(Number.isFinite(temperature)).toBe(true);
        if (bound !== null) return;
        const least = lossAt(logits, columns, temperature);
        for (const other of [0.5, 0.99, 1.01, 2]) {
          expect(lossAt(logits, columns, other * temperature)).toBeGreaterThanOrEqual(least - 1e-12);
        }
        const larger = await fitTemperature(
          logits.map((o) => c * o),
          truthOf(columns),
        );
        expect(larger.temperature).toBeAllClose(c * temperature, { rtol: 1e-8, atol: 0 });
      }),
      PROPERTY,
    );
  });

  it('counts a sample of weight 2 twice, and ignores one of weight 0', async () => {
    const logits = normals(60 * 3, 8, 2);
    const columns = Array.from({ length: 60 }, (_, i) => (i * 5) % 3);
    columns.forEach((column, i) => {
      if (i % 3 > 0) logits[3 * i + column] += 3;
    });
    const weights = columns.map((_, i) => i % 3);
    const repeated = weights.flatMap((weight, i) => new Array<number>(weight).fill(i));
    const more = Float64Array.from(repeated.flatMap((i) => [...logits.subarray(3 * i, 3 * i + 3)]));
    const weighted = await fitTemperature(logits, truthOf(columns, weights));
    const twice = await fitTemperature(more, truthOf(repeated.map((i) => columns[i])));
    expect(weighted.bound).toBeNull();
    expect(weighted.temperature).toBeCloseTo(twice.temperature, 10);
    expect((await fitTemperature(logits, truthOf(columns))).temperature).not.toBeCloseTo(weighted.temperature, 3);
  });

  it('is bounded by the rule of succession if every prediction is right', async () => {
    const columns = Array.from({ length: 100 }, (_, i) => i % 3);
    const logits = normals(300, 5, 0.1);
    columns.forEach((column, i) => {
      logits[3 * i + column] += 1;
    });
    const modest = await fitTemperature(logits, truthOf(columns));
    expect(modest.bound).toBe('separable');
    expect(lossAt(logits, columns, modest.temperature)).toBeCloseTo(Math.log(102 / 101), 12);
    // A model that is already more confident keeps its temperature.
    const sure = await fitTemperature(
      logits.map((o) => 100 * o),
      truthOf(columns),
    );
    expect(sure).toEqual({ temperature: 1, bound: 'separable' });
  });

  it('is bounded if every prediction is right or tied', async () => {
    const { temperature, bound } = await fitTemperature(Float64Array.of(1, 1, 0, 0, 1, 0), truthOf([0, 1]));
    expect(bound).toBe('separable');
    const excess = lossAt(Float64Array.of(1, 1, 0, 0, 1, 0), [0, 1], temperature) - Math.log(2) / 2;
    expect(excess).toBeCloseTo(Math.log(4 / 3), 10);
  });

  it('is bounded if the logits are uninformative, so that probabilities keep their order', async () => {
    const logits = Float64Array.of(3, 0, -1, 0, 5, 1);
    const { temperature, bound } = await fitTemperature(logits, truthOf([2, 0]));
    expect(bound).toBe('uninformative');
    expect(5 / temperature).toBeCloseTo(1e-3, 12);
    expect(await fitTemperature(new Float64Array(6).fill(7), truthOf([2, 0]))).toEqual({
      temperature: 1,
      bound: 'uninformative',
    });
  });

  it('is found for logits beyond the range of exp', async () => {
    const { temperature, bound } = await fitTemperature(
      Float64Array.of(1e30, 0, 0, 9e29, 0, 0, 1e30, 0, 0),
      truthOf([0, 0, 1]),
    );
    expect(bound).toBeNull();
    expect(temperature).toBeGreaterThan(1e29);
    expect(temperature).toBeLessThan(1e31);
  });
});

describe('calibrate', () => {
  beforeAll(() => useBackend('cpu'));

  it('rejects bad input, and stops on an abort signal', async () => {
    const refused = (work: Promise<unknown>, fields: object) =>
      expect(work).rejects.toMatchObject({ where: 'calibrate', ...fields });
    await refused(model.calibrate(features, ['a']), { code: 'SHAPE', argument: 'labels' });
    await refused(model.calibrate([], []), { code: 'SHAPE', argument: 'features' });
    await refused(model.calibrate([[1, 2]], ['a']), { code: 'SHAPE', argument: 'features' });
    await refused(model.calibrate([[1, 2, 3, Number.NaN]], ['a']), { code: 'DOMAIN', argument: 'features[0][3]' });
    await refused(model.calibrate([[1, 2, 3, 4]], ['d' as 'a']), { code: 'DOMAIN', argument: 'labels[0]' });
    await refused(model.calibrate([[1, 2, 3, 4]], ['a'], { sampleWeights: [0] }), { argument: 'sampleWeights' });
    await refused(model.calibrate([[1, 2, 3, 4]], ['a'], { bins: 3 } as object), { argument: 'options' });
    const reason = new Error('enough');
    await expect(model.calibrate(features, labels, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
