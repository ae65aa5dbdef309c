// objective: X̃ᵀdiag(shares)X̃ over some samples, in WebAssembly if their rows are prepared.
import { square } from '../core/elementary.js';
import { WORK_OF_A_TASK } from '../core/task.js';
import { VectorSum } from '../core/tree-sum.js';
import { type Blocks, gramBlocks } from './blocks.js';
import { writeGram } from './resident-rows.js';
import { BLOCK_ROWS, type SampleBlock } from './row-block.js';
import type { Section } from './sections.js';
import { blockOf } from './sparse/block.js';

/** Sums share·x̃x̃ᵀ over samples that are given in ascending order: the lower half of a matrix [d + 1, d + 1]. */
export class GramSum {
  readonly #problem: Section;
  readonly #order: number;
  readonly #blocks: Blocks;
  readonly #tree = new VectorSum();
  readonly #samples: Int32Array;
  readonly #shares: Float64Array;
  #count = 0;
  /** The first sample after the task of those taken so far. */
  #end = 0;
  /** The sum of a block of which samples may be missing, and its number. */
  #open: { readonly block: number; readonly sum: Float64Array } | undefined;
  #block: SampleBlock | undefined;
  /** Multiply-adds since the last task. */
  #work = 0;

  constructor(problem: Section) {
    this.#problem = problem;
    this.#order = problem.numFeatures + 1;
    this.#blocks = gramBlocks(this.#order);
    const most = Math.min(problem.numSamples, this.#blocks.rowsOfATask);
    this.#samples = new Int32Array(most);
    this.#shares = new Float64Array(most);
  }

  /** Takes a sample. Returns whether the work of a task is done. */
  add(sample: number, share: number): boolean {
    if (sample >= this.#end || this.#count === this.#samples.length) {
      this.#flush();
      this.#end = this.#endOfTask(sample);
    }
    this.#samples[this.#count] = sample;
    this.#shares[this.#count++] = share;
    if (this.#work < WORK_OF_A_TASK) return false;
    this.#work = 0;
    return true;
  }

  /** The sum, whose upper half is undefined; this object can then be used again. */
  total(): Float64Array {
    this.#flush();
    this.#close();
    this.#end = 0;
    return this.#tree.total() ?? this.#tree.zeros(square(this.#order));
  }

  /** Takes back the array of a total that is no longer needed, for the next one. */
  reuse(total: Float64Array): void {
    this.#tree.reuse(total);
  }

  /** The first sample after the task that a sample belongs to: one or several blocks. */
  #endOfTask(sample: number): number {
    const rows = Math.max(this.#blocks.rows, this.#blocks.rowsOfATask);
    return (Math.floor(sample / rows) + 1) * rows;
  }

  #flush(): void {
    if (this.#count === 0) return;
    const { rows } = this.#blocks;
    const block = Math.floor(this.#samples[0] / rows);
    if (this.#open?.block !== block) this.#close();
    const isContinued = this.#open !== undefined;
    const sum = this.#open?.sum ?? this.#tree.zeros(square(this.#order));
    if (!writeGram(this.#problem, this.#samples, this.#shares, this.#count, rows, isContinued, sum)) {
      this.#writePlain(isContinued, sum);
    }
    this.#open = { block, sum };
    this.#work += (this.#count * square(this.#order)) / 2;
    this.#count = 0;
  }

  #close(): void {
    if (this.#open !== undefined) this.#tree.add(this.#open.block, this.#open.sum);
    this.#open = undefined;
  }

  #writePlain(isContinued: boolean, sum: Float64Array): void {
    const { features, rows: prepared } = this.#problem;
    const { rows } = this.#blocks;
    this.#block ??= blockOf(features, 0, prepared);
    const tree = new VectorSum();
    for (let start = 0; start < this.#count; ) {
      const block = Math.floor(this.#samples[start] / rows);
      const leaf = isContinued ? sum.slice() : tree.zeros(sum.length);
      let end = start + 1;
      while (end < this.#count && Math.floor(this.#samples[end] / rows) === block) end++;
      for (; start < end; start += BLOCK_ROWS) {
        const last = Math.min(end, start + BLOCK_ROWS);
        this.#block.gather(this.#samples.subarray(start, last), last - start);
        this.#block.addGram(this.#shares.subarray(start, last), leaf);
      }
      start = end;
      tree.add(block, leaf);
    }
    sum.set(tree.total() as Float64Array);
  }
}
