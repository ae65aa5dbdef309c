// objective: the Hessian of a large problem on tensors, factored in blocks of columns.
import * as tf from '@tensorflow/tfjs';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { nextTask } from '../core/task.js';
import { gatherRows } from '../data/batches.js';
import { type PlainProblem, shareOf } from './float64.js';
import { couplingOf, isBetween, othersOf, pairsAbove, THRESHOLDS } from './hessian.js';

/** The largest number of parameters: 12,000² numbers of float32 in the lower half are 288 MB. */
const LARGEST = 12_000;
/** Columns of a block of the factor. */
const WIDTH = 256;
/** Rows of a product: few enough to fit in the caches. */
const ROWS = 1024;
/** Multiply-adds of a task: some milliseconds on TensorFlow, up to 100 ms on WebAssembly. */
const WORK = 3e8;
/** A pivot below this part of its diagonal entry is a rounding error. */
const FLOOR = 1e-6;

export interface FactoredHessian {
  /** M⁻¹v, a new array. */
  solve(vector: Float64Array): Promise<Float64Array>;
  /** Disposes all tensors. */
  close(): void;
}

export interface TensorHessianOptions {
  /** How many multiply-adds computing and factoring it may take. */
  readonly work: number;
  readonly backend: BackendInUse;
  readonly signal?: AbortSignal;
  /** Called after the columns of each class, with their number so far and that of the classes. */
  readonly onProgress?: (done: number, classes: number) => void;
}

/** Columns `start` to `start + width` − 1 of L, from row `start` on. */
interface FactorBlock {
  readonly start: number;
  readonly width: number;
  /** [size − start, width] */
  readonly columns: tf.Tensor2D;
  /** The inverse of the triangle at the top, [width, width]. */
  readonly inverse: tf.Tensor2D;
}

/**
 * The Cholesky factor of the Hessian, thinned as in `hessianMatrix`, in float32: a preconditioner.
 *
 * Parameters are in the order of the classes, so each pair of classes is a block. L is computed from left to right:
 * the blocks of a class are needed only when its columns are factored, so the Hessian itself is never held as a whole.
 *
 * The Hessian does not change if one number is added to all biases. The last pivot is then a rounding error, and its
 * diagonal entry takes its place. This keeps M positive definite and changes no solution for a gradient, whose biases
 * sum to 0. Other pivots within rounding of 0, as of collinear columns without a penalty, are replaced in the same way.
 *
 * @returns undefined if there are too many parameters, or if it takes more work
 */
export async function tensorHessian(
  problem: PlainProblem,
  point: Float64Array,
  { work, backend, signal, onProgress }: TensorHessianOptions,
): Promise<FactoredHessian | undefined> {
  const { numFeatures: d, numClasses: q, fitIntercept } = problem;
  const order = fitIntercept ? d + 1 : d;
  const size = order * q;
  const left = work - size ** 3 / 6;
  if (size > LARGEST || left <= 0) return undefined;
  await backend.start();
  const turns = turnsOf(backend, signal);
  const probabilities = await probabilitiesAt(problem, point, turns);
  const threshold = THRESHOLDS.find((least) => pairsAbove(probabilities, q, least) * order ** 2 <= left);
  if (threshold === undefined) return undefined;
  const matters = (i: number, k: number) => isBetween(probabilities[i * q + k], threshold);
  const blocks: FactorBlock[] = [];
  const close = () => {
    for (const { columns, inverse } of blocks.splice(0)) backend.dispose([columns, inverse]);
  };
  let rest: tf.Tensor2D | undefined;
  try {
    rest = await restOf(problem, probabilities, matters, turns);
    for (let k = 0; k < q; k++) {
      const column = await columnOf(problem, probabilities, matters, k, rest, turns);
      try {
        for (let from = 0; from < order; from += WIDTH) {
          const width = Math.min(WIDTH, order - from);
          blocks.push(await blockOf(column, k * order + from, from, width, size, blocks, turns));
        }
      } finally {
        backend.dispose(column);
      }
      onProgress?.(k + 1, q);
    }
  } catch (error) {
    close();
    throw error;
  } finally {
    if (rest !== undefined) backend.dispose(rest);
  }
  return { solve: (vector) => solve(vector, { blocks, order, numClasses: q, backend }), close };
}

/** The turns of the event loop, and the backend that must stay the same from one to the next. */
interface Turns {
  readonly backend: BackendInUse;
  /** Counts multiply-adds, and yields to the event loop after each task. */
  after(work: number): Promise<void>;
  /** The values of a tensor, which is disposed. */
  read(tensor: tf.Tensor): Promise<Float32Array>;
}

function turnsOf(backend: BackendInUse, signal: AbortSignal | undefined): Turns {
  let done = 0;
  return {
    backend,
    async after(work) {
      done += work;
      if (done < WORK) return;
      done = 0;
      await nextTask();
      signal?.throwIfAborted();
      backend.assertSame();
    },
    async read(tensor) {
      const values = await tensor.data<'float32'>().finally(() => backend.dispose(tensor));
      backend.assertSame();
      return values;
    },
  };
}

