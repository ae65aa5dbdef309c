import * as tf from '@tensorflow/tfjs';
import * as library from 'softmax-regression';
import { type BackendName, Dense, type FitOptions, Phm, SoftmaxRegression, sgd } from 'softmax-regression';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { callablesOf } from './helpers/callables.js';

/** Created before the measurement. */
interface Given {
  readonly x: tf.Tensor2D;
  readonly logits: tf.Tensor2D;
  readonly targets: tf.Tensor2D;
  readonly labels: tf.Tensor1D;
  readonly outside: tf.Tensor1D;
  readonly oneHot: tf.Tensor2D;
  readonly weight: tf.Tensor2D;
  readonly cube: tf.Tensor3D;
  readonly rate: tf.Scalar;
  readonly dense: Dense;
  readonly phm: Phm;
  readonly model: SoftmaxRegression<'a' | 'b'>;
}

async function given(): Promise<Given> {
  const { model } = await SoftmaxRegression.fit(rows, names, { solver: 'sgd', epochs: 1 });
  return {
    x: tf.tensor2d(rows),
    logits: tf.tensor2d([
      [1, 2],
      [3, 1],
      [0, 0],
    ]),
    targets: tf.tensor2d([
      [0, 1],
      [0.5, 0.5],
      [1, 0],
    ]),
    labels: tf.tensor1d([1, 0, 1], 'int32'),
    outside: tf.tensor1d([5, 0, -1], 'int32'),
    oneHot: library.oneHot([1, 0], 2),
    weight: tf.tensor2d([
      [1, 0],
      [0, 1],
      [1, 1],
      [2, 0],
    ]),
    cube: tf.tensor3d([
      [
        [1, 0],
        [0, 1],
      ],
      [
        [0, 1],
        [-1, 0],
      ],
    ]),
    rate: tf.scalar(0.1),
    dense: new Dense({ inputs: 4, units: 2 }),
    phm: new Phm({ inputs: 4, units: 2, n: 2 }),
    model,
  };
}

const rows = [
  [1, 2, 3, 4],
  [4, 3, 2, 1],
  [0, 1, 0, 1],
];
const names: ('a' | 'b')[] = ['a', 'b', 'a'];
const again = { features: rows, labels: names };

type Call = (given: Given) => unknown;

const steps = { solver: 'sgd', epochs: 2, batchSize: 2 } as const;

