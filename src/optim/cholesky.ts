// optim: solves symmetric positive definite systems by Cholesky factorisation, on plain arrays.
import { DomainError } from '../core/errors.js';
import { assertShape, describe } from '../core/shape.js';
import { copyLower, Simd } from '../core/simd.js';

export interface Cholesky {
  readonly size: number;
  /** Added to the diagonal of the scaled matrix: entry (i, i) of the matrix grew by `jitter` times itself. */
  readonly jitter: number;
  /**
   * A⁻¹B for `columns` right-hand sides: B is [size, columns], row-major, and so is the result, a new array.
   *
   * @throws ShapeError if B does not have size × columns numbers
   */
  solve(right: Float64Array, columns?: number): Float64Array;
}

/** Pivots of a unit-diagonal matrix below size·ε are rounding errors. */
const SMALLEST_JITTER = 1e-14;
/** A matrix that needs more is not positive definite up to rounding. */
const LARGEST_JITTER = 1e-2;

/**
 * The Cholesky factorisation of a symmetric positive definite matrix, or of one that is so up to rounding or collinear
 * columns.
 *
 *   D⁻½AD⁻½ + jitter·I = LLᵀ,   D the diagonal of A
 *
 * The scaling makes the factor and the jitter independent of the units of the columns. The jitter starts at the given
 * value and grows a hundredfold from 1e-14 until every pivot exceeds its rounding error. A zero on the diagonal, from a
 * column of zeros, counts as 1.
 *
 * @param matrix A, [size, size], row-major; only its lower half is read
 * @param jitter smallest addition, relative to each diagonal entry. Default 0
 * @param overwrite whether the factor may take the place of the matrix, which saves memory. Default: the matrix is not changed
 * @throws ShapeError if the matrix does not have size × size numbers
 * @throws DomainError if it is not finite or not positive semidefinite
 * @example cholesky(Float64Array.of(4, 2, 2, 3), 2).solve(Float64Array.of(2, 1))   // [0.5, 0]
 */
export function cholesky(matrix: Float64Array, size: number, jitter = 0, overwrite = false): Cholesky {
  assertShape([matrix.length], [size * size], 'cholesky', 'matrix');
  const scale = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const entry = matrix[i * size + i];
    if (!(entry >= 0 && entry < Number.POSITIVE_INFINITY)) throw notPositive(`${describe(entry)} at [${i}][${i}]`);
    scale[i] = entry === 0 ? 1 : 1 / Math.sqrt(entry);
  }
  const largest = Math.max(jitter, LARGEST_JITTER);
  for (let added = jitter; added <= largest; added = Math.max(SMALLEST_JITTER, added * 100)) {
    const factor = factorize(matrix, scale, added, overwrite);
    if (factor === undefined) continue;
    return { size, jitter: added, solve: (right, columns = 1) => solve(factor, scale, right, columns) };
  }
  throw notPositive(`one that is not, even with ${largest} of its diagonal added`);
}

/** Columns of a panel. This many rows of a thousand numbers fit in the second-level cache. */
const PANEL = 32;

// One shared memory: it contains the factor used last.
const simd = Simd.open();

/** L, [n, n], of which only the lower half is valid. */
interface Factor {
  readonly values: Float64Array;
  readonly n: number;
}

/** Factors the scaled matrix; undefined if a pivot does not exceed its rounding error. */
function factorize(matrix: Float64Array, scale: Float64Array, jitter: number, overwrite: boolean): Factor | undefined {
  const n = scale.length;
  const stride = strideOf(n);
  const length = (n + 3) * stride;
  const memory = simd?.numbers(length + (n + PANEL) * PANEL);
  const floor = n * Number.EPSILON;
  if (simd === undefined || memory === undefined) {
    const values = new Float64Array(n * n);
    writeScaled(matrix, scale, jitter, values, n);
    return factorizePlain(values, n, floor) ? { values, n } : undefined;
  }
  writeScaled(matrix, scale, jitter, memory, stride);
  simd.resident = undefined;
  if (!simd.kernels.factorize(0, n, 8 * stride, floor, 8 * length)) return undefined;
  const values = overwrite ? matrix : new Float64Array(n * n);
  copyLower(memory, [0, stride], values, [0, n], n);
  const factor = { values, n };
  simd.resident = factor;
  return factor;
}

