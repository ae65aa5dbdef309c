// objective: the full Hessian of the objective on plain arrays, for problems of moderate size.
import { finishInTurns, type Steps, WORK_OF_A_TASK } from '../core/task.js';
import { lossAndResidual, type PlainProblem, shareOf } from './float64.js';
import { BLOCK_ROWS, RowBlock } from './row-block.js';

/** Largest number of parameters: 5 MB and about 25 ms to factor. */
const LARGEST = 800;

/** Curvature of probabilities this close to 0 or 1 is averaged. The first threshold that fits the work is used. */
export const THRESHOLDS = [0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2];

/**
 * ∇²f(θ), with small contributions approximated.
 *
 *   (1/S) Σᵢ sᵢ·x̃ᵢx̃ᵢᵀ ⊗ (diag(pᵢ) − pᵢpᵢᵀ) + λD
 *
 * Each pair of classes takes n·d²/2 multiply-adds, but samples that are predicted with certainty contribute almost
 * nothing. For a sample's classes with probabilities within a threshold of 0 or 1, only the mean of pᵢₖ(1 − pᵢₖ) is
 * added, to the diagonal blocks. The threshold is the smallest one that keeps the work within its limit. Both parts are
 * positive semidefinite.
 *
 * @param work how many multiply-adds computing and factoring it may take
 * @returns [size, size], parameters in the order of a point, the lower half filled; undefined if it takes more work
 */
export function hessianMatrix(
  problem: PlainProblem,
  point: Float64Array,
  work: number,
  signal?: AbortSignal,
): Promise<Float64Array | undefined> {
  return finishInTurns(hessian(problem, point, work), signal);
}

function* hessian(problem: PlainProblem, point: Float64Array, work: number): Steps<Float64Array | undefined> {
  const { numSamples: n, numFeatures: d, numClasses: q, l2, fitIntercept, size } = problem;
  const order = d + 1;
  const ofPair = order ** 2 / 2;
  const left = work - size ** 3 / 6;
  if (size > LARGEST || left <= 0) return undefined;
  const probabilities = yield* probabilitiesAt(problem, point);
  const threshold = THRESHOLDS.find((least) => pairsAbove(probabilities, q, least) * ofPair <= left);
  if (threshold === undefined) return undefined;
  const matters = (i: number, k: number) => isBetween(probabilities[i * q + k], threshold);

  const matrix = new Float64Array(size * size);
  const block = new RowBlock(problem.features, 0, problem.rows);
  const gram = new Float64Array(order * order);
  const shares = new Float64Array(BLOCK_ROWS);
  const samples = new Int32Array(BLOCK_ROWS);
  let done = 0;
  for (let k = 0; k < q; k++) {
    for (let c = 0; c <= k; c++) {
      gram.fill(0);
      let count = 0;
      for (let i = 0; i < n; i++) {
        const share = shareOf(problem, i);
        if (share > 0 && matters(i, k) && matters(i, c)) {
          const p = probabilities[i * q + k];
          shares[count] = share * p * couplingOf(probabilities, i * q, q, k, c);
          samples[count++] = i;
        }
        if (count < BLOCK_ROWS && i < n - 1) continue;
        if (count === 0) continue;
        block.gather(samples, count);
        block.addGram(shares, gram);
        done += count * ofPair;
        count = 0;
        if (done >= WORK_OF_A_TASK) {
          done = 0;
          yield;
        }
      }
      addBlock(gram, order, k, c, q, matrix);
    }
  }
  const rest = yield* restOf(problem, probabilities, matters);
  for (let k = 0; rest !== undefined && k < q; k++) addBlock(rest, order, k, k, q, matrix);
  for (let j = 0; j < d * q; j++) matrix[j * size + j] += l2;
  if (!fitIntercept) matrix.fill(0, d * q * size);
  dropTiny(matrix, size);
  return matrix;
}

/** 1 − pₖ as the sum of the others: the difference cancels for pₖ close to 1, and the matrix becomes indefinite. */
export function othersOf(probabilities: ArrayLike<number>, from: number, q: number, k: number): number {
  let sum = 0;
  for (let l = 0; l < q; l++) if (l !== k) sum += probabilities[from + l];
  return sum;
}

