// model: estimates by cross-validation how well a model predicts new samples.

import { BackendInUse } from '../compile/backend-in-use.js';
import { square } from '../core/elementary.js';
import { DomainError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { assertFunction, assertOneOf, describe } from '../core/shape.js';
import { type TrainingRows, takeRows } from '../data/any-rows.js';
import { complement, type FoldOptions, foldCount, stratifiedFolds } from '../data/folds.js';
import { assertEachClass, assertRestrictions, foldsByTime } from '../data/groups.js';
import { type Split, take } from '../data/split.js';
import { StoredRows } from '../data/stored-rows.js';
import { eachScore, type Scores } from '../metrics/scores.js';
import type { FitResult } from '../training/fit.js';
import {
  type AnyFeatures,
  assertLabelCount,
  assertNotEmpty,
  classesOf,
  largestOf,
  readRows,
} from '../training/inputs.js';
import { assertOptions, type FitOptions, type FitProgress, type OptionsOf, reads } from '../training/options.js';
import { DEFAULT_SOLVER } from '../training/solvers.js';
import { sampleWeightsOf } from '../training/weights.js';
import { type Evaluation, evaluateModel } from './evaluation.js';
import { affineOf } from './linear-classifier.js';
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
 * Folds are stratified by class. With `groups`, they keep groups together. With `times`, they follow each other: fold k is
 * tested by a model of all samples before it, and the samples before the first fold are never tested. The same options,
 * seed and data give the same folds and numbers. Sample weights apply to fits and evaluations. With `communicator`, processes
 * share the fits and the evaluations.
 *
 * @param features as in `fit`
 * @throws as `SoftmaxRegression.fit`; DomainError if a class has only one sample or there are fewer samples, groups or
 *         times than folds, or a fold leaves a class without samples to train on; BackendError if the backend is changed
 *         before the end; the signal's reason if it is aborted
 * @example
 * const { mean, standardDeviation } = await crossValidate(features, labels, { folds: 10, l2: 0.01 });
 * @see scikit-learn, cross_validate with StratifiedKFold(shuffle=True)
 */
export async function crossValidate<const L extends Label>(
  features: AnyFeatures,
  labels: ArrayLike<L>,
  options: CrossValidateOptions<L> & { readonly outOfFold: true },
): Promise<CrossValidation<L> & { readonly probabilities: RowArray }>;
export async function crossValidate<const L extends Label>(
  features: AnyFeatures,
  labels: ArrayLike<L>,
  options?: CrossValidateOptions<L>,
): Promise<CrossValidation<L>>;
export async function crossValidate<const L extends Label>(
  features: AnyFeatures,
  labels: ArrayLike<L>,
  options: CrossValidateOptions<L> = {},
): Promise<CrossValidation<L>> {
  const where = 'crossValidate';
  assertNoCheckpoints(options, where);
  assertOptions(options, 'crossValidate', where, [...FOLD_OPTIONS, 'outOfFold', 'onProgress']);
  const { outOfFold = false, onProgress, folds: _, seed: __, ...fitOptions } = options;
  assertOneOf(outOfFold, [true, false], where, 'outOfFold');
  if (onProgress !== undefined) assertFunction(onProgress, where, 'onProgress');
  if (outOfFold && options.times !== undefined) {
    const expected = 'be left out with `times`: the samples before the first fold are never tested';
    throw new DomainError({ where, argument: 'outOfFold', expected, actual: 'true' });
  }
  const { communicator, signal } = options;
  const backend = new BackendInUse(where, signal);
  const { classes, numSamples, parts, partOf } = await foldedData(features, labels, options, where);
  const q = classes.length;
  const probabilities = outOfFold ? new Float64Array(numSamples * q) : undefined;
  const folds: Fold<L>[] = [];
  for (const [i, part] of parts.entries()) {
    backend.assertSame();
    const [train, test] = [partOf(part.train), partOf(part.test)];
    const { model, result } = await SoftmaxRegression.fit<L>(train.features, train.labels, {
      ...fitOptions,
      ...seedOf(options),
      classes,
      ...{ sampleWeights: train.sampleWeights, groups: train.groups, times: train.times },
      onProgress: (fit) => onProgress?.({ fold: i + 1, folds: parts.length, fit }),
    });
    const scored = { sampleWeights: test.sampleWeights, communicator, signal };
    const keep = (row: number, values: Float64Array) => probabilities?.set(values, part.test[row] * q);
    const [affine, where] = [affineOf(model), 'evaluate'];
    const evaluation = await evaluateModel(affine, classes, test.features, test.labels, scored, where, keep);
    folds.push({ test: part.test, result, evaluation });
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
  readonly features: TrainingRows;
  readonly labels: L[];
  readonly sampleWeights: Float64Array | undefined;
  readonly groups: (string | number)[] | undefined;
  readonly times: number[] | undefined;
}

/** Validates the samples and assigns them to folds. Each part keeps the order of the samples. */
export async function foldedData<L extends Label>(
  features: AnyFeatures,
  labels: ArrayLike<L>,
  options: Pick<FitOptions<L>, 'classes' | 'sampleWeights' | 'times' | 'standardize' | 'signal'> & FoldOptions,
  where: string,
) {
  // Reading stored rows may take long.
  if (features instanceof StoredRows) assertLabelCount(labels, features.shape[0], where);
  const x = await readRows(features, where, largestOf(options), options.signal);
  const [numSamples] = x.shape;
  assertLabelCount(labels, numSamples, where);
  assertNotEmpty(x, where);
  const classes = classesOf(labels, options.classes, where);
  const indices = classIndices(labels, classes, where);
  const weights = sampleWeightsOf(indices, classes, { sampleWeights: options.sampleWeights }, where)?.values;
  const { groups, times } = options;
  assertRestrictions({ groups, times }, numSamples, where);
  const parts = partsOf(labels, options, where);
  const partOf = (samples: Int32Array): Part<L> => ({
    features: takeRows(x, samples),
    labels: Array.from(samples, (i) => labels[i]),
    sampleWeights: weights && take(weights, samples),
    groups: groups && Array.from(samples, (i) => groups[i]),
    times: times && Array.from(samples, (i) => times[i]),
  });
  return { classes, numSamples, parts, partOf };
}

/** The samples to train on and to test on, for each fold. */
function partsOf<L extends Label>(
  labels: ArrayLike<L>,
  { folds, seed, groups, times }: FoldOptions & Pick<FitOptions<L>, 'times'>,
  where: string,
): readonly Split[] {
  if (times === undefined) {
    const held = stratifiedFolds(labels, { folds, seed, groups }, where);
    return held.map((test) => ({ train: complement(test, labels.length), test }));
  }
  const parts = foldsByTime(times, foldCount(folds, labels.length, where), where);
  const hint = 'Choose fewer `folds`, or leave that class out.';
  for (const { train } of parts) assertEachClass(labels, train, { where, argument: 'times', hint });
  return parts;
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

/** The scores of one fit on the fold held back. */
export interface Cell {
  readonly scores: Scores;
  readonly converged: boolean;
}

/** The mean scores over the folds, with the standard error of the log loss. */
export function overFolds(cells: readonly Cell[]) {
  const evaluations = cells.map(({ scores }) => scores);
  const folds = evaluations.map(({ logLoss }) => logLoss);
  return {
    ...summarize(evaluations, meanOf),
    standardError: deviationOf(folds) / Math.sqrt(folds.length),
    folds,
    converged: cells.every(({ converged }) => converged),
  };
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
  return Math.sqrt(numbers.reduce((sum, each) => sum + square(each - mean), 0) / (numbers.length - 1));
}
