// data: sparse matrices, which text vectorizers make and solvers read.

/**
 * A sparse matrix [n, d] by rows, in the format CSR: row i has the entries starts[i], …, starts[i + 1] − 1.
 *
 * The columns of a row ascend, none occurs twice, and what is not listed is 0. An entry takes 8 bytes in float32.
 *
 * @example [[0, 2], [0, 0], [3, 0]] is { starts: [0, 1, 1, 2], indices: [1, 0], values: [2, 3], shape: [3, 2] }
 */
export interface SparseMatrix {
  /** [n + 1], ascending, from 0 to the number of entries */
  readonly starts: Int32Array;
  /** The column of each entry. */
  readonly indices: Int32Array;
  readonly values: Float32Array | Float64Array;
  readonly shape: readonly [rows: number, columns: number];
}
