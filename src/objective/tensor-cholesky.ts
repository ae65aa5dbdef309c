// objective: the Cholesky factor of a large matrix on tensors, in blocks of columns.
import * as tf from '@tensorflow/tfjs';
import { batchRanges } from '../data/batches.js';
import type { Turns } from './turns.js';

/** Columns of a block of the factor. */
const WIDTH = 256;
/** A pivot below this part of its diagonal entry is a rounding error: with 8,000 columns these reach 5e-6. */
const FLOOR = 2e-5;

/** Columns of L. */
interface Block {
  readonly start: number;
  readonly width: number;
  /** The inverse of the triangle on the diagonal, [width, width]. */
  readonly inverse: tf.Tensor2D;
  /** The rows below the triangle, [size − start − width, width]; undefined for the last block. */
  readonly below: tf.Tensor2D | undefined;
}

/**
 * A = LLᵀ in float32, for a symmetric positive semidefinite A.
 *
 * The columns of A are given from left to right, some at a time, so A is never held as a whole. A pivot within rounding
 * of 0 is replaced by its diagonal entry, so LLᵀ is positive definite. This changes no solution of Ax = v for v in the
 * range of A beyond rounding.
 */
export class TensorCholesky {
  readonly #turns: Turns;
  readonly #blocks: Block[] = [];
  /** The number of columns so far. */
  #done = 0;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** @param columns the next m columns of A, from the diagonal on: [size − columns so far, m], m ≤ that */
  async append(columns: tf.Tensor2D): Promise<void> {
    const [start, [rows, m]] = [this.#done, columns.shape];
    const earlier = this.#blocks.length;
    const diagonal = await this.#diagonalOf(columns);
    let left = columns.clone();
    try {
      for (const block of this.#blocks) left = await this.#subtract(left, start, block);
      for (let from = 0; from < m; from += WIDTH) {
        const width = Math.min(WIDTH, m - from);
        let own = tf.slice(left, [from, from], [rows - from, width]);
        try {
          for (const block of this.#blocks.slice(earlier)) own = await this.#subtract(own, start + from, block);
          await this.#close(own, start + from, diagonal.subarray(from));
        } finally {
          this.#turns.backend.dispose(own);
        }
      }
    } finally {
      this.#turns.backend.dispose(left);
    }
    this.#done += m;
  }

  async #diagonalOf(columns: tf.Tensor2D): Promise<Float32Array> {
    const [, m] = columns.shape;
    return this.#turns.read(tf.tidy(() => tf.slice(columns, [0, 0], [m, m]).mul(tf.eye(m)).sum(1)));
  }

  /** Subtracts the product with an earlier block from columns that begin at `start`, and disposes them. */
  async #subtract(columns: tf.Tensor2D, start: number, block: Block): Promise<tf.Tensor2D> {
    const [rows, m] = columns.shape;
    const { width, below } = block;
    const rest = tf.tidy(() => {
      const own = tf.slice(below as tf.Tensor2D, [start - block.start - width, 0], [rows, width]);
      return columns.sub<tf.Tensor2D>(tf.matMul(own, tf.slice(own, [0, 0], [m, width]), false, true));
    });
    columns.dispose();
    try {
      await this.#turns.after(rows * m * width);
    } catch (error) {
      this.#turns.backend.dispose(rest);
      throw error;
    }
    return rest;
  }

  /** Divides columns, from which all earlier ones are subtracted, by the triangle at their top. */
  async #close(columns: tf.Tensor2D, start: number, diagonal: Float32Array): Promise<void> {
    const [rows, width] = columns.shape;
    const top = await this.#turns.read(tf.slice(columns, [0, 0], [width, width]));
    const inverted = inverseOfFactor(Float64Array.from(top), diagonal, width);
    await this.#turns.after(10 * width * width * width);
    const block: Pick<Block, 'inverse' | 'below'> = tf.tidy(() => {
      const inverse = tf.tensor2d(inverted, [width, width]);
      if (rows === width) return { inverse, below: undefined };
      return { inverse, below: tf.matMul(tf.slice(columns, [width, 0], [rows - width, width]), inverse, false, true) };
    });
    this.#blocks.push({ start, width, ...block });
  }

  /** L⁻ᵀL⁻¹v, for all columns given. */
  async solve(right: Float32Array): Promise<Float32Array> {
    const { backend } = this.#turns;
    backend.assertSame();
    const solved = tf.tidy(() => {
      let rest = tf.tensor2d(right, [right.length, 1]);
      const forward = this.#blocks.map(({ width, inverse, below }) => {
        const part: tf.Tensor2D = tf.matMul(inverse, tf.slice(rest, [0, 0], [width, 1]));
        if (below !== undefined) rest = tf.slice(rest, [width, 0], [below.shape[0], 1]).sub(tf.matMul(below, part));
        return part;
      });
      let result: tf.Tensor2D | undefined;
      for (let at = this.#blocks.length - 1; at >= 0; at--) {
        const { inverse, below } = this.#blocks[at];
        let part: tf.Tensor2D = forward[at];
        if (below !== undefined) part = part.sub(transposedProduct(below, result as tf.Tensor2D));
        part = transposedProduct(inverse, part);
        result = result === undefined ? part : tf.concat<tf.Tensor2D>([part, result], 0);
      }
      return result as tf.Tensor2D;
    });
    return solved.data<'float32'>().finally(() => backend.dispose(solved));
  }

  /** Disposes all tensors. */
  dispose(): void {
    for (const { inverse, below } of this.#blocks.splice(0))
      this.#turns.backend.dispose(below ? [inverse, below] : inverse);
  }
}

/** Numbers and rows of a matrix that TensorFlow multiplies by one column in one thread. */
const OF_ONE_THREAD = 2 ** 19;
const ROWS_OF_ONE_THREAD = 512;

/** aᵀv, in pieces: a larger product with a transposed factor has other bits where there are several threads. */
function transposedProduct(a: tf.Tensor2D, v: tf.Tensor2D): tf.Tensor2D {
  const [rows, width] = a.shape;
  const most = Math.max(1, Math.min(ROWS_OF_ONE_THREAD, Math.floor(OF_ONE_THREAD / width)));
  const pieces = batchRanges(rows, most).map(([start, end]) => {
    const part = (of: tf.Tensor2D) => tf.slice(of, [start, 0], [end - start, of.shape[1]]);
    return tf.matMul<tf.Tensor2D>(part(a), part(v), true);
  });
  return pieces.reduce((sum, piece) => sum.add(piece));
}

/** The inverse of the Cholesky factor of a block, in float64. */
function inverseOfFactor(a: Float64Array, diagonal: ArrayLike<number>, n: number): Float32Array {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let entry = a[i * n + j];
      for (let k = 0; k < j; k++) entry -= a[i * n + k] * a[j * n + k];
      if (j < i) a[i * n + j] = entry / a[j * n + j];
      else a[i * n + i] = Math.sqrt(entry > FLOOR * diagonal[i] ? entry : diagonal[i] > 0 ? diagonal[i] : 1);
    }
  }
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = inverse.subarray(i * n, i * n + i);
    for (let k = 0; k < i; k++) {
      const factor = a[i * n + k];
      for (let j = 0; j <= k; j++) row[j] -= factor * inverse[k * n + j];
    }
    for (let j = 0; j < i; j++) row[j] /= a[i * n + i];
    inverse[i * n + i] = 1 / a[i * n + i];
  }
  return Float32Array.from(inverse);
}
