// objective: products with a block of samples in float64, the inner loops of the solvers on plain arrays.
import type { FeatureArray } from '../data/batches.js';
import { type Block, multiply, multiplyTransposed } from '../optim/block-products.js';

/** Samples of a block, few enough that their features stay in the processor's caches. */
export const BLOCK_ROWS = 32;

/** Below this share of nonzero features, skipping zeros is faster than multiplying by them. */
const SPARSE = 0.12;

/** Up to this many numbers (16 MB), the rows of a problem are prepared once instead of in each evaluation. */
const PREPARED = 2 ** 21;

/** One row in so many is looked at, to find out whether most numbers are 0. */
const LOOKED_AT = 8;

/**
 * X̃ in float64, its rows padded to a multiple of 4 columns; undefined if it is too large or most of it is 0.
 *
 * @param room numbers of an earlier result for as many columns, which are overwritten if they are enough
 */
export function prepareRows(features: FeatureArray, room?: Float64Array): Float64Array | undefined {
  const { values, shape, scale = 1 } = features;
  const [n, d] = shape;
  if (isLarge(shape) || isSparse(features)) return undefined;
  const width = widthOf(d);
  const size = Math.ceil(n / 4) * 4 * width;
  const prepared = room !== undefined && size <= room.length ? room.subarray(0, size) : new Float64Array(size);
  for (let i = 0; i < n; i++) {
    const start = i * width;
    // Converts numbers of any type, so that the loop has one type of array.
    prepared.set(values.subarray(i * d, (i + 1) * d), start);
    if (scale !== 1) for (let at = start; at < start + d; at++) prepared[at] /= scale;
    prepared[start + d] = 1;
  }
  prepared.fill(0, n * width);
  return prepared;
}

function isSparse({ values, shape: [n, d] }: FeatureArray): boolean {
  let filled = 0;
  let rows = 0;
  for (let i = 0; i < n; i += LOOKED_AT, rows++) {
    filled++;
    for (let at = i * d; at < (i + 1) * d; at++) if (values[at] !== 0) filled++;
  }
  return filled < SPARSE * rows * (d + 1);
}

/** Whether there are too many rows to prepare at once. */
export function isLarge([n, d]: FeatureArray['shape']): boolean {
  return Math.ceil(n / 4) * 4 * widthOf(d) > PREPARED;
}

function widthOf(d: number): number {
  return Math.ceil((d + 1) / 4) * 4;
}

/** θ, [order, classes], in the layout of the products: [order, 2] for each pair of classes, padded with zeros. */
export function pairedPoint(point: Float64Array, numClasses: number): Float64Array<ArrayBuffer> {
  const order = point.length / numClasses;
  const paired = new Float64Array(Math.ceil(numClasses / 2) * order * 2);
  for (let k = 0; k < numClasses; k++) {
    const to = (k >> 1) * order * 2 + (k & 1);
    for (let j = 0; j < order; j++) paired[to + 2 * j] = point[j * numClasses + k];
  }
  return paired;
}

/** A block X̃ of samples, their features followed by the 1 of the bias, and products with it. */
export interface SampleBlock {
  /** The number of nonzero features: the multiply-adds of a product with one class. */
  readonly filled: number;
  /** Reads up to 32 samples from `start` on. Returns their number. */
  read(start: number): number;
  /** Reads the first `count` of these samples, at most 32. */
  gather(samples: Int32Array, count: number): void;
  /** Sets the point for `logits`: W followed by b. */
  setPoint(point: Float64Array): void;
  /** Writes X̃·point to `logits`, [rows, classes]. */
  logits(logits: Float64Array): void;
  /** Adds each row, times its share, to the sum of its class: XᵀR for R with shares at the labels, 0 elsewhere. */
  addToClasses(labels: Int32Array, first: number, shares: Float64Array, sums: Float64Array): void;
  /** Adds X̃ᵀdiag(shares)X̃ to a matrix [d + 1, d + 1]. Only the lower half is computed. */
  addGram(shares: Float64Array, gram: Float64Array): void;
}

