// node: tests the addons in a child process, so that an incompatible library cannot kill the caller.
import { type Float64Kernels, openModule, type SimdKernels, type SparseSimdKernels } from '../../core/simd.js';
import { SIMD_MODULE } from '../../core/simd-module.js';
import { disagreement, FLOAT32 } from '../../core/tolerance.js';
import { lastLine, type Outcome, runProgram } from './process.js';
import { float64Addon } from './record.js';

/** The result of native kernels in a child process. */
export type ProbeResult =
  | { readonly ok: true; readonly tensorflowVersion: string; readonly device: 'CPU' | 'GPU' }
  | { readonly ok: false; readonly reason: string };

/** Inputs that float32 represents exactly, so that only arithmetic is compared. */
const PROBLEM = {
  features: [
    [1, -2],
    [0.5, 0.25],
    [-1.5, 3],
  ],
  weight: [
    [0.5, -1, 0.25],
    [1, 0.125, -0.75],
  ],
  targets: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};
type Problem = typeof PROBLEM;

interface Answer {
  readonly tensorflowVersion: string;
  readonly usesGpu: boolean;
  readonly loss: number;
  /** Row-major, as the weight. */
  readonly gradient: readonly number[];
  /** A product of ones by our own kernel, if the addon has it: 1024 everywhere. */
  readonly narrow: readonly number[];
  /** The results of our float64 kernels, if their addon is there. */
  readonly float64: readonly number[];
}

/** The first load reads about a gigabyte, possibly over a network. */
const TIMEOUT = 180_000;

/**
 * Loads tfjs-node with the addon at `addon` in a child process, which computes a loss and its gradient by autograd.
 * They are compared here with the closed form. Results of the float64 kernels beside it are compared with those of
 * WebAssembly, bit by bit.
 *
 * @param tfjsNode the folder of the package `@tensorflow/tfjs-node`
 * @throws the signal's reason if aborted; all other errors are part of the result
 */
export async function probeAddon(tfjsNode: string, addon: string, signal?: AbortSignal): Promise<ProbeResult> {
  // tsx wraps functions in a helper of this name, which the child does not have. In Deno, the script is a module: it has no
  // `require`, and its file name is an argument. Node before 20.16 has no `getBuiltinModule`.
  const script = `const __name = (f) => f;
    const openTfjsNode = ${openTfjsNode.toString()};
    const answerFloat64 = ${answerFloat64.toString()};
    const exercise = ${exercise.toString()};
    const exerciseSparse = ${exerciseSparse.toString()};
    const answer = ${answerProblem.toString()};
    const [folder, addon, float64, problem] = JSON.parse(process.argv.at(-1));
    const { createRequire } = process.getBuiltinModule?.('node:module') ?? require('node:module');
    const requireFromTfjsNode = createRequire(folder + '/package.json');
    const result = answer(openTfjsNode, requireFromTfjsNode, addon, problem);
    console.log(JSON.stringify({ ...result, float64: answerFloat64(requireFromTfjsNode, float64, exercise, exerciseSparse) }));`;
  const given = JSON.stringify([tfjsNode, addon, float64Addon(addon), PROBLEM]);
  const outcome = await runProgram(process.execPath, ['-e', script, given], {
    // The options of this process may load a loader or a debugger, which the child does not need.
    env: { NODE_OPTIONS: '', NO_COLOR: '1', TF_CPP_MIN_LOG_LEVEL: process.env.TF_CPP_MIN_LOG_LEVEL ?? '3' },
    timeout: TIMEOUT,
    signal,
  });
  if (outcome.end !== 'exit' || outcome.code !== 0) return { ok: false, reason: deathOf(outcome) };
  let answer: Answer;
  try {
    answer = JSON.parse(lastLine(outcome.stdout)) as Answer;
  } catch {
    return { ok: false, reason: `it answered ${JSON.stringify(lastLine(outcome.stdout))}` };
  }
  return judge(answer);
}

/**
 * Loads tfjs-node with an addon outside its folder, which stays unchanged.
 *
 * It runs here and in the child of `probeAddon`, which receives its source text. So it uses its arguments only.
 *
 * @param requireFromTfjsNode the `require` of a file in the folder of tfjs-node
 */
