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

/** Columns of a panel: that many rows of a thousand numbers stay in the processor's second cache. */
const PANEL = 32;

/** Fills the factor, panel by panel of columns, and mirrors it; false where a pivot is not above its rounding error. */
function factorize(matrix: Float64Array, scale: Float64Array, jitter: number, factor: Float64Array): boolean {
  const n = scale.length;
  const floor = n * Number.EPSILON;
  for (let start = 0; start < n; start += PANEL) {
    const end = Math.min(start + PANEL, n);
    for (let i = start; i < n; i++) {
      for (let j = start; j < Math.min(i, end); j++) factor[i * n + j] = matrix[i * n + j] * scale[i] * scale[j];
      // The scaled diagonal is 1 by definition, also where the column is 0.
      if (i < end) factor[i * n + i] = 1 + jitter;
    }
    subtractProducts(factor, n, start, end);
    for (let i = start; i < n; i++) {
      const row = i * n;
      for (let j = start; j < Math.min(i, end); j++) {
        const sum = dotAt(factor, row + start, factor, j * n + start, j - start);
        factor[row + j] = (factor[row + j] - sum) / factor[j * n + j];
        factor[j * n + i] = factor[row + j];
      }
      if (i >= end) continue;
      const pivot = factor[row + i] - dotAt(factor, row + start, factor, row + start, i - start);
      if (!(pivot > floor)) return false;
      factor[row + i] = Math.sqrt(pivot);
    }
  }
  return true;
}

/** Of the panel's entries [i][j], i ≥ j, the products of rows i and j before the panel: two rows and four columns at once. */
function subtractProducts(factor: Float64Array, n: number, start: number, end: number): void {
  if (start === 0) return;
  for (let i = start; i < n; i += 2) {
    // The last row may stand alone, and is then its own neighbour.
    const next = Math.min(i + 1, n - 1);
    for (let j = start; j < Math.min(next + 1, end); j += 4) {
      let [a0, a1, b0, b1, c0, c1, d0, d1] = [0, 0, 0, 0, 0, 0, 0, 0];
      let x = i * n;
      let y = next * n;
      // Columns beyond the last are those before it once more, and are left out below.
      let a = j * n;
      let b = Math.min(j + 1, n - 1) * n;
      let c = Math.min(j + 2, n - 1) * n;
      let d = Math.min(j + 3, n - 1) * n;
      for (const last = x + start; x < last; ) {
        const x0 = factor[x++];
        const y0 = factor[y++];
        const fa = factor[a++];
        const fb = factor[b++];
        const fc = factor[c++];
        const fd = factor[d++];
        a0 += x0 * fa;
        a1 += y0 * fa;
        b0 += x0 * fb;
        b1 += y0 * fb;
        c0 += x0 * fc;
        c1 += y0 * fc;
        d0 += x0 * fd;
        d1 += y0 * fd;
      }
      subtract(factor, i, j, end, n, a0, b0, c0, d0);
      if (next > i) subtract(factor, next, j, end, n, a1, b1, c1, d1);
    }
  }
}

/** From the entries [i][j], …, [i][j + 3] that are in the lower half and before the end of the panel. */
function subtract(
  factor: Float64Array,
  i: number,
  j: number,
  end: number,
  n: number,
  a: number,
  b: number,
  c: number,
  d: number,
): void {
  const count = Math.min(i + 1, end) - j;
  const at = i * n + j;
  if (count > 0) factor[at] -= a;
  if (count > 1) factor[at + 1] -= b;
  if (count > 2) factor[at + 2] -= c;
  if (count > 3) factor[at + 3] -= d;
}

/** Σ a[i + k]·b[j + k]. Four sums at once: one alone waits for each addition to end before the next begins. */
function dotAt(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 3 < length; k += 4) {
    first += a[i + k] * b[j + k];
    second += a[i + k + 1] * b[j + k + 1];
    third += a[i + k + 2] * b[j + k + 2];
    fourth += a[i + k + 3] * b[j + k + 3];
  }
  for (; k < length; k++) first += a[i + k] * b[j + k];
  return first + second + (third + fourth);
}

/** D⁻½ L⁻ᵀ L⁻¹ D⁻½ B. The upper half of the factor is Lᵀ, so both passes read along rows. */
function solve(factor: Float64Array, scale: Float64Array, right: Float64Array, columns: number): Float64Array {
  const n = scale.length;
  assertShape([right.length], [n * columns], 'cholesky', 'right');
  /** One column after the other. */
  const x = new Float64Array(columns * n);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < columns; c++) x[c * n + i] = right[i * columns + c] * scale[i];
  }
  for (let c = 0; c < columns; c += c + 3 < columns ? 4 : 1) {
    const substitute = c + 3 < columns ? substituteFour : substituteOne;
    for (let i = 0; i < n; i++) substitute(factor, n, i, 0, i, x, c * n);
    for (let i = n - 1; i >= 0; i--) substitute(factor, n, i, i + 1, n, x, c * n);
  }
  const result = new Float64Array(n * columns);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < columns; c++) result[i * columns + c] = x[c * n + i] * scale[i];
  }
  return result;
}

/** xᵢ ← (xᵢ − Σ factor[i][k]·xₖ) / factor[i][i] over k from `first` to before `end`, in the column that begins at `from`. */
function substituteOne(
  factor: Float64Array,
  n: number,
  i: number,
  first: number,
  end: number,
  x: Float64Array,
  from: number,
): void {
  const sum = dotAt(factor, i * n + first, x, from + first, end - first);
  x[from + i] = (x[from + i] - sum) / factor[i * n + i];
}

/** The same in that column and the next three: each entry of the factor is read once. */
function substituteFour(
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