/** Calls of every callable export of `softmax-regression`: some return, some throw. */
const CALLS: Readonly<Record<string, readonly Call[]>> = {
  asLabels: [
    () => library.asLabels([1, 0]),
    (g) => library.asLabels(g.labels),
    refused(() => library.asLabels([1], 1)),
  ],
  asLogits: [
    () => library.asLogits(rows),
    (g) => library.asLogits(g.logits),
    refused(() => library.asLogits([[1], []])),
  ],
  asProbabilities: [() => library.asProbabilities([[0.5, 0.5]]), refused(() => library.asProbabilities([[1, 1]]))],
  asTargets: [() => library.asTargets([[0, 1]]), refused(() => library.asTargets([[-1, 2]]))],
  oneHot: [
    () => library.oneHot([1, 0], 3),
    (g) => library.oneHot(g.labels, 3),
    () => library.oneHot([0], 1),
    refused((g) => library.oneHot(g.outside, 3)),
  ],
  fromOneHot: [(g) => library.fromOneHot(g.oneHot), refused((g) => library.fromOneHot(g.labels as never))],
  softmax: [
    (g) => library.softmax(g.logits),
    derivative(library.softmax),
    refused((g) => library.softmax(g.labels as never)),
  ],
  logSoftmax: [
    (g) => library.logSoftmax(g.logits),
    derivative(library.logSoftmax),
    refused((g) => library.logSoftmax(g.labels as never)),
  ],
  compile: [
    ({ x }) => {
      const fn = library.compile((a: tf.Tensor) => tf.grad((b) => b.square().sum())(a));
      const result = fn(x);
      fn.dispose();
      return result;
    },
    ({ x }) => {
      const fn = library.compile((a: tf.Tensor) => tf.grad((b) => b.square().sum())(a), { xla: true });
      const result = fn(x);
      fn.dispose();
      return result;
    },
    refused(() => library.compile((a: tf.Tensor) => a)(3 as unknown as tf.Tensor)),
  ],
  scan: [
    ({ rate, x }) =>
      library.scan((s: tf.Tensor, b: tf.Tensor) => [s.add(b.sum()), b.max()] as const, rate, x, { batchSize: 2 }),
    ({ rate }) => {
      const step = (s: tf.Tensor, b: tf.Tensor) => [s.add(b.sum()), b.max()] as const;
      return library.scan(step, rate, new Float32Array(400), { batchSize: 2, xla: true });
    },
    refused(() => library.scan((s: tf.Tensor) => [s, s] as const, 3 as never, {}, { batchSize: 2 })),
  ],
  crossEntropy: [
    (g) => library.crossEntropy(g.logits, g.targets),
    (g) =>
      library.crossEntropy(g.logits, g.targets, { sampleWeights: g.labels, classWeights: [1, 2], labelSmoothing: 0.1 }),
    derivative((o, g) => library.crossEntropy(o, g.targets)),
    refused((g) => library.crossEntropy(g.logits, g.labels as never)),
    refused((g) => library.crossEntropy(g.logits, g.targets, { sampleWeights: [1, 1, -1] })),
  ],
  sparseCrossEntropy: [
    (g) => library.sparseCrossEntropy(g.logits, g.labels),
    (g) =>
      library.sparseCrossEntropy(g.logits, [1, 0, -1], {
        ignoreIndex: -1,
        sampleWeights: [1, 2, 3],
        classWeights: [1, 2],
        labelSmoothing: 0.1,
      }),
    (g) => library.sparseCrossEntropy(g.logits, [1, 0, -1], { ignoreIndex: -1, reduction: 'none' }),
    derivative((o, g) => library.sparseCrossEntropy(o, g.labels)),
    derivative((o, g) => tf.grad((p) => library.sparseCrossEntropy(p as tf.Tensor2D, g.labels))(o)),
    refused((g) => library.sparseCrossEntropy(g.logits, g.outside)),
    refused((g) => library.sparseCrossEntropy(g.logits, g.outside, { labelSmoothing: 0.1, classWeights: [1, 2] })),
    refused((g) => library.sparseCrossEntropy(g.logits, [1, 0])),
  ],
  entropy: [
    (g) => library.entropy(g.targets, { unit: 'bits' }),
    refused((g) => library.entropy(g.targets, { unit: 'bit' as 'bits' })),
  ],
  klDivergence: [
    (g) => library.klDivergence(g.targets, g.targets),
    refused((g) => library.klDivergence(g.targets, g.oneHot)),
  ],
  distributionCrossEntropy: [
    (g) => library.distributionCrossEntropy(g.targets, g.targets, { reduction: 'none' }),
    refused((g) => library.distributionCrossEntropy(g.oneHot, g.targets)),
  ],
  negativeLogLikelihood: [
    (g) => library.negativeLogLikelihood(g.targets, g.labels),
    refused((g) => library.negativeLogLikelihood(g.targets, g.outside)),
  ],
  perplexity: [(g) => library.perplexity(g.targets, g.labels), refused((g) => library.perplexity(g.targets, [1]))],
  dense: [
    (g) => library.dense(g.x, g.weight, g.dense.bias),
    refused((g) => library.dense(g.weight, g.x, g.dense.bias)),
  ],
  Dense: [
    () => new Dense({ inputs: 4, units: 2 }),
    (g) => new Dense({ inputs: 4, units: 2, weight: g.weight, bias: [1, 2] }),
    refused((g) => new Dense({ inputs: 4, units: 2, weight: g.weight, bias: [1] })),
  ],
  'Dense#weight': [(g) => g.dense.weight],
  'Dense#bias': [(g) => g.dense.bias],
  'Dense#numParameters': [(g) => g.dense.numParameters],
  'Dense#weightOf': [(g) => g.dense.weightOf()],
  'Dense#forward': [(g) => g.dense.forward(g.x), refused((g) => g.dense.forward(g.weight))],
  'Dense#pullback': [(g) => g.dense.pullback(g.weight)],
  'Dense#dispose': [() => new Dense({ inputs: 4, units: 2 }).dispose()],
  Phm: [
    () => new Phm({ inputs: 4, units: 2, n: 2 }),
    (g) => new Phm({ inputs: 4, units: 2, n: 2, factors: g.cube, trainableFactors: false }),
    refused(() => new Phm({ inputs: 4, units: 2, n: 3 })),
    refused((g) => new Phm({ inputs: 4, units: 2, n: 2, factors: g.cube, bias: [1] })),
  ],
  'Phm#numParameters': [(g) => g.phm.numParameters],
  'Phm#weightOf': [(g) => g.phm.weightOf()],
  'Phm#forward': [(g) => g.phm.forward(g.x), refused((g) => g.phm.forward(g.weight))],
  'Phm#pullback': [(g) => g.phm.pullback(g.weight)],
  'Phm#dispose': [() => new Phm({ inputs: 4, units: 2, n: 2, trainableFactors: false }).dispose()],
  phmWeight: [(g) => library.phmWeight(g.cube, g.cube)],
  backward: [
    (g) => library.backward(g.dense, g.x, g.logits, g.dense.parameters, 0.1),
    (g) => library.backward(g.phm, g.x, g.logits),
    refused((g) => library.backward(g.phm, g.x, g.x)),
  ],
  gradcheck: [
    (g) => library.gradcheck({ layer: g.dense, features: g.x, targets: g.targets }),
    (g) => library.gradcheck({ layer: g.phm, features: g.x, targets: g.targets }),
    refused((g) => library.gradcheck({ layer: g.phm, features: g.x, targets: g.x })),
  ],
  gradcheckAsync: [
    (g) => library.gradcheckAsync({ layer: g.dense, features: g.x, targets: g.targets }),
    (g) => library.gradcheckAsync({ layer: g.phm, features: g.x, targets: g.targets }),
    refused((g) => library.gradcheckAsync({ layer: g.phm, features: g.x, targets: g.x })),
  ],
  gradcheckLine: [
    (g) => library.gradcheckLine(library.gradcheck({ layer: g.dense, features: g.x, targets: g.targets })),
  ],
  formatGradcheck: [
    (g) => library.formatGradcheck(library.gradcheck({ layer: g.dense, features: g.x, targets: g.targets })),
  ],
  selectBackend: [
    () => library.selectBackend(tf.getBackend() as BackendName),
    refused(() => library.selectBackend('webgl')),
  ],
  formatBackend: [() => library.formatBackend({ backend: 'cpu', description: '', refused: [] })],
  sgd: [(g) => stepOf(sgd(), g)],
  momentum: [(g) => stepOf(library.momentum(), g)],
  adam: [(g) => stepOf(library.adam(), g)],
  SoftmaxRegression: [() => SoftmaxRegression],
  'SoftmaxRegression.fit': [
    () => SoftmaxRegression.fit(rows, names, { epochs: 3, batchSize: 2, solver: 'adam', l2: 0.1 }),
    (g) =>
      SoftmaxRegression.fit(g.x, names, {
        ...{ solver: 'sgd', epochs: 3, batchSize: 2, gradient: 'autograd' },
        ...{ l2: 0.1, layer: { phm: 2 } },
      }),
    () => SoftmaxRegression.fit(rows, names, { epochs: 5, batchSize: 2, learningRate: 1e38, solver: 'momentum' }),
    () => SoftmaxRegression.fit(rows, names, { l2: 0.1, sampleWeights: [1, 2, 3], classWeights: 'balanced' }),
    refused(() => SoftmaxRegression.fit(rows, names, { solver: 'sgd', layer: { phm: 3 } })),
    refused(() => SoftmaxRegression.fit(rows, ['a'])),
    refused(() => SoftmaxRegression.fit(rows, names, { solver: 'sgd', signal: AbortSignal.abort() })),
    refused(() => {
      const controller = new AbortController();
      const { signal } = controller;
      return SoftmaxRegression.fit(rows, names, { solver: 'sgd', signal, onProgress: () => controller.abort() });
    }),
    refused(() => {
      const controller = new AbortController();
      const onProgress = ({ epoch }: library.FitProgress) => {
        // Two turns later: while the objective is computed.
        if (epoch === 3) setImmediate(() => setImmediate(() => controller.abort()));
      };
      const { signal } = controller;
      return SoftmaxRegression.fit(rows, names, { solver: 'sgd', epochs: 3, signal, onProgress });
    }),
    refused(() => {
      const onProgress = () => {
        throw new Error('from the caller');
      };
      return SoftmaxRegression.fit(rows, names, { solver: 'sgd', onProgress });
    }),
    ({ model }) => SoftmaxRegression.fit(rows, names, { standardize: true, warmStart: model, validation: again }),
    ({ model }) =>
      SoftmaxRegression.fit(rows, names, {
        ...{ solver: 'adam', epochs: 9, batchSize: 2, learningRate: { schedule: 'cosine', rate: 0.1, warmup: 1 } },
        ...{ standardize: true, warmStart: model, validation: again, earlyStopping: { patience: 2, minDelta: 9 } },
      }),
    refused(() => {
      const onEpochEnd = () => Promise.reject(new Error('from the caller'));
      return SoftmaxRegression.fit(rows, names, { solver: 'momentum', validation: again, onEpochEnd });
    }),
    refused(() => {
      const onEpochEnd = () => Promise.reject(new Error('from the caller'));
      return SoftmaxRegression.fit(rows, names, { validation: again, onEpochEnd });
    }),
    () => {
      const onEpochEnd: FitOptions<string>['onEpochEnd'] = async (_epoch, _logs, parameters) =>
        void (await parameters());
      return SoftmaxRegression.fit<string>(rows, names, { solver: 'adam', standardize: true, epochs: 2, onEpochEnd });
    },
    refused(() => SoftmaxRegression.fit(rows, names, { solver: 'sgd', learningRate: ({ epoch }) => 0.1 - epoch })),
    refused((g) => SoftmaxRegression.fit(rows, names, { validation: { features: g.weight, labels: names } })),
  ],
  'SoftmaxRegression.untrained': [
    () => SoftmaxRegression.untrained({ classes: ['a', 'b'], numFeatures: 4, solver: 'adam' }),
    (g) => SoftmaxRegression.untrained({ classes: ['a', 'b', 'c'], numFeatures: 4, warmStart: g.model }),
    refused(() => SoftmaxRegression.untrained({ classes: ['a', 'b'], numFeatures: 4, layer: { phm: 3 } })),
  ],
  'SoftmaxRegression#partialFit': [
    (g) => g.model.partialFit(g.x, names),
    async (g) => (await g.model.partialFit(rows, names, { epochs: 2 })).model.partialFit(rows, names),
    async () => {
      const options = { classes: ['a', 'b'], numFeatures: 4, solver: 'adam', layer: { phm: 2 } } as const;
      return (await SoftmaxRegression.untrained(options)).partialFit(rows, names);
    },
    refused((g) => g.model.partialFit(rows, ['a', 'b', 'c' as 'a'])),
    refused((g) => g.model.partialFit(rows, names, { signal: AbortSignal.abort() })),
  ],
  'SoftmaxRegression.fromBytes': [
    (g) => SoftmaxRegression.fromBytes(g.model.toBytes()),
    refused(() => SoftmaxRegression.fromBytes(new Uint8Array(9))),
  ],
  'SoftmaxRegression#toBytes': [(g) => g.model.toBytes()],
  'SoftmaxRegression#weight': [(g) => g.model.weight],
  'SoftmaxRegression#bias': [(g) => g.model.bias],
  'SoftmaxRegression#columns': [(g) => g.model.columns],
  'SoftmaxRegression#featureDeviations': [(g) => g.model.featureDeviations],
  'SoftmaxRegression#logits': [(g) => g.model.logits(rows), refused((g) => g.model.logits([[1]]))],
  'SoftmaxRegression#predict': [(g) => g.model.predict(rows), refused((g) => g.model.predict([[1]]))],
  'SoftmaxRegression#predictProbabilities': [(g) => g.model.predictProbabilities(rows)],
  'SoftmaxRegression#predictRecords': [refused((g) => g.model.predictRecords([{}]))],
  'SoftmaxRegression#explainRecord': [refused((g) => g.model.explainRecord({}))],
  'SoftmaxRegression#evaluate': [
    (g) => g.model.evaluate(rows, names),
    (g) => g.model.evaluate(g.x, names),
    refused((g) => g.model.evaluate(g.weight, names)),
  ],
  'SoftmaxRegression#predictTopK': [(g) => g.model.predictTopK(rows, 2), refused((g) => g.model.predictTopK(rows, 3))],
  ...asynchronous({
    logitsAsync: (g, x, options) => g.model.logitsAsync(x, options),
    predictAsync: (g, x, options) => g.model.predictAsync(x, options),
    predictProbabilitiesAsync: (g, x, options) => g.model.predictProbabilitiesAsync(x, options),
    predictTopKAsync: (g, x, options) => g.model.predictTopKAsync(x, 2, options),
  }),
  'SoftmaxRegression#calibrate': [
    (g) => g.model.calibrate(rows, names),
    (g) => g.model.calibrate(g.x, names, { sampleWeights: [1, 2, 3] }),
    refused((g) => g.model.calibrate(g.weight, names)),
    refused((g) => g.model.calibrate(g.x, names, { signal: AbortSignal.abort() })),
  ],
  'SoftmaxRegression#affine': [(g) => Reflect.get(g.model, 'affine')],
  'SoftmaxRegression#contributions': [
    (g) => g.model.contributions(rows[0], { baseline: rows[1] }),
    refused((g) => g.model.contributions([1])),
  ],
  'SoftmaxRegression#weightTable': [(g) => g.model.weightTable({ sort: 'magnitude' })],
  crossValidate: [
    () => library.crossValidate([...rows, ...rows], [...names, ...names], { folds: 2, l2: 1, outOfFold: true }),
    () => library.crossValidate([...rows, ...rows], [...names, ...names], { ...steps, folds: 2 }),
    refused(() => library.crossValidate(rows, names, { folds: 2 })),
  ],
  lambdaPath: [
    () => library.lambdaPath([...rows, ...rows], [...names, ...names], { folds: 2, l2: [1, 0.1], refit: 'best' }),
    () => library.lambdaPath([...rows, ...rows], [...names, ...names], { ...steps, folds: 2, l2: [0] }),
    refused(() => library.lambdaPath(rows, names, { l2: [] })),
  ],
  learningCurve: [
    () => library.learningCurve([...rows, ...rows], [...names, ...names], { folds: 2, l2: 1, sizes: [2, 3] }),
    () => library.learningCurve([...rows, ...rows], [...names, ...names], { ...steps, folds: 2 }),
    refused(() => library.learningCurve([...rows, ...rows], [...names, ...names], { folds: 2, sizes: [1] })),
  ],
};

