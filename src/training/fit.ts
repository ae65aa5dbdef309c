// training: what comes of a fit, whichever solver made it.
import type { Affine } from '../core/affine.js';
import type { FeatureArray } from '../data/batches.js';
import type { SampleWeights } from '../data/sample-weights.js';
import type { Scaling } from '../data/standardize.js';
import type { SolverReason } from '../optim/solver.js';
import type { Checkpoints } from './checkpoint/checkpoints.js';

/** What a solver learns from. */
export interface Samples {
  readonly features: FeatureArray;
  /** Class indices, one for each row of features. */
  readonly labels: Int32Array;
  /** Undefined where every sample counts the same. */
  readonly weights: SampleWeights | undefined;
  readonly numClasses: number;
}

/** What a solver is given beside samples and options. */
export interface FitRun {
  /** Where it begins: W, [d, classes], followed by b. */
  readonly start?: Float64Array;
  /** Looked at after each epoch. */
  readonly validation?: Samples;
  /** How samples are standardised; W and b take it in at the end. */
  readonly scaling?: Scaling;
  /** Where it is kept, and what it goes on from. */
  readonly checkpoints?: Checkpoints;
}

/** One epoch, or one iteration of lbfgs. */
export interface EpochRecord {
  readonly epoch: number;
  /** Mean loss over the epoch's samples, by their weights, each at the parameters of its step, nats; of lbfgs the objective. */
  readonly loss: number;
  /** Mean negative log-likelihood of the validation samples after it, nats. */
  readonly validationLoss?: number;
  /** The share of the validation samples that is predicted right after it. */
  readonly validationAccuracy?: number;
}

/** How a fit went. */
export interface FitResult {
  /** Whether the gradient came down to `tolerance`: never, for a first-order solver with a fixed number of epochs. */
  readonly converged: boolean;
  /**
   * `'epochs'`, `'iterations'`: all were run. `'diverged'`: the loss or a weight was not finite, and the last finite ones are
   * kept. `'early-stopping'`: the validation loss no longer fell. `'gradient'`: no entry exceeds `tolerance`. `'no-progress'`:
   * nothing is left to gain that the arithmetic can see.
   */
  readonly reason: 'epochs' | 'early-stopping' | 'diverged' | Exclude<SolverReason, 'stopped'>;
  /** The one thing to do where it has not converged, or there is no optimum to be had; null where all is well, and for first-order solvers. */
  readonly advice: string | null;
  /** (1/S)·Σᵢ sᵢ·NLLᵢ + l2/2·‖W‖² + l1·‖W‖₁, nats, over all samples learnt from; with `standardize`, W of the standardised features. */
  readonly objective: number;
  /** Largest absolute entry of the objective's gradient there; with l1 of its least subgradient. */
  readonly gradientNorm: number;
  /** A proven upper bound on objective − optimum, by lbfgs; null for the other solvers, for which none is proven. */
  readonly suboptimality: number | null;
  /** Steps, or iterations, that were run. */
  readonly iterations: number;
  readonly history: readonly EpochRecord[];
  /** The epoch whose weights these are, where early stopping chose them. */
  readonly bestEpoch?: number;
  /** Of a fit that was resumed, what was different then: another backend, processor or version rounds otherwise. */
  readonly notes?: readonly string[];
}

export interface Fitted extends Affine {
  readonly numParameters: number;
  readonly result: FitResult;
}
