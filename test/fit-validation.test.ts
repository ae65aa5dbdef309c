import { type EpochLogs, type FitOptions, loadIris, SoftmaxRegression, take, trainTestSplit } from 'softmax-regression';
import { onEveryBackend, useBackend } from './helpers/backends.js';

const iris = loadIris();
const drawn = trainTestSplit(150, { testFraction: 0.2, seed: 5, stratify: iris.labels });
// In the order of the samples.
const [train, test] = [drawn.train.slice().sort(), drawn.test.slice().sort()];
const learnt = { features: take(iris.features, train), labels: take(iris.labels, train) };
const looked = { features: take(iris.features, test), labels: take(iris.labels, test) };
const plain = { solver: 'sgd', epochs: 4, batchSize: 32, learningRate: 0.1, seed: 5 } as const;
const CLOSE = { rtol: 1e-5, atol: 1e-6 };

onEveryBackend('fit with validation', () => {
  it.each<[string, FitOptions<string>]>([
    ['sgd', plain],
    ['sgd on standardised features', { ...plain, standardize: true }],
    ['a PHM layer', { ...plain, layer: { phm: 2 } }],
  ])('records the loss and accuracy of evaluate after each epoch, with %s', async (name, options) => {
    const two = (labels: readonly string[]) =>
      name === 'a PHM layer' ? labels.map((label) => (label === 'setosa' ? 'a' : 'b')) : labels;
    const labels = two(learnt.labels);
    const validation = { features: looked.features, labels: two(looked.labels) };
    const { result } = await SoftmaxRegression.fit<string>(learnt.features, labels, { ...options, validation });
    for (const { epoch, validationLoss, validationAccuracy } of result.history) {
      const { model } = await SoftmaxRegression.fit<string>(learnt.features, labels, { ...options, epochs: epoch });
      const { logLoss: loss, accuracy } = await model.evaluate(validation.features, validation.labels);
      expect(validationLoss).toBeAllClose(loss, CLOSE);
      expect(validationAccuracy).toBeAllClose(accuracy, CLOSE);
    }
    expect(result.history).toHaveLength(4);
  });

  it('records loss and accuracy after each iteration of lbfgs', async () => {
    const options = { l2: 0.01, maxIterations: 6, standardize: true, validation: looked } as const;
    const { model, result } = await SoftmaxRegression.fit(learnt.features, learnt.labels, options);
    expect(result.history).toHaveLength(6);
    const { logLoss: loss, accuracy } = await model.evaluate(looked.features, looked.labels);
    expect(result.history[5]).toMatchObject({ epoch: 6 });
    expect(result.history[5].validationLoss).toBeAllClose(loss, CLOSE);
    expect(result.history[5].validationAccuracy).toBeAllClose(accuracy, CLOSE);
  });

  it('accepts validation samples stored differently from the training samples', async () => {
    const values = Uint8Array.from(looked.features.flat(), (x) => Math.round(10 * x));
    const validation = { features: { values, shape: [30, 4] as const, scale: 10 }, labels: looked.labels };
    for (const options of [plain, { ...plain, standardize: true }, { l2: 0.1 }]) {
      const [rows, bytes] = [
        await SoftmaxRegression.fit(learnt.features, learnt.labels, { ...options, validation: looked }),
        await SoftmaxRegression.fit(learnt.features, learnt.labels, { ...options, validation }),
      ];
      const losses = ({ result }: typeof rows) => result.history.map(({ validationLoss }) => validationLoss);
      expect(losses(bytes)).toBeAllClose(losses(rows), CLOSE);
    }
  });

  it('does not train on the validation samples', async () => {
    const { model, result } = await SoftmaxRegression.fit(learnt.features, learnt.labels, plain);
    const { model: same, result: more } = await SoftmaxRegression.fit(learnt.features, learnt.labels, {
      ...plain,
      validation: looked,
    });
    expect(same.weight).toEqual(model.weight);
    expect(more.history.map(({ epoch, loss }) => ({ epoch, loss }))).toEqual(result.history);
  });

  it('holds out a share of each class, drawn by the seed, with its sample weights', async () => {
    const sampleWeights = iris.labels.map((_, i) => 1 + (i % 3));
    const part = await SoftmaxRegression.fit(iris.features, iris.labels, { ...plain, validation: 0.2, sampleWeights });
    const given = await SoftmaxRegression.fit(learnt.features, learnt.labels, {
      ...plain,
      sampleWeights: take(sampleWeights, train),
      validation: { ...looked, sampleWeights: take(sampleWeights, test) },
    });
    expect(part.model.weight).toEqual(given.model.weight);
    expect(part.result).toEqual(given.result);
    expect(part.model.options).toMatchObject({ validation: 0.2 });
    expect(SoftmaxRegression.fromBytes(part.model.toBytes()).options).toEqual(part.model.options);
    expect(given.model.options).not.toHaveProperty('validation');
    const unweighted = await SoftmaxRegression.fit(learnt.features, learnt.labels, {
      ...plain,
      sampleWeights: take(sampleWeights, train),
      validation: looked,
    });
    expect(unweighted.result.history[0].validationLoss).not.toBeCloseTo(
      given.result.history[0].validationLoss as number,
      4,
    );
  });
});

