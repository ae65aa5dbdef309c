// graph: records the native kernels that a tfjs function runs, autograd included.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';
import { RANK_SUM } from '../nn/rank-sum.js';
import {
  type Binding,
  formatNative,
  type NativeAttribute,
  type NativeTensor,
  nativeBackend,
} from './native-backend.js';
import { withRecordableKernels } from './recordable-kernels.js';
import { callerOutside } from './source-line.js';

/** A tensor that the function captured or created from JavaScript values, such as a number or a shape in its code. */
export interface RecordedConstant extends NativeTensor {
  readonly values: Uint8Array;
  /** Where it was created. The stack is formatted only on access. */
  readonly origin: Error;
}

export interface RecordedKernel {
  readonly op: string;
  readonly attributes: readonly NativeAttribute[];
  readonly inputs: readonly NativeTensor[];
  readonly outputs: readonly NativeTensor[];
}

/** A variable that the function reads; each run uses its current value. */
export interface RecordedVariable extends NativeTensor {
  readonly variable: tf.Variable;
}

export interface Recording {
  /** In order of execution. */
  readonly kernels: readonly RecordedKernel[];
  readonly constants: readonly RecordedConstant[];
  readonly inputs: readonly NativeTensor[];
  readonly variables: readonly RecordedVariable[];
  readonly outputs: readonly NativeTensor[];
}

/** Kernels that cannot be recorded: they draw random numbers, or have side effects on each run. */
const REFUSED: Readonly<Record<string, string>> = {
  Multinomial: 'which draws random numbers',
};

/** The attributes for a run that only shows shapes: it does not wait for other processes. */
function aloneIn(op: string, attributes: readonly NativeAttribute[]): readonly NativeAttribute[] {
  if (op !== RANK_SUM) return attributes;
  return attributes.map((each) => (each.name === 'address' ? { ...each, value: 0 } : each));
}

let recording = false;

/** Whether a recording is in progress. Compiled functions called by it then run eagerly. */
export function isRecording(): boolean {
  return recording;
}

/**
 * Runs `fn` on copies of the given tensors and records every kernel with its actual shapes. It runs `fn` twice and
 * compares the runs to detect values that change.
 *
 * The backend is restored afterwards, also if `fn` throws.
 *
 * @param fn a pure function of tensors; values that it computes in JavaScript become constants
 * @throws BackendError if it reads a value, draws random numbers, assigns or creates a variable, uses strings, or runs
 *   different kernels the second time
 */
export function record(
  name: string,
  fn: (inputs: readonly tf.Tensor[]) => tf.Tensor[],
  inputs: readonly tf.Tensor[],
): Recording {
  if (inputs.some(({ dtype }) => dtype === 'string')) throw impure(name, 'an argument of strings', NO_STRINGS);
  const first = recordOnce(name, fn, inputs);
  assertSame(name, first, recordOnce(name, fn, inputs));
  return first;
}

