// compile: the public loop, epoch after epoch.
import * as tf from '@tensorflow/tfjs';
import { DomainError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { assertKnownOptions, assertPositiveInteger, describe } from '../core/shape.js';
import type { Data } from './arrays.js';
import { concatOutputs, type Loop, openLoop, type PassChunk, type ScanStep } from './loop.js';
import { flatten, type Structure, tensorsOf, unflatten } from './tree.js';

/** What some steps gave; its tensors are disposed when `onChunk` is done. */
export interface ScanChunk<State, Output> extends PassChunk<State, Output> {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
}

/** The order of the samples in an epoch, from 1: each index of a sample, in an Int32Array. */
export type Order = (epoch: number) => Int32Array;

/** Options of `scan`. */
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

/** What a loop of steps leaves. */
export interface ScanResult<State, Output> {
  /** After the last step. */
  readonly state: State;
  /** Outputs of all steps, [epochs · steps, …] each. */
  readonly outputs: Output;
}

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

/**
 * The same loop for one who looks at each chunk: its tensors live until the next one is asked for.
 */
export async function* scanChunks<State extends object, D extends Data, Output extends object>(
  step: ScanStep<State, D, Output>,
  initial: State,
  data: D,
  options: Omit<ScanOptions<State, Output>, 'onChunk'>,
): AsyncGenerator<ScanChunk<State, Output>, void, void> {
  const { batchSize, epochs = 1, signal, seed, order } = options;
  assertPositiveInteger(epochs, 'scan', 'epochs');
  if (seed !== undefined && order !== undefined) {
    const expected = 'be left out where seed is given';
    throw new DomainError({ where: 'scan', argument: 'order', expected, actual: 'both' });
  }
  const random = seed === undefined ? undefined : new Random(seed);
  signal?.throwIfAborted();
  const isOrdered = random !== undefined || order !== undefined;
  const loop = await openLoop(step, initial, data, { batchSize, passes: epochs, isOrdered });
  const { structure, leaves } = flatten(initial, 'scan', 'state');
  let state = leaves.map(({ tensor }) => tensor.clone());
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const indices = random?.permutation(loop.numSamples) ?? (order && checkedOrder(order, epoch, loop));
      for await (const chunk of loop.pass(unflatten(structure, state) as State, indices, signal)) {
        tf.dispose(state);
        state = tensorsOf(flatten(chunk.state, 'scan', 'state')).map((tensor) => tensor.clone());
        yield { epoch, epochs, ...chunk };
      }
    }
  } finally {
    loop.close();
    tf.dispose(state);
  }
}

/** The order of an epoch: an index of a sample for each of them. */
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
