// compile: a tfjs function as one graph, where there is a backend that runs graphs; else as it is.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';
import { assertKnownOptions, assertPositiveInteger, describe } from '../core/shape.js';
import { type Flat, flatten, type Structure, tensorsOf, unflatten } from './tree.js';

/** A function of a list of tensors. */
export interface FlatFunction {
  /** What messages and graphs call it. */
  readonly name: string;
  /** Where its inputs stand among its arguments: `[0].weight`. */
  readonly inputPaths: readonly string[];
  /** What it returns may only be known after it has run: see `outputPaths`. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  /** Where the outputs of the last run stand in what it returned. */
  outputPaths(): readonly string[];
}

/** A function of tensors as one graph, loaded and ready to run. */
export interface LoadedGraph {
  /** New tensors; the caller disposes them. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  toText(): string;
  toSavedModel(): Uint8Array;
  dispose(): void;
}

/** What makes graphs for the backend in use. */
export interface Tracer {
  /** Whether it can, now: its backend is in use, and nothing else is being recorded. */
  isReady(): boolean;
  trace(fn: FlatFunction, inputs: readonly tf.Tensor[]): LoadedGraph;
}

let provided: Tracer | undefined;

/** Puts a tracer to use; `softmax-regression/node` does, with TensorFlow graphs. */
export function provideTracer(tracer: Tracer): void {
  provided = tracer;
}

/** Options of `compile`. */
export interface CompileOptions {
  /** What messages and graphs call the function; its own name unless given. */
  readonly name?: string;
  /** How many graphs are kept, one for each combination of shapes and types; the one unused for longest goes first. Default 16. */
  readonly maxGraphs?: number;
}

/** A compiled function: called like the one it was made from. */
export interface Compiled<Arguments extends readonly object[], Result extends object> {
  /** New tensors, also where the function returns one of its arguments; the caller disposes them. */
  (...args: Arguments): Result;
  /** How many graphs are kept. */
  readonly numGraphs: number;
  /** The graph for arguments of these shapes and types, one kernel on a line. */
  toText(...args: Arguments): string;
  /** The same graph as the bytes of a SavedModel, variables at their present values; `saveCompiled` writes them. */
  toSavedModel(...args: Arguments): Uint8Array;
  /** Frees the graphs. A call after that is an error. */
  dispose(): void;
  /** As `dispose`, at the end of a block that began with `using`. */
  [Symbol.dispose](): void;
}

/**
 * A tfjs function as one native graph.
 *
 * On TensorFlow (`softmax-regression/node`) the first call with each combination of structure, shapes and types runs
 * `fn` twice to record its kernels, gradients included, and loads them as one graph; every call then is one native call.
 * On other backends, inside of tf.grad, and inside of another compiled function, `fn` just runs: the same numbers.
 *
 * Captured tensors are copied into the graph; captured variables are read at every call. What cannot be recorded is
 * refused by name, with the line to change: reading a value, random numbers, time and counters, assigning a variable.
 *
 * @param fn a pure function; arguments and result are tensors, in arrays and plain objects nested as you like
 * @throws BackendError if `fn` cannot be recorded
 * @throws DomainError if something else than tensors goes in or comes out
 * @example
 * const step = compile((w: tf.Tensor, x: tf.Tensor) => tf.grad((v) => v.mul(x).square().sum())(w));
 * step(tf.scalar(3), tf.tensor1d([1, 2]))   // ∂/∂w Σ(w·x)² = 2·w·Σx² = 30
 * @see docs/compile.md
 */
export function compile<Arguments extends readonly object[], Result extends object>(
  fn: (...args: Arguments) => Result,
  options: CompileOptions = {},
): Compiled<Arguments, Result> {
  assertKnownOptions(options, ['name', 'maxGraphs'], 'compile');
  const { name = fn.name || 'a compiled function', maxGraphs = 16 } = options;
  assertPositiveInteger(maxGraphs, 'compile', 'maxGraphs');
  // In the order of their last use.
  const graphs = new Map<string, TracedFunction>();
  let disposed = false;

  const tracedFor = (inputs: Flat): TracedFunction => {
    const known = graphs.get(inputs.key);
    const traced = known ?? trace(fn, name, inputs);
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
    if (disposed) {
      throw new BackendError({ where: name, argument: 'the function', expected: 'be live', actual: 'disposed' });
    }
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
  const graph = (provided as Tracer).trace(flat, tensorsOf(inputs));
  return { graph, result: (result as Flat).structure };
}

/** As a graph would do it: new tensors, no others left. */
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
 * Runs a function that a user wrote. Where it uses a tensor that is disposed, tfjs only finds something undefined.
 *
 * @throws BackendError in that case, else what the function throws
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
      actual: 'one that is disposed',
      hint: 'A captured tensor lives at least until the first call for each shape: tf.keep it, or pass it as an argument.',
      cause,
    });
  }
}

/** What a function returned, taken apart; a promise is refused, and does not end the process if it fails later. */
export function resultOf(result: unknown, name: string): Flat {
  if (result instanceof Promise || typeof (result as Promise<unknown> | undefined)?.then === 'function') {
    (result as Promise<unknown>).then(undefined, () => {});
    throw new BackendError({
      where: name,
      argument: 'the function',
      expected: 'return tensors at once',
      actual: `a promise (${describe(result)})`,
      hint: 'Leave async and await outside: read values after the call.',
    });
  }
  return flatten(result, name, 'the result');
}

/** Whether tfjs is writing down operations for a gradient. */
function isOnTape(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

function needsTensorFlow(name: string): BackendError {
  return new BackendError({
    where: name,
    argument: 'the backend',
    expected: "be 'tensorflow', with softmax-regression/node imported",
    actual: `'${tf.getBackend()}'`,
    hint: 'On other backends a compiled function runs as it is, without a graph.',
  });
}
