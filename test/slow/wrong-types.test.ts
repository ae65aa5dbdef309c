// Every exported function, given a wrong type, works or throws an error that names the argument.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { StoredRows } from 'softmax-regression';
import * as library from 'softmax-regression';
import * as mpi from 'softmax-regression/mpi';
import * as node from 'softmax-regression/node';
import * as predict from 'softmax-regression/predict';
import * as predictRecords from 'softmax-regression/predict-records';
import * as predictText from 'softmax-regression/predict-text';
import * as report from 'softmax-regression/report';
import { useBackend } from '../helpers/backends.js';
import { callablesOf } from '../helpers/callables.js';
import { proof, smallInput } from '../helpers/report-input.js';

const { Dense, metrics, Phm, Random, reference, SoftmaxRegression, sgd } = library;
const { CountVectorizer, encodeVectorizer, HashingVectorizer, TfidfVectorizer } = library;

const rows = () => [
  [1, 2],
  [4, 3],
  [0, 1],
  [2, 5],
];
const names = () => ['a', 'b', 'a', 'b'];
const shares = () => [
  [0.5, 0.5],
  [1, 0],
];
const csv = () => new TextEncoder().encode('w,kind\n1,cat\n9,dog\n2,cat\n');
const named = () => ({ name: 'pets.csv', stream: () => new Blob([csv()]).stream() });
const signal = () => new AbortController().signal;
const nothing = () => undefined;
const weights = () => [1, 2, 1, 2];

let folder: string;
let model: library.SoftmaxRegression<string>;
let ofTable: library.SoftmaxRegression<library.Label>;
let dense: library.Dense;
let phm: library.Phm;
let table: library.CsvTable;
let checkpoint: Uint8Array;
const tensor = (values: number[][]) => tf.tensor2d(values);

