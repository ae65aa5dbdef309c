// optim: a symmetric positive definite matrix applied to each block of a vector.
import { square } from '../core/elementary.js';
import { assertShape } from '../core/shape.js';
import { type Cholesky, cholesky } from './cholesky.js';

/**
 * M applied to consecutive blocks of `order` numbers: I ⊗ M.
 *
 * It is given in full, or by its diagonal if it is too large to factor.
 */
export class BlockMetric {
  readonly order: number;
  readonly blocks: number;
  readonly size: number;
  readonly isDiagonal: boolean;
  /** The diagonal of M, [order], > 0. */
  readonly diagonal: Float64Array;
  readonly #matrix: Float64Array;
  readonly #jitter: number;
  /** Recently used factors of principal submatrices of M, by their rows. */
  readonly #factors = new Map<string, Cholesky>();

  /**
   * @param matrix M, [order, order] row-major, of which the lower half is read, or its diagonal, [order]
   * @param jitter added to the diagonal, relative to it; rows of zeros count as 1
   * @throws ShapeError if the matrix has neither size
   */
  constructor(matrix: Float64Array, order: number, blocks: number, jitter: number) {
    this.isDiagonal = matrix.length === order;
    if (!this.isDiagonal) assertShape([matrix.length], [order * order], 'BlockMetric', 'matrix');
    this.order = order;
    this.blocks = blocks;
    this.size = order * blocks;
    this.#jitter = jitter;
    this.#matrix = matrix.slice();
    this.diagonal = new Float64Array(order);
    for (let i = 0; i < order; i++) {
      const at = this.isDiagonal ? i : i * order + i;
      const entry = matrix[at] === 0 ? 1 : matrix[at] * (1 + jitter);
      this.#matrix[at] = entry;
      this.diagonal[i] = entry;
      // Mirrored, so that columns can be read along rows.
      if (!this.isDiagonal) for (let j = 0; j < i; j++) this.#matrix[j * order + i] = matrix[i * order + j];
    }
  }

  /** to ← to + factor·M·column, for the block that begins at `offset`. */
  addColumn(column: number, factor: number, to: Float64Array, offset: number): void {
    if (this.isDiagonal) {
      to[offset + column] += factor * this.#matrix[column];
      return;
    }
    const { order } = this;
    const matrix = this.#matrix;
    for (let i = 0, at = column * order; i < order; i++, at++) to[offset + i] += factor * matrix[at];
  }

  /** Mv, a new array. */
  multiply(vector: Float64Array): Float64Array {
    const { order, blocks } = this;
    const result = new Float64Array(this.size);
    for (let block = 0; block < blocks; block++) {
      for (let j = 0; j < order; j++) {
        const entry = vector[block * order + j];
        if (entry !== 0) this.addColumn(j, entry, result, block * order);
      }
    }
    return result;
  }

  /** to ← M[rows, rows]·v, where v and the result begin at `offset` and have one number per row. */
  multiplyPart(rows: Int32Array, vector: Float64Array, offset: number, to: Float64Array): void {
    const { order } = this;
    const matrix = this.#matrix;
    const { length } = rows;
    for (let a = 0; a < length; a++) {
      if (this.isDiagonal) {
        to[offset + a] = matrix[rows[a]] * vector[offset + a];
        continue;
      }
      const row = rows[a] * order;
      let sum = 0;
      for (let b = 0; b < length; b++) sum += matrix[row + rows[b]] * vector[offset + b];
      to[offset + a] = sum;
    }
  }

  /** M[rows, rows]⁻¹v, up to the jitter that collinear rows need; a new array. */
  solvePart(rows: Int32Array, vector: Float64Array): Float64Array {
    if (this.isDiagonal) return vector.map((entry, a) => entry / this.#matrix[rows[a]]);
    return this.#factorOf(rows).solve(vector);
  }

  /** Multiply-adds to factor the submatrix, which `solvePart` does first. */
  workOf(rows: Int32Array): number {
    return this.isDiagonal || this.#factors.has(rows.join()) ? rows.length : (rows.length * square(rows.length)) / 6;
  }

  /** vᵀM⁻¹v */
  inverseSquare(vector: Float64Array): number {
    const { order, blocks } = this;
    const all = Int32Array.from({ length: order }, (_, i) => i);
    let total = 0;
    for (let block = 0; block < blocks; block++) {
      const part = vector.subarray(block * order, (block + 1) * order);
      const solved = this.solvePart(all, part);
      for (let i = 0; i < order; i++) total += part[i] * solved[i];
    }
    return total;
  }

  #factorOf(rows: Int32Array): Cholesky {
    const key = rows.join();
    const known = this.#factors.get(key);
    // Moved to the end, so that the least recently used factor is first.
    if (known !== undefined) this.#factors.delete(key);
    const factor = known ?? this.#factored(rows);
    this.#factors.set(key, factor);
    if (this.#factors.size > this.blocks + 1) {
      for (const oldest of this.#factors.keys()) {
        this.#factors.delete(oldest);
        break;
      }
    }
    return factor;
  }

  #factored(rows: Int32Array): Cholesky {
    const { length } = rows;
    const part = new Float64Array(length * length);
    for (let a = 0; a < length; a++) {
      for (let b = 0; b <= a; b++) part[a * length + b] = this.#matrix[rows[a] * this.order + rows[b]];
    }
    return cholesky(part, length, this.#jitter, true);
  }
}
