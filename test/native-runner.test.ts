import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { adam, Dense, momentum, Phm, Random, sgd } from 'softmax-regression';
import { nativeBackend } from '../src/compile/native-backend.js';
import { nativeRunner } from '../src/compile/native-runner.js';
import { record } from '../src/compile/record.js';
import type { FeatureArray } from '../src/data/batches.js';
import {
  copyState,
  disposeState,
  eagerRunner,
  type Runner,
  runEpoch,
  type TrainingState,
} from '../src/model/runner.js';
import { trainingStep } from '../src/model/step.js';
import { TEST_BACKENDS, useBackend } from './helpers/backends.js';

const N = 530;
const BATCH = 16;
const EPOCHS = 20;

const random = new Random(4);
const labels = Int32Array.from({ length: N }, () => random.below(4));
const bytes = Uint8Array.from({ length: N * 8 }, () => random.below(256));
const FEATURES: Record<string, FeatureArray> = {
  bytes: { values: bytes, shape: [N, 8], scale: 255 },
  float32: { values: Float32Array.from(bytes, (value) => value / 255), shape: [N, 8] },
  float64: { values: Float64Array.from(bytes, (value) => value / 255), shape: [N, 8] },
  int16: { values: Int16Array.from(bytes), shape: [N, 8], scale: 255 },
};

interface Outcome {
  readonly losses: number[];
  readonly parameters: number[];
}

async function train(
  runner: Runner,
  features: FeatureArray,
  {
    layer = 'dense',
    optimizer = sgd(),
    gradient = 'closed-form' as 'closed-form' | 'autograd',
    l2 = 0,
    learningRate = 0.5,
  } = {},
): Promise<Outcome> {
  const own =
    layer === 'dense' ? new Dense({ inputs: 8, units: 4, seed: 1 }) : new Phm({ inputs: 8, units: 4, n: 2, seed: 1 });
  let state: TrainingState = tf.tidy(() =>
    copyState({ parameters: own.parameters, optimizer: optimizer.init(own.parameters) }),
  );
  const step = trainingStep({ layer: own, optimizer, gradient, l2, fitIntercept: true, learningRate });
  const session = runner({ step, state, features, labels, batchSize: BATCH, epochs: EPOCHS, chunk: 2 });
  const order = new Random(2);
  const losses: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const ran = await runEpoch(session, state, { order: order.permutation(N), batchSize: BATCH });
    disposeState(state);
    state = ran.state;
    losses.push(ran.loss);
  }
  const parameters = Object.values(state.parameters).flatMap((tensor) => Array.from(tensor.dataSync()));
  session.close();
  disposeState(state);
  own.dispose();
  return { losses, parameters };
}

const CLOSE = { rtol: 1e-5, atol: 1e-6 };

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

describeNative('training as one native graph', () => {
  beforeAll(() => useBackend('tensorflow'));

  const native = nativeRunner(eagerRunner);

  it.each(Object.keys(FEATURES))('gives the eager numbers for features kept as %s', async (kind) => {
    const [graph, eager] = [await train(native, FEATURES[kind]), await train(eagerRunner, FEATURES[kind])];
    expect(graph.losses).toBeAllClose(eager.losses, CLOSE);
    expect(graph.parameters).toBeAllClose(eager.parameters, CLOSE);
  });

  it.each([
    ['sgd by autograd with a penalty', { gradient: 'autograd' as const, l2: 0.1 }],
    ['momentum', { optimizer: momentum() }],
    ['adam by autograd', { optimizer: adam(), gradient: 'autograd' as const, learningRate: 0.01 }],
    ['a PHM layer', { layer: 'phm', l2: 0.01 }],
    [
      'a PHM layer by autograd with adam',
      { layer: 'phm', optimizer: adam(), gradient: 'autograd' as const, learningRate: 0.01 },
    ],
  ])('gives the eager numbers for %s', async (_, options) => {
    const [graph, eager] = [
      await train(native, FEATURES.bytes, options),
      await train(eagerRunner, FEATURES.bytes, options),
    ];
    expect(graph.losses).toBeAllClose(eager.losses, CLOSE);
    expect(graph.parameters).toBeAllClose(eager.parameters, CLOSE);
  });

  it('is a graph: the step itself runs once, to be recorded, and for the short last batches', async () => {
    let calls = 0;
    const counting: Runner = (job) =>
      native({
        ...job,
        step: (...args) => {
          calls++;
          return job.step(...args);
        },
      });
    await train(counting, FEATURES.bytes);
    // 530 = 33·16 + 2: one recording, and one short batch in each of three epochs.
    expect(calls).toBe(4);
  });

  it('gives the same bits each time', async () => {
    expect(await train(native, FEATURES.bytes)).toEqual(await train(native, FEATURES.bytes));
  });

  it('leaves the work to the eager runner where recording would not pay, or TensorFlow is not in use', async () => {
    const eager = jest.fn(eagerRunner);
    const job = { features: FEATURES.bytes, labels, batchSize: BATCH, chunk: 2 };
    const step = () => {
      throw new Error('recorded');
    };
    const state = { parameters: {}, optimizer: {} };
    nativeRunner(eager)({ ...job, step, state, epochs: 1 }).close();
    expect(eager).toHaveBeenCalledTimes(1);
    await useBackend('cpu');
    nativeRunner(eager)({ ...job, step, state, epochs: 1000 }).close();
    expect(eager).toHaveBeenCalledTimes(2);
    await useBackend('tensorflow');
  });

  it('leaves no tensor, no session and no folder behind', async () => {
    const count = () => {
      const { binding } = nativeBackend() as unknown as {
        binding: { getNumOfTensors(): number; getNumOfSavedModels(): number };
      };
      const folders = readdirSync(tmpdir()).filter((name) => name.startsWith('softmax-regression-graph-'));
      return [tf.memory().numTensors, binding.getNumOfTensors(), binding.getNumOfSavedModels(), folders.length];
    };
    await train(native, FEATURES.bytes);
    const before = count();
    await train(native, FEATURES.bytes);
    expect(count()).toEqual(before);
  });
});

describeNative('record', () => {
  beforeAll(() => useBackend('tensorflow'));

  const refusal = (actual: string) =>
    expect.objectContaining({ code: 'BACKEND', actual: expect.stringContaining(actual) });

  it('writes down kernels, autograd included, in the order in which they run', () => {
    const x = tf.tensor1d([1, 2]);
    const { steps, inputs, outputs } = record((t) => [tf.grad((u) => u.square().sum())(t)], [x]);
    const kernels = steps.flatMap((step) => (step.kind === 'kernel' ? [step.op] : []));
    expect(kernels).toContain('Mul');
    expect(inputs).toHaveLength(1);
    expect(outputs).toHaveLength(1);
    x.dispose();
  });

  it('refuses a function that reads a value, and one that uses a tensor it did not get', () => {
    const x = tf.tensor1d([1, 2]);
    const captured = tf.tidy(() => tf.tensor1d([1, 2]).add<tf.Tensor1D>(2));
    expect(() => record((t) => [t.mul(t.sum().dataSync()[0])], [x])).toThrow(refusal('reading the value'));
    expect(() => record((t) => [t.add(captured.add(1))], [x])).toThrow(refusal('captured'));
    expect(x.add(captured).dataSync()).toEqual(expect.objectContaining({ 0: 4, 1: 6 }));
    tf.dispose([x, captured]);
  });
});