beforeAll(async () => {
  await useBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'wrong-types-test-'));
  table = library.parseCsv(csv(), { label: 'kind' });
  ({ model } = await SoftmaxRegression.fit(rows(), names()));
  const pets = library.parseCsv('width,kind\n1,a\n2,b\n3,a\n', { label: 'kind' });
  ({ model: ofTable } = await SoftmaxRegression.fit(pets.features, pets.labels, { schema: pets.schema }));
  const write = (bytes: Uint8Array) => {
    checkpoint = bytes;
  };
  await SoftmaxRegression.fit(rows(), names(), { checkpoint: { write } });
  await node.saveModel(join(folder, 'model.safetensors'), model);
  dense = new Dense({ inputs: 2, units: 2 });
  phm = new Phm({ inputs: 2, units: 2, n: 2 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A function and arguments that it accepts. */
type Example = readonly [call: (...args: never[]) => unknown, ...args: unknown[]];

const FIT = () => ({
  ...{
    l2: 0.1,
    l1: 0.1,
    standardize: true,
    fitIntercept: true,
    classWeights: { a: 1, b: 2 },
    sampleWeights: weights(),
  },
  ...{ tolerance: 1e-3, maxIterations: 2, classes: ['a', 'b'], featureNames: ['x', 'y'], warmStart: model },
  ...{
    signal: signal(),
    onProgress: nothing,
    onEpochEnd: nothing,
    checkpoint: { write: nothing, every: { epochs: 1 } },
  },
});
const STEPS = () => ({
  ...{ solver: 'adam', epochs: 2, batchSize: 2, seed: 0, layer: { phm: 2 }, gradient: 'autograd' },
  ...{ learningRate: { schedule: 'cosine', rate: 0.1 } },
  ...{ validation: { features: rows(), labels: names(), sampleWeights: weights() } },
  ...{ earlyStopping: { patience: 2, minDelta: 0 }, sampleWeights: weights(), onEpochEnd: nothing },
});
const FOLDS = () => ({ folds: 2, seed: 0, signal: signal(), onProgress: nothing, sampleWeights: weights() });
const WEIGHED = () => ({ sampleWeights: [1, 2], classWeights: [1, 2], labelSmoothing: 0.1, reduction: 'none' });
const INFORMATION = () => ({ reduction: 'none', unit: 'bits' });
const SCORED = () => ({ classes: ['a', 'b'], sampleWeights: weights() });
const RECORD = () => ({ width: 2 });
const PREDICT = () => ({ signal: signal(), onProgress: nothing });
const FIELDS = () => ({ where: 'f', argument: 'x', expected: 'be', actual: 'y', hint: 'z' });
/** The rows [[0, 1], [2, 0], [0, 0], …] */
const sparse = () => ({
  starts: Int32Array.from({ length: names().length + 1 }, (_, i) => Math.min(i, 2)),
  indices: Int32Array.of(1, 0),
  values: Float64Array.of(1, 2),
  shape: [names().length, 2],
});
const texts = () => ['red red rose', 'blue rose'];
const probabilities = () => rows().map(() => [0.25, 0.75]);

/** Options with an aborted signal, where they are options without one: the call then ends before its work. */
function aborted<T>(options: T): T {
  const isOptions =
    options === undefined || (typeof options === 'object' && options !== null && !Array.isArray(options));
  return isOptions ? { signal: AbortSignal.abort(), ...options } : options;
}

function storedRows(): StoredRows {
  return new library.StoredRows([2, 2], async (_start, _end, into) => void into.fill(1));
}

async function drained(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}

/** All that can be called with arguments; one example or more of each. */
const EXAMPLES: Readonly<Record<string, () => readonly Example[]>> = {
  isSoftmaxRegressionError: () => [[library.isSoftmaxRegressionError, new Error('x')]],
  inWords: () => [[library.inWords, new library.ShapeError(FIELDS()), nothing, 'x']],
  Random: () => [[(seed) => new Random(seed), 0]],
  'Random.fromState': () => [[Random.fromState, [1, 2, 3, 4]]],
  'Random#below': () => [[(n) => new Random(0).below(n), 3]],
  'Random#permutation': () => [[(n) => new Random(0).permutation(n), 3]],
  // data
  asFeatureArray: () => [
    [library.asFeatureArray, rows()],
    [library.asFeatureArray, { values: Float32Array.of(1, 2), shape: [1, 2], scale: 2 }],
  ],
  StoredRows: () => [
    [(...given: ConstructorParameters<typeof library.StoredRows>) => new library.StoredRows(...given), [2, 2], nothing],
  ],
  'StoredRows#blocks': () => [[(rows: number) => drained(storedRows().blocks(rows)), 2]],
  'StoredRows#read': () => [
    [(...given: Parameters<StoredRows['read']>) => storedRows().read(...given), 0, 1, new Float64Array(2)],
  ],
  'StoredRows#take': () => [[(indices: number[]) => storedRows().take(indices), [0, 1]]],
  batchRanges: () => [[library.batchRanges, 5, 2]],
  gatherEntries: () => [[library.gatherEntries, Float32Array.of(1, 2, 3), [1, 0], 0, 2]],
  gatherRows: () => [[library.gatherRows, library.asFeatureArray(rows()), [1, 0], 0, 2]],
  stratifiedFolds: () => [[library.stratifiedFolds, names(), { folds: 2, seed: 0 }]],
  parseIdx: () => [[library.parseIdx, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 5), { name: 'x', magic: 0x801 }]],
  loadIris: () => [[library.loadIris]],
  take: () => [
    [library.take, [1, 2, 3], [1, 0]],
    [library.take, library.asFeatureArray(rows()), [1, 0]],
    [library.take, sparse(), [1, 0]],
  ],
  sparseMatrix: () => [
    [library.sparseMatrix, [{ 1: 2 }, new Map([[0, 3]])], 2],
    [library.sparseMatrix, { rows: [0], columns: [1], values: [2], shape: [1, 2] }],
    [library.sparseMatrix, library.asFeatureArray(rows())],
  ],
  toDense: () => [[library.toDense, sparse()]],
  trainTestSplit: () => [[library.trainTestSplit, 4, { testFraction: 0.5, seed: 0, stratify: names() }]],
  columnStatistics: () => [[library.columnStatistics, rows()]],
  standardize: () => [[library.standardize, rows(), { mean: [1, 2], scale: [1, 1] }]],
  parseCsv: () => [
    [library.parseCsv, csv(), { label: 'kind', name: 'x', missing: 'mean', strings: 'one-hot', ignore: [] }],
    [
      library.parseCsv,
      csv(),
      { delimiter: ',', decimal: '.', missingTokens: ['?'], unseen: 'error', maxCategories: 9, label: 'kind' },
    ],
    [library.parseCsv, csv(), { header: true, label: 'kind', labelType: 'text' }],
  ],
  encodeRows: () => [[library.encodeRows, table.schema, [{ w: 1 }], { strict: true }]],
  readCsvRows: () => [
    [
      (...args: Parameters<typeof library.readCsvRows>) => drained(library.readCsvRows(...args)),
      [csv()],
      table.schema,
      { name: 'x', batchSize: 2, delimiter: ',', decimal: '.' },
    ],
    [
      (...args: Parameters<typeof library.readCsvRows>) => drained(library.readCsvRows(...args)),
      named().stream(),
      table.schema,
    ],
  ],
  readSamples: () => [
    [library.readSamples, [named()], { label: 'kind', testFraction: 0.4, seed: 0, maxBytes: 1000, maxMemory: 1e6 }],
    [library.readSamples, 'iris', { testFraction: 0.4, classNames: undefined }],
  ],
  readSvmlight: () => [
    [
      library.readSvmlight,
      { name: 'a.svm', stream: () => new Blob(['1 1:2\n2 3:1\n']).stream() },
      { zeroBased: false, columns: 3, qid: 'ignore', dtype: 'float32', maxBytes: 1000, maxMemory: 1e6 },
    ],
    [library.readSvmlight, Buffer.from('1 1:2\n2 3:1\n')],
  ],
  identifyFiles: () => [[library.identifyFiles, [named()], { rows: 2 }]],
  optionFields: () => [[library.optionFields]],
  // text
  'CountVectorizer.fit': () => [[CountVectorizer.fit, texts(), { ngramRange: [1, 2], minDocuments: 1, binary: true }]],
  'CountVectorizer.fitTransform': () => [[CountVectorizer.fitTransform, texts(), { analyzer: 'char', maxFeatures: 3 }]],
  'CountVectorizer#transform': () => [[(x: string[]) => CountVectorizer.fit(texts()).transform(x), texts()]],
  'TfidfVectorizer.fit': () => [[TfidfVectorizer.fit, texts(), { stopWords: ['red'], sublinearTf: true, norm: 'l1' }]],
  'TfidfVectorizer.fitTransform': () => [[TfidfVectorizer.fitTransform, texts(), { useIdf: false, dtype: 'float32' }]],
  'TfidfVectorizer#transform': () => [[(x: string[]) => TfidfVectorizer.fit(texts()).transform(x), texts()]],
  HashingVectorizer: () => [[(x: object) => new HashingVectorizer(x), { numFeatures: 8, alternateSign: false }]],
  encodeVectorizer: () => [[encodeVectorizer, TfidfVectorizer.fit(texts())]],
  'HashingVectorizer#transform': () => [[(x: string[]) => new HashingVectorizer().transform(x), texts()]],
  'HashingVectorizer#collisions': () => [[(x: string[]) => new HashingVectorizer().collisions(x), texts()]],
  // nn
  asLabels: () => [[library.asLabels, [1, 0], 2]],
  asLogits: () => [[library.asLogits, rows()]],
  asProbabilities: () => [[library.asProbabilities, shares()]],
  asTargets: () => [[library.asTargets, shares()]],
  oneHot: () => [[library.oneHot, [1, 0], 2]],
  fromOneHot: () => [[library.fromOneHot, library.oneHot([1, 0], 2)]],
  softmax: () => [[library.softmax, tensor(shares())]],
  logSoftmax: () => [[library.logSoftmax, tensor(shares())]],
  crossEntropy: () => [[library.crossEntropy, tensor(shares()), tensor(shares()), WEIGHED()]],
  sparseCrossEntropy: () => [[library.sparseCrossEntropy, tensor(shares()), [0, 1], { ...WEIGHED(), ignoreIndex: -1 }]],
  entropy: () => [[library.entropy, tensor(shares()), INFORMATION()]],
  klDivergence: () => [[library.klDivergence, tensor(shares()), tensor(shares()), INFORMATION()]],
  distributionCrossEntropy: () => [
    [library.distributionCrossEntropy, tensor(shares()), tensor(shares()), INFORMATION()],
  ],
  negativeLogLikelihood: () => [[library.negativeLogLikelihood, tensor(shares()), [0, 0], INFORMATION()]],
  perplexity: () => [[library.perplexity, tensor(shares()), [0, 0]]],
  dense: () => [[library.dense, tensor(rows()), tensor(shares()), tf.tensor1d([1, 2])]],
  Dense: () => [[(x) => new Dense(x), { inputs: 2, units: 2, weight: shares(), bias: [1, 2], seed: 0 }]],
  'Dense#weightOf': () => [[(p) => dense.weightOf(p), dense.parameters]],
  'Dense#forward': () => [[(...args: [never, never]) => dense.forward(...args), tensor(rows()), dense.parameters]],
  'Dense#pullback': () => [[(...args: [never]) => dense.pullback(...args), tensor(shares())]],
  Phm: () => [[(x) => new Phm(x), { inputs: 2, units: 2, n: 2, bias: [1, 2], seed: 0, trainableFactors: true }]],
  'Phm#weightOf': () => [[(p) => phm.weightOf(p), phm.parameters]],
  'Phm#forward': () => [[(...args: [never, never]) => phm.forward(...args), tensor(rows()), phm.parameters]],
  'Phm#pullback': () => [[(...args: [never]) => phm.pullback(...args), tensor(shares())]],
  phmWeight: () => [[library.phmWeight, tf.ones([2, 2, 2]), tf.ones([2, 1, 1])]],
  backward: () => [[library.backward, dense, tensor(rows()), tensor(rows()), dense.parameters, 0.1]],
  // optim
  sgd: () => [[sgd]],
  momentum: () => [[library.momentum, { momentum: 0.9 }]],
  adam: () => [[library.adam, { beta1: 0.9, beta2: 0.9, epsilon: 1e-7 }]],
  // compile
  compile: () => [[library.compile, (x: tf.Tensor) => x.add(1), { maxGraphs: 2 }]],
  scan: () => [
    [
      library.scan,
      (s: tf.Tensor, b: tf.Tensor) => [s, b.max()],
      tf.scalar(0),
      Float32Array.of(1, 2, 3),
      { batchSize: 2, epochs: 2, seed: 0, signal: signal(), onChunk: nothing },
    ],
    [
      library.scan,
      (s: tf.Tensor) => [s, {}],
      tf.scalar(0),
      Float32Array.of(1, 2),
      { batchSize: 1, order: () => Int32Array.of(1, 0) },
    ],
  ],
  // gradcheck, backend
  gradcheck: () => [
    [
      library.gradcheck,
      {
        layer: dense,
        features: tensor(rows()),
        targets: library.oneHot([0, 1, 0, 1], 2),
        maxDifferences: 3,
        gradient: undefined,
      },
    ],
  ],
  gradcheckAsync: () => [
    [
      library.gradcheckAsync,
      {
        layer: dense,
        features: tensor(rows()),
        targets: library.oneHot([0, 1, 0, 1], 2),
        maxDifferences: 3,
        gradient: undefined,
      },
    ],
  ],
  gradcheckLine: () => [[library.gradcheckLine, proof()]],
  formatGradcheck: () => [[library.formatGradcheck, proof()]],
  selectBackend: () => [[library.selectBackend, 'cpu']],
  formatBackend: () => [[library.formatBackend, { backend: 'cpu', description: '', refused: [] }]],
  // model
  'SoftmaxRegression.fit': () => [
    [SoftmaxRegression.fit, rows(), names(), FIT()],
    [SoftmaxRegression.fit, rows(), names(), STEPS()],
    [SoftmaxRegression.fit, sparse(), names(), { l2: 1 }],
    [SoftmaxRegression.fit, rows(), names(), { solver: 'lbfgs', resume: checkpoint }],
    [SoftmaxRegression.fit, [[1], [9]], names().slice(0, 2), { schema: table.schema }],
  ],
  'SoftmaxRegression.untrained': () => [
    [
      SoftmaxRegression.untrained,
      {
        classes: ['a', 'b'],
        numFeatures: 2,
        solver: 'adam',
        learningRate: 0.1,
        featureNames: ['x', 'y'],
        warmStart: model,
        classWeights: { a: 1 },
      },
    ],
  ],
  'SoftmaxRegression.fromBytes': () => [[SoftmaxRegression.fromBytes, model.toBytes(), 'x']],
  'SoftmaxRegression#partialFit': () => [
    [
      async (...args: [never, never, never]) =>
        (await SoftmaxRegression.untrained({ classes: ['a', 'b'], numFeatures: 2 })).partialFit(...args),
      rows(),
      names(),
      { epochs: 1, sampleWeights: weights(), signal: signal(), onProgress: nothing },
    ],
  ],
  'SoftmaxRegression#logits': () => [[(x) => model.logits(x), rows()]],
  'SoftmaxRegression#predict': () => [
    [(x) => model.predict(x), rows()],
    [(x) => model.predict(x), sparse()],
  ],
  'SoftmaxRegression#predictProbabilities': () => [[(x) => model.predictProbabilities(x), rows()]],
  'SoftmaxRegression#predictTopK': () => [[(...args: [never, never]) => model.predictTopK(...args), rows(), 2]],
  'SoftmaxRegression#logitsAsync': () => [[(...args: [never, never]) => model.logitsAsync(...args), rows(), PREDICT()]],
  'SoftmaxRegression#predictAsync': () => [
    [(...args: [never, never]) => model.predictAsync(...args), rows(), PREDICT()],
    [(...args: [never, never]) => model.predictAsync(...args), sparse(), PREDICT()],
  ],
  'SoftmaxRegression#predictProbabilitiesAsync': () => [
    [(...args: [never, never]) => model.predictProbabilitiesAsync(...args), rows(), PREDICT()],
  ],
  'SoftmaxRegression#predictTopKAsync': () => [
    [(...args: [never, never, never]) => model.predictTopKAsync(...args), rows(), 2, PREDICT()],
  ],
  'SoftmaxRegression#evaluate': () => [
    [
      (...args: [never, never, never]) => model.evaluate(...args),
      rows(),
      names(),
      { sampleWeights: weights(), bins: 3, confidence: 0.9, ...PREDICT() },
    ],
  ],
  'SoftmaxRegression#calibrate': () => [
    [
      (...args: [never, never, never]) => model.calibrate(...args),
      rows(),
      names(),
      { sampleWeights: weights(), signal: signal() },
    ],
  ],
  'SoftmaxRegression#contributions': () => [
    [(...args: [never, never]) => model.contributions(...args), [1, 2], { baseline: [0, 0] }],
  ],
  'SoftmaxRegression#predictRecords': () => [
    [(...args: [never, never]) => ofTable.predictRecords(...args), [RECORD()], { unseen: 'zero', strict: false }],
  ],
  'SoftmaxRegression#explainRecord': () => [
    [(...args: [never, never]) => ofTable.explainRecord(...args), RECORD(), { unseen: 'zero', strict: false }],
  ],
  'SoftmaxRegression#weightTable': () => [[(x) => model.weightTable(x), { sort: 'magnitude', scale: [1, 1] }]],
  crossValidate: () => [[library.crossValidate, rows(), names(), { ...FOLDS(), l2: 1, outOfFold: true }]],
  learningCurve: () => [[library.learningCurve, rows(), names(), { ...FOLDS(), l2: 1, sizes: [2] }]],
  lambdaPath: () => [[library.lambdaPath, rows(), names(), { ...FOLDS(), l2: [1], refit: 'best' }]],
  toOnnx: () => [[library.toOnnx, model, { featureNames: ['x', 'y'], name: 'm' }]],
  // metrics
  'metrics.accuracy': () => [[metrics.accuracy, names(), names(), { sampleWeights: weights() }]],
  'metrics.balancedAccuracy': () => [[metrics.balancedAccuracy, names(), names(), { sampleWeights: weights() }]],
  'metrics.brier': () => [[metrics.brier, names(), probabilities(), SCORED()]],
  'metrics.cohenKappa': () => [[metrics.cohenKappa, names(), names(), { ...SCORED(), weights: 'linear' }]],
  'metrics.confusionMatrix': () => [[metrics.confusionMatrix, names(), names(), SCORED()]],
  'metrics.expectedCalibrationError': () => [
    [metrics.expectedCalibrationError, names(), probabilities(), { ...SCORED(), bins: 3 }],
  ],
  'metrics.logLoss': () => [[metrics.logLoss, names(), probabilities(), SCORED()]],
  'metrics.matthews': () => [[metrics.matthews, names(), names(), { sampleWeights: weights() }]],
  'metrics.precisionRecallFscore': () => [
    [metrics.precisionRecallFscore, names(), names(), { ...SCORED(), average: 'macro' }],
  ],
  'metrics.reliabilityBins': () => [[metrics.reliabilityBins, names(), probabilities(), { ...SCORED(), bins: 3 }]],
  'metrics.mcnemar': () => [[metrics.mcnemar, names(), names(), names()]],
  'metrics.pairedDifference': () => [[metrics.pairedDifference, [1, 2, 3], [2, 1, 5], { confidence: 0.9 }]],
  'metrics.rocCurve': () => [[metrics.rocCurve, names(), probabilities(), SCORED()]],
  'metrics.precisionRecallCurve': () => [[metrics.precisionRecallCurve, names(), probabilities(), SCORED()]],
  'metrics.rocAuc': () => [[metrics.rocAuc, names(), probabilities(), SCORED()]],
  'metrics.topKAccuracy': () => [[metrics.topKAccuracy, names(), probabilities(), 1, SCORED()]],
  'metrics.wilsonInterval': () => [[metrics.wilsonInterval, 1, 3, { confidence: 0.9 }]],
  // reference
  'reference.asMatrix': () => [
    [reference.asMatrix, rows()],
    [reference.asMatrix, reference.asMatrix(rows())],
  ],
  'reference.centralDifference': () => [[reference.centralDifference, () => 1, [1, 2], { indices: [0], step: 1e-5 }]],
  'reference.columnSums': () => [[reference.columnSums, rows()]],
  'reference.crossEntropy': () => [[reference.crossEntropy, shares(), shares(), WEIGHED()]],
  'reference.crossEntropyGradient': () => [[reference.crossEntropyGradient, shares(), shares(), WEIGHED()]],
  'reference.crossEntropyHessianVector': () => [
    [reference.crossEntropyHessianVector, shares(), shares(), shares(), WEIGHED()],
  ],
  'reference.dense': () => [[reference.dense, rows(), shares(), [1, 2]]],
  'reference.denseGradient': () => [[reference.denseGradient, shares(), shares(), shares()]],
  'reference.distributionCrossEntropy': () => [[reference.distributionCrossEntropy, shares(), shares(), INFORMATION()]],
  'reference.entropy': () => [[reference.entropy, shares(), INFORMATION()]],
  'reference.fromOneHot': () => [[reference.fromOneHot, [[0, 1]]]],
  'reference.klDivergence': () => [[reference.klDivergence, shares(), shares(), INFORMATION()]],
  'reference.kron': () => [[reference.kron, shares(), shares()]],
  'reference.logSoftmax': () => [[reference.logSoftmax, shares()]],
  'reference.logSoftmaxGradient': () => [[reference.logSoftmaxGradient, shares(), shares()]],
  'reference.logSoftmaxHessianVector': () => [[reference.logSoftmaxHessianVector, shares(), shares(), shares()]],
  'reference.matmul': () => [[reference.matmul, shares(), shares()]],
  'reference.negativeLogLikelihood': () => [[reference.negativeLogLikelihood, shares(), [0, 0], INFORMATION()]],
  'reference.oneHot': () => [[reference.oneHot, [1, 0], 2]],
  'reference.perplexity': () => [[reference.perplexity, shares(), [0, 0]]],
  'reference.phm': () => [[reference.phm, shares(), [[[1]]], [shares()], [1, 2]]],
  'reference.phmGradient': () => [[reference.phmGradient, shares(), [[[1]]], [shares()], shares()]],
  'reference.phmWeight': () => [[reference.phmWeight, [[[1]]], [shares()]]],
  'reference.quaternionFactors': () => [[reference.quaternionFactors]],
  'reference.softmax': () => [[reference.softmax, shares()]],
  'reference.softmaxGradient': () => [[reference.softmaxGradient, shares(), shares()]],
  'reference.softmaxHessianVector': () => [[reference.softmaxHessianVector, shares(), shares(), shares()]],
  'reference.sparseCrossEntropy': () => [
    [reference.sparseCrossEntropy, shares(), [0, 1], { ...WEIGHED(), ignoreIndex: -1 }],
  ],
  'reference.sparseCrossEntropyGradient': () => [[reference.sparseCrossEntropyGradient, shares(), [0, 1], WEIGHED()]],
  'reference.sparseCrossEntropyHessianVector': () => [
    [reference.sparseCrossEntropyHessianVector, shares(), [0, 1], shares(), WEIGHED()],
  ],
  'reference.toRows': () => [[reference.toRows, shares()]],
  'reference.transpose': () => [[reference.transpose, shares()]],
  // predict
  'predict-records.loadRecordPredictor': () => [[predictRecords.loadRecordPredictor, ofTable.toBytes()]],
  'predict-text.loadTextVectorizer': () => [
    [predictText.loadTextVectorizer, encodeVectorizer(TfidfVectorizer.fit(['red rose']))],
  ],
  'predict.loadPredictor': () => [[predict.loadPredictor, model.toBytes(), 'x']],
  // report
  'report.confidentMistakes': () => [
    [report.confidentMistakes, names(), probabilities(), ['a', 'b'], (i: number) => rows()[i], 2],
  ],
  'report.formatTable': () => [
    [report.formatTable, { head: ['a', 'b'], rows: [['x', 1]], align: ['left', 'right'], colour: true }],
  ],
  'report.renderReport': () => [[report.renderReport, smallInput()]],
  'report.renderSections': () => [[report.renderSections, smallInput(), ['confusion']]],
  'report.sparkline': () => [[report.sparkline, [1, 2, 3], { width: 2 }]],
  'report.wantsColour': () => [[report.wantsColour, {}, true]],
  // node
  'node.cacheFolder': () => [[node.cacheFolder, 'x']],
  'node.doctor': () => [[(x) => node.doctor(aborted(x)), {}]],
  'node.fileCheckpoint': () => [[node.fileCheckpoint, join(folder, 'run.checkpoint'), { every: { epochs: 1 } }]],
  'node.formatDoctor': () => [
    [
      node.formatDoctor,
      { findings: [{ state: 'ok', subject: 'x', found: 'y' }], native: { ok: false, reason: 'x' }, next: 'z' },
    ],
  ],
  'mpi.installMpi': () => [[(x) => mpi.installMpi(aborted(x)), { onProgress: nothing, force: false }]],
  'mpi.mpiStatus': () => [[mpi.mpiStatus]],
  'mpi.openCommunicator': () => [[mpi.openCommunicator, { quiet: false }]],
  'node.installNative': () => [
    [(x) => node.installNative(aborted(x)), { onProgress: nothing, gpu: false, force: false }],
  ],
  'node.loadFashionMnist': () => [
    [(x) => node.loadFashionMnist(aborted(x)), { dir: folder, offline: true, onProgress: nothing }],
  ],
  'node.loadIdxFolder': () => [[node.loadIdxFolder, folder]],
  'node.loadModel': () => [[node.loadModel, join(folder, 'model.safetensors')]],
  'node.loadNative': () => [[node.loadNative]],
  'node.nativeStatus': () => [[node.nativeStatus]],
  'node.readCheckpoint': () => [[node.readCheckpoint, join(folder, 'none.checkpoint')]],
  'node.saveCompiled': () => [
    [node.saveCompiled, join(folder, 'saved'), library.compile((x: tf.Tensor) => x), tf.scalar(1)],
  ],
  'node.saveModel': () => [[node.saveModel, join(folder, 'a.safetensors'), model]],
};

/** What has no argument of its own, or takes results only. */
const WITHOUT_ARGUMENTS = [
  // Thrown by the package, not made by its users.
  ...['BackendError', 'DomainError', 'FormatError', 'ShapeError', 'SoftmaxRegressionError'],
  ...['Random#state', 'Random#bits', 'Random#uniform', 'Random#normal'],
  ...['Dense#weight', 'Dense#bias', 'Dense#numParameters', 'Dense#dispose', 'Phm#numParameters', 'Phm#dispose'],
  ...['weight', 'bias', 'columns', 'affine', 'featureDeviations', 'toBytes'].map((name) => `SoftmaxRegression#${name}`),
  ...['CountVectorizer', 'CountVectorizer#featureNames', 'CountVectorizer#numFeatures', 'CountVectorizer#state'],
  ...['TfidfVectorizer', 'TfidfVectorizer#featureNames', 'TfidfVectorizer#numFeatures', 'TfidfVectorizer#state'],
  'SoftmaxRegression',
  // Scores of a confusion matrix that is counted already.
  ...['balancedAccuracy', 'cohenKappa', 'matthews'].map((name) => `metrics.${name}.of`),
];

const WRONG: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  '7': 7,
  NaN: NaN,
  "'text'": 'text',
  true: true,
  '{}': {},
  '[]': [],
  'a Map': new Map([['a', 1]]),
  'a function': () => undefined,
  'a Symbol': Symbol('s'),
  'a frozen Proxy': Object.freeze(new Proxy({}, {})),
};

