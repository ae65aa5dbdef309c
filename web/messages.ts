// web: the messages between the page and its worker. The worker holds data, backend and model; the page holds none.
import type { BackendName, CsvOptions, CsvValue, FitResult, Label, OptionField, Solver } from 'softmax-regression';
import type { GradcheckResult, ReportInput } from 'softmax-regression/report';

/** The calls from the page to the worker. Files and buffers are transferred as they are. */
export interface Calls {
  chooseBackend(wish: BackendWish): BackendState;
  /** @param seed of points that are made */
  openExample(name: ExampleName, seed: number): DataSummary;
  /** Identifies dropped files: for a table the page asks for its label, everything else is opened. */
  openFiles(files: readonly File[]): Opened;
  /** @param files one, or the parts of one table */
  openTable(files: readonly File[], options: TableOptions): DataSummary;
  /** The fields of the training form. */
  fields(): readonly OptionField[];
  /** What is wrong with the options of a training; undefined if they are right. */
  faultOf(options: TrainRequest['options']): string | undefined;
  train(request: TrainRequest): Trained;
  /** Takes effect at once, also while a training runs or is paused. */
  pace(wish: PaceWish): void;
  stop(): void;
  /** The model as a file. */
  save(format: ModelFormat): Uint8Array<ArrayBuffer>;
  predict(row: RowToPredict): readonly Share[];
  /** A held-out sample by index, modulo their number. */
  heldOut(index: number): HeldOutSample;
  report(): ReportInput;
}

export type ModelFormat = 'safetensors' | 'onnx';

/** Data without files. */
export const EXAMPLES = ['iris', 'blobs', 'xor', 'fashion-mnist'] as const;
export type ExampleName = (typeof EXAMPLES)[number];

export const BACKENDS_OF_PAGE = ['webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type BackendOfPage = (typeof BACKENDS_OF_PAGE)[number];

/** `small`: what starts at once and is fast on small data. `large`: the fastest that works, which may take seconds to start. */
export type BackendWish = BackendName | 'small' | 'large';

export interface BackendState {
  readonly backend: BackendName;
  /** The line of `formatBackend`. */
  readonly line: string;
  readonly refused: readonly { readonly backend: BackendName; readonly reason: string }[];
}

export type Opened =
  | { readonly kind: 'data'; readonly data: DataSummary }
  | ({ readonly kind: 'table' } & OpenedTable)
  | ({ readonly kind: 'model' } & OpenedModel);

export interface OpenedTable {
  readonly files: readonly File[];
  readonly columns: readonly string[];
  /** Its first lines, or its first rows. */
  readonly preview: string;
  /** Whether its numbers are text, written in some way. */
  readonly isText: boolean;
}

export interface OpenedModel {
  readonly model: ModelSummary;
  /** The data that the model does not fit, which are closed, and why, as the end of a sentence. */
  readonly closed?: { readonly name: string; readonly reason: string };
}

/** What the page asks about a table. */
export type TableOptions = Pick<
  CsvOptions,
  'label' | 'missing' | 'missingTokens' | 'decimal' | 'thousands' | 'dateOrder' | 'ignore' | 'categories' | 'dates'
>;

/** What was found in a column of a table. */
export interface ColumnLine {
  readonly name: string;
  readonly text: string;
  /** What to look at. */
  readonly note?: string;
}

export interface DataSummary {
  readonly name: string;
  readonly trainingSamples: number;
  readonly heldOut: number;
  readonly numFeatures: number;
  readonly classes: readonly Label[];
  readonly image?: ImageSize;
  readonly fields: readonly Field[];
  /** A remark, such as the number of rows left out. */
  readonly note: string;
  /** What to learn from a training on them. */
  readonly lesson?: string;
  readonly plane?: PlaneSummary;
  /** Of a table that was read from a file. */
  readonly columns?: readonly ColumnLine[];
}

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** A field of a row to predict. */
export type Field = {
  readonly name: string;
  /** The index of its first feature. */
  readonly at: number;
} & (
  | { readonly kind: 'number'; readonly value: number }
  /** Its feature is a hundredth of what is typed. */
  | { readonly kind: 'percent'; readonly value: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'category'; readonly categories: readonly string[] }
  /** `origin` is in milliseconds since 1970. */
  | { readonly kind: 'date'; readonly origin: number; readonly hasTime: boolean }
);

export interface TrainRequest {
  /** Options of `fit` by name; the others have their defaults. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly pace: PaceWish;
}

export interface PaceWish {
  /** The epoch, or iteration, after which the training pauses; infinite for none. */
  readonly until: number;
  /** The least time of an epoch, in milliseconds. */
  readonly delay: number;
}

export interface ModelSummary {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly numParameters: number;
  readonly solver: Solver;
  readonly image?: ImageSize;
  readonly fields: readonly Field[];
  readonly view: ModelView;
  /** On the held-out samples, if the model fits them. */
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
  readonly result: Omit<FitResult, 'history'>;
  /** Whether the user stopped it: the model has the weights of the last epoch. */
  readonly isStopped: boolean;
  readonly milliseconds: number;
}

/** Weights minus their mean over the classes, for drawing. */
export type WeightsView =
  | { readonly kind: 'images'; readonly size: ImageSize; readonly pictures: readonly Float32Array[] }
  | {
      readonly kind: 'bars';
      readonly features: readonly string[];
      readonly weights: readonly Float64Array[];
      /** Of a standard deviation of the feature, or of one unit of it where the deviations are unknown. */
      readonly per: 'deviation' | 'unit';
      /** The features of the model, of which some are shown. */
      readonly numFeatures: number;
    };

/** The gradient of the mean loss for the weights that are shown. */
export type GradientView = WeightsView & {
  /** The samples that it is computed from. */
  readonly samples: number;
  /** The length of the whole gradient. */
  readonly norm: number;
};

/** The plane of the decision regions, and the training samples in it. */
export interface PlaneSummary {
  /** The names of its axes. */
  readonly names: readonly [string, string];
  /** The shares of the variance, if the axes are principal components. */
  readonly shares?: readonly [number, number];
  /** a and b of each sample, one after the other. */
  readonly points: Float64Array;
  /** The class of each. */
  readonly labels: Int32Array;
}

/** The logits at a point (a, b) of the plane: offset + a·x + b·y, one for each class. */
export interface PlaneLogits {
  readonly offset: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A model as it is drawn; gradient and regions only with the data. */
export interface ModelView {
  readonly weights: WeightsView;
  readonly gradient?: GradientView;
  readonly regions?: PlaneLogits;
}

/** The reports of the worker during training. */
export type Report =
  | { readonly kind: 'progress'; readonly epoch: number; readonly epochs: number; readonly share: number }
  | { readonly kind: 'epoch'; readonly points: readonly CurvePoint[] }
  | { readonly kind: 'paused'; readonly epoch: number }
  | ({ readonly kind: 'weights'; readonly proof: GradcheckResult | undefined } & ModelView);

export interface CurvePoint {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly heldOutLoss: number;
  readonly heldOutAccuracy: number;
}

export type RowToPredict =
  /** In the order of the features: an object would put names such as `10` first. */
  | { readonly kind: 'fields'; readonly fields: readonly (readonly [name: string, value: CsvValue])[] }
  | { readonly kind: 'pixels'; readonly pixels: Float32Array };

export interface Share {
  readonly label: Label;
  readonly probability: number;
}

export interface HeldOutSample {
  readonly index: number;
  readonly label: Label;
  /** For an image the pixels in [0, 1], row by row; otherwise the values of the table. */
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
