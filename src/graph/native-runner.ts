// graph: runs a loop of steps on TensorFlow as one native graph: recorded once, with many steps per call.
import * as tf from '@tensorflow/tfjs';
import { type DataStore, gather, type Resident } from '../compile/arrays.js';
import { type BatchRange, concatOutputs, type Ran, type Runner, type ScanJob, type Session } from '../compile/loop.js';
import { formatType } from '../compile/tree.js';
import { nextTask } from '../core/task.js';
import type { FeatureValues } from '../data/batches.js';
import { type BorrowedSession, borrowSession } from './load.js';
import { type LoopSignature, loopModel } from './loop.js';
import { type NativeTensor, nativeBackend } from './native-backend.js';
import { isRecording, liveVariables, type Recording, record } from './record.js';
import { runsOfAChunk } from './work.js';

/** Recording and loading cost as much as dozens of eager steps. From this number of steps on, they save time. */
const WORTH_RECORDING = 100;

/** A short last batch is compiled separately if it occurs more often than this, since a graph takes about 25 ms. */
const TAILS_WORTH_RECORDING = 24;

/**
 * A runner that records the step and runs batches as a loop inside TensorFlow. `eager` runs everything on other
 * backends, loops of few steps, and short last batches that occur rarely.
 */
export function nativeRunner(eager: Runner): Runner {
  return async (job) => {
    const { numSamples, batchSize, passes } = job;
    const steps = Math.floor(numSamples / batchSize) * passes;
    if (tf.getBackend() !== 'tensorflow' || isRecording() || steps < WORTH_RECORDING) return eager(job);
    const session = await eager(job);
    // Copying the data, loading the loop and its first run are separate tasks, so that timers run in between.
    job.store.backend.assertSame();
    const arrays = job.data.map((array) => residentOf(array, job.store));
    await nextTask();
    job.store.backend.assertSame();
    const loops = loadLoops(job);
    await nextTask();
    return graphSession(job, arrays, loops, session);
  };
}

function graphSession(
  job: ScanJob,
  arrays: readonly NativeArray[],
  [loop, tail]: readonly [LoadedLoop, LoadedLoop?],
  eager: Session,
): Session {
  const { batchSize } = job;
  const isFull = ([start, end]: BatchRange) => end - start === batchSize;
  return {
    chunk: loop.chunk,
    run(state, order, batches) {
      const full = batches.filter(isFull);
      const short = batches.slice(full.length);
      const runShort = (from: readonly tf.Tensor[]) =>
        tail === undefined ? eager.run(from, order, short) : runLoop(tail, arrays, from, order, short);
      if (full.length === 0) return runShort(state);
      const done = runLoop(loop, arrays, state, order, full);
      if (short.length === 0) return done;
      try {
        const last = runShort(done.state);
        try {
          return {
            state: last.state,
            outputs: tf.tidy(() => concatOutputs([done.outputs, last.outputs], job.step.name)),
          };
        } catch (error) {
          tf.dispose(last.state as tf.Tensor[]);
          throw error;
        } finally {
          tf.dispose(last.outputs as tf.Tensor[]);
        }
      } finally {
        tf.dispose([...done.state, ...done.outputs]);
      }
    },
    close() {
      loop.session.giveBack();
      tail?.session.giveBack();
      eager.close();
    },
  };
}

/** The loop over full batches, and one over the short last batch if that is worthwhile. */
function loadLoops(job: ScanJob): readonly [LoadedLoop, LoadedLoop?] {
  const { numSamples, batchSize, passes } = job;
  const loop = loadLoop(job, batchSize);
  const rest = numSamples % batchSize;
  if (rest === 0 || passes <= TAILS_WORTH_RECORDING) return [loop];
  try {
    return [loop, loadLoop(job, rest)];
  } catch (error) {
    loop.session.giveBack();
    throw error;
  }
}

interface LoadedLoop {
  readonly session: BorrowedSession;
  readonly signature: LoopSignature;
  readonly name: string;
  readonly body: Recording;
  readonly numState: number;
  readonly chunk: number;
}

