// training: the options of a fit, each declared once. Types, checks, stored options, the command line, the page and the
// table of docs/training.md come from here. No TensorFlow.js at run time: the command line reads this for its help.
import type { Affine } from '../core/affine.js';
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertFunction, assertKnownOptions, assertObject, assertSignal, describe } from '../core/shape.js';
import type { CsvSchema } from '../data/table/schema.js';
import type { LearningRateSchedule, RateFunction } from '../optim/schedule.js';
import {
  type Check,
  communicatorOf,
  type EarlyStopping,
  earlyStoppingOf,
  layerOf,
  oneOf,
  type Place,
  penalty,
  positive,
  positiveInteger,
  rateOf,
  seedOf,
  type ValidationData,
  validationOf,
} from './option-checks.js';
import {
  DEFAULT_SOLVER,
  type FirstOrderSolver,
  isFirstOrder,
  listed,
  type OptimumSolver,
  SOLVER_NAMES,
  SOLVERS,
  type Solver,
  type SolverKind,
  solversOf,
} from './solvers.js';
import type { GradientMethod } from './step.js';
import type { WarmStart } from './warm-start.js';
import { type ClassWeights, type NamedClassWeights, namedClassWeights, weightsInOrder } from './weights.js';

export type { EarlyStopping, LayerChoice, ValidationData } from './option-checks.js';
export type { FirstOrderSolver, Solver } from './solvers.js';

/** The progress of a fit. */
export interface FitProgress {
  /** Counted from 1. For lbfgs, an iteration: one or a few passes over all samples. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, and how many it has; for lbfgs 1, or the classes whose part of the Hessian is done, and all. */
  readonly step: number;
  readonly steps: number;
  /** Mean over the samples of this epoch so far, nats; for lbfgs, the objective. */
  readonly loss: number;
  /** For lbfgs, the length of the step along its direction. */
  readonly learningRate: number;
}

/** Logs with the names that tfjs's `model.fit` passes to callbacks. */
export interface EpochLogs {
  /** Mean loss of the epoch; for lbfgs, the objective. */
  readonly loss: number;
  /** Mean negative log-likelihood of the validation samples, nats, and their accuracy. */
  readonly val_loss?: number;
  readonly val_acc?: number;
}

/** After every n epochs (lbfgs: iterations), or after every n steps, at the next pause of the fit. */
export type CheckpointEvery = { readonly epochs: number } | { readonly iterations: number };

/** Saves a fit so that it can be resumed. */
export interface CheckpointOptions {
  /** Receives the bytes of each checkpoint and owns them. A promise is awaited. An error ends the fit. */
  readonly write: (bytes: Uint8Array) => void | Promise<void>;
  /** Default: every epoch, or every 10 iterations of lbfgs. One more is written at the end and on abort. */
  readonly every?: CheckpointEvery;
}

/**
 * W, [features, classes] row by row, and b at the end of an epoch, for raw features. Call it before the promise that
 * `onEpochEnd` returns is settled.
 */
export type ParametersNow = () => Promise<Affine>;

/** Stored in place of a rate function, which a file cannot contain. */
export const RATE_FUNCTION = 'function';

/** The functions that take options from this table. */
export type OptionReader = 'fit' | 'untrained' | 'partialFit' | 'crossValidate' | 'lambdaPath' | 'learningCurve';

/** How an option is written on the command line. */
interface Flag {
  /** Replaces the option's name in kebab case. */
  readonly name?: string;
  /** The placeholder of the value in the help; omitted for a switch. */
  readonly value?: string;
  /** Replaces `help`. */
  readonly help?: string;
  /** The help of the switch that turns it off. */
  readonly off?: string;
  /** A field of the option, where the flag gives one field of an object. */
  readonly field?: string;
}

