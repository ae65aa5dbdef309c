// report: the input of a report: plain values.

import { ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertList, assertObject, assertShape } from '../core/shape.js';
import { dateWidth } from '../features/date.js';
import type { GradcheckResult } from '../gradcheck.js';
import type { ReliabilityBin } from '../metrics/calibration.js';
import type { ClassScores } from '../metrics/classification.js';
import type { ConfusionMatrix } from '../metrics/confusion.js';
import type { PrecisionRecallCurve, RocCurve } from '../metrics/curves.js';
import type { Interval } from '../metrics/interval.js';
import type { Scores } from '../metrics/scores.js';
import type { FitResult } from '../training/fit.js';
import type { PictureSize } from './picture.js';

/** The values of a report. A section is left out if its values are missing. */
export interface ReportInput {
  readonly data: ReportData;
  readonly model: ReportModel;
  readonly evaluation: ReportEvaluation;
  /** The result of the fit. Without it there is no learning curve. */
  readonly fit?: FitResult;
  /** The search that chose `l2`, as `lambdaPath` returns it. */
  readonly lambdaPath?: ReportLambdaPath;
  readonly gradcheck?: GradcheckResult;
  /** The curves of the samples of `evaluation`, for two classes. */
  readonly curves?: ReportCurves;
  /** The misclassified samples of `evaluation` with the highest confidence; see `confidentMistakes`. */
  readonly mistakes?: readonly Mistake[];
  /** Where and how the model was trained. */
  readonly environment?: ReportEnvironment;
  /** The date as printed. It is an input, so that equal values give equal files. */
  readonly date?: string;
}

/** The training and test data. */
export interface ReportData {
  readonly name: string;
  /** The number of training samples, if it is known. */
  readonly trainingSamples?: number;
  /** Whether the model was tested on its training samples, which makes the scores optimistic; default false. */
  readonly testedOnTraining?: boolean;
  /** How the test samples were chosen, such as '30 of 150 rows, stratified'. */
  readonly split?: string;
  /** The name of the test data, if they are from elsewhere; the places of mistakes are theirs. */
  readonly testName?: string;
  /** What numbers the rows of mistakes: the lines of a file, which is the default, or its rows where it has no lines. */
  readonly unit?: 'line' | 'row';
  /** Standard deviation of each feature over the training samples. Weights are then shown per standard deviation. */
  readonly featureDeviations?: ArrayLike<number>;
  /** The size of the images, if the features of a sample are pixels, row by row. */
  readonly image?: PictureSize;
  readonly checksums?: readonly { readonly file: string; readonly sha256: string }[];
}

/** A model, such as a `SoftmaxRegression`. */
export interface ReportModel {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly numParameters: number;
  /** W, [features, classes]. */
  readonly weight: readonly ArrayLike<number>[];
  /** Present if W multiplies standardised features; the factor of each, one over its deviation. */
  readonly columns?: { readonly factor: ArrayLike<number> };
  /** b, [classes]. */
  readonly bias: ArrayLike<number>;
  /** One for each feature. */
  readonly featureNames?: readonly string[];
  /** The columns that the features are made of. The features of a category column are then shown together. */
  readonly schema?: { readonly columns: readonly ReportColumn[] };
  /** The number that calibration divided the logits by. */
  readonly temperature?: number;
  readonly options: object;
}

/** The cross-validated scores of each `l2`. The chart marks the one in the options of the model. */
export interface ReportLambdaPath {
  readonly table: readonly (Pick<Scores, 'logLoss' | 'accuracy'> & {
    readonly l2: number;
    /** Of the log loss. */
    readonly standardError: number;
  })[];
  /** The `l2` with the lowest log loss. */
  readonly best: number;
  /** The largest `l2` within one standard error of it. */
  readonly oneStandardError: number;
}

/** A column of a table, as in a `CsvSchema`. */
export interface ReportColumn {
  /**
   * `'category'`: a feature for each category. `'date'`: 21 features, or 45 with `hasTime`. `'label'`, `'weight'`,
   * `'ignored'`: no feature. Others: one feature. With `indicator`, one more.
   */
  readonly kind: string;
  readonly name: string;
  readonly categories?: readonly string[];
  readonly indicator?: boolean;
  readonly hasTime?: boolean;
}

/** The result of `evaluate`. The optional fields may be missing. */
export interface ReportEvaluation
  extends Partial<Omit<Scores, 'accuracy' | 'logLoss'>>,
    Pick<Scores, 'accuracy' | 'logLoss'> {
  readonly samples: number;
  /** The 95 % interval of the accuracy; default Wilson's interval. */
  readonly interval?: Interval;
  readonly perClass: ClassScores<Label>;
  readonly confusion: ConfusionMatrix<Label>;
  readonly reliability?: readonly ReliabilityBin[];
  /** topKAccuracy[k − 1]: the share of samples whose label is among the k most probable classes. */
  readonly topKAccuracy?: readonly number[];
}

