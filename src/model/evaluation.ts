// model: evaluates predictions on labelled samples.

import type { Affine } from '../core/affine.js';
import { ShapeError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { assertKnownOptions, assertPositiveInteger } from '../core/shape.js';
import { finishInTurns } from '../core/task.js';
import { type Baseline, baselineOf } from '../metrics/baseline.js';
import { type ReliabilityBin, ReliabilitySums, squaredDistance } from '../metrics/calibration.js';
import {
  type AverageScores,
  averageScoresOf,
  type ClassScores,
  type ConfusionMatrix,
  classScoresOf,
} from '../metrics/classification.js';
import { assertConfidence, type Interval, wilsonOf } from '../metrics/interval.js';
import { binaryAuc, rankOf } from '../metrics/ranking.js';
import { type Scores, scoresOf } from '../metrics/scores.js';
import { argMax, softmaxInPlace } from '../predict/scores.js';
import { assertLabelCount, type FeaturesInput } from '../training/inputs.js';
import { sampleWeightsOf } from '../training/weights.js';
import { surprise } from './predict.js';
import { type Chunk, checkedCount, type PredictOptions, predictChunks } from './predict-async.js';

/** The metrics of `metrics.*`; their docstrings define them. All use the sample weights. */
export interface Evaluation<L extends Label> extends Scores {
  readonly samples: number;
  /** Wilson's interval of the accuracy. With sample weights, it uses the effective sample size (Σs)²/Σs². */
  readonly interval: Interval;
  /** The scores of always predicting the class shares of these samples. A useful model is better. */
  readonly baseline: Baseline;
  /** topKAccuracy[k − 1]: the share of samples whose label is among the k most probable classes. */
  readonly topKAccuracy: readonly number[];
  /** Confidence and accuracy of each bin: the points of a reliability diagram. */
  readonly reliability: readonly ReliabilityBin[];
  /**
   * Means of precision, recall and F over the classes. `micro` is the accuracy; `weighted` weights classes by support.
   */
  readonly macro: AverageScores;
  readonly micro: AverageScores;
  readonly weighted: AverageScores;
  /** Precision, recall, fscore, ROC AUC and support, in the order of the model's classes. */
  readonly perClass: ClassScores<L> & { readonly rocAuc: readonly number[] };
  /** Rows are true classes, columns are predicted classes, in the order of the model's classes. */
  readonly confusion: ConfusionMatrix<L>;
}

/** Options of `evaluate`. */
export interface EvaluateOptions extends PredictOptions {
  /** The weight of each sample, ≥ 0 and not all 0. Default 1 each. */
  readonly sampleWeights?: ArrayLike<number>;
  /** The number of bins of the reliability diagram. Default 15. */
  readonly bins?: number;
  /** The confidence level of the accuracy's interval. Default 0.95. */
  readonly confidence?: number;
}

/** Labels as class indices of the model, with their weights. */
export interface Truth<L extends Label> {
  readonly classes: readonly L[];
  /** Class indices, [n]. */
  readonly labels: Int32Array;
  /** [n] */
  readonly weights: Float64Array;
}

/** @throws ShapeError or DomainError if labels or weights do not match samples and classes, or there are no samples */
export function truthOf<L extends Label>(
  affine: Affine,
  classes: readonly L[],
  features: FeaturesInput,
  labels: ArrayLike<L>,
  sampleWeights: ArrayLike<number> | undefined,
  where: string,
): Truth<L> {
  const n = checkedCount(affine, features, where);
  assertLabelCount(labels, n, where);
  if (n === 0) {
    const expected = 'have at least one row and one column';
    throw new ShapeError({ where, argument: 'features', expected, actual: '[0, …]' });
  }
  const indices = classIndices(labels, classes, where);
  const weights = sampleWeightsOf(indices, classes, { sampleWeights }, where)?.values ?? new Float64Array(n).fill(1);
  return { classes, labels: indices, weights };
}

/** Evaluates a model on samples. */
export async function evaluateModel<L extends Label>(
  affine: Affine,
  classes: readonly L[],
  features: FeaturesInput,
  labels: ArrayLike<L>,
  options: EvaluateOptions,
  where: string,
): Promise<Evaluation<L>> {
  assertKnownOptions(options, ['sampleWeights', 'bins', 'confidence', 'signal', 'onProgress'], where);
  const { bins = 15, confidence = 0.95 } = options;
  assertPositiveInteger(bins, where, 'bins');
  assertConfidence(confidence, where);
  const truth = truthOf(affine, classes, features, labels, options.sampleWeights, where);
  return evaluateChunks(predictChunks(affine, features, 'logits', where, options), truth, {
    ...options,
    bins,
    confidence,
  });
}

/** @param chunks logits of all samples; they are overwritten */
async function evaluateChunks<L extends Label>(
  chunks: AsyncIterable<Chunk>,
  { classes, labels, weights }: Truth<L>,
  { bins, confidence, signal }: { readonly bins: number; readonly confidence: number; readonly signal?: AbortSignal },
): Promise<Evaluation<L>> {
  const q = classes.length;
  const samples = labels.length;
  const counts = classes.map(() => new Array<number>(q).fill(0));
  const ofRank = new Float64Array(q);
  const reliability = new ReliabilitySums(bins);
  const columns = classes.map(() => new Float64Array(samples));
  const sums = { weight: 0, square: 0, right: 0, loss: 0, brier: 0 };
  for await (const { start, end, values } of chunks) {
    for (let i = start; i < end; i++) {
      const row = values.subarray((i - start) * q, (i - start + 1) * q);
      const [label, weight] = [labels[i], weights[i]];
      const predicted = argMax(row);
      sums.weight += weight;
      sums.square += weight * weight;
      if (predicted === label) sums.right += weight;
      counts[label][predicted] += weight;
      ofRank[rankOf(label, row)] += weight;
      // Computed from the logits, because a probability may round to 0.
      sums.loss += weight * surprise(row, label);
      softmaxInPlace(row);
      sums.brier += weight * squaredDistance(row, label);
      reliability.add(row, label, weight);
      for (let k = 0; k < q; k++) columns[k][i] = row[k];
    }
  }
  const auc: number[] = [];
  for (const [k, column] of columns.entries()) {
    const isOfClass = new Uint8Array(samples);
    for (let i = 0; i < samples; i++) isOfClass[i] = Number(labels[i] === k);
    auc.push(await finishInTurns(binaryAuc(column, isOfClass, weights), signal));
  }
  const diagram = reliability.bins();
  const scores = scoresOf({ ...sums, counts, reliability: diagram, auc });
  const worth = sums.weight / sums.square;
  let atMostK = 0;
  return {
    samples,
    ...scores,
    interval: wilsonOf(sums.right * worth, sums.weight * worth, confidence),
    baseline: baselineOf(counts),
    topKAccuracy: Array.from(ofRank, (weight) => {
      atMostK += weight;
      return atMostK / sums.weight;
    }),
    reliability: diagram,
    macro: averageScoresOf(counts, 'macro'),
    micro: averageScoresOf(counts, 'micro'),
    weighted: averageScoresOf(counts, 'weighted'),
    perClass: { ...classScoresOf({ classes, counts }), rocAuc: auc },
    confusion: { classes, counts },
  };
}
