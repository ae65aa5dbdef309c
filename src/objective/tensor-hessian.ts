// objective: the Hessian of a large problem on tensors, as a preconditioner.
import * as tf from '@tensorflow/tfjs';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { Random } from '../core/random.js';
import { TreeSum } from '../core/tree-sum.js';
import { gatherRows } from '../data/batches.js';
import type { PlainProblem } from './float64.js';
import { TensorCholesky } from './tensor-cholesky.js';
import { Turns } from './turns.js';

/** The largest number of parameters: 12,000² numbers of float32 in the lower half are 288 MB. */
const LARGEST = 12_000;
/** Rows of a product: few enough to fit in the caches. */
const ROWS = 1024;
/** Samples of a block of a sum, of which one pair of classes uses a small part. */
const BLOCK_SAMPLES = 16_384;
/** A symmetric product is computed in this many panels of columns, each from the diagonal on. */
const PANELS = 4;
/** Their share of the multiply-adds of the whole product. */
const PANEL_SHARE = (PANELS + 1) / (2 * PANELS);
/** Pairs of classes with less curvature are drawn at random. The first threshold that fits the work is used. */
const THRESHOLDS = [0, 1e-3, 1e-2, 0.1];
const SEED = 0;
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

export interface TensorHessianOptions {
  /** How many multiply-adds computing and factoring it may take. */
  readonly work: number;
  readonly backend: BackendInUse;
  readonly signal?: AbortSignal;
  /** Called after the columns of each class, with their number so far and that of the classes. */
  readonly onProgress?: (done: number, classes: number) => void;
}

/**
 * The Hessian at a point, estimated from a part of its terms, with its Cholesky factor in float32: a preconditioner.
 *
 * The Hessian is a sum over samples and pairs of classes, of matrices that are positive semidefinite:
 *
 *   H = λD + (1/S) Σᵢ sᵢ Σₖ﹤꜀ pᵢₖpᵢ꜀ · (eₖ − e꜀)(eₖ − e꜀)ᵀ ⊗ x̃ᵢx̃ᵢᵀ
 *
 * Most curvatures pᵢₖpᵢ꜀ are tiny, because a trained model is certain of most samples. A pair with less than the
 * threshold t is drawn with probability pᵢₖpᵢ꜀/t, and then counts as t. The estimate has the right mean and is positive
 * semidefinite. Its error is small where t·s/S is small next to λ. The draws are seeded, so the same point gives the
 * same matrix.
 *
 * Parameters are in the order of the classes, so each pair of classes is a block. The blocks of a class are needed only
 * when its columns are factored, so the Hessian itself is never held as a whole.
 *
 * The Hessian does not change if one number is added to all biases. The last pivot is then a rounding error, and its
 * diagonal entry takes its place, see `TensorCholesky`. This keeps M positive definite and changes no solution for a
 * gradient, whose biases sum to 0. Other pivots within rounding of 0, as of collinear columns without a penalty, are
 * replaced in the same way.
 *
 * @returns undefined if there are too many parameters, or if it takes more work
 */
