// model: what a linear classifier does with samples, however it was trained.

import type { Affine } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import { checkFeatureCount } from '../core/shape.js';
import { asFeatureArray, copyRow, type FeatureArray, type Features, featureShape, isRows } from '../data/batches.js';
import { argMax, argTopK, assertK, softmaxInPlace } from '../predict/scores.js';
import type { FeaturesInput } from '../training/inputs.js';
import { type EvaluateOptions, type Evaluation, evaluateModel } from './evaluation.js';
import {
  type ContributionOptions,
  type Contributions,
  contributionsOf,
  type WeightTable,
  type WeightTableOptions,
  weightTableOf,
} from './insight.js';
import { logitsInto, type Prediction } from './predict.js';
import {
  type PredictOptions,
  predictLabels,
  predictRows,
  predictTop,
  type RowArray,
  type TopKArray,
} from './predict-async.js';

/** Weight and bias as plain arrays, and what is to be said of samples with them. */
export abstract class LinearClassifier<L extends Label> {
  /** The classes, in the order of the columns of logits and probabilities. */
  readonly classes: readonly L[];
  /** Names of the features, where they were given. */
  readonly featureNames: readonly string[] | undefined;
  /** d, features of a sample. */
  readonly numFeatures: number;
  readonly #affine: Affine;
  /** Where a row lies while it is multiplied: memory of 784 numbers takes as long to get as to fill. */
  readonly #row: FeatureArray<Float64Array>;

  protected constructor(affine: Affine, classes: readonly L[], featureNames: readonly string[] | undefined) {
    this.classes = Object.freeze([...classes]);
    this.featureNames = featureNames && Object.freeze([...featureNames]);
    this.numFeatures = affine.weight.length / affine.bias.length;
    this.#affine = affine;
    this.#row = { values: new Float64Array(this.numFeatures), shape: [1, this.numFeatures] };
  }

  /** Not to be written to. */
  protected get affine(): Affine {
    return this.#affine;
  }

  /** W, [features, classes], as rows; a copy. */
  get weight(): Float32Array[] {
    const q = this.classes.length;
    return Array.from({ length: this.numFeatures }, (_, j) => this.#affine.weight.slice(j * q, (j + 1) * q));
  }

  /** b, [classes]; a copy. */
  get bias(): Float32Array {
    return this.#affine.bias.slice();
  }

  /**
   * Unnormalised scores.
   *
   *   o = xW + b
   *
   * @param features rows, or a typed array with its shape
   * @returns one Float64Array of [classes] for each sample
   * @throws ShapeError for another number of features than the model was trained on; DomainError for one that is not finite
   */
  logits(features: Features): Float64Array[] {
    return this.#rows(features, 'logits');
  }

  /**
   * How likely each class is.
   *
   *   ŷ = softmax(xW + b)
   *
   * @param features rows, or a typed array with its shape
   * @returns one Float64Array of [classes] for each sample, ≥ 0, sum 1
   * @throws as `logits`
   */
  predictProbabilities(features: Features): Float64Array[] {
    const rows = this.#rows(features, 'predictProbabilities');
    for (const row of rows) softmaxInPlace(row);
    return rows;
  }

  /**
   * The most probable class of each sample; of equally probable ones the first.
   *
   * @param features rows, or a typed array with its shape
   * @throws as `logits`
   */
  predict(features: Features): L[] {
    const where = 'predict';
    const labels = new Array<L>(this.#checkedCount(features, where));
    const logits = new Float64Array(this.classes.length);
    for (let i = 0; i < labels.length; i++) {
      this.#logitsInto(features, i, logits, where);
      labels[i] = this.classes[argMax(logits)];
    }
    return labels;
  }

  /**
   * The k most probable classes of each sample with their probabilities, the most probable first; of equal ones the first.
   *
   * @param k an integer in [1, classes]
   * @throws DomainError for another k; as `logits`
   * @example model.predictTopK(rows, 2)   // [[{ label: 'dog', probability: … }, { label: 'cat', … }], …]
   */
  predictTopK(features: Features, k: number): Prediction<L>[][] {
    const where = 'predictTopK';
    assertK(k, this.classes.length, where);
    return this.#rows(features, where).map((row) => {
      softmaxInPlace(row);
      return argTopK(row, k).map((column) => ({ label: this.classes[column], probability: row[column] }));
    });
  }

