// model: what comes of a fit, whichever solver made it.
import type { FeatureArray } from '../data/batches.js';
import type { LbfgsReason } from '../optim/lbfgs.js';
import type { SampleWeights } from './weights.js';

/** What a solver learns from. */
export interface Samples {
  readonly features: FeatureArray;
  /** Class indices, one for each row of features. */
  readonly labels: Int32Array;
  /** Undefined where every sample counts the same. */
  readonly weights: SampleWeights | undefined;
  readonly numClasses: number;
}

export interface EpochRecord {
  readonly epoch: number;
  /** Mean loss over the epoch's samples, as their weights have it, each at the parameters of its step, nats; of lbfgs the objective after it. */
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
  /** (1/S)·Σᵢ sᵢ·NLLᵢ + l2/2·‖W‖², nats, over all samples at the final parameters. */
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
