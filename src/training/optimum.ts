// training: minimises the objective by L-BFGS or, with an L1 penalty, by proximal quasi-Newton steps.
import type { BackendInUse } from '../compile/backend-in-use.js';
import { BackendError } from '../core/errors.js';
import { type Communicator, ONE_PROCESS } from '../core/ranks/communicator.js';
import { bytesOfRankZero, ofRankZero } from '../core/ranks/first.js';
import {
  bohningMetric,
  bohningPreconditioner,
  type CurvatureOptions,
  curvatureMetric,
  curvaturePreconditioner,
  isFactored,
  type PreconditionerOptions,
} from '../objective/curvature.js';
import { type DenseProblem, evaluatePlainAsync, type PlainProblem, type Problem } from '../objective/float64.js';
import { isStreamed } from '../objective/sections.js';
import { sparseHessian } from '../objective/sparse/hessian.js';
import type { TensorObjective } from '../objective/tensor.js';
import {
  hessianSpeed,
  type LeftOut,
  largestPart,
  type TensorHessianOptions,
  tensorHessian,
  tensorHessianPart,
} from '../objective/tensor-hessian.js';
import { activeEntries, activeSetSolver } from '../optim/active-set.js';
import type { BlockMetric } from '../optim/block-metric.js';
import { type LbfgsOptions, lbfgs } from '../optim/lbfgs.js';
import { newtonCg } from '../optim/newton-cg.js';
import { proximalNewton } from '../optim/proximal-newton.js';
import type { SolverIteration, SolverOptions, SolverResult, SolverState } from '../optim/solver.js';

/** Up to this many multiply-adds, an evaluation in float64 takes about 100 ms or less, and refinement is affordable. */
const POLISH_WORK = 5e7;
/** The same with the Hessian as M, where few evaluations remain: about a second each. */
const HESSIAN_POLISH_WORK = 1e9;

/** Relative error of a float32 loss summed in batches, and the precision of its gradient. */
const FLOAT32_NOISE = 1e-6;
const FLOAT32_TOLERANCE = 1e-6;
const FLOAT32_JITTER = 1e-6;

/** The number of iterations after which M is first rebuilt, from the curvature at the current point. */
const FIRST_REBUILD = 12;
/** Rebuilding M may take the work of this many evaluations per iteration so far. */
const REBUILD_SHARE = 1.5;

/** The same for the Hessian on tensors. */
const FIRST_TENSOR_REBUILD = 40;
const TENSOR_REBUILD_SHARE = 0.8;
/** It is made anew after at least this many iterations, and after so many that their evaluations take as long. */
const TENSOR_ITERATIONS = 10;

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
  /** Called while the Hessian of a large problem is made: the classes done, and all. */
  readonly onHessian?: (done: number, classes: number) => void;
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
async function firstSolver(problem: Problem, options: PreconditionerOptions): Promise<Solver> {
  if (problem.l1 > 0) return proximalSolver(problem, await bohningMetric(problem, options));
  const precondition = await bohningPreconditioner(problem, options);
  return (others) => lbfgs({ ...others, precondition });
}

/** The solver with the curvature at a point as M. */
async function solverAt(
  problem: Problem,
  point: Float64Array,
  options: CurvatureOptions,
): Promise<Omit<Stage, 'until'>> {
  if (problem.l1 > 0) {
    const { metric, ...curvature } = await curvatureMetric(problem, point, options);
    return { ...curvature, solve: proximalSolver(problem, metric) };
  }
  const { precondition, ...curvature } = await curvaturePreconditioner(problem, point, options);
  return { ...curvature, solve: (others) => lbfgs({ ...others, precondition }) };
}

function proximalSolver({ l1, numFeatures, numClasses }: Problem, metric: BlockMetric): Solver {
  const numPenalised = (numFeatures * numClasses) / metric.blocks;
  return (others) => proximalNewton({ ...others, metric, l1, numPenalised });
}

/** A solver with its M. */
interface Stage {
  readonly solve: Solver;
  /** The number of iterations after which M is rebuilt. */
  readonly until: number;
  /** Whether M is the Hessian at a point, or close to it. */
  readonly isHessian: boolean;
  /** Whether only some entries change, so that pairs from before do not fit. */
  readonly isActiveSet?: boolean;
  /** Frees M. */
  readonly close?: () => void;
}