/** One option without its check. */
export interface OptionRow {
  /** One line, for the command line's help and the table of the docs. */
  readonly help: string;
  /** The solvers that read it. */
  readonly solvers: SolverKind | 'all';
  readonly readers: readonly OptionReader[];
  /** Whether the model and its file store it: true for options that determine the numbers of a fit. */
  readonly stored: boolean;
  /** A value that is not stored: models without the option were fitted with it. */
  readonly unstored?: unknown;
  /** The default value. */
  readonly default?: unknown;
  /** The default in words, where it depends on something. */
  readonly defaultText?: string;
  /** The form of its values: a number, one of a set, or a switch. Without it, only the API accepts the option. */
  readonly input?: 'number' | 'integer' | 'switch' | readonly string[];
  readonly flag?: Flag;
  /** Its label on the page. */
  readonly title?: string;
}

function option<T, const R extends OptionRow>(check: Check<T>, row: R): R & { readonly check: Check<T> } {
  return { ...row, check };
}

/** The values of `precision`. */
const PRECISIONS = ['auto', 'float64'] as const;

const FITS = ['fit', 'crossValidate', 'lambdaPath', 'learningCurve'] as const;
const FITS_AND_STREAMS = [...FITS, 'untrained'] as const;

/** Every option, in the order of the help and of the docs. An option follows those that its check depends on. */
export const OPTIONS = {
  /** `'lbfgs'` (default): to the optimum; the others step over batches. */
  solver: option(oneOf(SOLVER_NAMES), {
    help: `${solversOf('optimum').join(', ')}: to the optimum; ${solversOf('steps').join(', ')}: steps over batches`,
    ...{ solvers: 'all', readers: FITS, stored: true, default: DEFAULT_SOLVER },
    ...{ input: SOLVER_NAMES, flag: { value: 'name' }, title: 'Solver' },
  }),
  /**
   * λ ≥ 0 of the penalty λ/2·‖W‖²; the bias is not penalised. Default for lbfgs: scikit-learn's C = 1, that is 1/S, or
   * 2/S for two classes, where S is the sum of the weights of the samples learned from, and 0 where `l1` is given.
   * Default for first-order solvers: 0.
   */
  l2: option(penalty, {
    help: 'strength λ of the penalty λ/2·‖W‖²',
    ...{ solvers: 'all', readers: ['fit', 'crossValidate', 'learningCurve', 'untrained'], stored: true },
    defaultText:
      'lbfgs: 1/S, 2/S for two classes, S the total weight of the samples (scikit-learn’s C = 1), 0 with l1; others: 0',
    ...{ input: 'number', flag: { value: 'strength' }, title: 'L2 penalty' },
  }),
  /** ≥ 0, of the penalty l1·‖W‖₁, which makes weights exactly 0; the bias is not penalised. Default 0. */
  l1: option(penalty, {
    help: 'strength of the penalty l1·‖W‖₁, which sets weights to exactly 0',
    ...{ solvers: 'optimum', readers: FITS, stored: true, default: 0 },
    ...{ input: 'number', flag: { value: 'strength' }, title: 'L1 penalty' },
  }),
  /**
   * Whether features are standardised, (x − mean)/deviation, while the model learns. Weight and bias then absorb it, so
   * the model predicts from raw features. The penalty is on the weights of the standardised features. Default false.
   */
  standardize: option(oneOf([true, false]), {
    help: 'scale columns to mean 0 and deviation 1 during training',
    ...{ solvers: 'all', readers: FITS, stored: true, default: false },
    ...{ input: 'switch', title: 'Standardise features while learning' },
    flag: {
      help: 'scale columns to mean 0 and deviation 1 during training (default for tables)',
      off: 'train on raw columns (default for images)',
    },
  }),
  /** Whether there is a bias. Default true. */
  fitIntercept: option(oneOf([true, false]), {
    help: 'fit a bias',
    ...{ solvers: 'all', readers: FITS_AND_STREAMS, stored: true, default: true },
  }),
  /** The weight of each class, times that of the sample: `'balanced'`, or by class. Default 1 each. */
  classWeights: option((value, { where }): NamedClassWeights => namedClassWeights(value, where), {
    help: 'weights of classes: balanced, or one for each class',
    ...{ solvers: 'all', readers: FITS_AND_STREAMS, stored: true },
    input: ['balanced'],
    flag: { value: 'weights', help: 'weights of classes: balanced, or such as yes=5,no=1; a class without one has 1' },
  }),
  /** The weight of each sample, ≥ 0 and not all 0: a sample of weight 2 counts as two samples. Default 1 each. */
  sampleWeights: given<ArrayLike<number>>()('the weight of each sample', [...FITS, 'partialFit']),
  /**
   * The group of each sample, such as a patient: a share `validation` and the folds of a cross-validation do not part the
   * samples of a group.
   */
  groups: given<ArrayLike<string | number>>()('the group of each sample, not parted by validation and folds', FITS),
  /**
   * The time of each sample, a number: a share `validation` has the latest samples, and the folds of a cross-validation
   * follow each other. Not with `groups`.
   */
  times: given<ArrayLike<number>>()('the time of each sample: validation and folds test on later samples', FITS),
  /**
   * Samples to evaluate after each epoch, which are not learned from: other samples, or a share in (0, 1) of those
   * given, the same share of each class, drawn by the seed (with lbfgs by seed 0). Class weights are ignored there.
   */
  validation: option(validationOf, {
    help: 'a share of the samples, or other samples, to evaluate after each epoch',
    ...{ solvers: 'all', readers: FITS, stored: true },
    input: 'number',
    flag: { value: 'share', help: 'share of the training samples to evaluate after each epoch' },
  }),
  /** Ends where no entry of the gradient exceeds it. Default 1e-6. */
  tolerance: option(positive, {
    help: 'end when no entry of the gradient exceeds this',
    ...{ solvers: 'optimum', readers: FITS, stored: true, default: 1e-6 },
    ...{ input: 'number', flag: { value: 'size' } },
  }),
  /** At most this many iterations, each one pass over all samples, or a few. Default 500. */
  maxIterations: option(positiveInteger, {
    help: 'at most this many iterations',
    ...{ solvers: 'optimum', readers: FITS, stored: true, default: 500 },
    ...{ input: 'integer', flag: { value: 'n' }, title: 'Iterations, at most' },
  }),
  /**
   * `'float64'` solves on plain arrays in float64, whatever the size: the same samples then give the same model file, byte
   * for byte, in every engine. `'auto'` (default) solves large problems on the tfjs backend in float32; with stored
   * rows it is `'float64'`, and with a communicator on other backends than TensorFlow.
   */
  precision: option(oneOf(PRECISIONS), {
    help: 'auto: large problems on the backend in float32; float64: all in float64, with the same bits in every engine',
    ...{ solvers: 'optimum', readers: FITS, stored: true, unstored: 'auto', default: 'auto' },
    ...{ input: PRECISIONS, flag: { value: 'name' }, title: 'Precision' },
  }),
  /** Passes over the samples. Default 10; for `partialFit` 1. */
  epochs: option(positiveInteger, {
    help: 'passes over the samples',
    ...{ solvers: 'steps', readers: [...FITS, 'partialFit'], stored: true, default: 10 },
    ...{ input: 'integer', flag: { value: 'n' }, title: 'Epochs' },
  }),
  /** Samples of a step; the last batch of an epoch may be shorter. Default 256. */
  batchSize: option(positiveInteger, {
    help: 'samples in a step',
    ...{ solvers: 'steps', readers: FITS_AND_STREAMS, stored: true, default: 256 },
    ...{ input: 'integer', flag: { value: 'n' }, title: 'Batch size' },
  }),
  /** η > 0, a schedule by name, or a function of the training's position. Default: that of the solver. */
  learningRate: option(rateOf, {
    help: 'η, a schedule, or a function of the step',
    ...{ solvers: 'steps', readers: [...FITS_AND_STREAMS, 'partialFit'], stored: true },
    defaultText: defaultRates(),
    input: 'number',
    flag: { value: 'rate', help: 'learning rate η' },
    title: 'Learning rate',
  }),
  /** `'closed-form'` (default): softmax(o) − y by hand; `'autograd'`: tfjs's tape. The same numbers. */
  gradient: option(oneOf<GradientMethod>(['closed-form', 'autograd']), {
    help: 'closed-form: softmax(o) − y by hand; autograd: tfjs’s tape',
    ...{ solvers: 'steps', readers: FITS_AND_STREAMS, stored: true, default: 'closed-form' },
  }),
  /** `'dense'` (default), or `{ phm: n }` with an n that divides both features and classes. */
  layer: option(layerOf, {
    help: 'dense, or { phm: n }: a sum of n Kronecker products',
    ...{ solvers: 'steps', readers: FITS_AND_STREAMS, stored: true, default: 'dense' },
  }),
  /** Whether each epoch has an order of its own. Default true; else the order of the samples. */
  shuffle: option(oneOf([true, false]), {
    help: 'shuffle the samples in each epoch',
    ...{ solvers: 'steps', readers: FITS_AND_STREAMS, stored: true, default: true },
  }),
  /** Decides initial weights, the order of samples, and which are held back: an integer in [0, 2³²). Default 0. */
  seed: option(seedOf, {
    help: 'seed of initial weights, shuffling and the validation share',
    ...{ solvers: 'steps', readers: ['fit', 'untrained'], stored: true, default: 0 },
    ...{ input: 'integer', title: 'Seed' },
  }),
  /**
   * Ends when the validation loss no longer falls, and keeps the weights of the best epoch. Default: all epochs are
   * run.
   */
  earlyStopping: option(earlyStoppingOf, {
    help: '{ patience = 5, minDelta = 0 }: end when the validation loss stops falling',
    ...{ solvers: 'steps', readers: FITS, stored: true },
    input: 'integer',
    flag: {
      name: 'patience',
      value: 'epochs',
      field: 'patience',
      help: 'end after this many epochs without a better validation loss',
    },
  }),
  /** The classes in the order of their columns. Default: the distinct labels, sorted. */
  classes: given<readonly Label[]>()('the classes in the order of their columns', FITS_AND_STREAMS),
  /** Names of the features in the order of their columns, for tables and reports; the model keeps them. */
  featureNames: given<readonly string[]>()('names of the features', FITS_AND_STREAMS),
  /**
   * How the table was read that the features come from; the model and its file keep it, so other rows are encoded
   * alike.
   */
  schema: given<CsvSchema>()('how the table was read', FITS_AND_STREAMS),
  /**
   * The model to start from: the same number of features, its classes matched by label. Default: the seed; lbfgs starts
   * at 0.
   */
  warmStart: given<WarmStart>((value, where, argument) => assertObject(value, where, argument, 'be a fitted model'))(
    'the model to start from',
    ['fit', 'untrained'],
  ),
  /** Saves the fit as it goes: `fileCheckpoint` of `softmax-regression/node` does so in a file. */
  checkpoint: given<CheckpointOptions>()('where checkpoints are written', ['fit']),
  /**
   * A checkpoint to go on from, with the same samples and options: the result has the bits of a fit that was not
   * interrupted. `epochs` and `maxIterations` may differ. A rate function cannot be compared.
   */
  resume: given<Uint8Array>()('the checkpoint to go on from', ['fit']),
  /**
   * The processes that share the samples, as `openCommunicator` of `softmax-regression/mpi` gives it. Each passes the same
   * samples and options, reads a part of the features in each pass, and gets the same model. With lbfgs, the bits
   * do not depend on the number of processes. With a first-order solver they share each batch, and the
   * losses of another number of processes are the same to 1e-6. Only rank 0 writes checkpoints. Default: this process alone.
   */
  communicator: option(communicatorOf, {
    help: 'the processes that share the samples',
    ...{ solvers: 'all', readers: FITS, stored: false },
  }),
  /** Ends the fit with the signal's reason as error; with `checkpoint`, after one more is written. */
  signal: given<AbortSignal>(assertSignal)('aborts the fit', [...FITS, 'partialFit']),
  /** Called as the fit goes on. */
  onProgress: given<(progress: FitProgress) => void>(assertFunction)('called as the fit proceeds', [
    'fit',
    'partialFit',
  ]),
  /**
   * Called after each epoch, counted from 0, or each iteration of lbfgs; a promise is awaited. `parameters` reads the
   * weights at that moment, and costs nothing unless it is called.
   */
  onEpochEnd: given<(epoch: number, logs: EpochLogs, parameters: ParametersNow) => void | Promise<void>>(
    assertFunction,
  )('called after each epoch', [...FITS, 'partialFit']),
} as const satisfies Readonly<Record<string, OptionRow & { readonly check: Check<unknown> }>>;