/** pᵢₖ, [n, classes] */
async function probabilitiesAt(problem: PlainProblem, point: Float64Array, turns: Turns): Promise<Float32Array> {
  const { features, numSamples: n, numFeatures: d, numClasses: q } = problem;
  const result = new Float32Array(n * q);
  const weight = tf.tensor2d(Float32Array.from(point.subarray(0, d * q)), [d, q]);
  const bias = tf.tensor1d(Float32Array.from(point.subarray(d * q)));
  try {
    for (let start = 0; start < n; start += ROWS) {
      const end = Math.min(n, start + ROWS);
      const part = tf.tidy(() => {
        const x = tf.tensor2d(gatherRows(features, undefined, start, end), [end - start, d]);
        return tf.softmax(tf.matMul(x, weight).add(bias));
      });
      result.set(await turns.read(part), start * q);
      await turns.after((end - start) * d * q);
    }
  } finally {
    turns.backend.dispose([weight, bias]);
  }
  return result;
}

type Matters = (sample: number, class_: number) => boolean;

/** The blocks of the classes k, …, q − 1 by class k, one below the other: [(q − k)·order, order]. */
async function columnOf(
  problem: PlainProblem,
  probabilities: Float32Array,
  matters: Matters,
  k: number,
  rest: tf.Tensor2D | undefined,
  turns: Turns,
): Promise<tf.Tensor2D> {
  const { numSamples: n, numFeatures: d, numClasses: q, l2, fitIntercept } = problem;
  const order = fitIntercept ? d + 1 : d;
  const samples = new Int32Array(n);
  const shares = new Float32Array(n);
  const parts: tf.Tensor2D[] = [];
  try {
    for (let c = k; c < q; c++) {
      let count = 0;
      for (let i = 0; i < n; i++) {
        const share = shareOf(problem, i);
        if (share === 0 || !matters(i, k) || !matters(i, c)) continue;
        const p = probabilities[i * q + k];
        shares[count] = share * p * couplingOf(probabilities, i * q, q, k, c);
        samples[count++] = i;
      }
      const gram = await gramOf(problem, samples.subarray(0, count), shares, turns);
      if (c > k) {
        parts.push(gram);
        continue;
      }
      const penalty = new Float32Array(order).fill(l2, 0, d);
      parts.push(
        tf.tidy(() => (rest === undefined ? gram : gram.add(rest)).add<tf.Tensor2D>(tf.diag(tf.tensor1d(penalty)))),
      );
      gram.dispose();
    }
    return tf.concat(parts, 0);
  } finally {
    turns.backend.dispose(parts);
  }
}

/** Σᵢ shareᵢ·x̃ᵢx̃ᵢᵀ over samples, [order, order]. */
async function gramOf(
  { features, numFeatures: d, fitIntercept }: PlainProblem,
  samples: Int32Array,
  shares: Float32Array,
  turns: Turns,
): Promise<tf.Tensor2D> {
  const order = fitIntercept ? d + 1 : d;
  const isNative = tf.getBackend() === 'tensorflow';
  let gram: tf.Tensor2D = tf.zeros([order, order]);
  for (let start = 0; start < samples.length; start += ROWS) {
    const end = Math.min(samples.length, start + ROWS);
    const before = gram;
    gram = tf.tidy(() => {
      const x = tf.tensor2d(gatherRows(features, samples, start, end), [end - start, d]);
      const extended = fitIntercept ? tf.concat([x, tf.ones<tf.Rank.R2>([end - start, 1])], 1) : x;
      const weighted = extended.mul<tf.Tensor2D>(tf.tensor2d(shares.subarray(start, end), [end - start, 1]));
      // wasm multiplies transposed factors slowly.
      const products = isNative ? tf.matMul(weighted, extended, true) : tf.matMul(tf.transpose(weighted), extended);
      return before.add<tf.Tensor2D>(products);
    });
    before.dispose();
    try {
      await turns.after((end - start) * order ** 2);
    } catch (error) {
      turns.backend.dispose(gram);
      throw error;
    }
  }
  return gram;
}

/** X̃ᵀdiag(s∘h)X̃/S, where hᵢ is the mean curvature that the blocks of classes leave out; undefined if they omit nothing. */
async function restOf(
  problem: PlainProblem,
  probabilities: Float32Array,
  matters: Matters,
  turns: Turns,
): Promise<tf.Tensor2D | undefined> {
  const { numSamples: n, numClasses: q } = problem;
  const samples = new Int32Array(n);
  const shares = new Float32Array(n);
  let count = 0;
  for (let i = 0; i < n; i++) {
    let omitted = 0;
    for (let k = 0; k < q; k++) {
      if (!matters(i, k)) omitted += probabilities[i * q + k] * othersOf(probabilities, i * q, q, k);
    }
    if (omitted === 0) continue;
    shares[count] = (shareOf(problem, i) * omitted) / q;
    samples[count++] = i;
  }
  return count === 0 ? undefined : gramOf(problem, samples.subarray(0, count), shares, turns);
}