/** A block of dense samples. */
export class RowBlock implements SampleBlock {
  readonly #features: FeatureArray;
  /** d + 1 */
  readonly #order: number;
  readonly #classes: number;
  /** Padded with zeros for the products: #order to a multiple of 4, #classes to a multiple of 2. */
  readonly #width: number;
  readonly #pairs: number;
  /** The rows read last: in the prepared rows or in #copy. */
  #values: Float64Array;
  /** The start of the block in #values. */
  #offset = 0;
  readonly #prepared: Float64Array | undefined;
  readonly #copy: Float64Array;
  readonly #scaled: Float64Array;
  /** The point of `setPoint`: [order, 2] for each pair of classes. */
  #point = new Float64Array(0);
  readonly #sums: Float64Array;
  #count = 0;
  /** Rows in #copy; the others are 0. */
  #copied = 0;
  #isSparse = false;
  /** Columns of the nonzero features, the 1 included: those of row r are at #starts[r] to #starts[r + 1]. */
  readonly #places: Int32Array;
  readonly #starts = new Int32Array(BLOCK_ROWS + 1);
  filled = 0;

  /** @param prepared the result of `prepareRows` */
  constructor(features: FeatureArray, numClasses: number, prepared?: Float64Array) {
    this.#features = features;
    this.#order = features.shape[1] + 1;
    this.#classes = numClasses;
    this.#width = Math.ceil(this.#order / 4) * 4;
    this.#pairs = Math.ceil(numClasses / 2);
    this.#prepared = prepared;
    this.#copy = new Float64Array(BLOCK_ROWS * this.#width);
    this.#values = this.#copy;
    this.#scaled = new Float64Array(BLOCK_ROWS * this.#width);
    this.#sums = new Float64Array(BLOCK_ROWS * this.#pairs * 2);
    this.#places = new Int32Array(prepared === undefined ? BLOCK_ROWS * this.#order : 0);
  }

  read(start: number): number {
    const count = Math.min(BLOCK_ROWS, this.#features.shape[0] - start);
    if (this.#prepared !== undefined) {
      this.#values = this.#prepared;
      this.#offset = start * this.#width;
      this.#count = count;
      this.filled = count * this.#order;
      return count;
    }
    for (let r = 0; r < count; r++) this.#copyRow(start + r, r);
    this.#endCopy(count);
    this.#isSparse = this.filled < SPARSE * count * this.#order;
    return count;
  }

  gather(samples: Int32Array, count: number): void {
    for (let r = 0; r < count; r++) this.#copyRow(samples[r], r);
    this.#endCopy(count);
  }

  #copyRow(sample: number, r: number): void {
    const width = this.#width;
    const to = r * width;
    if (this.#prepared !== undefined) {
      for (let j = 0, from = sample * width; j < width; j++) this.#copy[to + j] = this.#prepared[from + j];
      return;
    }
    const { values, shape, scale = 1 } = this.#features;
    const d = shape[1];
    let filled = r === 0 ? 0 : this.#starts[r];
    this.#starts[r] = filled;
    for (let j = 0, from = sample * d; j < d; j++) {
      const value = values[from + j] / scale;
      this.#copy[to + j] = value;
      if (value !== 0) this.#places[filled++] = j;
    }
    this.#copy[to + d] = 1;
    this.#places[filled++] = d;
    this.#starts[r + 1] = filled;
  }

  #endCopy(count: number): void {
    if (count < this.#copied) this.#copy.fill(0, count * this.#width, this.#copied * this.#width);
    this.#copied = count;
    this.#count = count;
    this.#values = this.#copy;
    this.#offset = 0;
    this.#isSparse = false;
    this.filled = this.#prepared === undefined ? this.#starts[count] : count * this.#order;
  }

  setPoint(point: Float64Array): void {
    this.#point = pairedPoint(point, this.#classes);
  }

