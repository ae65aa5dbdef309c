// training: a loop of first-order steps whose batches several processes share.
import * as tf from '@tensorflow/tfjs';
import { type DataStore, flattenData, gather, readWhereSlicingIsSlow } from '../compile/arrays.js';
import type { BackendInUse } from '../compile/backend-in-use.js';
import type { Loop } from '../compile/loop.js';
import { flatten, tensorsOf, unflatten } from '../compile/tree.js';
import { windowsOf } from '../compile/windows.js';
import type { Communicator } from '../core/ranks/communicator.js';
import { ofRankZero } from '../core/ranks/first.js';
import { nextTask, untilAborted } from '../core/task.js';
import { type BatchRange, batchRanges } from '../data/batches.js';
import type { TrainingData } from '../objective/objective.js';
import type { Tensors } from '../optim/first-order.js';
import type { StepParts, TrainingBatch, TrainingState, ValueAndGradients } from './step.js';

/** The samples of a loop of steps. */
export type BatchedSamples = {
  readonly features: TrainingData['features'];
  readonly labels: Int32Array;
  readonly weights?: Float32Array;
};

/** Steps of a chunk. Each waits for the other processes, so timers run between steps too. */
const CHUNK = 16;

/**
 * A loop of which each process computes a part of every batch, in the order of the ranks.
 *
 *   g = Σᵣ (mᵣ/m)·gᵣ,   gᵣ the gradient of the mean over the mᵣ samples of rank r, and of the penalty
 *
 * The sum is in float64 and has the same bits on all ranks, which make the same update. After each pass all ranks take the
 * state of rank 0, since processors of other types may round an update differently.
 */
export async function openSharedLoop(
  parts: StepParts,
  data: BatchedSamples,
  batchSize: number,
  communicator: Communicator,
  store: DataStore,
): Promise<Loop<TrainingState, tf.Tensor>> {
  const { backend } = store;
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
    let state = clonesOf(from);
    let step = done;
    let losses: number[] = [];
    try {
      for await (const window of windows.read(own.ranges, own.order, signal)) {
        for (const range of window.batches) {
          const [start, end] = ranges[step];
          const next = await stepped(state, window.order, range, end - start, signal);
          dispose(state, backend);
          state = next.state;
          step++;
          losses.push(next.loss);
          const isLast = step === ranges.length;
          if (losses.length < CHUNK && !isLast) continue;
          if (isLast) {
            const same = await stateOfRankZero(state, communicator, backend, signal);
            dispose(state, backend);
            state = same;
          }
          const outputs = tf.tensor1d(losses);
          const batchSizes = ranges.slice(step - losses.length, step).map(([first, last]) => last - first);
          losses = [];
          try {
            yield { step, steps: ranges.length, state, outputs, batchSizes };
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
  return { engine: { name: 'eager' }, numSamples, pass, close: () => windows.close() };
}

/** The samples of this process in order, and where its part of each batch is among them. */
function partOf(
  ranges: readonly BatchRange[],
  order: Int32Array | undefined,
  { rank, size }: Communicator,
): { readonly order: Int32Array; readonly ranges: readonly BatchRange[] } {
  const at = ([start, end]: BatchRange, part: number) => start + Math.floor(((end - start) * part) / size);
  const count = ranges.reduce((sum, range) => sum + at(range, rank + 1) - at(range, rank), 0);
  const places = new Int32Array(count);
  let filled = 0;
  const own = ranges.map((range): BatchRange => {
    const first = filled;
    for (let i = at(range, rank); i < at(range, rank + 1); i++) places[filled++] = order === undefined ? i : order[i];
    return [first, filled];
  });
  return { order: places, ranges: own };
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
