import * as tf from '@tensorflow/tfjs';
import {
  BACKENDS,
  type BackendChoice,
  formatBackend,
  loadIris,
  SoftmaxRegression,
  selectBackend,
} from 'softmax-regression';
import { type BackendLoader, provideBackend } from '../src/backend/select.js';
import { loadNative } from '../src/node/native/load.js';
import { TEST_BACKENDS } from './helpers/backends.js';
import { changed, type Kernel, noted, PLANTED, plant, uproot } from './helpers/planted-backend.js';

const nudged = changed((values) => {
  values[0] += 1e-4;
});

/** Floats are off by a thousandth; other values are inverted. */
const wrong = changed((values) => {
  const isFloat = values[Symbol.toStringTag] === 'Float32Array';
  for (let i = 0; i < values.length; i++) values[i] = isFloat ? values[i] * 1.001 + 0.001 : 1 - values[i];
});

/** Every solver, layer and gradient. */
const TRAININGS = [
  { solver: 'sgd', epochs: 2, batchSize: 64, l2: 0.01, standardize: true },
  { solver: 'momentum', epochs: 2, gradient: 'autograd', classWeights: 'balanced', layer: { phm: 1 } },
  { solver: 'adam', epochs: 2, gradient: 'autograd', learningRate: { schedule: 'cosine', rate: 0.1 } },
  { solver: 'adam', epochs: 2, layer: { phm: 1 }, sampleWeights: new Float32Array(150).fill(2) },
  { solver: 'lbfgs', l2: 0.01 },
] as const;

/** Kernels that move numbers without computing. */
const MOVES = ['Identity', 'Reshape', 'Cast'];

beforeEach(async () => {
  await tf.setBackend('cpu');
});

afterEach(async () => {
  await tf.setBackend('cpu');
  uproot();
  provideBackend(PLANTED, async () => undefined);
  provideBackend('tensorflow', async () => undefined);
});