/** An option that is checked later, together with the samples. */
function given<T>(check?: (value: unknown, where: string, argument: string) => void) {
  return <const R extends readonly OptionReader[]>(help: string, readers: R) =>
    option(
      (value: unknown, { where, argument }) => {
        check?.(value, where, argument);
        return value as T;
      },
      { help, solvers: 'all', readers, stored: false },
    );
}

type Table = typeof OPTIONS;
/** The name of an option. */
export type OptionName = keyof Table;
type CheckedValue<N extends OptionName> = Table[N] extends { readonly check: Check<infer T> } ? T : never;

/** The options of a function, except those whose type depends on the labels or is wider than the stored type. */
type Taken<R extends OptionReader> = {
  readonly [N in keyof Table as R extends Table[N]['readers'][number]
    ? Exclude<N, keyof OfLabels<Label>>
    : never]?: CheckedValue<N>;
};

/** The options whose type TypeScript cannot derive from the table. */
interface OfLabels<L extends Label> {
  /** The classes in the order of their columns. Default: the distinct labels, sorted. */
  readonly classes?: readonly L[];
  /** The weight of each class, times that of the sample: `'balanced'`, or by class. Default 1 each. */
  readonly classWeights?: ClassWeights<NoInfer<L>>;
  /**
   * Samples to evaluate after each epoch, which are not learned from: other samples, or a share in (0, 1) of those
   * given, the same share of each class, drawn by the seed (with lbfgs by seed 0). Class weights are ignored there.
   */
  readonly validation?: number | ValidationData<NoInfer<L>>;
  /**
   * Ends when the validation loss no longer falls, and keeps the weights of the best epoch. Default: all epochs are
   * run.
   */
  readonly earlyStopping?: Partial<EarlyStopping>;
}