/** The stages of a fit, one open at a time. */
class Stages {
  /** The open one. */
  current: Stage | undefined;
  readonly #open: Phase['at'];

  constructor(open: Phase['at']) {
    this.#open = open;
  }

  /** Opens the next stage. Frees M before the next one is made: two may not fit in memory. */
  readonly at: Phase['at'] = async (anchor) => {
    this.close();
    this.current = await this.#open(anchor);
    return this.current;
  };

  close(): void {
    this.current?.close?.();
    this.current = undefined;
  }
}

/** How a phase evaluates the objective, and where it takes its solvers from. */
interface Phase
  extends Pick<SolverOptions, 'evaluate' | 'tolerance' | 'noise'>,
    Omit<OptimumState, 'solver' | 'anchor'> {
  /** The solver with M as it is at the anchor, or at the start. */
  readonly at: (anchor: Anchor | undefined) => Promise<Stage>;
}

/** Where a phase begins. */
interface Beginning extends Pick<SolverOptions, 'start' | 'state'>, Pick<OptimumState, 'anchor'> {
  /** The solver, if the phase before has made it. */
  readonly stage?: Stage;
}

/** The most curvature pairs, and the numbers that all of them may have: 1 GB. */
const [PAIRS, NUMBERS_OF_PAIRS] = [10, 2 ** 27];

/** The number of curvature pairs: fewer for more than 6.7 million parameters, by shape alone. */
function pairsFor(size: number): number {
  return Math.max(2, Math.min(PAIRS, Math.floor(NUMBERS_OF_PAIRS / (2 * size))));
}

/** Solves with M rebuilt from time to time; in float64 after float32, only if the solver asks for it. */
async function solveInStages(
  { phase, before, at, ...given }: Phase,
  beginning: Beginning,
  options: SolveOptions,
): Promise<{ result: SolverResult; anchor: Anchor | undefined }> {
  const { signal, maxIterations } = options;
  const { start } = beginning;
  let { anchor, state } = beginning;
  let stage = beginning.stage ?? (await at(anchor));
  for (;;) {
    const upTo = phase === 'polish' ? maxIterations : Math.min(stage.until, maxIterations);
    const onIteration = listener(options, { phase, anchor, before });
    const limit = upTo - before.iterations;
    const memory = pairsFor(start.length);
    const end = await stage.solve({ ...given, start, signal, memory, maxIterations: limit, state, onIteration });
    const iterations = before.iterations + end.iterations;
    const result = { ...end, iterations, evaluations: before.evaluations + end.evaluations };
    if (end.reason !== 'iterations' || iterations >= maxIterations) return { result, anchor };
    if (iterations === anchor?.iteration) return { result: { ...result, reason: 'no-progress' }, anchor };
    // Böhning's bound holds everywhere, but is far too large once the classes are nearly separated.
    anchor = { point: end.point, iteration: iterations };
    stage = await at(anchor);
    state = stateFor(stage, end.state);
  }
}

/** The state at the start of a stage. */
function stateFor({ isActiveSet }: Stage, state: SolverState): SolverState {
  return isActiveSet ? { ...state, pairs: [] } : state;
}

/** Whether products with the Hessian are cheap beside the vectors of L-BFGS. */
function isNewton(problem: Problem): problem is PlainProblem {
  return !isStreamed(problem) && problem.columns !== undefined && !isFactored(problem) && problem.l1 === 0;
}

/** Minimises in float64 on plain arrays. */
export async function solvePlain(problem: Problem, options: SolveOptions): Promise<SolverResult> {
  const { tolerance, signal, start, resumed } = options;
  const evaluation = 2 * problem.numSamples * problem.size;
  const stages = new Stages(async (anchor) => {
    if (isNewton(problem)) {
      const hessianAt = (point: Float64Array) => sparseHessian(problem, point, signal);
      return {
        solve: (others) => newtonCg({ ...others, hessianAt }),
        until: Number.POSITIVE_INFINITY,
        isHessian: true,
      };
    }
    if (anchor === undefined) {
      return { solve: await firstSolver(problem, { signal }), until: FIRST_REBUILD, isHessian: false };
    }
    const work = REBUILD_SHARE * anchor.iteration * evaluation;
    return { ...(await solverAt(problem, anchor.point, { work, signal })), until: 2 * anchor.iteration };
  });
  const phase: Phase = {
    phase: 'plain',
    before: NOTHING_BEFORE,
    evaluate: (point) => evaluatePlainAsync(problem, point, signal),
    tolerance,
    at: stages.at,
  };
  const beginning = { start, state: resumed?.solver, anchor: resumed?.anchor };
  try {
    return (await solveInStages(phase, beginning, options)).result;
  } finally {
    stages.close();
  }
}

