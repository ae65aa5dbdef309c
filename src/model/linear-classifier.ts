// model: predictions and evaluations of a linear classifier, independent of its training.

import { type Affine, type Columns, largestFeature } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import { checkFeatureCount } from '../core/shape.js';
import { copyRow, type FeatureArray, type Features, featureShape, isRows, readFeatureArray } from '../data/batches.js';
import type { SparseMatrix } from '../data/matrix.js';
import { assertColumns } from '../data/standardize.js';
import { argMax, argTopK, assertK, softmaxInPlace } from '../predict/scores.js';
import { type AnyFeatures, isSparseInput } from '../training/inputs.js';
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
  checkedCount,
  type PredictOptions,
  predictLabels,
  predictRows,
  predictTop,
  type RowArray,
  type TopKArray,
} from './predict-async.js';
import { SparseLogits } from './sparse.js';

/** The parameters of a model, which must not be modified. */
export let affineOf: (model: LinearClassifier<Label>) => Affine;

/** Weight and bias as plain arrays, with the methods that predict, evaluate and explain. */
export abstract class LinearClassifier<L extends Label> {
  /** The classes, in the order of the columns of logits and probabilities. */
  readonly classes: readonly L[];
  /** Names of the features, if they were given. */
  readonly featureNames: readonly string[] | undefined;
  /** d, the number of features of a sample. */
  readonly numFeatures: number;
  readonly #affine: Affine;
  /** A buffer for the row being multiplied: allocating 784 numbers takes as long as filling them. */
  readonly #row: FeatureArray<Float64Array>;
  #sparse: SparseLogits | undefined;

  protected constructor(affine: Affine, classes: readonly L[], featureNames: readonly string[] | undefined) {
    this.classes = Object.freeze([...classes]);
    this.featureNames = featureNames && Object.freeze([...featureNames]);
    this.numFeatures = affine.weight.length / affine.bias.length;
    const { columns, ...linear } = affine;
    this.#affine = columns === undefined ? linear : { ...linear, columns: { ...columns, names: this.featureNames } };
    this.#row = { values: new Float64Array(this.numFeatures), shape: [1, this.numFeatures] };
  }

  static {
    affineOf = (model) => model.#affine;
  }

  /** Must not be modified. */
  protected get affine(): Affine {
    return this.#affine;
  }

  /**
   * How the model standardises columns before it multiplies them: o = zW + b, zⱼ = (xⱼ − centerⱼ)·factorⱼ. Undefined for
   * most models: o = xW + b. A fit with `standardize` keeps it where a column is so far from 0, or so small or large, that
   * float32 weights for raw features would lose digits. A copy.
   */
  get columns(): Columns | undefined {
    const { columns } = this.#affine;
    return columns && { center: columns.center.slice(), factor: columns.factor.slice() };
  }

  /** W, [features, classes], as rows; a copy. With `columns`, the weights of standardised features. */
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
   * @param features rows, a typed array with its shape, or a sparse matrix
   * @returns one Float64Array of [classes] for each sample
   * @throws ShapeError if the number of features is not that of the model; DomainError if a feature is not finite
   */
  logits(features: Features | SparseMatrix): Float64Array[] {
    return this.#rows(features, 'logits');
  }

  /**
   * The probability of each class.
   *
   *   ŷ = softmax(xW + b)
   *
   * @param features rows, a typed array with its shape, or a sparse matrix
   * @returns one Float64Array of [classes] for each sample, ≥ 0, sum 1
   * @throws as `logits`
   */
  predictProbabilities(features: Features | SparseMatrix): Float64Array[] {
    const rows = this.#rows(features, 'predictProbabilities');
    for (const row of rows) softmaxInPlace(row);
    return rows;
  }

