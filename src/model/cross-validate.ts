// model: estimates by cross-validation how well a model predicts new samples.
import { DomainError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { assertFunction, assertOneOf, describe } from '../core/shape.js';
import type { FeatureArray } from '../data/batches.js';
import { complement, type FoldOptions, stratifiedFolds } from '../data/folds.js';
import { take } from '../data/split.js';
import { eachScore, type Scores } from '../metrics/scores.js';
import type { FitResult } from '../training/fit.js';
import { assertLabelCount, assertNotEmpty, classesOf, type FeaturesInput, readFeatures } from '../training/inputs.js';
import { assertOptions, type FitOptions, type FitProgress, type OptionsOf, reads } from '../training/options.js';
import { DEFAULT_SOLVER } from '../training/solvers.js';
import { sampleWeightsOf } from '../training/weights.js';
import type { Evaluation } from './evaluation.js';
import type { RowArray } from './predict-async.js';
import { SoftmaxRegression } from './softmax-regression.js';

/** The progress of a cross-validation. */
export interface FoldProgress {
  /** Counted from 1. */
  readonly fold: number;
  readonly folds: number;
  /** The progress of the fit of this fold. */
  readonly fit: FitProgress;
}

/**
 * Options of the fits and of the folds, with the same seed. `warmStart` is not supported, because that model may have
 * been trained on held-out samples. `checkpoint` and `resume` are not supported, because they belong to a single fit.
 */
export interface CrossValidateOptions<L extends Label> extends OptionsOf<'crossValidate', L>, FoldOptions {
  /** Whether to return the probabilities of each sample from the model that was not trained on it. Default false. */
  readonly outOfFold?: boolean;
  /** Called during the fit of each fold. */
  readonly onProgress?: (progress: FoldProgress) => void;
}

/** One fit and its scores on the held-out samples. */
export interface Fold<L extends Label> {
  /** The indices of the held-out samples, ascending. */
  readonly test: Int32Array;
  readonly result: FitResult;
  readonly evaluation: Evaluation<L>;
}

/** Scores of models, each evaluated on the fold that it was not trained on. */
export interface CrossValidation<L extends Label> {
  /** The columns of probabilities. */
  readonly classes: readonly L[];
  readonly folds: readonly Fold<L>[];
  /** The mean of each score over the folds. NaN if it is NaN in a fold: ROC AUC if a class is not held out. */
  readonly mean: Scores;
  /** √(Σ (score − mean)² / (folds − 1)). NumPy's std divides by the number of folds by default. */
  readonly standardDeviation: Scores;
  /** [n, classes], if `outOfFold` is true. */
  readonly probabilities?: RowArray;
}

/**
 * Fits one model per fold on the other folds and evaluates it on that fold.
 *
 * Folds are stratified by class. The same options, seed and data give the same folds and numbers. Sample weights apply
 * to fits and evaluations.
 *
 * @throws as `SoftmaxRegression.fit`; DomainError if a class has only one sample or there are fewer samples than folds;
 *         the signal's reason if it is aborted
 * @example
 * const { mean, standardDeviation } = await crossValidate(features, labels, { folds: 10, l2: 0.01 });
 * @see scikit-learn, cross_validate with StratifiedKFold(shuffle=True)
 */
export async function crossValidate<const L extends Label>(
  features: FeaturesInput,
  labels: ArrayLike<L>,
  options: CrossValidateOptions<L> & { readonly outOfFold: true },
): Promise<CrossValidation<L> & { readonly probabilities: RowArray }>;
export async function crossValidate<const L extends Label>(
  features: FeaturesInput,
  labels: ArrayLike<L>,
  options?: CrossValidateOptions<L>,
): Promise<CrossValidation<L>>;
export async function crossValidate<const L extends Label>(
  features: FeaturesInput,
  labels: ArrayLike<L>,
  options: CrossValidateOptions<L> = {},
): Promise<CrossValidation<L>> {
  const where = 'crossValidate';
  assertNoCheckpoints(options, where);
  assertOptions(options, 'crossValidate', where, [...FOLD_OPTIONS, 'outOfFold', 'onProgress']);
  const { outOfFold = false, onProgress, folds: _, seed: __, ...fitOptions } = options;
  assertOneOf(outOfFold, [true, false], where, 'outOfFold');
  if (onProgress !== undefined) assertFunction(onProgress, where, 'onProgress');
  const { classes, numSamples, parts, foldOf } = await foldedData(features, labels, options, where);
  const { signal } = options;
  const q = classes.length;
  const probabilities = outOfFold ? new Float64Array(numSamples * q) : undefined;
  const folds: Fold<L>[] = [];
  for (const [i, part] of parts.entries()) {
    const { train, test } = foldOf(part);
    const { model, result } = await SoftmaxRegression.fit<L>(train.features, train.labels, {
      ...fitOptions,
      ...seedOf(options),
      classes,
      sampleWeights: train.sampleWeights,
      onProgress: (fit) => onProgress?.({ fold: i + 1, folds: parts.length, fit }),
    });
    const { sampleWeights } = test;
    const evaluation = await model.evaluate(test.features, test.labels, { sampleWeights, signal });
    folds.push({ test: part, result, evaluation });
    if (probabilities === undefined) continue;
    const { values } = await model.predictProbabilitiesAsync(test.features, { signal });
    for (const [row, sample] of part.entries()) {
      probabilities.set(values.subarray(row * q, (row + 1) * q), sample * q);
    }
  }
  const evaluations = folds.map(({ evaluation }) => evaluation);
  return {
    classes,
    folds,
    mean: summarize(evaluations, meanOf),
    standardDeviation: summarize(evaluations, deviationOf),
    ...(probabilities === undefined ? {} : { probabilities: { values: probabilities, shape: [numSamples, q] } }),
  };
}

/** The samples of one fold, or of all other folds. */
interface Part<L extends Label> {
  readonly features: FeatureArray;
  readonly labels: L[];
  readonly sampleWeights: Float64Array | undefined;
}

/** Validates the samples and assigns them to folds. */
export async function foldedData<L extends Label>(
  features: FeaturesInput,
  labels: ArrayLike<L>,
  options: Pick<FitOptions<L>, 'classes' | 'sampleWeights'> & FoldOptions,
  where: string,
) {
  const x = await readFeatures(features, where);
  const [numSamples] = x.shape;
  assertLabelCount(labels, numSamples, where);
  assertNotEmpty(x, where);
  const classes = classesOf(labels, options.classes, where);
  const indices = classIndices(labels, classes, where);
  const weights = sampleWeightsOf(indices, classes, { sampleWeights: options.sampleWeights }, where)?.values;
  const { folds, seed } = options;
  const parts = stratifiedFolds(labels, { folds, seed }, where);
  const partOf = (samples: Int32Array): Part<L> => ({
    features: take(x, samples),
    labels: Array.from(samples, (i) => labels[i]),
    sampleWeights: weights && take(weights, samples),
  });
  const foldOf = (part: Int32Array) => ({ train: partOf(complement(part, numSamples)), test: partOf(part) });
  return { classes, numSamples, parts, foldOf };
}

/** The options that apply to the folds. */
export const FOLD_OPTIONS = ['folds', 'seed'];

/** Rejects checkpoint options: the fits would overwrite each other's checkpoints. */
export function assertNoCheckpoints(options: object, where: string): void {
  const { checkpoint, resume } = (options ?? {}) as { readonly checkpoint?: unknown; readonly resume?: unknown };
  if (checkpoint === undefined && resume === undefined) return;
  const argument = checkpoint === undefined ? 'resume' : 'checkpoint';
  const expected = 'be left out: a checkpoint belongs to a single fit';
  throw new DomainError({ where, argument, expected, actual: describe(checkpoint ?? resume) });
}

/** Passes the seed of the folds to the fits if their solver is random. */
export function seedOf({ solver = DEFAULT_SOLVER, seed }: Pick<FitOptions<Label>, 'solver' | 'seed'>): {
  seed?: number;
} {
  return reads(solver, 'seed') ? { seed } : {};
}

export function summarize(evaluations: readonly Scores[], summary: (numbers: readonly number[]) => number): Scores {
  return eachScore((name) => summary(evaluations.map((each) => each[name])));
}

export function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

/** The sample standard deviation of at least two numbers. */
export function deviationOf(numbers: readonly number[]): number {
  const mean = meanOf(numbers);
  return Math.sqrt(numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (numbers.length - 1));
}
