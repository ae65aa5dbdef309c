// optim: Newton's method whose steps are found by conjugate gradients, for many parameters.
import { maxAbs, searchAlong } from './lbfgs.js';
import { dot, type SolverOptions, type SolverResult, type SolverState, solve } from './solver.js';

/** ∇²f at a point. */
export interface Hessian {
  /** ∇²f·v, a new array. */
  times(vector: Float64Array): Promise<Float64Array>;
  /** Its diagonal, > 0. */
  readonly diagonal: Float64Array;
}

export interface NewtonCgOptions extends Omit<SolverOptions, 'memory'> {
  readonly hessianAt: (point: Float64Array) => Promise<Hessian>;
}

const WHERE = 'newtonCg';

/** The most conjugate gradients of a step. */
const MOST = 250;
/** The largest residual of a step, relative to the gradient, where the gradient is large. */
const COARSEST = 0.25;

/**
 * Minimises a smooth convex function by steps −H⁻¹g, H = ∇²f, with a strong Wolfe line search.
 *
 *   Hs ≈ −g by conjugate gradients, preconditioned by the diagonal of H, until ‖Hs + g‖ ≤ η‖g‖,  η = min(¼, √max|g|)
 *
 * The norms are those of the inverse diagonal. A coarse step is enough far from the optimum, and precise ones near it make the
 * convergence superlinear. It keeps seven vectors, where L-BFGS keeps two for each pair.
 *
 * @throws as `lbfgs`
 * @see Nocedal and Wright, Numerical Optimization (2006), §7.1; Lin, Weng and Keerthi, Trust region Newton method for
 *   logistic regression (2008)
 */
export function newtonCg(options: NewtonCgOptions): Promise<SolverResult> {
  return solve(options, {
    where: WHERE,
    normOf: ({ gradient }) => maxAbs(gradient),
    async search(state, noise) {
      const direction = await directionAt(state, await options.hessianAt(state.point), options.signal);
      return { ...(await searchAlong(state, direction, { firstStep: 1, noise }, options, WHERE)), pairs: [] };
    },
  });
}

/** s of Hs ≈ −g. */
async function directionAt(
  { gradient }: SolverState,
  { times, diagonal }: Hessian,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const size = gradient.length;
  const step = new Float64Array(size);
  const residual = new Float64Array(size);
  const scaled = new Float64Array(size);
  for (let i = 0; i < size; i++) residual[i] = -gradient[i];
  divide(residual, diagonal, scaled);
  const conjugate = scaled.slice();
  let product = dot(residual, scaled);
  const forcing = Math.min(COARSEST, Math.sqrt(maxAbs(gradient)));
  const goal = forcing * forcing * product;
  for (let count = 0; count < MOST && product > goal; count++) {
    signal?.throwIfAborted();
    const image = await times(conjugate);
    const curvature = dot(conjugate, image);
    // Without curvature, as along biases that all grow alike, only rounding is left.
    if (!(curvature > 0)) break;
    const length = product / curvature;
    for (let i = 0; i < size; i++) {
      step[i] += length * conjugate[i];
      residual[i] -= length * image[i];
    }
    divide(residual, diagonal, scaled);
    const next = dot(residual, scaled);
    const factor = next / product;
    for (let i = 0; i < size; i++) conjugate[i] = scaled[i] + factor * conjugate[i];
    product = next;
  }
  return step;
}

function divide(vector: Float64Array, by: Float64Array, into: Float64Array): void {
  for (let i = 0; i < vector.length; i++) into[i] = vector[i] / by[i];
}
