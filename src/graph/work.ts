// graph: estimates the work of a recording from its shapes.
import { isNarrowMatMul } from './narrow-matmul.js';
import type { NativeTensor } from './native-backend.js';
import type { RecordedKernel, Recording } from './record.js';

/** Nominal nanoseconds; only ratios matter. They equalise the lengths of chunks. */
const COST = { kernel: 4000, element: 1, multiplyAdd: 0.12, narrowMultiplyAdd: 0.04 } as const;

/** Nominal nanoseconds per chunk. Two cores of 2.6 GHz take a third of it; slower machines have that margin. */
const CHUNK = 100e6;

/** Number of runs of a recording per native call, limited so that the event loop is not blocked for long. */
export function runsOfAChunk(recording: Recording): number {
  return Math.max(1, Math.floor(CHUNK / workOf(recording)));
}

function workOf({ kernels }: Recording): number {
  return kernels.reduce((work, kernel) => {
    if (isNarrowMatMul(kernel)) return work + COST.kernel + COST.narrowMultiplyAdd * multiplyAdds(kernel);
    const elements = [...kernel.inputs, ...kernel.outputs].reduce((sum, tensor) => sum + sizeOf(tensor), 0);
    return work + COST.kernel + COST.element * elements + COST.multiplyAdd * multiplyAdds(kernel);
  }, 0);
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
