import * as tf from '@tensorflow/tfjs';
import { type CheckpointOptions, type FitOptions, Random, SoftmaxRegression } from 'softmax-regression';
import 'softmax-regression/node';
import { type CheckpointContent, decodeCheckpoint, encodeCheckpoint } from '../src/model/checkpoint-file.js';
import { onEveryBackend, type TestBackend } from './helpers/backends.js';

interface Problem {
  readonly features: number[][];
  readonly labels: number[];
}

type Options = FitOptions<number>;

/** Classes that overlap, in four features that are not alike. */
function problemOf(n: number, numClasses: number): Problem {
  const random = new Random(3);
  const labels = Array.from({ length: n }, (_, i) => i % numClasses);
  const features = labels.map((label) =>
    Array.from({ length: 4 }, (_, j) => (j + 1) * (random.normal() + (j % numClasses === label ? 1 : 0) + 0.5)),
  );
  return { features, labels };
}

/** Enough batches that a pause falls into an epoch, also where hundreds of steps are one native call; the last is short. */
const SAMPLES: Readonly<Record<TestBackend, number>> = { tensorflow: 2501, wasm: 401, cpu: 401 };

const plain = { solver: 'sgd', epochs: 2, batchSize: 2, learningRate: 0.02, seed: 7 } as const;
const oftenest = { iterations: 1 } as const;

/** A fit, and each checkpoint that it wrote. */
async function kept({ features, labels }: Problem, options: Options, every: CheckpointOptions['every'] = oftenest) {
  const checkpoints: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => {
    checkpoints.push(bytes);
  };
  const whole = await SoftmaxRegression.fit(features, labels, { ...options, checkpoint: { write, every } });
  return { ...whole, checkpoints };
}

/** All that a fit gives: numbers are equal only bit for bit. */
function outcome({ model, result }: Awaited<ReturnType<typeof SoftmaxRegression.fit>>) {
  return { weight: model.weight, bias: model.bias, options: model.options, result };
}

const contents = (bytes: Uint8Array) => decodeCheckpoint(bytes, 'test');

/** The same checkpoint but for one thing, with the checksum that belongs to it. */
async function altered(bytes: Uint8Array, change: (content: CheckpointContent) => Partial<CheckpointContent>) {
  const content = await contents(bytes);
  return encodeCheckpoint({ ...content, ...change(content) });
}

/** Tensors whose names begin so, changed. */
function changed(
  { tensors }: CheckpointContent,
  prefix: string,
  change: (value: number) => number,
): Pick<CheckpointContent, 'tensors'> {
  const entries = Object.entries(tensors).map(([name, { shape, values }]) => [
    name,
    { shape, values: name.startsWith(prefix) ? values.map(change) : values },
  ]);
  return { tensors: Object.fromEntries(entries) };
}

onEveryBackend('a fit by steps that is resumed', (backend) => {
  const three = problemOf(SAMPLES[backend], 3);
  const two = problemOf(SAMPLES[backend], 2);
  const validation = problemOf(60, 3);
  const cases: [string, Problem, Options][] = [
    ['sgd', three, plain],
    ['momentum', three, { ...plain, solver: 'momentum', learningRate: 0.005, l2: 0.01, shuffle: false }],
    ['adam', three, { ...plain, solver: 'adam', learningRate: 0.01, standardize: true, fitIntercept: false }],
    ['a PHM layer by autograd', two, { ...plain, solver: 'adam', layer: { phm: 2 }, gradient: 'autograd' }],
    ['a schedule', three, { ...plain, learningRate: { schedule: 'cosine', rate: 0.05, warmup: 0.5 } }],
    ['weights', three, { ...plain, classWeights: { 1: 3 }, sampleWeights: three.labels.map((_, i) => (i % 5) / 2) }],
    ['early stopping', three, { ...plain, learningRate: 0.3, epochs: 4, validation, earlyStopping: { patience: 2 } }],
  ];

  it.each(cases)('ends as one that was not interrupted, from each checkpoint, with %s', async (_, problem, options) => {
    const { features, labels } = problem;
    const without = await SoftmaxRegression.fit(features, labels, options);
    const whole = await kept(problem, options);
    expect(outcome(whole)).toEqual(outcome(without));
    const steps = await Promise.all(whole.checkpoints.map(async (bytes) => (await contents(bytes)).state.step));
    expect(steps.some((step) => step !== 0)).toBe(true);
    expect(steps.filter((step) => step === 0)).toHaveLength(whole.result.history.length);
    for (const resume of whole.checkpoints) {
      const before = tf.memory().numTensors;
      expect(outcome(await SoftmaxRegression.fit(features, labels, { ...options, resume }))).toEqual(outcome(without));
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('ends otherwise where a part of the checkpoint is lost: each of them counts', async () => {
    const options: Options = {
      ...plain,
      solver: 'adam',
      epochs: 3,
      learningRate: { schedule: 'exponential', rate: 0.05, factor: 0.5 },
      validation,
      earlyStopping: { patience: 9 },
    };
    const whole = await kept(three, options, { iterations: 1 });
    const states = await Promise.all(whole.checkpoints.map(contents));
    // In the midst of the second epoch: everything is under way.
    const at = states.findIndex(({ state }) => state.epoch === 1 && state.step !== 0);
    const resumed = async (change: (content: CheckpointContent) => Partial<CheckpointContent>) => {
      const resume = await altered(whole.checkpoints[at], change);
      return outcome(await SoftmaxRegression.fit(three.features, three.labels, { ...options, resume }));
    };
    const { weight, bias, result } = outcome(whole);
    expect(await resumed(() => ({}))).toMatchObject({ weight, bias, result });
    const losses: Record<string, (content: CheckpointContent) => Partial<CheckpointContent>> = {
      generator: ({ state }) => ({ state: { ...state, random: [1, 2, 3, 4] } }),
      'position in the epoch': ({ state }) => ({ state: { ...state, step: (state.step as number) - 1 } }),
      epoch: ({ state, tensors }) => ({
        state: { ...state, epoch: 2 },
        tensors: { ...tensors, history: { shape: [2, 3], values: new Float64Array(6) } },
      }),
      parameters: (content) => changed(content, 'parameters.weight', (x) => x + 1e-3),
      'first moment': (content) => changed(content, 'optimizer.mean.weight', () => 0),
      'second moment': (content) => changed(content, 'optimizer.square.bias', (x) => 2 * x),
      'count of steps': (content) => changed(content, 'optimizer.ones', () => 0.5),
      'summed loss': (content) => changed(content, 'sums', (x) => x + 1e-6),
      history: (content) => changed(content, 'history', (x) => x + 1e-6),
    };
    for (const [name, change] of Object.entries(losses)) {
      const { weight, bias, result } = await resumed(change);
      expect([name, { weight, bias, result }]).not.toEqual([name, outcome(whole)]);
      const { weight: right, bias: rightBias, result: rightResult } = outcome(whole);
      const same = JSON.stringify([weight, bias, result]) === JSON.stringify([right, rightBias, rightResult]);
      expect([name, same]).toEqual([name, false]);
    }
  });
});
