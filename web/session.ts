// web: data, backend and model of the page, in its worker.
import * as tf from '@tensorflow/tfjs';
import {
  type BackendName,
  columnStatistics,
  type Evaluation,
  encodeRows,
  type FeatureArray,
  type FitOptions,
  type FitResult,
  formatBackend,
  type Label,
  SoftmaxRegression,
  selectBackend,
} from 'softmax-regression';
import { confidentMistakes, type GradcheckResult, type ReportInput } from 'softmax-regression/report';
import { columnsOf, type DataSet, imageData, irisData, kindOf, readFile, tableData } from './files.js';
import type {
  BackendState,
  Calls,
  CurvePoint,
  DataSummary,
  Field,
  HeldOutSample,
  ImageSize,
  ModelSummary,
  Opened,
  Report,
  RowToPredict,
  Share,
  TableOptions,
  Trained,
  TrainRequest,
} from './messages.js';
import { type Affine, type Deviations, proofOf, type View, viewOf } from './watch.js';

type Model = SoftmaxRegression<Label>;

/** What an answer of the worker may be: at once, or later. */
type Answers = { [Name in keyof Calls]: (...args: Parameters<Calls[Name]>) => Promise<ReturnType<Calls[Name]>> };

/** Messages are not sent more often than this: a picture of the weights takes the page a few milliseconds. */
const PAUSE_MS = 150;

/** Samples whose gradient is shown, and classes of an answer. */
const PROOF_SAMPLES = 16;
const MOST_CLASSES = 10;

export class Session implements Answers {
  readonly #tell: (report: Report) => void;
  #backend: BackendState | undefined;
  #data: DataSet | undefined;
  #deviations: Deviations | undefined;
  #model: Model | undefined;
  #evaluation: Evaluation<Label> | undefined;
  #fit: FitResult | undefined;
  #proof: GradcheckResult | undefined;
  #abort = new AbortController();

  constructor(tell: (report: Report) => void) {
    this.#tell = tell;
  }

  async chooseBackend(preference?: BackendName): Promise<BackendState> {
    const choice = await selectBackend(preference);
    this.#backend = { backend: choice.backend, line: formatBackend(choice), refused: choice.refused };
    return this.#backend;
  }

  async openIris(): Promise<DataSummary> {
    return this.#take(irisData());
  }