export async function tensorHessian(
  problem: PlainProblem,
  point: Float64Array,
  { work, backend, signal, onProgress }: TensorHessianOptions,
): Promise<FactoredHessian | undefined> {
  const { numFeatures: d, numClasses: q, l2, fitIntercept } = problem;
  const order = fitIntercept ? d + 1 : d;
  const size = order * q;
  const ofFactor = size ** 3 / 6;
  if (size > LARGEST || work < ofFactor) return undefined;
  await backend.start();
  const turns = new Turns(backend, signal);
  const probabilities = await probabilitiesAt(problem, point, turns);
  const workAt = (threshold: number) => expectedPairs(problem, probabilities, threshold) * order ** 2 * PANEL_SHARE;
  const most = Math.min(Math.max(ofFactor, SHARE * work), work - ofFactor);
  const threshold = THRESHOLDS.find((each) => workAt(each) <= most);
  if (threshold === undefined) return undefined;
  const drawn = drawPairs(problem, probabilities, threshold);
  const factor = new TensorCholesky(turns);
  const penalty = tf.tensor1d(new Float32Array(order).fill(l2, 0, d));
  /** The block of each class by itself: the sum over its pairs. */
  const diagonals = Array.from({ length: q }, () => tf.diag(penalty) as tf.Tensor2D);
  penalty.dispose();
  try {
    for (let k = 0; k < q; k++) {
      const column = await columnOf(problem, drawn, k, diagonals, turns);
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
    work: ofFactor + workAt(threshold),
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

/** Calls `visit` with the curvature pᵢₖpᵢ꜀ of each sample with a weight and each pair of classes k < c. */
function eachPair(
  problem: PlainProblem,
  probabilities: Float32Array,
  visit: (curvature: number, i: number, k: number, c: number) => void,
): void {
  const { numSamples: n, numClasses: q } = problem;
  for (let i = 0; i < n; i++) {
    if (problem.shares[i] === 0) continue;
    for (let k = 0; k < q; k++) {
      for (let c = k + 1; c < q; c++) visit(probabilities[i * q + k] * probabilities[i * q + c], i, k, c);
    }
  }
}

/** How many pairs are drawn on average. */
function expectedPairs(problem: PlainProblem, probabilities: Float32Array, threshold: number): number {
  let pairs = 0;
  eachPair(problem, probabilities, (curvature) => {
    if (curvature > 0) pairs += curvature >= threshold ? 1 : curvature / threshold;
  });
  return pairs;
}

/** The samples of a pair of classes, and their terms' factors. */
interface Drawn {
  readonly samples: Int32Array;
  readonly shares: Float32Array;
}

/** The pair of the classes k < c is at k·q + c. */
function drawPairs(problem: PlainProblem, probabilities: Float32Array, threshold: number): readonly Drawn[] {
  const q = problem.numClasses;
  const random = new Random(SEED);
  const lists = Array.from({ length: q * q }, () => ({ samples: [] as number[], shares: [] as number[] }));
  eachPair(problem, probabilities, (curvature, i, k, c) => {
    if (curvature < threshold && random.uniform() * threshold >= curvature) return;
    const { samples, shares } = lists[k * q + c];
    samples.push(i);
    shares.push(problem.shares[i] * Math.max(curvature, threshold));
  });
  return lists.map(({ samples, shares }) => ({ samples: Int32Array.from(samples), shares: Float32Array.from(shares) }));
}

/**
 * The blocks of the classes k, …, q − 1 by class k, one below the other: [(q − k)·order, order].
 *
 * @param diagonals the products of the pairs of k are added to those of both classes
 */
async function columnOf(
  problem: PlainProblem,
  drawn: readonly Drawn[],
  k: number,
  diagonals: tf.Tensor2D[],
  turns: Turns,
): Promise<tf.Tensor2D> {
  const { numClasses: q } = problem;
  const parts: tf.Tensor2D[] = [];
  try {
    for (let c = k + 1; c < q; c++) {
      const gram = await gramOf(problem, drawn[k * q + c], turns);
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

/** Σᵢ shareᵢ·x̃ᵢx̃ᵢᵀ over samples, [order, order]. */
async function gramOf(
  { features, numFeatures: d, fitIntercept }: PlainProblem,
  { samples, shares }: Drawn,
  turns: Turns,
): Promise<tf.Tensor2D> {
  const order = fitIntercept ? d + 1 : d;
  const isNative = tf.getBackend() === 'tensorflow';
  const ends = Array.from({ length: PANELS + 1 }, (_, at) => Math.round((at * order) / PANELS));
  const panels = ends
    .slice(1)
    .map((end, at) => ({ from: ends[at], width: end - ends[at] }))
    .filter(({ width }) => width > 0);
  const zeros = () => panels.map(({ from, width }) => tf.zeros<tf.Rank.R2>([order - from, width]));
  const tree = new TreeSum<tf.Tensor2D[]>((left, right) => {
    const sum = left.map((each, at) => each.add<tf.Tensor2D>(right[at]));
    tf.dispose([left, right]);
    return sum;
  });
  let sums = zeros();
  try {
    for (let start = 0; start < samples.length; ) {
      const block = Math.floor(samples[start] / BLOCK_SAMPLES);
      let end = start + 1;
      while (end < samples.length && end < start + ROWS && samples[end] < (block + 1) * BLOCK_SAMPLES) end++;
      const rows = end - start;
      const before = sums;
      sums = tf.tidy(() => {
        const x = tf.tensor2d(gatherRows(features, samples, start, end), [rows, d]);
        const extended = fitIntercept ? tf.concat([x, tf.ones<tf.Rank.R2>([rows, 1])], 1) : x;
        const weighted = extended.mul<tf.Tensor2D>(tf.tensor2d(shares.subarray(start, end), [rows, 1]));
        return panels.map(({ from, width }, at) => {
          const left = tf.slice(extended, [0, from], [rows, order - from]);
          const right = tf.slice(weighted, [0, from], [rows, width]);
          // wasm multiplies transposed factors slowly.
          const products = isNative ? tf.matMul(left, right, true) : tf.matMul(tf.transpose(left), right);
          return before[at].add<tf.Tensor2D>(products);
        });
      });
      tf.dispose(before);
      start = end;
      if (start === samples.length || samples[start] >= (block + 1) * BLOCK_SAMPLES) {
        tree.add(block, sums);
        sums = zeros();
      }
      await turns.after(rows * order ** 2 * PANEL_SHARE);
    }
    const total = tree.total();
    if (total !== undefined) {
      tf.dispose(sums);
      sums = total;
    }
    return mirrored(sums, panels);
  } finally {
    turns.backend.dispose([sums, tree.drop()]);
  }
}

/** A symmetric matrix from its panels of columns, each from the diagonal on. */
function mirrored(
  sums: readonly tf.Tensor2D[],
  panels: readonly { readonly from: number; readonly width: number }[],
): tf.Tensor2D {
  return tf.tidy(() => {
    const rows = panels.map(({ from, width }, r) =>
      tf.concat(
        panels.map((panel, c) =>
          c <= r
            ? tf.slice(sums[c], [from - panel.from, 0], [width, panel.width])
            : tf.transpose(tf.slice(sums[r], [panel.from - from, 0], [panel.width, width])),
        ),
        1,
      ),
    );
    return tf.concat<tf.Tensor2D>(rows, 0);
  });
}
