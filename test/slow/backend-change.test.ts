// Other code changes the backend while work awaits: the work ends with a BackendError, or with the numbers of one backend.
//
// A change can only happen where the work awaits. Here it is scheduled after the n-th use of a tensor, a few microtasks
// later, so no run depends on the speed of the machine.
import * as tf from '@tensorflow/tfjs';
import {
  compile,
  crossValidate,
  lambdaPath,
  learningCurve,
  Random,
  SoftmaxRegression,
  scan,
  selectBackend,
} from 'softmax-regression';
import '../../src/node.js';
import { onEveryBackend, TEST_BACKENDS, type TestBackend, useBackend } from '../helpers/backends.js';

const random = new Random(3);

function samples(n: number, d: number, classes: number) {
  const values = Float32Array.from({ length: n * d }, () => random.normal());
  return {
    features: { values, shape: [n, d] as const },
    labels: Array.from({ length: n }, (_, i) => (i * 7) % classes),
  };
}

const small = samples(112, 8, 3);
/** More than 5,000,000 multiply-adds, which lbfgs and predictions do on tensors. */
const large = samples(5000, 11, 100);
/** Two chunks of a prediction on tensors. */
const wide = samples(2400, 2000, 20);

interface Work {
  /** Its numbers; the same in every undisturbed run on one backend. */
  run(): Promise<unknown>;
  readonly where: string | readonly string[];
  /** At how many moments the backend is changed. Default 20. */
  readonly moments?: number;
}

let predictor: SoftmaxRegression<number>;
let untrained: SoftmaxRegression<number>;
const written: Uint8Array[] = [];

const fitted = (options: object, { features, labels } = small) =>
  SoftmaxRegression.fit(features, labels, options).then(({ model }) => model.toBytes());
const checkpoint = { write: async (bytes: Uint8Array) => void written.push(bytes), every: { epochs: 1 } };
const step = (state: tf.Tensor, x: tf.Tensor) => [state.add(x.sum()), state] as const;

const VALIDATED = 'sgd with early stopping, a schedule and callbacks';

const WORKS: Readonly<Record<string, Work>> = {
  sgd: { where: 'fit', run: () => fitted({ solver: 'sgd', epochs: 3, standardize: true }) },
  // 112 batches: one native graph on TensorFlow.
  'adam with checkpoints': {
    where: 'fit',
    run: () => fitted({ solver: 'adam', epochs: 4, batchSize: 4, checkpoint }),
  },
  [VALIDATED]: {
    where: 'fit',
    run: () =>
      fitted({
        ...{ solver: 'sgd', epochs: 3, batchSize: 16, validation: 0.2, earlyStopping: { patience: 2 } },
        learningRate: { schedule: 'cosine', rate: 0.1 },
        onProgress: () => {},
        onEpochEnd: async () => {},
      }),
  },
  'momentum on a PHM layer': { where: 'fit', run: () => fitted({ solver: 'momentum', epochs: 2, layer: { phm: 1 } }) },
  'lbfgs on tensors': { where: 'fit', moments: 2, run: () => fitted({ maxIterations: 2, l2: 0.1 }, large) },
  'the proximal solver on tensors': {
    where: 'fit',
    moments: 2,
    run: () => fitted({ maxIterations: 1, l1: 0.1 }, large),
  },
  partialFit: {
    where: 'partialFit',
    run: () => untrained.partialFit(small.features, small.labels).then(({ model }) => model.toBytes()),
  },
  untrained: {
    where: 'untrained',
    run: () => SoftmaxRegression.untrained({ classes: [0, 1], numFeatures: 3 }).then((model) => model.toBytes()),
  },
  crossValidate: {
    where: ['crossValidate', 'fit'],
    run: () => crossValidate(small.features, small.labels, { folds: 3, solver: 'sgd', epochs: 2, outOfFold: true }),
  },
  lambdaPath: {
    where: ['lambdaPath', 'fit'],
    run: () => lambdaPath(small.features, small.labels, { l2: [0.1, 0.01], folds: 2, solver: 'sgd', epochs: 2 }),
  },
  learningCurve: {
    where: ['learningCurve', 'fit'],
    run: () => learningCurve(small.features, small.labels, { sizes: [20, 40], folds: 2, solver: 'sgd', epochs: 2 }),
  },
  scan: {
    where: 'scan',
    async run() {
      const start = tf.scalar(0);
      const options = { batchSize: 8, epochs: 8, seed: 1, onChunk: async () => {} };
      const work = scan(step, start, small.features, options);
      const { state, outputs } = await work.finally(() => start.isDisposed || tf.dispose(start));
      const numbers = [...state.dataSync(), ...outputs.dataSync()];
      tf.dispose([state, outputs]);
      return numbers;
    },
  },
  predictProbabilitiesAsync: {
    where: 'predictProbabilitiesAsync',
    moments: 2,
    run: () => predictor.predictProbabilitiesAsync(wide.features).then(({ values }) => values.slice(0, 1000)),
  },
  evaluate: {
    where: 'evaluate',
    moments: 2,
    run: () => predictor.evaluate(wide.features, wide.labels).then(({ logLoss, accuracy }) => [logLoss, accuracy]),
  },
  calibrate: {
    where: 'calibrate',
    moments: 2,
    run: () => predictor.calibrate(wide.features, wide.labels).then(({ temperature }) => temperature),
  },
};

