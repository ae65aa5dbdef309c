import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import {
  crossValidate,
  type FitOptions,
  lambdaPath,
  learningCurve,
  loadIris,
  SoftmaxRegression,
} from 'softmax-regression';
import { fileCheckpoint, readCheckpoint } from 'softmax-regression/node';
import { explain } from '../src/cli/explain.js';
import { digestOf } from '../src/core/digest.js';
import { sha256 } from '../src/core/sha256.js';
import { VERSION } from '../src/core/version.js';
import { machineEnvironment } from '../src/node/environment.js';
import { loadModelBytes } from '../src/node/model-bytes.js';
import { provideEnvironment } from '../src/training/checkpoint/environment.js';
import { type CheckpointContent, decodeCheckpoint, encodeCheckpoint } from '../src/training/checkpoint/file.js';
import { TEST_BACKENDS, useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';

type Options = FitOptions<string>;

const iris = loadIris();
const sgd: Options = { solver: 'sgd', epochs: 3, batchSize: 30, learningRate: 0.1, seed: 2 };
const lbfgs: Options = { l2: 0.001, maxIterations: 12, tolerance: 1e-9 };
const fitIris = (options: Options) => SoftmaxRegression.fit<string>(iris.features, iris.labels, options);

async function checkpointsOf(options: Options, every: { epochs: number } | { iterations: number } = { epochs: 1 }) {
  const checkpoints: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => {
    checkpoints.push(bytes);
  };
  const whole = await fitIris({ ...options, checkpoint: { write, every } });
  return { ...whole, checkpoints };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

async function altered(bytes: Uint8Array, change: (content: CheckpointContent) => Partial<CheckpointContent>) {
  const content = await decodeCheckpoint(bytes, 'test');
  return encodeCheckpoint({ ...content, ...change(content) });
}

let folder: string;
let steps: Uint8Array;
let newton: Uint8Array;

beforeAll(async () => {
  await useBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  steps = (await checkpointsOf(sgd)).checkpoints[1];
  newton = (await checkpointsOf(lbfgs)).checkpoints[9];
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the checkpoint option', () => {
  const epochsOf = async (options: Options, every: { epochs: number } | { iterations: number }) => {
    const { checkpoints } = await checkpointsOf(options, every);
    return Promise.all(
      checkpoints.map(async (bytes) => {
        const { state } = await decodeCheckpoint(bytes, 'test');
        return state.epoch ?? state.iterations;
      }),
    );
  };

  it('writes every n-th epoch and at the end', async () => {
    expect(await epochsOf({ ...sgd, epochs: 7 }, { epochs: 3 })).toEqual([3, 6, 7]);
    expect(await epochsOf({ ...sgd, epochs: 6 }, { epochs: 3 })).toEqual([3, 6]);
    expect(await epochsOf(lbfgs, { epochs: 5 })).toEqual([5, 10, 12]);
  });

  it('writes at the first end of an epoch after n steps', async () => {
    // 5 steps per epoch.
    expect(await epochsOf({ ...sgd, epochs: 6 }, { iterations: 8 })).toEqual([2, 4, 5, 6]);
    expect(await epochsOf(lbfgs, { iterations: 5 })).toEqual([5, 10, 12]);
  });

  it('keeps its schedule after a resume', async () => {
    const every = { iterations: 8 };
    const [first] = (await checkpointsOf({ ...sgd, epochs: 6 }, every)).checkpoints;
    expect(await epochsOf({ ...sgd, epochs: 6, resume: first }, every)).toEqual([4, 5, 6]);
  });

  it('writes every epoch by default, and every tenth iteration of lbfgs', async () => {
    for (const [options, count] of [
      [sgd, 3],
      [{ ...lbfgs, maxIterations: 25 }, 3],
    ] as const) {
      const write = jest.fn();
      await fitIris({ ...options, checkpoint: { write } });
      expect(write).toHaveBeenCalledTimes(count);
    }
  });

  it('waits for the promise of write, and ends the fit with its error', async () => {
    const { numTensors } = tf.memory();
    let isWriting = false;
    const write = async () => {
      expect(isWriting).toBe(false);
      isWriting = true;
      await new Promise((resolve) => setTimeout(resolve, 5));
      isWriting = false;
    };
    await fitIris({ ...sgd, checkpoint: { write } });
    for (const options of [sgd, lbfgs]) {
      const broken = () => Promise.reject(new Error('disk full'));
      expect(await failure(fitIris({ ...options, checkpoint: { write: broken } }))).toMatchObject({
        message: 'disk full',
      });
    }
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('writes the same bytes each time', async () => {
    expect((await checkpointsOf(sgd)).checkpoints[1]).toEqual(steps);
    expect((await checkpointsOf(lbfgs)).checkpoints[9]).toEqual(newton);
  });
});

describe('an aborted fit', () => {
  it.each<[string, Options]>([
    ['steps', { ...sgd, epochs: 20 }],
    ['lbfgs', lbfgs],
  ])('writes a checkpoint that resumes to the result of an uninterrupted fit, with %s', async (_, options) => {
    const { numTensors } = tf.memory();
    const whole = await fitIris(options);
    for (const at of [1, 4]) {
      const checkpoints: Uint8Array[] = [];
      const controller = new AbortController();
      const aborted = fitIris({
        ...options,
        signal: controller.signal,
        checkpoint: { write: (bytes) => void checkpoints.push(bytes), every: { epochs: 1000 } },
        onEpochEnd: (epoch) => {
          if (epoch === at) controller.abort(new Error('Ctrl-C'));
        },
      });
      expect(await failure(aborted)).toMatchObject({ message: 'Ctrl-C' });
      expect(checkpoints).toHaveLength(1);
      const resumed = await fitIris({ ...options, resume: checkpoints[0] });
      expect(resumed.result).toEqual(whole.result);
      expect(resumed.model.weight).toEqual(whole.model.weight);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('writes no checkpoint if it is aborted before it starts', async () => {
    const write = jest.fn();
    expect(await failure(fitIris({ ...sgd, signal: AbortSignal.abort(), checkpoint: { write } }))).toBeDefined();
    expect(write).not.toHaveBeenCalled();
  });
});

describe('a fit that is resumed with more epochs or iterations', () => {
  it.each<[string, Options, Options]>([
    ['epochs', sgd, { ...sgd, epochs: 5 }],
    ['maxIterations', lbfgs, { ...lbfgs, maxIterations: 20 }],
  ])('equals an uninterrupted fit with the larger %s', async (_, short, long) => {
    const resume = (await checkpointsOf(short)).checkpoints.slice(-1)[0];
    const [resumed, whole] = [await fitIris({ ...long, resume }), await fitIris(long)];
    expect(resumed.result).toEqual(whole.result);
    expect(resumed.model.weight).toEqual(whole.model.weight);
  });

  it('rejects fewer than are already begun, and another number of epochs under a schedule', async () => {
    expect(await failure(fitIris({ ...sgd, epochs: 1, resume: steps }))).toMatchObject({
      ...{ code: 'DOMAIN', argument: 'epochs', actual: '1' },
      expected: 'be at least 2: the checkpoint has already begun that many',
    });
    expect(await failure(fitIris({ ...lbfgs, maxIterations: 9, resume: newton }))).toMatchObject({
      ...{ code: 'DOMAIN', argument: 'maxIterations', actual: '9' },
    });
    const cosine: Options = { ...sgd, learningRate: { schedule: 'cosine', rate: 0.1 } };
    const [resume] = (await checkpointsOf(cosine)).checkpoints;
    expect(await failure(fitIris({ ...cosine, epochs: 4, resume }))).toMatchObject({
      code: 'DOMAIN',
      argument: 'epochs',
    });
  });
});

describe('bad checkpoint input', () => {
  const others: [string, () => Promise<unknown>, object][] = [
    ['another solver', () => fitIris({ ...lbfgs, resume: steps }), { argument: 'solver', actual: '`solver: "lbfgs"`' }],
    [
      'another learning rate',
      () => fitIris({ ...sgd, learningRate: 0.2, resume: steps }),
      { argument: 'learningRate', actual: '`learningRate: 0.2`' },
    ],
    [
      'another seed',
      () => fitIris({ ...sgd, seed: 3, resume: steps }),
      { argument: 'seed', expected: 'be as when the checkpoint was written, `seed: 2`' },
    ],
    ['an additional option', () => fitIris({ ...sgd, validation: 0.2, resume: steps }), { argument: 'validation' }],
    [
      'other features',
      () =>
        SoftmaxRegression.fit<string>(
          iris.features.map((row) => row.map((x) => x + 1)),
          iris.labels,
          { ...sgd, resume: steps },
        ),
      {
        argument: 'features',
        expected: 'be Float64Array [150, 4], as when the checkpoint was written',
        actual: 'others',
      },
    ],
    [
      'another name of a feature',
      async () => {
        const names = ['a', 'b', 'c', 'd'];
        const checkpoints: Uint8Array[] = [];
        const checkpoint = { write: (bytes: Uint8Array) => void checkpoints.push(bytes) };
        const trained = (more: object) =>
          SoftmaxRegression.fit<string>(iris.features, iris.labels, { ...sgd, ...more });
        await trained({ featureNames: names, checkpoint });
        const resume = checkpoints.at(-1);
        await trained({ featureNames: names, resume });
        await trained({ resume });
        return trained({ featureNames: ['a', 'b', 'C', 'd'], resume });
      },
      {
        argument: 'featureNames[2]',
        expected: 'be "c", as when the checkpoint was written',
        actual: '"C"',
        kind: 'other-names',
      },
    ],
    [
      'other names of many features',
      async () => {
        const d = 9000;
        const features = { values: new Float32Array(2 * d).fill(1), shape: [2, d] as const };
        const names = Array.from({ length: d }, (_, j) => `feature ${j}`);
        const checkpoints: Uint8Array[] = [];
        const checkpoint = { write: (bytes: Uint8Array) => void checkpoints.push(bytes) };
        const trained = (featureNames: string[], more: object) =>
          SoftmaxRegression.fit<string>(features, ['a', 'b'], { solver: 'sgd', epochs: 1, featureNames, ...more });
        await trained(names, { checkpoint });
        await trained(names, { resume: checkpoints[0] });
        return trained([...names.slice(1), 'last'], { resume: checkpoints[0] });
      },
      { argument: 'featureNames', expected: 'be 9000 names, as when the checkpoint was written', actual: 'others' },
    ],
    [
      'fewer samples',
      () => SoftmaxRegression.fit<string>(iris.features.slice(1), iris.labels.slice(1), { ...sgd, resume: steps }),
      { argument: 'features', actual: 'Float64Array [149, 4]' },
    ],
    [
      'the same numbers in float32',
      () =>
        SoftmaxRegression.fit<string>(
          { values: Float32Array.from(iris.features.flat()), shape: [150, 4] },
          iris.labels,
          {
            ...sgd,
            resume: steps,
          },
        ),
      { argument: 'features', actual: 'Float32Array [150, 4]' },
    ],
    [
      'other labels',
      () => SoftmaxRegression.fit<string>(iris.features, [...iris.labels].reverse(), { ...sgd, resume: steps }),
      { argument: 'labels' },
    ],
    [
      'other classes',
      () =>
        SoftmaxRegression.fit<string>(iris.features, iris.labels, {
          ...sgd,
          classes: ['versicolor', 'setosa', 'virginica'],
          resume: steps,
        }),
      { argument: 'classes' },
    ],
    [
      'sample weights',
      () => fitIris({ ...sgd, sampleWeights: iris.labels.map((_, i) => 1 + i), resume: steps }),
      { argument: 'sampleWeights' },
    ],
    [
      'other validation samples',
      () => fitIris({ ...sgd, validation: { features: iris.features, labels: iris.labels }, resume: steps }),
      { argument: 'validation' },
    ],
    [
      'another start',
      async () => fitIris({ ...sgd, warmStart: (await fitIris(lbfgs)).model, resume: steps }),
      { argument: 'warmStart' },
    ],
  ];
  it.each(others)('resume with %s is rejected by name, without leaking tensors', async (_, call, error) => {
    const { numTensors } = tf.memory();
    expect(await failure(call())).toMatchObject({ code: 'DOMAIN', where: 'fit', ...error });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each<[string, object, string]>([
    ['a write that is not a function', { write: 'file' }, 'checkpoint.write'],
    ['an unknown option', { write() {}, evry: 1 }, 'options'],
    ['no interval', { write() {}, every: {} }, 'checkpoint.every'],
    ['two intervals', { write() {}, every: { epochs: 1, iterations: 1 } }, 'checkpoint.every'],
    ['half an epoch', { write() {}, every: { epochs: 0.5 } }, 'checkpoint.every.epochs'],
  ])('checkpoint with %s is rejected', async (_, checkpoint, argument) => {
    expect(await failure(fitIris({ ...sgd, checkpoint: checkpoint as never }))).toMatchObject({
      code: 'DOMAIN',
      argument,
    });
  });

  it('checkpoint and resume are rejected by crossValidate and lambdaPath', async () => {
    for (const options of [{ checkpoint: { write() {} } }, { resume: newton }]) {
      const calls: [string, () => Promise<unknown>][] = [
        ['crossValidate', () => crossValidate(iris.features, iris.labels, options as object)],
        ['lambdaPath', () => lambdaPath(iris.features, iris.labels, options as object)],
        ['learningCurve', () => learningCurve(iris.features, iris.labels, options as object)],
      ];
      for (const [where, call] of calls) {
        expect(await failure(call())).toMatchObject({ code: 'DOMAIN', where, argument: Object.keys(options)[0] });
      }
    }
  });

  it('a model file is rejected by resume and a checkpoint by fromBytes, each with a hint', async () => {
    const { model } = await fitIris(lbfgs);
    const ofModel = await failure(fitIris({ ...lbfgs, resume: model.toBytes() }));
    expect(ofModel).toMatchObject({
      ...{ code: 'FORMAT', where: 'fit: resume', argument: 'format', actual: '"softmax-regression"' },
      hint: expect.stringContaining('It is a model file'),
    });
    expect(explain(ofModel, undefined).message).toMatch(/pass the file that --checkpoint wrote\.$/);
    const ofCheckpoint = await failure((async () => SoftmaxRegression.fromBytes(newton))());
    expect(ofCheckpoint).toMatchObject({
      code: 'FORMAT',
      argument: 'format',
      hint: expect.stringContaining('It is a checkpoint'),
    });
    expect(explain(ofCheckpoint, undefined).message).toMatch(/add --resume to its train command\.$/);
  });

  it('resume is rejected if it is empty or not bytes', async () => {
    expect(await failure(fitIris({ ...sgd, resume: new Uint8Array(0) }))).toMatchObject({
      code: 'FORMAT',
      argument: 'length',
    });
    expect(await failure(fitIris({ ...sgd, resume: 'run.checkpoint' as never }))).toMatchObject({ code: 'SHAPE' });
  });
});

describe('a damaged checkpoint', () => {
  it('is rejected wherever it is truncated or changed', async () => {
    const whole = [steps, newton];
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(8),
        async (which, at, bit) => {
          const bytes = whole[which];
          const place = Math.floor(at * bytes.length);
          const changed = bytes.slice(0, bit === 8 ? place : undefined);
          if (bit < 8) changed[place] ^= 1 << bit;
          expect(await failure(decodeCheckpoint(changed, 'test'))).toMatchObject({ code: 'FORMAT', where: 'test' });
        },
      ),
      { ...PROPERTY, numRuns: 400 },
    );
    for (const bytes of whole) expect(await failure(decodeCheckpoint(bytes, 'test'))).toBeUndefined();
  });

  type Change = (content: CheckpointContent) => Partial<CheckpointContent>;
  const state =
    (name: string, value: unknown): Change =>
    (content) => ({ state: { ...content.state, [name]: value as never } });
  const tensor =
    (name: string, values: Float32Array | Float64Array, shape: number[]): Change =>
    (content) => ({ tensors: { ...content.tensors, [name]: { shape, values } } });
  const none =
    (name: string): Change =>
    ({ tensors: { [name]: _, ...tensors } }) => ({ tensors });

  it.each<[string, Change, string]>([
    ['a negative epoch', state('epoch', -1), 'state.epoch'],
    ['an epoch beyond its history', state('epoch', 3), 'history'],
    ['a step beyond the epoch', state('step', 6), 'state.step'],
    ['an all-zero random state', state('random', [0, 0, 0, 0]), 'state.random'],
    ['a fractional random state', state('random', [0.5, 1, 1, 1]), 'state.random'],
    [
      'an infinite weight',
      tensor('parameters.weight', new Float32Array(12).fill(1 / 0), [4, 3]),
      'parameters.weight[0]',
    ],
    ['a weight of another shape', tensor('parameters.weight', new Float32Array(12), [3, 4]), 'parameters.weight'],
    ['a weight of another type', tensor('parameters.weight', new Float64Array(12), [4, 3]), 'parameters.weight'],
    ['a missing weight', none('parameters.weight'), 'parameters.weight'],
    ['the velocity of another solver', tensor('optimizer.velocity.bias', new Float32Array(3), [3]), 'header'],
  ])('with a valid checksum is rejected for %s', async (_, change, argument) => {
    const { numTensors } = tf.memory();
    const resume = await altered(steps, change);
    expect(await failure(fitIris({ ...sgd, resume }))).toMatchObject({
      code: 'FORMAT',
      where: 'fit: resume',
      argument,
    });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each<[string, Change, string]>([
    ['a phase that only large problems have', state('phase', 'polish'), 'state.phase'],
    ['iterations beyond its history', state('iterations', 11), 'history'],
    ['a point that is too long', tensor('point', new Float64Array(16), [16]), 'point'],
    ['a NaN gradient', tensor('gradient', new Float64Array(15).fill(Number.NaN), [15]), 'gradient[0]'],
    ['more pairs than lbfgs keeps', tensor('steps', new Float64Array(11 * 15), [11, 15]), 'steps.shape'],
    ['changes without steps', tensor('steps', new Float64Array(0), [0, 15]), 'changes.shape'],
    ['steps without changes', tensor('changes', new Float64Array(0), [0, 15]), 'changes'],
    ['iterations of a phase that did not run', state('iterationsBefore', 1), 'state.iterationsBefore'],
  ])('of lbfgs with a valid checksum is rejected for %s', async (_, change, argument) => {
    const resume = await altered(newton, change);
    expect(await failure(fitIris({ ...lbfgs, resume }))).toMatchObject({
      code: 'FORMAT',
      where: 'fit: resume',
      argument,
    });
  });
});

describe('the environment of a checkpoint', () => {
  afterAll(() => provideEnvironment(machineEnvironment));

  it('holds versions, backend and processor', async () => {
    const { environment } = await decodeCheckpoint(steps, 'test');
    expect(environment).toMatchObject({
      'softmax-regression': VERSION,
      backend: 'cpu',
      'TensorFlow.js': '4.22.0',
    });
    expect(environment.engine).toBe(`Node.js ${process.versions.node}`);
    expect(environment.cpu).toContain(process.arch);
  });

  const native = TEST_BACKENDS.includes('tensorflow') ? it : it.skip;
  native("names TensorFlow, its oneDNN setting and the package's kernel on the tensorflow backend", async () => {
    await useBackend('tensorflow');
    try {
      expect(machineEnvironment()).toMatchObject({
        TensorFlow: expect.stringMatching(/^\d+\.\d+\.\d+ on CPU$/),
        oneDNN: 'by default',
        'own kernel': expect.stringContaining('in use'),
      });
    } finally {
      await useBackend('cpu');
    }
  });

  it('is noted once if it differs on resume, and not at all otherwise', async () => {
    expect((await fitIris({ ...sgd, resume: steps })).result.notes).toBeUndefined();
    provideEnvironment(() => ({ ...machineEnvironment(), cpu: 'another one' }));
    const { result } = await fitIris({ ...sgd, resume: steps });
    expect(result.notes).toHaveLength(1);
    expect(result.notes?.[0]).toMatch(/^Resumed under other conditions, .*: cpu another one; before, cpu /);
  });

  it('may have another backend on resume', async () => {
    await useBackend('wasm');
    try {
      const resumed = await fitIris({ ...sgd, resume: steps });
      expect(resumed.result.notes?.[0]).toContain('backend wasm');
      await useBackend('cpu');
      const whole = await fitIris(sgd);
      expect(resumed.result.objective).toBeAllClose(whole.result.objective, { rtol: 1e-5, atol: 1e-6 });
    } finally {
      await useBackend('cpu');
    }
  });
});

describe('the checksum of large data', () => {
  it('is the same with and without crypto.subtle, and depends on where the parts are split', async () => {
    const bytes = Uint8Array.from({ length: 2 ** 20 + 5 }, (_, i) => i % 251);
    const parts = [bytes.subarray(0, 7), bytes];
    const sum = await digestOf(parts);
    const own = jest.replaceProperty(globalThis, 'crypto', undefined as never);
    expect(await digestOf(parts)).toBe(sum);
    own.restore();
    const slices = [bytes.subarray(0, 2 ** 20), bytes.subarray(2 ** 20)].map((slice) => sha256([slice]));
    const text = `${sha256([bytes.subarray(0, 7)])}\n${slices.join(' ')}`;
    expect(sum).toBe(sha256([new TextEncoder().encode(text)]));
    expect(await digestOf([bytes.subarray(0, 8), bytes])).not.toBe(sum);
    expect(await digestOf([bytes])).not.toBe(sum);
    expect(await digestOf([bytes, bytes.subarray(0, 7)])).not.toBe(sum);
  });
});

describe('a checkpoint file', () => {
  it('holds the last checkpoint, and nothing else is left in its folder', async () => {
    const path = join(folder, 'own', 'run.checkpoint');
    const whole = await fitIris({ ...sgd, checkpoint: fileCheckpoint(path, { every: { epochs: 1 } }) });
    expect(readdirSync(join(folder, 'own'))).toEqual(['run.checkpoint']);
    // It was written at the end: nothing is left to do.
    const { result } = await fitIris({ ...sgd, resume: await readCheckpoint(path) });
    expect(result).toEqual(whole.result);
  });

  it('is read as undefined if it is missing, and rejected by name if it is damaged', async () => {
    expect(await readCheckpoint(join(folder, 'none'))).toBeUndefined();
    const path = join(folder, 'broken');
    writeFileSync(path, steps);
    truncateSync(path, steps.length - 1);
    expect(await failure(readCheckpoint(path))).toMatchObject({ code: 'FORMAT', where: path, argument: 'length' });
    mkdirSync(join(folder, 'a folder'));
    expect(await failure(readCheckpoint(join(folder, 'a folder')))).toMatchObject({ code: 'FORMAT' });
  });

  it.each<[string, string]>([
    ['a text that is no checkpoint', '/etc/passwd'],
    ['an endless device', '/dev/zero'],
    ['itself', 'hostile'],
    ['a folder of links', '.'],
  ])('that is a link to %s is rejected by name, and what it names is unchanged', async (_, target) => {
    const path = join(folder, 'hostile');
    rmSync(path, { force: true });
    symlinkSync(target, path);
    const users = readFileSync('/etc/passwd');
    expect(await failure(readCheckpoint(path))).toMatchObject({
      where: path,
      code: expect.stringMatching(/FORMAT|BACKEND/),
    });
    expect(readFileSync('/etc/passwd')).toEqual(users);
    expect(readlinkSync(path)).toBe(target);
  });

  it('that is a table is refused as what it should be', async () => {
    const path = join(folder, 'table.csv');
    writeFileSync(path, 'x,y\n1,2\n');
    expect(await failure(readCheckpoint(path))).toMatchObject({ where: path, expected: 'be a checkpoint' });
    expect(await failure(loadModelBytes(path))).toMatchObject({ where: path, expected: 'be a model file' });
  });

  it('is unchanged if a checkpoint cannot be written', async () => {
    const path = join(folder, 'a file');
    writeFileSync(path, steps);
    const error = await failure(fitIris({ ...sgd, checkpoint: fileCheckpoint(join(path, 'below')) }));
    expect(error).toMatchObject({ code: 'BACKEND' });
    expect(new Uint8Array(readFileSync(path))).toEqual(steps);
  });
});
