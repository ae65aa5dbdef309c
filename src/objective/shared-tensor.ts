// objective: the objective in float32 on tensors, of a problem that several processes share.
import * as tf from '@tensorflow/tfjs';
import { DataStore } from '../compile/arrays.js';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { finishInTurns } from '../core/task.js';
import { powerOfTwo } from '../core/tree-sum.js';
import { allocateLike, type FeatureArray, type FeatureValues } from '../data/batches.js';
import { type SampleWeights, sharesOf } from '../data/sample-weights.js';
import { Dense } from '../nn/dense.js';
import type { Tensors } from '../optim/first-order.js';
import { addL2Gradient, penaltyOf } from '../optim/penalty.js';
import type { ValueAndGradient } from '../optim/solver.js';
import { type OpenLoss, openLoss, ROWS_IN_CACHE, rowsOfATask, type TrainingData } from './objective.js';
import { scaledLayer } from './scaled-layer.js';
import { SectionSum, type StreamedProblem } from './sections.js';
import { rowsOfASection } from './streamed.js';

export interface SharedObjective {
  /** f(θ) and its gradient, as from `evaluatePlain`, without l1: the same bits for any number of processes. */
  evaluate(point: Float64Array, signal?: AbortSignal): Promise<ValueAndGradient>;
  close(): void;
}

/** The samples of the whole problem, which every process has in memory. */
interface SharedSamples {
  readonly features: FeatureArray;
  readonly labels: Int32Array;
  readonly weights: SampleWeights | undefined;
}

/**
 * Sums over sections on tensors, and adds the sections in float64 by the tree of all sums.
 *
 * A section has the same batches on every process, and the last one is filled up with samples of weight 0, so that every batch is
 * computed by the same graph: where it runs changes no bit on processors of one type.
 *
 * @param rows samples of a section
 * @throws BackendError, also from `evaluate`, if the backend is no longer in use
 */
export async function openSharedObjective(
  problem: StreamedProblem,
  { features, labels, weights }: SharedSamples,
  backend: BackendInUse,
  rows = rowsOfASection(problem.numFeatures, problem.numClasses),
): Promise<SharedObjective> {
  await backend.start();
  const { numSamples, numFeatures: d, numClasses: q, size, l2, fitIntercept } = problem;
  const { first, end } = problem.ranks ?? { first: 0, end: numSamples };
  const batch = Math.min(ROWS_IN_CACHE, powerOfTwo(rowsOfATask(d, q)), rows);
  const whole = first + Math.floor((end - first) / batch) * batch;
  const layer = new Dense({ inputs: d, units: q });
  const scaled = scaledLayer(layer, features.scale);
  const store = new DataStore(backend);
  const shares = sharesOf(weights, numSamples);
  const part = (from: number, to: number, count: number): TrainingData => ({
    features: { values: filled(features.values, from * d, to * d, count * d), shape: [count, d], dtype: 'float32' },
    labels: filled(labels, from, to, count),
    shares: filled(shares, from, to, count),
  });
  // With so many evaluations, every loop is worth a graph.
  const opened: OpenLoss[] = [];
  const open = async (data: TrainingData) => {
    const loss = await openLoss(scaled, layer.parameters, data, Number.POSITIVE_INFINITY, store, batch);
    opened.push(loss);
    return loss;
  };
  const close = () => {
    for (const loss of opened) loss.close();
    store.dispose();
    backend.dispose(layer);
  };
  let full: OpenLoss | undefined;
  let last: OpenLoss | undefined;
  try {
    if (whole > first) full = await open(part(first, whole, whole - first));
    if (end > whole) last = await open(part(whole, end, batch));
  } catch (error) {
    close();
    throw error;
  }

  /** Adds the gradient and the loss of some batches. */
  async function add(
    sum: Float64Array,
    loss: OpenLoss,
    parameters: Tensors,
    steps?: readonly [number, number],
    signal?: AbortSignal,
  ) {
    const { loss: value, gradients } = await loss.evaluate(parameters, signal, steps);
    const reading = Promise.all([gradients.weight.data<'float32'>(), gradients.bias.data<'float32'>()]);
    const [weight, bias] = await reading.finally(() => backend.dispose(gradients));
    backend.assertSame();
    for (let i = 0; i < weight.length; i++) sum[i] += weight[i];
    for (let k = 0; k < q; k++) sum[d * q + k] += bias[k];
    sum[size] += value;
  }

  return {
    async evaluate(point, signal) {
      backend.assertSame();
      const parameters = tf.tidy(() => ({
        weight: tf.tensor2d(Float32Array.from(point.subarray(0, d * q)), [d, q]),
        bias: tf.tensor1d(Float32Array.from(point.subarray(d * q))),
      }));
      const total = new SectionSum(problem, rows);
      try {
        for (let start = first; start < end; start += rows) {
          const sum = new Float64Array(size + 1);
          const steps = [start, Math.min(start + rows, whole)].map((at) => (at - first) / batch);
          if (full !== undefined && steps[1] > steps[0])
            await add(sum, full, parameters, steps as [number, number], signal);
          if (last !== undefined && start + rows >= end) await add(sum, last, parameters, undefined, signal);
          total.add({ start }, sum);
        }
      } finally {
        backend.dispose(parameters);
      }
      const sums = (await finishInTurns(total.total(size + 1), signal)) as Float64Array;
      const gradient = sums.slice(0, size);
      if (!fitIntercept) gradient.fill(0, d * q);
      const weight = point.subarray(0, d * q);
      addL2Gradient(gradient, weight, l2);
      return { value: sums[size] + penaltyOf(weight, l2), gradient };
    },
    close,
  };
}

/** Some of the values, and zeros up to a count. */
function filled<Values extends FeatureValues>(values: Values, from: number, to: number, count: number): Values {
  const some = values.subarray(from, to) as Values;
  if (some.length === count) return some;
  const all = allocateLike(values, count) as Values;
  all.set(some);
  return all;
}
