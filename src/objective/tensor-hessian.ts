// objective: the Hessian of a large problem on tensors, as a preconditioner.
import * as tf from '@tensorflow/tfjs';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { finishInTurns } from '../core/task.js';
import { gramDiagonal } from './curvature.js';
import { type DrawnPairs, drawPairsAt } from './drawn-pairs.js';
import type { DenseProblem } from './float64.js';
import { TensorCholesky } from './tensor-cholesky.js';
import { Turns } from './turns.js';

/** The largest number of parameters: 12,000² numbers of float32 in the lower half are 288 MB. */
const LARGEST = 12_000;
/**
 * The least curvature of a weight, relative to its upper bound ½·mean xⱼ². A penalty is usually more. Without one, that of a
 * feature which is rarely other than 0 may be so small that its square root overflows the factor.
 */
const LEAST_CURVATURE = 1e-4;
/** The products may take as much work as the factor, or this share of all. */
const SHARE = 1 / 16;

/**
 * How many multiply-adds of the Hessian take the time of one in an evaluation. Its matrices are large, for which TensorFlow
 * is much faster than for products with few columns. WebAssembly is not.
 */
export function hessianSpeed(): number {
  return tf.getBackend() === 'tensorflow' ? 10 : 1;
}

export interface FactoredHessian {
  /** The multiply-adds that it took. */
  readonly work: number;
  /** M⁻¹v, a new array. */
  solve(vector: Float64Array): Promise<Float64Array>;
  /** Disposes all tensors. */
  close(): void;
}

/** Why there is no Hessian. */
export interface LeftOut {
  readonly leftOut: string;
}

export interface TensorHessianOptions {
  /** How many multiply-adds computing and factoring it may take. */
  readonly work: number;
  readonly backend: BackendInUse;
  readonly signal?: AbortSignal;
  /** Called after the columns of each class, with their number so far and that of the classes. */
  readonly onProgress?: (done: number, classes: number) => void;
}

/**
 * The Hessian at a point, estimated from a part of its terms (`drawPairsAt`), with its Cholesky factor in float32: a
 * preconditioner.
 *
 * Parameters are in the order of the classes, so each pair of classes is a block. The blocks of a class are needed only
 * when its columns are factored, so the Hessian itself is never held as a whole.
 *
 * The Hessian does not change if one number is added to all biases. The last pivot is then a rounding error, and its
 * diagonal entry takes its place, see `TensorCholesky`. This keeps M positive definite and changes no solution for a
 * gradient, whose biases sum to 0. Other pivots within rounding of 0, as of collinear columns without a penalty, are
 * replaced in the same way.
 *
 * @returns the reason if there are too many parameters, or if it takes more work
 */
export async function tensorHessian(
  problem: DenseProblem,
  point: Float64Array,
  { work, backend, signal, onProgress }: TensorHessianOptions,
): Promise<FactoredHessian | LeftOut> {
  const { numFeatures: d, numClasses: q, l2, fitIntercept } = problem;
  const order = fitIntercept ? d + 1 : d;
  const size = order * q;
  const ofFactor = (size * size * size) / 6;
  if (size > LARGEST) return { leftOut: `${grouped(size)} parameters are more than ${grouped(LARGEST)}` };
  if (work < ofFactor) return TOO_SLOW;
  await backend.start();
  const turns = new Turns(backend, signal);
  const drawn = await drawPairsAt(problem, point, mostOfProducts(work, ofFactor), turns);
  if (drawn === undefined) return TOO_SLOW;
  const factor = new TensorCholesky(turns);
  const squares = await finishInTurns(gramDiagonal(problem), signal);
  const least = (_: unknown, j: number) => (j < d ? Math.max(l2, (LEAST_CURVATURE / 2) * squares[j]) : 0);
  const penalty = tf.tensor1d(Float32Array.from({ length: order }, least));
  /** The block of each class by itself: the sum over its pairs. */
  const diagonals = Array.from({ length: q }, () => tf.diag(penalty) as tf.Tensor2D);
  penalty.dispose();
  try {
    for (let k = 0; k < q; k++) {
      const column = await columnOf(q, drawn, k, diagonals, turns);
      try {
        await factor.append(column);
      } finally {
        backend.dispose(column);
      }
      onProgress?.(k + 1, q);
    }
  } catch (error) {
    factor.dispose();
    throw error;
  } finally {
    backend.dispose(diagonals);
  }
  return {
    work: ofFactor + drawn.work,
    async solve(vector) {
      // Scaled to 1, since a small gradient may underflow in float32.
      let largest = 0;
      for (const entry of vector) largest = Math.max(largest, Math.abs(entry));
      const result = new Float64Array(vector.length);
      if (largest === 0) return result;
      const right = new Float32Array(size);
      for (let j = 0; j < order; j++) for (let k = 0; k < q; k++) right[k * order + j] = vector[j * q + k] / largest;
      const values = await factor.solve(right);
      for (let j = 0; j < order; j++) for (let k = 0; k < q; k++) result[j * q + k] = values[k * order + j] * largest;
      return result;
    },
    close: () => factor.dispose(),
  };
}

