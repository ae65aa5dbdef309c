// model: how much to penalise, found by cross-validation.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertOneOf, describe } from '../core/shape.js';
import type { FoldOptions } from '../data/folds.js';
import type { Scores } from '../metrics/scores.js';
import type { FitResult } from '../training/fit.js';
import type { FeaturesInput } from '../training/inputs.js';
import { assertOptions, type FitOptions, type FitProgress, type OptionsOf } from '../training/options.js';
import {
  assertNoCheckpoints,
  deviationOf,
  FOLD_OPTIONS,
  foldedData,
  meanOf,
  seedOf,
  summarize,
} from './cross-validate.js';
import { SoftmaxRegression } from './softmax-regression.js';

/** Where the search stands. */
export interface LambdaProgress {
  /** Fits that are begun, from 1, and how many there are: folds × l2, and one for the model. */
  readonly fit: number;
  readonly fits: number;
  readonly l2: number;
  /** From 1; undefined for the model of all samples. */
  readonly fold: number | undefined;
  /** How the fit goes. */
  readonly progress: FitProgress;
}

/** Options of a fit, and of the folds; the seed of a fit is that of the folds. */
export interface LambdaPathOptions<L extends Label> extends OptionsOf<'lambdaPath', L>, FoldOptions {
  /** Values of λ ≥ 0 to try, all different; 1, √0.1, 0.1, …, 1e-4 unless given. */
  readonly l2?: readonly number[];
  /** Which of the two to fit to all samples in the end; neither unless given. */
  readonly refit?: 'best' | 'oneStandardError';
  /** Called as each fit goes on. */
  readonly onProgress?: (progress: LambdaProgress) => void;
}

/** The scores of one value of λ: their means over the folds. */
export interface LambdaRow extends Scores {
  readonly l2: number;
  /** Of the mean log loss: the standard deviation over the folds divided by √folds. */
  readonly standardError: number;
  /** The log loss of each fold. */
  readonly folds: readonly number[];
  /** Whether all fits came to their optimum. */
  readonly converged: boolean;
}

/** Scores for each strength of the penalty λ = l2. */
export interface LambdaPath {
  /** From the largest λ to the least. */
  readonly table: readonly LambdaRow[];
  /** The λ of the least log loss; of equals the largest. */
  readonly best: number;
  /** The largest λ whose log loss is within one standard error of the least: the simplest model that may be as good. */
  readonly oneStandardError: number;
}

/** With the model that `refit` asks for. */
export interface RefittedLambdaPath<L extends Label> extends LambdaPath {
  readonly model: SoftmaxRegression<L>;
  readonly result: FitResult;
}

/**
 * Cross-validates many values of the penalty λ, `l2`, and says which is best.
 *
 * In each fold the path goes from the largest λ to the least, and each fit begins where the one before it ended. What decides is
 * the log loss on what was held back, which sees how sure a model is, and not only whether it is right.
 *
 * @throws as `crossValidate`; DomainError if a value is negative or not finite, or comes twice, or there is none
 * @example
 * const { model, best, table } = await lambdaPath(features, labels, { l2: [1, 0.1, 0.01], folds: 10, refit: 'best' });
 * @see Hastie, Tibshirani and Friedman, The elements of statistical learning (2009), §7.10; glmnet, cv.glmnet
 */
export async function lambdaPath<const L extends Label>(
  features: FeaturesInput,
  labels: ArrayLike<L>,
  options: LambdaPathOptions<L> & { readonly refit: 'best' | 'oneStandardError' },
): Promise<RefittedLambdaPath<L>>;
export async function lambdaPath<const L extends Label>(
  features: FeaturesInput,
  labels: ArrayLike<L>,
  options?: LambdaPathOptions<L>,
): Promise<LambdaPath>;
export async function lambdaPath<const L extends Label>(
  features: FeaturesInput,
  labels: ArrayLike<L>,
  options: LambdaPathOptions<L> = {},
): Promise<LambdaPath | RefittedLambdaPath<L>> {
  const where = 'lambdaPath';
  const { l2, refit, onProgress, folds: _, seed: __, ...fitOptions } = options;
  assertNoCheckpoints(options, where);
  assertOptions(options, 'lambdaPath', where, [...FOLD_OPTIONS, 'l2', 'refit', 'onProgress']);
  const values = descendingValues(l2 ?? DEFAULT_VALUES, where);
  if (refit !== undefined) assertOneOf(refit, ['best', 'oneStandardError'], where, 'refit');
  const { classes, parts, foldOf } = await foldedData(features, labels, options, where);
  const fits = parts.length * values.length + Number(refit !== undefined);
  const { signal } = options;
  let begun = 0;
  const fitTo = (x: FeaturesInput, y: ArrayLike<L>, more: FitOptions<L> & { l2: number }, fold?: number) => {
    const own = { fit: ++begun, fits, l2: more.l2, fold };
    const report = (progress: FitProgress) => onProgress?.({ ...own, progress });
    return SoftmaxRegression.fit<L>(x, y, { ...fitOptions, ...seedOf(options), classes, ...more, onProgress: report });
  };
  const cells = values.map((): Cell[] => []);
  for (const [i, part] of parts.entries()) {
    const { train, test } = foldOf(part);
    let warmStart: SoftmaxRegression<L> | undefined;
    for (const [place, l2] of values.entries()) {
      const own = { l2, warmStart, sampleWeights: train.sampleWeights };
      const { model, result } = await fitTo(train.features, train.labels, own, i + 1);
      const { sampleWeights } = test;
      const scores = await model.evaluate(test.features, test.labels, { sampleWeights, signal });
      cells[place].push({ scores, converged: result.converged });
      warmStart = model;
    }
  }
  const table = values.map((l2, place) => rowOf(l2, cells[place]));
  const path = { table, ...choicesOf(table) };
  if (refit === undefined) return path;
  return { ...path, ...(await fitTo(features, labels, { l2: path[refit] })) };
}

const DEFAULT_VALUES = Array.from({ length: 9 }, (_, i) => 10 ** (-i / 2));

interface Cell {
  readonly scores: Scores;
  readonly converged: boolean;
}

function rowOf(l2: number, cells: readonly Cell[]): LambdaRow {
  const folds = cells.map(({ scores }) => scores.logLoss);
  return {
    l2,
    ...summarize(
      cells.map(({ scores }) => scores),
      meanOf,
    ),
    standardError: deviationOf(folds) / Math.sqrt(folds.length),
    folds,
    converged: cells.every(({ converged }) => converged),
  };
}

/** Rows come with the largest λ first, and so the first of equals is the larger λ. */
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
