import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  type FeaturesInput,
  type FitOptions,
  FLOAT64,
  loadIris,
  reference,
  SoftmaxRegression,
} from 'softmax-regression';
import { loadModel, saveModel } from 'softmax-regression/node';
import { loadPredictor } from 'softmax-regression/predict';
import { decodeModel, encodeModel } from '../src/serialization/model-file.js';
import { SOLVER_NAMES } from '../src/training/solvers.js';
import { onEveryBackend, useBackend } from './helpers/backends.js';

const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

const iris = loadIris();
const options = { solver: 'sgd', epochs: 20, batchSize: 32, learningRate: 0.1 } as const;
const trained = () => SoftmaxRegression.fit(iris.features, iris.labels, options);

// Four samples of two features.
const square = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

onEveryBackend('SoftmaxRegression', () => {
  it('matches the logits and probabilities of the reference', async () => {
    const { model } = await trained();
    const logits = reference.dense(iris.features, model.weight, model.bias);
    expect(model.logits(iris.features)).toBeAllClose(logits, FLOAT64);
    expect(model.predictProbabilities(iris.features)).toBeAllClose(reference.softmax(logits), FLOAT64);
    const values = Float64Array.from(iris.features.flat());
    expect(model.logits({ values, shape: [150, 4] })).toBeAllClose(logits, FLOAT64);
    const bytes = Uint8Array.from(values, (x) => Math.round(10 * x));
    expect(model.logits({ values: bytes, shape: [150, 4], scale: 10 })).toBeAllClose(logits, FLOAT64);
  });

  it('predicts the class of the largest probability', async () => {
    const { model } = await trained();
    const expected = model.predictProbabilities(iris.features).map((row) => {
      const best = Math.max(...row);
      return model.classes[row.indexOf(best)];
    });
    expect(model.predict(iris.features)).toEqual(expected);
    expect(expected.filter((label, i) => label === iris.labels[i]).length).toBeGreaterThan(135);
  });

  it('evaluates like the reference and a count by hand', async () => {
    const { model } = await trained();
    const samples = [0, 10, 60, 70, 83, 120, 133, 149];
    const [features, labels] = [samples.map((i) => iris.features[i]), samples.map((i) => iris.labels[i])];
    const evaluation = await model.evaluate(features, labels);
    const y = labels.map((label) => model.classes.indexOf(label));
    expect(evaluation.logLoss).toBeAllClose(reference.sparseCrossEntropy(model.logits(features), y), FLOAT64);
    const predictions = model.predict(features);
    const count = (truth: string, prediction: string) =>
      samples.filter((_, i) => labels[i] === truth && predictions[i] === prediction).length;
    const counts = model.classes.map((truth) => model.classes.map((prediction) => count(truth, prediction)));
    const right = counts.map((row, k) => row[k]);
    expect(evaluation).toMatchObject({
      samples: 8,
      accuracy: (right[0] + right[1] + right[2]) / 8,
      confusion: { classes: model.classes, counts },
      perClass: { classes: model.classes, support: [2, 3, 3], recall: right.map((each, k) => each / [2, 3, 3][k]) },
    });
  });

  it('evaluates rows, typed arrays and tensors alike', async () => {
    const { model } = await trained();
    const tensor = tf.tensor2d(iris.features);
    const expected = await model.evaluate(
      { values: Float32Array.from(iris.features.flat()), shape: [150, 4] },
      iris.labels,
    );
    expect(await model.evaluate(tensor, iris.labels)).toEqual(expected);
    expect((await model.evaluate(iris.features, iris.labels)).logLoss).toBeCloseTo(expected.logLoss, 6);
    expect(tensor.isDisposed).toBe(false);
    tensor.dispose();
  });

  it('reports the objective that evaluate computes', async () => {
    const { model, result } = await trained();
    const { logLoss: loss, accuracy } = await model.evaluate(iris.features, iris.labels);
    expect(result.objective).toBeAllClose(loss, { rtol: 1e-6, atol: 0 });
    expect(accuracy).toBeGreaterThan(0.9);
  });

  it('has a finite loss if the probability of the true class underflows to 0', async () => {
    const far = [[-100], [100]];
    const { model } = await SoftmaxRegression.fit(far, ['a', 'b'], { solver: 'sgd', epochs: 50, learningRate: 1 });
    expect([...model.predictProbabilities([[-1e4]])[0]][1]).toBe(0);
    const { logLoss: loss } = await model.evaluate([[-1e4]], ['b']);
    expect(loss).toBeGreaterThan(1000);
    expect(loss).toBeLessThan(infinite);
  });
});

