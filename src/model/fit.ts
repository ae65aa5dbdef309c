// model: from features and labels to trained parameters.
import * as tf from '@tensorflow/tfjs';
import { DataStore } from '../compile/arrays.js';
import { type ScanChunk, scanChunks } from '../compile/scan.js';
import { DomainError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { assertKnownOptions, assertOneOf, assertPositiveInteger, describe } from '../core/shape.js';
import type { FeatureArray } from '../data/batches.js';
import { Dense } from '../nn/dense.js';
import type { Layer } from '../nn/layer.js';
import { Phm } from '../nn/phm.js';
import { adam, momentum, type Optimizer, sgd, type Tensors } from '../optim/first-order.js';
import type { LbfgsReason } from '../optim/lbfgs.js';
import { objectiveOf } from './objective.js';
import { type GradientMethod, type TrainingState, trainingStep } from './step.js';
import { layoutOf, type TrainingLayout } from './training-layout.js';

export type Solver = TrainingOptions['solver'];

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

/** What decides a fit by first-order steps: data aside, the same values give the same model. */
export interface FirstOrderOptions {
  readonly solver: 'sgd' | 'momentum' | 'adam';
  /** `'closed-form'` (default): softmax(o) − y by hand; `'autograd'`: tfjs's tape. The same numbers. */
  readonly gradient: GradientMethod;
  /** `'dense'` (default), or `{ phm: n }` with an n that divides both features and classes. */
  readonly layer: LayerChoice;
  /** Whether there is a bias. Default true. */
  readonly fitIntercept: boolean;
  /** λ ≥ 0 of the penalty λ/2·‖W‖². Default 0. */
  readonly l2: number;
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

/** What decides a fit to the optimum. There is only one for l2 > 0, so nothing is drawn. */
export interface LbfgsFitOptions {
  readonly solver: 'lbfgs';
  /** Whether there is a bias. Default true. */
  readonly fitIntercept: boolean;
  /** λ ≥ 0 of the penalty λ/2·‖W‖². Default 0. */
  readonly l2: number;
  /** Ends where no entry of the gradient exceeds it. Default 1e-6. */
  readonly tolerance: number;
  /** Each of them a pass over all samples, or a few. Default 500. */
  readonly maxIterations: number;
}

export type TrainingOptions = FirstOrderOptions | LbfgsFitOptions;

export interface FitOptions<L>
  extends Partial<Omit<FirstOrderOptions, 'solver'>>,
    Partial<Omit<LbfgsFitOptions, 'solver'>> {
  /** `'sgd'` (default), `'momentum'`, `'adam'`; `'lbfgs'`: to the optimum. */
  readonly solver?: Solver;
  /** The classes in the order of their columns; the distinct labels, sorted, unless given. */
  readonly classes?: readonly L[];
  /** Ends the fit with the signal's reason as error. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FitProgress) => void;
}

export interface EpochRecord {
  readonly epoch: number;
  /** Mean loss over the epoch's samples, each at the parameters of its step, nats; of lbfgs the objective after it. */
  readonly loss: number;
}

export interface FitResult {
  /** Whether the gradient came down to `tolerance`: never, for a first-order solver with a fixed number of epochs. */
  readonly converged: boolean;
  /**
   * `'epochs'`, `'iterations'`: all were run. `'diverged'`: the loss or a weight was not finite, and the last finite ones are
   * kept. `'gradient'`: no entry exceeds `tolerance`. `'no-progress'`: nothing is left to gain that the arithmetic can see.
   */
  readonly reason: 'epochs' | 'diverged' | Exclude<LbfgsReason, 'stopped'>;
  /** The one thing to do where it has not converged; null where it has, and for first-order solvers. */
  readonly advice: string | null;
  /** (1/n)·Σᵢ NLLᵢ + l2/2·‖W‖², nats, over all samples at the final parameters. */
  readonly objective: number;
  /** Largest absolute entry of the objective's gradient there. */
  readonly gradientNorm: number;
  /** A proven upper bound on objective − optimum, by lbfgs; null for the other solvers, for which none is proven. */
  readonly suboptimality: number | null;
  /** Steps, or iterations, that were run. */
  readonly iterations: number;
  readonly history: readonly EpochRecord[];
}

export interface Fitted {
  /** W, row-major, [inputs, units]. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly numParameters: number;
  readonly result: FitResult;
}

const COMMON = ['solver', 'fitIntercept', 'l2', 'classes', 'signal', 'onProgress'];
const FIRST_ORDER = ['gradient', 'layer', 'epochs', 'batchSize', 'learningRate', 'shuffle', 'seed'];
const LBFGS = ['tolerance', 'maxIterations'];

/** Options with their defaults, checked: a wrong one is an error before anything is allocated. */
export function trainingOptions<L>(options: FitOptions<L>, where: string): TrainingOptions {
  assertKnownOptions(options, [...COMMON, ...FIRST_ORDER, ...LBFGS], where);
  const { solver = 'sgd', fitIntercept = true, l2 = 0 } = options;
  assertOneOf(solver, ['sgd', 'momentum', 'adam', 'lbfgs'], where, 'solver');
  assertOneOf(fitIntercept, [true, false], where, 'fitIntercept');
  if (!Number.isFinite(l2) || l2 < 0) {
    throw new DomainError({ where, argument: 'l2', expected: 'be a finite number ≥ 0', actual: describe(l2) });
  }
  assertBelongs(options, solver === 'lbfgs' ? FIRST_ORDER : LBFGS, solver, where);
  if (solver === 'lbfgs') {
    const { tolerance = 1e-6, maxIterations = 500 } = options;
    assertPositive(tolerance, where, 'tolerance');
    assertPositiveInteger(maxIterations, where, 'maxIterations');
    return { solver, fitIntercept, l2, tolerance, maxIterations };
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
  return { solver, gradient, layer, fitIntercept, l2, epochs, batchSize, learningRate, shuffle, seed };
}

/** An option that another solver reads is not silently ignored. */
function assertBelongs(options: object, others: readonly string[], solver: Solver, where: string): void {
  const stray = others.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (stray === undefined) return;
  const expected = `be left out with solver '${solver}'`;
  throw new DomainError({
    where,
    argument: stray,
    expected,
    actual: describe((options as Record<string, unknown>)[stray]),
  });
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

/**
 * Minimises mean cross-entropy + λ/2·‖W‖² by first-order steps over shuffled batches.
 *
 * @param labels class indices, one for each row of features
 * @returns parameters as plain arrays; no tensor is left behind, whatever happens
 */
export async function fitFirstOrder<L>(
  features: FeatureArray,
  labels: Int32Array,
  numClasses: number,
  options: FirstOrderOptions,
  { signal, onProgress }: Pick<FitOptions<L>, 'signal' | 'onProgress'>,
): Promise<Fitted> {
  signal?.throwIfAborted();
  const [n, inputs] = features.shape;
  const { epochs, batchSize, learningRate, shuffle } = options;
  const layer = layerOf(inputs, numClasses, options);
  const optimizer = optimizerOf(options.solver);
  const { scale = 1 } = features;
  const layout = layoutOf(layer, scale);
  let state = tf.tidy((): TrainingState => {
    const parameters = layout.start();
    return { parameters, optimizer: optimizer.init(parameters) };
  });
  const store = new DataStore();
  try {
    // Stored as they are: the layout sees to the scale.
    const data = { features: { ...features, scale: 1, dtype: 'float32' }, labels } as const;
    const order = shuffle ? shuffles(options.seed, n) : undefined;
    const step = trainingStep({ ...options, layout, optimizer });
    const history: EpochRecord[] = [];
    let iterations = 0;
    let reason: FitResult['reason'] = 'epochs';
    let epoch = { total: 0, samples: 0 };
    for await (const chunk of scanChunks(step, state, data, { batchSize, epochs, order, signal }, store)) {
      const total = await finiteTotal(chunk);
      if (total === undefined) {
        reason = 'diverged';
        break;
      }
      tf.dispose(state);
      state = copyState(chunk.state);
      iterations += chunk.batchSizes.length;
      epoch = { total: epoch.total + total, samples: epoch.samples + sum(chunk.batchSizes) };
      const loss = epoch.total / epoch.samples;
      const { step, steps } = chunk;
      onProgress?.({ epoch: chunk.epoch, epochs, step, steps, loss, learningRate });
      if (step < steps) continue;
      history.push({ epoch: chunk.epoch, loss });
      epoch = { total: 0, samples: 0 };
    }
    const whole = { ...data, shares: new Float32Array(n).fill(1 / n) };
    const value = await objectiveOf(layout, state.parameters, whole, { ...options, signal }, store);
    const result: FitResult = {
      converged: false,
      reason,
      advice: null,
      ...value,
      suboptimality: null,
      iterations,
      history,
    };
    // A bias that stays 0 is none.
    const numParameters = layer.numParameters - (options.fitIntercept ? 0 : numClasses);
    return { ...(await readAffine(layer, layout, state.parameters)), numParameters, result };
  } finally {
    tf.dispose(state);
    store.dispose();
    layer.dispose();
  }
}

/** The summed loss of the samples of a chunk, or undefined if it or a parameter is not finite. */
async function finiteTotal({
  state,
  outputs,
  batchSizes,
}: Pick<ScanChunk<TrainingState, tf.Tensor>, 'state' | 'outputs' | 'batchSizes'>): Promise<number | undefined> {
  const sizes = tf.tidy(() => tf.stack(Object.values(state.parameters).map((tensor) => tensor.abs().sum())));
  const [losses, parameters] = await Promise.all([outputs.data<'float32'>(), sizes.data()]);
  sizes.dispose();
  const total = losses.reduce((sum, loss, i) => sum + loss * batchSizes[i], 0);
  return Number.isFinite(total) && parameters.every(Number.isFinite) ? total : undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** A state of its own: new tensors on the same values. */
function copyState({ parameters, optimizer }: TrainingState): TrainingState {
  const copy = (tensors: Tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
  return {
    parameters: copy(parameters),
    optimizer: Object.fromEntries(Object.entries(optimizer).map(([name, tensors]) => [name, copy(tensors)])),
  };
}

function layerOf(inputs: number, units: number, { layer, seed }: FirstOrderOptions): Layer {
  return layer === 'dense' ? new Dense({ inputs, units, seed }) : new Phm({ inputs, units, n: layer.phm, seed });
}

function optimizerOf(solver: FirstOrderOptions['solver']): Optimizer {
  switch (solver) {
    case 'sgd':
      return sgd();
    case 'momentum':
      return momentum();
    case 'adam':
      return adam();
    default:
      return solver satisfies never;
  }
}

/** A new order of the samples at each call, from a generator of its own: the seed's first bits seed it. */
function shuffles(seed: number, n: number): () => Int32Array {
  const random = new Random(new Random(seed).bits());
  return () => random.permutation(n);
}

/** W and b as plain arrays. */
async function readAffine(
  layer: Layer,
  layout: TrainingLayout,
  trained: Tensors,
): Promise<{ weight: Float32Array; bias: Float32Array }> {
  const tensors = tf.tidy(() => {
    const parameters = layout.restore(trained);
    return { weight: layer.weightOf(parameters), bias: parameters.bias.clone() };
  });
  const [weight, bias] = await Promise.all([tensors.weight.data<'float32'>(), tensors.bias.data<'float32'>()]);
  tf.dispose(tensors);
  // Copies: what a backend hands out may be its own memory.
  return { weight: Float32Array.from(weight), bias: Float32Array.from(bias) };
}
