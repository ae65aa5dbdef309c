// model: the way to the optimum, by L-BFGS or, with an L1 penalty, by proximal quasi-Newton steps.
import type { BlockMetric } from '../optim/block-metric.js';
import { type LbfgsOptions, type LbfgsResult, type LbfgsState, lbfgs } from '../optim/lbfgs.js';
import { proximalNewton } from '../optim/proximal-newton.js';
import {
  bohningMetric,
  bohningPreconditioner,
  type CurvatureOptions,
  curvatureMetric,
  curvaturePreconditioner,
  isFactored,
  type PreconditionerOptions,
} from './curvature.js';
import { evaluatePlainAsync, type PlainProblem } from './objective-plain.js';
import { openTensorObjective } from './objective-tensor.js';
import type { SampleWeights } from './weights.js';

/** Up to so many multiply-adds, an evaluation in float64 takes some 100 ms, and the last digits are worth their time. */
const POLISH_WORK = 5e7;

/** Relative error of a loss in float32, summed in batches; and what it can tell of a gradient of such losses. */
const FLOAT32_NOISE = 1e-6;
const FLOAT32_TOLERANCE = 1e-6;
const FLOAT32_JITTER = 1e-6;

/** After how many iterations M is first made anew, from the curvature where they led. */
const FIRST_REBUILD = 8;
/** So many evaluations for each iteration so far may be given to a better M. */
const REBUILD_SHARE = 2.5;

export type SolveOptions = Pick<LbfgsOptions, 'start' | 'maxIterations' | 'signal' | 'onIteration' | 'tolerance'>;

/** A solver that has its M: L-BFGS, or with an L1 penalty its proximal twin. */
type Solver = (options: Omit<LbfgsOptions, 'precondition'>) => Promise<LbfgsResult>;

/** With Böhning's bound. */
async function firstSolver(problem: PlainProblem, options: PreconditionerOptions): Promise<Solver> {
  if (problem.l1 > 0) return proximalSolver(problem, await bohningMetric(problem, options));
  const precondition = await bohningPreconditioner(problem, options);
  return (others) => lbfgs({ ...others, precondition });
}

/** With the curvature at a point. */
async function solverAt(
  problem: PlainProblem,
  point: Float64Array,
  options: CurvatureOptions,
): Promise<{ solve: Solver; isHessian: boolean }> {
  if (problem.l1 > 0) {
    const { metric, isHessian } = await curvatureMetric(problem, point, options);
    return { solve: proximalSolver(problem, metric), isHessian };
  }
  const { precondition, isHessian } = await curvaturePreconditioner(problem, point, options);
  return { solve: (others) => lbfgs({ ...others, precondition }), isHessian };
}

function proximalSolver({ l1, numFeatures, numClasses }: PlainProblem, metric: BlockMetric): Solver {
  const numPenalised = (numFeatures * numClasses) / metric.blocks;
  return (others) => proximalNewton({ ...others, metric, l1, numPenalised });
}

/** In float64 on plain arrays. */
export async function solvePlain(problem: PlainProblem, options: SolveOptions): Promise<LbfgsResult> {
  const { signal, maxIterations } = options;
  const evaluate = (point: Float64Array) => evaluatePlainAsync(problem, point, signal);
  const evaluation = 2 * problem.numSamples * problem.size;
  let solve = await firstSolver(problem, { signal });
  let state: LbfgsState | undefined;
  let until = FIRST_REBUILD;
  for (;;) {
    const upTo = Math.min(until, maxIterations);
    const result = await solve({ ...options, maxIterations: upTo, evaluate, state });
    if (result.reason !== 'iterations' || upTo === maxIterations) return result;
    // Böhning's bound holds everywhere, and is far too high where the classes are all but told apart.
    const next = await solverAt(problem, result.point, { work: REBUILD_SHARE * until * evaluation, signal });
    solve = next.solve;
    state = result.state;
    // The Hessian takes its time, and is good for longer.
    until *= next.isHessian ? 4 : 2;
  }
}

/** On tensors as far as float32 sees, and from there in float64. */
export async function solveTensor(
  problem: PlainProblem,
  weights: SampleWeights | undefined,
  options: SolveOptions,
): Promise<LbfgsResult> {
  const { signal } = options;
  const objective = await openTensorObjective(problem, weights, options.maxIterations);
  let solve: Solver;
  let coarse: LbfgsResult;
  try {
    const gram = isFactored(problem) ? await objective.gram(signal) : undefined;
    solve = await firstSolver(problem, { gram, jitter: FLOAT32_JITTER, signal });
    const tolerance = Math.max(options.tolerance, FLOAT32_TOLERANCE);
    const evaluate = (point: Float64Array) => objective.evaluate(point, signal);
    coarse = await solve({ ...options, tolerance, evaluate, noise: FLOAT32_NOISE });
  } finally {
    objective.close();
  }
  if (coarse.gradientNorm <= options.tolerance || coarse.iterations >= options.maxIterations) return coarse;
  if (coarse.reason === 'diverged') return coarse;
  const { numSamples, numFeatures, numClasses } = problem;
  if (numSamples * numFeatures * numClasses > POLISH_WORK) return { ...coarse, reason: 'no-progress' };
  return await polish(problem, coarse, options, solve);
}

/** The rest of the way, evaluated in float64. */
async function polish(
  problem: PlainProblem,
  coarse: LbfgsResult,
  options: SolveOptions,
  solve: Solver,
): Promise<LbfgsResult> {
  const evaluate = (point: Float64Array) => evaluatePlainAsync(problem, point, options.signal);
  const done = coarse.iterations;
  const maxIterations = Math.max(1, options.maxIterations - done);
  const onIteration: LbfgsOptions['onIteration'] = (info) =>
    options.onIteration?.({ ...info, iteration: done + info.iteration });
  const fine = await solve({ ...options, start: coarse.point, maxIterations, onIteration, evaluate });
  return { ...fine, iterations: done + fine.iterations, evaluations: coarse.evaluations + fine.evaluations };
}
