// data: rows that are read more than once, block by block.
import type { FeatureArray } from './batches.js';

/**
 * Blocks of rows that can be read repeatedly. Every pass gives the same rows in the same order.
 *
 * A table in memory is a source, and so is a file that can be reopened. A block is valid until the next block is
 * requested, so a pass needs the memory of one block.
 */
export interface Source<Block> {
  blocks(): Iterable<Block>;
}

/** Consecutive samples. Their arrays are valid until the next ones are requested. */
export interface SampleBlock {
  /** [n, d] */
  readonly features: FeatureArray;
  /** Class indices. */
  readonly labels: Int32Array;
  /** sᵢ; undefined if all are 1. */
  readonly weights?: Float64Array;
}

/** One reading of all samples. */
export interface SamplePass {
  /** The next samples; undefined after the last ones. */
  next(): Promise<SampleBlock | undefined>;
  /** Ends the reading, also before the last samples. */
  close(): void;
}

/** Samples outside memory, such as in a file, that can be read again. Each pass gives the same samples in the same order. */
export interface SampleSource {
  readonly numSamples: number;
  readonly numFeatures: number;
  readonly numClasses: number;
  /** S = Σ sᵢ, and the smallest sᵢ > 0. */
  readonly totalWeight: number;
  readonly leastWeight: number;
  /** Begins a pass in blocks of `rows` samples; the last block may have fewer. */
  pass(rows: number): SamplePass;
}
