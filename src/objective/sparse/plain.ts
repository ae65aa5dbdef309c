// objective: the sums over sparse rows in plain loops, the oracle of the kernels.
//
// A logit adds the entries of its row in ascending order of the columns, and then the bias. The gradient of a weight adds the
// entries of its column as in core/tree-sum.ts: those of a block of rows in order, and the blocks by the tree. Only blocks in
// which the column has entries take part. The sum of any other block is 0, and x + 0 is x, because no sum here is −0: each
// begins with 0. So these are the bits of a sum over all blocks, of dense rows that skip zeros, and of any sections and ranks.
// A sum in order of all rows would be simpler, but no section could add its part of it.

import { writeResiduals } from '../residuals.js';
import { BLOCK_ROWS } from '../row-block.js';
import type { SparseSection } from './section.js';

/** Some rows, or columns: from the first to the one after the last. */
export type Range = readonly [from: number, to: number];

/** Writes Σ value·row over the entries from `first` to `end`, in order, for the q columns of a matrix [rows, q]. */
export function sumEntries(
  matrix: Float64Array,
  q: number,
  indices: Int32Array,
  values: Float32Array | Float64Array,
  [first, end]: Range,
  out: Float64Array,
  to: number,
): void {
  out.fill(0, to, to + q);
  for (let at = first; at < end; at++) {
    const value = values[at];
    for (let k = 0, from = indices[at] * q; k < q; k++) out[to + k] += value * matrix[from + k];
  }
}

export function addNumbers(sum: Float64Array, to: number, terms: Float64Array, from: number, count: number): void {
  for (let k = 0; k < count; k++) sum[to + k] += terms[from + k];
}

/**
 * Writes sᵢ/S·(softmax(xᵢW + b) − yᵢ) of some rows, which begin with a block.
 *
 * @param point W, [d, q], and b
 * @param residuals [n, q], of which these rows are written
 * @param leaves [blocks, q + 1], of which as many rows are written as these rows have blocks: Σ residuals and Σ sᵢ/S·NLLᵢ
 */
export function plainResiduals(
  section: SparseSection,
  point: Float64Array,
  [from, to]: Range,
  blockRows: number,
  residuals: Float64Array,
  leaves: Float64Array,
): void {
  const { matrix, numClasses: q } = section;
  const { starts, indices, values, shape } = matrix;
  const logits = new Float64Array(BLOCK_ROWS * q);
  for (let start = from; start < to; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, to - start);
    const leaf = Math.floor((start - from) / blockRows) * (q + 1);
    if ((start - from) % blockRows === 0) leaves.fill(0, leaf, leaf + q + 1);
    for (let r = 0, i = start; r < count; r++, i++) {
      sumEntries(point, q, indices, values, [starts[i], starts[i + 1]], logits, r * q);
      addNumbers(logits, r * q, point, shape[1] * q, q);
    }
    const out = residuals.subarray(start * q, (start + count) * q);
    leaves[leaf + q] += writeResiduals(logits, count, section, start, out);
    for (let r = 0; r < count; r++) addNumbers(leaves, leaf, out, r * q, q);
  }
}

/**
 * Writes XᵀR of some columns to a gradient in the layout of a point.
 *
 * @param residuals R, [n, q]
 */
export function plainGradient(
  { columns, numClasses: q }: SparseSection,
  residuals: Float64Array,
  [from, to]: Range,
  blockRows: number,
  gradient: Float64Array,
): void {
  const { starts, rows, values } = columns;
  /** The sums that the tree holds at once, and the block of each. */
  const sums = new Float64Array(MOST_LEVELS * q);
  const blocks = new Int32Array(MOST_LEVELS);
  for (let j = from; j < to; j++) {
    let top = 0;
    for (let at = starts[j], end = starts[j + 1]; at < end; ) {
      const block = Math.floor(rows[at] / blockRows);
      const first = at;
      while (at < end && rows[at] < (block + 1) * blockRows) at++;
      // Two sums whose common node lies below the one that they share with this block have all their terms.
      while (top > 1 && levelOf(blocks[top - 2], blocks[top - 1]) < levelOf(blocks[top - 1], block)) {
        top--;
        addNumbers(sums, (top - 1) * q, sums, top * q, q);
      }
      sumEntries(residuals, q, rows, values, [first, at], sums, top * q);
      blocks[top++] = block;
    }
    for (; top > 1; top--) addNumbers(sums, (top - 2) * q, sums, (top - 1) * q, q);
    for (let k = 0; k < q; k++) gradient[j * q + k] = top === 0 ? 0 : sums[k];
  }
}

/** Sums that the tree over blocks of int32 row numbers holds at once. */
export const MOST_LEVELS = 34;

/** The level of the lowest node above two blocks, as in core/tree-sum.ts. */
function levelOf(a: number, b: number): number {
  return 32 - Math.clz32(a ^ b);
}
