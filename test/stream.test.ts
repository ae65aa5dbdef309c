import {
  type FitOptions,
  type FitResult,
  loadIris,
  Random,
  SoftmaxRegression,
  type StreamOptions,
  take,
} from 'softmax-regression';
import { solversOf } from '../src/training/solvers.js';
import { onEveryBackend, TEST_BACKENDS, useBackend } from './helpers/backends.js';

const iris = loadIris();
const order = new Random(2).permutation(150);
const shuffled = { features: take(iris.features, order), labels: take(iris.labels, order) };
const part = (from: number, to: number) => ({
  features: shuffled.features.slice(from, to),
  labels: shuffled.labels.slice(from, to),
});
const classes = iris.classNames;
const base = { classes, numFeatures: 4, batchSize: 32, learningRate: 0.05, seed: 4 } as const;

async function follow(
  options: StreamOptions<(typeof classes)[number]>,
  parts: readonly ReturnType<typeof part>[],
): Promise<SoftmaxRegression<(typeof classes)[number]>> {
  let model = await SoftmaxRegression.untrained(options);
  for (const { features, labels } of parts) ({ model } = await model.partialFit(features, labels));
  return model;
}

onEveryBackend('partialFit', () => {
  it.each(solversOf('steps'))('repeated on the same samples equals fit bit for bit, with %s', async (solver) => {
    const { classes: names, numFeatures, ...plain } = base;
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, { ...plain, solver, epochs: 3 });
    const stream = await follow({ ...base, solver }, [iris, iris, iris]);
    expect(stream.weight).toEqual(model.weight);
    expect(stream.bias).toEqual(model.bias);
    expect(stream.classes).toEqual(names);
    expect(stream.numFeatures).toBe(numFeatures);
  });

  it('keeps the optimizer state between parts', async () => {
    // In order and in whole batches, parts are the steps of one pass.
    const options = { ...base, solver: 'adam', batchSize: 30, shuffle: false } as const;
    const { classes: _, numFeatures: __, ...plain } = options;
    const { model } = await SoftmaxRegression.fit(shuffled.features, shuffled.labels, { ...plain, epochs: 1 });
    const stream = await follow(options, [part(0, 60), part(60, 90), part(90, 150)]);
    expect(stream.weight).toEqual(model.weight);
    const forgetful = await SoftmaxRegression.fromBytes<(typeof classes)[number]>(
      (await follow(options, [part(0, 60)])).toBytes(),
    ).partialFit(...([part(60, 150).features, part(60, 150).labels] as const));
    expect(forgetful.model.weight).not.toEqual(model.weight);
  });

  it('continues a PHM layer from its factors', async () => {
    const labels = iris.labels.map((label) => label === 'setosa');
    const phm = { ...base, solver: 'adam', layer: { phm: 2 } } as const;
    const { classes: _, numFeatures: __, ...plain } = phm;
    const { model } = await SoftmaxRegression.fit<boolean>(iris.features, labels, { ...plain, epochs: 2 });
    let stream = await SoftmaxRegression.untrained<boolean>({ ...phm, classes: [false, true] });
    for (let i = 0; i < 2; i++) ({ model: stream } = await stream.partialFit(iris.features, labels));
    expect(stream.weight).toEqual(model.weight);
    expect(stream.numParameters).toBe(model.numParameters);
  });

  it('continues a learning rate schedule between parts', async () => {
    const learningRate = { schedule: 'step', rate: 0.2, factor: 0.5, every: 1 } as const;
    const { classes: _, numFeatures: __, ...plain } = { ...base, learningRate };
    const options = { ...plain, solver: 'sgd', epochs: 3 } as const;
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, options);
    expect((await follow({ ...base, learningRate }, [iris, iris, iris])).weight).toEqual(model.weight);
    const byFunction = { ...base, learningRate: ({ epoch }: { epoch: number }) => 0.2 * 0.5 ** epoch };
    const stream = await follow(byFunction, [iris, iris, iris]);
    expect(stream.weight).toEqual(model.weight);
    expect(stream.options).toMatchObject({ learningRate: 'function' });
    expect(SoftmaxRegression.fromBytes(stream.toBytes()).options).toEqual(stream.options);
  });

  it('learns, accepts parts without some classes, and does not change the previous model', async () => {
    const options = { ...base, solver: 'adam' } as const;
    const before = await SoftmaxRegression.untrained(options);
    const [weight, first] = [before.weight, before.predictProbabilities([[5, 3, 2, 1]])];
    const { model, result } = await before.partialFit(iris.features.slice(0, 50), iris.labels.slice(0, 50), {
      epochs: 20,
    });
    expect(before.weight).toEqual(weight);
    expect(before.predictProbabilities([[5, 3, 2, 1]])).toEqual(first);
    expect(result.history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(new Set(model.predict(iris.features.slice(0, 50)))).toEqual(new Set(['setosa']));
    const all = Array.from({ length: 40 }, () => iris);
    const { accuracy } = await (await follow(options, all)).evaluate(iris.features, iris.labels);
    expect(accuracy).toBeGreaterThan(0.93);
  });

  it('multiplies losses by weights without normalising them', async () => {
    const options = { ...base, solver: 'sgd', batchSize: 150 } as const;
    const model = await SoftmaxRegression.untrained(options);
    const sampleWeights = new Float64Array(150).fill(2);
    const twice = await model.partialFit(iris.features, iris.labels, { sampleWeights });
    const byClass = { setosa: 2, versicolor: 2, virginica: 2 };
    const likewise = await follow({ ...options, classWeights: byClass }, [iris]);
    const faster = await model.partialFit(iris.features, iris.labels, { learningRate: 0.1 });
    expect(twice.model.weight).toEqual(faster.model.weight);
    expect(likewise.weight).toEqual(faster.model.weight);
  });

  it('continues from a model of fit, also with other classes', async () => {
    const plain = { solver: 'sgd', epochs: 5, learningRate: 0.1 } as const;
    const { model } = await SoftmaxRegression.fit(iris.features, iris.labels, plain);
    const next = await model.partialFit(iris.features, iris.labels, { epochs: 5 });
    expect(next.result.objective).toBeLessThan((await model.evaluate(iris.features, iris.labels)).logLoss);
    const wider = await SoftmaxRegression.untrained({
      ...{ classes: ['rose', ...classes], numFeatures: 4, warmStart: model },
    });
    expect(wider.weight.map((row) => row.slice(1))).toEqual(model.weight);
  });

  it('continues to count epochs in callbacks', async () => {
    const epochs: number[] = [];
    const progress: number[] = [];
    let model = await SoftmaxRegression.untrained(base);
    let result: FitResult | undefined;
    for (let i = 0; i < 2; i++) {
      ({ model, result } = await model.partialFit(iris.features, iris.labels, {
        epochs: 2,
        onEpochEnd: (epoch) => void epochs.push(epoch),
        onProgress: ({ epoch, epochs, step }) => void (step === 5 && progress.push(epoch, epochs)),
      }));
    }
    expect(epochs).toEqual([0, 1, 2, 3]);
    expect(progress).toEqual([1, 2, 2, 2, 3, 4, 4, 4]);
    // The result is that of the second part.
    expect(result).toMatchObject({ iterations: 10, history: [{ epoch: 3 }, { epoch: 4 }] });
  });
});

