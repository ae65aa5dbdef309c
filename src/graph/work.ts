// graph: estimates the work of a recording from its shapes.

import { SOFTMAX_GRADIENT } from '../nn/fused.js';
import type { GraphEngine } from './graph-def.js';
import { isNarrowMatMul } from './narrow-matmul.js';
import type { NativeTensor } from './native-backend.js';
import type { RecordedKernel, Recording } from './record.js';

/**
 * Nominal nanoseconds; only ratios matter. They equalise the lengths of chunks. `gradient` stands for the loop too, which
 * takes as long as the small kernels that this one replaces.
 */
const COST = { kernel: 4000, gradient: 40_000, element: 1, multiplyAdd: 0.12, narrowMultiplyAdd: 0.04 } as const;

/**
 * Nominal nanoseconds per chunk. Two cores of 2.6 GHz take a third of it; slower machines have that margin. A call of XLA
 * copies the state, and its steps take a tenth of the nominal time.
 */
const CHUNK: Readonly<Record<GraphEngine, number>> = { graph: 1e8, xla: 1e9 };

/** Bytes of the outputs of a chunk, for which XLA reserves room. */
const LARGEST_OUTPUTS = 2 ** 26;

/**
 * Number of runs of a recording per native call, limited so that the event loop is not blocked for long. The first
 * `numState` of its outputs are the next state.
 */
export function runsOfAChunk(body: Recording, numState: number, engine: GraphEngine): number {
  const bytes = 4 * sum(body.outputs.slice(numState).map(sizeOf));
  return Math.max(1, Math.floor(Math.min(CHUNK[engine] / workOf(body), LARGEST_OUTPUTS / bytes)));
}

/**
 * XLA saves about half of the time of a step and needs about a second to compile it. It replaces our own kernel for
 * products with few columns, which is faster than XLA.
 */
const XLA = {
  /** Fewest steps. */
  steps: 2000,
  /** Least nominal nanoseconds of all steps: a few seconds. */
  work: 1e10,
} as const;

/** The reason why XLA would not save time in this number of steps, or undefined if it would. */
export function whyXlaIsSlower(recording: Recording, steps: number): string | undefined {
  if (steps < XLA.steps) return `it saves time from ${XLA.steps} full batches on, and these are ${steps}`;
  if (workOf(recording) * steps < XLA.work) {
    return 'the steps are too short: to compile them takes longer than to run them';
  }
  return isMostlyNarrow(recording) ? 'the kernel for products with few columns is faster' : undefined;
}

/**
 * Whether TensorFlow should run the kernels one after the other, in their recorded order. Where our own kernel does much
 * of the work, kernels are short and depend on each other, and a second thread between them only moves data between
 * cores. Other steps, such as those of a network, have kernels that run side by side.
 */
export function runsInSequence(recording: Recording): boolean {
  return isMostlyNarrow(recording);
}

function isMostlyNarrow(recording: Recording): boolean {
  const narrow = sum(recording.kernels.filter((each) => isNarrowMatMul(each) || isGradient(each)).map(workOfKernel));
  return narrow > NARROW_SHARE * workOf(recording);
}

/** Whether a kernel of ours computes the gradient of a softmax regression: two products, with few columns. */
function isGradient({ op }: RecordedKernel): boolean {
  return op === SOFTMAX_GRADIENT;
}

/** Share of our own kernel for products with few columns in the work of a step. */
const NARROW_SHARE = 0.25;

function workOf({ kernels }: Recording): number {
  return sum(kernels.map(workOfKernel));
}

function workOfKernel(kernel: RecordedKernel): number {
  if (isGradient(kernel)) {
    const [features, { shape }] = kernel.inputs;
    return COST.gradient + 2 * COST.narrowMultiplyAdd * sizeOf(features) * shape[1];
  }
  if (isNarrowMatMul(kernel)) return COST.kernel + COST.narrowMultiplyAdd * multiplyAdds(kernel);
  const elements = sum([...kernel.inputs, ...kernel.outputs].map(sizeOf));
  return COST.kernel + COST.element * elements + COST.multiplyAdd * multiplyAdds(kernel);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** Multiply-adds of a product [n, k]·[k, m]: √(nk · km · nm) = nkm. */
function multiplyAdds({ op, inputs, outputs }: RecordedKernel): number {
  const isProduct = /MatMul|Einsum/.test(op);
  const isConvolution = /Conv/.test(op);
  if ((!isProduct && !isConvolution) || inputs.length < 2) return 0;
  const product = Math.sqrt(sizeOf(inputs[0]) * sizeOf(inputs[1]) * sizeOf(outputs[0]));
  // A convolution applies each filter at many positions; 4 is a rough factor.
  return isConvolution ? 4 * product : product;
}

function sizeOf({ shape }: NativeTensor): number {
  return shape.reduce((a, b) => a * b, 1);
}
