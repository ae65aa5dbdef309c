import * as tf from '@tensorflow/tfjs';
import { Random } from '../src/core/random.js';
import { nextTask } from '../src/core/task.js';
import type { FeatureArray } from '../src/data/batches.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { type Moment, SoftmaxRegression } from '../src/index.js';
import '../src/node.js';
import type { FitOptions } from '../src/training/options.js';
import { onEveryBackend, useBackend } from './helpers/backends.js';

// Windows of a few batches.
jest.mock('../src/core/limits.js', () => ({ NUMBERS_OF_A_BATCH: 400 }));

const random = new Random(1);
const [n, d] = [1210, 4];
const normals = Float64Array.from({ length: n * d }, () => random.normal());
const near = { values: normals, shape: [n, d] as const };
/** One column far from 0 for its deviation, and one constant. */
const far = { values: normals.map((x, i) => (i % d === 1 ? 1e5 + x : i % d === 2 ? 7 : x)), shape: near.shape };
const labels = Array.from({ length: n }, (_, i) => {
  const sum = normals[d * i] + normals[d * i + 1] + random.normal() / 2;
  return sum > 0.5 ? 'a' : sum < -0.5 ? 'b' : 'c';
});
const other = Float64Array.from({ length: 60 * d }, () => random.normal());
const validation = {
  features: { values: other, shape: [60, d] as const },
  labels: Array.from({ length: 60 }, (_, i) => 'abc'[i % 3]),
};

type Given = FeatureArray<Float64Array>;

function stored({ values, shape }: Given, then = async (_reads: number) => {}): StoredRows {
  let reads = 0;
  return new StoredRows([...shape], async (start, end, into) => {
    await nextTask();
    into.set(values.subarray(start * d, end * d));
    await then(++reads);
  });
}

/** 76 batches an epoch, the last one short: two epochs are a graph on TensorFlow. */
const STEPS = { batchSize: 16, epochs: 2, seed: 5 } as const;

const CASES: readonly [string, Given, FitOptions<string>][] = [
  ['sgd', near, { solver: 'sgd', l2: 0.01 }],
  ['momentum, in order', near, { solver: 'momentum', shuffle: false }],
  ['eager steps', near, { solver: 'momentum', epochs: 1 }],
  ['a graph for short batches', near, { solver: 'sgd', batchSize: 121, epochs: 26 }],
  ['batches larger than a window', near, { solver: 'adam', batchSize: 500, epochs: 3 }],
  ['adam, standardised in steps', near, { solver: 'adam', standardize: true }],
  ['adam, standardised before', far, { solver: 'adam', standardize: true, fitIntercept: false }],
  [
    'weights of samples and classes',
    near,
    { solver: 'sgd', sampleWeights: labels.map((_, i) => i % 3), classWeights: 'balanced' },
  ],
  ['a schedule', near, { solver: 'sgd', learningRate: { schedule: 'cosine', rate: 0.3, warmup: 0.5 } }],
  ['autograd', near, { solver: 'adam', gradient: 'autograd' }],
  [
    'early stopping',
    near,
    { solver: 'adam', learningRate: 0.05, validation, earlyStopping: { patience: 2 }, epochs: 30 },
  ],
];

