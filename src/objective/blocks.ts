// objective: the numbered blocks of samples that sums are made of.
import { WORK_OF_A_TASK } from '../core/task.js';
import { BLOCK_TERMS, powerOfTwo } from '../core/tree-sum.js';
import { BLOCK_ROWS } from './row-block.js';

/** Blocks of samples, by the work of a sample alone. A sum adds the samples of a block in order, and the blocks as a tree. */
export interface Blocks {
  /** Samples of a block, a power of two. */
  readonly rows: number;
  /** Samples that one task can take: some whole blocks, a power of two, or a part of one. */
  readonly rowsOfATask: number;
}

/** Samples of a block of a gradient: few enough for the caches, many enough that adding blocks takes no time. */
const GRADIENT_ROWS = BLOCK_TERMS;
/** Of X̃ᵀX̃, of which the sum of a block is large. */
const GRAM_ROWS = 512;

/** The blocks of sums that have `size` numbers, with two multiply-adds each for a sample. */
export function gradientBlocks(size: number): Blocks {
  return blocksOf(GRADIENT_ROWS, 2 * size);
}

/** The blocks of the lower half of X̃ᵀX̃, [order, order]. */
export function gramBlocks(order: number): Blocks {
  // Each task copies the sum in and out, and its products are the fastest.
  return blocksOf(GRAM_ROWS, (order * order) / 2 / 4);
}

function blocksOf(rows: number, workOfARow: number): Blocks {
  return { rows, rowsOfATask: Math.max(BLOCK_ROWS, powerOfTwo(WORK_OF_A_TASK / workOfARow)) };
}
