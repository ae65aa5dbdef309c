// model: chooses the strength of the penalty by cross-validation.

import { BackendInUse } from '../compile/backend-in-use.js';
import { power, square } from '../core/elementary.js';
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertFunction, assertOneOf, describe } from '../core/shape.js';
import type { FoldOptions } from '../data/folds.js';
import type { Scores } from '../metrics/scores.js';
import type { FitResult } from '../training/fit.js';
import type { AnyFeatures } from '../training/inputs.js';
import { assertOptions, type FitOptions, type FitProgress, type OptionsOf } from '../training/options.js';
import { assertNoCheckpoints, type Cell, FOLD_OPTIONS, foldedData, overFolds, seedOf } from './cross-validate.js';
import { SoftmaxRegression } from './softmax-regression.js';

/** The progress of the search. */
export interface LambdaProgress {
  /** The current fit, counted from 1, and the total: one per fold and λ, plus one for `refit`. */
  readonly fit: number;
  readonly fits: number;
  readonly l2: number;
  /** Counted from 1; undefined for the fit to all samples. */
  readonly fold: number | undefined;
  /** The progress of the fit. */
  readonly progress: FitProgress;
}

/** Options of the fits and of the folds, with the same seed. */
export interface LambdaPathOptions<L extends Label> extends OptionsOf<'lambdaPath', L>, FoldOptions {
  /** Values of λ ≥ 0 to try, all different. Default `defaultStrengths(n)`: 1, √0.1, 0.1, … down to 1/(100·n). */
  readonly l2?: readonly number[];
  /** Which choice of λ to fit to all samples at the end. Default neither. */
  readonly refit?: 'best' | 'oneStandardError';
  /** Called during each fit. */
  readonly onProgress?: (progress: LambdaProgress) => void;
}

/** The mean scores of one value of λ over the folds. */
export interface LambdaRow extends Scores {
  readonly l2: number;
  /** The standard error of the mean log loss: the standard deviation over the folds divided by √folds. */
  readonly standardError: number;
  /** The log loss of each fold. */
  readonly folds: readonly number[];
  /** Whether all fits converged. */
  readonly converged: boolean;
}

/** Scores for each strength λ of the penalty, `l2`. */
export interface LambdaPath {
  /** From the largest λ to the smallest. */
  readonly table: readonly LambdaRow[];
  /** The λ with the lowest log loss; the largest of several. */
  readonly best: number;
  /**
   * The largest λ whose log loss is within one standard error of the lowest: the simplest model that may be as good.
   */
  readonly oneStandardError: number;
}

/** A path with the model that `refit` selects. */
export interface RefittedLambdaPath<L extends Label> extends LambdaPath {
  readonly model: SoftmaxRegression<L>;
  readonly result: FitResult;
}

/**
 * Cross-validates several values of the penalty λ, `l2`, and returns the best.
 *
 * In each fold, λ goes from the largest value to the smallest, and each fit starts from the previous one. The criterion
 * is the log loss on the held-out samples, which measures confidence as well as accuracy.
 *
 * @throws as `crossValidate`; DomainError if a value is negative, not finite or repeated, or if the list is empty
 * @example
 * const { model, best, table } = await lambdaPath(features, labels, { l2: [1, 0.1, 0.01], folds: 10, refit: 'best' });
 * @see Hastie, Tibshirani and Friedman, The elements of statistical learning (2009), §7.10; glmnet, cv.glmnet
 */
