// training: a loop of first-order steps whose batches several processes share.
import * as tf from '@tensorflow/tfjs';
import { type DataStore, flattenData, gather, readWhereSlicingIsSlow } from '../compile/arrays.js';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { type Loop, openLoop, type PassChunk } from '../compile/loop.js';
import { flatten, tensorsOf, unflatten } from '../compile/tree.js';
import { windowsOf } from '../compile/windows.js';
import type { Communicator } from '../core/ranks/communicator.js';
import { ofRankZero } from '../core/ranks/first.js';
import { graphSumOf } from '../core/ranks/graph-sum.js';
import { nextTask, untilAborted } from '../core/task.js';
import { type BatchRange, batchRanges } from '../data/batches.js';
import { hasRankSum, rankSum } from '../nn/rank-sum.js';
import type { TrainingData } from '../objective/objective.js';
import type { Tensors } from '../optim/first-order.js';
import type { StepParts, TrainingBatch, TrainingState, ValueAndGradients } from './step.js';

/** The samples of a loop of steps. */
export type BatchedSamples = {
  readonly features: TrainingData['features'];
  readonly labels: Int32Array;
  readonly weights?: Float32Array;
};

/** Steps of a chunk that JavaScript runs. Each waits for the other processes, so timers run between steps too. */
const CHUNK = 16;

/** A loop of steps over batches that all processes share. */
interface SharedLoop {
  readonly parts: StepParts;
  readonly data: BatchedSamples;
  /** Samples of a batch, of all processes. */
  readonly batchSize: number;
  /** The largest number of passes. */
  readonly passes: number;
  readonly communicator: Communicator;
}

/**
 * A loop of which each process computes a part of every batch, in the order of the ranks. On TensorFlow, a graph runs the
 * steps over full batches, and sums over MPI itself.
 *
 *   g = Σᵣ (mᵣ/m)·gᵣ,   gᵣ the gradient of the mean over the mᵣ samples of rank r, and of the penalty
 *
 * The sum is in float64 and has the same bits on all ranks, which make the same update. After each pass all ranks take the
 * state of rank 0, since processors of other types may round an update differently.
 *
 * @param initial only its shapes are used
 */
