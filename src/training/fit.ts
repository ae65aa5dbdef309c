// training: the inputs and results of a fit, common to all solvers.

import type { BackendInUse } from '../compile/backend-in-use.js';
import type { Affine } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import type { TrainingRows } from '../data/any-rows.js';
import type { FeatureArray } from '../data/batches.js';
import type { SampleWeights } from '../data/sample-weights.js';
import type { Scaling } from '../data/standardize.js';
import type { StoredRows } from '../data/stored-rows.js';
import type { SolverReason } from '../optim/solver.js';
import type { Checkpoints } from './checkpoint/checkpoints.js';

/** The training samples of a solver. */
export interface Samples<Features extends TrainingRows = FeatureArray> {
  readonly features: Features;
  /** Class indices, one for each row of features. */
  readonly labels: Int32Array;
  /** Undefined if all samples have the same weight. */
  readonly weights: SampleWeights | undefined;
  readonly numClasses: number;
}

/** The input of a solver besides samples and options. */
export interface FitRun {
  /** The backend of the whole fit. */
  readonly backend: BackendInUse;
  /** The initial parameters: W, [d, classes], followed by b. */
  readonly start?: Float64Array;
  /** Evaluated after each epoch. */
  readonly validation?: AnySamples;
  /** How samples are standardised. It is folded into W and b at the end. */
  readonly scaling?: Scaling;
  /** For messages. */
  readonly featureNames?: readonly string[];
  /** For messages, in the order of the class indices. */
  readonly classes?: readonly Label[];
  /** Writes checkpoints and holds the one to resume from. */
  readonly checkpoints?: Checkpoints;
}

/** One epoch, or one iteration of lbfgs. */
export interface EpochRecord {
  readonly epoch: number;
  /** Weighted mean loss of the epoch's samples, each at the parameters of its step, nats; for lbfgs, the objective. */
  readonly loss: number;
  /** Mean negative log-likelihood of the validation samples after the epoch, nats. */
  readonly validationLoss?: number;
  /** Accuracy on the validation samples after the epoch. */
  readonly validationAccuracy?: number;
}

/** The result of a fit. */
export interface FitResult {
  /**
   * Whether no entry of the gradient exceeds `tolerance`, and the stored parameters have the objective of the solver's
   * to 1e-6. Always false for first-order solvers.
   */
  readonly converged: boolean;
  /**
   * Why the fit ended. `'epochs'`, `'iterations'`: it reached the limit. `'diverged'`: the loss or a weight was not
   * finite; the last finite parameters are returned. `'early-stopping'`: the validation loss stopped decreasing.
   * `'gradient'`: no entry of the gradient exceeds `tolerance`. `'no-progress'`: further progress is below the
   * precision of the arithmetic.
   */
  readonly reason: 'epochs' | 'early-stopping' | 'diverged' | Exclude<SolverReason, 'stopped'>;
  /** What to change if the fit diverged, did not converge or has no optimum; otherwise null. */
  readonly advice: string | null;
  /**
   * (1/S)·Σᵢ sᵢ·NLLᵢ + l2/2·‖W‖² + l1·‖W‖₁, nats, over all training samples. With `standardize`, W is that of the
   * standardised features.
   */
  readonly objective: number;
  /** Largest absolute entry of the objective's gradient; with l1, of its minimum-norm subgradient. */
  readonly gradientNorm: number;
  /** For lbfgs, a proven upper bound on objective − optimum. Null for the other solvers. */
  readonly suboptimality: number | null;
  /** Number of steps, or of iterations for lbfgs. */
  readonly iterations: number;
  readonly history: readonly EpochRecord[];
  /** The epoch of the returned weights, if early stopping chose them. */
  readonly bestEpoch?: number;
  /** For a resumed fit, differences in backend, processor or version, which may change the rounding. */
  readonly notes?: readonly string[];
}

export interface Fitted extends Affine {
  readonly numParameters: number;
  /** The standard deviation of each feature, 1 where it is constant, if the fit standardises. */
  readonly featureDeviations?: Float64Array;
  readonly result: FitResult;
}

/** Dense samples in memory or outside, which all solvers take. */
export type DenseSamples = Samples<FeatureArray | StoredRows>;

/** Samples in memory or outside, dense or sparse. */
export type AnySamples = Samples<TrainingRows>;
