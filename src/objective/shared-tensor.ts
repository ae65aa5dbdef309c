// objective: the objective in float32 on tensors, of a problem that several processes share.
import * as tf from '@tensorflow/tfjs';
import { DataStore } from '../compile/arrays.js';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { finishInTurns } from '../core/task.js';
import { powerOfTwo } from '../core/tree-sum.js';
import { allocateLike, type FeatureArray, type FeatureValues } from '../data/batches.js';
import { type SampleWeights, sharesOf } from '../data/sample-weights.js';
import { Dense } from '../nn/dense.js';
import { addL2Gradient, penaltyOf } from '../optim/penalty.js';
import type { ValueAndGradient } from '../optim/solver.js';
import { openBatchLosses, ROWS_IN_CACHE, rowsOfATask, type TrainingData } from './objective.js';
import { scaledLayer } from './scaled-layer.js';
import { SectionSum, type StreamedProblem } from './sections.js';
import { rowsOfASection } from './streamed.js';
import { addGram, lengthOfGram, openGram, scaledGram } from './tensor.js';

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
 * Sums over batches on tensors, those of features over sections, and adds them in float64 by the tree of all sums.
 *
 * The last batch is filled up with samples of weight 0, so that every one is computed by the same graph: where it runs
 * changes no bit on processors of one type.
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
  const openAll = async <Sums extends Closable>(open: (data: TrainingData) => Promise<Sums>) => {
    const opened: Sums[] = [];
    try {
      for (const each of data) opened.push(await open(each));
      return opened;
    } catch (error) {
      for (const each of opened) each.close();
      throw error;
    }
  };
  const totalOf = async (sums: SectionSum, length: number, signal?: AbortSignal) =>
    (await finishInTurns(sums.total(length), signal)) as Float64Array;
  const dispose = () => {
    store.dispose();
    backend.dispose(layer);
  };
  const losses = await openAll((each) => openBatchLosses(scaled, layer.parameters, each, batch, store)).catch(
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
      const sums = new SectionSum(problem, batch);
      let start = first;
      const add = (weight: Float32Array, bias: Float32Array, loss: number) => {
        const sum = sums.zeros(size + 1);
        sum.set(weight);
        sum.set(bias, d * q);
        sum[size] = loss;
        sums.add({ start }, sum);
        start += batch;
      };
      try {
        for (const each of losses) await each.evaluate(parameters, add, signal);
      } finally {
        backend.dispose(parameters);
      }
      const total = await totalOf(sums, size + 1, signal);
      const gradient = total.slice(0, size);
      if (!fitIntercept) gradient.fill(0, d * q);
      const weight = point.subarray(0, d * q);
      addL2Gradient(gradient, weight, l2);
      return { value: total[size] + penaltyOf(weight, l2), gradient };
    },
    async gram(signal) {
      // With so many passes, every loop is worth a graph.
      const grams = await openAll((each) => openGram(each, Number.POSITIVE_INFINITY, store, batch));
      const length = lengthOfGram(d);
      try {
        const sums = new SectionSum(problem, rows);
        for (let start = first; start < end; start += rows) {
          const sum = sums.zeros(length);
          const [from, to] = [start, Math.min(start + rows, whole)].map((at) => (at - first) / batch);
          if (to > from) addGram(sum, await grams[0].sum(signal, [from, to]));
          if (end > whole && start + rows >= end) addGram(sum, await grams[grams.length - 1].sum(signal));
          sums.add({ start }, sum);
        }
        return scaledGram(await totalOf(sums, length, signal), d, features.scale ?? 1);
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

/** Some of the values, and zeros up to a count. */
function filled<Values extends FeatureValues>(values: Values, from: number, to: number, count: number): Values {
  const some = values.subarray(from, to) as Values;
  if (some.length === count) return some;
  const all = allocateLike(values, count) as Values;
  all.set(some);
  return all;
}
