// training: minimises the objective by L-BFGS or, with an L1 penalty, by proximal quasi-Newton steps.
import type { BackendInUse } from '../compile/backend-in-use.js';
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

/** Up to this many multiply-adds, an evaluation in float64 takes about 100 ms or less, and refinement is affordable. */
const POLISH_WORK = 5e7;

/** Relative error of a float32 loss summed in batches, and the precision of its gradient. */
const FLOAT32_NOISE = 1e-6;
const FLOAT32_TOLERANCE = 1e-6;
const FLOAT32_JITTER = 1e-6;

/** The number of iterations after which M is first rebuilt, from the curvature at the current point. */
const FIRST_REBUILD = 12;
/** Rebuilding M may take the work of this many evaluations per iteration so far. */
const REBUILD_SHARE = 2.5;

/** The point at which M was last rebuilt, and the number of iterations before it. */
export interface Anchor {
  readonly point: Float64Array;
  readonly iteration: number;
}

/** The state after an iteration. With samples and options, it determines all further iterations. */
export interface OptimumState {
  /** `'plain'`: on plain arrays from the start. `'tensors'`: in float32. `'polish'`: in float64 after `'tensors'`. */
  readonly phase: 'plain' | 'tensors' | 'polish';
  readonly solver: SolverState;
  readonly anchor: Anchor | undefined;
  /** Iterations and evaluations of the previous phase. */
  readonly before: Pick<SolverState, 'iterations' | 'evaluations'>;
}

export interface SolveOptions extends Pick<SolverOptions, 'start' | 'maxIterations' | 'signal' | 'tolerance'> {
  /** Called after each iteration, counted over all phases. */
  readonly onIteration: (info: SolverIteration, state: OptimumState) => Promise<void>;
  /** The state of an interrupted run with the same problem and options. */
  readonly resumed?: OptimumState;
}

const NOTHING_BEFORE = { iterations: 0, evaluations: 0 };

/** The callback of a solver after an iteration of a phase. */
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

/** A solver with its M: L-BFGS or, with an L1 penalty, the proximal solver. */
type Solver = (options: SolverOptions) => Promise<SolverResult>;

/** The solver with Böhning's bound as M. */
async function firstSolver(problem: PlainProblem, options: PreconditionerOptions): Promise<Solver> {
  if (problem.l1 > 0) return proximalSolver(problem, await bohningMetric(problem, options));
  const precondition = await bohningPreconditioner(problem, options);
  return (others) => lbfgs({ ...others, precondition });
}

/** The solver with the curvature at a point as M. */
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

/** Minimises in float64 on plain arrays. */
export async function solvePlain(problem: PlainProblem, options: SolveOptions): Promise<SolverResult> {
  const { start, tolerance, signal, maxIterations, resumed } = options;
  const evaluate = (point: Float64Array) => evaluatePlainAsync(problem, point, signal);
  const evaluation = 2 * problem.numSamples * problem.size;
  const solverFrom = async ({ point, iteration }: Anchor) => {
    const { solve, isHessian } = await solverAt(problem, point, {
      work: REBUILD_SHARE * iteration * evaluation,
      signal,
    });
    // The Hessian takes longer to compute and stays accurate for more iterations.
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
    // Böhning's bound holds everywhere, but is far too large once the classes are nearly separated.
    anchor = { point: result.point, iteration: result.iterations };
    next = await solverFrom(anchor);
    state = result.state;
  }
}

/** Minimises on tensors to the precision of float32, then continues in float64. */
export async function solveTensor(
  problem: PlainProblem,
  weights: SampleWeights | undefined,
  options: SolveOptions,
  backend: BackendInUse,
): Promise<SolverResult> {
  const { start, maxIterations, signal, resumed } = options;
  const objective = await openTensorObjective(problem, weights, options.maxIterations, backend);
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

/** Continues in float64 from the result on tensors. */
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