/** What one run of the work did. */
interface Watched {
  readonly ended: 'finished' | unknown;
  readonly value: unknown;
  /** How often tensors were made or used, and on which backends. */
  readonly uses: number;
  readonly on: readonly string[];
}

/** Runs the work; `change` is called a few microtasks after use number `moment` of a tensor. */
async function watched({ run }: Work, moment = Number.NaN, change = (): unknown => undefined): Promise<Watched> {
  const engine = tf.engine();
  let uses = 0;
  const on = new Set<string>();
  const note = () => {
    on.add(tf.getBackend());
    if (uses++ !== moment) return;
    let when = Promise.resolve();
    for (let i = 0; i < moment % 5; i++) when = when.then(() => {});
    void when.then(change);
  };
  const spies = (['runKernel', 'makeTensor'] as const).map((name) => {
    const real = engine[name] as (...args: unknown[]) => unknown;
    return jest.spyOn(engine, name).mockImplementation(((...args: unknown[]) => {
      note();
      return real.apply(engine, args);
    }) as never);
  });
  try {
    const value = await run();
    return { ended: 'finished', value, uses, on: [...on] };
  } catch (error) {
    return { ended: error, value: undefined, uses, on: [...on] };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Up to `most` of the uses, with the first and the last. */
function spread(uses: number, most: number): number[] {
  const count = Math.min(uses, most);
  return Array.from({ length: count }, (_, i) => Math.floor((i * (uses - 1)) / Math.max(1, count - 1)));
}

beforeAll(async () => {
  await useBackend('cpu');
  const named = { maxIterations: 1, l2: 1 };
  const head = { values: wide.features.values.subarray(0, 120_000), shape: [60, 2000] as const };
  predictor = (await SoftmaxRegression.fit(head, wide.labels.slice(0, 60), named)).model;
  untrained = await SoftmaxRegression.untrained({ classes: [0, 1, 2], numFeatures: 8, solver: 'adam' });
});

const names = Object.keys(WORKS);
const OTHERS: Readonly<Record<TestBackend, readonly TestBackend[]>> = {
  tensorflow: ['wasm', 'cpu'],
  wasm: ['tensorflow', 'cpu'],
  cpu: ['tensorflow', 'wasm'],
};

onEveryBackend('tf.setBackend during work', (backend) => {
  const others = OTHERS[backend].filter((other) => TEST_BACKENDS.includes(other));
  beforeAll(async () => {
    for (const other of others) await useBackend(other);
  });
  beforeEach(() => useBackend(backend));

  it.each(names)('ends it with a BackendError, or with the numbers of one backend: %s', async (name) => {
    const work = WORKS[name];
    const undisturbed = await watched(work);
    expect(undisturbed.ended).toBe('finished');
    for (const other of others) {
      let refused = 0;
      for (const moment of spread(undisturbed.uses, work.moments ?? 20)) {
        await useBackend(backend);
        const { numTensors } = tf.memory();
        const { ended, value, on } = await watched(work, moment, () => tf.setBackend(other));
        if (ended === 'finished') expect(value).toEqual(undisturbed.value);
        else {
          refused++;
          expect(ended).toMatchObject({
            ...{ code: 'BACKEND', argument: 'the backend', actual: `'${other}'` },
            expected: `be '${backend}' until the end, as at the start`,
          });
          expect([work.where].flat()).toContain((ended as { where: string }).where);
        }
        expect({ moment, on }).toEqual({ moment, on: [backend] });
        expect({ moment, numTensors: tf.memory().numTensors }).toEqual({ moment, numTensors });
      }
      // Plain predictions on the cpu backend use no tensors, and an untrained model awaits only their values.
      if (undisturbed.uses > 0 && name !== 'untrained') expect(refused).toBeGreaterThan(0);
    }
  });

  it.each(['onProgress', 'onEpochEnd'])('ends a fit whose own %s changes it', async (callback) => {
    const { numTensors } = tf.memory();
    const options = { solver: 'adam', epochs: 9, batchSize: 8, [callback]: () => void tf.setBackend(others[0]) };
    await expect(fitted(options)).rejects.toMatchObject({ code: 'BACKEND', where: 'fit', actual: `'${others[0]}'` });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('keeps the last weights in the checkpoint, from which the fit resumes to the same bits', async () => {
    const options = { solver: 'adam', epochs: 8, batchSize: 8 };
    const whole = await fitted(options);
    written.length = 0;
    const onEpochEnd = (epoch: number) => void (epoch === 3 && tf.setBackend(others[0]));
    const every = { epochs: 100 };
    await expect(fitted({ ...options, onEpochEnd, checkpoint: { ...checkpoint, every } })).rejects.toMatchObject({
      code: 'BACKEND',
    });
    expect(written).toHaveLength(1);
    await useBackend(backend);
    expect(await fitted({ ...options, resume: written[0] })).toEqual(whole);
  });

  it('does not disturb a fit if it is changed back before the next step', async () => {
    const options = { solver: 'sgd', epochs: 3 };
    const onEpochEnd = () => {
      void tf.setBackend(others[0]);
      tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]));
      void tf.setBackend(backend);
    };
    expect(await fitted({ ...options, onEpochEnd })).toEqual(await fitted(options));
  });

  it('prefers the reason of an aborted signal', async () => {
    const controller = new AbortController();
    const onEpochEnd = () => {
      controller.abort(new Error('enough'));
      void tf.setBackend(others[0]);
    };
    const { signal } = controller;
    await expect(fitted({ solver: 'sgd', epochs: 3, signal, onEpochEnd })).rejects.toThrow('enough');
  });

  it('ends the first of two fits at once, and leaves the second alone', async () => {
    const options = { solver: 'adam', epochs: 8, batchSize: 8 };
    await useBackend(others[0]);
    const alone = await fitted(options);
    await useBackend(backend);
    const first = fitted(options);
    void tf.setBackend(others[0]);
    const second = fitted(options);
    await expect(first).rejects.toMatchObject({ code: 'BACKEND', actual: `'${others[0]}'` });
    expect(await second).toEqual(alone);
  });

  it('does not concern fits and predictions on plain arrays', async () => {
    const options = { l2: 0.1, validation: 0.2 };
    const work = fitted(options);
    void tf.setBackend(others[0]);
    expect(await work).toEqual(await fitted(options));
  });

  it('lets a compiled function be disposed', async () => {
    const { numTensors } = tf.memory();
    const double = compile((x: tf.Tensor) => x.add(x));
    const x = tf.scalar(2);
    tf.dispose(double(x));
    await useBackend(others[0]);
    double.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('lets scan go on over a tensor that was used on another backend between two chunks', async () => {
    const data = tf.range(0, 3000);
    const start = tf.scalar(0);
    const onChunk = async () => {
      await tf.setBackend(others[0]);
      data.square().dispose();
      await tf.setBackend(backend);
    };
    const { state, outputs } = await scan(step, start, data, { batchSize: 10, epochs: 2, onChunk });
    expect(state.dataSync()[0]).toBe(2999 * 3000);
    tf.dispose([data, start, state, outputs]);
  });

  it.each(['tf.removeBackend', 'tf.engine().reset'])('names a removed backend: %s', async (how) => {
    for (const name of ['sgd', 'adam with checkpoints', VALIDATED, 'crossValidate']) {
      await useBackend(backend);
      const { uses } = await watched(WORKS[name]);
      for (const moment of spread(uses, 4)) {
        await useBackend(backend);
        const { factory, priority } = tf.engine().registryFactory[backend];
        const { numTensors } = tf.memory();
        const change = () => (how === 'tf.removeBackend' ? tf.removeBackend(backend) : tf.engine().reset());
        const { ended, on } = await watched(WORKS[name], moment, change);
        if (how === 'tf.removeBackend') tf.registerBackend(backend, factory as never, priority);
        await useBackend(backend);
        if (ended !== 'finished') {
          expect(ended).toMatchObject({ code: 'BACKEND', actual: 'none: it was removed or reset' });
        }
        expect({ name, moment, on }).toEqual({ name, moment, on: [backend] });
        const left = how === 'tf.removeBackend' ? numTensors : 0;
        expect({ name, moment, left: tf.memory().numTensors }).toEqual({ name, moment, left });
      }
    }
  });

  it('is not disturbed by tf.disposeVariables', async () => {
    for (const options of [
      { solver: 'sgd', epochs: 3 },
      { solver: 'adam', epochs: 3, layer: { phm: 1 } },
    ]) {
      const { numTensors } = tf.memory();
      expect(await fitted({ ...options, onEpochEnd: () => tf.disposeVariables() })).toEqual(await fitted(options));
      expect(tf.memory().numTensors).toBe(numTensors);
    }
  });
});

describe('selectBackend', () => {
  it('does not test another backend than it selected', async () => {
    await useBackend('cpu');
    await useBackend('wasm');
    const choice = selectBackend('cpu');
    for (let i = 0; i < 20 && tf.getBackend() !== 'cpu'; i++) await undefined;
    void tf.setBackend('wasm');
    await expect(choice).rejects.toThrow('other code selected wasm at the same time');
  });
});