/* istanbul ignore next: counters would be part of the source text */
export function openTfjsNode(requireFromTfjsNode: NodeJS.Require, addon: string): void {
  const util = requireFromTfjsNode('node:util') as Record<string, unknown>;
  // tfjs-node calls both. Node 23 removed the first, and Node 22 warns about both.
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
  const manifest = requireFromTfjsNode.resolve('./package.json');
  // The public `find` is a getter of this one. tfjs-node pins version 1.0.9.
  const locator = requireFromTfjsNode('@mapbox/node-pre-gyp/lib/pre-binding.js') as {
    find: (path: string, ...rest: unknown[]) => string;
  };
  const { find } = locator;
  locator.find = (path, ...rest) => (path === manifest ? addon : find(path, ...rest));
  try {
    requireFromTfjsNode('./');
  } finally {
    locator.find = find;
  }
}

/* istanbul ignore next: counters would be part of the source text */
function answerProblem(
  open: typeof openTfjsNode,
  requireFromTfjsNode: NodeJS.Require,
  addon: string,
  problem: Problem,
): Omit<Answer, 'float64'> {
  open(requireFromTfjsNode, addon);
  const tf = requireFromTfjsNode('@tensorflow/tfjs') as typeof import('@tensorflow/tfjs');
  const backend = tf.findBackend('tensorflow') as unknown as {
    binding: import('../../graph/native-backend.js').Binding & { TF_Version: string };
    isUsingGpuDevice: boolean;
  };
  const features = tf.tensor2d(problem.features);
  const targets = tf.tensor2d(problem.targets);
  const loss = (weight: import('@tensorflow/tfjs').Tensor) =>
    tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(tf.matMul(features, weight))), 1)));
  const { value, grad } = tf.valueAndGrad(loss)(tf.tensor2d(problem.weight));
  const { binding } = backend;
  const ones = (rows: number, columns: number) =>
    binding.createTensor([rows, columns], binding.TF_FLOAT, new Float32Array(rows * columns).fill(1));
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'N', type: binding.TF_ATTR_INT, value: 0 },
  ];
  let narrow: number[] = [];
  try {
    // Large enough for several threads. Our kernel may need other instructions than TensorFlow's kernels.
    const [{ id }] = binding.executeOp(
      'SoftmaxRegressionNarrowMatMul',
      attributes,
      [ones(128, 1024), ones(1024, 10)],
      1,
    );
    narrow = Array.from(binding.tensorDataSync(id) as Float32Array);
  } catch {
    // The addon of tfjs-node's own installer does not have this kernel.
  }
  return {
    narrow,
    tensorflowVersion: backend.binding.TF_Version,
    usesGpu: backend.isUsingGpuDevice,
    loss: value.dataSync()[0],
    gradient: Array.from(grad.dataSync()),
  };
}

/* istanbul ignore next: counters would be part of the source text */
function answerFloat64(
  requireFromTfjsNode: NodeJS.Require,
  addon: string,
  run: typeof exercise,
  runSparse: typeof exerciseSparse,
): readonly number[] {
  const { existsSync } = requireFromTfjsNode('node:fs') as typeof import('node:fs');
  if (!existsSync(addon)) return [];
  const kernels = requireFromTfjsNode(addon) as Float64Kernels;
  const memory = new Float64Array(8192);
  const call = (name: Exercised, ...addresses: (number | boolean)[]) =>
    (kernels[name] as (memory: Float64Array, ...addresses: (number | boolean)[]) => unknown)(memory, ...addresses);
  const logits = new Float64Array(1280);
  // Large enough for several threads.
  const [x, w, bias] = [new Float32Array(131072).fill(1), new Float64Array(16384).fill(1), new Float64Array(10)];
  kernels.predictRows(x, 0, 128, 1024, w, 10, bias, 1, false, logits);
  const sparse = runSparse(
    memory,
    ({ starts, indices, values, point, labels, shares, residuals, leaves, gradient }) => {
      const [n, q] = [labels.length, point.length / starts.length];
      kernels.sparseResiduals(starts, indices, values, 0, n, point, n, labels, shares, 128, residuals, leaves);
      kernels.sparseGradient(starts, indices, values, 0, n, residuals, q, 1, gradient);
    },
  );
  return [...run(call, memory), ...sparse, ...logits];
}

type Exercised = 'evaluate' | 'gram' | 'factorize' | 'substitute' | 'addAndDot';

