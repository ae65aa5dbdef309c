// objective: samples that are read section by section, and sums over them.
import type { Communicator } from '../core/ranks/communicator.js';
import { sumOverRanks } from '../core/ranks/sum.js';
import type { Steps } from '../core/task.js';
import { VectorSum } from '../core/tree-sum.js';
import type { FeatureArray } from '../data/batches.js';
import type { SparseColumns, SparseMatrix } from '../data/matrix.js';

/** What does not depend on the number of samples in memory. */
export interface ProblemTerms {
  readonly numFeatures: number;
  readonly numClasses: number;
  readonly l2: number;
  readonly l1: number;
  readonly fitIntercept: boolean;
  /** The length of a point: (d + 1)·classes, with or without a bias. */
  readonly size: number;
}

/** Consecutive samples of a problem, in memory. */
export interface Section extends ProblemTerms {
  /** The number of the first sample in the whole problem. */
  readonly start: number;
  readonly numSamples: number;
  readonly features: FeatureArray | SparseMatrix;
  /** The features in the layout of `RowBlock`; undefined if they are sparse, too large to prepare or mostly 0. */
  readonly rows: Float64Array | undefined;
  /** Of sparse features: the same by columns. */
  readonly columns?: SparseColumns;
  readonly labels: Int32Array;
  /** sᵢ/S, the weight of each sample in a mean of the whole problem, [n]; 0 if S is. */
  readonly shares: Float64Array;
}

/** One reading of all samples. */
export interface Pass {
  /** The next section, which is valid until the next call; undefined after the last one. */
  next(): Section | undefined | Promise<Section | undefined>;
  /** Ends the reading, also before the last section. */
  close(): void;
}

/** The processes that share the samples of a problem. */
export interface Ranks {
  readonly communicator: Communicator;
  /** The samples of this process, [first, end): whole sections. */
  readonly first: number;
  readonly end: number;
}

/** A problem whose samples are read again for each sum. */
export interface StreamedProblem extends ProblemTerms {
  readonly numSamples: number;
  /** S = Σ sᵢ, and the smallest sᵢ > 0. */
  readonly totalWeight: number;
  readonly leastWeight: number;
  /** Undefined if this process has all samples. */
  readonly ranks?: Ranks;
  /** Begins a pass over the samples of this process. A section has a power of two of samples, at least 512; only the last one may have fewer. */
  readonly pass: () => Pass;
  /** What becomes of a section before it is used, such as other shares. */
  readonly adapt?: (section: Section) => Steps<Section>;
}

/** Whether the samples of a problem are not in memory. */
export function isStreamed<P extends ProblemTerms>(problem: P | StreamedProblem): problem is StreamedProblem {
  return 'pass' in problem;
}

/** Visits all sections in order. Samples in memory are one section. A visit that returns false is the last one. */
export function* inSections(
  problem: Section | StreamedProblem,
  visit: (section: Section) => Steps<unknown>,
): Steps<void> {
  if (!isStreamed(problem)) {
    yield* visit(problem);
    return;
  }
  const pass = problem.pass();
  try {
    for (;;) {
      const next = pass.next();
      let section = next instanceof Promise ? yield* awaited(next) : next;
      if (section === undefined) return;
      if (problem.adapt !== undefined) section = yield* problem.adapt(section);
      if ((yield* visit(section)) === false) return;
    }
  } finally {
    pass.close();
  }
}

/**
 * The sum over all samples, from the sums over the sections. It has the bits of the sum over one section with all samples,
 * since a section is a whole node of the tree of blocks.
 *
 * @param blockRows samples of a block of the sum
 * @param length of the sum
 */
export function* sumOfSections(
  problem: Section | StreamedProblem,
  blockRows: number,
  length: number,
  of: (section: Section) => Steps<Float64Array>,
): Steps<Float64Array> {
  if (!isStreamed(problem)) return yield* of(problem);
  const sum = new SectionSum(problem, blockRows);
  yield* inSections(problem, function* (section) {
    sum.add(section, yield* of(section));
  });
  return (yield* sum.total(length)) as Float64Array;
}

/** A sum over the sections of a problem, on all ranks. */
export class SectionSum {
  readonly #sum: VectorSum;
  readonly #ranks: Ranks | undefined;
  readonly #blockRows: number;
  readonly #numSamples: number;

  constructor(problem: Section | StreamedProblem, blockRows: number) {
    this.#numSamples = problem.numSamples;
    this.#ranks = isStreamed(problem) ? problem.ranks : undefined;
    this.#blockRows = blockRows;
    this.#sum = new VectorSum((this.#ranks?.first ?? 0) / blockRows);
  }

  /** Zeros for the next sum, in memory that is no longer used. */
  zeros(length: number): Float64Array {
    return this.#sum.zeros(length);
  }

  /** Adds the sum over a section, and takes it. */
  add({ start }: Pick<Section, 'start'>, sum: Float64Array): void {
    this.#sum.add(start / this.#blockRows, sum);
  }

  /** The sum, of this length, on every rank; undefined if nothing was added and no other rank is there. */
  *total(length: number): Steps<Float64Array | undefined> {
    if (this.#ranks === undefined) return this.#sum.total();
    const { communicator, end } = this.#ranks;
    // After the last sample, no rank has more of a node.
    const parts = this.#sum.parts(end < this.#numSamples ? end / this.#blockRows : Number.POSITIVE_INFINITY);
    return yield* awaited(sumOverRanks(communicator, parts, length));
  }
}

/** The value of a promise. */
export function* awaited<T>(promise: Promise<T>): Steps<T> {
  let value: T | undefined;
  yield promise.then((each) => {
    value = each;
  });
  return value as T;
}