export async function openSharedLoop(
  shared: SharedLoop,
  initial: TrainingState,
  store: DataStore,
): Promise<Loop<TrainingState, tf.Tensor>> {
  const { parts, data, batchSize, communicator } = shared;
  const { backend } = store;
  const inGraph = await openInGraph(shared, initial, store);
  const { arrays, numSamples, batch } = flattenData(data, 'fit');
  const ranges = batchRanges(numSamples, batchSize);
  const most = Math.ceil(batchSize / communicator.size);
  const windows = windowsOf(arrays, { numSamples, batchSize: most, isOrdered: true }, store);
  const resident = await readWhereSlicingIsSlow(windows.arrays);

  /** A step of this batch, of which this process has these samples. */
  async function stepped(
    state: TrainingState,
    order: Int32Array | undefined,
    [start, end]: BatchRange,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<{ state: TrainingState; loss: number }> {
    const differentiate = () => {
      const tensors = resident.map((array) => gather(array, order, start, end));
      return parts.differentiate(state, batch(tensors) as TrainingBatch) as ValueAndGradients & tf.TensorContainer;
    };
    // Not every kernel takes a batch of no samples.
    const own = start < end ? tf.tidy(differentiate) : undefined;
    const sum = await valuesOf(own, state.parameters, (end - start) / size, backend);
    await untilAborted(communicator.allReduce(sum, 'sum'), signal);
    backend.assertSame();
    const next = tf.tidy(
      () => clonesOf(parts.update(state, gradientsOf(sum, state.parameters))) as TrainingState & tf.TensorContainer,
    );
    return { state: next, loss: sum[sum.length - 1] };
  }

  async function* pass(from: TrainingState, order?: Int32Array, signal?: AbortSignal, done = 0) {
    backend.assertSame();
    const rest = ranges.slice(done);
    const own = partOf(rest, order, communicator);
    const full = inGraph === undefined ? 0 : rest.filter(([start, end]) => end - start === batchSize).length;
    let state = clonesOf(from);
    let step = done;
    let losses: number[] = [];
    const advance = async (next: TrainingState, count: number) => {
      dispose(state, backend);
      state = next;
      step += count;
      if (step < ranges.length) return;
      const same = await stateOfRankZero(state, communicator, backend, signal);
      dispose(state, backend);
      state = same;
    };
    const reached = (outputs: tf.Tensor, count: number) => {
      const batchSizes = ranges.slice(step - count, step).map(([first, last]) => last - first);
      return { step, steps: ranges.length, state, outputs, batchSizes };
    };
    try {
      if (full > 0) {
        for await (const chunk of inGraph?.pass(state, own.order, full, signal) ?? []) {
          const count = chunk.batchSizes.length;
          await advance(clonesOf(chunk.state), count);
          yield reached(chunk.outputs, count);
        }
      }
      for await (const window of windows.read(own.ranges.slice(full), own.order, signal)) {
        for (const range of window.batches) {
          const [start, end] = ranges[step];
          const next = await stepped(state, window.order, range, end - start, signal);
          await advance(next.state, 1);
          losses.push(next.loss);
          if (losses.length < CHUNK && step < ranges.length) continue;
          const outputs = tf.tensor1d(losses);
          const chunk = reached(outputs, losses.length);
          losses = [];
          try {
            yield chunk;
          } finally {
            backend.dispose(outputs);
          }
          await nextTask();
          signal?.throwIfAborted();
        }
      }
    } finally {
      dispose(state, backend);
    }
  }
  const close = () => {
    inGraph?.close();
    windows.close();
  };
  return { engine: inGraph?.engine ?? { name: 'eager' }, numSamples, pass, close };
}

/** A loop over this process's parts of full batches, summed in the graph. */
interface LoopInGraph extends Pick<Loop<TrainingState, tf.Tensor>, 'engine' | 'close'> {
  /** Some steps from the first sample of the order on, as `Loop.pass`. */
  pass(
    from: TrainingState,
    order: Int32Array,
    steps: number,
    signal: AbortSignal | undefined,
  ): AsyncIterable<PassChunk<TrainingState, tf.Tensor>>;
}

/** Undefined where no graph can sum over the ranks, or so few steps do not pay for one. */
async function openInGraph(
  { parts, data, batchSize, passes, communicator }: SharedLoop,
  initial: TrainingState,
  store: DataStore,
): Promise<LoopInGraph | undefined> {
  const sum = graphSumOf(communicator);
  const part = lengthOfPart([0, batchSize], communicator);
  if (sum === undefined || part === 0 || !hasRankSum()) return undefined;
  const { address, failure } = sum;
  const step = (state: TrainingState, batch: TrainingBatch): [TrainingState, tf.Scalar] => {
    const { loss, gradients } = parts.differentiate(state, batch);
    const names = Object.keys(gradients);
    // In one call for all of them: every rank makes the same calls in the same order.
    const tensors = [...names.map((name) => gradients[name]), loss];
    const sums = rankSum(tf.concat(tensors.map((tensor) => tensor.flatten())), { address, part, whole: batchSize });
    const summed = tf
      .split(
        sums,
        tensors.map(({ size }) => size),
      )
      .map((each, i) => each.reshape(tensors[i].shape));
    const updated = parts.update(state, Object.fromEntries(names.map((name, i) => [name, summed[i]])));
    return [updated, summed[names.length] as tf.Scalar];
  };
  const loop = await openLoop(step, initial, data, { batchSize: part, passes, isOrdered: true }, store);
  if (loop.engine.name === 'eager') {
    // It would wait for the other ranks in the event loop.
    loop.close();
    return undefined;
  }
  return {
    engine: loop.engine,
    close: () => loop.close(),
    async *pass(from, own, steps, signal) {
      // The graph has an order of all samples.
      const order = new Int32Array(loop.numSamples);
      order.set(own);
      try {
        yield* loop.pass(from, order, signal, 0, steps);
      } catch (error) {
        throw failure() ?? error;
      }
    },
  };
}

/** The samples of this process in order, and where its part of each batch is among them. */
function partOf(
  ranges: readonly BatchRange[],
  order: Int32Array | undefined,
  communicator: Communicator,
): { readonly order: Int32Array; readonly ranges: readonly BatchRange[] } {
  const count = ranges.reduce((sum, range) => sum + lengthOfPart(range, communicator), 0);
  const places = new Int32Array(count);
  let filled = 0;
  const own = ranges.map((range): BatchRange => {
    const first = filled;
    const [start, end] = partIn(range, communicator);
    for (let i = start; i < end; i++) places[filled++] = order === undefined ? i : order[i];
    return [first, filled];
  });
  return { order: places, ranges: own };
}

/** The samples of a batch that are those of this process. */
function partIn([start, end]: BatchRange, { rank, size }: Pick<Communicator, 'rank' | 'size'>): BatchRange {
  const at = (part: number) => start + Math.floor(((end - start) * part) / size);
  return [at(rank), at(rank + 1)];
}

function lengthOfPart(range: BatchRange, communicator: Communicator): number {
  const [start, end] = partIn(range, communicator);
  return end - start;
}

/** The gradients of some of the samples of a batch, and their loss at the end, times their share; zeros for none. */
async function valuesOf(
  own: ValueAndGradients | undefined,
  parameters: Tensors,
  share: number,
  backend: BackendInUse,
): Promise<Float64Array> {
  const names = Object.keys(parameters);
  const length = names.reduce((sum, name) => sum + parameters[name].size, 1);
  const values = new Float64Array(length);
  if (own === undefined) return values;
  const tensors = [...names.map((name) => own.gradients[name]), own.loss];
  const reading = Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  const arrays = await reading.finally(() => backend.dispose(own as unknown as tf.TensorContainer));
  backend.assertSame();
  let at = 0;
  for (const array of arrays) for (let i = 0; i < array.length; i++) values[at++] = share * array[i];
  return values;
}

/** The tensors of `valuesOf`. */
function gradientsOf(values: Float64Array, parameters: Tensors): Tensors {
  let at = 0;
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, size }]) => {
      const own = Float32Array.from(values.subarray(at, at + size));
      at += size;
      return [name, tf.tensor(own, shape)];
    }),
  );
}

