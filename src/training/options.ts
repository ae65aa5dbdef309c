// training: what a fit may be told, checked.

import type { Affine } from '../core/affine.js';
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { Random } from '../core/random.js';
import { assertKnownOptions, assertOneOf, assertPositiveInteger, describe } from '../core/shape.js';
import type { CsvSchema } from '../data/table/schema.js';
import { assertSchedule, type LearningRateSchedule, type RateFunction } from '../optim/schedule.js';
import type { FeaturesInput } from './inputs.js';
import type { GradientMethod } from './step.js';
import type { WarmStart } from './warm-start.js';
import { type ClassWeights, type NamedClassWeights, namedClassWeights } from './weights.js';

/** Solvers that step along the gradient of a batch. */
export type FirstOrderSolver = 'sgd' | 'momentum' | 'adam';
/** How the optimum is sought. */
export type Solver = 'lbfgs' | FirstOrderSolver;

/** How the weight is written: in full, or as a sum of n Kronecker products. */
export type LayerChoice = 'dense' | { readonly phm: number };

/** How far a fit is. */
export interface FitProgress {
  /** From 1; an iteration of lbfgs, which is a pass over all samples, or a few. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, and how many there are. */
  readonly step: number;
  readonly steps: number;
  /** Mean over the samples of this epoch so far, nats; of lbfgs the objective. */
  readonly loss: number;
  /** Of lbfgs how far it went along its direction. */
  readonly learningRate: number;
}

/** What decides a fit, whichever solver makes it. */
interface CommonOptions {
  /** Whether there is a bias. Default true. */
  readonly fitIntercept: boolean;
  /** λ ≥ 0 of the penalty λ/2·‖W‖². Default 0. */
  readonly l2: number;
  /**
   * Whether features are standardised, (x − mean)/deviation, while the model learns; weight and bias then take that in, so
   * that it predicts from features as they come. The penalty is on the weights of the standardised ones. Default false.
   */
  readonly standardize: boolean;
  /** By the names of the classes; left out where all weigh the same. */
  readonly classWeights?: NamedClassWeights;
  /** The share of the samples that is held back; left out where none is, or other samples were given. */
  readonly validation?: number;
}

/** When to end before all epochs are run. */
export interface EarlyStopping {
  /** So many epochs in a row without a better validation loss end it. Default 5. */
  readonly patience: number;
  /** Better is less than the best by more than this, nats ≥ 0. Default 0. */
  readonly minDelta: number;
}

/** Samples to look at after each epoch, that are not learnt from. */
export interface ValidationData<L extends Label> {
  readonly features: FeaturesInput;
  readonly labels: ArrayLike<L>;
  /** As in the options of a fit. */
  readonly sampleWeights?: ArrayLike<number>;
}

/** As tfjs's `model.fit` hands them to callbacks. */
export interface EpochLogs {
  /** Mean loss of the epoch; of lbfgs the objective. */
  readonly loss: number;
  /** Mean negative log-likelihood of the validation samples, nats, and the share of them that is predicted right. */
  readonly val_loss?: number;
  readonly val_acc?: number;
}

/** How often: after each n-th epoch (an iteration of lbfgs is one); or after n steps, at the next pause that a fit makes. */
export type CheckpointEvery = { readonly epochs: number } | { readonly iterations: number };

/** Keeps a fit so that it can be resumed. */
export interface CheckpointOptions {
  /** Is given the bytes of each checkpoint, which are its own; a promise is waited for, and an error ends the fit. */
  readonly write: (bytes: Uint8Array) => void | Promise<void>;
  /** Default: each epoch, and with lbfgs each tenth. One more is written at the end, and when the signal is aborted. */
  readonly every?: CheckpointEvery;
}

/**
 * W, [features, classes] row by row, and b as they are at the end of an epoch, for features as they come. To be called before
 * what `onEpochEnd` returns is done.
 */
export type ParametersNow = () => Promise<Affine>;

/** What decides a fit by first-order steps: data aside, the same values give the same model. */
export interface FirstOrderOptions extends CommonOptions {
  readonly solver: FirstOrderSolver;
  /** `'closed-form'` (default): softmax(o) − y by hand; `'autograd'`: tfjs's tape. The same numbers. */
  readonly gradient: GradientMethod;
  /** `'dense'` (default), or `{ phm: n }` with an n that divides both features and classes. */
  readonly layer: LayerChoice;
  /** Passes over the samples. Default 10. */
  readonly epochs: number;
  /** Samples of a step; the last batch of an epoch may be shorter. Default 256. */
  readonly batchSize: number;
  /** η > 0, or how it changes from step to step. Default 0.1, and 0.001 for adam. `'function'` stands for one, in a model. */
  readonly learningRate: number | LearningRateSchedule | 'function';
  /** Whether each epoch has an order of its own; else samples are taken as they lie. Default true. */
  readonly shuffle: boolean;
  /** Decides initial weights, the order of samples, and which are held back: an integer in [0, 2³²). Default 0. */
  readonly seed: number;
  /** Left out where all epochs are run. */
  readonly earlyStopping?: EarlyStopping;
}