describe('a stream over two backends', () => {
  it('continues on the second backend with the same numbers', async () => {
    const options = { ...base, solver: 'momentum' } as const;
    await useBackend('cpu');
    const expected = await follow(options, [iris, iris]);
    for (const backend of TEST_BACKENDS) {
      await useBackend(backend);
      const first = await follow(options, [iris]);
      await useBackend('cpu');
      const { model } = await first.partialFit(iris.features, iris.labels);
      expect(model.weight.flatMap((row) => [...row])).toBeAllClose(
        expected.weight.flatMap((row) => [...row]),
        { rtol: 1e-5, atol: 1e-5 },
      );
    }
  });
});

describe('bad streams', () => {
  beforeAll(() => useBackend('cpu'));

  it.each<[string, object, object]>([
    ['one class', { classes: ['a'] }, { argument: 'classes' }],
    ['no classes', { classes: undefined }, { argument: 'classes' }],
    ['a duplicate class', { classes: ['a', 'b', 'a'] }, { argument: 'classes', expected: 'be distinct' }],
    ['zero features', { numFeatures: 0 }, { argument: 'numFeatures' }],
    [
      'lbfgs',
      { solver: 'lbfgs' },
      {
        argument: 'solver',
        expected: `be ${solversOf('steps')
          .map((name) => `'${name}'`)
          .join(' | ')}`,
      },
    ],
    ['an epochs option', { epochs: 3 }, { argument: 'options', actual: "'epochs'" }],
    ['balanced classes', { classWeights: 'balanced' }, { argument: 'classWeights' }],
    ['a weight of an unknown class', { classWeights: { z: 1 } }, { argument: 'classWeights', actual: '"z"' }],
    [
      'a cosine without an end',
      { learningRate: { schedule: 'cosine', rate: 0.1 } },
      { argument: 'learningRate.epochs', actual: 'undefined' },
    ],
  ])('are rejected: %s', async (_, change, fields) => {
    const options = { classes: ['a', 'b'], numFeatures: 2, ...change } as StreamOptions<string>;
    await expect(SoftmaxRegression.untrained(options)).rejects.toMatchObject({
      ...{ code: 'DOMAIN', where: 'untrained', ...fields },
    });
  });

  it.each<[string, FitOptions<string>, object]>([
    ['lbfgs', {}, { argument: 'solver', actual: '"lbfgs"', hint: expect.stringContaining('warmStart') }],
    ['standardize', { solver: 'sgd', standardize: true }, { argument: 'standardize' }],
    ['balanced classes', { solver: 'sgd', classWeights: 'balanced' }, { argument: 'classWeights' }],
    ['a PHM layer', { solver: 'sgd', layer: { phm: 2 } }, { argument: 'layer' }],
    ['a learning rate function', { solver: 'sgd', learningRate: () => 0.1 }, { argument: 'learningRate' }],
  ])('are rejected: a model of fit with %s', async (_, options, fields) => {
    const rows = [
      [1, 2],
      [3, 4],
    ];
    const { model } = await SoftmaxRegression.fit<string>(rows, ['a', 'b'], options);
    await expect(model.partialFit(rows, ['a', 'b'])).rejects.toMatchObject({
      ...{ code: 'DOMAIN', where: 'partialFit', ...fields },
    });
  });

  it('are rejected: parts that do not match the model', async () => {
    const model = await SoftmaxRegression.untrained({ classes: ['a', 'b'], numFeatures: 2 });
    const refused = (features: unknown, labels: unknown, fields: object, options = {}) =>
      expect(model.partialFit(features as number[][], labels as 'a'[], options)).rejects.toMatchObject({
        ...{ where: 'partialFit', ...fields },
      });
    await refused([[1, 2]], ['c'], {
      argument: 'labels[0]',
      expected: 'be one of the classes "a", "b"',
      actual: '"c"',
    });
    await refused([[1, 2, 3]], ['a'], { code: 'SHAPE', argument: 'features' });
    await refused([[1, 2]], ['a', 'b'], { code: 'SHAPE', argument: 'labels' });
    await refused([], [], { code: 'SHAPE', argument: 'features' });
    await refused([[1, 2]], ['a'], { argument: 'epochs' }, { epochs: 0 });
    await refused([[1, 2]], ['a'], { argument: 'options', actual: "'l2'" }, { l2: 1 });
    await refused([[1, 2]], ['a'], { argument: 'sampleWeights[0]' }, { sampleWeights: [-1] });
    // @ts-expect-error a label outside the classes
    await expect(model.partialFit([[1, 2]], ['c'])).rejects.toThrow();
  });
});