/** Numbers between rows in the memory of the kernels. */
function strideOf(n: number): number {
  return Math.ceil(n / PANEL) * PANEL;
}

/** The lower half of D⁻½AD⁻½ + jitter·I */
function writeScaled(
  matrix: Float64Array,
  scale: Float64Array,
  jitter: number,
  values: Float64Array,
  stride: number,
): void {
  const n = scale.length;
  for (let i = 0; i < n; i++) {
    const ofRow = scale[i];
    for (let j = 0, from = i * n, to = i * stride; j < i; j++) values[to++] = matrix[from++] * ofRow * scale[j];
    // The scaled diagonal is 1 by definition, even for a column of zeros.
    values[i * stride + i] = 1 + jitter;
  }
}

/** Plain JavaScript with the same bits as the SIMD kernel. */
function factorizePlain(a: Float64Array, n: number, floor: number): boolean {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      const start = j - (j % PANEL);
      let before = 0;
      for (let k = 0; k < start; k++) before += a[row + k] * a[other + k];
      let entry = a[row + j] - before;
      for (let k = start; k < j; k++) entry -= a[row + k] * a[other + k];
      if (j < i) a[row + j] = entry / a[other + j];
      else if (entry > floor) a[row + j] = Math.sqrt(entry);
      else return false;
    }
  }
  return true;
}

/** D⁻½ L⁻ᵀ L⁻¹ D⁻½ B */
function solve(factor: Factor, scale: Float64Array, right: Float64Array, columns: number): Float64Array {
  const n = scale.length;
  assertShape([right.length], [n * columns], 'cholesky', 'right');
  const { memory, x, run } = substitution(factor, columns);
  for (let i = 0, from = 0; i < n; i++) {
    for (let c = 0, to = x + i; c < columns; c++, to += n) memory[to] = right[from++] * scale[i];
  }
  run();
  const result = new Float64Array(n * columns);
  for (let i = 0, to = 0; i < n; i++) {
    for (let c = 0, from = x + i; c < columns; c++, from += n) result[to++] = memory[from] * scale[i];
  }
  return result;
}

/** Returns a memory and a function that replaces the columns, one after the other from index x, by the solutions. */
function substitution(factor: Factor, columns: number): { memory: Float64Array; x: number; run: () => void } {
  const { values, n } = factor;
  const stride = strideOf(n);
  const memory = simd?.numbers(n * stride + n * columns);
  if (simd === undefined || memory === undefined) {
    const all = new Float64Array(n * columns);
    const run = () => {
      for (let c = 0; c < columns; c++) substitutePlain(factor, all.subarray(c * n, (c + 1) * n));
    };
    return { memory: all, x: 0, run };
  }
  if (simd.resident !== factor) {
    copyLower(values, [0, n], memory, [0, stride], n);
    simd.resident = factor;
  }
  const { substitute } = simd.kernels;
  return { memory, x: n * stride, run: () => substitute(0, n, 8 * stride, 8 * n * stride, columns) };
}

/** Plain JavaScript with the same bits as the SIMD kernel: eight partial sums, added in the same order. */
function substitutePlain({ values, n }: Factor, x: Float64Array): void {
  const parts = new Float64Array(8);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    parts.fill(0);
    const whole = i - (i % 8);
    for (let k = 0; k < whole; k++) parts[k % 8] += values[row + k] * x[k];
    const [a, b, c, d, e, f, g, h] = parts;
    let sum = a + c + (e + g) + (b + d + (f + h));
    for (let k = whole; k < i; k++) sum += values[row + k] * x[k];
    x[i] = (x[i] - sum) / values[row + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = i * n;
    x[i] /= values[row + i];
    for (let k = 0; k < i; k++) x[k] -= values[row + k] * x[i];
  }
}

function notPositive(actual: string): DomainError {
  const expected = 'be symmetric positive definite, up to rounding';
  return new DomainError({ where: 'cholesky', argument: 'matrix', expected, actual });
}
