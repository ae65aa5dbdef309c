import * as tf from '@tensorflow/tfjs';
import { type CheckpointOptions, type FitOptions, Random, SoftmaxRegression } from 'softmax-regression';
import 'softmax-regression/node';
import { type CheckpointContent, decodeCheckpoint, encodeCheckpoint } from '../../src/training/checkpoint/file.js';
import { onEveryBackend, TEST_BACKENDS, type TestBackend, useBackend } from '../helpers/backends.js';

interface Problem {
  readonly features: number[][];
  readonly labels: number[];
}

type Options = FitOptions<number>;

/** Overlapping classes, in four features of different scales. */
function problemOf(n: number, numClasses: number): Problem {
  const random = new Random(3);
  const labels = Array.from({ length: n }, (_, i) => i % numClasses);
  const features = labels.map((label) =>
    Array.from({ length: 4 }, (_, j) => (j + 1) * (random.normal() + (j % numClasses === label ? 1 : 0) + 0.5)),
  );
  return { features, labels };
}

/** Enough batches that a pause falls within an epoch, even if hundreds of steps are one native call; the last batch is short. */
const SAMPLES: Readonly<Record<TestBackend, number>> = { tensorflow: 5001, wasm: 401, cpu: 401 };

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

/** The results of a fit, compared bit for bit. */
function outcome({ model, result }: Awaited<ReturnType<typeof SoftmaxRegression.fit>>) {
  return { weight: model.weight, bias: model.bias, options: model.options, result };
}

const contents = (bytes: Uint8Array) => decodeCheckpoint(bytes, 'test');

/** The checkpoint with one change and a valid checksum. */
async function altered(bytes: Uint8Array, change: (content: CheckpointContent) => Partial<CheckpointContent>) {
  const content = await contents(bytes);
  return encodeCheckpoint({ ...content, ...change(content) });
}

/** Changes the tensors whose names start with `prefix`. */
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

