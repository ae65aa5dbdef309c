// objective: products with the Hessian of sparse samples, which is never formed.
import { square } from '../../core/elementary.js';
import { finishInTurns, type Steps } from '../../core/task.js';
import { BlockSum } from '../../core/tree-sum.js';
import { gradientBlocks } from '../blocks.js';
import { probabilitiesAt } from '../hessian.js';
import { BLOCK_ROWS } from '../row-block.js';
import type { Section } from '../sections.js';
import { blockOf } from './block.js';
import { type SparseSection, sparseOf } from './section.js';
import { columnRanges, sparseProducts } from './sums.js';

/** The Hessian at a point. */
export interface SparseHessian {
  /** ∇²f(θ)·v, a new array. */
  times(vector: Float64Array): Promise<Float64Array>;
  /** The diagonal of ∇²f(θ), in the layout of a point; 1 for a bias that is not fitted. */
  readonly diagonal: Float64Array;
}

/**
 * Prepares products with the Hessian at θ. Each takes two multiply-adds for an entry and a class, as an evaluation does.
 *
 *   ∇²f(θ)·v = X̃ᵀdiag(s)/S·(P∘U − P∘(P∘U)11ᵀ) + λDv,   U = X̃v,   D = diag(1, …, 1, 0)
 *
 * @param problem of sparse samples
 */
export async function sparseHessian(
  problem: Section,
  point: Float64Array,
  signal: AbortSignal | undefined,
): Promise<SparseHessian> {
  const sparse = sparseOf(problem) as SparseSection;
  const probabilities = await finishInTurns(probabilitiesAt(problem, point), signal);
  return {
    diagonal: await finishInTurns(diagonalOf(problem, sparse, probabilities), signal),
    times: (vector) => finishInTurns(product(problem, sparse, probabilities, vector), signal),
  };
}

function* product(
  { features, l2, fitIntercept, size }: Section,
  sparse: SparseSection,
  probabilities: Float64Array,
  vector: Float64Array,
): Steps<Float64Array> {
  const { shares, numClasses: q, labels } = sparse;
  const n = labels.length;
  const residuals = new Float64Array(n * q);
  const { rows, rowsOfATask } = gradientBlocks(size);
  const bias = new BlockSum(q, rows);
  const block = blockOf(features, q);
  block.setPoint(vector);
  const products = new Float64Array(BLOCK_ROWS * q);
  for (let start = 0, done = 0; start < n; start += BLOCK_ROWS) {
    const count = block.read(start);
    block.logits(products);
    for (let r = 0, i = start; r < count; r++, i++) {
      writeCurvature(probabilities, i * q, products, r * q, shares[i], residuals, q);
      for (let k = 0; k < q; k++) bias.leaf[k] += residuals[i * q + k];
      bias.reach(i + 1);
    }
    done += count;
    if (done < rowsOfATask) continue;
    done = 0;
    yield;
  }
  const result = yield* sparseProducts(sparse, residuals, bias.total());
  for (let at = 0; at < size - q; at++) result[at] += l2 * vector[at];
  if (!fitIntercept) result.fill(0, size - q);
  return result;
}

/** Writes s·(diag(p) − ppᵀ)u. */
function writeCurvature(
  p: Float64Array,
  ofP: number,
  u: Float64Array,
  ofU: number,
  share: number,
  out: Float64Array,
  q: number,
): void {
  let mean = 0;
  for (let k = 0; k < q; k++) mean += p[ofP + k] * u[ofU + k];
  for (let k = 0; k < q; k++) out[ofP + k] = share * p[ofP + k] * (u[ofU + k] - mean);
}

function* diagonalOf(
  { l2, fitIntercept, size }: Section,
  { columns, shares, numClasses: q }: SparseSection,
  probabilities: Float64Array,
): Steps<Float64Array> {
  const { starts, rows, values } = columns;
  const d = starts.length - 1;
  const diagonal = new Float64Array(size);
  const add = (i: number, weight: number, to: number) => {
    const factor = shares[i] * weight;
    for (let k = 0, at = i * q; k < q; k++, at++)
      diagonal[to + k] += factor * probabilities[at] * (1 - probabilities[at]);
  };
  for (const [from, end] of columnRanges(columns, q)) {
    for (let j = from; j < end; j++) {
      for (let at = starts[j]; at < starts[j + 1]; at++) add(rows[at], square(values[at]), j * q);
      for (let k = 0; k < q; k++) diagonal[j * q + k] += l2;
    }
    yield;
  }
  if (!fitIntercept) diagonal.fill(1, d * q);
  else for (let i = 0; i < shares.length; i++) add(i, 1, d * q);
  return diagonal;
}