/** The options that one of the functions takes, all optional. */
export type OptionsOf<R extends OptionReader, L extends Label> = Taken<R> &
  Pick<
    OfLabels<L>,
    { [N in keyof OfLabels<L>]-?: R extends Table[N]['readers'][number] ? N : never }[keyof OfLabels<L>]
  >;

/** Options of `SoftmaxRegression.fit`. */
export interface FitOptions<L extends Label> extends OptionsOf<'fit', L> {}

type Stored<K extends SolverKind> = {
  [N in OptionName]: Table[N] extends { readonly stored: true; readonly solvers: 'all' | K } ? N : never;
}[OptionName];
type WithDefault = {
  [N in OptionName]: Table[N] extends { readonly unstored: unknown }
    ? never
    : Table[N] extends { readonly default: unknown } | { readonly defaultText: string }
      ? N
      : never;
}[OptionName];
type StoredValue<N extends OptionName> = N extends 'learningRate'
  ? number | LearningRateSchedule | typeof RATE_FUNCTION
  : N extends 'validation'
    ? number
    : CheckedValue<N>;
type StoredOptions<K extends SolverKind> = {
  readonly [N in keyof Table as N extends Stored<K> & WithDefault ? N : never]: StoredValue<N>;
} & { readonly [N in keyof Table as N extends Exclude<Stored<K>, WithDefault> ? N : never]?: StoredValue<N> };