/** Calls kernels on a memory of 8192 numbers, and returns their results: 40 rows of 9 numbers, 5 classes. */
/* istanbul ignore next: counters would be part of the source text */
function exercise(
  call: (name: Exercised, ...addresses: (number | boolean)[]) => unknown,
  memory: Float64Array,
): number[] {
  const fill = () =>
    memory.forEach((_, i) => {
      memory[i] = ((i * 7919) % 1000) / 500 - 1;
    });
  fill();
  const [rows, stride] = [40, 96];
  const [w, labels, shares, sum, gram, scratch] = [480, 540, 600, 640, 800, 1000].map((at) => 8 * at);
  const integers = new Int32Array(memory.buffer, labels, rows);
  for (let i = 0; i < rows; i++) integers[i] = i % 5;
  // The column that fills the last pair of classes.
  for (let j = 0; j < 9; j++) memory[480 + 36 + 2 * j + 1] = 0;
  // Two blocks each.
  call('evaluate', 0, rows, stride, w, 9, 5, labels, shares, 32, false, sum, scratch);
  for (let i = 0; i < rows; i++) integers[i] = i;
  call('gram', 0, stride, 10, labels, shares, rows, 32, false, gram, scratch);
  const lower = Array.from({ length: 10 }, (_, i) => [...memory.slice(800 + 12 * i, 801 + 13 * i)]);
  const results = [...memory.slice(640, 700), memory[712], ...lower.flat()];
  // A matrix of 33 rows, so that the factor has two panels.
  const order = 33;
  fill();
  for (let i = 0; i < order; i++) memory[64 * i + i] = 40;
  call('factorize', 0, order, 512, 1e-9, 8 * 2400);
  call('substitute', 0, order, 512, 8 * 2304, 2);
  const solved = memory.slice(2304, 2304 + 2 * order);
  const product = call('addAndDot', 0, 0.1, 8 * 40, 8 * 80, 37) as number;
  return [...results, ...solved, product, ...memory.slice(0, 37)];
}

/** Arrays in one memory, for the kernels of sparse rows. */
interface SparseArrays {
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly labels: Int32Array;
  readonly point: Float64Array;
  readonly shares: Float64Array;
  readonly residuals: Float64Array;
  readonly leaves: Float64Array;
  readonly gradient: Float64Array;
  readonly scratch: Float64Array;
}

/**
 * Lets kernels write residuals and gradient of 140 rows of 140 features, 13 classes, and returns their results. The matrix
 * is symmetric, so that its rows are its columns. The gradient has blocks of one row, so that a column has up to five.
 */
/* istanbul ignore next: counters would be part of the source text */
function exerciseSparse(memory: Float64Array, call: (arrays: SparseArrays) => void): number[] {
  const [n, q, near] = [140, 13, 2];
  const entries = n * (2 * near + 1) - near * (near + 1);
  let end = 0;
  const place = (numbers: number) => {
    const at = 8 * end;
    end += 2 * Math.ceil(numbers / 2);
    return at;
  };
  const integers = (length: number) => new Int32Array(memory.buffer, place(length / 2), length);
  const numbers = (length: number) => {
    const array = new Float64Array(memory.buffer, place(length), length);
    array.forEach((_, i) => {
      array[i] = ((i * 7919) % 1000) / 500 - 1;
    });
    return array;
  };
  const [starts, indices, labels] = [n + 1, entries, n].map(integers);
  const values = new Float32Array(memory.buffer, place(entries / 2), entries);
  const [point, shares, residuals, leaves, gradient, scratch] = [(n + 1) * q, n, n * q, 2 * (q + 1), n * q, 480].map(
    numbers,
  );
  let at = 0;
  for (let i = 0; i < n; i++) {
    starts[i] = at;
    labels[i] = i % q;
    for (let j = Math.max(0, i - near); j <= Math.min(n - 1, i + near); j++, at++) {
      indices[at] = j;
      values[at] = ((i + j) % 17) / 7 - 1;
    }
  }
  starts[n] = at;
  call({ starts, indices, values, labels, point, shares, residuals, leaves, gradient, scratch });
  return [...leaves, ...gradient];
}