describe('selectBackend', () => {
  it.each(['wasm', 'cpu'] as const)('selects %s if it is preferred', async (backend) => {
    expect(await selectBackend(backend)).toEqual({ backend, description: '', refused: [] });
    expect(tf.getBackend()).toBe(backend);
  });

  it('selects the fastest backend that loads, and gives the reason for each faster one it refused', async () => {
    const { backend, refused } = await selectBackend();
    expect(backend).toBe('wasm');
    expect(tf.getBackend()).toBe('wasm');
    expect(refused).toEqual([
      { backend: 'tensorflow', reason: "import 'softmax-regression/node' for native kernels" },
      { backend: 'webgpu', reason: 'not registered with tfjs' },
      { backend: 'webgl', reason: 'not registered with tfjs' },
    ]);
  });

  it('tries backends from fastest to slowest', () => {
    expect(BACKENDS).toEqual(['tensorflow', 'webgpu', 'webgl', 'wasm', 'cpu']);
  });

  it('selects a backend that other code registered, if it computes correctly', async () => {
    plant();
    expect(await selectBackend()).toMatchObject({ backend: PLANTED, refused: [{ backend: 'tensorflow' }] });
    expect(tf.getBackend()).toBe(PLANTED);
  });

  it.each<[string, string, string, (right: Kernel) => Kernel]>([
    ['softmax', 'Softmax', 'softmax is wrong: 0.0901', nudged],
    ['matrix product', 'BatchMatMul', 'matMul is wrong: -3.99', nudged],
    ['transpose', 'Transpose', 'transpose is wrong', nudged],
    ['one-hot', 'OneHot', 'oneHot is wrong', changed((values) => values.fill(0))],
    ['logarithm', 'Log', 'logSoftmax is wrong', nudged],
    ['select', 'Select', 'crossEntropy is wrong', nudged],
    [
      'softmax (NaN)',
      'Softmax',
      'softmax is wrong: NaN instead of 0.0900',
      changed((values) => values.fill(Number.NaN)),
    ],
    // tfjs computes the gradient of a matrix product with a transposed factor, which only gradients use.
    [
      'gradient',
      'BatchMatMul',
      '∂ℓ/∂weight DISAGREES between autograd and closed form',
      (right) => (params) => (params.attrs?.transposeA ? nudged(right)(params) : right(params)),
    ],
  ])('refuses a backend with a wrong %s and selects the next one', async (_, kernelName, reason, fault) => {
    plant({ [kernelName]: fault });
    const before = tf.memory().numTensors;
    const choice = await selectBackend();
    expect(choice).toMatchObject({ backend: 'wasm' });
    expect(choice.refused[1]).toEqual({ backend: PLANTED, reason: expect.stringContaining(reason) });
    expect(formatBackend(choice)).toContain(`; not ${PLANTED}: ${choice.refused[1].reason}`);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a backend with a fault in any kernel that training and evaluation use', async () => {
    const names = new Set<string>();
    const kernels = tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);
    plant(Object.fromEntries(kernels.map((name) => [name, noted(name, names)])));
    await tf.setBackend(PLANTED);
    const { features, labels } = loadIris();
    for (const options of TRAININGS) {
      const { model } = await SoftmaxRegression.fit(features, labels, options);
      await model.evaluate(features, labels);
    }
    await tf.setBackend('cpu');
    uproot();
    const accepted: string[] = [];
    for (const name of names) {
      if (MOVES.includes(name)) continue;
      plant({ [name]: wrong });
      if ((await selectBackend()).backend === PLANTED) accepted.push(name);
      await tf.setBackend('cpu');
      uproot();
    }
    expect(accepted).toEqual([]);
    expect(names.size).toBeGreaterThan(15);
  });

  it('refuses a backend that lacks a kernel, and names the kernel', async () => {
    plant();
    tf.unregisterKernel('OneHot', PLANTED);
    const { refused } = await selectBackend();
    expect(refused[1].reason).toContain("Kernel 'OneHot' not registered for backend 'webgpu'");
  });

  it('keeps the current backend if the preferred one computes a wrong result, and names the operation', async () => {
    await tf.setBackend('wasm');
    plant({ Softmax: nudged });
    await expect(selectBackend(PLANTED)).rejects.toMatchObject({
      code: 'BACKEND',
      where: 'selectBackend',
      argument: "backend 'webgpu'",
      expected: 'load and compute correctly',
      actual: expect.stringContaining('webgpu: softmax is wrong'),
      hint: 'Without `preference`, the fastest working backend is selected.',
    });
    expect(tf.getBackend()).toBe('wasm');
  });

  it('keeps the current backend if the preferred one is not available', async () => {
    await tf.setBackend('wasm');
    await expect(selectBackend('webgl')).rejects.toMatchObject({
      code: 'BACKEND',
      actual: 'webgl: not registered with tfjs',
    });
    await expect(selectBackend('tensorflow')).rejects.toMatchObject({
      actual: "tensorflow: import 'softmax-regression/node' for native kernels",
    });
    expect(tf.getBackend()).toBe('wasm');
  });

  it.each<[string, BackendLoader | (() => tf.KernelBackend), string]>([
    [
      'whose loader fails',
      async () => {
        throw new Error('no adapter');
      },
      'no adapter',
    ],
    [
      'whose loader throws a value that is not an Error',
      () => {
        throw 'nothing';
      },
      'nothing',
    ],
  ])('tries the next backend after one %s', async (_, load, reason) => {
    provideBackend(PLANTED, load as BackendLoader);
    const { backend, refused } = await selectBackend();
    expect([backend, refused[1]]).toEqual(['wasm', { backend: PLANTED, reason }]);
  });

  it('tries the next backend after one that does not start', async () => {
    tf.registerBackend(PLANTED, () => {
      throw new Error('no GPU');
    });
    const { backend, refused } = await selectBackend();
    expect([backend, refused[1]]).toEqual(['wasm', { backend: PLANTED, reason: 'it does not start' }]);
  });

  it('returns the description given by the loader', async () => {
    provideBackend(PLANTED, async () => 'software adapter');
    plant();
    expect(await selectBackend(PLANTED)).toEqual({ backend: PLANTED, description: 'software adapter', refused: [] });
  });

  it.each(['gpu', '', 'TensorFlow', 3, null])('rejects the preference %p', async (preference) => {
    await expect(selectBackend(preference as 'cpu')).rejects.toMatchObject({
      code: 'DOMAIN',
      where: 'selectBackend',
      argument: 'preference',
      expected: "be 'tensorflow' | 'webgpu' | 'webgl' | 'wasm' | 'cpu'",
    });
    expect(tf.getBackend()).toBe('cpu');
  });

  it('does not leak tensors', async () => {
    const before = tf.memory().numTensors;
    await selectBackend('wasm');
    await selectBackend('cpu');
    await selectBackend();
    expect(tf.memory().numTensors).toBe(before);
  });
});

const itNative = TEST_BACKENDS.includes('tensorflow') ? it : it.skip;

// The last test that selects a backend: a native backend stays registered.
itNative('selectBackend prefers tensorflow to all others once it is provided', async () => {
  provideBackend('tensorflow', async () => `TensorFlow ${(await loadNative()).tensorflowVersion}`);
  const choice = await selectBackend();
  expect(choice).toEqual({ backend: 'tensorflow', description: expect.stringMatching(/^TensorFlow \d/), refused: [] });
  expect(formatBackend(choice)).toMatch(/^backend: tensorflow \(TensorFlow \d[^;]*\)$/);
});

describe('formatBackend', () => {
  const choice = (fields: Partial<BackendChoice>): BackendChoice => ({
    backend: 'wasm',
    description: '',
    refused: [],
    ...fields,
  });

  it('gives the name and the description of the backend', () => {
    expect(formatBackend(choice({}))).toBe('backend: wasm');
    expect(formatBackend(choice({ backend: 'tensorflow', description: 'TensorFlow 2.21.0 on CPU' }))).toBe(
      'backend: tensorflow (TensorFlow 2.21.0 on CPU)',
    );
  });

  it('gives the reason for each refused backend, except those that are not registered', () => {
    const refused = [
      { backend: 'tensorflow', reason: 'softmax is wrong: 1 instead of 0' },
      { backend: 'webgpu', reason: 'not registered with tfjs' },
      { backend: 'webgl', reason: 'it does not start' },
    ] as const;
    expect(formatBackend(choice({ refused }))).toBe(
      'backend: wasm; not tensorflow: softmax is wrong: 1 instead of 0; not webgl: it does not start',
    );
  });
});
