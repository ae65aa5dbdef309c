// model: logits of sparse rows.
import { type Affine, largestFeature } from '../core/affine.js';
import { WORK_OF_A_TASK } from '../core/task.js';
import { assertSparse, type SparseMatrix } from '../data/matrix.js';
import { StoredRows } from '../data/stored-rows.js';

/** Work besides its entries, in multiply-adds: of a row. */
const WORK_OF_A_ROW = 100;

/** A model as sparse rows are multiplied: o = xU + c, U and c with the standardisation of columns in them. */
export class SparseLogits {
  readonly #affine: Affine;
  /** b − Σⱼ centerⱼ·factorⱼ·Wⱼ */
  readonly #bias: Float64Array;

  constructor(affine: Affine) {
    const { weight, bias, columns } = affine;
    const q = bias.length;
    this.#affine = affine;
    this.#bias = Float64Array.from(bias);
    if (columns === undefined) return;
    for (let j = 0; j < columns.center.length; j++) {
      const moved = columns.center[j] * columns.factor[j];
      if (moved !== 0) for (let k = 0; k < q; k++) this.#bias[k] -= moved * weight[j * q + k];
    }
  }

  /** Writes the logits of row i to out[to], …: entries in order, and then the bias. */
  write({ starts, indices, values }: SparseMatrix, i: number, out: Float64Array, to: number): void {
    const { weight, columns } = this.#affine;
    const q = this.#bias.length;
    out.fill(0, to, to + q);
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const j = indices[at];
      const value = columns === undefined ? values[at] : values[at] * columns.factor[j];
      for (let k = 0, from = j * q; k < q; k++) out[to + k] += value * weight[from + k];
    }
    for (let k = 0; k < q; k++) out[to + k] += this.#bias[k];
  }
}

/** Checks a matrix that a model multiplies. */
export function assertSparseFor(affine: Affine, matrix: SparseMatrix, where: string): void {
  assertSparse(matrix, where, 'features', largestFeature(affine));
}

/** Rows in pieces with the work of a task. */
export function* sparseRanges(
  { starts, shape: [n] }: SparseMatrix,
  numClasses: number,
): Generator<readonly [start: number, end: number]> {
  const workTo = (i: number) => numClasses * starts[i] + WORK_OF_A_ROW * i;
  for (let start = 0, end = 0; start < n; start = end) {
    do end++;
    while (end < n && workTo(end + 1) - workTo(start) <= WORK_OF_A_TASK);
    yield [start, end];
  }
}

/** Rows that are made dense a few at a time, when they are read. */
export function denseRows(matrix: SparseMatrix): StoredRows {
  const { starts, indices, values, shape } = matrix;
  const [, d] = shape;
  return new StoredRows(shape, async (start, end, into) => {
    into.fill(0, 0, (end - start) * d);
    for (let i = start; i < end; i++) {
      for (let at = starts[i]; at < starts[i + 1]; at++) into[(i - start) * d + indices[at]] = values[at];
    }
  });
}
