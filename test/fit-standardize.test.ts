import {
  columnStatistics,
  type FitOptions,
  loadIris,
  Random,
  SoftmaxRegression,
  standardize,
  take,
} from 'softmax-regression';
import { foldBack, scalingOf, standardized, unfold } from '../src/training/standardization.js';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { golden, weighing } from './helpers/golden-solver.js';
import { turnsOf } from './helpers/models.js';

const iris = loadIris();
const { mean, scale } = columnStatistics(iris.features);

/** Weights of the standardised features, centred over the classes, then the bias. */
function ofStandardized(model: SoftmaxRegression<string>): number[] {
  const weight = model.weight.map((row, j) => Array.from(row, (w) => w * scale[j]));
  const bias = Array.from(model.bias, (b, k) => model.weight.reduce((sum, row, j) => sum + mean[j] * row[k], b));
  return [...weight, bias].flatMap((row) => {
    const level = row.reduce((a, b) => a + b) / row.length;
    return row.map((value) => value - level);
  });
}

const bySteps = { solver: 'adam', epochs: 5, batchSize: 32, learningRate: 0.05, l2: 0.1 } as const;

onEveryBackend('fit with standardize', () => {
  it.each(golden.cases.filter(({ data, standardize }) => data === 'iris' && standardize))(
    "matches the optimum of scikit-learn's pipeline of scaler and regression, %j",
    async ({ C, intercept, weighted, ...expected }) => {
      const { options, total } = weighing(weighted, iris.labels);
      const { model, result } = await SoftmaxRegression.fit(iris.features, iris.labels, {
        ...{ ...options, standardize: true, l2: 1 / (C * total), fitIntercept: intercept, tolerance: 1e-9 },
      });
      expect(result.objective / expected.objective).toBeAllClose(1, { rtol: 1e-7, atol: 0 });
      expect(result.suboptimality).toBeLessThan(1e-5 * expected.objective);
      expect(ofStandardized(model)).toBeAllClose([...(expected.weight ?? []), ...(expected.bias ?? [])], {
        rtol: 0,
        atol: 1e-4,
      });
    },
  );

  it.each<[string, FitOptions<string>]>([
    ['lbfgs', { l2: 0.01, tolerance: 1e-9 }],
    ['adam', bySteps],
    ['a PHM layer', { ...bySteps, layer: { phm: 2 } }],
  ])('matches a fit to standardised features, with %s', async (name, options) => {
    const labels =
      name === 'a PHM layer' ? iris.labels.map((label) => (label === 'virginica' ? 'a' : 'b')) : iris.labels;
    const rows = iris.features.map((row) => row.map((x, j) => (x - mean[j]) / scale[j]));
    const inside = await SoftmaxRegression.fit<string>(iris.features, labels, { ...options, standardize: true });
    const before = await SoftmaxRegression.fit<string>(rows, labels, options);
    const probabilities = inside.model.predictProbabilities(iris.features);
    expect(probabilities).toBeAllClose(before.model.predictProbabilities(rows), { rtol: 0, atol: 3e-6 });
    expect(inside.result.objective).toBeAllClose(before.result.objective, { rtol: 1e-6, atol: 0 });
    expect(inside.result.history.map(({ loss }) => loss)).toBeAllClose(
      before.result.history.map(({ loss }) => loss),
      { rtol: 1e-6, atol: 0 },
    );
  });

  it('accepts bytes, and columns far from 0 with a small deviation', async () => {
    const values = Uint8Array.from(iris.features.flat(), (x) => Math.round(10 * x));
    const bytes = { values, shape: [150, 4] as const, scale: 10 };
    const far = iris.features.map((row) => row.map((x) => 1e5 + x));
    const expected = await SoftmaxRegression.fit(iris.features, iris.labels, { l2: 0.01, standardize: true });
    for (const features of [bytes, far]) {
      const { result } = await SoftmaxRegression.fit(features, iris.labels, { l2: 0.01, standardize: true });
      expect(result).toMatchObject({ converged: true });
      expect(result.objective).toBeAllClose(expected.result.objective, { rtol: 1e-3, atol: 0 });
    }
    const stepped = await SoftmaxRegression.fit<string>(iris.features, iris.labels, { ...bySteps, standardize: true });
    for (const features of [bytes, far]) {
      const { result } = await SoftmaxRegression.fit<string>(features, iris.labels, { ...bySteps, standardize: true });
      expect(result.objective).toBeAllClose(stepped.result.objective, { rtol: 1e-3, atol: 0 });
    }
  });

  it.each(['closed-form', 'autograd'] as const)(
    'takes the same steps as on a standardised copy, by %s',
    async (gradient) => {
      const values = Uint8Array.from(iris.features.flat(), (x) => Math.round(10 * x));
      const bytes = { values, shape: [150, 4] as const, scale: 10 };
      const copy = standardize(bytes, columnStatistics(bytes));
      const options = { ...bySteps, gradient };
      const [inside, before] = [
        await SoftmaxRegression.fit<string>(bytes, iris.labels, { ...options, standardize: true }),
        await SoftmaxRegression.fit<string>(copy, iris.labels, options),
      ];
      const wanted = before.model.predictProbabilities(copy);
      expect(inside.model.predictProbabilities(bytes)).toBeAllClose(wanted, { rtol: 0, atol: 3e-6 });
      expect(inside.result.gradientNorm).toBeAllClose(before.result.gradientNorm, { rtol: 1e-4, atol: 1e-6 });
    },
  );

  it('gives a constant column weight 0, for any value and solver', async () => {
    const rows = iris.features.map((row) => [1e6 / 3, ...row, 0]);
    for (const options of [{ l2: 0.01 }, bySteps, { ...bySteps, l2: 0 }] as const) {
      const { model } = await SoftmaxRegression.fit<string>(rows, iris.labels, { ...options, standardize: true });
      expect([...model.weight[0], ...model.weight[5]]).toEqual([0, 0, 0, 0, 0, 0]);
      expect([...model.weight.flatMap((row) => [...row]), ...model.bias].every(Number.isFinite)).toBe(true);
    }
  });

  it('keeps the bias of the standardised features at 0 without an intercept', async () => {
    const options = { l2: 0.1, fitIntercept: false, standardize: true } as const;
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, options);
    expect(ofStandardized(model).slice(12)).toBeAllClose([0, 0, 0], { rtol: 0, atol: 1e-5 });
    expect(model.options).toMatchObject({ standardize: true });
  });
});