  logits(logits: Float64Array): void {
    const [order, q] = [this.#order, this.#classes];
    if (this.#isSparse) {
      this.#sparseLogits(logits);
      return;
    }
    const products = multiply(this.#block(), this.#point, order);
    const padded = 2 * this.#pairs;
    for (let r = 0; r < this.#count; r++) {
      for (let k = 0; k < q; k++) logits[r * q + k] = products[r * padded + k];
    }
  }

  #sparseLogits(logits: Float64Array): void {
    const [order, width, q] = [this.#order, this.#width, this.#classes];
    const x = this.#values;
    const w = this.#point;
    for (let k = 0; k < q; k += 2) {
      const base = k * order;
      for (let r = 0; r < this.#count; r++) {
        let [s0, s1] = [0, 0];
        for (let a = this.#starts[r]; a < this.#starts[r + 1]; a++) {
          const j = this.#places[a];
          const value = x[r * width + j];
          s0 += value * w[base + 2 * j];
          s1 += value * w[base + 2 * j + 1];
        }
        logits[r * q + k] = s0;
        if (k + 1 < q) logits[r * q + k + 1] = s1;
      }
    }
  }

  /** Adds X̃ᵀR to a gradient in the layout of a point; R is [rows, classes]. */
  addOuter(residuals: Float64Array, gradient: Float64Array): void {
    const [order, width, q, count] = [this.#order, this.#width, this.#classes, this.#count];
    if (this.#isSparse) {
      for (let r = 0; r < count; r++) {
        for (let a = this.#starts[r]; a < this.#starts[r + 1]; a++) {
          const j = this.#places[a];
          const value = this.#values[r * width + j];
          for (let k = 0; k < q; k++) gradient[j * q + k] += value * residuals[r * q + k];
        }
      }
      return;
    }
    const paired = 2 * this.#pairs;
    const padded = this.#sums;
    for (let r = 0; r < count; r++) {
      for (let k = 0; k < q; k++) padded[r * paired + k] = residuals[r * q + k];
    }
    const products = multiplyTransposed(padded, paired, paired, this.#block(), 'all');
    for (let k = 0; k < q; k++) {
      for (let j = 0, to = k, from = k * width; j < order; j++, to += q, from++) gradient[to] += products[from];
    }
  }

  addToClasses(labels: Int32Array, first: number, shares: Float64Array, sums: Float64Array): void {
    const q = this.#classes;
    for (let r = 0; r < this.#count; r++) {
      const share = shares[r];
      if (share === 0) continue;
      const from = this.#offset + r * this.#width;
      for (let j = 0, at = labels[first + r]; j < this.#order; j++, at += q) sums[at] += share * this.#values[from + j];
    }
  }

  addGram(shares: Float64Array, gram: Float64Array): void {
    const [order, width, count] = [this.#order, this.#width, this.#count];
    const x = this.#values;
    if (this.#isSparse) {
      for (let r = 0; r < count; r++) {
        for (let a = this.#starts[r]; a < this.#starts[r + 1]; a++) {
          const i = this.#places[a];
          const value = shares[r] * x[r * width + i];
          for (let b = this.#starts[r]; b <= a; b++) {
            gram[i * order + this.#places[b]] += value * x[r * width + this.#places[b]];
          }
        }
      }
      return;
    }
    const scaled = this.#scaled;
    for (let r = 0, at = 0; r < count; r++) {
      for (let j = 0; j < width; j++, at++) scaled[at] = shares[r] * x[this.#offset + at];
    }
    const products = multiplyTransposed(scaled, width, Math.ceil(order / 2) * 2, this.#block(), 'lower');
    for (let i = 0; i < order; i++) {
      // Up to the diagonal.
      for (let j = 0, to = i * order, from = i * width; j <= i; j++, to++, from++) gram[to] += products[from];
    }
  }

  #block(): Block {
    return { values: this.#values, offset: this.#offset, rows: this.#count, width: this.#width };
  }
}
