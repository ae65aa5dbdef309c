// compile: a tfjs function as one graph if the backend supports graphs, otherwise run eagerly.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';
import { assertFunction, assertKnownOptions, assertOneOf, assertPositiveInteger, describe } from '../core/shape.js';
import { type Flat, flatten, type Structure, tensorsOf, unflatten } from './tree.js';

/** A function of a list of tensors. */
export interface FlatFunction {
  /** The name in messages and graphs. */
  readonly name: string;
  /** Positions of its inputs among the arguments: `[0].weight`. */
  readonly inputPaths: readonly string[];
  /** The structure of the result is known only after a run: see `outputPaths`. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  /** Positions of the outputs in the result of the last run. */
  outputPaths(): readonly string[];
}

/** A function of tensors as one loaded graph. */
export interface LoadedGraph {
  /** New tensors; the caller disposes them. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  toText(): string;
  toSavedModel(): Uint8Array;
  dispose(): void;
}

/** Creates graphs for the current backend. */
export interface Tracer {
  /** Whether its backend is in use and no other recording is in progress. */
  isReady(): boolean;
  /** @param xla whether XLA compiles the graph, if it can */
  trace(fn: FlatFunction, inputs: readonly tf.Tensor[], xla: boolean): LoadedGraph;
}

let provided: Tracer | undefined;

/** Registers a tracer; `softmax-regression/node` registers one for TensorFlow graphs. */
export function provideTracer(tracer: Tracer): void {
  provided = tracer;
}

/** Options of `compile`. */
export interface CompileOptions {
  /** The name of the function in messages and graphs. Default its own name. */
  readonly name?: string;
  /** Most graphs, one per combination of shapes and types; the least recently used one is evicted. Default 16. */
  readonly maxGraphs?: number;
  /**
   * Whether XLA compiles the graphs, on the native kernels of a CPU: the first call takes up to a second longer, later
   * ones less time. A graph that XLA cannot compile runs as with `false`; `toText` has the reason. Default false.
   */
  readonly xla?: boolean;
}

/** A compiled function, with the signature of the original. */
export interface Compiled<Arguments extends readonly object[], Result extends object> {
  /** Returns new tensors, even if the function returns one of its arguments; the caller disposes them. */
  (...args: Arguments): Result;
  /** Number of graphs in memory. */
  readonly numGraphs: number;
  /** The graph for arguments of these shapes and types, one kernel per line. */
  toText(...args: Arguments): string;
  /** The same graph as the bytes of a SavedModel, with the current values of variables; `saveCompiled` writes them. */
  toSavedModel(...args: Arguments): Uint8Array;
  /** Disposes the graphs. Later calls throw. */
  dispose(): void;
  /** Same as `dispose`; called at the end of a block that declares the function with `using`. */
  [Symbol.dispose](): void;
}

/**
 * Compiles a tfjs function into one native graph.
 *
 * On TensorFlow (`softmax-regression/node`) the first call for each combination of structure, shapes and types runs
 * `fn` twice to record its kernels, including gradients, and loads them as one graph. Each call is then one native
 * call. On other backends, inside tf.grad and inside another compiled function, `fn` runs eagerly with the same result.
 *
 * Captured tensors are copied into the graph; captured variables are read on every call. An operation that cannot be
 * recorded is an error with its name and source line: reading a value, random numbers, time and counters, assigning a
 * variable.
 *
 * @param fn a pure function; arguments and result are tensors in nested arrays and plain objects
 * @throws BackendError if `fn` cannot be recorded
 * @throws DomainError if an argument or result is not a tensor
 * @example
 * const step = compile((w: tf.Tensor, x: tf.Tensor) => tf.grad((v) => v.mul(x).square().sum())(w));
 * step(tf.scalar(3), tf.tensor1d([1, 2]))   // ∂/∂w Σ(w·x)² = 2·w·Σx² = 30
 * @see docs/compile.md
 */
export function compile<Arguments extends readonly object[], Result extends object>(
  fn: (...args: Arguments) => Result,
  options: CompileOptions = {},
): Compiled<Arguments, Result> {
  assertKnownOptions(options, ['name', 'maxGraphs', 'xla'], 'compile');
  assertFunction(fn, 'compile', 'fn');
  const { name = fn.name || 'a compiled function', maxGraphs = 16, xla = false } = options;
  assertOneOf(xla, [true, false], 'compile', 'xla');
  assertPositiveInteger(maxGraphs, 'compile', 'maxGraphs');
  // Ordered by last use.
  const graphs = new Map<string, TracedFunction>();
  let disposed = false;

  const whenDisposed = () =>
    new BackendError({ where: name, argument: 'the function', expected: 'be usable', actual: 'disposed' });
  const tracedFor = (inputs: Flat): TracedFunction => {
    const known = graphs.get(inputs.key);
    const traced = known ?? trace(fn, name, inputs, xla);
    if (disposed) {
      traced.graph.dispose();
      throw whenDisposed();
    }
    graphs.delete(inputs.key);
    graphs.set(inputs.key, traced);
    if (graphs.size > maxGraphs) {
      const [[oldest, { graph }]] = graphs;
      graphs.delete(oldest);
      graph.dispose();
    }
    return traced;
  };
  const argumentsOf = (args: Arguments): Flat => {
    if (disposed) throw whenDisposed();
    return flatten(args, name, 'arguments');
  };
  const graphFor = (args: Arguments): LoadedGraph => {
    const inputs = argumentsOf(args);
    if (provided?.isReady() !== true) throw needsTensorFlow(name);
    return tracedFor(inputs).graph;
  };

  const call = (...args: Arguments): Result => {
    const inputs = argumentsOf(args);
    if (provided?.isReady() !== true || isOnTape()) return runEagerly(fn, args, name);
    const { graph, result } = tracedFor(inputs);
    return unflatten(result, graph.run(tensorsOf(inputs))) as Result;
  };
  const dispose = () => {
    disposed = true;
    for (const { graph } of graphs.values()) graph.dispose();
    graphs.clear();
  };
  const methods = {
    toText: (...args: Arguments) => graphFor(args).toText(),
    toSavedModel: (...args: Arguments) => graphFor(args).toSavedModel(),
    dispose,
    [Symbol.dispose]: dispose,
  };
  const compiled = Object.assign(call, methods);
  Object.defineProperty(compiled, 'numGraphs', { get: () => graphs.size });
  return compiled as typeof compiled & { readonly numGraphs: number };
}

interface TracedFunction {
  readonly graph: LoadedGraph;
  readonly result: Structure;
}

function trace<Arguments extends readonly object[]>(
  fn: (...args: Arguments) => object,
  name: string,
  inputs: Flat,
  xla: boolean,
): TracedFunction {
  let result: Flat | undefined;
  const flat: FlatFunction = {
    name,
    inputPaths: inputs.leaves.map(({ path }) => path),
    run(tensors) {
      const args = unflatten(inputs.structure, tensors) as Arguments;
      result = resultOf(
        namingDisposed(name, () => fn(...args)),
        name,
      );
      return tensorsOf(result);
    },
    outputPaths: () => result?.leaves.map(({ path }) => path) ?? [],
  };
  const graph = (provided as Tracer).trace(flat, tensorsOf(inputs), xla);
  return { graph, result: (result as Flat).structure };
}

/** Runs the function with the semantics of a graph: the result is new tensors, and no other tensors remain. */
function runEagerly<Arguments extends readonly object[], Result extends object>(
  fn: (...args: Arguments) => Result,
  args: Arguments,
  name: string,
): Result {
  return tf.tidy(() => {
    const result = resultOf(
      namingDisposed(name, () => fn(...args)),
      name,
    );
    const copies = tensorsOf(result).map((tensor) => tensor.clone());
    return unflatten(result.structure, copies) as tf.TensorContainer;
  }) as Result;
}

/**
 * Runs a user's function. If it uses a disposed tensor, tfjs fails with a TypeError about undefined.
 *
 * @throws BackendError in that case, otherwise the function's own error
 */
export function namingDisposed<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (!(cause instanceof TypeError) || !/moveData/.test(cause.stack ?? '')) throw cause;
    throw new BackendError({
      where: name,
      argument: 'the function',
      expected: 'use live tensors only',
      actual: 'a disposed tensor',
      hint: 'Captured tensors must live until the first call for each shape: use tf.keep, or pass them as arguments.',
      cause,
    });
  }
}

/** Flattens the result of a function. A promise is rejected with an error, and its own failure is ignored. */
export function resultOf(result: unknown, name: string): Flat {
  if (result instanceof Promise || typeof (result as Promise<unknown> | undefined)?.then === 'function') {
    (result as Promise<unknown>).then(undefined, () => {});
    throw new BackendError({
      where: name,
      argument: 'the function',
      expected: 'return tensors, not a promise',
      actual: `a promise (${describe(result)})`,
      hint: 'Use async and await outside the function, and read values after the call.',
    });
  }
  return flatten(result, name, 'the result');
}

/** Whether tfjs is recording operations for a gradient. */
function isOnTape(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

function needsTensorFlow(name: string): BackendError {
  return new BackendError({
    where: name,
    argument: 'the backend',
    expected: "be 'tensorflow', with softmax-regression/node imported and selectBackend() awaited",
    actual: `'${tf.getBackend()}'`,
    hint: 'On other backends a compiled function runs eagerly, without a graph.',
  });
}
