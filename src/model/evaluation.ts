// model: evaluates predictions on labelled samples.

import type { Affine } from '../core/affine.js';
import { ShapeError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { NUMBERS_OF_A_BATCH } from '../core/limits.js';
import { assertCommunicator, type Communicator } from '../core/ranks/communicator.js';
import { assertKnownOptions, assertPositiveInteger } from '../core/shape.js';
import { finishInTurns } from '../core/task.js';
import { type Baseline, baselineOf } from '../metrics/baseline.js';
import { type ReliabilityBin, ReliabilitySums, squaredDistance } from '../metrics/calibration.js';
import { type AverageScores, averageScoresOf, type ClassScores, classScoresOf } from '../metrics/classification.js';
import { type ConfusionMatrix, confusionOf, countsOf } from '../metrics/confusion.js';
import { assertConfidence, type Interval, wilsonOf } from '../metrics/interval.js';
import { binaryAuc, rankOf } from '../metrics/ranking.js';
import { type Scores, scoresOf } from '../metrics/scores.js';
import { argMax, softmaxInPlace } from '../predict/scores.js';
import { assertLabelCount } from '../training/inputs.js';
import { assertFacts, digestOfArray } from '../training/ranks.js';
import { sampleWeightsOf } from '../training/weights.js';
import { surprise } from './predict.js';
import { type Chunk, checkedCount, type PredictOptions, predictChunks, type Rows } from './predict-async.js';
import { shareable, sharedChunks } from './shared-rows.js';

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
  /**
   * Rows are true classes, columns are predicted classes, in the order of the model's classes. With more than 1,000 classes
   * it has `pairs`, the counts that are not 0, instead of `counts`.
   */
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
  /**
   * The processes that share the samples, as `openCommunicator` of `softmax-regression/mpi` gives it. Each passes the same
   * samples and options, multiplies a part of the features, in float64, and gets the same evaluation: the bits do not depend
   * on their number. Default: this process alone.
   */
  readonly communicator?: Communicator;
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
  features: Rows,
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

/**
 * Evaluates a model on samples.
 *
 * @param each takes the probabilities of each sample in order; they change afterwards
 */
export async function evaluateModel<L extends Label>(
  affine: Affine,
  classes: readonly L[],
  features: Rows,
  labels: ArrayLike<L>,
  options: EvaluateOptions,
  where: string,
  each?: (sample: number, probabilities: Float64Array) => void,
): Promise<Evaluation<L>> {
  assertKnownOptions(options, ['sampleWeights', 'bins', 'confidence', 'communicator', 'signal', 'onProgress'], where);
  const { bins = 15, confidence = 0.95 } = options;
  assertPositiveInteger(bins, where, 'bins');
  assertConfidence(confidence, where);
  const truth = truthOf(affine, classes, features, labels, options.sampleWeights, where);
  const { signal } = options;
  const { labels: truths, weights } = truth;
  const logitsOf = await logitsFrom(features, truth, affine, options, where);
  const q = classes.length;
  const samples = truths.length;
  const curves = new ClassCurves(truth);
  const predictions = new Int32Array(samples);
  const ofRank = new Float64Array(q);
  const reliability = new ReliabilitySums(bins);
  const sums = { weight: 0, square: 0, right: 0, loss: 0, brier: 0 };
  for await (const { start, end, values } of logitsOf(affine, options)) {
    for (let i = start; i < end; i++) {
      const row = values.subarray((i - start) * q, (i - start + 1) * q);
      const [label, weight] = [truths[i], weights[i]];
      predictions[i] = argMax(row);
      sums.weight += weight;
      sums.square += weight * weight;
      if (predictions[i] === label) sums.right += weight;
      ofRank[rankOf(label, row)] += weight;
      // Computed from the logits, because a probability may round to 0.
      sums.loss += weight * surprise(row, label);
      curves.addScale(i, row, row[predictions[i]]);
      softmaxInPlace(row);
      sums.brier += weight * squaredDistance(row, label);
      reliability.add(row, label, weight);
      curves.add(i, row);
      each?.(i, row);
    }
  }
  const auc = await curves.areas(signal, (part) => logitsOf(partOf(affine, part), { signal }));
  const counts = countsOf(truths, predictions, weights, q);
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
    perClass: { ...classScoresOf(classes, counts), rocAuc: auc },
    confusion: confusionOf(classes, counts, where),
  };
}