/** Enough samples that predictions run on the backend. */
const MANY = { values: new Float32Array(2.6e6).fill(0.5), shape: [650_000, 4] } as const;

type Asynchronous = (given: Given, features: library.FeaturesInput, options?: library.PredictOptions) => unknown;

/** Asynchronous predictions of few samples, of a tensor, of many samples, and two that reject. */
function asynchronous(methods: Readonly<Record<string, Asynchronous>>): Record<string, readonly Call[]> {
  const entries = Object.entries(methods).map(([name, predict]) => {
    const calls: Call[] = [
      (g) => predict(g, rows),
      (g) => predict(g, g.x),
      (g) => predict(g, MANY),
      refused((g) => predict(g, g.weight)),
      refused((g) => {
        const controller = new AbortController();
        return predict(g, MANY, { signal: controller.signal, onProgress: () => controller.abort() });
      }),
    ];
    return [`SoftmaxRegression#${name}`, calls];
  });
  return Object.fromEntries(entries) as Record<string, readonly Call[]>;
}

/** A call that must throw or reject, without leaking tensors. */
function refused(call: Call): Call {
  return async (given) => {
    await expect(Promise.resolve(given).then(call)).rejects.toHaveProperty('message');
  };
}

function derivative(f: (o: tf.Tensor2D, given: Given) => tf.Tensor): Call {
  return (given) => tf.grad((o) => f(o as tf.Tensor2D, given).sum())(given.logits);
}

