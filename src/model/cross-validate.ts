// model: how good a model would be on samples it did not learn from, from the samples that there are.
import { DomainError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { assertOneOf, describe } from '../core/shape.js';
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

/** Where cross-validation stands. */
export interface FoldProgress {
  /** From 1. */
  readonly fold: number;
  readonly folds: number;
  /** How the fit of this fold goes. */
  readonly fit: FitProgress;
}

/**
 * Options of a fit, and of the folds; the seed of a fit is that of the folds. A model to begin from is none of them: it may have
 * learnt from what is held back. Nor are checkpoints, which are those of one fit.
 */
export interface CrossValidateOptions<L extends Label> extends OptionsOf<'crossValidate', L>, FoldOptions {
  /** Whether to keep the probabilities of each sample, by the model that did not learn from it. Default false. */
  readonly outOfFold?: boolean;
  /** Called as each fold goes on. */
  readonly onProgress?: (progress: FoldProgress) => void;
}

/** One fit, and how good it is on what was held back. */
export interface Fold<L extends Label> {
  /** The samples that were held back, ascending. */
  readonly test: Int32Array;
  readonly result: FitResult;
  readonly evaluation: Evaluation<L>;
}

/** Scores of models that each were tested on the part they had not seen. */
export interface CrossValidation<L extends Label> {
  /** The columns of probabilities. */
  readonly classes: readonly L[];
  readonly folds: readonly Fold<L>[];
  /** Of each score over the folds. NaN where it is NaN in one: an area under the curve where a class is not held back. */
  readonly mean: Scores;
  /** √(Σ (score − mean)² / (folds − 1)); numpy's std divides by the number of folds unless told otherwise. */
  readonly standardDeviation: Scores;
  /** [n, classes], with `outOfFold`. */
  readonly probabilities?: RowArray;
}

/**
 * Fits as many models as there are folds, each on all folds but one, and evaluates each on that one.
 *
 * Folds have their share of each class. The same options, seed and data give the same folds and numbers. Sample weights count
 * in fits and evaluations alike.
 *
 * @throws as `SoftmaxRegression.fit`; DomainError if a class has only one sample, or there are fewer samples than folds; the
 *         signal's reason if it is aborted
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
  const { outOfFold = false, onProgress, folds: _, seed: __, ...fitOptions } = options;
  assertNoCheckpoints(options, where);
  assertOptions(options, 'crossValidate', where, [...FOLD_OPTIONS, 'outOfFold', 'onProgress']);
  assertOneOf(outOfFold, [true, false], where, 'outOfFold');
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

/** Samples of one part, or of all others. */
interface Part<L extends Label> {
  readonly features: FeatureArray;
  readonly labels: L[];
  readonly sampleWeights: Float64Array | undefined;
}

/** All samples, checked, and their folds. */
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

/** The options of the folds, beside those of the fits. */
export const FOLD_OPTIONS = ['folds', 'seed'];

/** The fits would overwrite each other's checkpoints. */
export function assertNoCheckpoints(options: object, where: string): void {
  const { checkpoint, resume } = options as { readonly checkpoint?: unknown; readonly resume?: unknown };
  if (checkpoint === undefined && resume === undefined) return;
  const argument = checkpoint === undefined ? 'resume' : 'checkpoint';
  const expected = 'be left out: checkpoints are those of one fit';
  throw new DomainError({ where, argument, expected, actual: describe(checkpoint ?? resume) });
}

/** The seed of the folds is that of each fit, where its solver draws anything. */
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

/** That of the population the numbers are drawn from, estimated from at least two. */
export function deviationOf(numbers: readonly number[]): number {
  const mean = meanOf(numbers);
  return Math.sqrt(numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (numbers.length - 1));
}