describe('the labels of SoftmaxRegression', () => {
  beforeAll(() => useBackend('cpu'));

  const train = <const L extends string | number | boolean>(labels: ArrayLike<L>, more: FitOptions<L> = {}) =>
    SoftmaxRegression.fit(square, labels, { solver: 'sgd', epochs: 100, learningRate: 1, ...more });

  it('keep their type: string, number or boolean', async () => {
    const names: SoftmaxRegression<'cat' | 'dog'> = (await train(['cat', 'cat', 'dog', 'dog'])).model;
    const numbers: SoftmaxRegression<number> = (await train(Int32Array.of(7, 7, -3, -3))).model;
    const truths: SoftmaxRegression<boolean> = (await train([true, true, false, false])).model;
    expect(names.predict(square)).toEqual(['cat', 'cat', 'dog', 'dog']);
    expect(numbers.predict(square)).toEqual([7, 7, -3, -3]);
    expect(truths.predict(square)).toEqual([true, true, false, false]);
    expect([names.classes, numbers.classes, truths.classes]).toEqual([
      ['cat', 'dog'],
      [-3, 7],
      [false, true],
    ]);
    expect((await names.evaluate(square, ['cat', 'cat', 'dog', 'dog'])).accuracy).toBe(1);
    // @ts-expect-error a label outside the classes
    await expect(names.evaluate(square, ['cat', 'cat', 'dog', 'bird'])).rejects.toThrow();
    // @ts-expect-error numbers for names
    const wrong: SoftmaxRegression<number> = names;
    expect(wrong).toBe(names);
  });

  it('keep their literal types in fit, predict and partialFit', async () => {
    const animals = ['cat', 'chicken', 'dog', 'dog'] as const;
    const { model } = await SoftmaxRegression.fit(square, animals, {
      ...{ l2: 0.1, classWeights: { cat: 2 }, validation: { features: square, labels: animals } },
    });
    const kept: SoftmaxRegression<'cat' | 'chicken' | 'dog'> = model;
    const predicted: ('cat' | 'chicken' | 'dog')[] = kept.predict(square);
    // @ts-expect-error chicken is missing
    const fewer: ('cat' | 'dog')[] = kept.predict(square);
    expect(fewer).toEqual(predicted);
    // @ts-expect-error no class is called bird
    const looked = SoftmaxRegression.fit(square, animals, { validation: { features: square, labels: ['bird'] } });
    await expect(looked).rejects.toMatchObject({ argument: 'validation.labels' });
    const stream = await SoftmaxRegression.untrained({ classes: ['cat', 'chicken', 'dog'], numFeatures: 2 });
    const next: SoftmaxRegression<'cat' | 'chicken' | 'dog'> = (await stream.partialFit(square, animals)).model;
    // @ts-expect-error no class is called bird
    await expect(next.partialFit([[0, 0]], ['bird'])).rejects.toMatchObject({ actual: '"bird"' });
    // A model with other labels can also be a warm start.
    const wider = await SoftmaxRegression.fit(square, ['cat', 'dog', 'bird', 'dog'], { l2: 0.1, warmStart: next });
    const birds: SoftmaxRegression<'bird' | 'cat' | 'dog'> = wider.model;
    expect(birds.classes).toEqual(['bird', 'cat', 'dog']);
  });

  it('are sorted, numbers by value', async () => {
    expect((await train([10, 9, 100, 9])).model.classes).toEqual([9, 10, 100]);
    expect((await train(['b', 'a', 'B', 'a'])).model.classes).toEqual(['B', 'a', 'b']);
  });

  it('follow the order of the option classes, which may contain more', async () => {
    const classes = ['dog', 'bird', 'cat'] as const;
    const { model } = await train(['cat', 'cat', 'dog', 'dog'], { classes });
    expect(model.classes).toEqual(classes);
    expect(model.predict(square)).toEqual(['cat', 'cat', 'dog', 'dog']);
    expect(model.predictProbabilities(square).every(([, bird]) => bird < 0.1)).toBe(true);
    expect(model.weight[0]).toHaveLength(3);
    const { perClass } = await model.evaluate(square, ['bird', 'cat', 'dog', 'dog']);
    expect(perClass).toMatchObject({ classes, support: [2, 1, 1], recall: [1, 0, 1] });
  });

  it('do not affect the weights', async () => {
    const [one, other] = [await train(['a', 'a', 'b', 'b']), await train([0, 0, 1, 1])];
    expect(other.model.weight).toEqual(one.model.weight);
  });
});

