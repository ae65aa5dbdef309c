// compile: a loop of steps over batches, prepared once and run many times; here eagerly, on any backend.
import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertPositiveInteger, describe } from '../core/shape.js';
import { nextTask } from '../core/task.js';
import { type BatchRange, batchRanges } from '../data/batches.js';
import {
  type Batch,
  type Data,
  DataStore,
  flattenData,
  gather,
  type Resident,
  readWhereSlicingIsSlow,
} from './arrays.js';
import { namingDisposed, resultOf } from './compile.js';
import { type Flat, flatten, formatType, type Structure, tensorsOf, unflatten } from './tree.js';
import { windowsOf } from './windows.js';

/** A step, for example of training: a pure function of tensors in nested arrays and plain objects. */
export type ScanStep<State extends object, D extends Data, Output extends object> = (
  state: State,
  batch: Batch<D>,
) => readonly [state: State, output: Output];

/** A step on lists of tensors: state and batch in, new state and outputs out. */
export interface FlatStep {
  readonly name: string;
  run(state: readonly tf.Tensor[], batch: readonly tf.Tensor[]): { state: tf.Tensor[]; outputs: tf.Tensor[] };
}

/** What runs the full batches of a loop. */
export interface ScanEngine {
  /**
   * `'xla'`: a graph that XLA compiled. `'graph'`: a graph of TensorFlow's kernels. `'eager'`: TensorFlow.js, step by
   * step.
   */
  readonly name: 'xla' | 'graph' | 'eager';
  /** The reason why it is not XLA. */
  readonly whyNotXla?: string;
}

/** How a loop uses XLA. */
export interface XlaUse {
  /** `'auto'`: if it saves time, by shapes and number of steps. */
  readonly xla: boolean | 'auto';
  /** Awaited before each task that blocks for long because of XLA; an error ends the loop. */
  readonly beforeCompiling?: () => Promise<void>;
}

/** The constant part of a loop, shared by all passes. */
export interface ScanJob extends XlaUse {
  readonly step: FlatStep;
  /** The state before the first step; only its shapes are used. */
  readonly state: readonly tf.Tensor[];
  /** Those of stored rows have one window of the samples, and change. */
  readonly data: readonly Resident[];
  /** Stores the runner's copies of the data, and knows the backend of the loop. The runner does not own it. */
  readonly store: DataStore;
  readonly numSamples: number;
  readonly batchSize: number;
  /** Number of passes; it determines whether preparation is worthwhile. */
  readonly passes: number;
  /** Whether each pass has its own order. */
  readonly isOrdered: boolean;
}

/** The result of several steps; the caller owns it. */
export interface Ran {
  readonly state: readonly tf.Tensor[];
  /** [steps, …] each. */
  readonly outputs: readonly tf.Tensor[];
}

/** Steps that are ready to run. */
export interface Session {
  readonly engine: ScanEngine;
  /** Number of steps per call that do not block the event loop for long. */
  readonly chunk: number;
  /** Runs steps over these batches in sequence. The caller keeps ownership of the state. */
  run(state: readonly tf.Tensor[], order: Int32Array | undefined, batches: readonly BatchRange[]): Ran;
  close(): void;
}

/** Executes steps: prepares a job once and runs it many times. */
export type Runner = (job: ScanJob) => Promise<Session>;

let runner: Runner = eagerRunner;

/** Replaces the eager runner; `softmax-regression/node` registers one for native graphs. */
export function provideRunner(provided: Runner): void {
  runner = provided;
}

/** Multiply-adds, including gradients, that a plain JavaScript backend does in about 80 ms: the limit of one chunk. */
const WORK_OF_A_CHUNK = 1.4e7;
/** Overhead of a step in the same unit: about half a millisecond. */
const WORK_OF_A_STEP = 1e5;

/** The reason not to use XLA where `xla` is false. */
export const NOT_ASKED = '`xla` is false';

