// objective: the mean loss and the accuracy of samples that are not learned from, in float64.
import { log1p } from '../core/elementary.js';
import { finishInTurns, type Steps, WORK_OF_A_TASK } from '../core/task.js';
import { BlockSum } from '../core/tree-sum.js';
import { gradientBlocks } from './blocks.js';
import type { Problem } from './float64.js';
import { softmaxInto } from './residuals.js';
import { BLOCK_ROWS } from './row-block.js';
import { type Section, sumOfSections } from './sections.js';
import { blockOf } from './sparse/block.js';

/** Weighted means over samples. */
export interface SampleScores {
  /** (1/S) Σᵢ sᵢ NLLᵢ, without penalties */
  readonly loss: number;
  /** (1/S) Σᵢ sᵢ·[the largest logit is that of labelᵢ]; of equal logits, the first counts. */
  readonly accuracy: number;
}

/**
 * The scores of the samples of a problem, in tasks of about 1.4e7 multiply-adds. Both are sums over blocks of samples, as in
 * core/tree-sum.ts. Samples of weight 0 are skipped. An abort of `signal` throws its reason.
 *
 * @param point θ, [(d + 1)·classes]
 */
export async function scoresAt(problem: Problem, point: Float64Array, signal?: AbortSignal): Promise<SampleScores> {
  const { rows } = gradientBlocks(problem.size);
  const sums = sumOfSections(problem, rows, 2, (section) => sectionScores(section, point));
  const [loss, accuracy] = await finishInTurns(sums, signal);
  return { loss, accuracy };
}

function* sectionScores(section: Section, point: Float64Array): Steps<Float64Array> {
  const { features, rows, numSamples: n, numClasses: q, labels, shares, size } = section;
  const block = blockOf(features, q, rows);
  block.setPoint(point);
  const logits = new Float64Array(BLOCK_ROWS * q);
  const exponentials = new Float64Array(q);
  /** The loss, and the accuracy. */
  const sum = new BlockSum(2, gradientBlocks(size).rows);
  let work = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const count = block.read(start);
    block.logits(logits);
    for (let r = 0, at = 0; r < count; r++, at += q) {
      const share = shares[start + r];
      // Skipped, not multiplied by 0: the loss may be infinite.
      if (share === 0) continue;
      const label = labels[start + r];
      const { largest, top, others } = softmaxInto(logits, at, q, exponentials, 0);
      sum.leaf[0] += share * (top - logits[at + label] + log1p(others));
      if (largest === label) sum.leaf[1] += share;
    }
    sum.reach(start + count);
    work += block.filled * q;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  return sum.total();
}
