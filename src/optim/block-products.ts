// optim: products of small dense blocks in float64, for the inner loops of the solvers.
import { Simd } from '../core/simd.js';

// One memory for all: it is filled and read within a call.
const simd = Simd.open();

/** A block of rows within an array. */
export interface Block {
  readonly values: Float64Array;
  /** Where it begins. */
  readonly offset: number;
  readonly rows: number;
  /** Numbers of a row: a multiple of 4, filled up with zeros. */
  readonly width: number;
}

/** What a product goes through where there is no SIMD; good until the next product, like the memory of what has it. */
let scratch = new Float64Array(0);

function scratchOf(count: number): Float64Array {
  if (scratch.length < count) scratch = new Float64Array(count);
  return scratch;
}

/**
 * X·W for the first `order` columns of X.
 *
 * Each entry is summed up in the order of the columns, in WebAssembly or without: the bits are the same.
 *
 * @param x there are rows to the next multiple of four, whatever is in them
 * @param w [pairs, order, 2]: of each two columns of W, row by row
 * @returns [rows, 2·pairs], from 0 on, good until the next product
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
 * AᵀX, each entry summed up in the order of the rows.
 *
 * @param a [rows, strideA], as many rows as X has
 * @param columns of them, an even number
 * @param half 'lower' where entries beyond the diagonal may be left out
 * @returns [columns, width], from 0 on, good until the next product
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
