import fc from 'fast-check';
import {
  columnStatistics,
  FLOAT64,
  loadIris,
  reference,
  SoftmaxRegression,
  type StreamOptions,
} from 'softmax-regression';
import { loadPredictor } from 'softmax-regression/predict';
import { useBackend } from './helpers/backends.js';
import { modelOf } from './helpers/models.js';
import { PROPERTY } from './helpers/numbers.js';
import { absolute, denseProblem } from './helpers/problems.js';

beforeAll(() => useBackend('cpu'));

const iris = loadIris();
const featureNames = ['sepal length', 'sepal width', 'petal length', 'petal width'];
const fitted = () => SoftmaxRegression.fit(iris.features, iris.labels, { solver: 'lbfgs', l2: 0.01, featureNames });

const problem = denseProblem.filter(({ bias }) => bias.length >= 2);
const named = (length: number) => Array.from({ length }, (_, k) => `class ${k}`);

describe('contributions', () => {
  it('are xⱼ·Wⱼₖ, and sum with the bias to the logits', () => {
    fc.assert(
      fc.property(problem, ({ features: [row], weight, bias }) => {
        const model = modelOf(weight, bias, named(bias.length));
        const { base, features, logits } = model.contributions(row);
        const parts = features.map(({ contributions }) => [...contributions]);
        expect(parts).toBeAllClose(
          weight.map((each, j) => each.map((w) => w * row[j])),
          FLOAT64,
        );
        expect([...base]).toEqual(bias);
        const sums = bias.map((_, k) => parts.reduce((sum, part) => sum + part[k], base[k]));
        expect(sums).toBeAllClose(logits, FLOAT64, reference.dense(absolute([row]), absolute(weight), absolute(bias)));
        expect([...logits]).toEqual([...model.logits([row])[0]]);
        expect(features.map(({ index, value }) => [index, value])).toEqual(row.map((x, j) => [j, x]));
      }),
      PROPERTY,
    );
  });

  it('sum with the logits of a baseline to the logits, and are 0 for the baseline itself', () => {
    fc.assert(
      fc.property(problem, ({ features, weight, bias }) => {
        const [row, baseline] = [features[0], features[features.length - 1]];
        const model = modelOf(weight, bias, named(bias.length));
        const { base, features: parts, logits } = model.contributions(row, { baseline });
        expect(base).toEqual(model.logits([baseline])[0]);
        const sums = Array.from(base, (start, k) => parts.reduce((sum, part) => sum + part.contributions[k], start));
        const sizes = reference.dense(absolute([row]), absolute(weight), absolute(bias));
        const more = reference.dense(absolute([baseline]), absolute(weight), absolute(bias));
        expect(sums).toBeAllClose(
          logits,
          FLOAT64,
          Array.from(sizes.values, (size, k) => size + 2 * more.values[k]),
        );
        const own = model.contributions(baseline, { baseline });
        for (const { contributions } of own.features) expect(contributions.every((c) => c === 0)).toBe(true);
      }),
      PROPERTY,
    );
  });

  it('have the names of the features, or x0, x1 and so on, and the type of the classes', async () => {
    const { model } = await fitted();
    const { classes, features } = model.contributions(iris.features[0], {
      baseline: columnStatistics(iris.features).mean,
    });
    const species: readonly ('setosa' | 'versicolor' | 'virginica')[] = classes;
    expect(species).toEqual(['setosa', 'versicolor', 'virginica']);
    expect(features.map(({ feature }) => feature)).toEqual(featureNames);
    // A short petal is evidence for setosa and against virginica.
    expect(features[2].contributions[0]).toBeGreaterThan(1);
    expect(features[2].contributions[2]).toBeLessThan(-1);
    // @ts-expect-error species are not numbers
    const wrong: readonly number[] = classes;
    expect(wrong).toBe(species);
    const nameless = modelOf(
      [
        [1, 0],
        [0, 1],
      ],
      [0, 0],
      ['a', 'b'],
    );
    expect(nameless.contributions([1, 2]).features.map(({ feature }) => feature)).toEqual(['x0', 'x1']);
  });

  it.each<[string, unknown, object, object]>([
    [
      'a row that is too short',
      [1],
      {},
      { code: 'SHAPE', argument: 'row', expected: 'be 2 numbers, one for each feature' },
    ],
    ['a list of rows', [[1, 2]], {}, { code: 'SHAPE', argument: 'row' }],
    ['undefined', undefined, {}, { code: 'SHAPE', argument: 'row', actual: 'undefined' }],
    ['NaN', [1, Number.NaN], {}, { code: 'DOMAIN', argument: 'row[1]', actual: 'NaN' }],
    ['text', [1, '2'], {}, { code: 'DOMAIN', argument: 'row[1]', actual: '"2"' }],
    ['a baseline that is too long', [1, 2], { baseline: [1, 2, 3] }, { code: 'SHAPE', argument: 'baseline' }],
    ['an infinite baseline', [1, 2], { baseline: [1, Infinity] }, { code: 'DOMAIN', argument: 'baseline[1]' }],
    ['an unknown option', [1, 2], { base: [1, 2] }, { code: 'DOMAIN', argument: 'options' }],
  ])('reject %s', (_, row, options, fields) => {
    const model = modelOf(
      [
        [1, 0],
        [0, 1],
      ],
      [0, 0],
      ['a', 'b'],
    );
    const refused = () => model.contributions(row as number[], options);
    expect(refused).toThrow(expect.objectContaining({ where: 'contributions', ...fields }));
  });
});

