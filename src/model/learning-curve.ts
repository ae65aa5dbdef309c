// model: how the loss falls with the number of training samples.

import { BackendInUse } from '../compile/backend-in-use.js';
import { exp, log } from '../core/elementary.js';
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { minOf } from '../core/lists.js';
import { assertFunction, describe } from '../core/shape.js';
import { type FoldOptions, stratifiedOrder } from '../data/folds.js';
import type { Scores } from '../metrics/scores.js';
import type { AnyFeatures } from '../training/inputs.js';
import { assertOptions, type FitProgress, type OptionsOf } from '../training/options.js';
import {
  assertNoCheckpoints,
  type Cell,
  FOLD_OPTIONS,
  foldedData,
  meanOf,
  overFolds,
  seedOf,
} from './cross-validate.js';
import { SoftmaxRegression } from './softmax-regression.js';

/** The progress of a learning curve. */
export interface LearningCurveProgress {
  /** The current fit, counted from 1, and the total: one per fold and size. */
  readonly fit: number;
  readonly fits: number;
  /** The number of training samples of the fit. */
  readonly samples: number;
  /** Counted from 1. */
  readonly fold: number;
  /** The progress of the fit. */
  readonly progress: FitProgress;
}

/** Options of the fits and of the folds, with the same seed. */
export interface LearningCurveOptions<L extends Label> extends OptionsOf<'learningCurve', L>, FoldOptions {
  /**
   * Numbers of training samples, ascending, from the number of classes to the size of a training part. Default: ten
   * in geometric progression, from 1 % of the training part or two per class to all of it.
   */
  readonly sizes?: readonly number[];
  /** Called during each fit. */
  readonly onProgress?: (progress: LearningCurveProgress) => void;
}

/** The mean scores of fits to the same number of samples, on the samples held back. */
export interface LearningCurveRow extends Scores {
  /** The number of training samples. */
  readonly samples: number;
  /** The mean log loss on the training samples. */
  readonly trainingLogLoss: number;
  /** The standard error of the mean log loss: the standard deviation over the folds divided by √folds. */
  readonly standardError: number;
  /** The log loss of each fold. */
  readonly folds: readonly number[];
  /** Whether all fits converged. */
  readonly converged: boolean;
}

/** Scores by number of training samples. */
export interface LearningCurve {
  /** From the fewest samples to the most. */
  readonly table: readonly LearningCurveRow[];
}

/**
 * Fits models to growing parts of the samples, and evaluates each on its training samples and on a fold held back.
 *
 * If the two losses still differ at the largest size and the held-back loss still falls, more samples help. If they have met,
 * they do not: other features might. In each fold, a smaller part is contained in every larger one, and each part has
 * every class in the proportion of the fold, up to one sample. The default of `l2` depends on the number of samples,
 * as in `fit`.
 *
 * @throws as `crossValidate`; DomainError if the sizes are not ascending integers in range
 * @example
 * const { table } = await learningCurve(features, labels, { sizes: [30, 60, 120], folds: 5 });
 * table.map(({ samples, trainingLogLoss, logLoss }) => [samples, trainingLogLoss, logLoss])
 * @see scikit-learn, learning_curve
 */
export async function learningCurve<const L extends Label>(
  features: AnyFeatures,
  labels: ArrayLike<L>,
  options: LearningCurveOptions<L> = {},
): Promise<LearningCurve> {
  const where = 'learningCurve';
  assertNoCheckpoints(options, where);
  assertOptions(options, 'learningCurve', where, [...FOLD_OPTIONS, 'sizes', 'onProgress']);
  if (options.onProgress !== undefined) assertFunction(options.onProgress, where, 'onProgress');
  const { sizes: given, onProgress, folds: _, seed, ...fitOptions } = options;
  const { communicator, signal } = options;
  const backend = new BackendInUse(where, signal);
  const { classes, parts, partOf } = await foldedData(features, labels, options, where);
  const most = minOf(parts.map(({ train }) => train.length));
  const sizes =
    given === undefined ? defaultSizes(classes.length, most) : checkedSizes(given, classes.length, most, where);
  const fits = parts.length * sizes.length;
  const cells = sizes.map((): (Cell & { readonly trainingLogLoss: number })[] => []);
  let begun = 0;
  for (const [i, part] of parts.entries()) {
    const test = partOf(part.test);
    const order = stratifiedOrder(part.train, labels, seed);
    for (const [place, samples] of sizes.entries()) {
      backend.assertSame();
      const train = partOf(order.slice(0, samples).sort());
      const own = { fit: ++begun, fits, samples, fold: i + 1 };
      const { model, result } = await SoftmaxRegression.fit<L>(train.features, train.labels, {
        ...{ ...fitOptions, ...seedOf(options), classes },
        ...{ sampleWeights: train.sampleWeights, groups: train.groups, times: train.times },
        onProgress: (progress) => onProgress?.({ ...own, progress }),
      });
      const scoresOf = ({ features, labels, sampleWeights }: typeof train) =>
        model.evaluate(features, labels, { sampleWeights, communicator, signal });
      const { logLoss: trainingLogLoss } = await scoresOf(train);
      cells[place].push({ scores: await scoresOf(test), converged: result.converged, trainingLogLoss });
    }
  }
  return {
    table: sizes.map((samples, place) => ({
      samples,
      trainingLogLoss: meanOf(cells[place].map(({ trainingLogLoss }) => trainingLogLoss)),
      ...overFolds(cells[place]),
    })),
  };
}

/** The number of sizes by default. */
const SIZES = 10;

/** In geometric progression; fewer if the samples are few. */
function defaultSizes(numClasses: number, most: number): number[] {
  const least = Math.min(Math.max(2 * numClasses, Math.ceil(most / 100)), most);
  const sizes = Array.from({ length: SIZES }, (_, i) => Math.round(least * exp((i / (SIZES - 1)) * log(most / least))));
  return [...new Set(sizes)];
}

function checkedSizes(sizes: readonly number[], numClasses: number, most: number, where: string): readonly number[] {
  if (!Array.isArray(sizes) || sizes.length === 0) {
    const expected = 'be a list of at least one integer';
    throw new DomainError({ where, argument: 'sizes', expected, actual: describe(sizes) });
  }
  sizes.forEach((size, i) => {
    const isInRange = Number.isInteger(size) && size >= numClasses && size <= most;
    if (isInRange && (i === 0 || size > sizes[i - 1])) return;
    const expected = isInRange
      ? 'be greater than the size before it'
      : `be an integer in [${numClasses}, ${most}], from the number of classes to the training samples of a fold`;
    throw new DomainError({ where, argument: `sizes[${i}]`, expected, actual: describe(size) });
  });
  return sizes;
}
