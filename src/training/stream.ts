// training: learning from samples that come part by part, none of which is seen again.
import { DomainError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { assertKnownOptions, assertOneOf, assertPositiveInteger, describe } from '../core/shape.js';
import { assertSchedule, type RateFunction } from '../optim/schedule.js';
import { fitPart, type Streamed, startStream } from './first-order.js';
import type { Fitted, Samples } from './fit.js';
import { classesOf } from './inputs.js';
import {
  type FirstOrderOptions,
  type FirstOrderSolver,
  type FitOptions,
  type TrainingOptions,
  trainingOptions,
} from './options.js';
import type { PlainTraining } from './plain-training.js';
import { startFrom, type WarmStart } from './warm-start.js';
import { type ClassWeights, sampleWeightsOf, weightsInOrder } from './weights.js';

type Shared =
  | 'gradient'
  | 'layer'
  | 'fitIntercept'
  | 'l2'
  | 'batchSize'
  | 'learningRate'
  | 'shuffle'
  | 'seed'
  | 'featureNames'
  | 'schema'
  | 'warmStart';

/** What decides how a model learns from a stream: as in `fit`, but for what needs all samples at once. */
export interface StreamOptions<L extends Label> extends Pick<FitOptions<L>, Shared> {
  /** All classes that there will be, in the order of their columns. */
  readonly classes: readonly L[];
  readonly numFeatures: number;
  /** Default `'sgd'`. */
  readonly solver?: FirstOrderSolver;
  /** By class: how many samples there will be of each to balance, nobody knows. */
  readonly classWeights?: Exclude<ClassWeights<NoInfer<L>>, 'balanced'>;
}

/** What may be different for each part of a stream. */
export interface PartialFitOptions<L extends Label>
  extends Pick<FitOptions<L>, 'sampleWeights' | 'learningRate' | 'signal' | 'onProgress' | 'onEpochEnd'> {
  /** Passes over these samples. Default 1. */
  readonly epochs?: number;
}

const SHARED = ['gradient', 'layer', 'fitIntercept', 'l2', 'batchSize', 'learningRate', 'shuffle', 'seed'];
const STREAM = ['classes', 'numFeatures', 'featureNames', 'schema', 'solver', 'classWeights', 'warmStart', ...SHARED];
const PART = ['sampleWeights', 'learningRate', 'epochs', 'signal', 'onProgress', 'onEpochEnd'];

/** What a model keeps, beside its weights, to go on learning. */
export interface Stream {
  readonly training: PlainTraining;
  /** What `'function'` stands for in its options. */
  readonly learningRate: RateFunction | undefined;
}

/** A model before its first sample. */
export async function openStream<L extends Label>(
  given: StreamOptions<L>,
  where: string,
): Promise<{ classes: readonly L[]; options: FirstOrderOptions; started: Streamed; stream: Stream }> {
  assertKnownOptions(given, STREAM, where);
  const { classes: listed, numFeatures, solver = 'sgd', classWeights, warmStart, learningRate, ...shared } = given;
  assertOneOf(solver, ['sgd', 'momentum', 'adam'], where, 'solver');
  assertPositiveInteger(numFeatures, where, 'numFeatures');
  const classes = classesOf([], listed ?? [], where);
  const options = trainingOptions<Label>({ ...shared, solver, learningRate, classWeights, epochs: 1 }, where);
  const first = streamOptions(options, where);
  classIndices([], classes, where);
  if (typeof first.classWeights === 'object') weightsInOrder(first.classWeights, classes, where);
  const start = warmStart && startOf(warmStart, classes, numFeatures, first, where);
  const started = await startStream(numFeatures, classes.length, first, start);
  return {
    classes,
    options: first,
    started,
    stream: { training: started.training, learningRate: functionOf(learningRate) },
  };
}

/** What a model has learnt so far, and how it learns. */
export interface Learner {
  readonly classes: readonly Label[];
  readonly options: TrainingOptions;
  readonly model: WarmStart;
  readonly stream: Stream | undefined;
}

/** The model after one more part. */
export async function fitNextPart<L extends Label>(
  { classes, options, model, stream }: Learner,
  { features, labels }: Pick<Samples, 'features' | 'labels'>,
  given: PartialFitOptions<L>,
  where: string,
): Promise<{ fitted: Fitted; options: FirstOrderOptions; stream: Stream }> {
  const { epochs = 1, sampleWeights, signal, onProgress, onEpochEnd } = given;
  assertSteps(options, where);
  assertPositiveInteger(epochs, where, 'epochs');
  // A function of a model that was not kept is refused below, as the word that stands for it.
  const own = options.learningRate as Exclude<FirstOrderOptions['learningRate'], 'function'>;
  const learningRate = given.learningRate ?? stream?.learningRate ?? own;
  const { validation, ...kept } = options;
  const changed = trainingOptions<Label>({ ...kept, learningRate, earlyStopping: undefined }, where);
  const next = streamOptions(changed, where);
  const numClasses = classes.length;
  const weights = sampleWeightsOf(labels, classes, { sampleWeights, classWeights: next.classWeights }, where);
  const training = stream?.training ?? (await startFresh(model, classes, next, where));
  const rate = functionOf(learningRate);
  const run = { signal, onProgress, onEpochEnd, learningRate: rate, stream: training };
  const fitted = await fitPart({ features, labels, weights, numClasses }, { ...next, epochs }, run);
  return { fitted, options: next, stream: { training: fitted.training, learningRate: rate } };
}

/** Holds `partialFit` to its options, before anything is read. */
export function assertPartialFitOptions(given: object, where: string): void {
  assertKnownOptions(given, PART, where);
}

/** Options that a stream can follow. */
function streamOptions(options: TrainingOptions, where: string): FirstOrderOptions {
  const refuse = (argument: string, expected: string, actual: unknown, hint: string) => {
    throw new DomainError({ where, argument, expected, actual: describe(actual), hint });
  };
  assertSteps(options, where);
  if (options.standardize) {
    refuse('standardize', 'be false', true, 'A stream has no mean to begin with: standardize each part alike before.');
  }
  if (options.classWeights === 'balanced') {
    refuse('classWeights', 'be given by class', 'balanced', 'How many samples of each there will be, nobody knows.');
  }
  const { learningRate } = options;
  if (typeof learningRate === 'object') assertSchedule(learningRate, undefined, where, 'learningRate');
  return { ...options, epochs: 1 };
}

function assertSteps(options: TrainingOptions, where: string): asserts options is FirstOrderOptions {
  if (options.solver !== 'lbfgs') return;
  const expected = "be 'sgd', 'momentum' or 'adam'";
  const hint = "It needs all samples at once. Take fit with solver: 'sgd' and warmStart, or untrained with warmStart.";
  throw new DomainError({ where, argument: 'solver', expected, actual: '"lbfgs"', hint });
}

async function startFresh(
  model: WarmStart,
  classes: readonly Label[],
  options: FirstOrderOptions,
  where: string,
): Promise<PlainTraining> {
  const start = startOf(model, classes, model.numFeatures, options, where);
  return (await startStream(model.numFeatures, classes.length, options, start)).training;
}

function startOf(
  model: WarmStart,
  classes: readonly Label[],
  d: number,
  { layer, fitIntercept }: FirstOrderOptions,
  where: string,
): Float64Array {
  if (layer !== 'dense') {
    const hint = 'The weight of a model is not kept as a sum of Kronecker products.';
    throw new DomainError({
      where,
      argument: 'layer',
      expected: "be 'dense' to go on from a model",
      actual: 'PHM',
      hint,
    });
  }
  return startFrom(model, classes, new Float64Array(classes.length), d, fitIntercept, where);
}

function functionOf(learningRate: unknown): RateFunction | undefined {
  return typeof learningRate === 'function' ? (learningRate as RateFunction) : undefined;
}