/** Runs step after step with tfjs, on any backend. */
export async function eagerRunner({ step, state, data, batchSize, numSamples, xla }: ScanJob): Promise<Session> {
  const arrays = await readWhereSlicingIsSlow(data);
  const numState = state.reduce((sum, { size }) => sum + size, 0);
  // Assumes that each number of the state is multiplied with each sample of the batch, which holds for dense layers.
  const work = Math.min(batchSize, numSamples) * numState + WORK_OF_A_STEP;
  const whyNotXla = xla === false ? NOT_ASKED : `it needs softmax-regression/node, and the backend 'tensorflow'`;
  return {
    engine: { name: 'eager', whyNotXla },
    chunk: Math.max(1, Math.floor(WORK_OF_A_CHUNK / work)),
    run(initial, order, batches) {
      const outputs: tf.Tensor[][] = [];
      let current = initial.map((tensor) => tensor.clone());
      try {
        for (const [start, end] of batches) {
          const before = current;
          const next = tf.tidy(() => {
            const batch = arrays.map((array) => gather(array, order, start, end));
            const { state, outputs } = step.run(before, batch);
            // Clones: a step may return its inputs, which are disposed below.
            return { state: state.map((tensor) => tensor.clone()), outputs: outputs.map((tensor) => tensor.clone()) };
          });
          tf.dispose(before);
          current = next.state;
          outputs.push(next.outputs);
        }
        return { state: current, outputs: tf.tidy(() => stackOutputs(outputs, step.name)) };
      } catch (error) {
        tf.dispose(current);
        throw error;
      } finally {
        tf.dispose(outputs);
      }
    },
    close: () => {},
  };
}

function stackOutputs(outputs: readonly (readonly tf.Tensor[])[], where: string): tf.Tensor[] {
  const [first] = outputs;
  return first.map((output, i) => {
    for (const each of outputs) assertSameType(each[i], output, where);
    return tf.stack(outputs.map((each) => each[i]));
  });
}

/** The outputs of all steps are stacked in one tensor, including that of a shorter last batch. */
export function assertSameType(output: tf.Tensor, first: tf.Tensor, where: string): void {
  if (formatType(output) === formatType(first)) return;
  throw new ShapeError({
    where,
    argument: 'the output of a step',
    expected: `have the same shape and type in every step, ${formatType(first)}`,
    actual: formatType(output),
    hint: 'The last batch may be shorter: return a mean or a sum over the batch.',
  });
}

/** Concatenates the outputs of chunks, and checks that their shapes and types agree. */
export function concatOutputs(chunks: readonly (readonly tf.Tensor[])[], where: string): tf.Tensor[] {
  const [first] = chunks;
  return first.map((output, i) => {
    const parts = chunks.map((chunk) => chunk[i]);
    for (const part of parts) {
      const one = { dtype: part.dtype, shape: part.shape.slice(1) } as tf.Tensor;
      assertSameType(one, { dtype: output.dtype, shape: output.shape.slice(1) } as tf.Tensor, where);
    }
    return parts.length === 1 ? output.clone() : tf.concat(parts);
  });
}

export interface LoopOptions extends Partial<XlaUse> {
  readonly batchSize: number;
  /** Number of passes; it determines whether preparation is worthwhile. */
  readonly passes: number;
  /** Whether each pass has its own order. */
  readonly isOrdered: boolean;
}

/** The result of some steps of a pass; its tensors are disposed when the next chunk is requested. */
export interface PassChunk<State, Output> {
  /** Steps of this pass done so far, and their total number. */
  readonly step: number;
  readonly steps: number;
  /** The state after these steps. */
  readonly state: State;
  /** Outputs of the steps of this chunk, [steps of the chunk, …] each. */
  readonly outputs: Output;
  /** Number of samples in each step of this chunk. */
  readonly batchSizes: readonly number[];
}

/** A loop that is ready to run. */
export interface Loop<State, Output> {
  readonly engine: ScanEngine;
  readonly numSamples: number;
  /**
   * One pass over the samples, chunk by chunk, or a part of one: the steps after `done`, up to `end`. The initial state may
   * be disposed after the first chunk.
   */
  pass(
    state: State,
    order?: Int32Array,
    signal?: AbortSignal,
    done?: number,
    end?: number,
  ): AsyncGenerator<PassChunk<State, Output>, void, void>;
  close(): void;
}

/**
 * Prepares a loop.
 *
 * @param initial the initial state; only its shapes are used
 * @param shared stores copies of the data for later loops over them, on its backend; the caller disposes it
 * @throws BackendError, also from `pass`, if another backend is in use than when the store was created
 */