export async function lambdaPath<const L extends Label>(
  features: AnyFeatures,
  labels: ArrayLike<L>,
  options: LambdaPathOptions<L> & { readonly refit: 'best' | 'oneStandardError' },
): Promise<RefittedLambdaPath<L>>;
export async function lambdaPath<const L extends Label>(
  features: AnyFeatures,
  labels: ArrayLike<L>,
  options?: LambdaPathOptions<L>,
): Promise<LambdaPath>;
export async function lambdaPath<const L extends Label>(
  features: AnyFeatures,
  labels: ArrayLike<L>,
  options: LambdaPathOptions<L> = {},
): Promise<LambdaPath | RefittedLambdaPath<L>> {
  const where = 'lambdaPath';
  assertNoCheckpoints(options, where);
  assertOptions(options, 'lambdaPath', where, [...FOLD_OPTIONS, 'l2', 'refit', 'onProgress']);
  const { l2, refit, onProgress, folds: _, seed: __, ...fitOptions } = options;
  if (onProgress !== undefined) assertFunction(onProgress, where, 'onProgress');
  const given = l2 === undefined ? undefined : descendingValues(l2, where);
  if (refit !== undefined) assertOneOf(refit, ['best', 'oneStandardError'], where, 'refit');
  const { communicator, signal } = options;
  const backend = new BackendInUse(where, signal);
  const { classes, numSamples, parts, partOf } = await foldedData(features, labels, options, where);
  const values = given ?? defaultStrengths(numSamples);
  const fits = parts.length * values.length + Number(refit !== undefined);
  let begun = 0;
  const fitTo = (x: typeof features, y: ArrayLike<L>, more: FitOptions<L> & { l2: number }, fold?: number) => {
    backend.assertSame();
    const own = { fit: ++begun, fits, l2: more.l2, fold };
    const report = (progress: FitProgress) => onProgress?.({ ...own, progress });
    return SoftmaxRegression.fit<L>(x, y, { ...fitOptions, ...seedOf(options), classes, ...more, onProgress: report });
  };
  const cells = values.map((): Cell[] => []);
  for (const [i, part] of parts.entries()) {
    const [train, test] = [partOf(part.train), partOf(part.test)];
    let warmStart: SoftmaxRegression<L> | undefined;
    for (const [place, l2] of values.entries()) {
      const own = { l2, warmStart, sampleWeights: train.sampleWeights, groups: train.groups, times: train.times };
      const { model, result } = await fitTo(train.features, train.labels, own, i + 1);
      const { sampleWeights } = test;
      const scores = await model.evaluate(test.features, test.labels, { sampleWeights, communicator, signal });
      cells[place].push({ scores, converged: result.converged });
      warmStart = model;
    }
  }
  const table = values.map((l2, place): LambdaRow => ({ l2, ...overFolds(cells[place]) }));
  const path = { table, ...choicesOf(table) };
  if (refit === undefined) return path;
  return { ...path, ...(await fitTo(features, labels, { l2: path[refit] })) };
}

/**
 * The values of λ to try for n samples: 1, √0.1, 0.1, … down to the first value that is at most 1/(100·n), and at least to 1e-4.
 *
 * The loss is a mean, so the λ of a given strength against the samples shrinks as 1/n: scikit-learn's C is 1/(λ·n). The
 * list goes down to C = 100 for every n.
 *
 * @example defaultStrengths(100_000).length   // 15: 1, …, 1e-7
 */
export function defaultStrengths(n: number): number[] {
  let halves = 8;
  while (power(10, halves) < square(100 * n)) halves++;
  return Array.from(
    { length: halves + 1 },
    (_, i) => (i % 2 === 0 ? 1 : Math.sqrt(0.1)) / power(10, Math.floor(i / 2)),
  );
}

/** Rows start with the largest λ, so the first of several equal rows has the largest λ. */
function choicesOf(table: readonly LambdaRow[]): { best: number; oneStandardError: number } {
  const best = table.reduce((least, row) => (row.logLoss < least.logLoss ? row : least));
  const limit = best.logLoss + best.standardError;
  const simplest = table.find(({ logLoss }) => logLoss <= limit) ?? best;
  return { best: best.l2, oneStandardError: simplest.l2 };
}

function descendingValues(values: readonly number[], where: string): number[] {
  if (!Array.isArray(values) || values.length === 0) {
    const expected = 'be a list of at least one number';
    throw new DomainError({ where, argument: 'l2', expected, actual: describe(values) });
  }
  values.forEach((value, i) => {
    if (Number.isFinite(value) && value >= 0 && values.indexOf(value) === i) return;
    const expected = 'be a finite number ≥ 0 that differs from those before it';
    throw new DomainError({ where, argument: `l2[${i}]`, expected, actual: describe(value) });
  });
  return [...values].sort((a, b) => b - a);
}
