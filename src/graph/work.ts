// graph: how much work a recording is, from its shapes alone.
import { isNarrowMatMul } from './narrow-matmul.js';
import type { NativeTensor } from './native-backend.js';
import type { RecordedKernel, Recording } from './record.js';

/** Nanoseconds on a machine that is nobody's: what counts is that chunks of steps have alike lengths. */
const COST = { kernel: 4000, element: 1, multiplyAdd: 0.12, narrowMultiplyAdd: 0.04 } as const;

/** Nominal nanoseconds of a chunk of steps, three times what they take on two cores of 2.6 GHz: elsewhere they may, too. */
const CHUNK = 100e6;

/** How many runs of a recording one native call may take without holding up the event loop. */
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

/** Of products: the geometric mean of the sizes of two matrices and their product is what their inner loops turn. */
function multiplyAdds({ op, inputs, outputs }: RecordedKernel): number {
  const isProduct = /MatMul|Einsum/.test(op);
  const isConvolution = /Conv/.test(op);
  if ((!isProduct && !isConvolution) || inputs.length < 2) return 0;
  const product = Math.sqrt(sizeOf(inputs[0]) * sizeOf(inputs[1]) * sizeOf(outputs[0]));
  // An image meets each of its filters at many places: some times as much.
  return isConvolution ? 4 * product : product;
}

function sizeOf({ shape }: NativeTensor): number {
  return shape.reduce((a, b) => a * b, 1);
}
