// model: the classifier that people use: fit, predict, evaluate.
import { FormatError, isSoftmaxRegressionError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { asFeatureArray, type FeatureArray, type Features } from '../data/batches.js';
import { type CalibratedAffine, type CalibrateOptions, calibrateAffine } from './calibrate.js';
import { type EvaluateOptions, type Evaluation, evaluateModel } from './evaluation.js';
import type { FitResult } from './fit.js';
import { fitFirstOrder } from './fit-first-order.js';
import { fitLbfgs } from './fit-lbfgs.js';
import { assertLabelCount, assertNotEmpty, classesOf, type FeaturesInput, readFeatures } from './inputs.js';
import {
  type ContributionOptions,
  type Contributions,
  checkedFeatureNames,
  contributionsOf,
  type WeightTable,
  type WeightTableOptions,
  weightTableOf,
} from './insight.js';
import { decodeModel, encodeModel, type Json } from './model-file.js';
import { type FitOptions, type TrainingOptions, trainingOptions } from './options.js';
import {
  type Affine,
  affineRows,
  argMax,
  argTopK,
  assertFeatureCount,
  assertK,
  logitsInto,
  type Prediction,
  softmaxInPlace,
} from './predict.js';
import {
  type PredictOptions,
  predictLabels,
  predictRows,
  predictTop,
  type RowArray,
  type TopKArray,
} from './predict-async.js';
import { sampleWeightsOf } from './weights.js';

/** What `calibrate` found. */
export interface Calibration<L extends Label> extends Omit<CalibratedAffine<L>, 'affine'> {
  /** The calibrated model; the one that was calibrated stays as it was. */
  readonly model: SoftmaxRegression<L>;
}

/** What a model is made of, beside weight and bias. */
interface Description<L extends Label> {
  readonly classes: readonly L[];
  readonly featureNames: readonly string[] | undefined;
  readonly numParameters: number;
  readonly options: TrainingOptions;
  readonly temperature: number;
}

/**
 * Softmax regression: a linear classifier that says how sure it is.
 *
 *   ŷ = softmax(xW + b)
 *
 * A model is plain arrays: it holds no tensor, needs no dispose, and predicts synchronously on any backend. What ends in
 * `Async` is for large input and tensors: it works in chunks, on the backend in use where that pays.
 *
 * @example
 * const { model } = await SoftmaxRegression.fit(features, ['cat', 'dog', 'dog'], { l2: 0.1 });
 * model.predict([[0.1, 0.9]]);   // ['dog']
 * @see Dive into Deep Learning (zh), §3.4
 */
export class SoftmaxRegression<L extends Label> {
  /** The classes, in the order of the columns of logits and probabilities. */
  readonly classes: readonly L[];
  /** Names of the features, where they were given. */
  readonly featureNames: readonly string[] | undefined;
  /** d, features of a sample. */
  readonly numFeatures: number;
  /** How many numbers were trained; with a PHM layer fewer than weight and bias hold. */
  readonly numParameters: number;
  /** What decided the fit, defaults included. */
  readonly options: TrainingOptions;
  /** By what `calibrate` divided weight and bias; 1 if it never did. */
  readonly temperature: number;
  readonly #affine: Affine;

  private constructor(affine: Affine, description: Description<L>) {
    const { classes, featureNames, numParameters, options, temperature } = description;
    this.classes = Object.freeze([...classes]);
    this.featureNames = featureNames && Object.freeze([...featureNames]);
    this.numFeatures = affine.weight.length / affine.bias.length;
    this.numParameters = numParameters;
    this.options = options;
    this.temperature = temperature;
    this.#affine = affine;
  }

  /**
   * Trains a model: minimises (1/S)·Σᵢ sᵢ·NLLᵢ + l2/2·‖W‖², S = Σᵢ sᵢ, on the tfjs backend in use; sᵢ is a sample's weight times
   * its class's, 1 unless given.
   *
   * @param features X: rows, a typed array with its shape, or a tensor [n, features]; finite
   * @param labels strings, numbers or booleans, one for each sample; the model keeps their type
   * @returns the fitted model, and how it went
   * @throws ShapeError if features and labels do not belong together; DomainError for NaN or infinite features, fewer
   *         than two classes, or an option that is unknown or out of range; the signal's reason if it is aborted
   * @example const { model, result } = await SoftmaxRegression.fit(iris.features, iris.labels, { l2: 0.01 });
   */
  static async fit<const L extends Label>(
    features: FeaturesInput,
    labels: ArrayLike<L>,
    options: FitOptions<L> = {},
  ): Promise<{ model: SoftmaxRegression<L>; result: FitResult }> {
    const where = 'fit';
    const training = trainingOptions(options, where);
    const x = await readFeatures(features, where);
    assertLabelCount(labels, x.shape[0], where);
    assertNotEmpty(x, where);
    const featureNames = checkedFeatureNames(options.featureNames, x.shape[1], where);
    const classes = classesOf(labels, options.classes, where);
    const y = classIndices(labels, classes, where);
    const { sampleWeights } = options;
    const { classWeights } = training;
    const weights = sampleWeightsOf(y, classes, { sampleWeights, classWeights }, where);
    const samples = { features: x, labels: y, weights, numClasses: classes.length };
    const { weight, bias, numParameters, result } =
      training.solver === 'lbfgs'
        ? await fitLbfgs(samples, training, options)
        : await fitFirstOrder(samples, training, options);
    const description = { classes, featureNames, numParameters, options: training, temperature: 1 };
    return { model: new SoftmaxRegression({ weight, bias }, description), result };
  }

  /**
   * The model as a file: safetensors, with weight and bias as tensors, and classes, options and a checksum as metadata. The
   * same bytes in Node and in browsers; `saveModel` writes them, `loadPredictor` of `softmax-regression/predict` and Python's
   * safetensors read them.
   */
  toBytes(): Uint8Array {
    const { classes, featureNames, numFeatures, numParameters, temperature } = this;
    const options = this.options as unknown as Readonly<Record<string, Json>>;
    const calibration = temperature === 1 ? undefined : { temperature };
    return encodeModel({ ...this.#affine, classes, featureNames, numFeatures, numParameters, options, calibration });
  }

  /**
   * The model of `toBytes`. Everything is checked before anything is built.
   *
   * @param where begins the error messages: a path
   * @throws FormatError if the bytes are no model, were changed or cut short, or need a later version of this package
   */
  static fromBytes<L extends Label = Label>(bytes: Uint8Array, where = 'fromBytes'): SoftmaxRegression<L> {
    const { classes, weight, bias, featureNames, numParameters, options, calibration } = decodeModel(bytes, where);
    return new SoftmaxRegression<L>(
      { weight, bias },
      {
        classes: classes as readonly L[],
        featureNames,
        numParameters,
        options: storedOptions(options, where),
        temperature: calibration?.temperature ?? 1,
      },
    );
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
    return affineRows(this.#affine, this.#checked(features, 'logits'));
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
    const rows = affineRows(this.#affine, this.#checked(features, 'predictProbabilities'));
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
    const x = this.#checked(features, 'predict');
    const labels = new Array<L>(x.shape[0]);
    const logits = new Float64Array(this.classes.length);
    for (let i = 0; i < labels.length; i++) {
      logitsInto(this.#affine, x, i, logits);
      labels[i] = this.classes[argMax(logits)];
    }
    return labels;
  }

  /**
   * The k most probable classes of each sample with their probabilities, the most probable first; of equal ones the first.
   *
   * @param k an integer in [1, classes]
   * @throws DomainError for another k; as `logits`
   * @example model.predictTopK(rows, 2)   // [[{ label: 'dog', probability: 0.9 }, { label: 'cat', probability: 0.08 }], …]
   */
  predictTopK(features: Features, k: number): Prediction<L>[][] {
    const where = 'predictTopK';
    assertK(k, this.classes.length, where);
    return affineRows(this.#affine, this.#checked(features, where)).map((row) => {
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
   * A model whose probabilities mean what they say: logits divided by the temperature that fits samples it did not learn from.
   *
   *   softmax(o/T),   T > 0 that minimises the log loss        weight and bias are divided by T, so that every reader has it
   *
   * The order of the classes stays, and so does the accuracy. `before` and `after` are evaluations on these samples: as T was
   * fitted to them, `after` flatters a little.
   *
   * @param features of samples that were held back; a hundred do for one number
   * @throws as `evaluate`
   * @example const { model, temperature } = await overconfident.calibrate(heldBack.features, heldBack.labels);
   * @see Guo et al., On calibration of modern neural networks (2017)
   */
  async calibrate(
    features: FeaturesInput,
    labels: ArrayLike<L>,
    options: CalibrateOptions = {},
  ): Promise<Calibration<L>> {
    const { affine, ...found } = await calibrateAffine(this.#affine, this.classes, features, labels, options);
    const { classes, featureNames, numParameters, temperature } = this;
    const description = { classes, featureNames, numParameters, options: this.options };
    const model = new SoftmaxRegression(affine, { ...description, temperature: temperature * found.temperature });
    return { model, ...found };
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

  #checked(features: Features, where: string): FeatureArray {
    const x = asFeatureArray(features, where);
    assertFeatureCount(x.shape, this.numFeatures, where);
    return x;
  }
}

/** Options of a file are held to what `fit` takes. */
function storedOptions(options: Readonly<Record<string, Json>>, where: string): TrainingOptions {
  try {
    return trainingOptions(options as FitOptions<Label>, where);
  } catch (cause) {
    if (!isSoftmaxRegressionError(cause)) throw cause;
    const { expected, actual, argument } = cause;
    throw new FormatError({ where, argument: `options, ${argument},`, expected, actual, cause });
  }
}
