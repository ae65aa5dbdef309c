// objective: the terms of the Hessian of a large problem, or a random part of them, on tensors.

import * as tf from '@tensorflow/tfjs';
import { square } from '../core/elementary.js';
import { Random } from '../core/random.js';
import { TreeSum } from '../core/tree-sum.js';
import { gatherRows } from '../data/batches.js';
import type { DenseProblem } from './float64.js';
import type { Turns } from './turns.js';

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

export interface DrawnPairs {
  /** The multiply-adds of all products. */
  readonly work: number;
  /** Σᵢ sᵢ/S·pᵢₖpᵢ꜀·x̃ᵢx̃ᵢᵀ for two classes k < c, [order, order]; the order is d + 1, or d without an intercept. */
  gramOf(k: number, c: number): Promise<tf.Tensor2D>;
}

/**
 * The Hessian is a sum over samples and pairs of classes, of matrices that are positive semidefinite:
 *
 *   H = λD + (1/S) Σᵢ sᵢ Σₖ﹤꜀ pᵢₖpᵢ꜀ · (eₖ − e꜀)(eₖ − e꜀)ᵀ ⊗ x̃ᵢx̃ᵢᵀ
 *
 * Most curvatures pᵢₖpᵢ꜀ are tiny, because a trained model is certain of most samples. A pair with less than the
 * threshold t is drawn with probability pᵢₖpᵢ꜀/t, and then counts as t. The estimate has the right mean and is positive
 * semidefinite. Its error is small where t·s/S is small next to λ. The draws are seeded, so the same point gives the
 * same matrix. The threshold is the smallest one of which the products take at most `most` multiply-adds.
 *
 * @returns undefined if no threshold does
 */
export async function drawPairsAt(
  problem: DenseProblem,
  point: Float64Array,
  most: number,
  turns: Turns,
): Promise<DrawnPairs | undefined> {
  const { numFeatures: d, numClasses: q, fitIntercept } = problem;
  const order = fitIntercept ? d + 1 : d;
  const probabilities = await probabilitiesAt(problem, point, turns);
  const workAt = (threshold: number) => expectedPairs(problem, probabilities, threshold) * square(order) * PANEL_SHARE;
  const threshold = THRESHOLDS.find((each) => workAt(each) <= most);
  if (threshold === undefined) return undefined;
  const drawn = drawPairs(problem, probabilities, threshold);
  return { work: workAt(threshold), gramOf: (k, c) => gramOf(problem, drawn[k * q + c], turns) };
}

/** pᵢₖ, [n, classes] */
async function probabilitiesAt(problem: DenseProblem, point: Float64Array, turns: Turns): Promise<Float32Array> {
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
  problem: DenseProblem,
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
function expectedPairs(problem: DenseProblem, probabilities: Float32Array, threshold: number): number {
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
function drawPairs(problem: DenseProblem, probabilities: Float32Array, threshold: number): readonly Drawn[] {
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

/** Σᵢ shareᵢ·x̃ᵢx̃ᵢᵀ over samples, [order, order]. */
async function gramOf(
  { features, numFeatures: d, fitIntercept }: DenseProblem,
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
      await turns.after(rows * square(order) * PANEL_SHARE);
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