  async openFiles(files: readonly File[], isClothing: boolean): Promise<Opened> {
    if (files.length === 0) throw new Error('No file: choose one.');
    const read: { file: File; name: string; bytes: Uint8Array }[] = [];
    for (const file of files) read.push({ file, name: file.name, bytes: await readFile(file) });
    const kinds = read.map(({ bytes }) => kindOf(bytes));
    const [first] = read;
    if (kinds.every((kind) => kind === 'idx')) {
      return { kind: 'data', data: this.#take(imageData(read, isClothing)) };
    }
    if (read.length > 1) {
      const names = read.map(({ name }) => name).join(', ');
      throw new Error(`One table, one model, or images with their labels must be chosen; got ${names}.`);
    }
    if (kinds[0] === 'model') return { kind: 'model', model: await this.#openModel(first.bytes, first.name) };
    return { kind: 'table', file: first.file, columns: columnsOf(first.bytes, first.name) };
  }

  async openTable(file: File, options: TableOptions): Promise<DataSummary> {
    return this.#take(await tableData(file, options));
  }

  async train(request: TrainRequest): Promise<Trained> {
    const data = this.#needData();
    const { train, test, classes, featureNames } = data;
    const { solver, epochs, batchSize, learningRate, l2, standardize, seed } = request;
    this.#abort = new AbortController();
    const watcher = this.#watcher(data);
    const steps = { epochs, batchSize, learningRate, seed };
    const options: FitOptions<Label> = {
      ...{ solver, l2, standardize, classes, featureNames, validation: test, signal: this.#abort.signal },
      ...(solver === 'lbfgs' ? { maxIterations: epochs } : steps),
      ...watcher.options,
    };
    const started = performance.now();
    let result: FitResult | undefined;
    try {
      const fitted = await SoftmaxRegression.fit<Label>(train.features, train.labels, options);
      this.#model = fitted.model;
      result = fitted.result;
    } catch (error) {
      if (!this.#abort.signal.aborted || watcher.last === undefined) throw error;
      this.#model = await modelOf(watcher.last, data, request);
    }
    const milliseconds = performance.now() - started;
    this.#fit = result;
    const { weight, bias } = this.#model;
    watcher.tell(affineOf({ weight, bias }));
    const model = await this.#summary(this.#model);
    if (result === undefined) return { model, result, milliseconds };
    const { history: _, ...short } = result;
    return { model, result: short, milliseconds };
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('Stopped before the first epoch was done: nothing was learnt.'));
  }

  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#needModel().toBytes() as Uint8Array<ArrayBuffer>;
  }

  async predict(row: RowToPredict): Promise<readonly Share[]> {
    const model = this.#needModel();
    return model.predictTopK([this.#features(row, model)], Math.min(MOST_CLASSES, model.classes.length))[0];
  }

  async heldOut(index: number): Promise<HeldOutSample> {
    const { features, labels } = this.#needData().test;
    const at = ((index % labels.length) + labels.length) % labels.length;
    return { index: at, label: labels[at], values: rowOf(features, at) };
  }

  async report(): Promise<ReportInput> {
    const [data, model, evaluation] = [this.#needData(), this.#needModel(), this.#evaluation];
    if (evaluation === undefined) throw new Error('The model does not belong to these data: train one first.');
    const { test, train, name, image } = data;
    const probabilities = await model.predictProbabilitiesAsync(test.features);
    const rows = Array.from({ length: test.labels.length }, (_, i) =>
      probabilities.values.subarray(i * model.classes.length, (i + 1) * model.classes.length),
    );
    return {
      data: {
        ...{ name, image, trainingSamples: train.labels.length },
        split: `${test.labels.length} held back`,
        featureDeviations: image === undefined ? this.#deviations?.scale : undefined,
      },
      model: plainOf(model),
      evaluation,
      fit: this.#fit,
      gradcheck: this.#proof,
      mistakes: confidentMistakes(test.labels, rows, model.classes, (i) => rowOf(test.features, i)),
      environment: { backend: this.#backend?.backend, tfjs: tf.version.tfjs, platform: navigator.userAgent },
    };
  }

  /** New data: a model of other data is no longer shown. */
  #take(data: DataSet): DataSummary {
    this.#data = data;
    this.#deviations = data.image === undefined ? columnStatistics(data.train.features) : undefined;
    this.#model = undefined;
    this.#evaluation = undefined;
    this.#fit = undefined;
    this.#proof = undefined;
    const { name, train, test, classes, image, note } = data;
    const [trainingSamples, numFeatures] = train.features.shape;
    const counts = { trainingSamples, heldOut: test.labels.length, numFeatures };
    return { name, ...counts, classes, image, fields: this.#fields(data), note };
  }

  async #openModel(bytes: Uint8Array, name: string): Promise<ModelSummary> {
    const model = SoftmaxRegression.fromBytes(bytes, name);
    this.#model = model;
    this.#fit = undefined;
    this.#proof = undefined;
    return this.#summary(model);
  }

  async #summary(model: Model): Promise<ModelSummary> {
    const { classes, numFeatures, numParameters, options } = model;
    const data = this.#fitting(model);
    this.#evaluation = data && (await model.evaluate(data.test.features, data.test.labels));
    const image = data === undefined ? squareOf(model) : data.image;
    const view = this.#view(data, model, image);
    return {
      ...{ classes, numFeatures, numParameters, solver: options.solver, image },
      fields: data === undefined ? numberFields(model) : this.#fields(data),
      weights: viewOf(affineOf(model), view),
      ...(this.#evaluation && { scores: scoresOf(this.#evaluation) }),
    };
  }

  /** The data, if the model may be tested on them. */
  #fitting(model: Model): DataSet | undefined {
    const data = this.#data;
    if (data === undefined || data.train.features.shape[1] !== model.numFeatures) return undefined;
    const names = model.featureNames ?? data.featureNames;
    if (data.featureNames?.some((name, j) => name !== names?.[j])) return undefined;
    return data.classes.every((label) => model.classes.includes(label)) ? data : undefined;
  }

  #view(data: DataSet | undefined, { featureNames, classes, numFeatures }: Model, image?: ImageSize): View {
    return {
      featureNames: featureNames ?? data?.featureNames,
      classes,
      numFeatures,
      image,
      scale: this.#scaleOf(data),
    };
  }

  #scaleOf(data: DataSet | undefined): ArrayLike<number> | undefined {
    return data === undefined ? undefined : this.#deviations?.scale;
  }

  #fields({ schema, featureNames, image, train }: DataSet): Field[] {
    if (image !== undefined) return [];
    const means = this.#deviations?.mean ?? [];
    const rounded = (j: number) => Number((means[j] ?? 0).toPrecision(3));
    if (schema === undefined) {
      const names = featureNames ?? Array.from({ length: train.features.shape[1] }, (_, j) => `x${j}`);
      return names.map((name, j) => ({ kind: 'number', name, value: rounded(j) }));
    }
    let at = 0;
    return schema.columns.flatMap((column): Field[] => {
      const { kind, name } = column;
      if (kind === 'number') return [{ kind, name, value: rounded(at++) }];
      if (kind === 'category') {
        at += column.categories.length;
        return [{ kind, name, categories: column.categories }];
      }
      if (kind === 'boolean') at++;
      return kind === 'boolean' ? [{ kind, name }] : [];
    });
  }

  #features(row: RowToPredict, model: Model): ArrayLike<number> {
    if (row.kind === 'pixels') return row.pixels;
    const schema = this.#fitting(model)?.schema;
    if (schema !== undefined) return encodeRows(schema, [row.fields]).values;
    return Object.values(row.fields).map(Number);
  }