/** Each place in a value: itself, its fields if it is a plain object, the first entry if it is an array. */
function* placesIn(value: unknown, depth: number): Generator<readonly (string | number)[]> {
  yield [];
  if (depth === 0 || typeof value !== 'object' || value === null) return;
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  const keys = Array.isArray(value) ? (value.length > 0 ? [0] : []) : isPlain ? Object.keys(value) : [];
  for (const key of keys) for (const inner of placesIn(Reflect.get(value, key), depth - 1)) yield [key, ...inner];
}

/** A copy of plain objects and arrays with one place replaced. */
function replaced(value: unknown, [key, ...inner]: readonly (string | number)[], wrong: unknown): unknown {
  if (key === undefined) return wrong;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  Reflect.set(copy, key, replaced(Reflect.get(copy, key), inner, wrong));
  return copy;
}

/** Of another realm than that of the tests. */
function isAbort(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'AbortError';
}

/** The calls that threw anything except a named error: `args[2].signal = a Symbol: TypeError: …`. */
async function unnamed([call, ...args]: Example, depth: number): Promise<string[]> {
  const found: string[] = [];
  const places = args.flatMap((value, i) => [...placesIn(value, depth)].map((inner) => [i, ...inner]));
  for (const place of places) {
    for (const [name, wrong] of Object.entries(WRONG)) {
      const error = await errorOf(call, replaced(args, place, wrong) as unknown[]);
      if (error === undefined || isAbort(error)) continue;
      if (library.isSoftmaxRegressionError(error) && error.argument !== '') continue;
      const at = place.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
      found.push(`args${at} = ${name}: ${error}`);
    }
  }
  return found;
}