  /**
   * The most probable class of each sample; the first of several equally probable ones.
   *
   * @param features rows, a typed array with its shape, or a sparse matrix
   * @throws as `logits`
   */
  predict(features: Features | SparseMatrix): L[] {
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
   * The k most probable classes of each sample with their probabilities, the most probable first. Ties keep the order
   * of the classes.
   *
   * @param k an integer in [1, classes]
   * @throws DomainError for any other k; otherwise as `logits`
   * @example model.predictTopK(rows, 2)   // [[{ label: 'dog', probability: … }, { label: 'cat', … }], …]
   */
  predictTopK(features: Features | SparseMatrix, k: number): Prediction<L>[][] {
    const where = 'predictTopK';
    assertK(k, this.classes.length, where);
    return this.#rows(features, where).map((row) => {
      softmaxInPlace(row);
      return argTopK(row, k).map((column) => ({ label: this.classes[column], probability: row[column] }));
    });
  }

  /**
   * `logits` of large input or of a tensor, in chunks, so that the event loop is not blocked.
   *
   * The tfjs backend multiplies large tensors and arrays of bytes or float32, in float32. Other input is multiplied in
   * float64.
   *
   * @returns the numbers of all samples in one array
   * @throws as `logits`; the signal's reason if it is aborted
   */
  logitsAsync(features: AnyFeatures, options: PredictOptions = {}): Promise<RowArray> {
    return predictRows(this.#affine, features, 'logits', 'logitsAsync', options);
  }

  /** `predictProbabilities` in chunks, as `logitsAsync`. Returns the probabilities of all samples in one array. */
  predictProbabilitiesAsync(features: AnyFeatures, options: PredictOptions = {}): Promise<RowArray> {
    return predictRows(this.#affine, features, 'probabilities', 'predictProbabilitiesAsync', options);
  }

  /** `predict` in chunks, as `logitsAsync`. */
  predictAsync(features: AnyFeatures, options: PredictOptions = {}): Promise<L[]> {
    return predictLabels(this.#affine, this.classes, features, 'predictAsync', options);
  }

  /** `predictTopK` in chunks, as `logitsAsync`. Returns labels and probabilities of all samples in one array each. */
  predictTopKAsync(features: AnyFeatures, k: number, options: PredictOptions = {}): Promise<TopKArray<L>> {
    return predictTop(this.#affine, this.classes, features, k, 'predictTopKAsync', options);
  }

  /**
   * Evaluates the predictions on labelled samples, in chunks, as `logitsAsync`.
   *
   * @throws ShapeError or DomainError if features or labels do not match the model, or there are no samples; the
   *         signal's reason if it is aborted
   * @example const { accuracy, interval, logLoss } = await model.evaluate(test.features, test.labels);
   */
  evaluate(features: AnyFeatures, labels: ArrayLike<L>, options: EvaluateOptions = {}): Promise<Evaluation<L>> {
    return evaluateModel(this.#affine, this.classes, features, labels, options, 'evaluate');
  }

  /**
   * The contribution of each feature of one sample to each logit. It is exact, because the model is linear.
   *
   *   oₖ = bₖ + Σⱼ xⱼ·Wⱼₖ        with a baseline r: oₖ = oₖ(r) + Σⱼ (xⱼ − rⱼ)·Wⱼₖ
   *
   * Probabilities depend only on differences of logits, so compare the contributions to several classes. A contribution
   * that is the same for all classes has no effect.
   *
   * @param row x, [features]
   * @throws ShapeError if the number of features is not that of the model; DomainError if a feature is not finite
   * @example model.contributions(row, { baseline: columnStatistics(features).mean }).features[2].contributions
   */
  contributions(row: ArrayLike<number>, options: ContributionOptions = {}): Contributions<L> {
    return contributionsOf({ ...this.#affine, classes: this.classes, featureNames: this.featureNames }, row, options);
  }

  /**
   * The weights as a table with one row per feature, centred over the classes.
   *
   *   Wⱼₖ − (1/q) Σₖ Wⱼₖ
   *
   * Adding a number to all weights of a feature changes no probability, so only differences between classes are
   * meaningful. A centred weight is relative to the mean of all classes. A weight is per unit of its feature; `scale`
   * makes weights of different features comparable.
   *
   * @throws ShapeError or DomainError if the scale does not match the features
   * @example model.weightTable({ sort: 'magnitude', scale: columnStatistics(features).scale }).rows[0].feature
   */
  weightTable(options: WeightTableOptions = {}): WeightTable<L> {
    return weightTableOf({ ...this.#affine, classes: this.classes, featureNames: this.featureNames }, options);
  }

  #rows(features: Features | SparseMatrix, where: string): Float64Array[] {
    const rows = new Array<Float64Array>(this.#checkedCount(features, where));
    for (let i = 0; i < rows.length; i++) {
      rows[i] = new Float64Array(this.classes.length);
      this.#logitsInto(features, i, rows[i], where);
    }
    return rows;
  }

  /** Values of rows are checked later, when they are read. */
  #checkedCount(features: Features | SparseMatrix, where: string): number {
    if (isSparseInput(features)) return checkedCount(this.#affine, features, where);
    const limit = largestFeature(this.#affine);
    const shape = isRows(features) ? featureShape(features, where) : readFeatureArray(features, limit, where).shape;
    checkFeatureCount({ shape }, this.numFeatures, where);
    const { columns } = this.#affine;
    if (columns !== undefined && !isRows(features)) assertColumns(features, columns, where);
    return shape[0];
  }

  #logitsInto(features: Features | SparseMatrix, i: number, out: Float64Array, where: string): void {
    if (isSparseInput(features)) {
      this.#sparse ??= new SparseLogits(this.#affine);
      this.#sparse.write(features, i, out, 0);
    } else if (isRows(features)) {
      copyRow(features, i, this.#row.values, 0, where, undefined, largestFeature(this.#affine));
      logitsInto(this.#affine, this.#row, 0, out);
    } else {
      logitsInto(this.#affine, features, i, out);
    }
  }
}
