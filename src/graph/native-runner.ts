// graph: runs a loop of steps on TensorFlow as one native graph: recorded once, with many steps per call.
import * as tf from '@tensorflow/tfjs';
import { type DataStore, gather, type Resident } from '../compile/arrays.js';
import { concatOutputs, NOT_ASKED, type Runner, type ScanEngine, type ScanJob, type Session } from '../compile/loop.js';
import { formatType } from '../compile/tree.js';
import { nextTask } from '../core/task.js';
import type { BatchRange, FeatureValues } from '../data/batches.js';
import { type LoadedLoop, loadLoop, type NativeArray, type RecordedLoop, runLoop } from './loop-runner.js';
import { nativeBackend } from './native-backend.js';
import { isRecording, record } from './record.js';
import { runsOfAChunk, whyXlaIsSlower } from './work.js';
import { failureOf, isXlaKnown, reasonOf, whyNotThese, whyNoXla } from './xla.js';

/** Recording and loading cost as much as dozens of eager steps. From this number of steps on, they save time. */
const WORTH_RECORDING = 100;

/** A short last batch is compiled separately if it occurs more often than this, since a graph takes about 25 ms. */
const TAILS_WORTH_RECORDING = 24;

/**
 * A runner that records the step and runs batches as a loop inside TensorFlow, compiled by XLA where the job wants it.
 * `eager` runs everything on other backends, loops of few steps, and short last batches that occur rarely.
 */
export function nativeRunner(eager: Runner): Runner {
  return async (job) => {
    const { numSamples, batchSize, passes, xla } = job;
    const steps = Math.floor(numSamples / batchSize) * passes;
    const session = await eager(job);
    if (tf.getBackend() !== 'tensorflow') return session;
    if (isRecording() || steps < WORTH_RECORDING) {
      const whyNotXla = xla === false ? NOT_ASKED : `fewer than ${WORTH_RECORDING} full batches run eagerly`;
      return { ...session, engine: { name: 'eager', whyNotXla } };
    }
    // Copying the data, loading the loop and its first run are separate tasks, so that timers run in between.
    job.store.backend.assertSame();
    const arrays = job.data.map((array) => residentOf(array, job.store));
    await nextTask();
    job.store.backend.assertSame();
    const recorded = recordLoop(job, batchSize);
    const recordedTail = recordTail(job);
    const { loop, engine } = await loadFull(job, recorded, arrays, steps);
    let tail: LoadedLoop | undefined;
    try {
      tail = recordedTail && loadLoop(recordedTail, 'graph');
      await nextTask();
      job.store.backend.assertSame();
      return graphSession(job, engine, [loop, tail], session);
    } catch (error) {
      tail?.session.giveBack();
      loop.session.giveBack();
      throw error;
    }
  };
}

interface FullLoop {
  readonly loop: LoadedLoop;
  readonly engine: ScanEngine;
}

/** The loop over full batches, by XLA if the job wants it and XLA can compile it. */
async function loadFull(
  job: ScanJob,
  recorded: RecordedLoop,
  arrays: readonly NativeArray[],
  steps: number,
): Promise<FullLoop> {
  const whyNotXla = whyNot(job, recorded, steps);
  const compiled = whyNotXla ?? (await compiledLoop(job, recorded, arrays));
  if (typeof compiled !== 'string') return { loop: compiled, engine: { name: 'xla' } };
  return { loop: loadLoop(recorded, 'graph'), engine: { name: 'graph', whyNotXla: compiled } };
}

/** The reason why XLA is not tried, or undefined. */
function whyNot({ xla }: ScanJob, { body }: RecordedLoop, steps: number): string | undefined {
  if (xla === false) return NOT_ASKED;
  const slower = xla === 'auto' ? whyXlaIsSlower(body, steps) : undefined;
  return slower ?? whyNotThese(body) ?? (isXlaKnown() ? whyNoXla() : undefined);
}

/**
 * The loop, compiled by XLA, or the reason why XLA cannot compile it. The test of XLA and the compilation are separate
 * tasks.
 */
async function compiledLoop(
  { beforeCompiling, isOrdered, numSamples, state, store }: ScanJob,
  recorded: RecordedLoop,
  arrays: readonly NativeArray[],
): Promise<LoadedLoop | string> {
  // The caller may dispose its tensors during the tasks.
  const forms = state.map(({ shape, dtype }) => ({ shape, dtype }));
  let loop: LoadedLoop;
  try {
    loop = loadLoop(recorded, 'xla');
  } catch (error) {
    return reasonOf(error);
  }
  if (loop.session.isCompiled) return loop;
  try {
    let failure: string | undefined;
    if (!isXlaKnown()) {
      await beforeCompiling?.();
      store.backend.assertSame();
      failure = whyNoXla();
    }
    if (failure === undefined) {
      await beforeCompiling?.();
      store.backend.assertSame();
      const order = isOrdered ? new Int32Array(numSamples) : undefined;
      // Without a batch, the loop is compiled and does nothing.
      failure = failureOf(() =>
        tf.tidy(() => {
          const zeros = forms.map(({ shape, dtype }) => tf.zeros([...shape], dtype));
          runLoop(loop, arrays, zeros, order, []);
        }),
      );
    }
    if (failure === undefined) {
      loop.session.isCompiled = true;
      return loop;
    }
    loop.session.giveBack();
    return failure;
  } catch (error) {
    loop.session.giveBack();
    throw error;
  }
}

function graphSession(
  job: ScanJob,
  engine: ScanEngine,
  [loop, tail]: readonly [LoadedLoop, LoadedLoop?],
  eager: Session,
): Session {
  const { batchSize } = job;
  const { body, numState } = loop.recorded;
  const isFull = ([start, end]: BatchRange) => end - start === batchSize;
  return {
    engine,
    chunk: runsOfAChunk(body, numState, engine.name === 'xla' ? 'xla' : 'graph'),
    run(state, order, batches) {
      const full = batches.filter(isFull);
      const short = batches.slice(full.length);
      // Copied again where they changed.
      const arrays = job.data.map((array) => residentOf(array, job.store));
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

/** The step for short last batches, if that is worthwhile. XLA would compile it longer than it runs. */
function recordTail(job: ScanJob): RecordedLoop | undefined {
  const { numSamples, batchSize, passes } = job;
  const rest = numSamples % batchSize;
  return rest === 0 || passes <= TAILS_WORTH_RECORDING ? undefined : recordLoop(job, rest);
}

/** The step, recorded with the shapes of a batch. */
function recordLoop({ step, state, data, isOrdered, numSamples }: ScanJob, batchSize: number): RecordedLoop {
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
    const most = Math.min(runsOfAChunk(body, numState, 'xla'), Math.floor(numSamples / batchSize));
    return { name: step.name, body, numState, arrays, batchSize, isOrdered, most };
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