/** What decides a fit to the optimum. There is only one for l2 > 0, with l1 or without, so nothing is drawn. */
export interface LbfgsFitOptions extends CommonOptions {
  readonly solver: 'lbfgs';
  /** ≥ 0, of the penalty l1·‖W‖₁, which makes weights exactly 0; the bias is not penalised. Default 0. */
  readonly l1: number;
  /** Ends where no entry of the gradient exceeds it. Default 1e-6. */
  readonly tolerance: number;
  /** Each of them a pass over all samples, or a few. Default 500. */
  readonly maxIterations: number;
}

/** What a model was fitted with; it is kept in the model file. */
export type TrainingOptions = FirstOrderOptions | LbfgsFitOptions;

type OwnTypes = 'solver' | 'classWeights' | 'validation' | 'learningRate' | 'earlyStopping';

/** Options of `SoftmaxRegression.fit`. */
export interface FitOptions<L extends Label>
  extends Partial<Omit<FirstOrderOptions, OwnTypes>>,
    Partial<Omit<LbfgsFitOptions, OwnTypes>> {
  /** `'lbfgs'` (default): to the optimum; `'sgd'`, `'momentum'`, `'adam'`: by steps over batches. */
  readonly solver?: Solver;
  /** The classes in the order of their columns; the distinct labels, sorted, unless given. */
  readonly classes?: readonly L[];
  /** Names of the features, in the order of their columns, for tables and reports; the model keeps them. */
  readonly featureNames?: readonly string[];
  /** How the table was read that the features come from; the model keeps it, and its file, so that other rows are encoded alike. */
  readonly schema?: CsvSchema;
  /** What each sample counts, ≥ 0 and not all 0: a sample of weight 2 is two samples. 1 unless given. */
  readonly sampleWeights?: ArrayLike<number>;
  /** What a sample of each class counts, times its own weight: `'balanced'`, or by class. */
  readonly classWeights?: ClassWeights<NoInfer<L>>;
  /** η > 0, a schedule by name, or a function of where the training stands. Default 0.1, and 0.001 for adam. */
  readonly learningRate?: number | LearningRateSchedule | RateFunction;
  /**
   * Samples to look at after each epoch: others, or a share of those given, in (0, 1), that is then not learnt from: the
   * same share of each class, drawn by the seed (with lbfgs by seed 0). Class weights do not count there.
   */
  readonly validation?: number | ValidationData<NoInfer<L>>;
  /** Ends when the validation loss no longer falls, and keeps the weights that had the least. */
  readonly earlyStopping?: Partial<EarlyStopping>;
  /** Where to begin: a model of as many features, its classes matched by label. Else from the seed, and lbfgs from 0. */
  readonly warmStart?: WarmStart;
  /** Keeps the fit as it goes: `fileCheckpoint` of `softmax-regression/node` does, in a file. */
  readonly checkpoint?: CheckpointOptions;
  /**
   * A checkpoint to go on from, with the same samples and options: the result is, bit for bit, that of a fit that was not
   * interrupted. `epochs` and `maxIterations` may be others. A function that learning rates come from cannot be compared.
   */
  readonly resume?: Uint8Array;
  /** Ends the fit with the signal's reason as error; with `checkpoint`, after one more is written. */
  readonly signal?: AbortSignal;
  /** Called as the fit goes on. */
  readonly onProgress?: (progress: FitProgress) => void;
  /**
   * After each epoch, the first being 0, or each iteration of lbfgs; a promise is waited for. `parameters` reads the weights
   * that training has come to, for those who watch: what is never called costs nothing.
   */
  readonly onEpochEnd?: (epoch: number, logs: EpochLogs, parameters: ParametersNow) => void | Promise<void>;
}

const COMMON = [
  ...[
    'solver',
    'fitIntercept',
    'l2',
    'standardize',
    'classes',
    'featureNames',
    'schema',
    'sampleWeights',
    'classWeights',
  ],
  ...['validation', 'warmStart', 'checkpoint', 'resume', 'signal', 'onProgress', 'onEpochEnd'],
];
const FIRST_ORDER = [
  ...['gradient', 'layer', 'epochs', 'batchSize', 'learningRate', 'shuffle', 'seed', 'earlyStopping'],
];
const LBFGS = ['l1', 'tolerance', 'maxIterations'];