describe('foldBack and unfold', () => {
  const random = new Random(3);
  const rows = Array.from({ length: 40 }, () => [random.normal(), 7, 100 + 3 * random.normal()]);
  const features = { values: Float64Array.from(rows.flat()), shape: [40, 3] as const };
  const point = Float64Array.from({ length: 4 * 2 }, () => random.normal());
  const logits = (x: ArrayLike<number>, at: ArrayLike<number>) =>
    [0, 1].map((k) => at[6 + k] + [0, 1, 2].reduce((sum, j) => sum + x[j] * at[2 * j + k], 0));

  it('preserve all logits', async () => {
    const scaling = await scalingOf(features);
    const { values } = await standardized(features, scaling);
    const folded = foldBack(point, scaling);
    rows.forEach((row, i) => {
      expect(logits(row, folded)).toBeAllClose(logits(values.subarray(3 * i, 3 * i + 3), point), {
        rtol: 0,
        atol: 1e-5,
      });
    });
  });

  it('are inverses, except for the weight of a constant column', async () => {
    const scaling = await scalingOf(features);
    expect([...scaling.isConstant]).toEqual([0, 1, 0]);
    const again = unfold(foldBack(point, scaling), undefined, scaling);
    const without = Float64Array.from(point, (value, at) => (at === 2 || at === 3 ? 0 : value));
    expect(again).toBeAllClose(without, { rtol: 1e-6, atol: 1e-5 });
    // After a round trip, a constant column is part of the bias.
    const raw = foldBack(unfold(point, undefined, scaling), scaling);
    for (const row of rows) expect(logits(row, raw)).toBeAllClose(logits(row, point), { rtol: 1e-6, atol: 1e-5 });
  });

  it('use the statistics of columnStatistics', async () => {
    const { mean, scale } = await scalingOf(features);
    expect({ mean, scale }).toEqual(columnStatistics(features));
    const float32 = { values: Float32Array.from(features.values), shape: features.shape };
    const scaling = await scalingOf(float32);
    expect((await standardized(float32, scaling)).values).toEqual(standardize(float32, scaling).values);
    expect((await standardized(features, scaling)).values[Symbol.toStringTag]).toBe('Float64Array');
    expect((await standardized(take(float32, [0]), scaling)).shape).toEqual([1, 3]);
  });

  it('copy large float64 features in float32, from differences in float64', async () => {
    const far = { values: Float64Array.of(1.7e12, 1.7e12 + 1, 1.7e12 + 5), shape: [3, 1] as const };
    const scaling = await scalingOf(far);
    const exact = await standardized(far, scaling, undefined, 3);
    const rounded = await standardized(far, scaling, undefined, 2);
    expect(exact.values[Symbol.toStringTag]).toBe('Float64Array');
    expect(rounded.values).toEqual(Float32Array.from(exact.values));
    expect(rounded.values[1]).toBeCloseTo(-1 / Math.sqrt(14 / 3), 6);
  });

  it('yield to the event loop, and stop on an abort signal', async () => {
    // Twice three tasks of 4e6 numbers.
    const large = { values: new Uint8Array(3 * 4e6), shape: [4e6, 3] as const };
    expect(await turnsOf(() => scalingOf(large))).toBeGreaterThanOrEqual(4);
    await expect(scalingOf(large, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('the checks of standardize', () => {
  beforeAll(() => useBackend('cpu'));

  it('fail for a penalty on the weights of raw features', async () => {
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, { l2: 0.1, standardize: true });
    const { model: raw } = await SoftmaxRegression.fit(iris.features, iris.labels, { l2: 0.1 });
    expect(ofStandardized(raw)).not.toBeAllClose(ofStandardized(model), { rtol: 0, atol: 1e-2 });
  });

  it('reject anything but true and false', async () => {
    const fit = SoftmaxRegression.fit(iris.features, iris.labels, { standardize: 'yes' as never });
    await expect(fit).rejects.toMatchObject({ code: 'DOMAIN', argument: 'standardize', actual: '"yes"' });
  });
});

describe('the deviations of the features', () => {
  const rows = [
    [1, 100, 5],
    [2, 300, 5],
    [3, 200, 5],
    [4, 600, 5],
  ];
  const labels = ['a', 'b', 'a', 'b'];

  it.each([{ l2: 0.1 }, { solver: 'sgd', epochs: 2 }] as const)(
    'stay with a model that is standardised: %j',
    async (options) => {
      const { model } = await SoftmaxRegression.fit(rows, labels, { ...options, standardize: true });
      const { scale } = columnStatistics(rows);
      // √(5/4), and that of 100, 300, 200, 600; a constant column has 1.
      expect([...scale]).toEqual([Math.sqrt(1.25), Math.sqrt(35000), 1]);
      expect(model.featureDeviations).toEqual(scale);
      const bytes = model.toBytes();
      const read = SoftmaxRegression.fromBytes<string>(bytes);
      expect(read.featureDeviations).toEqual(scale);
      expect(read.toBytes()).toEqual(bytes);
      expect(new TextDecoder().decode(bytes)).toContain('"version":"1"');
      expect((await model.calibrate(rows, labels)).model.featureDeviations).toEqual(scale);
      const { rows: table } = model.weightTable({ sort: 'magnitude', scale: model.featureDeviations });
      expect(table[0].feature).toBe('x1');
    },
  );

  it('are a copy', async () => {
    const { model } = await SoftmaxRegression.fit(rows, labels, { l2: 0.1, standardize: true });
    model.featureDeviations?.fill(0);
    expect(model.featureDeviations).toEqual(columnStatistics(rows).scale);
  });

  it('are unknown without standardize, and the file is then as it was', async () => {
    const { model } = await SoftmaxRegression.fit(rows, labels, { l2: 0.1 });
    expect(model.featureDeviations).toBeUndefined();
    expect(new TextDecoder().decode(model.toBytes())).not.toContain('featureDeviations');
  });
});
