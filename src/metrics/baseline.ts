// metrics: the scores of a prediction without the features.
import { maxOf } from '../core/lists.js';
import { type Counts, marginsOf, sum } from './confusion.js';

/** The scores of always predicting the class shares of the evaluated samples. */
export interface Baseline {
  /** The share of the most frequent class. */
  readonly accuracy: number;
  /** The entropy of the shares, nats: the smallest log loss of any prediction that is the same for all samples. */
  readonly logLoss: number;
}

/**
 * The scores of always predicting the class shares.
 *
 *   accuracy = maxₖ πₖ,   log loss = −Σₖ πₖ log πₖ        πₖ: the share of class k, sample weights included
 *
 * @example baselineOf(countsOfMatrix([[2, 1], [0, 1]]))   // shares ¾ and ¼: { accuracy: 0.75, logLoss: 0.5623 }
 */
export function baselineOf(counts: Counts): Baseline {
  const supports = marginsOf(counts).rows;
  const total = sum(supports);
  const shares = supports.map((support) => support / total);
  const logLoss = shares.reduce((sum, share) => (share === 0 ? sum : sum - share * Math.log(share)), 0);
  return { accuracy: maxOf(shares), logLoss };
}