/** The state of rank 0. */
async function stateOfRankZero(
  state: TrainingState,
  communicator: Communicator,
  backend: BackendInUse,
  signal: AbortSignal | undefined,
): Promise<TrainingState> {
  const { structure, leaves } = flatten(state, 'fit', 'state');
  const arrays = await Promise.all(leaves.map(({ tensor }) => tensor.data()));
  const own = Float64Array.from(arrays.flatMap((array) => [...array]));
  const values = await ofRankZero(own, communicator, signal);
  backend.assertSame();
  let at = 0;
  const tensors = leaves.map(({ tensor: { shape, size, dtype } }) => {
    const these = values.subarray(at, at + size);
    at += size;
    return tf.tensor(dtype === 'int32' ? Int32Array.from(these) : Float32Array.from(these), shape, dtype);
  });
  return unflatten(structure, tensors) as TrainingState;
}

function clonesOf(state: TrainingState): TrainingState {
  const { structure, leaves } = flatten(state, 'fit', 'state');
  return unflatten(
    structure,
    leaves.map(({ tensor }) => tensor.clone()),
  ) as TrainingState;
}

function dispose(state: TrainingState, backend: BackendInUse): void {
  backend.dispose(tensorsOf(flatten(state, 'fit', 'state')) as tf.Tensor[]);
}
