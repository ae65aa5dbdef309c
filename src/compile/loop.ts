// compile: a loop of steps over batches, prepared once and run many times; here eagerly, on any backend.
import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertPositiveInteger, describe } from '../core/shape.js';
import { nextTask } from '../core/task.js';
import { batchRanges } from '../data/batches.js';
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

/** A training step, or any other: a pure function of tensors, nested in arrays and plain objects as you like. */
export type ScanStep<State extends object, D extends Data, Output extends object> = (
  state: State,
  batch: Batch<D>,
) => readonly [state: State, output: Output];

/** A step on lists of tensors: state and batch in, new state and outputs out. */
export interface FlatStep {
  readonly name: string;
  run(state: readonly tf.Tensor[], batch: readonly tf.Tensor[]): { state: tf.Tensor[]; outputs: tf.Tensor[] };
}

/** What stays the same over all passes of a loop. */
export interface ScanJob {
  readonly step: FlatStep;
  /** The state before the first step, for its shapes. */
  readonly state: readonly tf.Tensor[];
  readonly data: readonly Resident[];
  /** Where a runner keeps what it makes of the data; not its own. */
  readonly store: DataStore;
  readonly numSamples: number;
  readonly batchSize: number;
  /** How many passes there will be: whether it pays to prepare. */
  readonly passes: number;
  /** Whether each pass has an order of its own. */
  readonly isOrdered: boolean;
}

/** A batch: the samples order[start], …, order[end − 1]. */
export type BatchRange = readonly [start: number, end: number];

/** What comes of some steps; the caller's. */
export interface Ran {
  readonly state: readonly tf.Tensor[];
  /** [steps, …] each. */
  readonly outputs: readonly tf.Tensor[];
}

/** Steps, prepared to run. */
export interface Session {
  /** How many steps one call may take without holding up the event loop. */
  readonly chunk: number;
  /** Steps over these batches, one after the other, from a state that stays the caller's. */
  run(state: readonly tf.Tensor[], order: Int32Array | undefined, batches: readonly BatchRange[]): Ran;
  close(): void;
}

/** Who carries out steps: it prepares a job once, and runs it many times. */
export type Runner = (job: ScanJob) => Promise<Session>;

let runner: Runner = eagerRunner;

/** Puts another runner in the place of the eager one; `softmax-regression/node` does, with native graphs. */
export function provideRunner(provided: Runner): void {
  runner = provided;
}

/** Multiply-adds that a backend of plain JavaScript does in some 80 ms, gradients included: what one chunk may take. */
const WORK_OF_A_CHUNK = 1.4e7;
/** What a step costs beside its multiply-adds, in their unit: some half a millisecond. */
const WORK_OF_A_STEP = 1e5;

/** Step after step, as tfjs does it: on every backend. */
export async function eagerRunner({ step, state, data, batchSize, numSamples }: ScanJob): Promise<Session> {
  const arrays = await readWhereSlicingIsSlow(data);
  const numState = state.reduce((sum, { size }) => sum + size, 0);
  // As if each number of the state met each sample of the batch: right for dense layers.
  const work = Math.min(batchSize, numSamples) * numState + WORK_OF_A_STEP;
  return {
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
            // Clones: a step may hand on what it got, which is disposed below.
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

/** Outputs of all steps lie in one tensor, also that of a shorter last batch. */
export function assertSameType(output: tf.Tensor, first: tf.Tensor, where: string): void {
  if (formatType(output) === formatType(first)) return;
  throw new ShapeError({
    where,
    argument: 'the output of a step',
    expected: `have the same shape and type each time, ${formatType(first)}`,
    actual: formatType(output),
    hint: 'The last batch may be shorter: return a mean or a sum over the batch.',
  });
}

/** Chunks after one another; what steps must not differ in is seen to here, too. */
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

export interface LoopOptions {
  readonly batchSize: number;
  /** How many passes there will be: whether it pays to prepare. */
  readonly passes: number;
  /** Whether passes have orders of their own. */
  readonly isOrdered: boolean;
}

/** What some steps of a pass gave; its tensors live until the next chunk is asked for. */
export interface PassChunk<State, Output> {
  /** Steps done in this pass, and how many there are. */
  readonly step: number;
  readonly steps: number;
  /** The state after these steps. */
  readonly state: State;
  /** Outputs of the steps of this chunk, [steps of the chunk, …] each. */
  readonly outputs: Output;
  /** How many samples each step of this chunk had. */
  readonly batchSizes: readonly number[];
}

/** A loop that is ready to run. */
export interface Loop<State, Output> {
  readonly numSamples: number;
  /**
   * One pass over the samples, chunk by chunk, from a state that need not outlive the first chunk; or the rest of one, of which
   * `done` steps are done.
   */
  pass(
    state: State,
    order?: Int32Array,
    signal?: AbortSignal,
    done?: number,
  ): AsyncGenerator<PassChunk<State, Output>, void, void>;
  close(): void;
}

/**
 * Prepares a loop.
 *
 * @param initial for its shapes
 * @param shared where copies of the data are kept for the next loop over them; the caller disposes it
 */
export async function openLoop<State extends object, D extends Data, Output extends object>(
  step: ScanStep<State, D, Output>,
  initial: State,
  data: D,
  { batchSize, passes, isOrdered }: LoopOptions,
  shared?: DataStore,
): Promise<Loop<State, Output>> {
  assertPositiveInteger(batchSize, 'scan', 'batchSize');
  const { arrays, numSamples, batch } = flattenData(data, 'scan');
  const start = flatten(initial, 'scan', 'state');
  const flat = new StepOnLists(step.name || 'step', step as unknown as AnyStep, start, batch);
  const ranges = batchRanges(numSamples, batchSize);
  const store = shared ?? new DataStore();
  const free = () => {
    if (shared === undefined) store.dispose();
  };
  const job = { step: flat, state: tensorsOf(start), data: arrays, store, numSamples, batchSize, passes, isOrdered };
  const session = await runner(job).catch((error) => {
    free();
    throw error;
  });
  async function* pass(from: State, order?: Int32Array, signal?: AbortSignal, done = 0) {
    let state: readonly tf.Tensor[] = tensorsOf(flatten(from, 'scan', 'state')).map((tensor) => tensor.clone());
    try {
      for (let first = done; first < ranges.length; first += session.chunk) {
        const batches = ranges.slice(first, first + session.chunk);
        const ran = session.run(state, order, batches);
        tf.dispose(state as tf.Tensor[]);
        state = ran.state;
        try {
          yield {
            ...{ step: first + batches.length, steps: ranges.length },
            state: unflatten(start.structure, state) as State,
            outputs: unflatten(flat.outputStructure, ran.outputs) as Output,
            batchSizes: batches.map(([start, end]) => end - start),
          };
        } finally {
          tf.dispose(ran.outputs as tf.Tensor[]);
        }
        await nextTask();
        signal?.throwIfAborted();
      }
    } finally {
      tf.dispose(state as tf.Tensor[]);
    }
  }
  return {
    numSamples,
    pass,
    close() {
      session.close();
      free();
    },
  };
}

type AnyStep = (state: unknown, batch: unknown) => unknown;

/** A step as its runner sees it, its results held to what they must be. */
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
    const expected = `have the tensors of the state: ${names(start)}`;
    return new ShapeError({ where, argument, expected, actual: names(next) });
  }
  return new ShapeError({
    where,
    argument: `${argument}${before.path}`,
    expected: `be ${formatType(before.tensor)}, as before the step`,
    actual: formatType(after.tensor),
  });
}
