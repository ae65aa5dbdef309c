// data: rows that are read more than once, block by block.

/**
 * Blocks of rows that can be read repeatedly. Every pass gives the same rows in the same order.
 *
 * A table in memory is a source, and so is a file that can be reopened. A block is valid until the next block is
 * requested, so a pass needs the memory of one block.
 */
export interface Source<Block> {
  /** One pass. */
  blocks(): Iterable<Block>;
}
