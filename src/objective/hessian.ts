// objective: the full Hessian of the objective on plain arrays, for problems of moderate size.
import { finishInTurns, type Steps } from '../core/task.js';
import { gradientBlocks, gramBlocks } from './blocks.js';
import type { Problem } from './float64.js';
import { GramSum } from './gram-sum.js';
import { writeProbabilities } from './resident-rows.js';
import { softmaxInto } from './residuals.js';
import { BLOCK_ROWS, pairedPoint, type SampleBlock } from './row-block.js';
import { awaited, inSections, isStreamed, type Section, SectionSum } from './sections.js';
import { blockOf } from './sparse/block.js';

/** Largest number of parameters: 5 MB and about 25 ms to factor. */
const LARGEST = 800;

/** Curvature of probabilities this close to 0 or 1 is averaged. The first threshold that fits the work is used. */
const THRESHOLDS = [0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2];

/**
 * The memory of a Hessian that is no longer used. Fits of some milliseconds that allocate as much each wait for the garbage
 * collector.
 */
let spare: Float64Array | undefined;

/** Says that a Hessian is no longer used: the next one may take its place. */
export function releaseHessian(matrix: Float64Array): void {
  spare = matrix;
}

function zeros(length: number): Float64Array {
  const own = spare?.length === length ? spare.fill(0) : new Float64Array(length);
  spare = undefined;
  return own;
}

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
  problem: Problem,
  point: Float64Array,
  work: number,
  signal?: AbortSignal,
): Promise<Float64Array | undefined> {
  return finishInTurns(hessian(problem, point, work), signal);
}

function* hessian(problem: Problem, point: Float64Array, work: number): Steps<Float64Array | undefined> {
  const { numFeatures: d, numClasses: q, l2, fitIntercept, size } = problem;
  const order = d + 1;
  const ofPair = (order * order) / 2;
  const ofBlocks = work - (size * size * size) / 6;
  if (size > LARGEST || ofBlocks <= 0) return undefined;
  const counted = new PairCounts(q, ofBlocks / ofPair);
  /** Those of the last section, which is the only one in memory. */
  let probabilities: Float64Array = new Float64Array(0);
  yield* inSections(problem, function* (section) {
    probabilities = yield* probabilitiesAt(section, point);
    return counted.add(probabilities);
  });
  if (isStreamed(problem) && problem.ranks !== undefined) {
    yield* awaited(problem.ranks.communicator.allReduce(counted.pairs, 'sum'));
  }
  const threshold = counted.threshold();
  if (threshold === undefined) return undefined;
  const { rows } = gramBlocks(order);
  const matrix = zeros(size * size);
  /** The blocks of the classes k ≥ c, if several sections add to them. */
  const blocks = isStreamed(problem)
    ? Array.from({ length: q }, (_, k) => Array.from({ length: k + 1 }, () => new SectionSum(problem, rows)))
    : undefined;
  /** What the blocks leave out, which is added to those with k = c. */
  const leftOut = new SectionSum(problem, rows);
  yield* inSections(problem, function* (section) {
    const own = isStreamed(problem) ? yield* probabilitiesAt(section, point) : probabilities;
    const sum = new GramSum(section);
    const rest = yield* eachBlock(section, own, { threshold, sum }, (k, c, block) => {
      if (blocks !== undefined) return blocks[k][c].add(section, block);
      placeBlock(block, [k, c], matrix, q);
      sum.reuse(block);
    });
    if (rest !== undefined) leftOut.add(section, rest);
  });
  for (let k = 0; blocks !== undefined && k < q; k++) {
    for (let c = 0; c <= k; c++) {
      placeBlock((yield* blocks[k][c].total(order * order)) as Float64Array, [k, c], matrix, q);
    }
  }
  const rest = yield* leftOut.total(order * order);
  for (let k = 0; rest !== undefined && k < q; k++) addToBlock(rest, k, matrix, q);
  for (let j = 0; j < d * q; j++) matrix[j * size + j] += l2;
  if (!fitIntercept) matrix.fill(0, d * q * size);
  dropTiny(matrix, size);
  return matrix;
}

