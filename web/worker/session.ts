// web: data, backend and model of the page, in its worker.
import {
  type Evaluation,
  encodeRows,
  type FitResult,
  formatBackend,
  identifyFiles,
  isSoftmaxRegressionError,
  type Label,
  type OptionField,
  optionFields,
  SoftmaxRegression,
  selectBackend,
  toOnnx,
} from 'softmax-regression';
import type { GradcheckResult, ReportInput } from 'softmax-regression/report';
import type {
  BackendState,
  BackendWish,
  Calls,
  DataSummary,
  ExampleName,
  HeldOutSample,
  ModelFormat,
  ModelSummary,
  Opened,
  OpenedModel,
  PaceWish,
  Report,
  RowToPredict,
  Share,
  TableOptions,
  Trained,
  TrainRequest,
} from '../messages.js';
import {
  assertReadable,
  assertShowable,
  firstLinesOf,
  imageData,
  type PageData,
  previewOf,
  ROWS_OF_PREVIEW,
  rowOf,
  tableData,
} from './data.js';
import { exampleData } from './examples.js';
import { misfitOf } from './misfit.js';
import { Pace } from './pace.js';
import { type PlanedData, planeOf } from './plane.js';
import { reportOf } from './reporting.js';
import { summaryOfData, summaryOfModel } from './summary.js';
import { train } from './training.js';
import { errorInWords, textInWords } from './words.js';

type Model = SoftmaxRegression<Label>;

/** What an answer of the worker may be: at once, or later. */
type Answers = { [Name in keyof Calls]: (...args: Parameters<Calls[Name]>) => Promise<ReturnType<Calls[Name]>> };

/** The field of the seed of points that are made. */
const SEED = 'Seed of the points';

/** Classes of an answer. */
const MOST_CLASSES = 10;

export class Session implements Answers {
  readonly #tell: (report: Report) => void;
  #backend: BackendState | undefined;
  #data: PlanedData | undefined;
  /** Of the table that was opened last. */
  #unit: PageData['unit'];
  #model: Model | undefined;
  #evaluation: Evaluation<Label> | undefined;
  #fit: FitResult | undefined;
  #proof: GradcheckResult | undefined;
  #abort = new AbortController();
  #pace = new Pace({ until: Number.POSITIVE_INFINITY, delay: 0 });

  constructor(tell: (report: Report) => void) {
    this.#tell = tell;
  }

  async chooseBackend(wish: BackendWish): Promise<BackendState> {
    const choice = await (wish === 'large'
      ? selectBackend()
      : wish === 'small'
        ? selectBackend('wasm').catch(() => selectBackend())
        : selectBackend(wish));
    this.#backend = { backend: choice.backend, line: formatBackend(choice), refused: choice.refused };
    return this.#backend;
  }

  async openExample(name: ExampleName, seed: number): Promise<DataSummary> {
    const data = await exampleData(name, seed).catch((error: unknown) => {
      // The training has a field named Seed, too.
      throw new Error(
        errorInWords(error, isSoftmaxRegressionError(error) && error.argument === 'seed' ? SEED : undefined),
      );
    });
    return this.#take(data);
  }