/** How the logits of the samples are computed: here, or by several processes, which must have the same samples. */
async function logitsFrom(
  features: Rows,
  { classes, labels, weights }: Truth<Label>,
  affine: Affine,
  { communicator, bins, confidence }: EvaluateOptions,
  where: string,
): Promise<(map: Affine, options: PredictOptions) => AsyncIterable<Chunk>> {
  if (communicator === undefined) return (map, options) => predictChunks(map, features, 'logits', where, options);
  assertCommunicator(communicator, where);
  const rows = await shareable(affine, features, where);
  const facts = {
    'features.shape': [...rows.shape],
    classes: [...classes],
    weight: await digestOfArray(affine.weight),
    bias: await digestOfArray(affine.bias),
    labels: await digestOfArray(labels),
    sampleWeights: await digestOfArray(weights),
    ...(bins === undefined ? {} : { bins }),
    ...(confidence === undefined ? {} : { confidence }),
  };
  await assertFacts(communicator, facts, where);
  return (map, options) => sharedChunks(map, rows, communicator, where, options);
}

/** The numbers kept for the ROC curves at a time. */
const NUMBERS_OF_CURVES = 8 * NUMBERS_OF_A_BATCH;

/**
 * The areas under the ROC curves of the classes that have samples; the others have none. The curve of a class needs its
 * probabilities of all samples. Those of the first classes are kept in the first pass, those of the others in further
 * passes over their columns of the weights, so that memory is bounded and the products are at most doubled.
 */
class ClassCurves {
  readonly #labels: Int32Array;
  readonly #weights: Float64Array;
  readonly #auc: number[];
  /** The classes that have samples. */
  readonly #present: Int32Array;
  /** The number of classes of a pass. */
  readonly #room: number;
  readonly #columns: Float64Array;
  /** The largest logit of each sample, and Σₖ exp(oₖ − max), if there are further passes. */
  readonly #scales: { readonly most: Float64Array; readonly sum: Float64Array } | undefined;

  constructor({ labels, weights, classes }: Truth<Label>) {
    const n = labels.length;
    this.#labels = labels;
    this.#weights = weights;
    this.#auc = new Array<number>(classes.length).fill(Number.NaN);
    this.#present = new Int32Array(new Set(labels)).sort();
    // At least two, as the products need.
    this.#room = Math.min(this.#present.length, Math.max(2, Math.floor(NUMBERS_OF_CURVES / n)));
    this.#columns = new Float64Array(this.#room * n);
    if (this.#room < this.#present.length) this.#scales = { most: new Float64Array(n), sum: new Float64Array(n) };
  }

  /** @param most the largest of the logits */
  addScale(i: number, logits: Float64Array, most: number): void {
    if (this.#scales === undefined) return;
    this.#scales.most[i] = most;
    for (let k = 0; k < logits.length; k++) this.#scales.sum[i] += Math.exp(logits[k] - most);
  }

  add(i: number, probabilities: Float64Array): void {
    const n = this.#labels.length;
    for (let c = 0; c < this.#room; c++) this.#columns[c * n + i] = probabilities[this.#present[c]];
  }

  /** @param logitsOf the logits of some classes */
  async areas(
    signal: AbortSignal | undefined,
    logitsOf: (part: Int32Array) => AsyncIterable<Chunk>,
  ): Promise<readonly number[]> {
    const n = this.#labels.length;
    await this.#close(this.#present.subarray(0, this.#room), signal);
    for (let at = this.#room; at < this.#present.length && this.#scales; at += this.#room) {
      const { most, sum } = this.#scales;
      const first = Math.min(at, this.#present.length - 2);
      const part = this.#present.subarray(first, at + this.#room);
      for await (const { start, end, values } of logitsOf(part)) {
        for (let i = start, from = 0; i < end; i++) {
          for (let c = 0; c < part.length; c++) this.#columns[c * n + i] = Math.exp(values[from++] - most[i]) / sum[i];
        }
      }
      await this.#close(part, signal);
    }
    return this.#auc;
  }

  async #close(part: Int32Array, signal: AbortSignal | undefined): Promise<void> {
    const n = this.#labels.length;
    const isOfClass = new Uint8Array(n);
    for (const [c, k] of part.entries()) {
      for (let i = 0; i < n; i++) isOfClass[i] = Number(this.#labels[i] === k);
      const column = this.#columns.subarray(c * n, (c + 1) * n);
      this.#auc[k] = await finishInTurns(binaryAuc(column, isOfClass, this.#weights), signal);
    }
  }
}

/** The map to some of the classes. */
function partOf({ weight, bias, ...rest }: Affine, part: Int32Array): Affine {
  const [q, m] = [bias.length, part.length];
  const own = new Float32Array((weight.length / q) * m);
  for (let at = 0; at < own.length; at++) own[at] = weight[Math.floor(at / m) * q + part[at % m]];
  return { ...rest, weight: own, bias: Float32Array.from(part, (k) => bias[k]) };
}
