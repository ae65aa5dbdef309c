// objective: some rows of a sparse matrix at a time, as `RowBlock` for dense rows.
import type { FeatureArray } from '../../data/batches.js';
import { isSparse, type SparseMatrix } from '../../data/matrix.js';
import { BLOCK_ROWS, RowBlock, type SampleBlock } from '../row-block.js';
import { addNumbers, sumEntries } from './plain.js';

/** @param prepared the result of `prepareRows` */
export function blockOf(
  features: FeatureArray | SparseMatrix,
  numClasses: number,
  prepared?: Float64Array,
): SampleBlock {
  return isSparse(features) ? new SparseBlock(features, numClasses) : new RowBlock(features, numClasses, prepared);
}

/** A block of sparse samples, and products with it. Logits have the bits of the sums in this folder. */
class SparseBlock implements SampleBlock {
  readonly #matrix: SparseMatrix;
  readonly #classes: number;
  readonly #samples = new Int32Array(BLOCK_ROWS);
  #count = 0;
  #point = new Float64Array(0);
  filled = 0;

  constructor(matrix: SparseMatrix, numClasses: number) {
    this.#matrix = matrix;
    this.#classes = numClasses;
  }

  read(start: number): number {
    const count = Math.min(BLOCK_ROWS, this.#matrix.shape[0] - start);
    for (let r = 0; r < count; r++) this.#samples[r] = start + r;
    this.#take(count);
    return count;
  }

  gather(samples: Int32Array, count: number): void {
    this.#samples.set(samples.subarray(0, count));
    this.#take(count);
  }

  /** The 1 of the bias counts as an entry. */
  #take(count: number): void {
    const { starts } = this.#matrix;
    this.#count = count;
    this.filled = count;
    for (let r = 0; r < count; r++) this.filled += starts[this.#samples[r] + 1] - starts[this.#samples[r]];
  }

  /** The point is read later, and must not change until then. */
  setPoint(point: Float64Array): void {
    this.#point = point as Float64Array<ArrayBuffer>;
  }

  logits(logits: Float64Array): void {
    const { starts, indices, values, shape } = this.#matrix;
    const q = this.#classes;
    const point = this.#point;
    const bias = shape[1] * q;
    for (let r = 0, to = 0; r < this.#count; r++, to += q) {
      const i = this.#samples[r];
      sumEntries(point, q, indices, values, [starts[i], starts[i + 1]], logits, to);
      addNumbers(logits, to, point, bias, q);
    }
  }

  addToClasses(labels: Int32Array, first: number, shares: Float64Array, sums: Float64Array): void {
    const { starts, indices, values, shape } = this.#matrix;
    const q = this.#classes;
    for (let r = 0; r < this.#count; r++) {
      const share = shares[r];
      if (share === 0) continue;
      const i = this.#samples[r];
      const label = labels[first + r];
      for (let at = starts[i]; at < starts[i + 1]; at++) sums[indices[at] * q + label] += share * values[at];
      sums[shape[1] * q + label] += share;
    }
  }

  addGram(shares: Float64Array, gram: Float64Array): void {
    const { starts, indices, values, shape } = this.#matrix;
    const d = shape[1];
    const order = d + 1;
    for (let r = 0; r < this.#count; r++) {
      const [from, end] = [starts[this.#samples[r]], starts[this.#samples[r] + 1]];
      for (let a = from; a < end; a++) {
        const value = shares[r] * values[a];
        for (let b = from; b <= a; b++) gram[indices[a] * order + indices[b]] += value * values[b];
        gram[d * order + indices[a]] += value;
      }
      gram[d * order + d] += shares[r];
    }
  }
}