  async openFiles(files: readonly File[]): Promise<Opened> {
    await assertReadable(files);
    const opened = await identifyFiles(files, { rows: ROWS_OF_PREVIEW });
    switch (opened.kind) {
      case 'idx':
        return { kind: 'data', data: this.#take(await imageData(files)) };
      case 'model':
        return { kind: 'model', ...(await this.#openModel(opened.bytes, files[0].name)) };
      case 'table': {
        const { format, columns, rows } = opened;
        assertShowable(files[0].name, columns);
        const preview = rows === undefined ? await firstLinesOf(files[0]) : previewOf([columns, ...rows]);
        this.#forget();
        this.#unit = format === 'parquet' || format === 'arrow' ? 'row' : 'line';
        return { kind: 'table', files, columns, preview, isText: format === 'csv' };
      }
      default:
        return opened satisfies never;
    }
  }

  async openTable(files: readonly File[], options: TableOptions): Promise<DataSummary> {
    await assertReadable(files);
    this.#forget();
    return this.#take({ ...(await tableData(files, options)), unit: this.#unit });
  }

  async fields(): Promise<readonly OptionField[]> {
    return optionFields();
  }

  async faultOf(options: TrainRequest['options']): Promise<string | undefined> {
    // Options are checked before the signal is looked at, which ends the fit before it begins.
    const fit = SoftmaxRegression.fit([[0], [1]], ['a', 'b'], { ...options, signal: AbortSignal.abort() });
    const error = await fit.catch((each: unknown) => each);
    return isSoftmaxRegressionError(error) ? errorInWords(error) : undefined;
  }

  /** Before `train`, which may wait for earlier calls: from now on, `stop` and `pace` are for this training. */
  expect({ pace }: TrainRequest): void {
    this.#abort = new AbortController();
    this.#pace = new Pace(pace);
  }

  async train(request: TrainRequest): Promise<Trained> {
    const { signal } = this.#abort;
    const pace = this.#pace;
    const data = this.#needData();
    this.#forgetModel();
    const learnt = await train(data, request, { signal, tell: this.#tell, pace });
    this.#proof = learnt.proof;
    const model = await this.#use(learnt.model, learnt.result);
    const { isStopped, milliseconds } = learnt;
    const { history: _, advice, ...short } = learnt.result;
    const said = advice === null ? null : textInWords(advice);
    return { model, result: { ...short, advice: said }, isStopped, milliseconds };
  }

  async pace(wish: PaceWish): Promise<void> {
    this.#pace.change(wish);
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('Stopped before the end of the first epoch: there is no model.'));
  }

  async save(format: ModelFormat): Promise<Uint8Array<ArrayBuffer>> {
    const model = this.#needModel();
    return (format === 'onnx' ? toOnnx(model) : model.toBytes()) as Uint8Array<ArrayBuffer>;
  }

  async predict(row: RowToPredict): Promise<readonly Share[]> {
    const model = this.#needModel();
    try {
      return model.predictTopK([this.#features(row, model)], Math.min(MOST_CLASSES, model.classes.length))[0];
    } catch (error) {
      throw new Error(errorInWords(error, this.#fieldOf(error, model)));
    }
  }

  async heldOut(index: number): Promise<HeldOutSample> {
    const { features, labels } = this.#needData().test;
    const at = ((index % labels.length) + labels.length) % labels.length;
    return { index: at, label: labels[at], values: rowOf(features, at) };
  }

  async report(): Promise<ReportInput> {
    const [data, model, evaluation] = [this.#needData(), this.#needModel(), this.#evaluation];
    if (evaluation === undefined) throw new Error('The model does not belong to these data: train one first.');
    const backend = this.#backend?.backend;
    return reportOf({ data, model, evaluation, fit: this.#fit, proof: this.#proof, backend });
  }

  /** New data: a model of other data is no longer shown. */
  #take(data: PageData): DataSummary {
    this.#forget();
    this.#data = { ...data, plane: planeOf(data) };
    return summaryOfData(this.#data);
  }

  /** Without data and model, so that none is taken for those of a file that is not read yet. */
  #forget(): void {
    this.#data = undefined;
    this.#forgetModel();
  }

  #forgetModel(): void {
    this.#model = undefined;
    this.#evaluation = undefined;
    this.#fit = undefined;
    this.#proof = undefined;
  }

  /** The field of a row that an error is about. */
  #fieldOf(error: unknown, model: Model): string | undefined {
    if (!isSoftmaxRegressionError(error)) return undefined;
    const feature = /^features\[0\]\[(\d+)\]$/.exec(error.argument)?.[1];
    if (feature === undefined) return error.argument;
    return (model.featureNames ?? this.#data?.featureNames)?.[Number(feature)] ?? `x${feature}`;
  }

  async #openModel(bytes: Uint8Array, name: string): Promise<OpenedModel> {
    const model = SoftmaxRegression.fromBytes(bytes, name);
    this.#proof = undefined;
    const data = this.#data;
    const reason = data && misfitOf(model, data);
    // It is shown alone, as nothing here belongs to it.
    if (reason !== undefined) this.#data = undefined;
    const closed = data && reason !== undefined ? { name: data.name, reason } : undefined;
    return { model: await this.#use(model, undefined), ...(closed && { closed }) };
  }

  /** A model to ask from now on, tried on the data if it fits them. */
  async #use(model: Model, fit: FitResult | undefined): Promise<ModelSummary> {
    this.#model = model;
    this.#fit = fit;
    const data = this.#fitting(model);
    this.#evaluation = data && (await model.evaluate(data.test.features, data.test.labels));
    return summaryOfModel(model, data, this.#evaluation);
  }

  /** The data, if the model may be tested on them. */
  #fitting(model: Model): PlanedData | undefined {
    const data = this.#data;
    return data === undefined || misfitOf(model, data) !== undefined ? undefined : data;
  }

  #features(row: RowToPredict, model: Model): ArrayLike<number> {
    if (row.kind === 'pixels') return row.pixels;
    const schema = model.schema ?? this.#fitting(model)?.schema;
    if (schema !== undefined) return encodeRows(schema, [Object.fromEntries(row.fields)]).values;
    return row.fields.map(([, value]) => Number(value));
  }

  #needData(): PlanedData {
    if (this.#data === undefined) throw new Error('There are no data yet: choose an example or files.');
    return this.#data;
  }

  #needModel(): Model {
    if (this.#model === undefined) throw new Error('There is no model yet: train one, or open one.');
    return this.#model;
  }
}
