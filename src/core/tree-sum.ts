// core: sums in one order, however the terms are distributed.

/** The sum of consecutive blocks, and the number of the first one. */
export interface Part<Sum> {
  readonly block: number;
  readonly sum: Sum;
}

/**
 * The sum of numbered blocks, by one binary tree over their numbers.
 *
 *   sum(0, N) = sum(0, P) + sum(P, N),   P the largest power of two below N
 *
 * A floating-point sum depends on its order. This one depends on the blocks alone: not on how many arrive together, or on
 * how many workers share them. A missing block counts as zeros. At most log₂ N + 2 sums are held.
 *
 * @example blocks 0, 1, 2 and 3 of 0.1, 0.2, 0.3 and 0.4   // (0.1 + 0.2) + (0.3 + 0.4)
 */
export class TreeSum<Sum> {
  readonly #parts: Part<Sum>[] = [];
  readonly #plus: (left: Sum, right: Sum) => Sum;
  readonly #first: number;

  /**
   * @param plus  left + right; it owns both
   * @param first the first block that is summed here. With others before it, take `parts` instead of `total`
   */
  constructor(plus: (left: Sum, right: Sum) => Sum, first = 0) {
    this.#plus = plus;
    this.#first = first;
  }

  /**
   * Adds the sum of a block, or of all blocks below one node of the tree, after the earlier ones. Takes the sum.
   *
   * @param block its number, or that of the first one
   */
  add(block: number, sum: Sum): void {
    // Two parts whose common node lies below the one that they share with this block have all their terms.
    for (let last = this.#parts.length - 1; last > 0; last--) {
      const [before, after] = [this.#parts[last - 1].block, this.#parts[last].block];
      if (levelOf(before, after) >= levelOf(after, block) || !this.#hasAll(before, after)) break;
      this.#merge();
    }
    this.#parts.push({ block, sum });
  }

  /**
   * The sums of the largest nodes of the tree that lie wholly within the blocks summed here, in order. Added in order to
   * one `TreeSum` with the parts of all other ranges of blocks, they give the bits of one sum over all blocks. The next
   * block begins another sum.
   *
   * @param end the block after the last one that is summed here
   */
  parts(end: number): Part<Sum>[] {
    for (let last = this.#parts.length - 1; last > 0; last--) {
      const [before, after] = [this.#parts[last - 1].block, this.#parts[last].block];
      if (!this.#hasAll(before, after, end)) break;
      this.#merge();
    }
    return this.#parts.splice(0);
  }

  /** The sum; undefined if there are no blocks. The next block begins another one. */
  total(): Sum | undefined {
    while (this.#parts.length > 1) this.#merge();
    return this.#parts.pop()?.sum;
  }

  /** The sums held, if the total is not wanted. */
  drop(): Sum[] {
    return this.#parts.splice(0).map(({ sum }) => sum);
  }

  /** Whether the lowest node above two blocks lies within the blocks summed here. */
  #hasAll(a: number, b: number, end = Number.POSITIVE_INFINITY): boolean {
    const size = 2 * ((1 << (levelOf(a, b) - 1)) >>> 0);
    const start = a - (a % size);
    return start >= this.#first && start + size <= end;
  }

  /** Adds the last part to the one before it. */
  #merge(): void {
    const [left, right] = this.#parts.splice(-2);
    this.#parts.push({ block: left.block, sum: this.#plus(left.sum, right.sum) });
  }
}

/** The same for vectors of one length. */
export class VectorSum extends TreeSum<Float64Array> {
  /** Vectors that are no longer needed. */
  readonly #free: Float64Array[] = [];

  /** @param first as for `TreeSum` */
  constructor(first = 0) {
    super((left, right) => {
      for (let i = 0; i < left.length; i++) left[i] += right[i];
      this.#free.push(right);
      return left;
    }, first);
  }

  /** A vector of zeros for the next block, made of an earlier one if possible. */
  zeros(length: number): Float64Array {
    return this.#free.pop()?.fill(0) ?? new Float64Array(length);
  }

  /** Takes a vector that is no longer needed. */
  reuse(vector: Float64Array): void {
    this.#free.push(vector);
  }
}

/** Terms of a block where a term costs little. */
export const BLOCK_TERMS = 128;

/** A vector summed over samples in order: each block by itself, and the blocks as a tree. */
export class BlockSum {
  /** The sum of the current block so far. The caller adds samples to it, and says so by `reach`. */
  leaf: Float64Array;
  readonly #tree = new VectorSum();
  readonly #rows: number;
  /** The number of samples in the sum, if the last block is not complete; otherwise 0. */
  #open = 0;

  /** @param rows samples of a block */
  constructor(length: number, rows = BLOCK_TERMS) {
    this.leaf = new Float64Array(length);
    this.#rows = rows;
  }

  /** Says that all samples before `end` are in the sum. Call it at least at the end of each block. */
  reach(end: number): void {
    this.#open = end;
    if (end % this.#rows === 0) this.#close();
  }

  /** The sum over all samples. Afterwards, the sum is used up. */
  total(): Float64Array {
    if (this.#open > 0) this.#close();
    return this.#tree.total() ?? this.leaf;
  }

  #close(): void {
    this.#tree.add(Math.floor((this.#open - 1) / this.#rows), this.leaf);
    this.leaf = this.#tree.zeros(this.leaf.length);
    this.#open = 0;
  }
}

/** The same for one number of each sample. */
export class NumberSum {
  readonly #tree = new TreeSum<number>((left, right) => left + right);
  #leaf = 0;
  /** The number of terms. */
  count = 0;

  add(term: number): void {
    this.#leaf += term;
    this.count++;
    if (this.count % BLOCK_TERMS === 0) this.#close();
  }

  /** The sum of all terms. Afterwards, the sum is used up. */
  total(): number {
    if (this.count % BLOCK_TERMS !== 0) this.#close();
    return this.#tree.total() ?? 0;
  }

  #close(): void {
    this.#tree.add(Math.floor((this.count - 1) / BLOCK_TERMS), this.#leaf);
    this.#leaf = 0;
  }
}

/** Σᵢ xᵢ */
export function sumOf(numbers: ArrayLike<number>): number {
  const sum = new NumberSum();
  for (let i = 0; i < numbers.length; i++) sum.add(numbers[i]);
  return sum.total();
}

/** The level of the lowest node above two blocks. */
function levelOf(a: number, b: number): number {
  return 32 - Math.clz32(a ^ b);
}

/** The largest power of two that is at most `most`, or 1. */
export function powerOfTwo(most: number): number {
  let power = 1;
  while (2 * power <= most) power *= 2;
  return power;
}
