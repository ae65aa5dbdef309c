// training: what is done with checked samples before a solver has them: held back, weighed, standardised.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import type { FeatureArray } from '../data/batches.js';
import type { SampleWeights } from '../data/sample-weights.js';
import { take } from '../data/split.js';
import { openCheckpoints } from './checkpoint/checkpoints.js';
import { type FirstOrderRun, fitFirstOrder } from './first-order.js';
import type { FitRun, Fitted, Samples } from './fit.js';
import { fitLbfgs } from './lbfgs.js';
import type { FitOptions, TrainingOptions } from './options.js';
import { isNear, scalingOf, standardized, unfold } from './standardization.js';
import { holdBack, readValidation } from './validation.js';
import { startFrom, type WarmStart } from './warm-start.js';
import { sampleWeightsOf } from './weights.js';

/** Samples as they were handed in, checked. */
export interface Given<L extends Label> {
  readonly features: FeatureArray;
  /** Class indices. */
  readonly labels: Int32Array;
  readonly classes: readonly L[];
}

/**
 * Fits to samples, whatever the options.
 *
 * @param training the options with their defaults
 * @param options as they were given, for what is kept in no model
 */
export async function fitSamples<L extends Label>(
  given: Given<L>,
  training: TrainingOptions,
  options: FitOptions<L>,
  where: string,
): Promise<Fitted> {
  const { signal, onProgress, onEpochEnd, learningRate, warmStart } = options;
  if (training.solver !== 'lbfgs' && training.earlyStopping !== undefined && options.validation === undefined) {
    const hint = 'A share of the samples, validation: 0.1, or others: validation: { features, labels }.';
    throw new DomainError({
      where,
      argument: 'validation',
      expected: 'be given for earlyStopping',
      actual: 'nothing',
      hint,
    });
  }
  const opened = await openCheckpoints(options, training, where);
  const parts = await partsOf(given, training, options, where);
  const { samples, validation } = parts;
  const start = warmStart && startOf(warmStart, given, samples, training, where);
  const checkpoints = await opened.withData({ samples, validation, classes: given.classes, start });
  const run: FitRun = { signal, onProgress, onEpochEnd, validation, start, checkpoints };
  if (!training.standardize) return solve(samples, training, run, learningRate);
  const scaling = await scalingOf(samples.features, signal);
  const scaledRun = { ...run, scaling, start: start && unfold(start, scaling) };
  // Steps need no copy: the scaled layer standardises.
  if (training.solver !== 'lbfgs' && isNear(scaling)) {
    return solve(samples, training, { ...scaledRun, standardizes: 'in steps' }, learningRate);
  }
  const copy = async <S extends Samples>(of: S): Promise<S> => ({
    ...of,
    features: await standardized(of.features, scaling, signal),
  });
  const looked = validation && (await copy(validation));
  return solve(await copy(samples), training, { ...scaledRun, validation: looked }, learningRate);
}

async function solve(
  samples: Samples,
  training: TrainingOptions,
  run: FirstOrderRun,
  learningRate: FitOptions<Label>['learningRate'],
): Promise<Fitted> {
  const rate = typeof learningRate === 'function' ? { learningRate } : {};
  const fitted = await (training.solver === 'lbfgs'
    ? fitLbfgs(samples, training, run)
    : fitFirstOrder(samples, training, { ...run, ...rate }));
  const notes = run.checkpoints?.notes ?? [];
  return notes.length === 0 ? fitted : { ...fitted, result: { ...fitted.result, notes } };
}

/** The samples to learn from, and those to look at. Weights of classes are those of the former alone. */
async function partsOf<L extends Label>(
  { features, labels, classes }: Given<L>,
  { classWeights, ...training }: TrainingOptions,
  { validation, sampleWeights }: FitOptions<L>,
  where: string,
): Promise<{ samples: Samples; validation: Samples | undefined }> {
  const numClasses = classes.length;
  const all = sampleWeightsOf(labels, classes, { sampleWeights }, where);
  const weigh = (of: Int32Array, sampleWeights?: Float64Array) =>
    sampleWeightsOf(of, classes, { sampleWeights, classWeights }, where);
  const whole = () => ({ features, labels, weights: weigh(labels, all?.values), numClasses });
  if (validation === undefined) return { samples: whole(), validation };
  if (typeof validation !== 'number') {
    const read = await readValidation<L>(validation, features.shape[1], classes, where);
    return { samples: whole(), validation: read };
  }
  const seed = training.solver === 'lbfgs' ? 0 : training.seed;
  const { train, test } = holdBack(labels, classes, validation, seed, where);
  const part = (indices: Int32Array, weights: (of: Int32Array, own?: Float64Array) => SampleWeights | undefined) => {
    const of = take(labels, indices);
    return {
      features: take(features, indices),
      labels: of,
      weights: weights(of, all && take(all.values, indices)),
      numClasses,
    };
  };
  const ownWeights = (of: Int32Array, sampleWeights?: Float64Array) =>
    sampleWeightsOf(of, classes, { sampleWeights }, `${where}: validation`);
  return { samples: part(train, weigh), validation: part(test, ownWeights) };
}

function startOf<L extends Label>(
  model: WarmStart,
  { classes }: Given<L>,
  { features, labels, weights }: Samples,
  training: TrainingOptions,
  where: string,
): Float64Array {
  if (training.solver !== 'lbfgs' && training.layer !== 'dense') {
    const expected = "be left out where the layer is not 'dense'";
    const hint = 'The weight of a model is no sum of Kronecker products.';
    throw new DomainError({ where, argument: 'warmStart', expected, actual: 'a model', hint });
  }
  const counts = new Float64Array(classes.length);
  const unit = weights === undefined ? 1 : labels.length / weights.total;
  for (let i = 0; i < labels.length; i++) counts[labels[i]] += unit * (weights?.values[i] ?? 1);
  return startFrom(model, classes, counts, features.shape[1], training.fitIntercept, where);
}
