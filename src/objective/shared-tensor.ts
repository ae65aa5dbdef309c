// objective: the objective in float32 on tensors, of a problem that several processes share.
import * as tf from '@tensorflow/tfjs';
import { DataStore } from '../compile/arrays.js';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { square } from '../core/elementary.js';
import { finishInTurns } from '../core/task.js';
import { powerOfTwo } from '../core/tree-sum.js';
import { allocateLike, type FeatureArray, type FeatureValues } from '../data/batches.js';
import { type SampleWeights, sharesOf } from '../data/sample-weights.js';
import { Dense } from '../nn/dense.js';
import { addL2Gradient, penaltyOf } from '../optim/penalty.js';
import type { ValueAndGradient } from '../optim/solver.js';
import { type OpenLoss, openLoss, ROWS_IN_CACHE, rowsOfATask, type TrainingData } from './objective.js';
import { scaledLayer } from './scaled-layer.js';
import { SectionSum, type StreamedProblem } from './sections.js';
import { rowsOfASection } from './streamed.js';
import { type OpenGram, openGram, scaledGram } from './tensor.js';

export interface SharedObjective {
  /** f(θ) and its gradient, as from `evaluatePlain`, without l1: the same bits for any number of processes. */
  evaluate(point: Float64Array, signal?: AbortSignal): Promise<ValueAndGradient>;
  /** As that of `TensorObjective`; the same bits for any number of processes. */
  gram(signal?: AbortSignal): Promise<Float64Array>;
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
  /** Those of whole batches, and the others. */
  const data = [
    ...(whole > first ? [part(first, whole, whole - first)] : []),
    ...(end > whole ? [part(whole, end, batch)] : []),
  ];
  /** With so many passes, every loop is worth a graph. */
  const openAll = async <Sums extends Closable>(open: (data: TrainingData, passes: number) => Promise<Sums>) => {
    const opened: Sums[] = [];
    try {
      for (const each of data) opened.push(await open(each, Number.POSITIVE_INFINITY));
      return opened;
    } catch (error) {
      for (const each of opened) each.close();
      throw error;
    }
  };
  /** The sum over the sections of all processes; `add` adds that over some batches. */
  const total = async <Sums>(length: number, opened: readonly Sums[], add: Add<Sums>, signal?: AbortSignal) => {
    const sections = new SectionSum(problem, rows);
    for (let start = first; start < end; start += rows) {
      const sum = new Float64Array(length);
      const [from, to] = [start, Math.min(start + rows, whole)].map((at) => (at - first) / batch);
      if (to > from) await add(sum, opened[0], [from, to]);
      if (end > whole && start + rows >= end) await add(sum, opened[opened.length - 1], undefined);
      sections.add({ start }, sum);
    }
    return (await finishInTurns(sections.total(length), signal)) as Float64Array;
  };
  const dispose = () => {
    store.dispose();
    backend.dispose(layer);
  };
  const losses = await openAll((each, passes) => openLoss(scaled, layer.parameters, each, passes, store, batch)).catch(
    (error) => {
      dispose();
      throw error;
    },
  );
  return {
    async evaluate(point, signal) {
      backend.assertSame();
      const parameters = tf.tidy(() => ({
        weight: tf.tensor2d(Float32Array.from(point.subarray(0, d * q)), [d, q]),
        bias: tf.tensor1d(Float32Array.from(point.subarray(d * q))),
      }));
      const add: Add<OpenLoss> = async (sum, loss, steps) => {
        const { loss: value, gradients } = await loss.evaluate(parameters, signal, steps);
        const reading = Promise.all([gradients.weight.data<'float32'>(), gradients.bias.data<'float32'>()]);
        const [weight, bias] = await reading.finally(() => backend.dispose(gradients));
        backend.assertSame();
        addTo(sum, weight, 0);
        addTo(sum, bias, d * q);
        sum[size] += value;
      };
      const sums = await total(size + 1, losses, add, signal).finally(() => backend.dispose(parameters));
      const gradient = sums.slice(0, size);
      if (!fitIntercept) gradient.fill(0, d * q);
      const weight = point.subarray(0, d * q);
      addL2Gradient(gradient, weight, l2);
      return { value: sums[size] + penaltyOf(weight, l2), gradient };
    },
    async gram(signal) {
      const grams = await openAll((each, passes) => openGram(each, passes, store, batch));
      const add: Add<OpenGram> = async (sum, gram, steps) => addTo(sum, await gram.sum(signal, steps), 0);
      try {
        return scaledGram(await total(square(d + 1), grams, add, signal), d, features.scale ?? 1);
      } finally {
        for (const each of grams) each.close();
      }
    },
    close() {
      for (const loss of losses) loss.close();
      dispose();
    },
  };
}

interface Closable {
  close(): void;
}

/** Adds the sum over some batches: from the first to the one before the last, or all. */
type Add<Sums> = (sum: Float64Array, over: Sums, steps: readonly [number, number] | undefined) => Promise<void>;

function addTo(sum: Float64Array, values: ArrayLike<number>, at: number): void {
  for (let i = 0; i < values.length; i++) sum[at + i] += values[i];
}

/** Some of the values, and zeros up to a count. */
function filled<Values extends FeatureValues>(values: Values, from: number, to: number, count: number): Values {
  const some = values.subarray(from, to) as Values;
  if (some.length === count) return some;
  const all = allocateLike(values, count) as Values;
  all.set(some);
  return all;
}
