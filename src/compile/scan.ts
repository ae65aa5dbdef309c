// compile: the public loop over epochs.
import * as tf from '@tensorflow/tfjs';
import { DomainError } from '../core/errors.js';
import { Random } from '../core/random.js';
import {
  assertFunction,
  assertKnownOptions,
  assertOneOf,
  assertPositiveInteger,
  assertSignal,
  describe,
} from '../core/shape.js';
import { nextTask } from '../core/task.js';
import { type Data, DataStore } from './arrays.js';
import { BackendInUse } from './backend-in-use.js';
import { concatOutputs, type Loop, openLoop, type PassChunk, type ScanEngine, type ScanStep } from './loop.js';
import { flatten, type Structure, tensorsOf, unflatten } from './tree.js';

/** The result of some steps; its tensors are disposed when `onChunk` returns. */
export interface ScanChunk<State, Output> extends PassChunk<State, Output> {
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** What runs the full batches. */
  readonly engine: ScanEngine;
}

/** The order of the samples in an epoch, counted from 1: every sample index, in an Int32Array. */
export type Order = (epoch: number) => Int32Array;

/** Options of `scan`. */
export interface ScanOptions<State, Output> {
  /** Samples per step; the last batch of an epoch may be shorter. */
  readonly batchSize: number;
  /** Passes over the samples. Default 1. */
  readonly epochs?: number;
  /** Seed of a new sample order for each epoch, an integer in [0, 2³²). Default the order of the data. */
  readonly seed?: number;
  /** The order of the samples in each epoch, instead of `seed`. */
  readonly order?: Order;
  /**
   * Whether XLA compiles the steps, on the native kernels of a CPU. `'auto'`: if that saves time, by shapes and number
   * of steps. Steps that XLA cannot compile run as with `false`; `engine` of the result has the reason. Default
   * `'auto'`.
   */
  readonly xla?: boolean | 'auto';
  /** Called before XLA compiles the steps, which takes about a second without timers; a promise is awaited. */
  readonly onCompile?: () => void | Promise<void>;
  /** Ends the loop with the reason of the signal as its error. */
  readonly signal?: AbortSignal;
  /** Called after each chunk of steps; a promise is awaited. */
  readonly onChunk?: (chunk: ScanChunk<State, Output>) => void | Promise<void>;
}

/** The result of a loop. */
export interface ScanResult<State, Output> {
  /** After the last step. */
  readonly state: State;
  /** Outputs of all steps, [epochs · steps, …] each. */
  readonly outputs: Output;
  /** What ran the full batches. */
  readonly engine: ScanEngine;
}

