// data: rows that are passed over more than once, one block at a time.

/**
 * Blocks of rows that can be passed over again: every pass gives the same rows in the same order.
 *
 * A table in memory is a source. So is a file that can be opened again. A block is valid until the next one is asked for, so a
 * pass takes the memory of one block.
 */
export interface Source<Block> {
  blocks(): Iterable<Block>;
}