onEveryBackend('a resumed fit by steps', (backend) => {
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
    ['early stopping', three, { ...plain, epochs: 9, validation, earlyStopping: { patience: 2, minDelta: 9 } }],
  ];

  it.each(cases)('matches an uninterrupted fit from each checkpoint, with %s', async (_, problem, options) => {
    const { features, labels } = problem;
    const without = await SoftmaxRegression.fit(features, labels, options);
    const whole = await kept(problem, options);
    expect(outcome(whole)).toEqual(outcome(without));
    expect(whole.result.reason).toBe(options.earlyStopping === undefined ? 'epochs' : 'early-stopping');
    const steps = await Promise.all(whole.checkpoints.map(async (bytes) => (await contents(bytes)).state.step));
    expect(steps.some((step) => step !== 0)).toBe(true);
    expect(steps.filter((step) => step === 0)).toHaveLength(whole.result.history.length);
    for (const resume of whole.checkpoints) {
      const before = tf.memory().numTensors;
      expect(outcome(await SoftmaxRegression.fit(features, labels, { ...options, resume }))).toEqual(outcome(without));
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('differs if any part of the checkpoint is changed', async () => {
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
    // Within the second epoch, where all parts of the state are in use.
    const at = states.findIndex(({ state }) => state.epoch === 1 && state.step !== 0);
    const resumed = async (change: (content: CheckpointContent) => Partial<CheckpointContent>) => {
      const resume = await altered(whole.checkpoints[at], change);
      return outcome(await SoftmaxRegression.fit(three.features, three.labels, { ...options, resume }));
    };
    expect(await resumed(() => ({}))).toEqual(outcome(whole));
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
      expect([name, await resumed(change)]).not.toEqual([name, outcome(whole)]);
    }
  });
});

describe('a resumed fit to the optimum, on plain arrays', () => {
  beforeAll(() => useBackend('cpu'));
  const problem = problemOf(200, 3);
  const cases: [string, Options][] = [
    // The penalty is so small that the preconditioner is rebuilt.
    ['l2', { l2: 1e-7, tolerance: 1e-12 }],
    ['l1', { l2: 1e-4, l1: 0.01, tolerance: 1e-9 }],
    ['standardisation and validation', { l2: 1e-5, standardize: true, validation: 0.2, tolerance: 1e-10 }],
    [
      'class weights and too few iterations',
      { l2: 1e-7, classWeights: 'balanced', maxIterations: 11, tolerance: 1e-12 },
    ],
  ];

  it.each(cases)('matches an uninterrupted fit from each checkpoint, with %s', async (_, options) => {
    const { features, labels } = problem;
    const without = await SoftmaxRegression.fit(features, labels, options);
    const whole = await kept(problem, options);
    expect(outcome(whole)).toEqual(outcome(without));
    expect(whole.checkpoints).toHaveLength(without.result.iterations);
    for (const resume of whole.checkpoints) {
      expect(outcome(await SoftmaxRegression.fit(features, labels, { ...options, resume }))).toEqual(outcome(without));
    }
  });

  it('differs if any part of the checkpoint is changed', async () => {
    const options: Options = { l2: 1e-7, tolerance: 1e-12 };
    const whole = await kept(problem, options);
    expect(whole.checkpoints.length).toBeGreaterThan(12);
    const resumed = async (change: (content: CheckpointContent) => Partial<CheckpointContent>) => {
      // Of iteration 13: the preconditioner was rebuilt at the 12th.
      const resume = await altered(whole.checkpoints[12], change);
      return outcome(await SoftmaxRegression.fit(problem.features, problem.labels, { ...options, resume }));
    };
    expect(await resumed(() => ({}))).toEqual(outcome(whole));
    const without = (name: string) => (content: CheckpointContent) => {
      const { [name]: _, ...tensors } = content.tensors;
      return { tensors };
    };
    const losses: Record<string, (content: CheckpointContent) => Partial<CheckpointContent>> = {
      pairs: ({ tensors }) => {
        const none = { shape: [0, 15], values: new Float64Array(0) };
        return { tensors: { ...tensors, steps: none, changes: none } };
      },
      'a pair': ({ tensors }) => {
        const rest = ({ values }: { values: ArrayLike<number> }) => ({
          shape: [values.length / 15 - 1, 15],
          values: Float64Array.from(values).slice(15),
        });
        return { tensors: { ...tensors, steps: rest(tensors.steps), changes: rest(tensors.changes) } };
      },
      preconditioner: (content) => ({ ...without('anchor')(content), state: { ...content.state, anchorIteration: 0 } }),
      point: (content) => changed(content, 'point', (x) => x + 1e-9),
      gradient: (content) => changed(content, 'gradient', (x) => x * (1 + 1e-9)),
      history: (content) => changed(content, 'history', (x) => x + 1e-9),
    };
    for (const [name, change] of Object.entries(losses)) {
      expect([name, await resumed(change)]).not.toEqual([name, outcome(whole)]);
    }
  });
});

// The cpu backend runs the same code as wasm, but takes minutes.
const FAST_BACKENDS = TEST_BACKENDS.filter((backend) => backend !== 'cpu');

describe.each(FAST_BACKENDS)('a resumed fit to the optimum, on tensors, on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  /** Just large enough that a fit starts on tensors and ends in float64. */
  const [n, d, classes] = [1300, 390, 10];
  const random = new Random(4);
  const values = Float32Array.from({ length: n * d }, () => random.normal());
  const features = { values, shape: [n, d] as const };
  const labels = Array.from({ length: n }, (_, i) => (values[i * d] + values[i * d + 1] > i % 2 ? i % 3 : i % classes));

  it.each<[string, Options]>([
    ['l2', { l2: 0.01, tolerance: 1e-8 }],
    ['l1', { l2: 0.01, l1: 0.004, tolerance: 1e-7 }],
  ])('matches an uninterrupted fit, in float32 and in float64, with %s', async (_, options) => {
    const checkpoints: Uint8Array[] = [];
    const write = (bytes: Uint8Array) => {
      checkpoints.push(bytes);
    };
    const every = { iterations: backend === 'tensorflow' ? 1 : 5 };
    const whole = await SoftmaxRegression.fit(features, labels, { ...options, checkpoint: { write, every } });
    const phases = await Promise.all(checkpoints.map(async (bytes) => (await contents(bytes)).state.phase));
    expect([...new Set(phases)]).toEqual(['tensors', 'polish']);
    for (const resume of [checkpoints[0], checkpoints[phases.indexOf('polish')], ...checkpoints.slice(-1)]) {
      const before = tf.memory().numTensors;
      expect(outcome(await SoftmaxRegression.fit(features, labels, { ...options, resume }))).toEqual(outcome(whole));
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});