function recordOnce(
  name: string,
  fn: (inputs: readonly tf.Tensor[]) => tf.Tensor[],
  inputs: readonly tf.Tensor[],
): Recording {
  const backend = nativeBackend();
  const { binding: real } = backend;
  const backendName = tf.getBackend();
  const { assign } = tf.Variable.prototype;
  const { stackTraceLimit } = Error;
  const kernels: RecordedKernel[] = [];
  const constants: RecordedConstant[] = [];
  /** Every tensor of the recording, by its id. */
  const known = new Map<number, NativeTensor>();
  // TensorFlow may reuse a deleted id. Deletion is deferred to the end, so that each id is one tensor.
  const deleted: number[] = [];
  let refusal: BackendError | undefined;
  const refuse = (actual: string, hint: string, origin = new Error()): BackendError => {
    refusal ??= impure(name, actual, hint, origin);
    return refusal;
  };
  const addConstant = (tensor: NativeTensor, values: ArrayBufferView) => {
    constants.push({ ...tensor, values: bytesOf(values), origin: new Error() });
    known.set(tensor.id, tensor);
  };
  /** The tensor of an id. A tensor from outside becomes a constant unless it is a variable. */
  const tensorOf = (id: number): NativeTensor => {
    const variable = variables.recorded.get(id);
    if (variable !== undefined) known.set(id, variable);
    else if (!known.has(id)) {
      const alias = aliasOf(real, id);
      // If two tensors share strings, the addon frees the characters with the first of them.
      if (alias.dtype === real.TF_STRING) throw refuse('a captured tensor of strings', NO_STRINGS);
      deleted.push(alias.id);
      addConstant({ ...alias, id }, real.tensorDataSync(id) as ArrayBufferView);
    }
    return known.get(id) as NativeTensor;
  };
  let readsLater = false;
  const recorder: Partial<Binding> = {
    executeOp(op, attributes, ids, numOutputs) {
      if (op in REFUSED) throw refuse(`kernel ${op}, ${REFUSED[op]}`, 'Draw random numbers outside, and pass them.');
      const inputs = ids.map(tensorOf);
      const outputs = real.executeOp(op, aloneIn(op, attributes), ids, numOutputs);
      for (const output of outputs) known.set(output.id, output);
      if (outputs.length === 0) throw refuse(`kernel ${op}, which only has a side effect`, 'Call it outside.');
      kernels.push({ op, attributes, inputs, outputs });
      return outputs;
    },
    createTensor(shape, dtype, values) {
      // Checked before creation: otherwise tfjs-node would lack the id to free.
      if (!ArrayBuffer.isView(values)) throw refuse('a tensor of strings', NO_STRINGS);
      const id = real.createTensor(shape, dtype, values);
      addConstant({ id, shape: [...shape], dtype }, values);
      return id;
    },
    deleteTensor: (id) => void deleted.push(id),
    tensorDataSync(id) {
      const hint =
        'Keep the decision in tensors, with tf.where(condition, a, b) instead of if; or read after the call.';
      const error = refuse('reading the value of a tensor', hint);
      // An unhandled promise must not end the process. The read succeeds, and the recording fails at its end.
      if (readsLater) return real.tensorDataSync(id);
      throw error;
    },
  };

  const examples = inputs.map((input) => aliasOf(real, backend.getInputTensorIds([input])[0]));
  for (const example of examples) known.set(example.id, example);
  const tensors = examples.map((example) => backend.createOutputTensor(example));
  const variables = new VariableCopies(backend);
  backend.binding = forwarding(real, recorder);
  backend.read = async (dataId) => {
    readsLater = true;
    try {
      return backend.readSync(dataId);
    } finally {
      readsLater = false;
    }
  };
  tf.Variable.prototype.assign = function (this: tf.Variable) {
    const hint = 'Return the new value, and assign it outside. Instead of optimizer.minimize, use tf.variableGrads.';
    throw refuse(`assigning variable ${this.name}`, hint);
  };
  Error.stackTraceLimit = 60;
  recording = true;
  try {
    let outputs: NativeTensor[] = [];
    withRecordableKernels(() =>
      tf.tidy(() => {
        const results = fn(tensors);
        if (tf.getBackend() !== backendName) throw refuse('changing the backend', 'Call tf.setBackend outside.');
        outputs = backend.getInputTensorIds(results).map(tensorOf);
      }),
    );
    const [created] = variables.created();
    if (created !== undefined) refuse(`creating variable ${created.name}`, 'Create variables outside.');
    if (refusal !== undefined) throw refusal;
    const read = [...variables.recorded.values()].filter(({ id }) => known.has(id));
    return { kernels, constants, inputs: examples, variables: read, outputs };
  } catch (error) {
    // Also if the function caught the error and continued.
    throw refusal ?? error;
  } finally {
    recording = false;
    Error.stackTraceLimit = stackTraceLimit;
    tf.Variable.prototype.assign = assign;
    Reflect.deleteProperty(backend, 'read');
    // Slots that an optimizer created before its first assignment belong to it, and still have their initial values.
    if (refusal?.actual.startsWith('assigning') !== true) tf.dispose(variables.created());
    variables.end();
    tf.dispose(tensors);
    backend.binding = real;
    for (const id of deleted) real.deleteTensor(id);
  }
}

/** The same values under a new id, without a copy. */
function aliasOf(binding: Binding, id: number): NativeTensor {
  return binding.executeOp('Identity', [], [id], 1)[0];
}

/** The variables that a recording reads, to be fed to the graph. */
export function liveVariables(where: string, { variables }: Recording): tf.Variable[] {
  return variables.map(({ variable }) => {
    if (!variable.isDisposed) return variable;
    throw new BackendError({
      where,
      argument: `captured variable ${variable.name}`,
      expected: 'be usable',
      actual: 'disposed',
      hint: 'Dispose the compiled function before its variables.',
    });
  });
}