  /**
   * `logits` of large input or of a tensor, in chunks: timers and sockets have their turn between them.
   *
   * Large tensors and arrays of bytes or float32 are multiplied by the tfjs backend in use, in float32; all else in float64.
   *
   * @returns the numbers of all samples in one array
   * @throws as `logits`; the signal's reason if it is aborted
   */
  logitsAsync(features: FeaturesInput, options: PredictOptions = {}): Promise<RowArray> {
    return predictRows(this.#affine, features, 'logits', 'logitsAsync', options);
  }

  /** `predictProbabilities` as `logitsAsync` does it: the probabilities of all samples in one array. */
  predictProbabilitiesAsync(features: FeaturesInput, options: PredictOptions = {}): Promise<RowArray> {
    return predictRows(this.#affine, features, 'probabilities', 'predictProbabilitiesAsync', options);
  }

  /** `predict` as `logitsAsync` does it. */
  predictAsync(features: FeaturesInput, options: PredictOptions = {}): Promise<L[]> {
    return predictLabels(this.#affine, this.classes, features, 'predictAsync', options);
  }

  /** `predictTopK` as `logitsAsync` does it: labels and probabilities of all samples in one array each. */
  predictTopKAsync(features: FeaturesInput, k: number, options: PredictOptions = {}): Promise<TopKArray<L>> {
    return predictTop(this.#affine, this.classes, features, k, 'predictTopKAsync', options);
  }

  /**
   * How good the predictions are, on samples whose labels are known. In chunks, as `logitsAsync`.
   *
   * @throws ShapeError or DomainError if features or labels do not fit the model, or there is no sample; the signal's
   *         reason if it is aborted
   * @example const { accuracy, interval, logLoss } = await model.evaluate(test.features, test.labels);
   */
  evaluate(features: FeaturesInput, labels: ArrayLike<L>, options: EvaluateOptions = {}): Promise<Evaluation<L>> {
    return evaluateModel(this.#affine, this.classes, features, labels, options, 'evaluate');
  }

  /**
   * What each feature of one sample adds to each logit: exact, as the model is linear.
   *
   *   oₖ = bₖ + Σⱼ xⱼ·Wⱼₖ        with a baseline r: oₖ = oₖ(r) + Σⱼ (xⱼ − rⱼ)·Wⱼₖ
   *
   * Probabilities depend on differences of logits: what a feature adds to all logits alike changes none. Compare classes.
   *
   * @param row x, [features]
   * @throws ShapeError for another number of features; DomainError for one that is not finite
   * @example model.contributions(row, { baseline: columnStatistics(features).mean }).features[2].contributions
   */
  contributions(row: ArrayLike<number>, options: ContributionOptions = {}): Contributions<L> {
    return contributionsOf({ ...this.#affine, classes: this.classes, featureNames: this.featureNames }, row, options);
  }

  /**
   * The weights as a table, a row for each feature, centred over the classes.
   *
   *   Wⱼₖ − (1/q) Σₖ Wⱼₖ
   *
   * Adding a number to all weights of a feature changes no probability, so weights mean something only against each other;
   * centred, the weight of a class is against the mean of all. A weight is per unit of its feature: `scale` makes them comparable.
   *
   * @throws ShapeError or DomainError if the scale does not fit the features
   * @example model.weightTable({ sort: 'magnitude', scale: columnStatistics(features).scale }).rows[0].feature
   */
  weightTable(options: WeightTableOptions = {}): WeightTable<L> {
    return weightTableOf({ ...this.#affine, classes: this.classes, featureNames: this.featureNames }, options);
  }

  #rows(features: Features, where: string): Float64Array[] {
    const rows = new Array<Float64Array>(this.#checkedCount(features, where));
    for (let i = 0; i < rows.length; i++) {
      rows[i] = new Float64Array(this.classes.length);
      this.#logitsInto(features, i, rows[i], where);
    }
    return rows;
  }

  /** Of rows the values are checked when they are read. */
  #checkedCount(features: Features, where: string): number {
    const shape = isRows(features) ? featureShape(features, where) : asFeatureArray(features, where).shape;
    checkFeatureCount({ shape }, this.numFeatures, where);
    return shape[0];
  }

  #logitsInto(features: Features, i: number, out: Float64Array, where: string): void {
    if (isRows(features)) {
      copyRow(features, i, this.#row.values, 0, where);
      logitsInto(this.#affine, this.#row, 0, out);
    } else {
      logitsInto(this.#affine, features, i, out);
    }
  }
}
