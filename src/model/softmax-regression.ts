// model: the classifier that people use: fit, predict, evaluate.
import { FormatError, isSoftmaxRegressionError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { assertKnownOptions } from '../core/shape.js';
import { nextTask } from '../core/task.js';
import { asFeatureArray, batchRanges, type Features } from '../data/batches.js';
import {
  type ClassScores,
  type ConfusionMatrix,
  confusionMatrix,
  precisionRecallFscore,
} from '../metrics/classification.js';
import type { FitResult } from './fit.js';
import { assertLabelCount, assertNotEmpty, classesOf, type FeaturesInput, readFeatures } from './inputs.js';
import { decodeModel, encodeModel, type Json } from './model-file.js';
import { rowsOfATask } from './objective.js';
import { type FitOptions, type TrainingOptions, trainingOptions } from './options.js';
import { type Affine, affineRows, argMax, checkFeatureCount, softmaxRow, surpriseRow } from './predict.js';
import { fitSamples } from './prepare.js';
import {
  assertPartialFitOptions,
  fitNextPart,
  openStream,
  type PartialFitOptions,
  type Stream,
  type StreamOptions,
} from './stream.js';

export interface Evaluation<L extends Label> {
  readonly samples: number;
  /** Mean negative log-likelihood, nats. */
  readonly loss: number;
  readonly accuracy: number;
  /** Precision, recall, fscore and support, in the order of the model's classes. */
  readonly perClass: ClassScores<L>;
  /** Rows are the truth, columns the prediction, in the order of the model's classes. */
  readonly confusion: ConfusionMatrix<L>;
}

/**
 * Softmax regression: a linear classifier that says how sure it is.
 *
 *   ŷ = softmax(xW + b)
 *
 * A model is plain arrays: it holds no tensor, needs no dispose, and predicts synchronously on any backend.
 *
 * @example
 * const { model } = await SoftmaxRegression.fit(features, ['cat', 'dog', 'dog'], { l2: 0.1 });
 * model.predict([[0.1, 0.9]]);   // ['dog']
 * @see Dive into Deep Learning (zh), §3.4
 */
export class SoftmaxRegression<L extends Label> {
  /** The classes, in the order of the columns of logits and probabilities. */
  readonly classes: readonly L[];
  /** d, features of a sample. */
  readonly numFeatures: number;
  /** How many numbers were trained; with a PHM layer fewer than weight and bias hold. */
  readonly numParameters: number;
  /** What decided the fit, defaults included. */
  readonly options: TrainingOptions;
  readonly #affine: Affine;
  readonly #stream: Stream | undefined;

  private constructor(
    classes: readonly L[],
    affine: Affine,
    numParameters: number,
    options: TrainingOptions,
    stream?: Stream,
  ) {
    this.classes = Object.freeze([...classes]);
    this.numFeatures = affine.weight.length / affine.bias.length;
    this.numParameters = numParameters;
    this.options = options;
    this.#affine = affine;
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
    const classes = classesOf(labels, options.classes, where);
    const y = classIndices(labels, classes, where);
    const fitted = await fitSamples({ features: x, labels: y, classes }, training, options, where);
    return { model: new SoftmaxRegression(classes, fitted, fitted.numParameters, training), result: fitted.result };
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
    const { classes, options: training, started, stream } = await openStream(options, 'untrained');
    return new SoftmaxRegression(classes, started, started.numParameters, training, stream);
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
    const { fitted, stream } = next;
    const model = new SoftmaxRegression(this.classes, fitted, fitted.numParameters, next.options, stream);
    return { model, result: fitted.result };
  }

  /**
   * The model as a file: safetensors, with weight and bias as tensors, and classes, options and a checksum as metadata. The
   * same bytes in Node and in browsers; `saveModel` writes them, `loadPredictor` of `softmax-regression/predict` and Python's
   * safetensors read them.
   */
  toBytes(): Uint8Array {
    const { classes, numFeatures, numParameters } = this;
    const options = this.options as unknown as Readonly<Record<string, Json>>;
    return encodeModel({ ...this.#affine, classes, numFeatures, numParameters, options });
  }

  /**
   * The model of `toBytes`. Everything is checked before anything is built.
   *
   * @param where begins the error messages: a path
   * @throws FormatError if the bytes are no model, were changed or cut short, or need a later version of this package
   */
  static fromBytes<L extends Label = Label>(bytes: Uint8Array, where = 'fromBytes'): SoftmaxRegression<L> {
    const { classes, weight, bias, numParameters, options, temperature, standardization } = decodeModel(bytes, where);
    if (temperature !== undefined || standardization !== undefined) {
      const argument = temperature === undefined ? 'standardization' : 'temperature';
      const hint = 'loadPredictor of softmax-regression/predict applies it.';
      throw new FormatError({ where, argument, expected: 'be part of weight and bias', actual: 'apart', hint });
    }
    return new SoftmaxRegression(
      classes as readonly L[],
      { weight, bias },
      numParameters,
      storedOptions(options, where),
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
    return this.#rows(features, 'predictProbabilities').map(softmaxRow);
  }

  /**
   * The most probable class of each sample; of equally probable ones the first.
   *
   * @param features rows, or a typed array with its shape
   * @throws as `logits`
   */
  predict(features: Features): L[] {
    return this.#rows(features, 'predict').map((row) => this.classes[argMax(row)]);
  }

  /**
   * Loss, accuracy, and scores per class, on samples whose labels are known.
   *
   * @throws ShapeError or DomainError if features or labels do not fit the model, or there is no sample
   */
  async evaluate(
    features: FeaturesInput,
    labels: ArrayLike<L>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Evaluation<L>> {
    const where = 'evaluate';
    assertKnownOptions(options, ['signal'], where);
    const x = await readFeatures(features, where);
    checkFeatureCount(x, this.numFeatures, where);
    const [samples] = x.shape;
    assertLabelCount(labels, samples, where);
    assertNotEmpty(x, where);
    const y = classIndices(labels, this.classes, where);
    const predictions = new Array<L>(samples);
    let loss = 0;
    let right = 0;
    for (const [start, end] of batchRanges(samples, rowsOfATask(this.numFeatures, this.classes.length))) {
      options.signal?.throwIfAborted();
      affineRows(this.#affine, x, start, end).forEach((row, i) => {
        const predicted = argMax(row);
        predictions[start + i] = this.classes[predicted];
        loss += surpriseRow(row, y[start + i]);
        if (predicted === y[start + i]) right++;
      });
      await nextTask();
    }
    const { classes } = this;
    return {
      samples,
      loss: loss / samples,
      accuracy: right / samples,
      perClass: precisionRecallFscore(labels, predictions, { classes }),
      confusion: confusionMatrix(labels, predictions, classes),
    };
  }

  #rows(features: Features, where: string): Float64Array[] {
    const x = asFeatureArray(features, where);
    checkFeatureCount(x, this.numFeatures, where);
    return affineRows(this.#affine, x, 0, x.shape[0]);
  }
}

/** Options of a file are held to what `fit` takes. */
function storedOptions(options: Readonly<Record<string, Json>>, where: string): TrainingOptions {
  try {
    // The function itself is not kept.
    const learningRate = options.learningRate === 'function' ? () => 1 : options.learningRate;
    return trainingOptions({ ...options, learningRate } as FitOptions<Label>, where);
  } catch (cause) {
    if (!isSoftmaxRegressionError(cause)) throw cause;
    const { expected, actual, argument } = cause;
    throw new FormatError({ where, argument: `options, ${argument},`, expected, actual, cause });
  }
}
