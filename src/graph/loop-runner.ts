// graph: a loop of steps, recorded, loaded into TensorFlow and run many steps at a time.
import type * as tf from '@tensorflow/tfjs';
import type { Ran } from '../compile/loop.js';
import type { BatchRange } from '../data/batches.js';
import type { GraphEngine } from './graph-def.js';
import { type BorrowedSession, borrowSession } from './load.js';
import { type Loop, type LoopSignature, loopModel } from './loop.js';
import { type NativeTensor, nativeBackend } from './native-backend.js';
import { liveVariables } from './record.js';
import { type ValueCheck, valueChecks, withoutChecks } from './value-checks.js';

/** A step, recorded with the shapes of a batch. */
export interface RecordedLoop extends Loop {
  /** The name of the step in messages. */
  readonly name: string;
}

/** The loop in TensorFlow. */
export interface LoadedLoop {
  readonly session: BorrowedSession;
  readonly recorded: RecordedLoop;
  readonly signature: LoopSignature;
  readonly checks: readonly ValueCheck[];
}

/** An array of samples: its id in TensorFlow, or the caller's tensor, which has a new id once another backend used it. */
export type NativeArray = number | tf.Tensor;

export function loadLoop(recorded: RecordedLoop, engine: GraphEngine): LoadedLoop {
  const checks = engine === 'xla' ? valueChecks(recorded.body) : [];
  const { bytes, signature } = loopModel(recorded, engine, checks);
  return { session: borrowSession(recorded.name, bytes), recorded, signature, checks };
}

/**
 * Runs steps over these batches in sequence; with none, TensorFlow only compiles the loop.
 *
 * @throws BackendError if a value breaks a check
 */
export function runLoop(
  { session, signature, checks, recorded: { name, body, numState } }: LoadedLoop,
  arrays: readonly NativeArray[],
  state: readonly tf.Tensor[],
  order: Int32Array | undefined,
  batches: readonly BatchRange[],
): Ran {
  const backend = nativeBackend();
  const { binding } = backend;
  const int32 = (shape: readonly number[], values: Int32Array) => binding.createTensor(shape, binding.TF_INT32, values);
  const own = [int32([], Int32Array.of(batches[0]?.[0] ?? 0)), int32([], Int32Array.of(batches.length))];
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
  const created = outputs.map((output) => backend.createOutputTensor(output));
  const tensors = withoutChecks(name, checks, created);
  const numOutputs = tensors.length - numState;
  return { outputs: tensors.slice(0, numOutputs), state: tensors.slice(numOutputs) };
}