describe('a fitted SoftmaxRegression', () => {
  beforeAll(() => useBackend('cpu'));

  it('exposes its classes, sizes and options', async () => {
    const { model } = await trained();
    expect(model).toMatchObject({ classes: ['setosa', 'versicolor', 'virginica'], numFeatures: 4, numParameters: 15 });
    expect(model.options).toEqual({
      ...options,
      shuffle: true,
      gradient: 'closed-form',
      layer: 'dense',
      fitIntercept: true,
      l2: 0,
      standardize: false,
      seed: 0,
    });
  });

  it('stores the defaults of its options', async () => {
    const { model } = await SoftmaxRegression.fit(square, [0, 0, 1, 1]);
    expect(model.options).toEqual({
      // l2 is 2/S for two classes, with S = 4 samples.
      ...{ solver: 'lbfgs', fitIntercept: true, l2: 2 / 4, l1: 0, standardize: false },
      ...{ tolerance: 1e-6, maxIterations: 500 },
    });
    const { model: bySteps } = await SoftmaxRegression.fit(square, [0, 0, 1, 1], { solver: 'sgd' });
    expect(bySteps.options).toMatchObject({ epochs: 10, batchSize: 256, learningRate: 0.1 });
    const { model: byAdam } = await SoftmaxRegression.fit(square, [0, 0, 1, 1], { solver: 'adam' });
    expect(byAdam.options).toMatchObject({ learningRate: 0.001 });
  });

  it.each<[string, FitOptions<string>]>([
    ['sgd', { solver: 'sgd', epochs: 2 }],
    ['lbfgs', { l2: 0.01 }],
  ])('by %s is restored from bytes, from a file, and by loadPredictor', async (_, options) => {
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, options);
    const folder = mkdtempSync(join(tmpdir(), 'model-test-'));
    const path = join(folder, 'iris.safetensors');
    await saveModel(path, model);
    const probabilities = model.predictProbabilities(iris.features);
    for (const again of [SoftmaxRegression.fromBytes(model.toBytes()), await loadModel(path)]) {
      const { classes, numFeatures, numParameters, options } = again;
      expect({ classes, numFeatures, numParameters, options }).toEqual({
        classes: model.classes,
        numFeatures: 4,
        numParameters: 15,
        options: model.options,
      });
      expect(again.predictProbabilities(iris.features)).toEqual(probabilities);
      expect(again.toBytes()).toEqual(model.toBytes());
    }
    const predictor = loadPredictor(new Uint8Array(readFileSync(path)));
    expect(predictor.predict(iris.features)).toEqual(model.predict(iris.features));
    expect(predictor.predictProbabilities(iris.features)).toEqual(probabilities);
    rmSync(folder, { recursive: true });
  });

  it('rejects truncated files, and files with invalid options', async () => {
    const { model } = await trained();
    const bytes = model.toBytes();
    const refused = (damaged: Uint8Array) => expect(() => SoftmaxRegression.fromBytes(damaged, 'a.safetensors'));
    refused(bytes.subarray(0, bytes.length - 1)).toThrow(
      expect.objectContaining({ code: 'FORMAT', where: 'a.safetensors' }),
    );
    const content = decodeModel(bytes);
    refused(encodeModel({ ...content, options: { solver: 'newton' } })).toThrow(
      expect.objectContaining({ code: 'FORMAT', argument: 'options, solver,' }),
    );
  });

  it('returns copies, so that callers cannot change it', async () => {
    const { model } = await trained();
    const before = model.predictProbabilities(iris.features);
    for (const row of model.weight) row.fill(0);
    model.bias.fill(9);
    expect(() => (model.classes as string[]).push('rose')).toThrow();
    expect(model.predictProbabilities(iris.features)).toEqual(before);
  });

  it('does not keep references to its training data', async () => {
    const [features, labels] = [iris.features.map((row) => [...row]), [...iris.labels]];
    const { model } = await SoftmaxRegression.fit(features, labels, options);
    const before = model.predict(iris.features);
    for (const row of features) row.fill(0);
    labels.fill('setosa');
    expect(model.predict(iris.features)).toEqual(before);
    const twin = await trained();
    expect(model.weight).toEqual(twin.model.weight);
  });

  it('predicts independently of the backend in use, without tensors', async () => {
    const { model } = await trained();
    const before = tf.memory().numTensors;
    const onCpu = model.predictProbabilities(iris.features);
    await useBackend('wasm');
    expect(model.predictProbabilities(iris.features)).toEqual(onCpu);
    expect(tf.memory().numTensors).toBe(before);
    await useBackend('cpu');
  });

  it('returns no predictions for zero samples', async () => {
    const { model } = await trained();
    expect(model.predict([])).toEqual([]);
    expect(model.predictProbabilities({ values: new Float32Array(0), shape: [0, 4] })).toEqual([]);
  });

  it('predicts the first of tied classes', async () => {
    // Both classes have the same samples, so the weights stay equal.
    const { model } = await SoftmaxRegression.fit([[0], [0]], ['b', 'a'], { solver: 'sgd', epochs: 1 });
    expect([...model.predictProbabilities([[0]])[0]]).toEqual([0.5, 0.5]);
    expect(model.predict([[0]])).toEqual(['a']);
  });
});