onEveryBackend('early stopping', () => {
  // Few samples and many epochs, so that the model overfits.
  const eight = drawn.train.slice(0, 8);
  const few = { features: take(iris.features, eight), labels: take(iris.labels, eight) };
  const options = {
    ...({ solver: 'sgd', epochs: 200, batchSize: 4, learningRate: 0.5, classes: iris.classNames } as const),
    ...{ validation: looked, earlyStopping: { patience: 3 } },
  };

  it('stops after `patience` epochs without improvement, and restores the best weights', async () => {
    const { model, result } = await SoftmaxRegression.fit(few.features, few.labels, options);
    expect(result.reason).toBe('early-stopping');
    const losses = result.history.map(({ validationLoss }) => validationLoss as number);
    const best = losses.indexOf(Math.min(...losses)) + 1;
    expect(result.bestEpoch).toBe(best);
    expect(losses).toHaveLength(best + 3);
    expect(result.iterations).toBe(2 * losses.length);
    const { earlyStopping: _, ...all } = options;
    const stopped = await SoftmaxRegression.fit(few.features, few.labels, { ...all, epochs: best });
    expect(model.weight).toEqual(stopped.model.weight);
    expect(result.objective).toBe(stopped.result.objective);
    expect(model.options).toMatchObject({ earlyStopping: { patience: 3, minDelta: 0 } });
  });

  it('counts only improvements of more than minDelta', async () => {
    const earlyStopping = { patience: 2, minDelta: 100 };
    const { result } = await SoftmaxRegression.fit(few.features, few.labels, { ...options, earlyStopping });
    expect(result).toMatchObject({ reason: 'early-stopping', bestEpoch: 1 });
    expect(result.history).toHaveLength(3);
  });

  it('restores the best weights after the last epoch, and after divergence', async () => {
    const run = await SoftmaxRegression.fit(few.features, few.labels, { ...options, epochs: 4 });
    const losses = run.result.history.map(({ validationLoss }) => validationLoss as number);
    expect(run.result).toMatchObject({ reason: 'epochs', bestEpoch: losses.indexOf(Math.min(...losses)) + 1 });
    const learningRate = ({ epoch }: { epoch: number }) => (epoch < 2 ? 0.01 : 1e38);
    const lost = await SoftmaxRegression.fit(few.features, few.labels, { ...options, learningRate });
    expect(lost.result.reason).toBe('diverged');
    const { validationLoss } = lost.result.history[(lost.result.bestEpoch as number) - 1];
    const { logLoss: loss } = await lost.model.evaluate(looked.features, looked.labels);
    expect(loss).toBeAllClose(validationLoss, CLOSE);
  });
});

onEveryBackend('onEpochEnd', () => {
  it('is called as in tfjs, with epochs from 0, loss, val_loss and val_acc, and is awaited', async () => {
    const seen: [number, EpochLogs][] = [];
    let waiting = false;
    const onEpochEnd = async (epoch: number, logs: EpochLogs) => {
      expect(waiting).toBe(false);
      waiting = true;
      await new Promise((resolve) => setTimeout(resolve, 5));
      waiting = false;
      seen.push([epoch, logs]);
    };
    const { result } = await SoftmaxRegression.fit(learnt.features, learnt.labels, {
      ...{ ...plain, validation: looked, onEpochEnd },
    });
    const { history } = result;
    expect(seen).toEqual(
      history.map(({ epoch, loss, validationLoss, validationAccuracy }) => [
        epoch - 1,
        { loss, val_loss: validationLoss, val_acc: validationAccuracy },
      ]),
    );
    seen.length = 0;
    const solved = await SoftmaxRegression.fit(learnt.features, learnt.labels, { l2: 0.1, onEpochEnd });
    expect(seen).toEqual(solved.result.history.map(({ epoch, loss }) => [epoch - 1, { loss }]));
  });

  it.each<[string, FitOptions<string>]>([
    ['sgd', plain],
    ['momentum on standardised features', { ...plain, solver: 'momentum', standardize: true }],
    ['a PHM layer', { ...plain, layer: { phm: 2 }, classes: ['setosa', 'versicolor', 'virginica', 'none'] }],
    ['lbfgs', { l2: 0.1, maxIterations: 4 }],
    ['lbfgs on standardised features', { l2: 0.1, maxIterations: 4, standardize: true }],
  ])('receives the weights that a fit of as many epochs returns, with %s', async (_, options) => {
    const seen: { weight: number[]; bias: number[] }[] = [];
    const onEpochEnd: FitOptions<string>['onEpochEnd'] = async (_epoch, _logs, parameters) => {
      const { weight, bias } = await parameters();
      seen.push({ weight: Array.from(weight), bias: Array.from(bias) });
    };
    await SoftmaxRegression.fit<string>(learnt.features, learnt.labels, { ...options, onEpochEnd });
    expect(seen).toHaveLength(4);
    for (const epochs of [2, 4]) {
      const shorter = options.solver === undefined ? { maxIterations: epochs } : { epochs };
      const { model } = await SoftmaxRegression.fit<string>(learnt.features, learnt.labels, { ...options, ...shorter });
      const weight = model.weight.flatMap((row) => Array.from(row));
      expect(seen[epochs - 1].weight).toBeAllClose(weight, CLOSE);
      expect(seen[epochs - 1].bias).toBeAllClose(model.bias, CLOSE);
    }
  });

  it('can end a fit by an error or by the signal', async () => {
    const controller = new AbortController();
    for (const solver of ['sgd', 'lbfgs'] as const) {
      const options: FitOptions<string> = solver === 'sgd' ? plain : { l2: 1e-3 };
      const failing = () => {
        throw new Error('from the caller');
      };
      await expect(
        SoftmaxRegression.fit<string>(learnt.features, learnt.labels, { ...options, onEpochEnd: failing }),
      ).rejects.toThrow('from the caller');
      const aborting = () => controller.abort(new Error('enough'));
      const { signal } = controller;
      await expect(
        SoftmaxRegression.fit<string>(learnt.features, learnt.labels, { ...options, signal, onEpochEnd: aborting }),
      ).rejects.toThrow('enough');
    }
  });
});