onEveryBackend('a fit by steps to stored rows', () => {
  it.each(CASES)('gives losses and weights of the rows in memory: %s', async (_, features, options) => {
    const before = tf.memory().numTensors;
    const inMemory = await SoftmaxRegression.fit(features, labels, { ...STEPS, ...options } as FitOptions<string>);
    const outside = await SoftmaxRegression.fit(stored(features), labels, {
      ...STEPS,
      ...options,
    } as FitOptions<string>);
    expect(outside.result).toEqual(inMemory.result);
    expect(outside.model.toBytes()).toEqual(inMemory.model.toBytes());
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('steps over stored rows', () => {
  beforeAll(() => useBackend('cpu'));

  it('resume from a checkpoint, also from one of rows in memory, to the same bits', async () => {
    const options = { ...STEPS, solver: 'adam', standardize: true } as const;
    const whole = await SoftmaxRegression.fit(far, labels, options);
    for (const from of [far, stored(far)]) {
      for (const to of [far, stored(far)]) {
        const written: Uint8Array[] = [];
        const write = (bytes: Uint8Array) => void written.push(bytes.slice());
        await SoftmaxRegression.fit(from, labels, { ...options, checkpoint: { every: { iterations: 10 }, write } });
        // In the middle of an epoch.
        const resumed = await SoftmaxRegression.fit(to, labels, { ...options, resume: written[2] });
        expect(resumed.model.toBytes()).toEqual(whole.model.toBytes());
        expect(resumed.result).toEqual(whole.result);
      }
    }
  });

  it('end with the last finite weights where they diverge, after the reads that have begun', async () => {
    let pending = 0;
    const large = { ...near, values: near.values.map((x) => 1e10 * x) };
    const rows = new StoredRows([n, d], async (start, end, into) => {
      pending++;
      for (let i = 0; i < 5; i++) await nextTask();
      into.set(large.values.subarray(start * d, end * d));
      pending--;
    });
    const learningRate = ({ epoch, step }: Moment) => (epoch === 1 && step > 30 ? 1e35 : 1e-20);
    const options = { ...STEPS, solver: 'sgd', learningRate } as const;
    const outside = await SoftmaxRegression.fit(rows, labels, options);
    expect(pending).toBe(0);
    const inMemory = await SoftmaxRegression.fit(large, labels, options);
    expect([outside.result.reason, inMemory.result.reason]).toEqual(['diverged', 'diverged']);
    expect(outside.result.history).toEqual(inMemory.result.history);
    expect(outside.model.weight.flatMap((row) => [...row]).every(Number.isFinite)).toBe(true);
  });

  it('read each row once in an epoch, a few batches at a time', async () => {
    const reads: [number, number][] = [];
    // Rows so long that none is read for its neighbours.
    const long = 8200;
    const rows = new StoredRows([60, long], async (start, end, into) => {
      reads.push([start, end]);
      for (let i = start; i < end; i++) into.fill(i % 7, (i - start) * long, (i + 1 - start) * long);
    });
    const options = { solver: 'sgd', batchSize: 4, epochs: 3, learningRate: 1e-6 } as const;
    await SoftmaxRegression.fit(rows, labels.slice(0, 60), options);
    const count = reads.reduce((sum, [start, end]) => sum + end - start, 0);
    // Once to check them, once in each epoch, and once for the objective.
    expect(count).toBe(60 * (1 + 3 + 1));
  });

  it('report their progress, and stop at an abort with a checkpoint', async () => {
    const abort = new AbortController();
    const steps: number[] = [];
    const written: Uint8Array[] = [];
    const options = { ...STEPS, solver: 'sgd' } as const;
    const fit = SoftmaxRegression.fit(stored(near), labels, {
      ...options,
      signal: abort.signal,
      checkpoint: { write: (bytes) => void written.push(bytes.slice()) },
      onProgress({ epoch, step }) {
        steps.push(step);
        if (epoch === 2) abort.abort(new Error('enough'));
      },
    });
    await expect(fit).rejects.toThrow('enough');
    expect(steps.length).toBeGreaterThan(20);
    expect(steps[25]).toBe(76);
    const resumed = await SoftmaxRegression.fit(near, labels, { ...options, resume: written.at(-1) });
    const whole = await SoftmaxRegression.fit(near, labels, options);
    expect(resumed.model.toBytes()).toEqual(whole.model.toBytes());
  });

  it.each([1, 2, 3, 4, 5, 20, 40])('stop at an abort while read %i and those after it never end', async (last) => {
    const abort = new AbortController();
    const rows = stored(near, async (reads) => {
      if (reads < last) return;
      setImmediate(() => abort.abort(new Error('enough')));
      await new Promise(() => {});
    });
    const options = { ...STEPS, solver: 'sgd', standardize: true, signal: abort.signal } as const;
    await expect(SoftmaxRegression.fit(rows, labels, options)).rejects.toThrow('enough');
  });

  it('notice rows that change to numbers that are not finite', async () => {
    const rows = new StoredRows([n, d], async (start, end, into) => {
      into.set(near.values.subarray(start * d, end * d));
      if (end - start < n && start <= 700 && end > 700) into[d * (700 - start) + 1] = Number.NEGATIVE_INFINITY;
    });
    await expect(SoftmaxRegression.fit(rows, labels, { ...STEPS, solver: 'sgd' })).rejects.toThrow(
      'StoredRows: row 700 must have the same finite numbers in each pass; got -Infinity.',
    );
  });

  it('end with the error of a read that fails while others are used', async () => {
    const rows = stored(near, async (reads) => {
      if (reads === 30) throw new Error('the disk is gone');
    });
    await expect(SoftmaxRegression.fit(rows, labels, { ...STEPS, solver: 'sgd' })).rejects.toThrow('the disk is gone');
  });
});
