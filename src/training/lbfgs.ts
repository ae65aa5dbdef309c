// training: fits parameters to the optimum, with a proven bound on the remaining gap.

import * as tf from '@tensorflow/tfjs';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { nextTask, WORK_OF_A_TASK } from '../core/task.js';
import type { TrainingRows } from '../data/any-rows.js';
import { isSparse } from '../data/matrix.js';
import { StoredRows } from '../data/stored-rows.js';
import { certifyAsync } from '../objective/certificate.js';
import { type DenseProblem, type Problem, plainProblem } from '../objective/float64.js';
import { isLarge } from '../objective/row-block.js';
import { scoresAt } from '../objective/scores.js';
import { isStreamed, type StreamedProblem } from '../objective/sections.js';
import { openSharedObjective } from '../objective/shared-tensor.js';
import { streamedProblem } from '../objective/streamed.js';
import { openTensorObjective } from '../objective/tensor.js';
import type { SolverReason } from '../optim/solver.js';
import { adviceForOptimum } from './advice.js';
import type { Mark } from './checkpoint/checkpoints.js';
import { type OptimumProgress, optimumOf, optimumSnapshot } from './checkpoint/optimum-snapshot.js';
import type { AnySamples, EpochRecord, FitResult, FitRun, Fitted, Samples } from './fit.js';
import { type Optimum, type OptimumState, type SolveOptions, solvePlain, solveTensor } from './optimum.js';
import type { OptimumPlan } from './options.js';
import { pointOf, storedAffine } from './standardization.js';
import { logsOf } from './training.js';
import type { ValidationScores } from './validation.js';

/**
 * Up to this many multiply-adds of a forward pass, plain TypeScript in float64 is as fast as a backend in float32.
 * Larger problems are solved on tensors, then refined in float64 unless they are too large, or `precision` forbids it.
 */
const PLAIN_WORK = 5e6;

/** Besides its evaluations, in multiply-adds: about 0.1 ms. */
const WORK_OF_AN_ITERATION = 1e5;

/** The relative difference of objectives up to which the stored parameters are those of the solver. */
const STORED = 1e-6;

/**
 * Minimises (1/S)·Σᵢ sᵢ·NLLᵢ + l2/2·‖W‖² + l1·‖W‖₁ to its optimum, from zero unless `run` has a start.
 *
 * @returns parameters as plain arrays; all tensors are disposed, also after an error
 */
export async function fitLbfgs(samples: AnySamples, plan: OptimumPlan, run: FitRun): Promise<Fitted> {
  const { features, numClasses } = samples;
  const { fitIntercept, tolerance, maxIterations, signal, onProgress, onEpochEnd } = plan;
  const problem = problemOf(samples, plan);
  const { backend, checkpoints, scaling, validation } = run;
  const looked = validation && problemOf(validation, { ...plan, l1: 0, l2: 0 });
  const [n, d] = features.shape;
  const affineOf = (point: Float64Array) => storedAffine(point, numClasses, scaling);
  const isPlain = isExact(samples, plan);
  const validates = validation !== undefined;
  const progress = resumedFrom(run, problem.size, isPlain, maxIterations);
  const history: EpochRecord[] = [...(progress?.history ?? [])];
  let last = progress?.state;
  const snapshotOf = (state: OptimumState) => () =>
    optimumSnapshot({ state, history: history.slice(0, iterationsOf(state)) }, validates);
  const finish = async () => last && checkpoints?.finish(markOf(last), snapshotOf(last));
  let work = 0;
  const solve: SolveOptions = {
    start: run.start ?? new Float64Array(problem.size),
    maxIterations,
    tolerance,
    signal,
    resumed: progress?.state,
    onHessian(step, steps) {
      const { epoch, loss } = history[history.length - 1];
      onProgress?.({ epoch, epochs: maxIterations, step, steps, loss, learningRate: 1 });
    },
    async onIteration({ iteration, value, gradientNorm, step: learningRate, state }, reached) {
      const record = { epoch: iteration, loss: value, ...(looked && (await scoresOf(looked, state.point, signal))) };
      history.push(record);
      onProgress?.({ epoch: iteration, epochs: maxIterations, step: 1, steps: 1, loss: value, learningRate });
      await onEpochEnd?.(iteration - 1, logsOf(record), async () => affineOf(state.point));
      // The gradient overflowed, so the solver stops.
      if (!Number.isFinite(gradientNorm)) return;
      last = reached;
      await checkpoints?.reach(markOf(reached), true, snapshotOf(reached));
      work += WORK_OF_AN_ITERATION + 2 * n * problem.size;
      if (work < WORK_OF_A_TASK) return;
      work = 0;
      await nextTask();
    },
  };
  let solved: Optimum;
  try {
    solved = await (isPlain
      ? solvePlain(problem, solve)
      : solveLarge(samples as Samples, problem, plan, solve, backend));
    await finish();
  } catch (error) {
    if (signal?.aborted || backend.endedWith(error)) await finish();
    throw error;
  }
  // The model stores float32 parameters, so the certificate is for those.
  const affine = affineOf(solved.point);
  const { objective, suboptimality } = await certifyAsync(problem, pointOf(affine, scaling), signal);
  // In float32, or folded back to raw features, parameters may lose their digits.
  const isKept = Math.abs(objective - solved.value) <= STORED * Math.max(Math.abs(solved.value), STORED);
  const isSeparated = isSeparating(problem, objective);
  const result: FitResult = {
    converged: isKept && solved.reason === 'gradient',
    reason: solved.reason as Exclude<SolverReason, 'stopped'>,
    advice: await adviceForOptimum(samples, plan, run, { solved, isKept, isSeparated }),
    objective,
    gradientNorm: solved.gradientNorm,
    suboptimality,
    iterations: solved.iterations,
    history,
  };
  return { ...affine, numParameters: d * numClasses + (fitIntercept ? numClasses : 0), result };
}

