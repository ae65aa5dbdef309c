// model: from features and labels to the optimum, by preconditioned L-BFGS.
import * as tf from '@tensorflow/tfjs';
import { DataStore } from '../compile/arrays.js';
import { openLoop } from '../compile/loop.js';
import type { FeatureArray } from '../data/batches.js';
import { Dense } from '../nn/dense.js';
import { type LbfgsOptions, type LbfgsReason, type LbfgsResult, type LbfgsState, lbfgs } from '../optim/lbfgs.js';
import { certifyAsync } from './certificate.js';
import type { EpochRecord, FitResult, FitRun, Fitted, Samples } from './fit.js';
import { openLoss, rowsOfATask } from './objective.js';
import {
  bohningPreconditioner,
  curvaturePreconditioner,
  evaluatePlainAsync,
  type PlainProblem,
  plainProblem,
} from './objective-plain.js';
import type { LbfgsFitOptions } from './options.js';
import { foldBack, unfold } from './standardization.js';
import { logsOf } from './training.js';
import { layoutOf } from './training-layout.js';
import { openPointValidation } from './validation.js';
import { type SampleWeights, sharesOf } from './weights.js';

/**
 * Up to so many multiply-adds of a forward pass, plain TypeScript in float64 evaluates as fast as a backend in float32, and
 * to all its digits. Beyond, tensors do, and plain TypeScript what is left of the way where float32 ends, up to a size.
 */
const PLAIN_WORK = 5e6;

/** Up to so many, an evaluation in float64 takes some 100 ms, and the last digits are worth their time. */
const POLISH_WORK = 5e7;

/** Relative error of a loss in float32, summed in batches; and what it can tell of a gradient of such losses. */
const FLOAT32_NOISE = 1e-6;
const FLOAT32_TOLERANCE = 1e-6;
const FLOAT32_JITTER = 1e-6;

/**
 * Minimises (1/S)·Σᵢ sᵢ·NLLᵢ + λ/2·‖W‖² to its optimum, from zero unless `run` has a start.
 *
 * @returns parameters as plain arrays; no tensor is left behind, whatever happens
 */
export async function fitLbfgs(samples: Samples, options: LbfgsFitOptions, run: FitRun): Promise<Fitted> {
  const { features, labels, weights, numClasses } = samples;
  const { signal, onProgress, onEpochEnd, scaling } = run;
  const { l2, fitIntercept, tolerance, maxIterations } = options;
  const sampleWeights = weights?.values;
  const problem = plainProblem({ features, labels, numClasses, sampleWeights, l2, fitIntercept });
  const [n, d] = features.shape;
  const keptOf = (point: Float64Array) => (scaling === undefined ? Float32Array.from(point) : foldBack(point, scaling));
  const affineOf = (kept: Float32Array) => ({
    weight: kept.slice(0, d * numClasses),
    bias: kept.slice(d * numClasses),
  });
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
      await onEpochEnd?.(iteration - 1, logsOf(record), async () => affineOf(keptOf(state.point)));
      return undefined;
    },
  };
  const isSmall = n * d * numClasses <= PLAIN_WORK;
  const solve = { ...shared, tolerance };
  const solved = await (isSmall ? solvePlain(problem, solve) : solveTensor(problem, weights, solve)).finally(() =>
    validation?.close(),
  );
  // What the model keeps is float32, so that is what is certified.
  const kept = keptOf(solved.point);
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
  return { ...affineOf(kept), numParameters: d * numClasses + (fitIntercept ? numClasses : 0), result };
}

type Solve = Pick<LbfgsOptions, 'start' | 'maxIterations' | 'signal' | 'onIteration' | 'tolerance'>;

/** After how many iterations the preconditioner is first made anew, from the curvature where they led; then after twice as many. */
const FIRST_REBUILD = 8;

async function solvePlain(problem: PlainProblem, options: Solve): Promise<LbfgsResult> {
  const { signal, maxIterations } = options;
  const evaluate = (point: Float64Array) => evaluatePlainAsync(problem, point, signal);
  let precondition = await bohningPreconditioner(problem, { signal });
  let state: LbfgsState | undefined;
  for (let until = FIRST_REBUILD; ; until *= 2) {
    const upTo = Math.min(until, maxIterations);
    const result = await lbfgs({ ...options, maxIterations: upTo, evaluate, precondition, state });
    if (result.reason !== 'iterations' || upTo === maxIterations) return result;
    // Böhning's bound holds everywhere, and is far too high where the classes are all but told apart.
    precondition = await curvaturePreconditioner(problem, result.point, { signal });
    state = result.state;
  }
}