/** The step, recorded with the shapes of a batch, as a loop loaded into TensorFlow. */
function loadLoop({ step, state, data, isOrdered }: ScanJob, batchSize: number): LoadedLoop {
  const numState = state.length;
  const examples = tf.tidy(() => data.map((array) => gather(array, undefined, 0, batchSize)));
  try {
    const flat = (inputs: readonly tf.Tensor[]) => {
      const { state, outputs } = step.run(inputs.slice(0, numState), inputs.slice(numState));
      return [...state, ...outputs];
    };
    const body = record(step.name, flat, [...state, ...examples]);
    const backend = nativeBackend();
    const arrays = data.map((array) => ({
      stored: storageOf(array),
      dtype: backend.getDTypeInteger(array.dtype),
      shape: [array.numSamples, ...array.shape],
      scale: array.scale,
    }));
    const { bytes, signature } = loopModel({ body, numState, arrays, batchSize, isOrdered });
    const session = borrowSession(step.name, bytes);
    return { session, signature, name: step.name, body, numState, chunk: runsOfAChunk(body) };
  } finally {
    tf.dispose(examples);
  }
}

/** TensorFlow's type code of a stored array. Bytes stay bytes: a quarter of the memory and of the data to read. */
function storageOf({ source, dtype }: Resident): number {
  const { binding } = nativeBackend();
  if (!(source instanceof tf.Tensor) && source[Symbol.toStringTag] === 'Uint8Array') return binding.TF_UINT8;
  return nativeBackend().getDTypeInteger(dtype);
}

/** An array of samples: its id in TensorFlow, or the caller's tensor, which has a new id once another backend used it. */
type NativeArray = number | tf.Tensor;

/** Arrays in JavaScript are copied into TensorFlow. */
function residentOf(array: Resident, store: DataStore): NativeArray {
  const { binding } = nativeBackend();
  const { source, numSamples, shape, dtype } = array;
  if (source instanceof tf.Tensor) return source;
  return store.keep(source, formatType({ dtype, shape }), () => {
    const id = binding.createTensor([numSamples, ...shape], storageOf(array), storedValues(source, dtype));
    return { value: id, free: () => binding.deleteTensor(id) };
  });
}

function storedValues(source: FeatureValues, dtype: tf.DataType): Uint8Array | Int32Array | Float32Array {
  const kind = source[Symbol.toStringTag];
  // The addon rejects a Buffer, although it is a Uint8Array.
  if (kind === 'Uint8Array') return new Uint8Array(source.buffer, source.byteOffset, source.length);
  if (dtype === 'int32') return kind === 'Int32Array' ? (source as Int32Array) : Int32Array.from(source);
  return kind === 'Float32Array' ? (source as Float32Array) : Float32Array.from(source);
}

function runLoop(
  { session, signature, name, body, numState }: LoadedLoop,
  arrays: readonly NativeArray[],
  state: readonly tf.Tensor[],
  order: Int32Array | undefined,
  batches: readonly BatchRange[],
): Ran {
  const backend = nativeBackend();
  const { binding } = backend;
  const int32 = (shape: readonly number[], values: Int32Array) => binding.createTensor(shape, binding.TF_INT32, values);
  const own = [int32([], Int32Array.of(batches[0][0])), int32([], Int32Array.of(batches.length))];
  if (order !== undefined) own.push(int32([order.length], order));
  let outputs: NativeTensor[];
  try {
    const tensors = backend.getInputTensorIds([...liveVariables(name, body), ...state]);
    const samples = arrays.flatMap((array) => (typeof array === 'number' ? array : backend.getInputTensorIds([array])));
    const inputs = [...own, ...samples, ...tensors];
    outputs = binding.runSavedModel(session.id, inputs, signature.inputs, signature.outputs);
  } finally {
    for (const id of own) binding.deleteTensor(id);
  }
  const tensors = outputs.map((output) => backend.createOutputTensor(output));
  const numOutputs = tensors.length - numState;
  return { outputs: tensors.slice(0, numOutputs), state: tensors.slice(numOutputs) };
}