function stepOf(optimizer: library.Optimizer, { weight, rate }: Given): unknown {
  const state = optimizer.init({ weight });
  return [state, optimizer.update({ weight }, { weight }, state, rate)];
}

/** Exports that take no tensor; most are from rooms that do not import tfjs. */
const WITHOUT_TENSORS = [
  ...['BackendError', 'DomainError', 'FormatError', 'ShapeError', 'SoftmaxRegressionError', 'isSoftmaxRegressionError'],
  'inWords',
  ...[
    'CountVectorizer',
    'CountVectorizer.fit',
    'CountVectorizer.fitTransform',
    'CountVectorizer#featureNames',
    'CountVectorizer#numFeatures',
    'CountVectorizer#state',
    'CountVectorizer#transform',
    'encodeVectorizer',
    'TfidfVectorizer',
    'TfidfVectorizer.fit',
    'TfidfVectorizer.fitTransform',
    'TfidfVectorizer#featureNames',
    'TfidfVectorizer#numFeatures',
    'TfidfVectorizer#state',
    'TfidfVectorizer#transform',
    'HashingVectorizer',
    'HashingVectorizer#collisions',
    'HashingVectorizer#transform',
  ],
  ...['StoredRows', 'StoredRows#blocks', 'StoredRows#read', 'StoredRows#take'],
  ...['Random', 'Random.fromState', 'Random#state', 'Random#bits', 'Random#uniform', 'Random#normal', 'Random#below'],
  ...['Random#permutation', 'asFeatureArray', 'batchRanges', 'gatherEntries', 'gatherRows', 'parseIdx', 'loadIris'],
  ...[
    'take',
    'sparseMatrix',
    'toDense',
    'trainTestSplit',
    'stratifiedFolds',
    'columnStatistics',
    'standardize',
    'parseCsv',
    'encodeRows',
    'readCsvRows',
    'toOnnx',
    'readSamples',
    'readSvmlight',
    'identifyFiles',
    'optionFields',
  ],
];

