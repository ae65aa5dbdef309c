// training: learns from a stream of samples, each part used once.
import { BackendInUse } from '../compile/backend-in-use.js';
import { DomainError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { assertObject, assertOneOf, assertPositiveInteger, describe } from '../core/shape.js';
import { assertSchedule, type RateFunction } from '../optim/schedule.js';
import { fitPart, type Streamed, startStream } from './first-order.js';
import type { Fitted, Samples } from './fit.js';
import { classesOf } from './inputs.js';
import {
  assertOptions,
  type FirstOrderOptions,
  type FirstOrderPlan,
  type OptionsOf,
  stepPlan,
  storedOptions,
  type TrainingOptions,
} from './options.js';
import type { PlainTraining } from './plain-training.js';
import { type FirstOrderSolver, isFirstOrder, listed, solversOf } from './solvers.js';
import { startFrom, type WarmStart } from './warm-start.js';
import { type ClassWeights, sampleWeightsOf, weightsInOrder } from './weights.js';

/** Options for learning from a stream: those of `fit` that do not need all samples at once. */
export interface StreamOptions<L extends Label> extends Omit<OptionsOf<'untrained', L>, 'classes' | 'classWeights'> {
  /** All classes of the stream, in the order of their columns. */
  readonly classes: readonly L[];
  readonly numFeatures: number;
  /** Default `'sgd'`. */
  readonly solver?: FirstOrderSolver;
  /** The weight of each class; `'balanced'` is not supported, because it needs all samples at once. */
  readonly classWeights?: Exclude<ClassWeights<NoInfer<L>>, 'balanced'>;
}

/**
 * Options that may differ for each part of a stream. `epochs` is the number of passes over its samples, 1 by default.
 */
export interface PartialFitOptions<L extends Label> extends OptionsOf<'partialFit', L> {}

/** The state besides weights that a model needs to continue learning. */
export interface Stream {
  readonly training: PlainTraining;
  /** A rate function, which cannot be stored in the model's options. */
  readonly learningRate: RateFunction | undefined;
}

/** Creates an untrained model. */
export async function openStream<L extends Label>(
  given: StreamOptions<L>,
  where: string,
): Promise<{ classes: readonly L[]; options: TrainingOptions; started: Streamed; stream: Stream }> {
  assertOptions(given, 'untrained', where, ['solver', 'numFeatures']);
  const { classes: listed, numFeatures, solver = 'sgd', warmStart, ...others } = given;
  assertOneOf(solver, solversOf('steps'), where, 'solver');
  assertPositiveInteger(numFeatures, where, 'numFeatures');
  const classes = classesOf([], listed ?? [], where);
  const plan = stepPlan({ ...others, solver, epochs: 1 }, where);
  assertStreamable(plan, where);
  classIndices([], classes, where);
  if (typeof plan.classWeights === 'object') weightsInOrder(plan.classWeights, classes, where);
  const start = warmStart === undefined ? undefined : startOf(warmStart, classes, numFeatures, plan, where);
  const backend = new BackendInUse(where, plan.signal);
  const started = await backend.run(() => startStream(numFeatures, classes.length, plan, start, backend));
  const stream = { training: started.training, learningRate: functionOf(plan.learningRate) };
  return { classes, options: storedOptions(plan), started, stream };
}

/** A model so far, with its options. */
export interface Learner {
  readonly classes: readonly Label[];
  readonly options: TrainingOptions;
  readonly model: WarmStart;
  readonly stream: Stream | undefined;
  /** The backend of the fit to the next part. */
  readonly backend: BackendInUse;
}

/** The model after the next part. */
export async function fitNextPart<L extends Label>(
  { classes, options, model, stream, backend }: Learner,
  { features, labels }: Pick<Samples, 'features' | 'labels'>,
  given: PartialFitOptions<L>,
  where: string,
): Promise<{ fitted: Fitted; options: TrainingOptions; stream: Stream }> {
  const { epochs = 1, sampleWeights, ...others } = given;
  assertSteps(options, where);
  assertPositiveInteger(epochs, where, 'epochs');
  const { validation, earlyStopping, ...kept } = options;
  // A model from a file has no rate function. The stored name is then rejected as a rate.
  const own = stream?.learningRate ?? options.learningRate;
  const learningRate = given.learningRate === undefined ? own : given.learningRate;
  const plan = stepPlan({ ...kept, ...others, learningRate, epochs: 1 }, where);
  assertStreamable(plan, where);
  const numClasses = classes.length;
  const weights = sampleWeightsOf(labels, classes, { sampleWeights, classWeights: plan.classWeights }, where);
  const training = stream?.training ?? (await startFresh(model, classes, plan, backend, where));
  const run = { backend, stream: training };
  const fitted = await fitPart({ features, labels, weights, numClasses }, { ...plan, epochs }, run);
  const next = { training: fitted.training, learningRate: functionOf(plan.learningRate) };
  return { fitted, options: storedOptions(plan), stream: next };
}

/** Validates the options of `partialFit` before anything is read. */
export function assertPartialFitOptions(given: object, where: string): void {
  assertOptions(given, 'partialFit', where);
}

/** Rejects options that need all samples at once. */
function assertStreamable({ standardize, classWeights, learningRate }: FirstOrderPlan, where: string): void {
  const refuse = (argument: string, expected: string, actual: unknown, hint: string) => {
    throw new DomainError({ where, argument, expected, actual: describe(actual), hint });
  };
  if (standardize) {
    refuse(
      'standardize',
      'be false',
      true,
      'The mean of a stream is unknown: standardize all its parts in the same way first.',
    );
  }
  if (classWeights === 'balanced') {
    refuse(
      'classWeights',
      'be given by class',
      'balanced',
      'The number of samples of each class is unknown in a stream.',
    );
  }
  if (typeof learningRate === 'object') assertSchedule(learningRate, undefined, where, 'learningRate');
}

function assertSteps(options: TrainingOptions, where: string): asserts options is FirstOrderOptions {
  if (isFirstOrder(options.solver)) return;
  const expected = `be ${listed(solversOf('steps').map((name) => `'${name}'`))}`;
  const hint =
    "It needs all samples at once. Call fit with `solver: 'sgd'` and `warmStart`, or untrained with `warmStart`.";
  throw new DomainError({ where, argument: 'solver', expected, actual: describe(options.solver), hint });
}

async function startFresh(
  model: WarmStart,
  classes: readonly Label[],
  plan: FirstOrderPlan,
  backend: BackendInUse,
  where: string,
): Promise<PlainTraining> {
  const start = startOf(model, classes, model.numFeatures, plan, where);
  return (await startStream(model.numFeatures, classes.length, plan, start, backend)).training;
}

function startOf(
  model: WarmStart,
  classes: readonly Label[],
  d: number,
  { layer, fitIntercept }: FirstOrderPlan,
  where: string,
): Float64Array {
  assertObject(model, where, 'warmStart', 'be a fitted model');
  if (model.columns !== undefined) {
    const hint = 'Train it with `standardize: false` on smaller numbers, or call fit with `warmStart`.';
    const actual = 'one that standardises columns';
    throw new DomainError({ where, argument: 'the model', expected: 'be one of raw features', actual, hint });
  }
  if (layer !== 'dense') {
    const hint = 'The weight of a model is not a sum of Kronecker products.';
    throw new DomainError({
      where,
      argument: 'layer',
      expected: "be 'dense' to continue from a model",
      actual: 'PHM',
      hint,
    });
  }
  return startFrom(model, classes, new Float64Array(classes.length), d, fitIntercept, where);
}

function functionOf(rate: FirstOrderPlan['learningRate']): RateFunction | undefined {
  return typeof rate === 'function' ? rate : undefined;
}