/** On tensors as far as float32 sees, and from there in float64. */
async function solveTensor(
  problem: PlainProblem,
  weights: SampleWeights | undefined,
  options: Solve,
): Promise<LbfgsResult> {
  const { features, labels, numSamples: n, numFeatures: d, numClasses, l2, fitIntercept } = problem;
  const layer = new Dense({ inputs: d, units: numClasses });
  const { scale = 1 } = features;
  const layout = layoutOf(layer, scale);
  const template = tf.tidy(() => layout.start());
  const store = new DataStore();
  const data = {
    features: { ...features, scale: 1, dtype: 'float32' },
    labels,
    shares: sharesOf(weights, n),
  } as const;
  const split = d * numClasses;
  try {
    const gram = await gramOnTensors(data, scale, store, options.signal);
    const precondition = await bohningPreconditioner(problem, { gram, jitter: FLOAT32_JITTER, signal: options.signal });
    const loss = await openLoss(layout, template, data, options.maxIterations, store);
    const evaluate = async (point: Float64Array) => {
      const parameters = tf.tidy(() => {
        const weight = tf.tensor2d(Float32Array.from(point.subarray(0, split)), [d, numClasses]);
        return layout.arrange({ weight, bias: tf.tensor1d(Float32Array.from(point.subarray(split))) });
      });
      try {
        const { loss: mean, gradients } = await loss.evaluate(parameters, options.signal);
        const restored = tf.tidy(() => layout.restore(gradients));
        const [ofWeight, ofBias] = await Promise.all([restored.weight.data(), restored.bias.data()]);
        tf.dispose([gradients, restored]);
        return withPenalty(mean, point, ofWeight, fitIntercept ? ofBias : undefined, l2);
      } finally {
        tf.dispose(parameters);
      }
    };
    const tolerance = Math.max(options.tolerance, FLOAT32_TOLERANCE);
    const coarse = await lbfgs({ ...options, tolerance, evaluate, precondition, noise: FLOAT32_NOISE }).finally(() =>
      loss.close(),
    );
    if (coarse.gradientNorm <= options.tolerance || coarse.iterations >= options.maxIterations) return coarse;
    if (coarse.reason === 'diverged') return coarse;
    if (n * d * numClasses > POLISH_WORK) return { ...coarse, reason: 'no-progress' };
    return await polish(problem, coarse, options, precondition);
  } finally {
    store.dispose();
    tf.dispose(template);
    layer.dispose();
  }
}

/** The rest of the way, evaluated in float64. */
async function polish(
  problem: PlainProblem,
  coarse: LbfgsResult,
  options: Solve,
  precondition: (vector: Float64Array) => Float64Array,
): Promise<LbfgsResult> {
  const evaluate = (point: Float64Array) => evaluatePlainAsync(problem, point, options.signal);
  const done = coarse.iterations;
  const maxIterations = Math.max(1, options.maxIterations - done);
  const onIteration: LbfgsOptions['onIteration'] = (info) =>
    options.onIteration?.({ ...info, iteration: done + info.iteration });
  const fine = await lbfgs({ ...options, start: coarse.point, maxIterations, onIteration, evaluate, precondition });
  return { ...fine, iterations: done + fine.iterations, evaluations: coarse.evaluations + fine.evaluations };
}

function withPenalty(
  loss: number,
  point: Float64Array,
  ofWeight: ArrayLike<number>,
  ofBias: ArrayLike<number> | undefined,
  l2: number,
): { value: number; gradient: Float64Array } {
  const gradient = new Float64Array(point.length);
  let square = 0;
  for (let i = 0; i < ofWeight.length; i++) {
    gradient[i] = ofWeight[i] + l2 * point[i];
    square += point[i] * point[i];
  }
  if (ofBias !== undefined) gradient.set(ofBias, ofWeight.length);
  return { value: loss + (l2 / 2) * square, gradient };
}

/** X̃ᵀdiag(s)X̃/S, the column of ones last: the features' own products by the backend in use. */
async function gramOnTensors(
  { features, shares }: { readonly features: FeatureArray; readonly shares: Float32Array },
  scale: number,
  store: DataStore,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const [n, d] = features.shape;
  type Sums = { readonly gram: tf.Tensor2D; readonly mean: tf.Tensor1D };
  type Batch = { readonly features: tf.Tensor2D; readonly shares: tf.Tensor1D };
  const step = ({ gram, mean }: Sums, { features: x, shares }: Batch): [Sums, object] => {
    const weighted = x.mul<tf.Tensor2D>(shares.expandDims(1));
    return [{ gram: gram.add(tf.matMul(tf.transpose(weighted), x)), mean: mean.add(weighted.sum(0)) }, {}];
  };
  const batchSize = Math.min(n, 4096, rowsOfATask(d, d));
  const initial: Sums = { gram: tf.zeros([d, d]), mean: tf.zeros([d]) };
  const data = { features: { ...features, dtype: 'float32' } as const, shares };
  let sums: Sums = initial;
  try {
    const loop = await openLoop(step, initial, data, { batchSize, passes: 1, isOrdered: false }, store);
    try {
      for await (const { state } of loop.pass(initial, undefined, signal)) {
        if (sums !== initial) tf.dispose(sums);
        sums = { gram: state.gram.clone(), mean: state.mean.clone() };
      }
    } finally {
      loop.close();
    }
    const [products, means] = await Promise.all([sums.gram.data(), sums.mean.data()]);
    const gram = new Float64Array((d + 1) ** 2);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) gram[i * (d + 1) + j] = products[i * d + j] / scale ** 2;
      gram[d * (d + 1) + i] = means[i] / scale;
    }
    gram[gram.length - 1] = 1;
    return gram;
  } finally {
    if (sums !== initial) tf.dispose(sums);
    tf.dispose(initial);
  }
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
