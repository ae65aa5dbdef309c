// objective: X̃ᵀdiag(shares)X̃ over some samples, in WebAssembly if their rows are prepared.
import { WORK_OF_A_TASK } from '../core/task.js';
import { type PlainProblem, rowsOfATask } from './float64.js';
import { addGram } from './resident-rows.js';
import { BLOCK_ROWS, RowBlock } from './row-block.js';

/** Collects samples and adds them to a matrix [d + 1, d + 1], of which the lower half is filled, in blocks of 32. */
export class GramSum {
  readonly #problem: PlainProblem;
  readonly #gram: Float64Array;
  readonly #samples: Int32Array;
  readonly #shares: Float64Array;
  #block: RowBlock | undefined;
  #count = 0;
  /** Multiply-adds since the last task. */
  #work = 0;

  constructor(problem: PlainProblem, gram: Float64Array) {
    const most = Math.min(problem.numSamples, rowsOfATask((problem.numFeatures + 1) ** 2 / 2));
    this.#problem = problem;
    this.#gram = gram;
    this.#samples = new Int32Array(most);
    this.#shares = new Float64Array(most);
  }

  /** Takes a sample. Returns whether the work of a task is done. */
  add(sample: number, share: number): boolean {
    this.#samples[this.#count] = sample;
    this.#shares[this.#count++] = share;
    return this.#count === this.#samples.length && this.flush();
  }

  /** Adds the samples taken so far; the next one begins a new block. Returns whether the work of a task is done. */
  flush(): boolean {
    const count = this.#count;
    this.#count = 0;
    if (count > 0 && !addGram(this.#problem, this.#samples, this.#shares, count, this.#gram)) this.#addPlain(count);
    this.#work += (count * (this.#problem.numFeatures + 1) ** 2) / 2;
    if (this.#work < WORK_OF_A_TASK) return false;
    this.#work = 0;
    return true;
  }

  #addPlain(count: number): void {
    const { features, rows } = this.#problem;
    this.#block ??= new RowBlock(features, 0, rows);
    for (let start = 0; start < count; start += BLOCK_ROWS) {
      const end = Math.min(count, start + BLOCK_ROWS);
      this.#block.gather(this.#samples.subarray(start, end), end - start);
      this.#block.addGram(this.#shares.subarray(start, end), this.#gram);
    }
  }
}