/** Whether no backend multiplies the rows: stored ones, and sparse ones. */
export function isApart(features: TrainingRows): boolean {
  return features instanceof StoredRows || isSparse(features);
}

/** Whether a fit computes in float64 alone, on whatever backend: if asked to, of few numbers, and of stored or sparse rows. */
export function isAlwaysExact({ features, numClasses }: AnySamples, { precision }: Pick<OptimumPlan, 'precision'>) {
  const [n, d] = features.shape;
  return precision === 'float64' || isApart(features) || n * d * numClasses <= PLAIN_WORK;
}

/** Whether a fit computes in float64 alone: also where processes share the samples on other backends than TensorFlow. */
export function isExact(samples: AnySamples, plan: Pick<OptimumPlan, 'precision' | 'communicator'>) {
  return isAlwaysExact(samples, plan) || (plan.communicator !== undefined && tf.getBackend() !== 'tensorflow');
}

/** Minimises on tensors: on those of this process, or of all that share the samples. */
async function solveLarge(
  samples: Samples,
  problem: Problem,
  plan: OptimumPlan,
  solve: SolveOptions,
  backend: BackendInUse,
): Promise<Optimum> {
  const whole = isStreamed(problem) ? wholeOf(samples, plan) : (problem as DenseProblem);
  const { communicator } = plan;
  const objective = await (communicator === undefined
    ? openTensorObjective(whole, samples.weights, plan.maxIterations, backend)
    : openSharedObjective(problem as StreamedProblem, samples, backend));
  const exact = communicator === undefined ? whole : problem;
  try {
    return await solveTensor(whole, { objective, exact, communicator, backend }, solve);
  } finally {
    objective.close();
  }
}

type Terms = Pick<OptimumPlan, 'l1' | 'l2' | 'fitIntercept' | 'communicator'>;

/** The problem of the samples, whose rows are read or prepared again for each sum unless they are few and in memory. */
function problemOf(samples: AnySamples, terms: Terms): Problem {
  const { features } = samples;
  if (isSparse(features)) return plainProblem(optionsOf({ ...samples, features }, terms));
  const isRead = features instanceof StoredRows || terms.communicator !== undefined || isLarge(features.shape);
  const dense = { ...samples, features };
  return isRead ? streamedProblem(optionsOf(dense, terms), terms.communicator) : wholeOf(dense as Samples, terms);
}

/** The problem of dense samples that are in memory. */
function wholeOf(samples: Samples, terms: Terms): DenseProblem {
  return plainProblem(optionsOf(samples, terms));
}

function optionsOf<Features extends TrainingRows>(
  { features, labels, weights, numClasses }: Samples<Features>,
  { l1, l2, fitIntercept }: Terms,
) {
  return { features, labels, numClasses, sampleWeights: weights?.values, l1, l2, fitIntercept };
}

async function scoresOf(looked: Problem, point: Float64Array, signal?: AbortSignal): Promise<ValidationScores> {
  const { loss, accuracy } = await scoresAt(looked, point, signal);
  return { validationLoss: loss, validationAccuracy: accuracy };
}

function iterationsOf({ before, solver }: OptimumState): number {
  return before.iterations + solver.iterations;
}

/** An iteration counts as an epoch. */
function markOf(state: OptimumState): Mark {
  const iterations = iterationsOf(state);
  return { epoch: iterations, iterations };
}

function resumedFrom(
  { checkpoints, validation }: FitRun,
  size: number,
  isPlain: boolean,
  maxIterations: number,
): OptimumProgress | undefined {
  const { resumed } = checkpoints ?? {};
  if (checkpoints === undefined || resumed === undefined) return undefined;
  const phases: readonly OptimumState['phase'][] = isPlain ? ['plain'] : ['tensors', 'polish'];
  const progress = optimumOf(resumed, size, phases, validation !== undefined, resumed.fail);
  checkpoints.resumedAt(markOf(progress.state), { maxIterations });
  return progress;
}

/** Whether the mean loss proves that every sample has a probability above ½ for its class: loss·S < log 2·min s. */
function isSeparating({ l1, l2, leastWeight, totalWeight }: Problem, loss: number): boolean {
  return l1 === 0 && l2 === 0 && loss * totalWeight < Math.LN2 * leastWeight;
}