  /** What the page is told while the model learns. */
  #watcher(data: DataSet) {
    const { classes, featureNames, image, train } = data;
    const view = { classes, featureNames, numFeatures: train.features.shape[1], image, scale: this.#scaleOf(data) };
    let points: CurvePoint[] = [];
    let told = Number.NEGATIVE_INFINITY;
    let progressed = Number.NEGATIVE_INFINITY;
    const watcher = {
      /** After the last epoch that was done. */
      last: undefined as Affine | undefined,
      tell: (affine: Affine) => {
        if (points.length > 0) this.#tell({ kind: 'epoch', points });
        points = [];
        const proof = proofOf(affine, data, this.#deviations, PROOF_SAMPLES);
        this.#proof = proof ?? this.#proof;
        this.#tell({ kind: 'weights', weights: viewOf(affine, view), proof });
      },
      options: {
        onProgress: ({ epoch, epochs, step, steps }) => {
          const now = performance.now();
          if (now - progressed < PAUSE_MS) return;
          progressed = now;
          this.#tell({ kind: 'progress', epoch, epochs, share: (epoch - 1 + step / steps) / epochs });
        },
        onEpochEnd: async (epoch, { loss, val_loss, val_acc }, parameters) => {
          points.push({ epoch: epoch + 1, loss, heldOutLoss: val_loss as number, heldOutAccuracy: val_acc as number });
          watcher.last = await parameters();
          if (performance.now() - told < PAUSE_MS) return;
          watcher.tell(watcher.last);
          told = performance.now();
        },
      } satisfies FitOptions<Label>,
    };
    return watcher;
  }

  #needData(): DataSet {
    if (this.#data === undefined) throw new Error('No data yet: take Iris, or choose files.');
    return this.#data;
  }

  #needModel(): Model {
    if (this.#model === undefined) throw new Error('No model yet: train one, or open one.');
    return this.#model;
  }
}

function affineOf({ weight, bias }: Pick<Model, 'weight' | 'bias'>): Affine {
  return { weight: Float32Array.from(weight.flatMap((row) => Array.from(row))), bias };
}

/** A model with the weights of a training that was stopped. */
function modelOf({ weight, bias }: Affine, { classes, featureNames }: DataSet, { solver, l2 }: TrainRequest) {
  const [q, numFeatures] = [classes.length, weight.length / classes.length];
  const rows = Array.from({ length: numFeatures }, (_, j) => weight.subarray(j * q, (j + 1) * q));
  const warmStart = { classes, numFeatures, weight: rows, bias };
  const steps = solver === 'lbfgs' ? 'sgd' : solver;
  return SoftmaxRegression.untrained<Label>({ classes, numFeatures, featureNames, solver: steps, l2, warmStart });
}

/** What a message can carry. */
function plainOf(model: Model): ReportInput['model'] {
  const { classes, numFeatures, numParameters, weight, bias, featureNames, temperature, options } = model;
  return { classes, numFeatures, numParameters, weight, bias, featureNames, temperature, options };
}

function rowOf({ values, shape: [, d], scale = 1 }: FeatureArray, i: number): Float64Array {
  return Float64Array.from(values.subarray(i * d, (i + 1) * d), (value) => value / scale);
}

function scoresOf({ accuracy, interval, logLoss, samples }: Evaluation<Label>): ModelSummary['scores'] {
  return { accuracy, interval: { lower: interval.lower, upper: interval.upper }, logLoss, samples };
}

/** Features without names, as many as a square picture has: they were pixels. */
function squareOf({ featureNames, numFeatures }: Model): ImageSize | undefined {
  const side = Math.sqrt(numFeatures);
  return featureNames === undefined && side >= 8 && Number.isInteger(side) ? { width: side, height: side } : undefined;
}

function numberFields({ featureNames, numFeatures }: Model): Field[] {
  const names = featureNames ?? Array.from({ length: numFeatures }, (_, j) => `x${j}`);
  return names.map((name) => ({ kind: 'number', name, value: 0 }));
}