/**
 * Runs `step` in a loop over batches of samples.
 *
 *   state, outputᵢ ← step(state, batchᵢ),  i = 1, 2, …
 *
 * On TensorFlow (`softmax-regression/node`) the step is recorded, and one native call runs many steps and gathers
 * their batches; bytes stay bytes until they are in a batch. Other backends run the steps one by one. The numbers are
 * the same, and so are the restrictions of `compile`.
 *
 * Steps run in chunks of about 100 ms at most, with a length computed from the shapes. Timers and `signal` are handled
 * between chunks.
 *
 * @param step called with the tensors of the state and of a batch; returns the new state, with the same structure,
 *   shapes and types, and an output, `{}` for none
 * @param state the caller keeps ownership
 * @param data arrays and tensors whose first axis counts the samples; the caller keeps ownership and must not change
 *   them before the loop ends
 * @returns the last state, and the outputs stacked; the caller disposes them
 * @throws BackendError if the step cannot be recorded, or if other code changes the backend before the loop ends;
 *   ShapeError if a state or output changes its shape
 * @throws DomainError if an option or the data are invalid
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
  const known = ['batchSize', 'epochs', 'seed', 'order', 'xla', 'onCompile', 'signal', 'onChunk'];
  assertKnownOptions(options, known, 'scan');
  assertFunction(step, 'scan', 'step');
  assertSignal(options.signal, 'scan');
  for (const name of ['order', 'onCompile', 'onChunk'] as const) {
    if (options[name] !== undefined) assertFunction(options[name], 'scan', name);
  }
  if (options.xla !== undefined) assertOneOf(options.xla, [true, false, 'auto'], 'scan', 'xla');
  const backend = new BackendInUse('scan', options.signal);
  return backend.run(() => runScan(step, state, data, options, backend));
}

async function runScan<State extends object, D extends Data, Output extends object>(
  step: ScanStep<State, D, Output>,
  state: State,
  data: D,
  options: ScanOptions<State, Output>,
  backend: BackendInUse,
): Promise<ScanResult<State, Output>> {
  let last: tf.Tensor[] = [];
  let engine: ScanEngine | undefined;
  let structures: readonly [state: Structure, output: Structure] | undefined;
  const outputs: (readonly tf.Tensor[])[] = [];
  try {
    for await (const chunk of scanChunks(step, state, data, options, backend)) {
      backend.assertSame();
      const [newState, newOutputs] = [flatten(chunk.state, 'scan', 'state'), flatten(chunk.outputs, 'scan', 'outputs')];
      tf.dispose(last);
      last = tensorsOf(newState).map((tensor) => tensor.clone());
      outputs.push(tensorsOf(newOutputs).map((tensor) => tensor.clone()));
      structures = [newState.structure, newOutputs.structure];
      engine = chunk.engine;
      await options.onChunk?.(chunk);
    }
    backend.assertSame();
    const [stateStructure, outputStructure] = structures as readonly [Structure, Structure];
    const whole = tf.tidy(() => concatOutputs(outputs, step.name || 'step'));
    return {
      state: unflatten(stateStructure, last) as State,
      outputs: unflatten(outputStructure, whole) as Output,
      engine: engine as ScanEngine,
    };
  } catch (error) {
    backend.dispose(last);
    throw error;
  } finally {
    backend.dispose(outputs as tf.Tensor[][]);
  }
}

/** The same loop as a generator of chunks. The tensors of a chunk are disposed when the next one is requested. */
export async function* scanChunks<State extends object, D extends Data, Output extends object>(
  step: ScanStep<State, D, Output>,
  initial: State,
  data: D,
  options: Omit<ScanOptions<State, Output>, 'onChunk'>,
  backend: BackendInUse,
): AsyncGenerator<ScanChunk<State, Output>, void, void> {
  const { batchSize, epochs = 1, signal, seed, order, xla = 'auto', onCompile } = options;
  assertPositiveInteger(epochs, 'scan', 'epochs');
  if (seed !== undefined && order !== undefined) {
    const expected = 'be omitted if `seed` is set';
    throw new DomainError({ where: 'scan', argument: 'order', expected, actual: 'both' });
  }
  const random = seed === undefined ? undefined : new Random(seed);
  signal?.throwIfAborted();
  const isOrdered = random !== undefined || order !== undefined;
  const store = new DataStore(backend);
  let isAnnounced = false;
  const beforeCompiling = async () => {
    if (!isAnnounced) await onCompile?.();
    isAnnounced = true;
    // A task of its own, so that a message appears before the compilation blocks this thread.
    await nextTask();
    backend.assertSame();
    signal?.throwIfAborted();
  };
  const plan = { batchSize, passes: epochs, isOrdered, xla, beforeCompiling };
  const loop = await openLoop(step, initial, data, plan, store).catch((error) => {
    store.dispose();
    throw error;
  });
  const { structure, leaves } = flatten(initial, 'scan', 'state');
  let state: tf.Tensor[] = [];
  try {
    backend.assertSame();
    signal?.throwIfAborted();
    state = leaves.map(({ tensor }) => tensor.clone());
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const indices = random?.permutation(loop.numSamples) ?? (order && checkedOrder(order, epoch, loop));
      for await (const chunk of loop.pass(unflatten(structure, state) as State, indices, signal)) {
        backend.assertSame();
        tf.dispose(state);
        state = tensorsOf(flatten(chunk.state, 'scan', 'state')).map((tensor) => tensor.clone());
        yield { epoch, epochs, engine: loop.engine, ...chunk };
      }
    }
  } finally {
    loop.close();
    store.dispose();
    backend.dispose(state);
  }
}

/** The order of an epoch, checked: one sample index per sample. */
function checkedOrder(order: Order, epoch: number, { numSamples }: Pick<Loop<never, never>, 'numSamples'>): Int32Array {
  const indices = order(epoch);
  if (indices?.[Symbol.toStringTag] !== 'Int32Array' || indices.length !== numSamples) {
    const expected = `return an Int32Array of ${numSamples} indices`;
    throw new DomainError({ where: 'scan', argument: 'order', expected, actual: describe(indices) });
  }
  const wrong = indices.findIndex((index) => index < 0 || index >= numSamples);
  if (wrong < 0) return indices;
  const [argument, expected] = [`order(${epoch})[${wrong}]`, `be in [0, ${numSamples})`];
  throw new DomainError({ where: 'scan', argument, expected, actual: String(indices[wrong]) });
}