/** The numbers that `answerFloat64` must give; undefined without WebAssembly, which the plain loops replace. */
function expectedFloat64(): readonly number[] | undefined {
  const exports = openModule(SIMD_MODULE);
  if (exports === undefined) return undefined;
  const { memory } = exports as { readonly memory: WebAssembly.Memory };
  memory.grow(1);
  const kernels = exports as unknown as SimdKernels;
  const call = (name: Exercised, ...addresses: (number | boolean)[]) =>
    (kernels[name] as (...addresses: (number | boolean)[]) => unknown)(...addresses);
  const numbers = new Float64Array(memory.buffer, 0, 8192);
  const sparse = exerciseSparse(numbers, (arrays) => {
    const [n, q] = [arrays.labels.length, arrays.point.length / arrays.starts.length];
    const at = (name: keyof SparseArrays) => arrays[name].byteOffset;
    const [starts, indices, values, residuals, scratch] = [
      ...[at('starts'), at('indices'), at('values'), at('residuals'), at('scratch')],
    ];
    const { sparseResiduals, sparseGradient } = exports as unknown as SparseSimdKernels;
    sparseResiduals(
      ...([starts, indices, values, true, n, at('point'), n + 1, q, at('labels'), at('shares')] as const),
      ...([128, residuals, at('leaves'), scratch] as const),
    );
    sparseGradient(starts, indices, values, true, n, residuals, q, 1, at('gradient'), 34, scratch);
  });
  return [...exercise(call, numbers), ...sparse, ...new Array<number>(1280).fill(1024)];
}

function judge(answer: Answer): ProbeResult {
  const expected = closedForm(PROBLEM);
  const actual = [answer.loss, ...answer.gradient];
  const agrees =
    actual.length === expected.length && actual.every((value, i) => disagreement(value, expected[i], FLOAT32) <= 1);
  if (answer.narrow.some((value) => value !== 1024)) {
    return { ok: false, reason: 'its own kernel gives wrong results: a sum of 1024 ones is not 1024' };
  }
  const float64 = expectedFloat64();
  if (answer.float64.length > 0 && float64?.some((value, i) => answer.float64[i] !== value)) {
    return { ok: false, reason: 'its float64 kernels give other results than WebAssembly' };
  }
  return agrees
    ? { ok: true, tensorflowVersion: answer.tensorflowVersion, device: answer.usesGpu ? 'GPU' : 'CPU' }
    : { ok: false, reason: `it gives wrong results: loss and gradient [${actual}] instead of [${expected}]` };
}

/** Loss and gradient in float64: ℓ = −(1/n) Σᵢ log softmax(xᵢW)·yᵢ and ∂ℓ/∂W = Xᵀ(softmax(XW) − Y)/n. */
function closedForm({ features, weight, targets }: Problem): number[] {
  const count = features.length;
  let loss = 0;
  const gradient = weight.map((row) => row.map(() => 0));
  features.forEach((x, i) => {
    const powers = weight[0].map((_, k) => Math.exp(x.reduce((logit, value, j) => logit + value * weight[j][k], 0)));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, k) => {
      const probability = power / sum;
      loss -= (targets[i][k] * Math.log(probability)) / count;
      x.forEach((value, j) => {
        gradient[j][k] += (value * (probability - targets[i][k])) / count;
      });
    });
  });
  return [loss, ...gradient.flat()];
}

/** By signal, or by the exit code on Windows. */
const DEATHS: Readonly<Record<string, string>> = {
  SIGILL: 'it needs instructions that this processor lacks, such as AVX',
  3221225501: 'it needs instructions that this processor lacks, such as AVX',
  SIGSEGV: 'it crashed (SIGSEGV): it is damaged, or was built for another C library',
  3221225477: 'it crashed (access violation): it is damaged, or was built for another system',
  SIGBUS: 'it crashed (SIGBUS): a library file is truncated',
  SIGKILL: 'it was killed, possibly because memory ran out',
};

function deathOf(outcome: Outcome): string {
  switch (outcome.end) {
    case 'missing':
      return `${process.execPath} could not be started`;
    case 'timeout':
      return `it did not answer within ${TIMEOUT / 1000} s`;
    default: {
      const known = DEATHS[outcome.signal ?? outcome.code ?? ''];
      if (known !== undefined) return known;
      const message = /^\s*(?:\w*Error): (.*)$/m.exec(outcome.stderr)?.[1] ?? lastLine(outcome.stderr);
      return outcome.signal === null ? message : `it was ended by ${outcome.signal}: ${message}`;
    }
  }
}
