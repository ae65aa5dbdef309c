// objective: the loss of sparse rows and its gradient, by the fastest engine that loads here.
import { square } from '../../core/elementary.js';
import { assertShape } from '../../core/shape.js';
import { float64Kernels } from '../../core/simd.js';
import { type Steps, WORK_OF_A_TASK } from '../../core/task.js';
import { BlockSum, sumOf, VectorSum } from '../../core/tree-sum.js';
import { gradientBlocks } from '../blocks.js';
import type { LossAndGradient } from '../residuals.js';
import { forgetResident, moduleGradient, moduleResiduals } from './module.js';
import { plainGradient, plainResiduals, type Range } from './plain.js';
import type { SparseSection } from './section.js';

/** Entries that one call takes: the kernels in WebAssembly copy them. */
const MOST_ENTRIES = 2 ** 20;

/**
 * The mean loss and its gradient, without penalties: `lossAndGradient` for sparse rows.
 *
 *   R = diag(s/S)·(softmax(XW + b) − Y),   ∂/∂W = XᵀR,   ∂/∂b = Σᵢ rᵢ
 *
 * The residuals R of all rows are computed first, and then each column of XᵀR by itself, so that threads share columns and no
 * thread has a gradient of its own. R takes 8·n·q bytes. Sums have one order, which plain.ts describes: native code,
 * WebAssembly and plain loops give the same bits.
 *
 * @param point θ, [(d + 1)·classes]: W row-major, and b
 * @throws ShapeError if the point has another length
 * @see checked against objective/float64.ts, for dense rows with the same zeros
 */
export function* sparseLossAndGradient(section: SparseSection, point: Float64Array): Steps<LossAndGradient> {
  const { matrix, numClasses: q } = section;
  const [n, d] = matrix.shape;
  const size = (d + 1) * q;
  assertShape([point.length], [size], 'sparseLossAndGradient', 'point');
  const { rows: blockRows } = gradientBlocks(size);
  const residuals = new Float64Array(n * q);
  /** The gradient of the bias, then the loss. */
  const rest = new VectorSum();
  // The point may have other numbers than in the last evaluation, which may have been aborted.
  forgetResident();
  for (const range of ranges(matrix.starts, blockRows, q)) {
    if (range[0] > 0) yield;
    const leaves = new Float64Array(Math.ceil((range[1] - range[0]) / blockRows) * (q + 1));
    writeResiduals(section, point, range, blockRows, residuals, leaves);
    for (let at = 0, block = range[0] / blockRows; at < leaves.length; at += q + 1, block++) {
      rest.add(block, leaves.slice(at, at + q + 1));
    }
  }
  const total = rest.total() ?? new Float64Array(q + 1);
  const gradient = yield* sparseProducts(section, residuals, total.subarray(0, q));
  return { loss: total[q], gradient };
}

/** X̃ᵀdiag(s)Y/S, in the layout of a point: the sums of the rows of each class. */
export function* sparseClassSums(section: SparseSection): Steps<Float64Array> {
  const { labels, shares, numClasses: q } = section;
  const targets = new Float64Array(labels.length * q);
  for (let i = 0; i < labels.length; i++) targets[i * q + labels[i]] = shares[i];
  const sum = new BlockSum(q, gradientBlocks((section.matrix.shape[1] + 1) * q).rows);
  for (let i = 0; i < labels.length; i++) {
    sum.leaf[labels[i]] += shares[i];
    sum.reach(i + 1);
  }
  return yield* sparseProducts(section, targets, sum.total());
}

/** X̃ᵀR in the layout of a point, for R [n, q] whose columns have these sums. */
export function* sparseProducts(
  section: SparseSection,
  residuals: Float64Array,
  bias: Float64Array,
): Steps<Float64Array> {
  const { matrix, columns, numClasses: q } = section;
  const d = matrix.shape[1];
  const size = (d + 1) * q;
  const { rows: blockRows } = gradientBlocks(size);
  const products = new Float64Array(size);
  forgetResident();
  for (const range of ranges(columns.starts, 1, q)) {
    yield;
    writeGradient(section, residuals, range, blockRows, products);
  }
  // Frees the residuals.
  forgetResident();
  products.set(bias, d * q);
  return products;
}

/** The diagonal of X̃ᵀdiag(s)X̃/S, [d + 1], each column in the order of its rows. */
export function* sparseSquares({ columns, shares }: SparseSection): Steps<Float64Array> {
  const { starts, rows, values } = columns;
  const d = starts.length - 1;
  const sums = new Float64Array(d + 1);
  for (const [from, to] of ranges(starts, 1, 1)) {
    for (let j = from; j < to; j++) {
      for (let at = starts[j]; at < starts[j + 1]; at++) sums[j] += shares[rows[at]] * square(values[at]);
    }
    yield;
  }
  sums[d] = sumOf(shares);
  return sums;
}

/** Columns in pieces with the work of a task. */
export function columnRanges({ starts }: SparseSection['columns'], numClasses: number): Generator<Range> {
  return ranges(starts, 1, numClasses);
}

/** Rows or columns in pieces of whole units, with the entries of a task. A unit with more is a piece of its own. */
function* ranges(starts: Int32Array, unit: number, q: number): Generator<Range> {
  const count = starts.length - 1;
  const most = Math.min(MOST_ENTRIES, WORK_OF_A_TASK / q);
  // A row or column without entries is some work too.
  const workTo = (at: number) => starts[at] + at;
  for (let from = 0, end = 0; from < count; from = end) {
    do end = Math.min(count, end + unit);
    while (end < count && workTo(Math.min(count, end + unit)) - workTo(from) <= most);
    yield [from, end];
  }
}

/** `plainResiduals`, with the same bits. */
function writeResiduals(...given: Parameters<typeof plainResiduals>): void {
  const kernels = float64Kernels();
  if (kernels === undefined) {
    if (!moduleResiduals(...given)) plainResiduals(...given);
    return;
  }
  const [{ matrix, labels, shares }, point, [from, to], blockRows, residuals, leaves] = given;
  const { starts, indices, values, shape } = matrix;
  kernels.sparseResiduals(
    ...([starts, indices, values, from, to, point, shape[1]] as const),
    ...([labels, shares, blockRows, residuals, leaves] as const),
  );
}

/** `plainGradient`, with the same bits. */
function writeGradient(...given: Parameters<typeof plainGradient>): void {
  const kernels = float64Kernels();
  if (kernels === undefined) {
    if (!moduleGradient(...given)) plainGradient(...given);
    return;
  }
  const [{ columns, numClasses: q }, residuals, [from, to], blockRows, gradient] = given;
  const { starts, rows, values } = columns;
  kernels.sparseGradient(starts, rows, values, from, to, residuals, q, blockRows, gradient);
}