/** Minimises in float32 to its precision, then in float64 unless that takes long. */
async function roughThenExact(
  problem: Problem,
  stages: Stages,
  rough: TensorEngine['objective'],
  options: SolveOptions,
): Promise<SolverResult> {
  const { start, signal, resumed, tolerance, maxIterations } = options;
  const { at } = stages;
  let beginning: Beginning = { start, state: resumed?.solver, anchor: resumed?.anchor };
  let before = resumed?.before ?? NOTHING_BEFORE;
  if (resumed?.phase !== 'polish') {
    const evaluate = (point: Float64Array) => rough.evaluate(point, signal);
    const own = { tolerance: Math.max(tolerance, FLOAT32_TOLERANCE), noise: FLOAT32_NOISE };
    const tensors: Phase = { phase: 'tensors', before, evaluate, ...own, at };
    const { result, anchor } = await solveInStages(tensors, beginning, options);
    const { gradientNorm, iterations, evaluations, reason, point } = result;
    if (gradientNorm <= tolerance || iterations >= maxIterations || reason === 'diverged') return result;
    const { numSamples, numFeatures, numClasses } = problem;
    const limit = stages.current?.isHessian ? HESSIAN_POLISH_WORK : POLISH_WORK;
    if (numSamples * numFeatures * numClasses > limit) return { ...result, reason: 'no-progress' };
    beginning = { start: point, anchor, stage: stages.current };
    before = { iterations, evaluations };
  }
  const evaluate = (point: Float64Array) => evaluatePlainAsync(problem, point, signal);
  const polish: Phase = { phase: 'polish', before, evaluate, tolerance, at };
  return (await solveInStages(polish, beginning, options)).result;
}

/** A result, and why the last Hessian was left out. */
export type Optimum = SolverResult & Partial<LeftOut>;

/** How a problem is evaluated on tensors. */
export interface TensorEngine {
  readonly objective: Pick<TensorObjective, 'evaluate'> & Partial<Pick<TensorObjective, 'gram'>>;
  /** The problem in float64, whose passes processes may share. */
  readonly exact: Problem;
  /** The processes. Rank 0 makes the Hessian for all. */
  readonly communicator?: Communicator;
  readonly backend: BackendInUse;
}

/**
 * Minimises on tensors to the precision of float32, then continues in float64.
 *
 * @param problem the samples in memory
 */
export async function solveTensor(
  problem: DenseProblem,
  engine: TensorEngine,
  options: SolveOptions,
): Promise<Optimum> {
  const { objective, exact, backend } = engine;
  const { signal, onHessian: onProgress } = options;
  const products = objective.gram && isFactored(problem) ? await objective.gram(signal) : undefined;
  // Products of huge features overflow in float32.
  const gram = products?.every(Number.isFinite) ? products : undefined;
  const solve = await firstSolver(exact, { gram, jitter: FLOAT32_JITTER, signal });
  const first: Stage = { solve, until: FIRST_TENSOR_REBUILD, isHessian: false };
  const evaluation = 2 * problem.numSamples * problem.size;
  let leftOut: string | undefined;
  const stages = new Stages(async (anchor) => {
    if (anchor === undefined) return first;
    const { point, iteration } = anchor;
    const speed = hessianSpeed();
    const work = TENSOR_REBUILD_SHARE * iteration * evaluation * speed;
    const found = await hessianFor(problem, point, engine, { work, backend, signal, onProgress });
    leftOut = 'leftOut' in found ? found.leftOut : undefined;
    if ('leftOut' in found) return { ...first, until: 2 * iteration };
    const until = iteration + Math.max(TENSOR_ITERATIONS, Math.ceil(found.work / speed / evaluation));
    return { ...stageOf(problem, found), until, isHessian: true };
  });
  try {
    return { ...(await roughThenExact(exact, stages, objective, options)), leftOut };
  } finally {
    stages.close();
  }
}

