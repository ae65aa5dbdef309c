// compile: a loop of steps over batches, chunk by chunk; here eagerly, on any backend.
import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { assertKnownOptions, assertPositiveInteger, describe } from '../core/shape.js';
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
import { resultOf } from './compile.js';
import { type Flat, flatten, formatType, type Structure, tensorsOf, unflatten } from './tree.js';

/** A step on lists of tensors: state and batch in, new state and outputs out. */
export interface FlatStep {
  readonly name: string;
  run(state: readonly tf.Tensor[], batch: readonly tf.Tensor[]): { state: tf.Tensor[]; outputs: tf.Tensor[] };
}

/** What stays the same over all epochs of a loop. */
export interface ScanJob {
  readonly step: FlatStep;
  /** The state before the first step, for its shapes. */
  readonly state: readonly tf.Tensor[];
  readonly data: readonly Resident[];
  /** Where a runner keeps what it makes of the data; not its own. */
  readonly store: DataStore;
  readonly numSamples: number;
  readonly batchSize: number;
  /** How many epochs there will be: whether it pays to prepare. */
  readonly epochs: number;
  /** Whether each epoch has an order of its own. */
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

export interface ScanChunk<State, Output> {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, and how many there are. */
  readonly step: number;
  readonly steps: number;
  /** The state after these steps; it is disposed when `onChunk` is done. */
  readonly state: State;
  /** Outputs of the steps of this chunk, [steps of the chunk, …] each; they are disposed when `onChunk` is done. */
  readonly outputs: Output;
  /** How many samples each step of this chunk had. */
  readonly batchSizes: readonly number[];
}

/** The order of the samples in an epoch, from 1: each index of a sample, in an Int32Array. */
export type Order = (epoch: number) => Int32Array;

export interface ScanOptions<State, Output> {
  /** Samples of a step; the last batch of an epoch may be shorter. */
  readonly batchSize: number;
  /** Passes over the samples. Default 1. */
  readonly epochs?: number;
  /** A new order of the samples for each epoch, from this seed, an integer in [0, 2³²); in their own order unless given. */
  readonly seed?: number;
  /** The order of the samples in each epoch, where no seed decides it. */
  readonly order?: Order;
  /** Ends the loop with the signal's reason as error. */
  readonly signal?: AbortSignal;
  /** After each chunk of steps; a promise is waited for. */
  readonly onChunk?: (chunk: ScanChunk<State, Output>) => void | Promise<void>;
}

export interface ScanResult<State, Output> {
  /** After the last step. */
  readonly state: State;
  /** Outputs of all steps, [epochs · steps, …] each. */
  readonly outputs: Output;
}

/** A training step, or any other: a pure function of tensors, nested in arrays and plain objects as you like. */
export type ScanStep<State extends object, D extends Data, Output extends object> = (
  state: State,
  batch: Batch<D>,
) => readonly [state: State, output: Output];

/**
 * A loop: `step` from state to state, over batches of samples.
 *
 *   state, outputᵢ ← step(state, batchᵢ),  i = 1, 2, …
 *
 * On TensorFlow (`softmax-regression/node`) the step is recorded, and many run in one native call, gathering their
 * batches themselves: bytes stay bytes until they are in a batch. On other backends step follows step. The numbers are
 * the same; what `compile` refuses is refused here as well.
 *
 * Steps run in chunks that end within some 100 ms, their number computed from shapes; in between, timers and `signal`
 * have their turn.
 *
 * @param step called with the tensors of the state and of a batch; returns the new state, of the same structure, shapes
 *   and types, and an output, `{}` for none
 * @param state stays the caller's
 * @param data arrays and tensors whose first axis counts samples; they stay the caller's, unchanged until the loop ends
 * @returns the last state, and the outputs stacked; the caller disposes them
 * @throws BackendError if the step cannot be recorded; ShapeError if a state or output changes its shape
 * @throws DomainError if an option or the data are not as they must be
 * @example
 * const sum = (total: tf.Scalar, x: tf.Tensor1D) => [total.add<tf.Scalar>(x.sum()), x.sum()] as const;
 * const { state, outputs } = await scan(sum, tf.scalar(0), Float32Array.of(1, 2, 3, 4, 5), { batchSize: 2 });
 * // state 15, outputs [3, 7, 5]
 */
export async function scan<State extends object, D extends Data, Output extends object>(
  step: ScanStep<State, D, Output>,
  state: State,
  data: D,
  options: ScanOptions<State, Output>,
): Promise<ScanResult<State, Output>> {
  assertKnownOptions(options, ['batchSize', 'epochs', 'seed', 'order', 'signal', 'onChunk'], 'scan');
  let last: tf.Tensor[] = [];
  let structures: readonly [state: Structure, output: Structure] | undefined;
  const outputs: (readonly tf.Tensor[])[] = [];
  try {
    for await (const chunk of scanChunks(step, state, data, options)) {
      const [newState, newOutputs] = [flatten(chunk.state, 'scan', 'state'), flatten(chunk.outputs, 'scan', 'outputs')];
      tf.dispose(last);
      last = tensorsOf(newState).map((tensor) => tensor.clone());
      outputs.push(tensorsOf(newOutputs).map((tensor) => tensor.clone()));
      structures = [newState.structure, newOutputs.structure];
      await options.onChunk?.(chunk);
    }
    const [stateStructure, outputStructure] = structures as readonly [Structure, Structure];
    const whole = tf.tidy(() => concatOutputs(outputs, step.name || 'step'));
    return {
      state: unflatten(stateStructure, last) as State,
      outputs: unflatten(outputStructure, whole) as Output,
    };
  } catch (error) {
    tf.dispose(last);
    throw error;
  } finally {
    tf.dispose(outputs as tf.Tensor[][]);
  }
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

/**
 * The same loop for one who looks at each chunk: its tensors live until the next one is asked for.
 *
 * @param shared where copies of the data are kept for the next loop over them; the caller disposes it
 */
export async function* scanChunks<State extends object, D extends Data, Output extends object>(
  step: ScanStep<State, D, Output>,
  initial: State,
  data: D,
  options: Omit<ScanOptions<State, Output>, 'onChunk'>,
  shared?: DataStore,
): AsyncGenerator<ScanChunk<State, Output>, void, void> {
  const { batchSize, epochs = 1, signal } = options;
  assertPositiveInteger(batchSize, 'scan', 'batchSize');
  assertPositiveInteger(epochs, 'scan', 'epochs');
  const name = step.name || 'step';
  const { arrays, numSamples, batch } = flattenData(data, 'scan');
  const nextOrder = orderOf(options, numSamples);
  const start = flatten(initial, 'scan', 'state');
  const flat = new StepOnLists(name, step as unknown as AnyStep, start, batch);
  signal?.throwIfAborted();

  let state: readonly tf.Tensor[] = tensorsOf(start).map((tensor) => tensor.clone());
  const store = shared ?? new DataStore();
  let session: Session | undefined;
  try {
    const isOrdered = nextOrder !== undefined;
    session = await runner({ step: flat, state, data: arrays, store, numSamples, batchSize, epochs, isOrdered });
    const ranges = batchRanges(numSamples, batchSize);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const order = nextOrder?.(epoch);
      for (let first = 0; first < ranges.length; first += session.chunk) {
        const batches = ranges.slice(first, first + session.chunk);
        const ran = session.run(state, order, batches);
        tf.dispose(state as tf.Tensor[]);
        state = ran.state;
        try {
          yield {
            ...{ epoch, epochs, step: first + batches.length, steps: ranges.length },
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
    }
  } finally {
    session?.close();
    if (shared === undefined) store.dispose();
    tf.dispose(state as tf.Tensor[]);
  }
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
    const result: unknown = this.step(unflatten(this.start.structure, state), this.batch(batch));
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

/** The order of each epoch, checked; undefined where samples are taken as they lie. */
function orderOf({ seed, order }: Pick<ScanOptions<never, never>, 'seed' | 'order'>, n: number): Order | undefined {
  if (seed !== undefined && order !== undefined) {
    throw new DomainError({
      where: 'scan',
      argument: 'order',
      expected: 'be left out where seed is given',
      actual: 'both',
    });
  }
  if (seed !== undefined) {
    const random = new Random(seed);
    return () => random.permutation(n);
  }
  if (order === undefined) return undefined;
  return (epoch) => {
    const indices = order(epoch);
    if (indices?.[Symbol.toStringTag] !== 'Int32Array' || indices.length !== n) {
      const expected = `return an Int32Array of ${n} indices`;
      throw new DomainError({ where: 'scan', argument: 'order', expected, actual: describe(indices) });
    }
    const wrong = indices.findIndex((index) => index < 0 || index >= n);
    if (wrong < 0) return indices;
    const [argument, expected] = [`order(${epoch})[${wrong}]`, `be in [0, ${n})`];
    throw new DomainError({ where: 'scan', argument, expected, actual: String(indices[wrong]) });
  };
}
