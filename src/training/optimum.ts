// training: the way to the optimum, by L-BFGS or, with an L1 penalty, by proximal quasi-Newton steps.

import type { SampleWeights } from '../data/sample-weights.js';
import {
  bohningMetric,
  bohningPreconditioner,
  type CurvatureOptions,
  curvatureMetric,
  curvaturePreconditioner,
  isFactored,
  type PreconditionerOptions,
} from '../objective/curvature.js';
import { evaluatePlainAsync, type PlainProblem } from '../objective/float64.js';
import { openTensorObjective } from '../objective/tensor.js';
import type { BlockMetric } from '../optim/block-metric.js';
import { lbfgs } from '../optim/lbfgs.js';
import { proximalNewton } from '../optim/proximal-newton.js';
import type { SolverIteration, SolverOptions, SolverResult, SolverState } from '../optim/solver.js';

/** Up to so many multiply-adds, an evaluation in float64 takes some 100 ms, and the last digits are worth their time. */
const POLISH_WORK = 5e7;

/** Relative error of a loss in float32, summed in batches; and what it can tell of a gradient of such losses. */
const FLOAT32_NOISE = 1e-6;
const FLOAT32_TOLERANCE = 1e-6;
const FLOAT32_JITTER = 1e-6;

/** After how many iterations M is first made anew, from the curvature where they led. */
const FIRST_REBUILD = 12;
/** So many evaluations for each iteration so far may be given to a better M. */
const REBUILD_SHARE = 2.5;

/** Where M was last made anew, and after how many iterations. */
export interface Anchor {
  readonly point: Float64Array;
  readonly iteration: number;
}

/** Where the way to the optimum stands after an iteration: with samples and options, it decides all that follows. */
export interface OptimumState {
  /** On plain arrays from the start; on tensors; or in float64 from where those ended. */
  readonly phase: 'plain' | 'tensors' | 'polish';
  readonly solver: SolverState;
  readonly anchor: Anchor | undefined;
  /** Iterations and evaluations of the phase before. */
  readonly before: Pick<SolverState, 'iterations' | 'evaluations'>;
}

export interface SolveOptions extends Pick<SolverOptions, 'start' | 'maxIterations' | 'signal' | 'tolerance'> {
  /** The iteration counts from the first phase on. */
  readonly onIteration: (info: SolverIteration, state: OptimumState) => Promise<void>;
  /** From an earlier run with the same problem and options. */
  readonly resumed?: OptimumState;
}

const NOTHING_BEFORE = { iterations: 0, evaluations: 0 };

/** What a solver calls after an iteration of a phase. */
function listener(
  { onIteration }: SolveOptions,
  phase: Omit<OptimumState, 'solver'>,
): NonNullable<SolverOptions['onIteration']> {
  return async (info) => {
    const iteration = phase.before.iterations + info.iteration;
    await onIteration({ ...info, iteration }, { ...phase, solver: info.state });
    return undefined;
  };
}

/** A solver that has its M: L-BFGS, or with an L1 penalty its proximal twin. */
type Solver = (options: SolverOptions) => Promise<SolverResult>;

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
export async function solvePlain(problem: PlainProblem, options: SolveOptions): Promise<SolverResult> {
  const { start, tolerance, signal, maxIterations, resumed } = options;
  const evaluate = (point: Float64Array) => evaluatePlainAsync(problem, point, signal);
  const evaluation = 2 * problem.numSamples * problem.size;
  const solverFrom = async ({ point, iteration }: Anchor) => {
    const { solve, isHessian } = await solverAt(problem, point, {
      work: REBUILD_SHARE * iteration * evaluation,
      signal,
    });
    // The Hessian takes its time, and is good for longer.
    return { solve, until: iteration * (isHessian ? 4 : 2) };
  };
  let anchor = resumed?.anchor;
  let state = resumed?.solver;
  let next =
    anchor === undefined
      ? { solve: await firstSolver(problem, { signal }), until: FIRST_REBUILD }
      : await solverFrom(anchor);
  for (;;) {
    const upTo = Math.min(next.until, maxIterations);
    const onIteration = listener(options, { phase: 'plain', anchor, before: NOTHING_BEFORE });
    const result = await next.solve({ start, tolerance, signal, maxIterations: upTo, evaluate, state, onIteration });
    if (result.reason !== 'iterations' || upTo === maxIterations) return result;
    // Böhning's bound holds everywhere, and is far too high where the classes are all but told apart.
    anchor = { point: result.point, iteration: result.iterations };
    next = await solverFrom(anchor);
    state = result.state;
  }
}

/** On tensors as far as float32 sees, and from there in float64. */
export async function solveTensor(
  problem: PlainProblem,
  weights: SampleWeights | undefined,
  options: SolveOptions,
): Promise<SolverResult> {
  const { start, maxIterations, signal, resumed } = options;
  const objective = await openTensorObjective(problem, weights, options.maxIterations);
  let solve: Solver;
  let coarse: SolverResult | undefined;
  try {
    const gram = isFactored(problem) ? await objective.gram(signal) : undefined;
    solve = await firstSolver(problem, { gram, jitter: FLOAT32_JITTER, signal });
    if (resumed?.phase !== 'polish') {
      const tolerance = Math.max(options.tolerance, FLOAT32_TOLERANCE);
      const evaluate = (point: Float64Array) => objective.evaluate(point, signal);
      const onIteration = listener(options, { phase: 'tensors', anchor: undefined, before: NOTHING_BEFORE });
      const shared = { start, maxIterations, signal, onIteration, state: resumed?.solver };
      coarse = await solve({ ...shared, tolerance, evaluate, noise: FLOAT32_NOISE });
    }
  } finally {
    objective.close();
  }
  if (coarse === undefined) return await polish(problem, { ...(resumed as OptimumState), start }, options, solve);
  if (coarse.gradientNorm <= options.tolerance || coarse.iterations >= options.maxIterations) return coarse;
  if (coarse.reason === 'diverged') return coarse;
  const { numSamples, numFeatures, numClasses } = problem;
  if (numSamples * numFeatures * numClasses > POLISH_WORK) return { ...coarse, reason: 'no-progress' };
  return await polish(problem, { before: coarse, start: coarse.point }, options, solve);
}

/** The rest of the way, evaluated in float64. */
async function polish(
  problem: PlainProblem,
  from: Pick<OptimumState, 'before'> & { readonly start: Float64Array; readonly solver?: SolverState },
  options: SolveOptions,
  solve: Solver,
): Promise<SolverResult> {
  const { tolerance, signal } = options;
  const { start, solver: state } = from;
  const { iterations, evaluations } = from.before;
  const evaluate = (point: Float64Array) => evaluatePlainAsync(problem, point, signal);
  const maxIterations = Math.max(1, options.maxIterations - iterations);
  const before = { iterations, evaluations };
  const onIteration = listener(options, { phase: 'polish', anchor: undefined, before });
  const fine = await solve({ start, tolerance, signal, maxIterations, onIteration, evaluate, state });
  return { ...fine, iterations: iterations + fine.iterations, evaluations: evaluations + fine.evaluations };
}
