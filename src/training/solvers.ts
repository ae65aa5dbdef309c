// training: the solvers, declared once. No TensorFlow.js here: the command line reads this for its help.

interface OptimumRow {
  /** Minimises the objective of all samples, with a proven bound on the remaining gap. */
  readonly kind: 'optimum';
  readonly title: string;
  readonly help: string;
}

interface StepRow {
  /** Steps along the gradient of a batch. Its update is the function of this name in optim/first-order.ts. */
  readonly kind: 'steps';
  readonly title: string;
  readonly help: string;
  /** The default η. */
  readonly learningRate: number;
}

/** Each solver: one row here, and for a first-order solver its update in optim/first-order.ts. */
export const SOLVERS = {
  lbfgs: { kind: 'optimum', title: 'L-BFGS', help: 'finds the optimum and bounds the remaining gap' },
  sgd: { kind: 'steps', title: 'SGD', help: 'stochastic gradient descent', learningRate: 0.1 },
  momentum: { kind: 'steps', title: 'Momentum', help: 'gradient descent with momentum 0.9', learningRate: 0.1 },
  adam: { kind: 'steps', title: 'Adam', help: 'Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8', learningRate: 0.001 },
} as const satisfies Readonly<Record<string, OptimumRow | StepRow>>;

type Table = typeof SOLVERS;

/** The name of a solver. */
export type Solver = keyof Table;
/** Solvers that step along the gradient of a batch. */
export type FirstOrderSolver = { [S in Solver]: Table[S]['kind'] extends 'steps' ? S : never }[Solver];
/** Solvers that minimise the objective of all samples. */
export type OptimumSolver = Exclude<Solver, FirstOrderSolver>;
export type SolverKind = Table[Solver]['kind'];

export const SOLVER_NAMES = Object.keys(SOLVERS) as readonly Solver[];
export const DEFAULT_SOLVER = 'lbfgs' satisfies Solver;

/** The names of the solvers of one kind, in the order of the table. */
export function solversOf<K extends SolverKind>(
  kind: K,
): readonly (K extends 'steps' ? FirstOrderSolver : OptimumSolver)[] {
  return SOLVER_NAMES.filter((name) => SOLVERS[name].kind === kind) as never;
}

export function isFirstOrder(solver: Solver): solver is FirstOrderSolver {
  return SOLVERS[solver].kind === 'steps';
}

/** The solvers of one kind in words. */
export function solverGroup(kind: SolverKind): string {
  return kind === 'steps' ? 'first-order solvers' : solversOf(kind).join(', ');
}

/** `a, b or c`, as a message lists them. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
}