/** The number of tensors that a call leaks. Returned tensors are disposed and not counted. */
async function leftBy(call: () => unknown): Promise<number> {
  const before = tf.memory().numTensors;
  tf.dispose(made(await call()));
  return tf.memory().numTensors - before;
}

/** The tensors in a result that are not in `old`. */
function made(result: unknown): tf.Tensor[] {
  const found = new Set<tf.Tensor>();
  const seen = new Set<unknown>();
  const collect = (value: unknown): void => {
    if (value instanceof tf.Tensor) found.add(value);
    else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !seen.has(value)) {
      seen.add(value);
      for (const each of Object.values(value)) collect(each);
    }
  };
  collect(result);
  return [...found].filter((tensor) => !old.has(tensor.id));
}

/** The ids of the tensors in `given`. */
let old: ReadonlySet<number>;

describe('the list of calls', () => {
  it('contains each export, method and static function of the package once', () => {
    expect([...Object.keys(CALLS), ...WITHOUT_TENSORS].sort()).toEqual(callablesOf(library).sort());
  });

  it('omits only constants and the namespaces metrics and reference', () => {
    const others = Object.entries(library).filter(([, value]) => typeof value !== 'function');
    expect(others.map(([name]) => name).sort()).toEqual([
      'BACKENDS',
      'FASHION_MNIST_CLASSES',
      'FINITE_DIFFERENCE',
      'FLOAT32',
      'FLOAT64',
      'metrics',
      'reference',
    ]);
  });
});