/** The options that determine a first-order fit: with the same data, they give the same model. */
export interface FirstOrderOptions extends StoredOptions<'steps'> {
  readonly solver: FirstOrderSolver;
}

/** The options that determine a fit to the optimum. The optimum is unique for l2 > 0, so there is no seed. */
export interface LbfgsFitOptions extends StoredOptions<'optimum'> {
  readonly solver: OptimumSolver;
}

/** The options that a model was fitted with; its file stores them. */
export type TrainingOptions = FirstOrderOptions | LbfgsFitOptions;

/** The options of a fit that the model does not store. */
type Extras = Omit<FitOptions<Label>, Stored<SolverKind> | 'validation'> & {
  readonly validation?: number | ValidationData<Label>;
};

/** Checked options of a fit by steps, with their defaults. */
export interface FirstOrderPlan extends Omit<FirstOrderOptions, 'learningRate' | 'validation'>, Extras {
  readonly learningRate: number | LearningRateSchedule | RateFunction;
}

/** Checked options of a fit to the optimum, with their defaults. */
export interface OptimumPlan extends Omit<LbfgsFitOptions, 'validation'>, Extras {}

/** Checked options of a fit, with their defaults. */
export type FitPlan = FirstOrderPlan | OptimumPlan;

/** A plan before the samples are known. The default of l2 depends on them. */
export type OpenPlan = Unpenalised<FirstOrderPlan> | Unpenalised<OptimumPlan>;
type Unpenalised<P> = Omit<P, 'l2'> & { readonly l2?: number };

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/** The names of the options that a function takes. */
export function optionsOf(reader: OptionReader): readonly OptionName[] {
  return OPTION_NAMES.filter((name) => (OPTIONS[name].readers as readonly OptionReader[]).includes(reader));
}

