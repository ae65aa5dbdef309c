// web: what the page and its worker say to each other. The worker holds data, backend and model; the page holds none.
import type { BackendName, CsvValue, FitResult, Label, MissingPolicy, OptionField, Solver } from 'softmax-regression';
import type { GradcheckResult, ReportInput } from 'softmax-regression/report';

/** What the page asks of the worker. Files and buffers are handed over as they are. */
export interface Calls {
  chooseBackend(preference?: BackendName): BackendState;
  openIris(): DataSummary;
  /** Looks at files that were dropped: a table needs to be told its label, everything else is opened. */
  openFiles(files: readonly File[], isClothing: boolean): Opened;
  openTable(file: File, options: TableOptions): DataSummary;
  /** The fields of the training form. */
  fields(): readonly OptionField[];
  train(request: TrainRequest): Trained;
  stop(): void;
  /** The model as a file. */
  save(): Uint8Array<ArrayBuffer>;
  predict(row: RowToPredict): readonly Share[];
  /** One of the samples that were held back, from 0, counted around. */
  heldOut(index: number): HeldOutSample;
  report(): ReportInput;
}

export interface BackendState {
  readonly backend: BackendName;
  /** What `formatBackend` says. */
  readonly line: string;
  readonly refused: readonly { readonly backend: BackendName; readonly reason: string }[];
}

export type Opened =
  | { readonly kind: 'data'; readonly data: DataSummary }
  | { readonly kind: 'table'; readonly file: File; readonly columns: readonly string[] }
  | { readonly kind: 'model'; readonly model: ModelSummary };

export interface TableOptions {
  readonly label: string;
  readonly missing: MissingPolicy;
}

export interface DataSummary {
  readonly name: string;
  readonly trainingSamples: number;
  readonly heldOut: number;
  readonly numFeatures: number;
  readonly classes: readonly Label[];
  readonly image?: ImageSize;
  readonly fields: readonly Field[];
  /** What else there is to say: rows that were left out. */
  readonly note: string;
}

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** What one types in to have a row predicted. */
export type Field =
  | { readonly kind: 'number'; readonly name: string; readonly value: number }
  | { readonly kind: 'boolean'; readonly name: string }
  | { readonly kind: 'category'; readonly name: string; readonly categories: readonly string[] };

export interface TrainRequest {
  /** Options of `fit` by name; the others have their defaults. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

export interface ModelSummary {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly numParameters: number;
  readonly solver: Solver;
  readonly image?: ImageSize;
  readonly fields: readonly Field[];
  readonly weights: WeightsView;
  /** On the samples that were held back, where there are some that the model fits. */
  readonly scores?: HeldOutScores;
}

export interface HeldOutScores {
  readonly accuracy: number;
  readonly interval: { readonly lower: number; readonly upper: number };
  readonly logLoss: number;
  readonly samples: number;
}

export interface Trained {
  readonly model: ModelSummary;
  /** Undefined where training by steps was stopped: the weights of the last epoch are kept. */
  readonly result: Omit<FitResult, 'history'> | undefined;
  /** By the one who looks on, before it was done. */
  readonly isStopped: boolean;
  readonly milliseconds: number;
}

/** Weights less their mean over the classes, as they are drawn. */
export type WeightsView =
  | { readonly kind: 'images'; readonly size: ImageSize; readonly pictures: readonly Float32Array[] }
  | { readonly kind: 'bars'; readonly features: readonly string[]; readonly weights: readonly Float64Array[] };

/** What the worker tells while it trains. */
export type Report =
  | { readonly kind: 'progress'; readonly epoch: number; readonly epochs: number; readonly share: number }
  | { readonly kind: 'epoch'; readonly points: readonly CurvePoint[] }
  | { readonly kind: 'weights'; readonly weights: WeightsView; readonly proof: GradcheckResult | undefined };

export interface CurvePoint {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly heldOutLoss: number;
  readonly heldOutAccuracy: number;
}

export type RowToPredict =
  | { readonly kind: 'fields'; readonly fields: Readonly<Record<string, CsvValue>> }
  | { readonly kind: 'pixels'; readonly pixels: Float32Array };

export interface Share {
  readonly label: Label;
  readonly probability: number;
}

export interface HeldOutSample {
  readonly index: number;
  readonly label: Label;
  /** In [0, 1] of a picture, row by row; else as the table has them. */
  readonly values: Float64Array;
}

export type Message =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string }
  | { readonly kind: 'report'; readonly report: Report };

export interface Question {
  readonly id: number;
  readonly name: keyof Calls;
  readonly args: readonly unknown[];
}
