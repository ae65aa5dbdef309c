// objective: a problem whose samples come from a source.
import { powerOfTwo } from '../core/tree-sum.js';
import type { SampleBlock, SampleSource } from '../data/source.js';
import { sharesOf } from './float64.js';
import { prepareRows } from './row-block.js';
import type { ProblemTerms, Section, StreamedProblem } from './sections.js';

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
 * The objective of `plainProblem` for samples that are read again for each evaluation. Values have the bits of the problem
 * with all samples in memory.
 */
export function streamedProblem(
  source: SampleSource,
  { l2, l1 = 0, fitIntercept }: Pick<ProblemTerms, 'l2' | 'fitIntercept'> & Partial<Pick<ProblemTerms, 'l1'>>,
  rows = rowsOfASection(source.numFeatures, source.numClasses),
): StreamedProblem {
  const { numSamples, numFeatures, numClasses, totalWeight, leastWeight } = source;
  const terms = { numFeatures, numClasses, l2, l1, fitIntercept, size: (numFeatures + 1) * numClasses };
  return {
    ...terms,
    ...{ numSamples, totalWeight, leastWeight },
    pass() {
      const pass = source.pass(rows);
      let start = 0;
      return {
        async next() {
          const block = await pass.next();
          if (block === undefined) return undefined;
          const section = sectionOf(block, start, terms, totalWeight);
          start += rows;
          return section;
        },
        close: () => pass.close(),
      };
    },
  };
}

function sectionOf(
  { features, labels, weights }: SampleBlock,
  start: number,
  terms: ProblemTerms,
  totalWeight: number,
): Section {
  const [numSamples] = features.shape;
  const shares = sharesOf(weights ?? new Float64Array(numSamples).fill(1), totalWeight);
  return { ...terms, start, numSamples, features, rows: prepareRows(features), labels, shares };
}