/** Whether a solver reads an option. */
export function reads(solver: Solver, name: OptionName): boolean {
  const { solvers } = OPTIONS[name];
  return solvers === 'all' || solvers === SOLVERS[solver].kind;
}

/**
 * Options of `fit` with their defaults, checked before anything is allocated.
 *
 * @throws DomainError for an option that is unknown, out of range, or of another solver
 */
export function fitPlan<L extends Label>(options: FitOptions<L>, where: string): OpenPlan {
  assertOptions(options, 'fit', where);
  const plan = checked(options, where) as unknown as OpenPlan;
  if ('earlyStopping' in plan && plan.validation === undefined) {
    const expected = 'be given for `earlyStopping`';
    const hint = 'Give `validation: 0.1`, for example: a tenth of the samples.';
    throw new DomainError({ where, argument: 'validation', expected, actual: 'nothing', hint });
  }
  return plan;
}

/**
 * Options of a first-order training on a stream.
 *
 * @throws as `fitPlan`
 */
export function stepPlan(options: object, where: string): FirstOrderPlan {
  return checked(options, where) as unknown as FirstOrderPlan;
}

/** Rejects an option that `reader` does not take; `own` lists its options outside this table. */
export function assertOptions(options: object, reader: OptionReader, where: string, own: readonly string[] = []): void {
  const elsewhere = OPTION_NAMES.find(
    (name) => Object.hasOwn(options ?? {}, name) && !own.includes(name) && !optionsOf(reader).includes(name),
  );
  if (elsewhere !== undefined) {
    const expected = `have keys among ${[...own, ...optionsOf(reader)].join(', ')}`;
    const hint = `It is an option of ${OPTIONS[elsewhere].readers.join(', ')}.`;
    throw new DomainError({ where, argument: 'options', expected, actual: `'${elsewhere}'`, hint });
  }
  assertKnownOptions(options, [...own, ...optionsOf(reader)], where);
}

