// training: prepares validated samples for a solver: holds some out, weights them, standardises them.

import * as tf from '@tensorflow/tfjs';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { ONE_PROCESS } from '../core/ranks/communicator.js';
import { describe } from '../core/shape.js';
import { type TrainingRows, takeRows } from '../data/any-rows.js';
import { assertRestrictions } from '../data/groups.js';
import { isSparse } from '../data/matrix.js';
import type { SampleWeights } from '../data/sample-weights.js';
import { take } from '../data/split.js';
import { assertColumns, type Scaling } from '../data/standardize.js';
import { StoredRows } from '../data/stored-rows.js';
import { openCheckpoints } from './checkpoint/checkpoints.js';
import { fitFirstOrder } from './first-order.js';
import type { AnySamples, DenseSamples, FitRun, Fitted, Samples } from './fit.js';
import { largestOf } from './inputs.js';
import { fitLbfgs, isAlwaysExact, isApart, isExact } from './lbfgs.js';
import {
  type FitPlan,
  isSteps,
  type OpenPlan,
  type OptimumPlan,
  storedOptions,
  type TrainingOptions,
  withPenalty,
} from './options.js';
import { assertAlike, type Shared } from './ranks.js';
import { listed, solversOf } from './solvers.js';
import {
  assertFinite,
  isNear,
  scaledColumns,
  scalingOf,
  standardized,
  standardizedRows,
  unfold,
} from './standardization.js';
import { holdBack, readValidation } from './validation.js';
import { startFrom, type WarmStart } from './warm-start.js';
import { classWeightsOf, sampleWeightsOf } from './weights.js';

/** The validated samples of a fit. */
export interface Given<L extends Label> {
  /** The backend of the fit. */
  readonly backend: BackendInUse;
  readonly features: TrainingRows;
  /** Of the features, if several processes share the fit. */
  readonly checksum?: string;
  /** Class indices. */
  readonly labels: Int32Array;
  readonly classes: readonly L[];
  /** For messages, and to recognise the samples of a checkpoint. */
  readonly featureNames?: readonly string[];
}

/**
 * Fits samples with the solver of the options.
 *
 * @returns the parameters, and the options that the model stores
 */
export async function fitSamples<L extends Label>(
  given: Given<L>,
  asked: OpenPlan,
  where: string,
): Promise<{ fitted: Fitted; options: TrainingOptions }> {
  const { communicator = ONE_PROCESS } = asked;
  if (isSparse(given.features)) assertTakesSparse(asked, where);
  const { samples, validation } = await partsOf(given, asked, where);
  const open = withPrecision(asked, samples);
  const opened = await openCheckpoints(communicator.rank === 0 ? open : { ...open, checkpoint: undefined }, where);
  const total = samples.weights?.total ?? samples.labels.length;
  const plan = withPenalty({ ...open, l2: open.l2 ?? opened.l2 }, total, samples.numClasses, where);
  const options = storedOptions(plan);
  const start = plan.warmStart && startOf(plan.warmStart, given, samples, plan, where);
  const { backend, classes, featureNames } = given;
  if (communicator.size > 1) {
    const { checksum } = given;
    // A share is one of features whose checksum is compared.
    const others = typeof plan.validation === 'number' ? undefined : validation;
    const shared = { samples, checksum, validation: others, classes, start, resume: plan.resume } as Shared;
    await assertAlike(communicator, shared, { ...options, ...engineOf(asked, samples) }, where);
  }
  const checkpoints = await opened.withData({ samples, validation, classes, start, featureNames }, options);
  const run: FitRun = { backend, validation, start, checkpoints, featureNames, classes };
  const fitted = await (plan.standardize
    ? solveStandardized(samples, plan, run, where)
    : solve(samples, plan, startingAt(run, plan, undefined)));
  const notes = checkpoints?.notes ?? [];
  return { fitted: notes.length === 0 ? fitted : { ...fitted, result: { ...fitted.result, notes } }, options };
}

/** Where rows are stored, or processes share them, a fit in float64 says so: then its model does not depend on either. */
function withPrecision(plan: OpenPlan, samples: AnySamples): OpenPlan {
  const isMarked = isApart(samples.features) || plan.communicator !== undefined;
  return !isSteps(plan) && isMarked && isExact(samples, plan) ? { ...plan, precision: 'float64' } : plan;
}

/** What ranks must have alike for the same bits: the backend too, unless all of them compute in float64 alone. */
function engineOf(
  asked: OpenPlan,
  samples: AnySamples,
): { readonly precision?: OptimumPlan['precision']; readonly backend?: string } {
  const backend = tf.getBackend();
  if (isSteps(asked)) return { backend };
  if (isAlwaysExact(samples, asked)) return { precision: 'float64' };
  return { precision: 'auto', backend: isExact(samples, asked) ? 'other than tensorflow' : backend };
}