onEveryBackend('memory', () => {
  let inputs: Given;
  beforeAll(async () => {
    old = new Set();
    inputs = await given();
    old = new Set(made(inputs).map(({ id }) => id));
  });
  afterAll(() => {
    old = new Set();
    tf.dispose(made(inputs));
  });

  it.each(Object.entries(CALLS))('%s does not leak tensors', async (_, calls) => {
    for (const [i, call] of calls.entries()) expect([i, await leftBy(() => call(inputs))]).toEqual([i, 0]);
  });

  it('the calls do not dispose their inputs', () => {
    for (const each of Object.values(inputs)) if (each instanceof tf.Tensor) expect(each.isDisposed).toBe(false);
  });
});

describe('leftBy', () => {
  beforeAll(async () => {
    await useBackend('cpu');
    old = new Set();
  });

  it('counts leaked tensors, but not returned ones, nested or in a promise', async () => {
    expect(await leftBy(() => void tf.scalar(1))).toBe(1);
    expect(await leftBy(() => tf.scalar(1).add(1))).toBe(1);
    expect(await leftBy(() => tf.scalar(1))).toBe(0);
    expect(await leftBy(async () => ({ deep: [new Dense({ inputs: 2, units: 2 })] }))).toBe(0);
    expect(await leftBy(() => tf.tidy(() => tf.scalar(1).add(1)))).toBe(0);
  });

  it('counts the tensors leaked by a call that throws', async () => {
    const leaking = () => {
      tf.scalar(1);
      throw new Error('after a tensor was made');
    };
    const inputs = {} as Given;
    expect(await leftBy(() => refused(leaking)(inputs))).toBe(1);
    expect(await leftBy(() => refused(() => tf.tidy(leaking))(inputs))).toBe(0);
    await expect(refused(() => 1)(inputs)).rejects.toThrow();
  });

  it("does not count or dispose the caller's tensors", async () => {
    const mine = tf.tensor2d([[1]]);
    old = new Set([mine.id]);
    expect(await leftBy(() => library.asLogits(mine))).toBe(0);
    expect(mine.isDisposed).toBe(false);
    mine.dispose();
  });
});