describe('bad input to SoftmaxRegression.fit', () => {
  beforeAll(() => useBackend('cpu'));

  const labels = ['a', 'b', 'a', 'b'];
  const refused = async (fit: Promise<unknown>, fields: object) => {
    const before = tf.memory().numTensors;
    await expect(fit).rejects.toMatchObject({ where: 'fit', ...fields });
    expect(tf.memory().numTensors).toBe(before);
  };

  it.each<[string, unknown, object]>([
    [
      'NaN',
      [
        [0, 0],
        [0, nan],
        [1, 0],
        [1, 1],
      ],
      { code: 'DOMAIN', argument: 'features[1][1]', expected: 'be a finite float32 number', actual: 'NaN' },
    ],
    [
      '∞',
      [
        [0, 0],
        [0, 1],
        [-infinite, 0],
        [1, 1],
      ],
      { code: 'DOMAIN', argument: 'features[2][0]', actual: '-Infinity' },
    ],
    [
      'a number beyond float32',
      [
        [1e39, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      { code: 'DOMAIN', argument: 'features[0][0]', actual: '1e+39' },
    ],
    [
      'NaN in a typed array',
      { values: Float32Array.of(1, 2, 3, nan), shape: [4, 1] },
      { code: 'DOMAIN', argument: 'features[3][0]' },
    ],
    [
      'ragged rows',
      [[0, 0], [0], [1, 0], [1, 1]],
      { code: 'SHAPE', argument: 'features', actual: 'row 0 of 2 and row 1 of 1' },
    ],
    [
      'a shape that does not fit its values',
      { values: new Float32Array(8), shape: [4, 3] },
      { code: 'SHAPE', argument: 'features.shape' },
    ],
    [
      'no columns',
      [[], [], [], []],
      { code: 'SHAPE', argument: 'features', expected: 'have at least one row and one column', actual: '[4, 0]' },
    ],
    [
      'strings',
      [
        ['0', '1'],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      { code: 'DOMAIN', argument: 'features[0][0]', actual: '"0"' },
    ],
    ['an undefined value', undefined, { code: 'SHAPE', argument: 'features' }],
    [
      'a scale of 0',
      { values: new Uint8Array(8), shape: [4, 2], scale: 0 },
      { code: 'DOMAIN', argument: 'features.scale' },
    ],
  ])('is rejected: features with %s', async (_, features, fields) => {
    await refused(SoftmaxRegression.fit(features as FeaturesInput, labels), fields);
  });

  it('is rejected: a tensor with NaN, or of the wrong rank', async () => {
    const [odd, flat] = [tf.tensor2d([[0], [1], [nan], [0]]), tf.tensor1d([1, 2, 3, 4])];
    await refused(SoftmaxRegression.fit(odd, labels), { code: 'DOMAIN', argument: 'features[2][0]' });
    await refused(SoftmaxRegression.fit(flat as never, labels), {
      code: 'SHAPE',
      argument: 'features',
      expected: 'have shape [n, features]',
      actual: '[4]',
    });
    tf.dispose([odd, flat]);
  });

  it.each<[string, unknown, object]>([
    [
      'too few',
      ['a', 'b'],
      { code: 'SHAPE', argument: 'labels', expected: 'be a list of 4 labels, one for each sample', actual: '2' },
    ],
    ['undefined', undefined, { code: 'SHAPE', argument: 'labels', actual: 'undefined' }],
    ['one string', 'abab', { code: 'SHAPE', argument: 'labels', actual: '"abab"' }],
    [
      'one class',
      ['a', 'a', 'a', 'a'],
      { code: 'DOMAIN', argument: 'labels', expected: 'name at least two classes', actual: 'only "a"' },
    ],
    [
      'of two types',
      ['a', 'b', 1, 'b'],
      {
        code: 'DOMAIN',
        where: 'fit',
        argument: 'labels[2]',
        expected: 'be a string like the other labels',
        actual: '1',
      },
    ],
    [
      'NaN',
      [0, 1, nan, 1],
      { code: 'DOMAIN', argument: 'labels[2]', expected: 'be a finite number like the other labels' },
    ],
    ['partly undefined', ['a', 'b', undefined, 'b'], { code: 'DOMAIN', argument: 'labels[2]', actual: 'undefined' }],
    [
      'objects',
      [{}, {}, {}, {}],
      {
        code: 'DOMAIN',
        argument: 'labels[0]',
        expected: 'be a string, a finite number or a boolean',
        actual: 'an object',
      },
    ],
  ])('is rejected: labels that are %s', async (_, odd, fields) => {
    await refused(SoftmaxRegression.fit(square, odd as string[]), fields);
  });

  it.each<[string, unknown, object]>([
    [
      'classes without a label',
      { classes: ['a', 'c'] },
      { code: 'DOMAIN', argument: 'labels[1]', expected: 'be one of the classes "a", "c"', actual: '"b"' },
    ],
    [
      'a duplicate class',
      { classes: ['a', 'b', 'a'] },
      { code: 'DOMAIN', argument: 'classes', expected: 'be distinct', actual: '"a" twice' },
    ],
    ['one class', { classes: ['a'] }, { code: 'DOMAIN', argument: 'classes', expected: 'name at least two classes' }],
    ['no classes', { classes: [] }, { code: 'DOMAIN', argument: 'classes', actual: 'none' }],
    ['classes of two types', { classes: ['a', 1] }, { code: 'DOMAIN', argument: 'classes[1]' }],
    ['classes that are not a list', { classes: 'ab' }, { code: 'SHAPE', argument: 'classes', actual: '"ab"' }],
    ['0 epochs', { epochs: 0 }, { code: 'DOMAIN', argument: 'epochs', expected: 'be an integer > 0', actual: '0' }],
    ['1.5 epochs', { epochs: 1.5 }, { code: 'DOMAIN', argument: 'epochs' }],
    ['a batch of 0.5', { batchSize: 0.5 }, { code: 'DOMAIN', argument: 'batchSize', actual: '0.5' }],
    ['a batch of -1', { batchSize: -1 }, { code: 'DOMAIN', argument: 'batchSize' }],
    [
      'a learning rate of 0',
      { learningRate: 0 },
      { code: 'DOMAIN', argument: 'learningRate', expected: 'be a finite number > 0', actual: '0' },
    ],
    ['a learning rate of NaN', { learningRate: nan }, { code: 'DOMAIN', argument: 'learningRate' }],
    ['a learning rate of ∞', { learningRate: infinite }, { code: 'DOMAIN', argument: 'learningRate' }],
    [
      'a learning rate that is a string',
      { learningRate: '0.1' },
      { code: 'DOMAIN', argument: 'learningRate', actual: '"0.1"' },
    ],
    [
      'a negative l2',
      { l2: -0.1 },
      { code: 'DOMAIN', argument: 'l2', expected: 'be a finite number ≥ 0', actual: '-0.1' },
    ],
    ['an l2 that is a string', { l2: '1' }, { code: 'DOMAIN', argument: 'l2' }],
    [
      'an unknown solver',
      { solver: 'lion' },
      {
        code: 'DOMAIN',
        argument: 'solver',
        expected: `be ${SOLVER_NAMES.map((name) => `'${name}'`).join(' | ')}`,
        actual: '"lion"',
      },
    ],
    ['an unknown gradient', { gradient: 'numeric' }, { code: 'DOMAIN', argument: 'gradient' }],
    [
      'an unknown layer',
      { layer: 'conv' },
      { code: 'DOMAIN', argument: 'layer', expected: "be 'dense' or { phm: n }", actual: '"conv"' },
    ],
    ['a layer with an unknown key', { layer: { phm: 2, bias: false } }, { code: 'DOMAIN', argument: 'layer' }],
    [
      'a fractional PHM n',
      { layer: { phm: 0.5 } },
      { code: 'DOMAIN', argument: 'layer.phm', expected: 'be an integer > 0' },
    ],
    [
      'a PHM n that does not divide the sizes',
      { layer: { phm: 3 } },
      { code: 'DOMAIN', where: 'Phm', argument: 'n', expected: 'divide inputs = 2 and units = 2', actual: '3' },
    ],
    [
      'fitIntercept that is a string',
      { fitIntercept: 'no' },
      { code: 'DOMAIN', argument: 'fitIntercept', expected: 'be true | false' },
    ],
    ['a fractional seed', { seed: 0.5 }, { code: 'DOMAIN', where: 'Random', argument: 'seed' }],
    ['a misspelt option', { epoch: 3 }, { code: 'DOMAIN', argument: 'options', actual: "'epoch'" }],
    [
      'options that are not an object',
      5,
      { code: 'DOMAIN', argument: 'options', expected: 'be an object', actual: '5' },
    ],
  ])('is rejected: %s', async (_, odd, fields) => {
    const bySteps = /epoch|batch|learningRate|gradient|layer|seed/.test(Object.keys(Object(odd)).join());
    const options = bySteps ? { solver: 'sgd', ...(odd as object) } : odd;
    await refused(SoftmaxRegression.fit(square, labels, options as FitOptions<string>), fields);
  });

  it('is rejected: zero samples, even if classes are given', async () => {
    const nothing = { values: new Float32Array(0), shape: [0, 3] } as const;
    await refused(SoftmaxRegression.fit(nothing, [], { classes: ['a', 'b'] }), {
      code: 'SHAPE',
      argument: 'features',
      actual: '[0, 3]',
    });
  });
});

describe('bad input to a fitted SoftmaxRegression', () => {
  beforeAll(() => useBackend('cpu'));

  it.each(['logits', 'predict', 'predictProbabilities'] as const)(
    'is rejected by %s, and does not change the model',
    async (method) => {
      const { model } = await trained();
      const before = model.logits(iris.features);
      const refused = (features: unknown, fields: object) =>
        expect(() => model[method](features as number[][])).toThrow(
          expect.objectContaining({ where: method, ...fields }),
        );
      refused([[1, 2, 3]], { code: 'SHAPE', argument: 'features', expected: 'have shape [1, 4]', actual: '[1, 3]' });
      refused([[1, 2, 3, nan]], { code: 'DOMAIN', argument: 'features[0][3]' });
      refused([1, 2, 3, 4], { code: 'SHAPE', argument: 'features[0]' });
      refused({ values: new Float32Array(4), shape: [1, 3] }, { code: 'SHAPE', argument: 'features.shape' });
      expect(model.logits(iris.features)).toEqual(before);
    },
  );

  it('is rejected by evaluate, which names an unknown label', async () => {
    const { model } = await trained();
    const row = iris.features[0];
    const refused = (features: unknown, labels: unknown, fields: object, more?: object) =>
      expect(model.evaluate(features as number[][], labels as 'setosa'[], more)).rejects.toMatchObject({
        where: 'evaluate',
        ...fields,
      });
    await refused([row, row], ['setosa', 'rose'], {
      code: 'DOMAIN',
      argument: 'labels[1]',
      expected: 'be one of the classes "setosa", "versicolor", "virginica"',
      actual: '"rose"',
    });
    await refused([row], [0], { code: 'DOMAIN', argument: 'labels[0]', actual: '0' });
    await refused([row], ['setosa', 'setosa'], { code: 'SHAPE', argument: 'labels', actual: '2' });
    await refused([[1, 2]], ['setosa'], { code: 'SHAPE', argument: 'features', expected: 'have shape [1, 4]' });
    await refused([], [], { code: 'SHAPE', argument: 'features', expected: 'have at least one row and one column' });
    await refused([[1, 2, 3, infinite]], ['setosa'], { code: 'DOMAIN', argument: 'features[0][3]' });
    await refused([row], ['setosa'], { code: 'DOMAIN', argument: 'options', actual: "'unit'" }, { unit: 'bits' });
  });

  it('is rejected by evaluate if its signal is aborted', async () => {
    const { model } = await trained();
    const reason = new Error('enough');
    await expect(model.evaluate(iris.features, iris.labels, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});

describe('the checks of SoftmaxRegression', () => {
  beforeAll(() => useBackend('cpu'));

  it('fail for logits without the bias, and for a transposed weight', async () => {
    const { model } = await trained();
    const logits = model.logits(iris.features);
    expect(logits).not.toBeAllClose(reference.dense(iris.features, model.weight, [0, 0, 0]), FLOAT64);
    const square = model.weight.slice(0, 3);
    const rows = iris.features.map((row) => row.slice(0, 3));
    const right = reference.dense(rows, square, model.bias);
    expect(reference.dense(rows, reference.toRows(reference.transpose(square)), model.bias)).not.toBeAllClose(
      right,
      FLOAT64,
    );
  });
});
