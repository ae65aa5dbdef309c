import { type FitOptions, loadIris, SoftmaxRegression, take, type WarmStart } from 'softmax-regression';
import { startFrom } from '../src/training/warm-start.js';
import { onEveryBackend, useBackend } from './helpers/backends.js';

const iris = loadIris();
const two = Int32Array.from({ length: 100 }, (_, i) => i);
const setosaVersicolor = { features: take(iris.features, two), labels: take(iris.labels, two) };
const classes = iris.classNames;
const options = { l2: 0.01, tolerance: 1e-8 } as const;
const SOLVED = { rtol: 0, atol: 2e-5 };

onEveryBackend('fit with warmStart', () => {
  const first = () => SoftmaxRegression.fit(iris.features, iris.labels, options);

  it.each<[string, FitOptions<string>]>([
    ['', {}],
    [' of standardised features', { standardize: true }],
  ])('converges at once from the optimum%s', async (_, more) => {
    const cold = await SoftmaxRegression.fit<string>(iris.features, iris.labels, { ...options, ...more });
    const warm = await SoftmaxRegression.fit<string>(iris.features, iris.labels, {
      ...{ ...options, ...more, tolerance: 1e-5, warmStart: cold.model },
    });
    expect(cold.result.iterations).toBeGreaterThan(8);
    expect(warm.result).toMatchObject({ converged: true });
    expect(warm.result.iterations).toBeLessThanOrEqual(1);
    expect(warm.model.bias).toBeAllClose(cold.model.bias, SOLVED);
  });

  it.each([
    ['added', setosaVersicolor, iris],
    ['removed', iris, setosaVersicolor],
  ])('finds the same optimum if classes were %s', async (_, before, after) => {
    const { model } = await SoftmaxRegression.fit(before.features, before.labels, options);
    const cold = await SoftmaxRegression.fit(after.features, after.labels, options);
    const warm = await SoftmaxRegression.fit(after.features, after.labels, { ...options, warmStart: model });
    expect(warm.model.classes).toEqual(cold.model.classes);
    expect(warm.result.objective).toBeAllClose(cold.result.objective, { rtol: 1e-9, atol: 0 });
    expect([...warm.model.weight].flatMap((row) => [...row])).toBeAllClose(
      [...cold.model.weight].flatMap((row) => [...row]),
      SOLVED,
    );
  });

  it('continues the steps of another model, without its momentum', async () => {
    const plain = { solver: 'sgd', batchSize: 150, learningRate: 0.1, shuffle: false } as const;
    const whole = await SoftmaxRegression.fit(iris.features, iris.labels, { ...plain, epochs: 6 });
    const half = await SoftmaxRegression.fit(iris.features, iris.labels, { ...plain, epochs: 3 });
    const rest = await SoftmaxRegression.fit(iris.features, iris.labels, {
      ...{ ...plain, epochs: 3, warmStart: half.model },
    });
    expect(rest.model.weight).toEqual(whole.model.weight);
    expect(rest.result.history.map(({ loss }) => loss)).toEqual(whole.result.history.slice(3).map(({ loss }) => loss));
  });

  it('matches classes by label, in any order', async () => {
    const { model } = await first();
    const turned = [...classes].reverse();
    const still = { solver: 'sgd', epochs: 1, learningRate: 1e-30, classes: turned } as const;
    const { model: same } = await SoftmaxRegression.fit(iris.features, iris.labels, { ...still, warmStart: model });
    expect(same.predict(iris.features)).toEqual(model.predict(iris.features));
    expect(same.weight.map((row) => [...row].reverse())).toEqual(model.weight.map((row) => [...row]));
    expect(model.options).not.toHaveProperty('warmStart');
  });
});

describe('startFrom', () => {
  const model: WarmStart = {
    classes: ['a', 'b', 'c'],
    numFeatures: 2,
    weight: [
      [1, 2, 6],
      [0, -1, -2],
    ],
    bias: [Math.log(20) + 7, Math.log(30) + 7, Math.log(50) + 7],
  };

  it('gives a new class the mean column and the bias of its frequency', () => {
    const start = startFrom(model, ['d', 'a', 'b', 'c'], [100, 20, 30, 50], 2, true, 'fit');
    expect([...start.subarray(0, 8)]).toEqual([3, 1, 2, 6, -1, 0, -1, -2]);
    // By bias alone, class d has 100 of 200 samples.
    const odds = Array.from(start.subarray(8), (b) => Math.exp(b - 7));
    expect(odds).toBeAllClose([100, 20, 30, 50], { rtol: 1e-12, atol: 0 });
  });

  it('keeps the odds of the other classes if a class is removed', () => {
    expect([...startFrom(model, ['c', 'a'], [1, 1], 2, true, 'fit')]).toEqual([
      ...[6, 1, -2, 0],
      ...[model.bias[2], model.bias[0]],
    ]);
  });

  it('changes only by a shift if all columns are shifted', () => {
    const shifted = {
      ...model,
      weight: model.weight.map((row) => Array.from(row, (w) => w + 5)),
      bias: Array.from(model.bias, (b) => b - 3),
    };
    const [one, other] = [model, shifted].map((from) => startFrom(from, ['a', 'b', 'z'], [4, 5, 6], 2, true, 'fit'));
    const moved = Float64Array.from(one, (value, at) => value + (at < 6 ? 5 : -3));
    expect(other).toBeAllClose(moved, { rtol: 1e-12, atol: 1e-12 });
  });

  it('has a finite bias for a class without samples, and none without intercept', () => {
    expect([...startFrom(model, ['a', 'z'], [3, 0], 2, true, 'fit')].every(Number.isFinite)).toBe(true);
    expect([...startFrom(model, ['a', 'z'], [3, 2], 2, false, 'fit').subarray(4)]).toEqual([0, 0]);
  });
});

describe('bad warm starts', () => {
  beforeAll(() => useBackend('cpu'));

  it.each<[string, FitOptions<string>, object]>([
    [
      'a value that is not a model',
      { warmStart: 7 as never },
      { code: 'DOMAIN', expected: 'be a fitted model', actual: '7' },
    ],
    [
      'a model with another number of features',
      { warmStart: { classes: ['a', 'b'], numFeatures: 3, weight: [], bias: [] } },
      { code: 'SHAPE', expected: 'be a model of 1 features, as the samples have', actual: 'one of 3 features' },
    ],
    [
      'a model without common classes',
      { warmStart: { classes: [0, 1], numFeatures: 1, weight: [[1, 2]], bias: [0, 0] } },
      { code: 'DOMAIN', expected: 'have at least one of the classes "a", "b"', actual: 'one of 0,1' },
    ],
    [
      'a PHM layer',
      {
        warmStart: { classes: ['a', 'b'], numFeatures: 1, weight: [[1, 2]], bias: [0, 0] },
        ...{ solver: 'sgd', layer: { phm: 1 } },
      },
      { code: 'DOMAIN', expected: "be left out where the layer is not 'dense'" },
    ],
  ])('are rejected: %s', async (_, options, fields) => {
    const fit = SoftmaxRegression.fit<string>([[0], [1]], ['a', 'b'], options);
    await expect(fit).rejects.toMatchObject({ where: 'fit', argument: 'warmStart', ...fields });
  });
});