describe('bad validation', () => {
  beforeAll(() => useBackend('cpu'));
  const rows = [[0], [1], [2], [3]];
  const labels = ['a', 'b', 'a', 'b'];

  it.each<[string, FitOptions<string>, object]>([
    ['a share of 0', { validation: 0 }, { argument: 'validation', actual: '0' }],
    ['a share of 1', { validation: 1 }, { argument: 'validation', actual: '1' }],
    ['a share of NaN', { validation: Number.NaN }, { argument: 'validation', actual: 'NaN' }],
    ['a string', { validation: 'some' as never }, { argument: 'validation', actual: '"some"' }],
    [
      'samples of other features',
      { validation: { features: [[1, 2]], labels: ['a'] } },
      { code: 'SHAPE', argument: 'validation.features', expected: 'have shape [1, 1]' },
    ],
    ['no samples', { validation: { features: [], labels: [] } }, { code: 'SHAPE', argument: 'validation.features' }],
    [
      'too few labels',
      { validation: { features: [[1], [2]], labels: ['a'] } },
      { code: 'SHAPE', argument: 'validation.labels', actual: '1' },
    ],
    [
      'an unseen label',
      { validation: { features: [[1]], labels: ['z'] } },
      { argument: 'validation.labels[0]', expected: 'be one of the classes "a", "b"', actual: '"z"' },
    ],
    [
      'all-zero weights',
      { validation: { features: [[1]], labels: ['a'], sampleWeights: [0] } },
      { where: 'fit: validation', argument: 'sampleWeights' },
    ],
    [
      'an unknown key of validation',
      { validation: { features: [[1]], labels: ['a'], x: 1 } as never },
      { where: 'fit: validation', argument: 'options' },
    ],
    [
      'earlyStopping without validation',
      { solver: 'sgd', earlyStopping: {} },
      { argument: 'validation', expected: 'be given for `earlyStopping`', actual: 'nothing' },
    ],
    [
      'a patience of 0',
      { solver: 'sgd', validation: 0.5, earlyStopping: { patience: 0 } },
      { argument: 'earlyStopping.patience' },
    ],
    [
      'a negative minDelta',
      { solver: 'sgd', validation: 0.5, earlyStopping: { minDelta: -1 } },
      { argument: 'earlyStopping.minDelta' },
    ],
    [
      'an unknown key of earlyStopping',
      { solver: 'sgd', validation: 0.5, earlyStopping: { monitor: 1 } as never },
      { where: 'fit: earlyStopping', argument: 'options' },
    ],
    [
      'earlyStopping with lbfgs',
      { validation: 0.5, earlyStopping: { patience: 3 } },
      { argument: 'earlyStopping', expected: "be left out with `solver: 'lbfgs'`, which is the default" },
    ],
  ])('is rejected: %s', async (_, options, fields) => {
    const fit = SoftmaxRegression.fit<string>(rows, labels, options);
    await expect(fit).rejects.toMatchObject({ code: 'DOMAIN', where: 'fit', ...fields });
  });

  it('is rejected for a class with one sample, which is named', async () => {
    const fit = SoftmaxRegression.fit<string>(rows, ['a', 'a', 'a', 'b'], { validation: 0.5 });
    await expect(fit).rejects.toMatchObject({
      code: 'DOMAIN',
      where: 'fit',
      argument: 'validation',
      actual: '1 of "b"',
    });
  });
});