/** The default of `l2`, scikit-learn's C = 1: 1/S, and 2/S for two classes, where scikit-learn has one vector of weights. */
export function defaultPenalty(totalWeight: number, numClasses: number): number {
  return (numClasses === 2 ? 2 : 1) / totalWeight;
}

/**
 * The plan with its λ. For lbfgs with neither l1 nor l2, it matches scikit-learn's C = 1, whose objective is
 * C·Σᵢ sᵢ·NLLᵢ + ½‖w‖². For two classes, scikit-learn has one weight vector instead of two of half its size.
 *
 * @param totalWeight S = Σᵢ sᵢ of the samples learned from
 * @throws DomainError if the default overflows
 * @example 120 samples of 3 classes   // 1/120
 */
export function withPenalty(plan: OpenPlan, totalWeight: number, numClasses: number, where = 'fit'): FitPlan {
  const { l2 = 'l1' in plan && plan.l1 === 0 ? defaultPenalty(totalWeight, numClasses) : 0 } = plan;
  if (l2 === Number.POSITIVE_INFINITY) {
    const expected = 'have a sum S for which 1/S, the default of `l2`, is finite';
    const hint = 'Multiply all weights by the same number, or give `l2: 0`.';
    throw new DomainError({ where, argument: 'sampleWeights', expected, actual: String(totalWeight), hint });
  }
  return { ...plan, l2 };
}

/** Whether the solver is a first-order solver. */
export function isSteps<S extends { readonly solver: FirstOrderSolver }>(
  plan: S | { readonly solver: OptimumSolver },
): plan is S {
  return isFirstOrder(plan.solver);
}

/** The part of a plan that the model stores. */
export function storedOptions(plan: OpenPlan): TrainingOptions {
  const kept = OPTION_NAMES.filter((name) => OPTIONS[name].stored && name in plan);
  const entries = kept.map((name): [string, unknown] => [name, plan[name as keyof typeof plan]]);
  const isStorable = ([name, value]: [string, unknown]) =>
    value !== (OPTIONS[name as OptionName] as OptionRow).unstored &&
    (name !== 'validation' || typeof value === 'number');
  const write = ([name, value]: [string, unknown]) => [name, typeof value === 'function' ? RATE_FUNCTION : value];
  return Object.fromEntries(entries.filter(isStorable).map(write)) as unknown as TrainingOptions;
}

/**
 * Validates options from a file.
 *
 * @throws DomainError for an option that models do not store, or an invalid value
 */
export function restoredOptions(
  options: Readonly<Record<string, unknown>>,
  classes: readonly Label[],
  where: string,
): TrainingOptions {
  assertKnownOptions(
    options,
    OPTION_NAMES.filter((name) => OPTIONS[name].stored),
    where,
  );
  const isFunction = options.learningRate === RATE_FUNCTION;
  const plan = checked(isFunction ? { ...options, learningRate: () => 0 } : options, where) as unknown as FitPlan;
  if (plan.validation !== undefined && typeof plan.validation !== 'number') {
    const [expected, actual] = ['be a share of the samples in (0, 1)', describe(plan.validation)];
    throw new DomainError({ where, argument: 'validation', expected, actual });
  }
  if (typeof plan.classWeights === 'object')
    weightsInOrder(plan.classWeights as Record<string, number>, classes, where);
  return storedOptions({ ...plan, l2: plan.l2 ?? 0 });
}

