// report: what a report is made from: plain values.
import { ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertShape } from '../core/shape.js';
import type { GradcheckResult } from '../gradcheck.js';
import type { ReliabilityBin } from '../metrics/calibration.js';
import type { ClassScores, ConfusionMatrix } from '../metrics/classification.js';
import type { Interval } from '../metrics/interval.js';
import type { Scores } from '../metrics/scores.js';
import type { FitResult } from '../training/fit.js';
import type { PictureSize } from './picture.js';

/** What the report tells of. */
export interface ReportInput {
  readonly data: ReportData;
  readonly model: ReportModel;
  readonly evaluation: ReportEvaluation;
  /** How the fit went; without it there is no learning curve. */
  readonly fit?: FitResult;
  readonly gradcheck?: GradcheckResult;
  /** Of the samples that `evaluation` is about, those that were wrong with most confidence; see `confidentMistakes`. */
  readonly mistakes?: readonly Mistake[];
  /** Where and how it was trained. */
  readonly environment?: ReportEnvironment;
  /** When, as it shall be read: a report is made from values, so that the same ones give the same file. */
  readonly date?: string;
}

/** What the model was fitted and tested on. */
export interface ReportData {
  readonly name: string;
  /** Samples that were trained on, where that is known. */
  readonly trainingSamples?: number;
  /** Whether it was tested on these very samples, which flatters it; false unless given. */
  readonly testedOnTraining?: boolean;
  /** How the others were chosen: '30 of 150 rows, stratified'. */
  readonly split?: string;
  /** Standard deviation of each feature over the training samples: weights are then compared by what they move in the data. */
  readonly featureDeviations?: ArrayLike<number>;
  /** If the features of a sample are the pixels of a picture, row by row. */
  readonly image?: PictureSize;
  readonly checksums?: readonly { readonly file: string; readonly sha256: string }[];
}

/** A `SoftmaxRegression` is one. */
export interface ReportModel {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly numParameters: number;
  /** W, [features, classes]. */
  readonly weight: readonly ArrayLike<number>[];
  /** b, [classes]. */
  readonly bias: ArrayLike<number>;
  /** One for each feature. */
  readonly featureNames?: readonly string[];
  /** What calibration divided the logits by. */
  readonly temperature?: number;
  readonly options: object;
}

/** What `evaluate` returns, or the part of it that is known. */
export interface ReportEvaluation
  extends Partial<Omit<Scores, 'accuracy' | 'logLoss'>>,
    Pick<Scores, 'accuracy' | 'logLoss'> {
  readonly samples: number;
  /** Of the accuracy, 95 %; Wilson's unless given. */
  readonly interval?: Interval;
  readonly perClass: ClassScores<Label>;
  readonly confusion: ConfusionMatrix<Label>;
  readonly reliability?: readonly ReliabilityBin[];
  /** topKAccuracy[k − 1]: the share of samples whose label is among the k most probable classes. */
  readonly topKAccuracy?: readonly number[];
}

/** A sample whose label is not what the model says. */
export interface Mistake {
  /** Its row among the samples that were evaluated. */
  readonly index: number;
  readonly label: Label;
  readonly predicted: Label;
  /** Of the predicted class. */
  readonly probability: number;
  /** x, [features]: pixels, or what the features measure. */
  readonly features: ArrayLike<number>;
}

/** Lines of the last section, in this order; what is left out is not shown. */
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

/** Values that do not belong together are an error before anything is drawn. */
export function assertReportInput({ data, model, evaluation, mistakes = [] }: ReportInput): void {
  const { classes, numFeatures, weight, bias } = model;
  assertShape([weight.length, weight[0]?.length ?? 0], [numFeatures, classes.length], WHERE, 'model.weight');
  assertShape([bias.length], [classes.length], WHERE, 'model.bias');
  const { counts } = evaluation.confusion;
  assertShape([counts.length, counts[0]?.length ?? 0], [classes.length, classes.length], WHERE, 'evaluation.confusion');
  assertPerFeature(model.featureNames, numFeatures, 'model.featureNames');
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

function assertPerFeature(values: ArrayLike<unknown> | undefined, numFeatures: number, argument: string): void {
  if (values !== undefined) assertShape([values.length], [numFeatures], WHERE, argument);
}