/** Factors the next columns: subtracts the products of those before, then divides by the triangle at the top. */
async function blockOf(
  column: tf.Tensor2D,
  start: number,
  from: number,
  width: number,
  size: number,
  before: readonly FactorBlock[],
  turns: Turns,
): Promise<FactorBlock> {
  const rows = size - start;
  let left = tf.slice(column, [from, from], [rows, width]);
  try {
    const diagonal = tf.tidy(() => tf.slice(left, [0, 0], [width, width]).mul(tf.eye(width)).sum(1));
    const entries = await turns.read(diagonal);
    for (const block of before) {
      const subtracted = left;
      left = tf.tidy(() => {
        const below = tf.slice(block.columns, [start - block.start, 0], [rows, block.width]);
        const top = tf.slice(below, [0, 0], [width, block.width]);
        return subtracted.sub(tf.matMul(below, top, false, true));
      });
      subtracted.dispose();
      await turns.after(rows * width * block.width);
    }
    const top = tf.slice(left, [0, 0], [width, width]);
    const values = await turns.read(top);
    const { factor, inverse } = triangleOf(Float64Array.from(values), entries, width);
    await turns.after(width ** 3 * 10);
    return tf.tidy(() => {
      const inverted = tf.tensor2d(inverse, [width, width]);
      const triangle = tf.tensor2d(factor, [width, width]);
      if (rows === width) return { start, width, columns: triangle, inverse: inverted };
      const below = tf.slice(left, [width, 0], [rows - width, width]);
      const columns = tf.concat<tf.Tensor2D>([triangle, tf.matMul(below, inverted, false, true)], 0);
      return { start, width, columns, inverse: inverted };
    });
  } finally {
    turns.backend.dispose(left);
  }
}

/** The Cholesky factor of a block and its inverse, in float64. */
function triangleOf(
  a: Float64Array,
  diagonal: ArrayLike<number>,
  n: number,
): { factor: Float32Array; inverse: Float32Array } {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let entry = a[i * n + j];
      for (let k = 0; k < j; k++) entry -= a[i * n + k] * a[j * n + k];
      if (j < i) a[i * n + j] = entry / a[j * n + j];
      else a[i * n + i] = Math.sqrt(entry > FLOOR * diagonal[i] ? entry : diagonal[i] > 0 ? diagonal[i] : 1);
    }
    a.fill(0, i * n + i + 1, (i + 1) * n);
  }
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = inverse.subarray(i * n, i * n + i);
    for (let k = 0; k < i; k++) {
      const factor = a[i * n + k];
      for (let j = 0; j <= k; j++) row[j] -= factor * inverse[k * n + j];
    }
    for (let j = 0; j < i; j++) row[j] /= a[i * n + i];
    inverse[i * n + i] = 1 / a[i * n + i];
  }
  return { factor: Float32Array.from(a), inverse: Float32Array.from(inverse) };
}

/** L⁻ᵀL⁻¹v. The entries of v are in the order of a point. */
async function solve(
  vector: Float64Array,
  {
    blocks,
    order,
    numClasses: q,
    backend,
  }: {
    readonly blocks: readonly FactorBlock[];
    readonly order: number;
    readonly numClasses: number;
    readonly backend: BackendInUse;
  },
): Promise<Float64Array> {
  backend.assertSame();
  // Scaled to 1, since a small gradient may underflow in float32.
  let largest = 0;
  for (const entry of vector) largest = Math.max(largest, Math.abs(entry));
  if (largest === 0) return new Float64Array(vector.length);
  const right = new Float32Array(order * q);
  for (let j = 0; j < order; j++) for (let k = 0; k < q; k++) right[k * order + j] = vector[j * q + k] / largest;
  const solved = tf.tidy(() => {
    let rest = tf.tensor2d(right, [right.length, 1]);
    const forward = blocks.map(({ width, columns, inverse }) => {
      const part: tf.Tensor2D = tf.matMul(inverse, tf.slice(rest, [0, 0], [width, 1]));
      const [below] = columns.shape;
      rest = tf.slice(rest, [width, 0], [below - width, 1]);
      if (below > width) {
        rest = rest.sub(tf.matMul(tf.slice(columns, [width, 0], [below - width, width]), part));
      }
      return part;
    });
    let result: tf.Tensor2D | undefined;
    for (let at = blocks.length - 1; at >= 0; at--) {
      const { width, columns, inverse } = blocks[at];
      const [below] = columns.shape;
      let part: tf.Tensor2D = forward[at];
      if (result !== undefined) {
        part = part.sub(tf.matMul(tf.slice(columns, [width, 0], [below - width, width]), result, true));
      }
      part = tf.matMul(inverse, part, true);
      result = result === undefined ? part : tf.concat<tf.Tensor2D>([part, result], 0);
    }
    return result as tf.Tensor2D;
  });
  const values = await solved.data<'float32'>().finally(() => backend.dispose(solved));
  const result = new Float64Array(vector.length);
  for (let j = 0; j < order; j++) for (let k = 0; k < q; k++) result[j * q + k] = values[k * order + j] * largest;
  return result;
}
