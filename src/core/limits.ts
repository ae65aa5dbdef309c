// core: how much is held in memory at a time.

/** The numbers of a batch: 32 MiB of float64. The rows of a batch follow from their width. */
export const NUMBERS_OF_A_BATCH = 2 ** 22;
