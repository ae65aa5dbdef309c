// model: the classifier that people use: how it comes to be, and its file.

import type { Affine } from '../core/affine.js';
import { FormatError, isSoftmaxRegressionError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { checkFeatureCount } from '../core/shape.js';
import { type CsvSchema, checkedSchema, featureNamesOf } from '../data/table/schema.js';
import { decodeModel, encodeModel, type Json } from '../serialization/model-file.js';
import type { FitResult } from '../training/fit.js';
import { assertLabelCount, assertNotEmpty, classesOf, type FeaturesInput, readFeatures } from '../training/inputs.js';
import { type FitOptions, fitPlan, restoredOptions, type TrainingOptions } from '../training/options.js';
import { fitSamples } from '../training/prepare.js';
import {
  assertPartialFitOptions,
  fitNextPart,
  openStream,
  type PartialFitOptions,
  type Stream,
  type StreamOptions,
} from '../training/stream.js';
import { type CalibratedAffine, type CalibrateOptions, calibrateAffine } from './calibrate.js';
import { checkedFeatureNames } from './insight.js';
import { LinearClassifier } from './linear-classifier.js';

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
  readonly temperature?: number;
  readonly schema?: CsvSchema;
  readonly stream?: Stream;
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
export class SoftmaxRegression<L extends Label> extends LinearClassifier<L> {
  /** How many numbers were trained; with a PHM layer fewer than weight and bias hold. */
  readonly numParameters: number;
  /** What decided the fit, defaults included. */
  readonly options: TrainingOptions;
  /** By what `calibrate` divided weight and bias; 1 if it never did. */
  readonly temperature: number;
  /** How rows of a table become features, where it was given: for `encodeRows` and `readCsvRows`. */
  readonly schema: CsvSchema | undefined;
  readonly #stream: Stream | undefined;

  private constructor({ weight, bias }: Affine, description: Description<L>) {
    const { classes, featureNames, numParameters, options, temperature = 1, schema, stream } = description;
    super({ weight, bias }, classes, featureNames);
    this.numParameters = numParameters;
    this.options = options;
    this.temperature = temperature;
    this.schema = schema;
    this.#stream = stream;
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
   * @see docs/training.md for what each option does
   */
  static async fit<const L extends Label>(
    features: FeaturesInput,
    labels: ArrayLike<L>,
    options: FitOptions<L> = {},
  ): Promise<{ model: SoftmaxRegression<L>; result: FitResult }> {
    const where = 'fit';
    const plan = fitPlan(options, where);
    const x = await readFeatures(features, where);
    assertLabelCount(labels, x.shape[0], where);
    assertNotEmpty(x, where);
    const described = describedFeatures(options, x.shape[1], where);
    const classes = classesOf(labels, options.classes, where);
    const y = classIndices(labels, classes, where);
    const { fitted, options: kept } = await fitSamples({ features: x, labels: y, classes }, plan, where);
    const { numParameters, result } = fitted;
    const description = { classes, ...described, numParameters, options: kept };
    return { model: new SoftmaxRegression(fitted, description), result };
  }

  /**
   * A model that has seen nothing, for `partialFit`: its weights are those that a fit by steps begins from.
   *
   * @throws DomainError for fewer than two classes, or an option that is unknown, out of range or needs all samples at once
   * @example
   * let model = await SoftmaxRegression.untrained({ classes: ['cat', 'dog'], numFeatures: 2, solver: 'adam' });
   * for await (const { features, labels } of parts) ({ model } = await model.partialFit(features, labels));
   */
  static async untrained<const L extends Label>(options: StreamOptions<L>): Promise<SoftmaxRegression<L>> {
    const where = 'untrained';
    const { classes, options: training, started, stream } = await openStream(options, where);
    const { numParameters } = started;
    const described = describedFeatures(options, options.numFeatures, where);
    return new SoftmaxRegression(started, { classes, ...described, numParameters, options: training, stream });
  }

  /**
   * Learns from samples that were not there before: one pass over them, in steps. Returns a new model; this one stays as it is.
   *
   * The new one remembers the state of optimizer, schedule and generator, so that parts of a stream count as the epochs of
   * a training: the same parts in the same order give the same model. A model of `fit`, or of a file, has only its weights to
   * begin with. Weights of samples and classes multiply the losses as they are.
   *
   * @param features as in `fit`
   * @param labels each one of the model's classes, which need not all appear
   * @throws ShapeError or DomainError if features or labels do not fit the model, or it was fitted by lbfgs, with
   *   `standardize`, or with `classWeights: 'balanced'`, which need all samples at once
   */
  async partialFit(
    features: FeaturesInput,
    labels: ArrayLike<L>,
    options: PartialFitOptions<L> = {},
  ): Promise<{ model: SoftmaxRegression<L>; result: FitResult }> {
    const where = 'partialFit';
    assertPartialFitOptions(options, where);
    const x = await readFeatures(features, where);
    checkFeatureCount(x, this.numFeatures, where);
    assertLabelCount(labels, x.shape[0], where);
    assertNotEmpty(x, where);
    const y = classIndices(labels, this.classes, where);
    const learner = { classes: this.classes, options: this.options, model: this, stream: this.#stream };
    const next = await fitNextPart(learner, { features: x, labels: y }, options, where);
    const { fitted, options: training, stream } = next;
    const { classes, featureNames, schema } = this;
    const { numParameters, result } = fitted;
    const description = { classes, featureNames, numParameters, options: training, schema, stream };
    return { model: new SoftmaxRegression(fitted, description), result };
  }

  /**
   * The model as a file: safetensors, with weight and bias as tensors, and classes, options and a checksum as metadata. The
   * same bytes in Node and in browsers; `saveModel` writes them, `loadPredictor` of `softmax-regression/predict` and Python's
   * safetensors read them.
   */
  toBytes(): Uint8Array {
    const { classes, featureNames, numFeatures, numParameters, temperature, schema } = this;
    const options = this.options as unknown as Readonly<Record<string, Json>>;
    const calibration = temperature === 1 ? undefined : { temperature };
    const content = { classes, featureNames, numFeatures, numParameters, options, calibration, schema };
    return encodeModel({ ...this.affine, ...content });
  }

  /**
   * The model of `toBytes`. Everything is checked before anything is built.
   *
   * @param where begins the error messages: a path
   * @throws FormatError if the bytes are no model, were changed or cut short, or need a later version of this package
   */
  static fromBytes<L extends Label = Label>(bytes: Uint8Array, where = 'fromBytes'): SoftmaxRegression<L> {
    const content = decodeModel(bytes, where);
    const { classes, weight, bias, featureNames, numParameters, options, calibration, schema } = content;
    return new SoftmaxRegression<L>(
      { weight, bias },
      {
        classes: classes as readonly L[],
        featureNames,
        numParameters,
        options: storedOptions(options, where),
        temperature: calibration?.temperature ?? 1,
        schema,
      },
    );
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
    const { affine, ...found } = await calibrateAffine(this.affine, this.classes, features, labels, options);
    const { classes, featureNames, numParameters, temperature, schema } = this;
    const description = { classes, featureNames, numParameters, options: this.options, schema };
    const model = new SoftmaxRegression(affine, { ...description, temperature: temperature * found.temperature });
    return { model, ...found };
  }
}

/** The schema of the table that the features come from, and their names: its names, unless others are given. */
function describedFeatures(
  options: Pick<FitOptions<Label>, 'schema' | 'featureNames'>,
  numFeatures: number,
  where: string,
) {
  const schema = options.schema && checkedSchema(options.schema, numFeatures, where);
  const names = options.featureNames ?? (schema && featureNamesOf(schema));
  return { schema, featureNames: checkedFeatureNames(names, numFeatures, where) };
}

/** Options of a file are held to what `fit` takes. */
function storedOptions(options: Readonly<Record<string, Json>>, where: string): TrainingOptions {
  try {
    return restoredOptions(options, where);
  } catch (cause) {
    if (!isSoftmaxRegressionError(cause)) throw cause;
    const { expected, actual, argument } = cause;
    throw new FormatError({ where, argument: `options, ${argument},`, expected, actual, cause });
  }
}