/** The results of `metrics.rocCurve` and `metrics.precisionRecallCurve`, of the same samples. */
export interface ReportCurves {
  readonly roc: RocCurve;
  readonly precisionRecall: PrecisionRecallCurve;
}

/** A misclassified sample. */
export interface Mistake {
  /** Its row among the evaluated samples. */
  readonly index: number;
  /** Its line in the file, or its row there, from 1; shown instead of the index. */
  readonly line?: number;
  readonly label: Label;
  readonly predicted: Label;
  /** The probability of the predicted class. */
  readonly probability: number;
  /** x, [features]. */
  readonly features: ArrayLike<number>;
}

/** The entries of the last section. Missing ones are not shown. */
export interface ReportEnvironment {
  readonly command?: string;
  readonly seed?: number;
  readonly backend?: string;
  readonly package?: string;
  readonly tfjs?: string;
  readonly tensorflow?: string;
  readonly node?: string;
  readonly cpu?: string;
  readonly platform?: string;
}

const WHERE = 'renderReport';

/** Checks that the shapes agree, before anything is drawn. */
export function assertReportInput(input: ReportInput): void {
  assertObject(input, WHERE, 'input', 'be { data, model, evaluation }');
  for (const name of ['data', 'model', 'evaluation'] as const) assertObject(input[name], WHERE, name);
  const { data, model, evaluation, mistakes = [] } = input;
  assertList(model.weight, WHERE, 'model.weight', 'be an array of rows');
  assertList(model.bias, WHERE, 'model.bias', 'be an array of numbers');
  assertList(model.classes, WHERE, 'model.classes', 'be an array of labels');
  assertConfusion(evaluation.confusion, model.classes);
  assertList(mistakes, WHERE, 'mistakes');
  const { classes, numFeatures, weight, bias } = model;
  assertShape([weight.length, weight[0]?.length ?? 0], [numFeatures, classes.length], WHERE, 'model.weight');
  assertShape([bias.length], [classes.length], WHERE, 'model.bias');
  assertPerFeature(model.featureNames, numFeatures, 'model.featureNames');
  if (model.schema !== undefined) {
    const count = model.schema.columns.reduce((sum, column) => sum + featureCount(column), 0);
    assertShape([count], [numFeatures], WHERE, 'model.schema');
  }
  assertPerFeature(model.columns?.factor, numFeatures, 'model.columns.factor');
  assertPerFeature(data.featureDeviations, numFeatures, 'data.featureDeviations');
  mistakes.forEach(({ features }, i) => {
    assertPerFeature(features, numFeatures, `mistakes[${i}].features`);
  });
  if (data.image === undefined) return;
  const { width, height, channels = 1 } = data.image;
  if (width * height * channels === numFeatures) return;
  const expected = `have width × height × channels = ${numFeatures}, the number of features`;
  throw new ShapeError({
    where: WHERE,
    argument: 'data.image',
    expected,
    actual: `${width} × ${height} × ${channels}`,
  });
}

function assertConfusion(confusion: ReportEvaluation['confusion'] | undefined, classes: readonly Label[]): void {
  const q = classes.length;
  if (confusion?.pairs !== undefined) {
    assertList(confusion.pairs, WHERE, 'evaluation.confusion.pairs', 'be an array of pairs');
    assertShape([confusion.classes?.length ?? 0], [q], WHERE, 'evaluation.confusion.classes');
    return;
  }
  assertList(confusion?.counts, WHERE, 'evaluation.confusion.counts', 'be an array of rows');
  const { counts } = confusion as ConfusionMatrix<Label>;
  assertShape([counts.length, counts[0]?.length ?? 0], [q, q], WHERE, 'evaluation.confusion');
}

function assertPerFeature(values: ArrayLike<unknown> | undefined, numFeatures: number, argument: string): void {
  if (values !== undefined) assertShape([values.length], [numFeatures], WHERE, argument);
}

/** The number of features of a column. */
export function featureCount({ kind, categories, indicator, hasTime }: ReportColumn): number {
  if (kind === 'label' || kind === 'weight' || kind === 'ignored') return 0;
  const values = kind === 'category' ? (categories?.length ?? 0) : kind === 'date' ? dateWidth(hasTime === true) : 1;
  return values + Number(indicator === true);
}