/** Options with their defaults, checked: a wrong one is an error before anything is allocated. */
export function trainingOptions<L extends Label>(options: FitOptions<L>, where: string): TrainingOptions {
  assertKnownOptions(options, [...COMMON, ...FIRST_ORDER, ...LBFGS], where);
  const { solver = 'lbfgs' } = options;
  assertOneOf(solver, ['lbfgs', 'sgd', 'momentum', 'adam'], where, 'solver');
  assertBelong(options, solver, where);
  const common = commonOptions(options, where);
  if (solver === 'lbfgs') {
    const { l1 = 0, tolerance = 1e-6, maxIterations = 500 } = options;
    assertPenalty(l1, where, 'l1');
    assertPositive(tolerance, where, 'tolerance');
    assertPositiveInteger(maxIterations, where, 'maxIterations');
    return { solver, ...common, l1, tolerance, maxIterations };
  }
  return firstOrderOptions(options, solver, common, where);
}

function firstOrderOptions<L extends Label>(
  options: FitOptions<L>,
  solver: FirstOrderSolver,
  common: CommonOptions,
  where: string,
): FirstOrderOptions {
  const { gradient = 'closed-form', layer = 'dense', shuffle = true, seed = 0 } = options;
  const { epochs = 10, batchSize = 256, learningRate = solver === 'adam' ? 0.001 : 0.1 } = options;
  assertOneOf(gradient, ['closed-form', 'autograd'], where, 'gradient');
  assertOneOf(shuffle, [true, false], where, 'shuffle');
  if (layer !== 'dense') assertPhm(layer, where);
  assertPositiveInteger(epochs, where, 'epochs');
  assertPositiveInteger(batchSize, where, 'batchSize');
  if (typeof learningRate === 'number') assertPositive(learningRate, where, 'learningRate');
  else if (typeof learningRate !== 'function') assertSchedule(learningRate, epochs, where, 'learningRate');
  new Random(seed);
  const steps = {
    epochs,
    batchSize,
    learningRate: typeof learningRate === 'function' ? 'function' : learningRate,
  } as const;
  const chosen: FirstOrderOptions = { solver, gradient, layer, ...common, ...steps, shuffle, seed };
  if (options.earlyStopping === undefined) return chosen;
  return { ...chosen, earlyStopping: earlyStoppingOf(options.earlyStopping, where) };
}

function commonOptions<L extends Label>(options: FitOptions<L>, where: string): CommonOptions {
  const { fitIntercept = true, l2 = 0, standardize = false, classWeights, validation } = options;
  assertOneOf(fitIntercept, [true, false], where, 'fitIntercept');
  assertOneOf(standardize, [true, false], where, 'standardize');
  assertPenalty(l2, where, 'l2');
  return {
    ...{ fitIntercept, l2, standardize },
    ...(classWeights !== undefined && { classWeights: namedClassWeights(classWeights, where) }),
    ...(typeof validation === 'number' && { validation: assertFraction(validation, where) }),
  };
}

function assertFraction(validation: number, where: string): number {
  if (validation > 0 && validation < 1) return validation;
  const expected = 'be a share of the samples in (0, 1), or { features, labels }';
  throw new DomainError({ where, argument: 'validation', expected, actual: describe(validation) });
}

function earlyStoppingOf(given: Partial<EarlyStopping>, where: string): EarlyStopping {
  assertKnownOptions(given, ['patience', 'minDelta'], `${where}: earlyStopping`);
  const { patience = 5, minDelta = 0 } = given;
  assertPositiveInteger(patience, where, 'earlyStopping.patience');
  if (Number.isFinite(minDelta) && minDelta >= 0) return { patience, minDelta };
  const argument = 'earlyStopping.minDelta';
  throw new DomainError({ where, argument, expected: 'be a finite number ≥ 0', actual: describe(minDelta) });
}

/** An option that another solver reads is not silently ignored. */
function assertBelong(options: object, solver: Solver, where: string): void {
  const given = options as Readonly<Record<string, unknown>>;
  const stray = (solver === 'lbfgs' ? FIRST_ORDER : LBFGS).find((name) => given[name] !== undefined);
  if (stray === undefined) return;
  throw new DomainError({
    where,
    argument: stray,
    expected: `be left out with solver '${solver}'${given.solver === undefined ? ', which is the default' : ''}`,
    actual: describe(given[stray]),
    hint: hintFor(solver),
  });
}

function hintFor(solver: Solver): string {
  if (solver === 'lbfgs') return "It belongs to training by steps: give solver: 'sgd', 'momentum' or 'adam'.";
  return "It belongs to the solver that ends at the optimum: give solver: 'lbfgs'.";
}

function assertPenalty(value: number, where: string, argument: string): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new DomainError({ where, argument, expected: 'be a finite number ≥ 0', actual: describe(value) });
}

function assertPositive(value: number, where: string, argument: string): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new DomainError({ where, argument, expected: 'be a finite number > 0', actual: describe(value) });
}

function assertPhm(layer: unknown, where: string): void {
  const isChoice = typeof layer === 'object' && layer !== null && Object.keys(layer).join() === 'phm';
  if (!isChoice)
    throw new DomainError({ where, argument: 'layer', expected: "be 'dense' or { phm: n }", actual: describe(layer) });
  assertPositiveInteger((layer as { phm: unknown }).phm, where, 'layer.phm');
}
