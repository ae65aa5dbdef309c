// model: the public classifier: training, calibration and its file.

import { BackendInUse } from '../compile/backend-in-use.js';
import type { Affine } from '../core/affine.js';
import { FormatError, isSoftmaxRegressionError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { Checksum } from '../core/ranks/checksum.js';
import { checkFeatureCount } from '../core/shape.js';
import { isSparse } from '../data/matrix.js';
import { StoredRows } from '../data/stored-rows.js';
import { type CsvSchema, checkedSchema, featureNamesOf } from '../data/table/schema.js';
import {
  type RecordExplanation,
  type RecordOptions,
  type RecordPrediction,
  Records,
  withoutSchema,
} from '../predict-records/records.js';
import { decodeModel, encodeModel, type Json } from '../serialization/model-file.js';
import type { FitResult } from '../training/fit.js';
import {
  type AnyFeatures,
  assertLabelCount,
  assertNotEmpty,
  classesOf,
  type FeaturesInput,
  largestOf,
  readFeatures,
  readRows,
  withWayOut,
} from '../training/inputs.js';
import { type FitOptions, fitPlan, restoredOptions, type TrainingOptions } from '../training/options.js';
import { fitSamples } from '../training/prepare.js';
import { checksumOf } from '../training/ranks.js';
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

/** The result of `calibrate`. */
export interface Calibration<L extends Label> extends Omit<CalibratedAffine<L>, 'affine'> {
  /** The calibrated model. The original model is not modified. */
  readonly model: SoftmaxRegression<L>;
}

/** The parts of a model other than weight and bias. */
interface Description<L extends Label> {
  readonly classes: readonly L[];
  readonly featureNames: readonly string[] | undefined;
  readonly numParameters: number;
  readonly options: TrainingOptions;
  readonly temperature?: number;
  readonly featureDeviations?: ArrayLike<number>;
  readonly schema?: CsvSchema;
  readonly stream?: Stream;
}

/**
 * Softmax regression: a linear classifier that predicts probabilities.
 *
 *   ŷ = softmax(xW + b)
 *
 * A model consists of plain arrays: it holds no tensors, needs no dispose, and predicts synchronously on any backend.
 * Methods that end in `Async` are for large input and tensors. They work in chunks, on the tfjs backend if it is faster.
 *
 * @example
 * const { model } = await SoftmaxRegression.fit(features, ['cat', 'dog', 'dog'], { l2: 0.1 });
 * model.predict([[0.1, 0.9]]);   // ['dog']
 * @see Dive into Deep Learning (zh), §3.4
 */
export class SoftmaxRegression<L extends Label> extends LinearClassifier<L> {
  /** The number of trained parameters. With a PHM layer, it is smaller than the size of weight and bias. */
  readonly numParameters: number;
  /** The options of the fit, defaults included. */
  readonly options: TrainingOptions;
  /** The temperature by which `calibrate` divided weight and bias; 1 without calibration. */
  readonly temperature: number;
  readonly #featureDeviations: Float64Array | undefined;
  /** How `encodeRows` and `readCsvRows` turn rows of a table into features, if it was given. */
  readonly schema: CsvSchema | undefined;
  readonly #stream: Stream | undefined;
  #records: Records<L> | undefined;

  private constructor({ weight, bias, columns }: Affine, description: Description<L>) {
    const { classes, featureNames, numParameters, options, temperature = 1, schema, stream } = description;
    const { featureDeviations } = description;
    super({ weight, bias, ...(columns && { columns }) }, classes, featureNames);
    this.numParameters = numParameters;
    this.options = options;
    this.temperature = temperature;
    this.#featureDeviations = featureDeviations && Float64Array.from(featureDeviations);
    this.schema = schema;
    this.#stream = stream;
  }

  /**
   * The standard deviation of each feature over the training samples, [features], 1 for a constant one; a copy. Undefined
   * for a fit without `standardize`. As `scale` of `weightTable` it makes features of different units comparable.
   *
   * @example model.weightTable({ sort: 'magnitude', scale: model.featureDeviations }).rows[0].feature
   */
  get featureDeviations(): Float64Array | undefined {
    return this.#featureDeviations?.slice();
  }

  /**
   * Trains a model: minimises (1/S)·Σᵢ sᵢ·NLLᵢ + l2/2·‖W‖², S = Σᵢ sᵢ, on the tfjs backend in use. sᵢ is the sample
   * weight times the class weight; both default to 1.
   *
   * @param features X: rows, a typed array with its shape, a tensor [n, features], or rows stored outside memory; finite
   * @param labels strings, numbers or booleans, one for each sample; the model keeps their type
   * @returns the fitted model and the result of the fit
   * @throws ShapeError if features and labels do not match; DomainError for NaN or infinite features, fewer than two
   *         classes, or an option that is unknown or out of range; BackendError if the backend is changed before the fit
   *         ends; the signal's reason if it is aborted
   * @example const { model, result } = await SoftmaxRegression.fit(iris.features, iris.labels, { l2: 0.01 });
   * @see docs/training.md for what each option does
   */
  static fit<const L extends Label>(
    features: AnyFeatures,
    labels: ArrayLike<L>,
    options: FitOptions<L> & { readonly schema: CsvSchema },
  ): Promise<{ model: SoftmaxRegression<L> & { readonly schema: CsvSchema }; result: FitResult }>;
  static fit<const L extends Label>(
    features: AnyFeatures,
    labels: ArrayLike<L>,
    options?: FitOptions<L>,
  ): Promise<{ model: SoftmaxRegression<L>; result: FitResult }>;
  static async fit<const L extends Label>(
    features: AnyFeatures,
    labels: ArrayLike<L>,
    options: FitOptions<L> = {},
  ): Promise<{ model: SoftmaxRegression<L>; result: FitResult }> {
    const where = 'fit';
    const plan = fitPlan(options, where);
    const backend = new BackendInUse(where, plan.signal);
    // Reading stored rows may take long.
    if (features instanceof StoredRows) assertLabelCount(labels, features.shape[0], where);
    const { communicator, signal } = plan;
    const isShared = communicator !== undefined && communicator.size > 1;
    const ofStored = new Checksum();
    const x = await readRows(features, where, largestOf(plan), signal, isShared ? ofStored : undefined).catch(
      (error) => {
        throw withWayOut(error, options.featureNames);
      },
    );
    assertLabelCount(labels, x.shape[0], where);
    assertNotEmpty(x, where);
    const described = describedFeatures(options, x.shape[1], where);
    const classes = classesOf(labels, options.classes, where);
    const y = classIndices(labels, classes, where);
    const { featureNames } = described;
    const checksum = isShared && !isSparse(x) ? await checksumOf(x, communicator, ofStored, signal) : undefined;
    const given = { backend, features: x, checksum, labels: y, classes, featureNames };
    const { fitted, options: kept } = await backend.run(() => fitSamples(given, plan, where));
    const { numParameters, featureDeviations, result } = fitted;
    const description = { classes, ...described, numParameters, options: kept, featureDeviations };
    return { model: new SoftmaxRegression(fitted, description), result };
  }

  /**
   * An untrained model for `partialFit`, with the initial weights of a first-order fit.
   *
   * @throws DomainError for fewer than two classes, or an option that is unknown, out of range or needs all samples at
   *   once
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
   * Learns from new samples by first-order steps, in one pass by default. Returns a new model; this one does not change.
   *
   * The new model keeps the state of optimizer, schedule and generator, so parts of a stream continue one training: the
   * same parts in the same order give the same model. A model from `fit` or from a file starts with its weights alone.
   * Weights of samples and classes multiply the losses without normalisation.
   *
   * @param features as in `fit`
   * @param labels classes of the model; not all of them need to occur
   * @throws ShapeError or DomainError if features or labels do not match the model, or it was fitted by lbfgs, with
   *   `standardize`, or with `classWeights: 'balanced'`, which need all samples at once
   */
  async partialFit(
    features: FeaturesInput,
    labels: ArrayLike<L>,
    options: PartialFitOptions<L> = {},
  ): Promise<{ model: SoftmaxRegression<L>; result: FitResult }> {
    const where = 'partialFit';
    assertPartialFitOptions(options, where);
    const backend = new BackendInUse(where, options.signal);
    const x = await readFeatures(features, where);
    checkFeatureCount(x, this.numFeatures, where);
    assertLabelCount(labels, x.shape[0], where);
    assertNotEmpty(x, where);
    const y = classIndices(labels, this.classes, where);
    const learner = { classes: this.classes, options: this.options, model: this, stream: this.#stream, backend };
    const next = await backend.run(() => fitNextPart(learner, { features: x, labels: y }, options, where));
    const { fitted, options: training, stream } = next;
    const { classes, featureNames, schema } = this;
    const { numParameters, result } = fitted;
    const description = { classes, featureNames, numParameters, options: training, schema, stream };
    return { model: new SoftmaxRegression(fitted, description), result };
  }

  /**
   * Predicts records: objects with a value for each feature column of the table that the model was trained on.
   *
   * Records are encoded by the schema of the model, as by `encodeRows`: null and '' are missing values, which the schema
   * fills in or refuses; an absent key is an error; other keys are ignored, unless `strict: true`. A missing value is an
   * error where the schema drops rows, because each record has a prediction.
   *
   * @returns label, its probability, and the probabilities of all classes, for each record
   * @throws FormatError with the index of the record and the key, for a value that does not match its column or an absent
   *         key; ShapeError for a record that is not an object, such as a list or a Map; DomainError for a model without
   *         a schema, or an unknown option
   * @example model.predictRecords([{ width: 1.5, colour: 'red' }])[0].label   // 'cat'
   */
  predictRecords(records: readonly object[], options: RecordOptions = {}): RecordPrediction<L>[] {
    return this.#ofSchema('predictRecords').predict(records, options);
  }

  /**
   * The contribution of each column of the table to the logits of one record, as `contributions` has it for each feature.
   * That of a category is the sum over its features.
   *
   * @throws as `predictRecords`
   * @example model.explainRecord({ width: 1.5, colour: 'red' }).columns[1]   // { column: 'colour', value: 'red', … }
   */
  explainRecord(record: object, options: RecordOptions = {}): RecordExplanation<L> {
    return this.#ofSchema('explainRecord').explain(record, options);
  }

  #ofSchema(where: string): Records<L> {
    if (this.schema === undefined) throw withoutSchema(where);
    this.#records ??= new Records(this.affine, this.classes, this.schema);
    return this.#records;
  }

  /**
   * The model as a safetensors file, with weight and bias as tensors, and classes, options and a checksum as metadata.
   * The bytes are the same in Node and in browsers. `saveModel` writes them; `loadPredictor` of
   * `softmax-regression/predict` and Python's safetensors read them.
   */
  toBytes(): Uint8Array {
    const { classes, featureNames, numFeatures, numParameters, temperature, schema } = this;
    const options = this.options as unknown as Readonly<Record<string, Json>>;
    const calibration = temperature === 1 ? undefined : { temperature };
    const featureDeviations = this.#featureDeviations && Array.from(this.#featureDeviations);
    const described = { featureNames, numParameters, options, calibration, featureDeviations, schema };
    const content = { classes, numFeatures, ...described };
    return encodeModel({ ...this.affine, ...content });
  }

  /**
   * Reads the bytes of `toBytes`. Everything is validated before the model is built.
   *
   * @param where the start of error messages, such as a path
   * @throws FormatError if the bytes are not a model, are corrupt or truncated, or need a later version of this package
   */
  static fromBytes<L extends Label = Label>(bytes: Uint8Array, where = 'fromBytes'): SoftmaxRegression<L> {
    const content = decodeModel(bytes, where);
    const { classes, weight, bias, columns, featureNames, numParameters, options, calibration } = content;
    return new SoftmaxRegression<L>(
      { weight, bias, columns },
      {
        classes: classes as readonly L[],
        featureNames,
        numParameters,
        options: storedOptions(options, classes, where),
        temperature: calibration?.temperature ?? 1,
        featureDeviations: content.featureDeviations,
        schema: content.schema,
      },
    );
  }

  /**
   * A model with calibrated probabilities: its logits are divided by a temperature T fitted to held-out samples.
   *
   *   softmax(o/T),   T > 0 minimises the log loss        weight and bias are divided by T, so the model file includes
   *   it
   *
   * The order of the classes and the accuracy do not change. `before` and `after` are evaluations on these samples. T
   * is fitted to them, so `after` is slightly optimistic.
   *
   * @param features held-out samples; a hundred are enough for one parameter
   * @throws as `evaluate`
   * @example const { model, temperature } = await overconfident.calibrate(heldBack.features, heldBack.labels);
   * @see Guo et al., On calibration of modern neural networks (2017)
   */
  async calibrate(
    features: AnyFeatures,
    labels: ArrayLike<L>,
    options: CalibrateOptions = {},
  ): Promise<Calibration<L>> {
    const { affine, ...found } = await calibrateAffine(this.affine, this.classes, features, labels, options);
    const { classes, featureNames, numParameters, temperature, schema } = this;
    const { options: training, featureDeviations } = this;
    const description = { classes, featureNames, numParameters, options: training, featureDeviations, schema };
    const model = new SoftmaxRegression(affine, { ...description, temperature: temperature * found.temperature });
    return { model, ...found };
  }
}

/** The schema of the features and their names. Names default to those of the schema. */
function describedFeatures(
  options: Pick<FitOptions<Label>, 'schema' | 'featureNames'>,
  numFeatures: number,
  where: string,
) {
  const schema = options.schema && checkedSchema(options.schema, numFeatures, where);
  const names = options.featureNames ?? (schema && featureNamesOf(schema));
  return { schema, featureNames: checkedFeatureNames(names, numFeatures, where) };
}

/** Validates the options of a file like those of `fit`. */
function storedOptions(
  options: Readonly<Record<string, Json>>,
  classes: readonly Label[],
  where: string,
): TrainingOptions {
  try {
    return restoredOptions(options, classes, where);
  } catch (cause) {
    if (!isSoftmaxRegressionError(cause)) throw cause;
    const { expected, actual, argument } = cause;
    throw new FormatError({ where, argument: `options, ${argument},`, expected, actual, cause });
  }
}