const TOO_SLOW: LeftOut = { leftOut: 'it would take longer than the iterations before it' };

function grouped(count: number): string {
  return count.toLocaleString('en');
}

/** The multiply-adds that the products may take if the factor takes `ofFactor` of all. */
function mostOfProducts(work: number, ofFactor: number): number {
  return Math.min(Math.max(ofFactor, SHARE * work), work - ofFactor);
}

/**
 * The blocks of the classes k, …, q − 1 by class k, one below the other: [(q − k)·order, order].
 *
 * @param diagonals the products of the pairs of k are added to those of both classes
 */
async function columnOf(
  q: number,
  drawn: DrawnPairs,
  k: number,
  diagonals: tf.Tensor2D[],
  turns: Turns,
): Promise<tf.Tensor2D> {
  const parts: tf.Tensor2D[] = [];
  try {
    for (let c = k + 1; c < q; c++) {
      const gram = await drawn.gramOf(k, c);
      for (const each of [k, c]) {
        const before = diagonals[each];
        diagonals[each] = before.add(gram);
        before.dispose();
      }
      parts.push(gram.neg());
      gram.dispose();
    }
    return tf.concat([diagonals[k], ...parts], 0);
  } finally {
    turns.backend.dispose(parts);
  }
}

/** The most entries of `tensorHessianPart`. Its factor blocks the event loop, for less than about 100 ms. */
export function largestPart(): number {
  return tf.getBackend() === 'tensorflow' ? 2500 : 1000;
}

/** The share of all work that the products of a part may take: a few iterations with a good estimate are enough. */
const SHARE_OF_PART = 1 / 4;

/**
 * The rows and columns of the Hessian for some entries of a point, estimated in the same way.
 *
 * @param entries their indices in the point, ascending
 * @returns [entries, entries], the lower half filled, and the multiply-adds of computing and factoring it; or the reason why not
 */
export async function tensorHessianPart(
  problem: DenseProblem,
  point: Float64Array,
  entries: Int32Array,
  { work, backend, signal, onProgress }: TensorHessianOptions,
): Promise<{ readonly matrix: Float64Array; readonly work: number } | LeftOut> {
  const { numFeatures: d, numClasses: q, l2, fitIntercept } = problem;
  const order = fitIntercept ? d + 1 : d;
  const m = entries.length;
  const ofFactor = (m * m * m) / 6;
  if (m === 0) return { leftOut: 'all weights are 0' };
  if (m > largestPart())
    return {
      leftOut: `${grouped(m)} weights are not 0, more than ${grouped(largestPart())}; a larger \`l1\` leaves fewer`,
    };
  if (work < ofFactor) return TOO_SLOW;
  await backend.start();
  const turns = new Turns(backend, signal);
  const drawn = await drawPairsAt(problem, point, Math.min(work - ofFactor, SHARE_OF_PART * work), turns);
  if (drawn === undefined) return TOO_SLOW;
  /** The places of each class among the entries. */
  const places = Array.from({ length: q }, (_, k) => [...entries.keys()].filter((at) => entries[at] % q === k));
  const matrix = new Float64Array(m * m);
  const add = (values: Float32Array, sign: number, rows: readonly number[], columns: readonly number[]) => {
    for (const a of rows) {
      const from = Math.floor(entries[a] / q) * order;
      for (const b of columns) if (b <= a) matrix[a * m + b] += sign * values[from + Math.floor(entries[b] / q)];
    }
  };
  for (let k = 0; k < q; k++) {
    for (let c = k + 1; c < q; c++) {
      const values = await turns.read(await drawn.gramOf(k, c));
      for (const each of [k, c]) add(values, 1, places[each], places[each]);
      add(values, -1, places[k], places[c]);
      add(values, -1, places[c], places[k]);
    }
    onProgress?.(k + 1, q);
  }
  for (let a = 0; a < m; a++) if (entries[a] < d * q) matrix[a * m + a] += l2;
  return { matrix, work: ofFactor + drawn.work };
}