async function errorOf(call: Example[0], args: readonly unknown[]): Promise<unknown> {
  try {
    tf.dispose((await call(...(args as never[]))) as tf.TensorContainer);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** These need what the test does not have: kernels, or files of images. Their arguments are checked first. */
const REFUSED = ['node.saveCompiled', 'node.loadIdxFolder'];

/** Results of other functions are tried as a whole. */
const RESULTS = [
  'gradcheckLine',
  'formatGradcheck',
  'formatBackend',
  'node.formatDoctor',
  'report.renderReport',
  'report.renderSections',
];

describe('a wrong type', () => {
  it.each(Object.keys(EXAMPLES))('is named by %s', async (name) => {
    for (const example of EXAMPLES[name]()) {
      const [call, ...args] = example;
      const error = await errorOf(call, args);
      expect(error === undefined || isAbort(error) || REFUSED.includes(name) || error).toBe(true);
      expect(await unnamed(example, RESULTS.includes(name) ? 0 : 2)).toEqual([]);
    }
  });

  it('is tried with every export', () => {
    const doors = {
      'reference.': reference,
      'metrics.': metrics,
      'mpi.': mpi,
      'node.': node,
      'predict.': predict,
      'predict-records.': predictRecords,
      'predict-text.': predictText,
      'report.': report,
    };
    const others = Object.entries(doors).flatMap(([prefix, door]) => callablesOf(door).map((name) => prefix + name));
    expect([...Object.keys(EXAMPLES), ...WITHOUT_ARGUMENTS].sort()).toEqual(
      [...callablesOf(library), ...others].sort(),
    );
  });
});