/** Dense columns are centred by `standardize`, and sparse ones are not. */
function assertSameKind(features: TrainingRows, validation: TrainingRows, where: string): void {
  if (isSparse(features) === isSparse(validation)) return;
  const [expected, actual] = isSparse(features)
    ? ['be a sparse matrix, like the features', 'dense rows']
    : ['be dense rows, like the features', 'a sparse matrix'];
  throw new DomainError({ where, argument: 'validation.features', expected, actual });
}

/** Steps and processes that share a fit read dense rows. */
function assertTakesSparse(plan: OpenPlan, where: string): void {
  const rule = isSteps(plan)
    ? {
        argument: 'solver',
        expected: `be ${listed(solversOf('optimum').map((name) => `'${name}'`))} for a sparse matrix`,
        actual: describe(plan.solver),
      }
    : plan.communicator !== undefined
      ? { argument: 'communicator', expected: 'be left out for a sparse matrix', actual: 'one' }
      : undefined;
  if (rule !== undefined) throw new DomainError({ where, ...rule, hint: 'Give rows of numbers, or a typed array.' });
}

/** The run with its start in the coordinates of the solver. */
function startingAt(run: FitRun, { warmStart }: FitPlan, scaling: Scaling | undefined): FitRun {
  return { ...run, scaling, start: run.start && unfold(run.start, warmStart?.columns, scaling) };
}

async function solveStandardized(samples: AnySamples, plan: FitPlan, run: FitRun, where: string): Promise<Fitted> {
  const { signal } = plan;
  const scaling = await scalingOf(samples.features, signal);
  await assertFinite(samples.features, scaling, run.featureNames, where);
  const { mean: center, scale } = scaling;
  const factor = scale.map((deviation, j) => (scaling.isConstant[j] === 1 ? 0 : 1 / deviation));
  const values = isApart(samples.features) ? NO_FLOAT64 : (samples as Samples).features;
  assertColumns(values, { center, factor, names: run.featureNames }, where);
  const scaledRun = startingAt(run, plan, scaling);
  const featureDeviations = scale;
  // First-order steps need no standardised copy: the scaled layer standardises each batch.
  if (isSteps(plan) && isNear(scaling)) {
    const fitted = await fitFirstOrder(samples as DenseSamples, plan, { ...scaledRun, standardizes: 'in steps' });
    return { ...fitted, featureDeviations };
  }
  const copyOf = async ({ features, ...others }: AnySamples): Promise<AnySamples> => {
    if (features instanceof StoredRows) return { ...others, features: standardizedRows(features, scaling) };
    if (isSparse(features)) return { ...others, features: scaledColumns(features, scaling) };
    return { ...others, features: await standardized(features, scaling, signal) };
  };
  const validation = run.validation && (await copyOf(run.validation));
  const fitted = await solve(await copyOf(samples), plan, { ...scaledRun, validation });
  return { ...fitted, featureDeviations };
}

function solve(samples: AnySamples, plan: FitPlan, run: FitRun): Promise<Fitted> {
  return isSteps(plan) ? fitFirstOrder(samples as DenseSamples, plan, run) : fitLbfgs(samples, plan, run);
}

const NO_FLOAT64 = { values: new Float64Array(0) };

/** The training samples and the validation samples. Class weights apply to the training samples alone. */
async function partsOf<L extends Label>(
  { features, labels, classes }: Given<L>,
  plan: OpenPlan,
  where: string,
): Promise<{ samples: AnySamples; validation: AnySamples | undefined }> {
  const { classWeights, sampleWeights, validation, groups, times } = plan;
  assertRestrictions({ groups, times }, labels.length, where);
  const numClasses = classes.length;
  const all = sampleWeightsOf(labels, classes, { sampleWeights }, where);
  const weigh = (of: Int32Array, sampleWeights?: Float64Array) =>
    sampleWeightsOf(of, classes, { sampleWeights, classWeights }, where);
  const whole = () => ({ features, labels, weights: weigh(labels, all?.values), numClasses });
  if (validation === undefined) return { samples: whole(), validation };
  if (typeof validation !== 'number') {
    const read = await readValidation<Label>(validation, features.shape[1], classes, largestOf(plan), where);
    assertSameKind(features, read.features, where);
    return { samples: whole(), validation: read };
  }
  const seed = isSteps(plan) ? plan.seed : 0;
  const { train, test } = holdBack(labels, classes, validation, seed, { groups, times }, where);
  const part = (indices: Int32Array, weights: (of: Int32Array, own?: Float64Array) => SampleWeights | undefined) => {
    const of = take(labels, indices);
    return {
      features: takeRows(features, indices),
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
  { features, labels, weights }: AnySamples,
  plan: FitPlan,
  where: string,
): Float64Array {
  if (isSteps(plan) && plan.layer !== 'dense') {
    const expected = "be left out where the layer is not 'dense'";
    const hint = 'The weight of a model is not a sum of Kronecker products.';
    throw new DomainError({ where, argument: 'warmStart', expected, actual: 'a model', hint });
  }
  const unit = weights === undefined ? 1 : labels.length / weights.total;
  const counts = classWeightsOf(labels, classes.length, (i) => unit * (weights?.values[i] ?? 1));
  return startFrom(model, classes, counts, features.shape[1], plan.fitIntercept, where);
}