/**
 * Gives each variable separate data during a recording, to identify it: a variable shares its data with the tensor it
 * was created from, and possibly with others.
 */
class VariableCopies {
  /** By the id of the variable's temporary data. */
  readonly recorded = new Map<number, RecordedVariable>();
  readonly #before: { readonly [name: string]: tf.Variable } = { ...tf.engine().registeredVariables };
  readonly #swapped: { readonly variable: tf.Variable; readonly dataId: object; readonly copy: tf.Tensor }[] = [];

  constructor(backend: ReturnType<typeof nativeBackend>) {
    for (const variable of Object.values(this.#before)) {
      if (variable.isDisposed || variable.dtype === 'string') continue;
      const native = aliasOf(backend.binding, backend.getInputTensorIds([variable])[0]);
      const copy = backend.createOutputTensor(native);
      this.recorded.set(native.id, { ...native, variable });
      this.#swapped.push({ variable, dataId: variable.dataId, copy });
      variable.dataId = copy.dataId;
    }
  }

  created(): tf.Variable[] {
    const { registeredVariables } = tf.engine();
    return Object.values(registeredVariables).filter((variable) => this.#before[variable.name] !== variable);
  }

  end(): void {
    for (const { variable, dataId, copy } of this.#swapped) {
      variable.dataId = dataId;
      copy.dispose();
    }
  }
}

/** The addon's object is immutable, so a new object overrides parts of it. */
function forwarding(real: Binding, own: Partial<Binding>): Binding {
  const get = (_: object, key: PropertyKey) => {
    if (key in own) return own[key as keyof Binding];
    const value: unknown = real[key as keyof Binding];
    return typeof value === 'function' ? value.bind(real) : value;
  };
  return new Proxy({}, { get }) as Binding;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

/** @throws BackendError if two runs differ in kernels, wiring or constants */
function assertSame(name: string, first: Recording, second: Recording): void {
  /** Maps ids of the first run to those of the second. */
  const twins = new Map<number, number>();
  const pair = (a: readonly NativeTensor[], b: readonly NativeTensor[]) =>
    a.forEach(({ id }, i) => void twins.set(id, b[i]?.id));
  const constants = [first, second].map((run) => new Map(run.constants.map((each) => [each.id, each])));
  const isTwin = (a: number, b: number): boolean => {
    // Constants are compared by value. A captured tensor may be created between the runs, but not before the first.
    const [one, other] = [constants[0].get(a), constants[1].get(b)];
    if (one === undefined || other === undefined) return twins.get(a) === b;
    if (formatNative(one) !== formatNative(other)) return false;
    if (Buffer.compare(one.values, other.values) === 0) return true;
    throw impure(name, `a constant ${formatNative(one)} that differs from run to run`, PASS_CHANGING, one.origin);
  };
  const areTwins = (a: readonly NativeTensor[], b: readonly NativeTensor[]) =>
    a.length === b.length && a.every(({ id }, i) => isTwin(id, b[i].id));
  pair(first.inputs, second.inputs);
  pair(first.variables, second.variables);
  const isSame = first.kernels.every(({ op, attributes, inputs, outputs }, i) => {
    const twin = second.kernels[i];
    if (twin === undefined) return false;
    pair(outputs, twin.outputs);
    const isSameKernel = op === twin.op && JSON.stringify(attributes) === JSON.stringify(twin.attributes);
    return isSameKernel && areTwins(inputs, twin.inputs);
  });
  const isSameEnd = first.kernels.length === second.kernels.length && areTwins(first.outputs, second.outputs);
  if (!isSame || !isSameEnd) throw impure(name, 'other kernels from run to run', PASS_CHANGING);
}

const NO_STRINGS = 'Use strings outside the compiled function.';

const PASS_CHANGING =
  'Random numbers, the time and counters of JavaScript would be constant in a graph: pass them as tensors.';

function impure(name: string, actual: string, hint: string, origin?: Error): BackendError {
  const line = origin && callerOutside(origin);
  return new BackendError({
    where: name,
    argument: 'a compiled function',
    expected: 'be a pure function of tensors',
    actual: line === undefined ? actual : `${actual} (${line})`,
    hint,
  });
}
