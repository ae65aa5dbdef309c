// compile: which native kernels a tfjs function runs, autograd included, as a list.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';
import { type Binding, type NativeAttribute, type NativeTensor, nativeBackend } from './native-backend.js';

/** A tensor that JavaScript made while the function ran: a number in the function's text, a shape. */
export interface RecordedConstant {
  readonly kind: 'constant';
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly values: ArrayBufferView;
}

export interface RecordedKernel {
  readonly kind: 'kernel';
  readonly op: string;
  readonly attributes: readonly NativeAttribute[];
  readonly inputs: readonly number[];
  readonly outputs: readonly NativeTensor[];
}

export interface Recording {
  /** In the order in which they ran. */
  readonly steps: readonly (RecordedConstant | RecordedKernel)[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * Runs `fn` once on example tensors and writes down every kernel that it runs, with its real shapes.
 *
 * @param fn a pure function of its tensors: what it reads besides is refused, what JavaScript computes in it is frozen
 * @returns kernels, constants, and the ids of the tensors that go in and come out; the tensors themselves are gone
 * @throws BackendError if `fn` reads a value, or uses a tensor that it did not get
 */
export function record(fn: (...inputs: tf.Tensor[]) => tf.Tensor[], inputs: readonly tf.Tensor[]): Recording {
  const backend = nativeBackend();
  const real = backend.binding;
  const inputIds = backend.getInputTensorIds(inputs);
  const steps: (RecordedConstant | RecordedKernel)[] = [];
  const known = new Set(inputIds);
  // An id that is deleted may be given out again; held back until the end, each id means one tensor.
  const deleted: number[] = [];
  const recording: Partial<Binding> = {
    executeOp(op, attributes, ids, numOutputs) {
      for (const id of ids) if (!known.has(id)) throw refused(`a tensor captured from outside, in ${op}`);
      const outputs = real.executeOp(op, attributes, ids, numOutputs);
      for (const { id } of outputs) known.add(id);
      steps.push({ kind: 'kernel', op, attributes, inputs: [...ids], outputs });
      return outputs;
    },
    createTensor(shape, dtype, values) {
      if (!ArrayBuffer.isView(values)) throw refused('a tensor of strings');
      const id = real.createTensor(shape, dtype, values);
      known.add(id);
      steps.push({ kind: 'constant', id, shape: [...shape], dtype, values: copyOf(values) });
      return id;
    },
    deleteTensor: (id) => void deleted.push(id),
    tensorDataSync: () => {
      throw refused('reading the value of a tensor');
    },
  };
  backend.binding = forwarding(real, recording);
  try {
    let outputIds: number[] = [];
    tf.tidy(() => {
      outputIds = backend.getInputTensorIds(fn(...inputs));
    });
    return { steps, inputs: inputIds, outputs: outputIds };
  } finally {
    backend.binding = real;
    for (const id of deleted) real.deleteTensor(id);
  }
}

/** The addon's object cannot be changed, so another one stands in front of it. */
function forwarding(real: Binding, own: Partial<Binding>): Binding {
  const get = (_: object, key: PropertyKey) => {
    if (key in own) return own[key as keyof Binding];
    const value: unknown = real[key as keyof Binding];
    return typeof value === 'function' ? value.bind(real) : value;
  };
  return new Proxy({}, { get }) as Binding;
}

function copyOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

function refused(actual: string): BackendError {
  const hint = 'Pass every tensor as an argument, and keep the decision in tensors (tf.where).';
  return new BackendError({
    where: 'record',
    argument: 'a recorded function',
    expected: 'be a pure function of tensors',
    actual,
    hint,
  });
}