/** Each option that the solver reads: checked, or its default. */
function checked(options: object, where: string): Record<string, unknown> {
  const values = options as Readonly<Record<string, unknown>>;
  const solver = OPTIONS.solver.check(values.solver === undefined ? DEFAULT_SOLVER : values.solver, {
    where,
    argument: 'solver',
  } as Place);
  assertBelong(values, solver, where);
  const plan: Record<string, unknown> = { solver };
  for (const name of OPTION_NAMES) {
    if (name === 'solver' || !reads(solver, name)) continue;
    const row: OptionRow & { readonly check: Check<unknown> } = OPTIONS[name];
    const value = values[name] === undefined ? defaultOf(name, solver) : values[name];
    if (value !== undefined) plan[name] = row.check(value, { where, argument: name, solver, checked: plan });
  }
  return plan;
}

/** The default that does not depend on the samples. */
export function defaultOf(name: OptionName, solver: Solver): unknown {
  if (isFirstOrder(solver)) {
    if (name === 'learningRate') return SOLVERS[solver].learningRate;
    if (name === 'l2') return 0;
  }
  return (OPTIONS[name] as OptionRow).default;
}

/** An option of `fit` as a form shows it. */
export interface OptionField {
  readonly name: string;
  /** Its label. */
  readonly title: string;
  readonly input: 'number' | 'integer' | 'switch' | 'choice';
  /** The values of a choice, each with its title. */
  readonly choices?: readonly { readonly value: string; readonly title: string }[];
  /** The solvers that read it, each with its default in words. */
  readonly defaults: Readonly<Partial<Record<Solver, string>>>;
}

/**
 * The options of `fit` that a form can show, in order.
 *
 * @example optionFields().map(({ name }) => name)
 * // ['solver', 'l2', 'l1', 'standardize', 'maxIterations', 'precision', 'epochs', 'batchSize', 'learningRate', 'seed']
 */
export function optionFields(): readonly OptionField[] {
  return OPTION_NAMES.flatMap((name): OptionField[] => {
    const { title, input, defaultText } = OPTIONS[name] as OptionRow;
    if (title === undefined || input === undefined) return [];
    const readers = SOLVER_NAMES.filter((solver) => reads(solver, name));
    const text = (solver: Solver) => {
      const value = defaultOf(name, solver);
      return value === undefined ? (defaultText ?? '') : plain(value);
    };
    const defaults = Object.fromEntries(readers.map((solver) => [solver, text(solver)]));
    if (typeof input === 'string') return [{ name, title, input, defaults }];
    const titleOf = (value: string) => (name === 'solver' ? SOLVERS[value as Solver].title : value);
    return [
      { name, title, input: 'choice', choices: input.map((value) => ({ value, title: titleOf(value) })), defaults },
    ];
  });
}

/** Rejects an option of another solver instead of ignoring it. */
function assertBelong(values: Readonly<Record<string, unknown>>, solver: Solver, where: string): void {
  const stray = OPTION_NAMES.find((name) => values[name] !== undefined && !reads(solver, name));
  if (stray === undefined) return;
  const kind = OPTIONS[stray].solvers as SolverKind;
  const { flag } = OPTIONS[stray] as OptionRow;
  const field = flag?.field === undefined ? undefined : (values[stray] as Record<string, unknown> | null)?.[flag.field];
  throw new DomainError({
    where,
    argument: stray,
    expected: `be left out with \`solver: '${solver}'\`${values.solver === undefined ? ', which is the default' : ''}`,
    actual: describe(field ?? values[stray]),
    hint: `Leave it out: it is an option of ${listed(solversOf(kind).map((name) => `\`solver: '${name}'\``))}.`,
  });
}

/** A default as the help and the docs write it: `1e-6`, not `0.000001`. */
export function plain(value: unknown): string {
  return typeof value === 'number' && value > 0 && value < 1e-3 ? value.toExponential() : String(value);
}

/** The default rates as documented: `0.1, adam: 0.001`. */
function defaultRates(): string {
  const rates = solversOf('steps').map((name) => [name, SOLVERS[name].learningRate] as const);
  const [[, usual]] = rates;
  const others = rates.filter(([, rate]) => rate !== usual).map(([name, rate]) => `${name}: ${rate}`);
  return [usual, ...others].join(', ');
}
