// model: what a fit may be told, checked.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { Random } from '../core/random.js';
import { assertKnownOptions, assertOneOf, assertPositiveInteger, describe } from '../core/shape.js';
import type { GradientMethod } from './step.js';
import { type ClassWeights, type NamedClassWeights, namedClassWeights } from './weights.js';

export type FirstOrderSolver = 'sgd' | 'momentum' | 'adam';
export type Solver = 'lbfgs' | FirstOrderSolver;

/** How the weight is written: in full, or as a sum of n Kronecker products. */
export type LayerChoice = 'dense' | { readonly phm: number };

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
  /** By the names of the classes; left out where all weigh the same. */
  readonly classWeights?: NamedClassWeights;
}

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
  /** η > 0. Default 0.1, and 0.001 for adam. */
  readonly learningRate: number;
  /** Whether each epoch has an order of its own; else samples are taken as they lie. Default true. */
  readonly shuffle: boolean;
  /** Decides initial weights and the order of samples: an integer in [0, 2³²). Default 0. */
  readonly seed: number;
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

export type TrainingOptions = FirstOrderOptions | LbfgsFitOptions;

export interface FitOptions<L extends Label>
  extends Partial<Omit<FirstOrderOptions, 'solver' | 'classWeights'>>,
    Partial<Omit<LbfgsFitOptions, 'solver' | 'classWeights'>> {
  /** `'lbfgs'` (default): to the optimum; `'sgd'`, `'momentum'`, `'adam'`: by steps over batches. */
  readonly solver?: Solver;
  /** The classes in the order of their columns; the distinct labels, sorted, unless given. */
  readonly classes?: readonly L[];
  /** What each sample counts, ≥ 0 and not all 0: a sample of weight 2 is two samples. 1 unless given. */
  readonly sampleWeights?: ArrayLike<number>;
  /** What a sample of each class counts, times its own weight: `'balanced'`, or by class. */
  readonly classWeights?: ClassWeights<NoInfer<L>>;
  /** Ends the fit with the signal's reason as error. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FitProgress) => void;
}

const COMMON = ['solver', 'fitIntercept', 'l2', 'classes', 'sampleWeights', 'classWeights', 'signal', 'onProgress'];
const FIRST_ORDER = ['gradient', 'layer', 'epochs', 'batchSize', 'learningRate', 'shuffle', 'seed'];
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
  const { gradient = 'closed-form', layer = 'dense', shuffle = true, seed = 0 } = options;
  const { epochs = 10, batchSize = 256, learningRate = solver === 'adam' ? 0.001 : 0.1 } = options;
  assertOneOf(gradient, ['closed-form', 'autograd'], where, 'gradient');
  assertOneOf(shuffle, [true, false], where, 'shuffle');
  if (layer !== 'dense') assertPhm(layer, where);
  assertPositive(learningRate, where, 'learningRate');
  assertPositiveInteger(epochs, where, 'epochs');
  assertPositiveInteger(batchSize, where, 'batchSize');
  new Random(seed);
  return { solver, gradient, layer, ...common, epochs, batchSize, learningRate, shuffle, seed };
}

function commonOptions<L extends Label>(options: FitOptions<L>, where: string): CommonOptions {
  const { fitIntercept = true, l2 = 0, classWeights } = options;
  assertOneOf(fitIntercept, [true, false], where, 'fitIntercept');
  assertPenalty(l2, where, 'l2');
  if (classWeights === undefined) return { fitIntercept, l2 };
  return { fitIntercept, l2, classWeights: namedClassWeights(classWeights, where) };
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