/** Calls `take` with the sum over a section for each pair of classes k ≥ c. Returns what these leave out, as `restOf`. */
function* eachBlock(
  section: Section,
  probabilities: Float64Array,
  { threshold, sum }: { readonly threshold: number; readonly sum: GramSum },
  take: (k: number, c: number, block: Float64Array) => void,
): Steps<Float64Array | undefined> {
  const { numSamples: n, numClasses: q, shares } = section;
  // By class and then by sample, since the loops below take one class after the other.
  /** Whether the curvature of a class and a sample is kept, [classes, n]. */
  const matters = new Uint8Array(q * n);
  /** pᵢₖ, sᵢ/S·pᵢₖ and sᵢ/S·pᵢₖ(1 − pᵢₖ) */
  const ofClass = new Float64Array(q * n);
  const weighted = new Float64Array(q * n);
  const curvature = new Float64Array(q * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0, at = i; k < q; k++, at += n) {
      ofClass[at] = probabilities[i * q + k];
      weighted[at] = shares[i] * ofClass[at];
      matters[at] = isBetween(ofClass[at], threshold) ? 1 : 0;
      curvature[at] = weighted[at] * othersOf(probabilities, i * q, q, k);
    }
  }
  for (let k = 0; k < q; k++) {
    const samples = samplesOf(n, (i) => weighted[k * n + i] > 0 && matters[k * n + i] === 1);
    for (let c = 0; c <= k; c++) {
      // A function, since loops of generators are slower.
      const addFrom = (first: number): number => {
        for (let s = first; s < samples.length; s++) {
          const i = samples[s];
          if (matters[c * n + i] === 0) continue;
          const share = k === c ? curvature[k * n + i] : -weighted[k * n + i] * ofClass[c * n + i];
          if (sum.add(i, share)) return s + 1;
        }
        return samples.length;
      };
      for (let s = addFrom(0); s < samples.length; s = addFrom(s)) yield;
      take(k, c, sum.total());
    }
  }
  return yield* restOf(section, curvature, matters);
}

/** The samples, in order, for which a condition holds. */
function samplesOf(n: number, holds: (i: number) => boolean): Int32Array {
  const samples = new Int32Array(n);
  let count = 0;
  for (let i = 0; i < n; i++) if (holds(i)) samples[count++] = i;
  return samples.subarray(0, count);
}

