// optim: products of small dense blocks in float64, for the inner loops of the solvers.
import { Simd } from '../core/simd.js';

// One shared memory: each call fills it and reads it.
const simd = Simd.open();

/** A block of rows within an array. */
export interface Block {
  readonly values: Float64Array;
  /** Index of its first number. */
  readonly offset: number;
  readonly rows: number;
  /** Numbers per row: a multiple of 4, padded with zeros. */
  readonly width: number;
}

/** Result buffer of the plain loops; valid until the next product, like the memory of the SIMD kernels. */
let scratch = new Float64Array(0);

function scratchOf(count: number): Float64Array {
  if (scratch.length < count) scratch = new Float64Array(count);
  return scratch;
}

/**
 * X·W for the first `order` columns of X.
 *
 * Each entry is summed in the order of the columns, so WebAssembly and plain JavaScript give the same bits.
 *
 * @param x its rows are padded to a multiple of four; the padding may have any values
 * @param w [pairs, order, 2]: two columns of W at a time, row by row
 * @returns [rows, 2·pairs], from index 0, valid until the next product
 */
export function multiply({ values, offset, rows, width }: Block, w: Float64Array, order: number): Float64Array {
  const pairs = w.length / order / 2;
  const filled = Math.ceil(rows / 4) * 4;
  const x = filled * pairs * 2;
  const memory = simd?.numbers(x + filled * width + w.length);
  if (simd !== undefined && memory !== undefined) {
    memory.set(values.subarray(offset, offset + filled * width), x);
    memory.set(w, x + filled * width);
    simd.kernels.multiply(8 * x, filled, 8 * width, 8 * (x + filled * width), order, pairs, 0);
    return memory;
  }
  const out = scratchOf(filled * pairs * 2);
  for (let r = 0, to = 0; r < rows; r++) {
    for (let p = 0; p < pairs; p++) {
      let [first, second] = [0, 0];
      for (let j = 0, from = offset + r * width, at = 2 * p * order; j < order; j++, from++, at += 2) {
        first += values[from] * w[at];
        second += values[from] * w[at + 1];
      }
      out[to++] = first;
      out[to++] = second;
    }
  }
  return out;
}

/**
 * AᵀX, with each entry summed in the order of the rows.
 *
 * @param a [rows, strideA], with as many rows as X
 * @param columns number of columns of A to use, even
 * @param half 'lower' if entries above the diagonal may be omitted
 * @returns [columns, width], from index 0, valid until the next product
 */
export function multiplyTransposed(
  a: Float64Array,
  strideA: number,
  columns: number,
  { values, offset, rows, width }: Block,
  half: 'all' | 'lower',
): Float64Array {
  const atA = columns * width;
  const x = atA + rows * strideA;
  const memory = simd?.numbers(x + rows * width);
  if (simd !== undefined && memory !== undefined) {
    memory.set(a.subarray(0, rows * strideA), atA);
    memory.set(values.subarray(offset, offset + rows * width), x);
    simd.kernels.multiplyTransposed(
      ...([8 * atA, 8 * strideA, columns, 8 * x, rows, 8 * width, 0, half === 'lower'] as const),
    );
    return memory;
  }
  const out = scratchOf(columns * width).fill(0, 0, columns * width);
  for (let r = 0, from = offset; r < rows; r++, from += width) {
    for (let k = 0; k < columns; k++) {
      const factor = a[r * strideA + k];
      const end = half === 'lower' ? Math.min(k + 1, width) : width;
      for (let j = 0, to = k * width; j < end; j++) out[to + j] += factor * values[from + j];
    }
  }
  return out;
}
