import * as tf from '@tensorflow/tfjs';
import { Random } from '../src/core/random.js';
import { nextTask } from '../src/core/task.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { type DataArray, scan } from '../src/index.js';
import '../src/node.js';
import { DataStore } from '../src/compile/arrays.js';
import { openLoop } from '../src/compile/loop.js';
import { nativeBackend } from '../src/graph/native-backend.js';
import { onEveryBackend, TEST_BACKENDS, useBackend } from './helpers/backends.js';

// Windows of a few batches.
jest.mock('../src/core/limits.js', () => ({ NUMBERS_OF_A_BATCH: 400 }));

const [n, d] = [1210, 4];
const random = new Random(1);
const values = Float32Array.from({ length: n * d }, () => random.normal());
const x = { values, shape: [n, d] } as const;
const y = Int32Array.from({ length: n }, (_, i) => i);
const rows = new StoredRows([n, d], async (start, end, into) => {
  await nextTask();
  into.set(values.subarray(start * d, end * d));
});

/** The sums of the batches of scan, and those of the labels. */
async function sums(data: { x: StoredRows | DataArray; y: Int32Array }, options: object) {
  const step = (total: tf.Scalar, { x, y }: { x: tf.Tensor2D; y: tf.Tensor1D }) =>
    [total.add<tf.Scalar>(x.sum()), tf.stack([x.sum(), y.toFloat().sum(), x.slice([0, 0], [1, 1]).sum()])] as const;
  const start = tf.scalar(0);
  const { state, outputs, engine } = await scan(step as never, start, data as never, { batchSize: 16, ...options });
  const found = {
    state: [...(state as tf.Tensor).dataSync()],
    outputs: [...(outputs as tf.Tensor).dataSync()],
    engine,
  };
  tf.dispose([start, state, outputs] as tf.TensorContainer);
  return found;
}

onEveryBackend('scan over stored rows', (backend) => {
  const repeated = (epoch: number) => Int32Array.from({ length: n }, (_, i) => (epoch * (i >> 1) * 37) % n);

  it.each<[string, object]>([
    ['in order', { epochs: 2 }],
    ['eagerly', {}],
    ['shuffled', { epochs: 2, seed: 3 }],
    ['by a function that repeats samples', { epochs: 2, order: repeated }],
    ['with a graph for short batches', { epochs: 26, seed: 1 }],
    ['by XLA, where there is one', { epochs: 2, seed: 1, xla: true }],
  ])('gives the numbers of the rows in memory: %s', async (_, options) => {
    const inMemory = await sums({ x, y }, options);
    const outside = await sums({ x: rows, y }, options);
    expect(outside.engine).toEqual(inMemory.engine);
    // XLA rounds a slice of a window other than a part of all rows.
    if (outside.engine.name === 'xla') expect(outside.outputs).toBeAllClose(inMemory.outputs);
    else expect(outside).toEqual(inMemory);
    if (backend === 'tensorflow' && 'epochs' in options) expect(outside.engine.name).not.toBe('eager');
  });

  it('ends early after the reads that have begun', async () => {
    let pending = 0;
    const slow = new StoredRows([n, d], async (start, end, into) => {
      pending++;
      for (let i = 0; i < 5; i++) await nextTask();
      into.set(values.subarray(start * d, end * d));
      pending--;
    });
    const start = tf.scalar(0);
    const step = (total: tf.Scalar, batch: { x: tf.Tensor2D }) => [total.add<tf.Scalar>(batch.x.sum()), {}] as const;
    const loop = await openLoop(step, start, { x: slow }, { batchSize: 16, passes: 1, isOrdered: false });
    for await (const _ of loop.pass(start)) {
      expect(pending).toBe(1);
      break;
    }
    expect(pending).toBe(0);
    loop.close();
    start.dispose();
  });

  it('refuses tensors beside stored rows', async () => {
    const tensor = tf.range(0, n, 1, 'int32');
    await expect(sums({ x: rows, y: tensor as never }, {})).rejects.toThrow(
      'scan: data.y must be a typed array, or { values, shape }, beside stored rows; got a tensor.',
    );
    tensor.dispose();
  });
});

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

describeNative('scan over stored rows in a graph', () => {
  beforeAll(() => useBackend('tensorflow'));

  /** The most windows in TensorFlow at a time, and those in it afterwards. */
  async function windowsOf(run: () => Promise<void>): Promise<[most: number, left: number]> {
    const backend = nativeBackend();
    const { binding } = backend;
    const held = new Set<number>();
    let most = 0;
    // A proxy, because the addon's functions are read-only.
    backend.binding = new Proxy({} as typeof binding, {
      get(_, name: keyof typeof binding) {
        const value: unknown = binding[name];
        if (name === 'createTensor') {
          return (shape: number[], type: number, values: Float32Array) => {
            const id = binding.createTensor(shape, type, values);
            if (shape[0] === 48 && shape[1] === d) held.add(id);
            most = Math.max(most, held.size);
            return id;
          };
        }
        if (name === 'deleteTensor') {
          return (id: number) => {
            held.delete(id);
            binding.deleteTensor(id);
          };
        }
        return typeof value === 'function' ? value.bind(binding) : value;
      },
    });
    try {
      await run();
      return [most, held.size];
    } finally {
      backend.binding = binding;
    }
  }

  it('holds one window, and none afterwards', async () => {
    const counts = await windowsOf(async () => {
      const { engine } = await sums({ x: rows, y }, { epochs: 2, seed: 1 });
      expect(engine.name).toBe('graph');
    });
    expect(counts).toEqual([1, 0]);
  });

  it('holds none after a loop, even if the loop shares its copies of samples with others', async () => {
    const store = new DataStore();
    const start = tf.scalar(0);
    const step = (total: tf.Scalar, { x }: { x: tf.Tensor2D }) => [total.add<tf.Scalar>(x.sum()), {}] as const;
    const counts = await windowsOf(async () => {
      const options = { batchSize: 16, passes: 2, isOrdered: false };
      const loop = await openLoop(step, start, { x: rows, y }, options, store);
      for await (const _ of loop.pass(start));
      loop.close();
    });
    expect(counts).toEqual([1, 0]);
    start.dispose();
    store.dispose();
  });
});