/** 1 − pₖ as the sum of the others: the difference cancels for pₖ close to 1, and the matrix becomes indefinite. */
export function othersOf(probabilities: ArrayLike<number>, from: number, q: number, k: number): number {
  let sum = 0;
  for (let l = 0; l < q; l++) if (l !== k) sum += probabilities[from + l];
  return sum;
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
export function* probabilitiesAt(problem: Section, point: Float64Array): Steps<Float64Array> {
  const q = problem.numClasses;
  const probabilities = new Float64Array(problem.numSamples * q);
  yield* eachProbabilities(problem, point, (part, start) => probabilities.set(part, start * q));
  return probabilities;
}

/** Calls `visit` with the probabilities of some samples, [samples, classes], and the first sample, for all in order. */
export function* eachProbabilities(
  problem: Section,
  point: Float64Array,
  visit: (probabilities: Float64Array, start: number) => void,
): Steps<void> {
  const { numSamples: n, numClasses: q, size } = problem;
  const { rowsOfATask } = gradientBlocks(size);
  const probabilities = new Float64Array(Math.min(n, rowsOfATask) * q);
  const paired = problem.columns === undefined ? pairedPoint(point, q) : new Float64Array(0);
  const logits = new Float64Array(BLOCK_ROWS * q);
  let block: SampleBlock | undefined;
  for (let start = 0; start < n; start += rowsOfATask) {
    if (start > 0) yield;
    const end = Math.min(n, start + rowsOfATask);
    if (problem.columns !== undefined || !writeProbabilities(problem, paired, [start, end], probabilities)) {
      if (block === undefined) {
        block = blockOf(problem.features, q, problem.rows);
        block.setPoint(point);
      }
      for (let first = start; first < end; first += BLOCK_ROWS) {
        const count = block.read(first);
        block.logits(logits);
        for (let r = 0; r < count; r++) softmaxInto(logits, r * q, q, probabilities, (first - start + r) * q);
      }
    }
    visit(probabilities.subarray(0, (end - start) * q), start);
  }
}

/** Whether a probability is further than the threshold from both 0 and 1. */
function isBetween(p: number, threshold: number): boolean {
  return p > threshold && p < 1 - threshold;
}

/** Counts the pairs of classes that each threshold keeps, over all samples. */
class PairCounts {
  readonly #q: number;
  readonly #most: number;
  /** For each threshold, or more than the most for all. */
  readonly pairs = new Float64Array(THRESHOLDS.length);

  /** @param most the largest number of pairs */
  constructor(q: number, most: number) {
    this.#q = q;
    this.#most = most;
  }

  /** Adds samples. Returns false if even the last threshold keeps too many, as a part of the samples often shows. */
  add(probabilities: Float64Array): boolean {
    const last = THRESHOLDS.length - 1;
    let fewest = this.pairs[last];
    for (let at = 0; at < probabilities.length && fewest <= this.#most; at += this.#q) {
      let count = 0;
      for (let k = at; k < at + this.#q; k++) if (isBetween(probabilities[k], THRESHOLDS[last])) count++;
      fewest += (count * (count + 1)) / 2;
    }
    if (fewest > this.#most) {
      this.pairs.fill(fewest);
      return false;
    }
    const above = new Int32Array(THRESHOLDS.length);
    for (let at = 0; at < probabilities.length; at += this.#q) {
      above.fill(0);
      for (let k = at; k < at + this.#q; k++) {
        for (let t = 0; t < above.length && isBetween(probabilities[k], THRESHOLDS[t]); t++) above[t]++;
      }
      for (let t = 0; t < above.length; t++) this.pairs[t] += (above[t] * (above[t] + 1)) / 2;
    }
    return true;
  }

  /** The smallest threshold that keeps few enough, if any does. */
  threshold(): number | undefined {
    return THRESHOLDS.find((_, t) => this.pairs[t] <= this.#most);
  }
}

/** X̃ᵀdiag(s∘h)X̃/S, where hᵢ is the mean curvature that the blocks above leave out; undefined if they omit nothing. */
function* restOf(problem: Section, curvature: Float64Array, matters: Uint8Array): Steps<Float64Array | undefined> {
  const { numSamples: n, numClasses: q } = problem;
  const sum = new GramSum(problem);
  let isEmpty = true;
  for (let i = 0; i < n; i++) {
    let share = 0;
    for (let at = i; at < n * q; at += n) if (matters[at] === 0) share += curvature[at] / q;
    if (share === 0) continue;
    isEmpty = false;
    if (sum.add(i, share)) yield;
  }
  return isEmpty ? undefined : sum.total();
}

/** Writes the block of two classes k ≥ c, [order, order] with the lower half filled, to the lower half of the matrix. */
function placeBlock(block: Float64Array, [k, c]: readonly [number, number], matrix: Float64Array, q: number): void {
  const size = Math.sqrt(matrix.length);
  const order = size / q;
  for (let a = 0; a < order; a++) {
    const from = a * order;
    for (let b = 0, to = (a * q + k) * size + c; b <= a; b++, to += q) matrix[to] = block[from + b];
    if (c === k) continue;
    // The block of c and k has the same numbers. On its diagonal they lie in the upper half of the matrix.
    for (let b = 0, to = (a * q + c) * size + k; b < a; b++, to += q) matrix[to] = block[from + b];
  }
}

/** Adds to the block of a class and itself. */
function addToBlock(added: Float64Array, k: number, matrix: Float64Array, q: number): void {
  const size = Math.sqrt(matrix.length);
  const order = size / q;
  for (let a = 0; a < order; a++) {
    for (let b = 0, to = (a * q + k) * size + k; b <= a; b++, to += q) matrix[to] += added[a * order + b];
  }
}
