// optim: symmetric positive definite systems, by Cholesky's factorisation on plain arrays.
import { DomainError } from '../core/errors.js';
import { assertShape, describe } from '../core/shape.js';

export interface Cholesky {
  readonly size: number;
  /** What was added to the diagonal of the scaled matrix: entry (i, i) of the matrix grew by `jitter` times itself. */
  readonly jitter: number;
  /**
   * A⁻¹B for `columns` right-hand sides: B is [size, columns], row-major, and so is the fresh result.
   *
   * @throws ShapeError if B does not have size × columns numbers
   */
  solve(right: Float64Array, columns?: number): Float64Array;
}

/** Pivots of a unit-diagonal matrix below size·ε are rounding errors. */
const SMALLEST_JITTER = 1e-14;
/** A matrix that needs more is not "positive definite but for rounding". */
const LARGEST_JITTER = 1e-2;

/**
 * The Cholesky factorisation of a symmetric positive definite matrix, or of one that lacks it by rounding or by collinear
 * columns.
 *
 *   D⁻½AD⁻½ + jitter·I = LLᵀ,   D the diagonal of A
 *
 * The scaling makes the factor, and the jitter, independent of the units of the columns. The jitter starts at the one
 * given and grows a hundredfold from 1e-14 until every pivot exceeds its rounding error. A zero on the diagonal, of a
 * column that is always 0, counts as 1.
 *
 * @param matrix A, [size, size], row-major; only its lower half is read, and it stays as it is
 * @param jitter the least to add, relative to each diagonal entry; 0 unless given
 * @throws ShapeError if the matrix does not have size × size numbers
 * @throws DomainError if it is not finite or not positive semidefinite
 * @example cholesky(Float64Array.of(4, 2, 2, 3), 2).solve(Float64Array.of(2, 1))   // [0.5, 0]
 */
export function cholesky(matrix: Float64Array, size: number, jitter = 0): Cholesky {
  assertShape([matrix.length], [size * size], 'cholesky', 'matrix');
  const scale = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const entry = matrix[i * size + i];
    if (!(entry >= 0 && entry < Number.POSITIVE_INFINITY)) throw notPositive(`${describe(entry)} at [${i}][${i}]`);
    scale[i] = entry === 0 ? 1 : 1 / Math.sqrt(entry);
  }
  const factor = new Float64Array(size * size);
  const largest = Math.max(jitter, LARGEST_JITTER);
  for (let added = jitter; added <= largest; added = Math.max(SMALLEST_JITTER, added * 100)) {
    if (!factorize(matrix, scale, added, factor)) continue;
    return { size, jitter: added, solve: (right, columns = 1) => solve(factor, scale, right, columns) };
  }
  throw notPositive(`one that is not, even with ${largest} of its diagonal added`);
}

/** Fills the factor, row by row, and mirrors it; false where a pivot is not above its rounding error. */
function factorize(matrix: Float64Array, scale: Float64Array, jitter: number, factor: Float64Array): boolean {
  const n = scale.length;
  const floor = n * Number.EPSILON;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      const scaled = matrix[row + j] * scale[i] * scale[j];
      factor[row + j] = (scaled - dotOfRows(factor, row, j * n, j)) / factor[j * n + j];
      factor[j * n + i] = factor[row + j];
    }
    // The scaled diagonal is 1 by definition, also where the column is 0.
    const pivot = 1 + jitter - dotOfRows(factor, row, row, i);
    if (!(pivot > floor)) return false;
    factor[row + i] = Math.sqrt(pivot);
  }
  return true;
}

/** Four sums at once: one alone waits for each addition to end before the next begins. */
function dotOfRows(values: Float64Array, a: number, b: number, length: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 3 < length; k += 4) {
    first += values[a + k] * values[b + k];
    second += values[a + k + 1] * values[b + k + 1];
    third += values[a + k + 2] * values[b + k + 2];
    fourth += values[a + k + 3] * values[b + k + 3];
  }
  for (; k < length; k++) first += values[a + k] * values[b + k];
  return first + second + (third + fourth);
}

/** D⁻½ L⁻ᵀ L⁻¹ D⁻½ B. The upper half of the factor is Lᵀ, so both passes read along rows, for four columns of B at once. */
function solve(factor: Float64Array, scale: Float64Array, right: Float64Array, columns: number): Float64Array {
  const n = scale.length;
  assertShape([right.length], [n * columns], 'cholesky', 'right');
  /** One column after the other, filled up to fours. */
  const x = new Float64Array(Math.ceil(columns / 4) * 4 * n);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < columns; c++) x[c * n + i] = right[i * columns + c] * scale[i];
  }
  for (let c = 0; c < columns; c += 4) {
    for (let i = 0; i < n; i++) substitute(factor, n, i, 0, i, x, c * n);
    for (let i = n - 1; i >= 0; i--) substitute(factor, n, i, i + 1, n, x, c * n);
  }
  const result = new Float64Array(n * columns);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < columns; c++) result[i * columns + c] = x[c * n + i] * scale[i];
  }
  return result;
}

/** xᵢ ← (xᵢ − Σ factor[i][k]·xₖ) / factor[i][i] over k from `first` to before `end`, in the four columns that begin at `from`. */
function substitute(
  factor: Float64Array,
  n: number,
  i: number,
  first: number,
  end: number,
  x: Float64Array,
  from: number,
): void {
  const row = i * n;
  let a = from + first;
  let b = a + n;
  let c = b + n;
  let d = c + n;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let at = row + first, last = row + end; at < last; at++) {
    const entry = factor[at];
    s0 += entry * x[a++];
    s1 += entry * x[b++];
    s2 += entry * x[c++];
    s3 += entry * x[d++];
  }
  const inverse = 1 / factor[row + i];
  x[from + i] = (x[from + i] - s0) * inverse;
  x[from + n + i] = (x[from + n + i] - s1) * inverse;
  x[from + 2 * n + i] = (x[from + 2 * n + i] - s2) * inverse;
  x[from + 3 * n + i] = (x[from + 3 * n + i] - s3) * inverse;
}

function notPositive(actual: string): DomainError {
  const expected = 'be symmetric positive definite, up to rounding';
  return new DomainError({ where: 'cholesky', argument: 'matrix', expected, actual });
}