/** The entry of diag(p) − ppᵀ for the classes k and c, divided by pₖ. */
export function couplingOf(probabilities: ArrayLike<number>, from: number, q: number, k: number, c: number): number {
  return k === c ? othersOf(probabilities, from, q, k) : -probabilities[from + c];
}

/** Curvature below which floats lose precision. */
const TINY = 1e-280;

/** Sets rows and columns with a tiny diagonal to 0, because rounding may make them indefinite. */
function dropTiny(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    if (matrix[i * size + i] >= TINY) continue;
    matrix.fill(0, i * size, i * size + i + 1);
    for (let j = i; j < size; j++) matrix[j * size + i] = 0;
  }
}

/** pᵢₖ, [n, classes] */
function* probabilitiesAt(problem: PlainProblem, point: Float64Array): Steps<Float64Array> {
  const { numSamples: n, numClasses: q, labels } = problem;
  const block = new RowBlock(problem.features, q, problem.rows);
  block.setPoint(point);
  const logits = new Float64Array(BLOCK_ROWS * q);
  const residuals = new Float64Array(BLOCK_ROWS * q);
  const probabilities = new Float64Array(n * q);
  let work = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const rows = block.read(start);
    block.logits(logits);
    for (let r = 0, at = 0; r < rows; r++, at += q) {
      const label = labels[start + r];
      lossAndResidual(logits, at, q, label, residuals);
      residuals[at + label] += 1;
    }
    probabilities.set(residuals.subarray(0, rows * q), start * q);
    work += block.filled * q;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  return probabilities;
}

/** Whether a probability is further than the threshold from both 0 and 1. */
export function isBetween(p: number, threshold: number): boolean {
  return p > threshold && p < 1 - threshold;
}

/** The number of pairs of classes, over all samples, whose probabilities are both beyond the threshold. */
export function pairsAbove(probabilities: ArrayLike<number>, q: number, threshold: number): number {
  let pairs = 0;
  for (let at = 0; at < probabilities.length; at += q) {
    let above = 0;
    for (let k = at; k < at + q; k++) if (isBetween(probabilities[k], threshold)) above++;
    pairs += (above * (above + 1)) / 2;
  }
  return pairs;
}

/** X̃ᵀdiag(s∘h)X̃/S, where hᵢ is the mean curvature that the blocks above leave out; undefined if they omit nothing. */
function* restOf(
  problem: PlainProblem,
  probabilities: Float64Array,
  matters: (i: number, k: number) => boolean,
): Steps<Float64Array | undefined> {
  const { numSamples: n, numFeatures: d, numClasses: q } = problem;
  const gram = new Float64Array((d + 1) ** 2);
  const block = new RowBlock(problem.features, 0, problem.rows);
  const shares = new Float64Array(BLOCK_ROWS);
  let isEmpty = true;
  let work = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const rows = block.read(start);
    for (let r = 0; r < rows; r++) {
      const i = start + r;
      shares[r] = 0;
      for (let k = 0; k < q; k++) {
        const p = probabilities[i * q + k];
        if (!matters(i, k)) shares[r] += (shareOf(problem, i) * p * othersOf(probabilities, i * q, q, k)) / q;
      }
      if (shares[r] > 0) isEmpty = false;
    }
    block.addGram(shares, gram);
    work += (block.filled * (d + 1)) / 2;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  return isEmpty ? undefined : gram;
}

/** Adds the lower half of a symmetric matrix to the block of the classes k ≥ c in the lower half of the full matrix. */
function addBlock(gram: Float64Array, order: number, k: number, c: number, q: number, matrix: Float64Array): void {
  const size = order * q;
  for (let a = 0; a < order; a++) {
    for (let b = 0; b <= a; b++) {
      const entry = gram[a * order + b];
      matrix[(a * q + k) * size + b * q + c] += entry;
      if (k !== c && a !== b) matrix[(a * q + c) * size + b * q + k] += entry;
    }
  }
}