describe('weightTable', () => {
  const model = modelOf(
    [
      [1, 2, 3],
      [5, 5, 5],
      [-4, 0, 4],
      [0, 0, 9],
    ],
    [0, 0, 0],
    ['a', 'b', 'c'],
    ['w', 'x', 'y', 'z'],
  );

  it('is centred over the classes, with the magnitude of each row', () => {
    const { classes, rows } = model.weightTable();
    expect(classes).toEqual(['a', 'b', 'c']);
    expect(rows).toEqual([
      { feature: 'w', index: 0, weights: Float64Array.of(-1, 0, 1), magnitude: Math.SQRT2 },
      { feature: 'x', index: 1, weights: Float64Array.of(0, 0, 0), magnitude: 0 },
      { feature: 'y', index: 2, weights: Float64Array.of(-4, 0, 4), magnitude: Math.hypot(4, 4) },
      { feature: 'z', index: 3, weights: Float64Array.of(-3, -3, 6), magnitude: Math.hypot(3, 3, 6) },
    ]);
  });

  it('is unchanged, like the probabilities, by a shift of all weights of a feature', () => {
    const moved = modelOf(
      [
        [11, 12, 13],
        [0, 0, 0],
        [-5, -1, 3],
        [7, 7, 16],
      ],
      [0, 0, 0],
      ['a', 'b', 'c'],
      ['w', 'x', 'y', 'z'],
    );
    expect(moved.weightTable()).toEqual(model.weightTable());
    const row = [[0.5, -1, 0.25, 0.1]];
    expect(moved.predictProbabilities(row)).toBeAllClose(model.predictProbabilities(row), FLOAT64);
    expect(moved.logits(row)).not.toBeAllClose(model.logits(row), FLOAT64);
  });

  it('is sorted by magnitude on request, with features in given units', () => {
    const order = (options: object) =>
      model.weightTable({ sort: 'magnitude', ...options }).rows.map(({ feature }) => feature);
    expect(order({})).toEqual(['z', 'y', 'w', 'x']);
    expect(order({ scale: [10, 1, 2, 1] })).toEqual(['w', 'y', 'z', 'x']);
    expect(model.weightTable({ scale: [10, 1, 2, 1] }).rows[0].weights).toEqual(Float64Array.of(-10, 0, 10));
  });

  it('ranks the petal features first for Iris', async () => {
    const { model } = await fitted();
    const { rows } = model.weightTable({ sort: 'magnitude', scale: columnStatistics(iris.features).scale });
    expect(
      rows
        .map(({ feature }) => feature)
        .slice(0, 2)
        .sort(),
    ).toEqual(['petal length', 'petal width']);
    for (const { weights } of rows) expect(Math.abs(weights.reduce((a, b) => a + b))).toBeLessThan(1e-12);
  });

  it.each<[object, object]>([
    [{ sort: 'name' }, { code: 'DOMAIN', argument: 'sort' }],
    [{ scale: [1, 2] }, { code: 'SHAPE', argument: 'scale' }],
    [{ scale: [1, 2, 3, 0] }, { code: 'DOMAIN', argument: 'scale[3]', expected: 'be a finite number > 0' }],
    [{ centred: false }, { code: 'DOMAIN', argument: 'options' }],
  ])('rejects %j', (options, fields) => {
    expect(() => model.weightTable(options)).toThrow(expect.objectContaining({ where: 'weightTable', ...fields }));
  });
});

describe('feature names', () => {
  it('are kept in the model, its file and its predictor', async () => {
    const { model } = await fitted();
    expect(model.featureNames).toEqual(featureNames);
    expect(() => (model.featureNames as string[]).push('more')).toThrow();
    const bytes = model.toBytes();
    expect(SoftmaxRegression.fromBytes(bytes).featureNames).toEqual(featureNames);
    expect(SoftmaxRegression.fromBytes(bytes).toBytes()).toEqual(bytes);
    expect(loadPredictor(bytes).featureNames).toEqual(featureNames);
    const { model: nameless } = await SoftmaxRegression.fit(iris.features, iris.labels, { solver: 'lbfgs', l2: 1 });
    expect(nameless.featureNames).toBeUndefined();
    expect(SoftmaxRegression.fromBytes(nameless.toBytes()).featureNames).toBeUndefined();
  });

  it('are accepted by untrained and kept by partialFit', async () => {
    const options: StreamOptions<'a' | 'b'> = { classes: ['a', 'b'], numFeatures: 2, featureNames: ['x', 'y'] };
    const untrained = await SoftmaxRegression.untrained(options);
    const { model } = await untrained.partialFit([[0, 1]], ['a']);
    expect([untrained.featureNames, model.featureNames]).toEqual([
      ['x', 'y'],
      ['x', 'y'],
    ]);
    await expect(SoftmaxRegression.untrained({ ...options, featureNames: ['x'] })).rejects.toMatchObject({
      where: 'untrained',
      argument: 'featureNames',
    });
  });

  it.each<[unknown, object]>([
    [['a', 'b', 'c'], { code: 'SHAPE', argument: 'featureNames', expected: 'be 4 names, one for each feature' }],
    ['abcd', { code: 'SHAPE', argument: 'featureNames' }],
    [['a', 'b', 'c', 4], { code: 'DOMAIN', argument: 'featureNames[3]', actual: '4' }],
    [
      ['a', 'b', 'c', 'a'],
      { code: 'DOMAIN', argument: 'featureNames[3]', expected: 'be a string that differs from the other names' },
    ],
  ])('are rejected if they are %j', async (names, fields) => {
    const options = { solver: 'lbfgs', featureNames: names as string[] } as const;
    await expect(SoftmaxRegression.fit(iris.features, iris.labels, options)).rejects.toMatchObject({
      where: 'fit',
      ...fields,
    });
  });
});