/** M of a stage: the factored Hessian, or with an L1 penalty its part for some entries. */
type Found = { readonly work: number } & (
  | { readonly precondition: NonNullable<LbfgsOptions['precondition']>; readonly close: () => void }
  | { readonly entries: Int32Array; readonly matrix: Float64Array }
);

function stageOf(
  { l1, numFeatures, numClasses }: DenseProblem,
  found: Found,
): Pick<Stage, 'solve' | 'close' | 'isActiveSet'> {
  if ('precondition' in found) {
    const { close, precondition } = found;
    return { close, solve: (others) => lbfgs({ ...others, precondition }) };
  }
  const { entries, matrix: hessian } = found;
  const given = { entries, hessian, jitter: FLOAT32_JITTER, l1, numPenalised: numFeatures * numClasses };
  return { solve: activeSetSolver(given), isActiveSet: true };
}

/** The Hessian at a point, or why there is none. Of several processes, rank 0 makes it, and all get the same. */
async function hessianFor(
  problem: DenseProblem,
  point: Float64Array,
  { objective, communicator = ONE_PROCESS }: TensorEngine,
  options: TensorHessianOptions,
): Promise<Found | LeftOut> {
  const entries = problem.l1 > 0 ? await entriesAt(problem, point, objective, options.signal) : undefined;
  const own = communicator.rank === 0 ? await foundHere(problem, point, entries, options) : undefined;
  return communicator.size === 1 ? (own as Found | LeftOut) : foundByAll(own, entries, communicator, options.signal);
}

async function foundHere(
  problem: DenseProblem,
  point: Float64Array,
  entries: Int32Array | undefined,
  options: TensorHessianOptions,
): Promise<Found | LeftOut> {
  let isInCallback = false;
  const given: TensorHessianOptions = {
    ...options,
    onProgress(done, classes) {
      isInCallback = true;
      options.onProgress?.(done, classes);
      isInCallback = false;
    },
  };
  try {
    if (entries !== undefined) {
      const part = await tensorHessianPart(problem, point, entries, given);
      return 'leftOut' in part ? part : { ...part, entries };
    }
    const hessian = await tensorHessian(problem, point, given);
    return 'leftOut' in hessian ? hessian : { ...hessian, precondition: hessian.solve };
  } catch (error) {
    if (isInCallback || options.signal?.aborted || error instanceof BackendError) throw error;
    // Memory may be short. The solver goes on without it.
    return { leftOut: `it could not be computed: ${(error as Error).message.split('\n')[0].replace(/\.$/, '')}` };
  }
}

/** What rank 0 found, on every rank. A product with M is made by rank 0, so that all ranks get the same. */
async function foundByAll(
  own: Found | LeftOut | undefined,
  entries: Int32Array | undefined,
  communicator: Communicator,
  signal: AbortSignal | undefined,
): Promise<Found | LeftOut> {
  const numbersOf = async (numbers: Float64Array = new Float64Array(0)) =>
    (await ofRankZero(numbers, communicator, signal)).slice();
  const { leftOut = null, work = 0 } = { ...own } as Partial<LeftOut> & { readonly work?: number };
  const about = new TextEncoder().encode(JSON.stringify({ leftOut, work }));
  const first = JSON.parse(new TextDecoder().decode(await bytesOfRankZero(about, communicator, signal)));
  if (first.leftOut !== null) return { leftOut: first.leftOut };
  if (entries !== undefined) {
    const matrix = await numbersOf(own && 'matrix' in own ? own.matrix : undefined);
    return { work: first.work, entries, matrix };
  }
  const here = own && 'precondition' in own ? own : undefined;
  return {
    work: first.work,
    precondition: async (vector) => numbersOf(await here?.precondition(vector)),
    close: () => here?.close(),
  };
}

/** With an L1 penalty: the entries that may differ from 0. */
async function entriesAt(
  { l1, numFeatures, numClasses, fitIntercept }: DenseProblem,
  point: Float64Array,
  objective: TensorEngine['objective'],
  signal: AbortSignal | undefined,
): Promise<Int32Array> {
  const { gradient } = await objective.evaluate(point, signal);
  const penalty = { l1, numPenalised: numFeatures * numClasses, hasIntercept: fitIntercept };
  return activeEntries({ point, gradient }, penalty, largestPart());
}
