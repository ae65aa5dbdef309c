// model: from features and labels to the optimum, with a proof of how near it is.
import type { LbfgsOptions, LbfgsReason, LbfgsResult } from '../optim/lbfgs.js';
import { certifyAsync } from './certificate.js';
import type { EpochRecord, FitResult, FitRun, Fitted, Samples } from './fit.js';
import { plainProblem } from './objective-plain.js';
import { solvePlain, solveTensor } from './optimum.js';
import type { LbfgsFitOptions } from './options.js';
import { foldBack, unfold } from './standardization.js';
import { logsOf } from './training.js';
import { openPointValidation } from './validation.js';

/**
 * Up to so many multiply-adds of a forward pass, plain TypeScript in float64 evaluates as fast as a backend in float32, and
 * to all its digits. Beyond, tensors do, and plain TypeScript what is left of the way where float32 ends, up to a size.
 */
const PLAIN_WORK = 5e6;

/**
 * Minimises (1/S)·Σᵢ sᵢ·NLLᵢ + l2/2·‖W‖² + l1·‖W‖₁ to its optimum, from zero unless `run` has a start.
 *
 * @returns parameters as plain arrays; no tensor is left behind, whatever happens
 */
export async function fitLbfgs(samples: Samples, options: LbfgsFitOptions, run: FitRun): Promise<Fitted> {
  const { features, labels, weights, numClasses } = samples;
  const { signal, onProgress, onEpochEnd, scaling } = run;
  const { l1, l2, fitIntercept, tolerance, maxIterations } = options;
  const sampleWeights = weights?.values;
  const problem = plainProblem({ features, labels, numClasses, sampleWeights, l1, l2, fitIntercept });
  const history: EpochRecord[] = [];
  const validation = run.validation && (await openPointValidation(run.validation, maxIterations));
  const shared: Pick<LbfgsOptions, 'start' | 'maxIterations' | 'signal' | 'onIteration'> = {
    start: run.start ?? new Float64Array(problem.size),
    maxIterations,
    signal,
    async onIteration({ iteration, value, step: learningRate, state }) {
      const record = { epoch: iteration, loss: value, ...(await validation?.evaluate(state.point, signal)) };
      history.push(record);
      onProgress?.({ epoch: iteration, epochs: maxIterations, step: 1, steps: 1, loss: value, learningRate });
      await onEpochEnd?.(iteration - 1, logsOf(record));
      return undefined;
    },
  };
  const [n, d] = features.shape;
  const isSmall = n * d * numClasses <= PLAIN_WORK;
  const solve = { ...shared, tolerance };
  const solved = await (isSmall ? solvePlain(problem, solve) : solveTensor(problem, weights, solve)).finally(() =>
    validation?.close(),
  );
  // What the model keeps is float32, so that is what is certified.
  const kept = scaling === undefined ? Float32Array.from(solved.point) : foldBack(solved.point, scaling);
  const point = scaling === undefined ? Float64Array.from(kept) : unfold(kept, scaling);
  const { objective, suboptimality } = await certifyAsync(problem, point, signal);
  const converged = solved.reason === 'gradient';
  const result: FitResult = {
    converged,
    reason: solved.reason as Exclude<LbfgsReason, 'stopped'>,
    advice: adviceFor(solved, options),
    objective,
    gradientNorm: solved.gradientNorm,
    suboptimality,
    iterations: solved.iterations,
    history,
  };
  const [weight, bias] = [kept.slice(0, d * numClasses), kept.slice(d * numClasses)];
  return { weight, bias, numParameters: d * numClasses + (fitIntercept ? numClasses : 0), result };
}

function adviceFor({ reason, gradientNorm }: LbfgsResult, { l2 }: LbfgsFitOptions): string | null {
  switch (reason) {
    case 'gradient':
    case 'stopped':
      return null;
    case 'iterations':
      return l2 === 0
        ? 'Give l2: without a penalty, classes that can be told apart have no optimum, and weights grow for ever.'
        : 'Give more maxIterations.';
    case 'no-progress':
      return `Take a tolerance of ${(2 * gradientNorm).toExponential(0)}, or standardize the features: rounding hides what is less.`;
    case 'diverged':
      return 'Standardize the features: their products leave the range of numbers.';
    default:
      return reason satisfies never;
  }
}