export async function openLoop<State extends object, D extends Data, Output extends object>(
  step: ScanStep<State, D, Output>,
  initial: State,
  data: D,
  { batchSize, passes, isOrdered, xla = false, beforeCompiling }: LoopOptions,
  shared?: DataStore,
): Promise<Loop<State, Output>> {
  assertPositiveInteger(batchSize, 'scan', 'batchSize');
  const { arrays: sources, numSamples, batch } = flattenData(data, 'scan');
  const start = flatten(initial, 'scan', 'state');
  const flat = new StepOnLists(step.name || 'step', step as unknown as AnyStep, start, batch);
  const ranges = batchRanges(numSamples, batchSize);
  const store = shared ?? new DataStore();
  const { backend } = store;
  backend.assertSame();
  const free = () => {
    if (shared === undefined) store.dispose();
  };
  const windows = windowsOf(sources, { numSamples, batchSize, isOrdered }, store);
  const shape = { numSamples, batchSize, passes, isOrdered: windows.isOrdered };
  const job = { step: flat, state: tensorsOf(start), data: windows.arrays, store, ...shape, xla, beforeCompiling };
  const session = await runner(job).catch((error) => {
    free();
    throw error;
  });
  async function* pass(from: State, order?: Int32Array, signal?: AbortSignal, done = 0, end = ranges.length) {
    backend.assertSame();
    let state: readonly tf.Tensor[] = tensorsOf(flatten(from, 'scan', 'state')).map((tensor) => tensor.clone());
    let step = done;
    try {
      for await (const window of windows.read(ranges.slice(done, end), order, signal)) {
        for (let first = 0; first < window.batches.length; first += session.chunk) {
          backend.assertSame();
          const batches = window.batches.slice(first, first + session.chunk);
          const ran = session.run(state, window.order, batches);
          tf.dispose(state as tf.Tensor[]);
          state = ran.state;
          step += batches.length;
          try {
            yield {
              ...{ step, steps: ranges.length },
              state: unflatten(start.structure, state) as State,
              outputs: unflatten(flat.outputStructure, ran.outputs) as Output,
              batchSizes: batches.map(([start, end]) => end - start),
            };
          } finally {
            backend.dispose(ran.outputs as tf.Tensor[]);
          }
          await nextTask();
          signal?.throwIfAborted();
        }
      }
    } finally {
      backend.dispose(state as tf.Tensor[]);
    }
  }
  return {
    engine: session.engine,
    numSamples,
    pass,
    close() {
      session.close();
      windows.close();
      free();
    },
  };
}

type AnyStep = (state: unknown, batch: unknown) => unknown;

/** A step in the form that runners call, with checks of its results. */
class StepOnLists implements FlatStep {
  outputStructure: Structure = [];

  constructor(
    readonly name: string,
    private readonly step: AnyStep,
    private readonly start: Flat,
    private readonly batch: (tensors: readonly tf.Tensor[]) => unknown,
  ) {}

  run(state: readonly tf.Tensor[], batch: readonly tf.Tensor[]): { state: tf.Tensor[]; outputs: tf.Tensor[] } {
    const args = [unflatten(this.start.structure, state), this.batch(batch)] as const;
    const result: unknown = namingDisposed(this.name, () => this.step(...args));
    if (!Array.isArray(result) || result.length !== 2) {
      if (!Array.isArray(result)) resultOf(result, this.name);
      const expected = 'return [state, output]';
      throw new DomainError({ where: this.name, argument: 'the step', expected, actual: describe(result) });
    }
    const next = flatten(result[0], this.name, 'the new state');
    if (next.key !== this.start.key) throw changedState(this.name, this.start, next);
    const output = flatten(result[1], this.name, 'the output');
    this.outputStructure = output.structure;
    return { state: tensorsOf(next), outputs: tensorsOf(output) };
  }
}

function changedState(where: string, start: Flat, next: Flat): ShapeError {
  const argument = 'the new state';
  const at = start.leaves.findIndex(({ path, tensor }, i) => {
    const other = next.leaves[i];
    return other === undefined || path !== other.path || formatType(tensor) !== formatType(other.tensor);
  });
  const [before, after] = [start.leaves[at], next.leaves[at]];
  if (before === undefined || after === undefined || before.path !== after.path) {
    const names = ({ leaves }: Flat) => leaves.map(({ path }) => path || 'one tensor').join(', ') || 'nothing';
    const expected = `have the same tensors as the state: ${names(start)}`;
    return new ShapeError({ where, argument, expected, actual: names(next) });
  }
  return new ShapeError({
    where,
    argument: `${argument}${before.path}`,
    expected: `be ${formatType(before.tensor)}, as before the step`,
    actual: formatType(after.tensor),
  });
}
