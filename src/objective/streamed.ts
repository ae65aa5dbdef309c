// objective: a problem whose features are prepared section by section: stored outside memory, or too many to prepare at once.
import { type Communicator, ONE_PROCESS } from '../core/ranks/communicator.js';
import { powerOfTwo } from '../core/tree-sum.js';
import { batchRanges, type FeatureArray, type FeatureValues } from '../data/batches.js';
import { assertFinite, rowsBetween, StoredRows } from '../data/stored-rows.js';
import { type PlainProblemOptions, weighedLabels } from './float64.js';
import { prepareRows } from './row-block.js';
import type { Section, StreamedProblem } from './sections.js';

/** Numbers of a section: 16 MB in float64. */
const SECTION = 2 ** 21;
/** Probabilities of a section, and other numbers for each sample and class. */
const SECTION_OF_CLASSES = 2 ** 21;
/** The samples of the largest block of a sum. */
const FEWEST = 512;

/** Samples of a section, from shapes alone. */
export function rowsOfASection(numFeatures: number, numClasses: number): number {
  const most = Math.min(SECTION / (numFeatures + 4), SECTION_OF_CLASSES / numClasses);
  return Math.max(FEWEST, powerOfTwo(most));
}

/**
 * `plainProblem` for features that are read or prepared again for each evaluation. Values have the bits of the problem
 * with all samples prepared at once.
 *
 * @param communicator the processes that share the samples: all have the same ones, and each reads a part of the features
 * @param rows samples of a section
 * @throws as `plainProblem`
 */
export function streamedProblem(
  options: Omit<PlainProblemOptions, 'features'> & { readonly features: FeatureArray | StoredRows },
  communicator: Communicator = ONE_PROCESS,
  rows = rowsOfASection(options.features.shape[1], options.numClasses),
): StreamedProblem {
  const { features, numClasses, l2, l1 = 0, fitIntercept } = options;
  const [numSamples, numFeatures] = features.shape;
  const { labels, shares, totalWeight, leastWeight } = weighedLabels(options, numSamples);
  const terms = { numFeatures, numClasses, l2, l1, fitIntercept, size: (numFeatures + 1) * numClasses };
  // Whole sections, as many for each rank as for any other, or one more.
  const { rank, size } = communicator;
  const sections = Math.ceil(numSamples / rows);
  const startOf = (of: number) => Math.min(numSamples, Math.floor((sections * of) / size) * rows);
  const [first, end] = [startOf(rank), startOf(rank + 1)];
  const blocks = blocksOf(features, first, end, rows);
  // Where most numbers are 0, the functions of a section skip them.
  let isDense = true;
  return {
    ...terms,
    ...{ numSamples, totalWeight, leastWeight },
    ...(communicator.size > 1 && { ranks: { communicator, first, end } }),
    pass() {
      const reading = blocks();
      let start = first;
      let prepared: Float64Array | undefined;
      return {
        async next(): Promise<Section | undefined> {
          const { value: block } = await reading.next();
          if (block === undefined) return undefined;
          if (features instanceof StoredRows) assertFinite(block, start);
          const [count] = block.shape;
          const part = { labels: labels.subarray(start, start + count), shares: shares.subarray(start, start + count) };
          // In the memory of the section before, which is no longer used.
          const ready = isDense ? prepareRows(block, prepared) : undefined;
          isDense = ready !== undefined;
          prepared ??= ready;
          const section = { ...terms, ...part, start, numSamples: count, features: block, rows: ready };
          start += count;
          return section;
        },
        close() {
          // It waits for a read that has begun, and cannot fail.
          void reading.return(undefined);
        },
      };
    },
  };
}

/** Begins to read the samples from `first` to `end`, some rows at a time. */
function blocksOf(features: FeatureArray | StoredRows, first: number, end: number, rows: number) {
  if (features instanceof StoredRows) {
    const own = rowsBetween(features, first, end);
    return () => own.blocks(rows);
  }
  return () => views(features, first, end, rows);
}

function* views(features: FeatureArray, first: number, end: number, rows: number): Generator<FeatureArray, void> {
  const d = features.shape[1];
  for (const [start, stop] of batchRanges(end - first, rows)) {
    const values = features.values.subarray((first + start) * d, (first + stop) * d) as FeatureValues;
    yield { ...features, values, shape: [stop - start, d] };
  }
}
