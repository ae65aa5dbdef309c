// graph: how much work a recording is, from its shapes alone.
import type { RecordedKernel, Recording } from './record.js';

/** Nanoseconds on a machine that is nobody's: what counts is that chunks of steps have alike lengths. */
const COST = { kernel: 4000, element: 1, multiplyAdd: 0.12 } as const;

/** Nominal nanoseconds of a chunk of steps: on slow machines it may take three times as long, and still end within 100 ms. */
const CHUNK = 30e6;

/** How many runs of a recording one native call may take without holding up the event loop. */
export function runsOfAChunk(recording: Recording): number {
  return Math.max(1, Math.floor(CHUNK / workOf(recording)));
}

function workOf({ kernels, inputs, variables, constants }: Recording): number {
  const shapes = new Map<number, readonly number[]>();
  for (const { id, shape } of [...inputs, ...variables, ...constants]) shapes.set(id, shape);
  let work = 0;
  for (const kernel of kernels) {
    for (const { id, shape } of kernel.outputs) shapes.set(id, shape);
    const ins = kernel.inputs.map((id) => shapes.get(id) ?? []);
    const elements = [...ins, ...kernel.outputs.map(({ shape }) => shape)].reduce(
      (sum, shape) => sum + sizeOf(shape),
      0,
    );
    work += COST.kernel + COST.element * elements + COST.multiplyAdd * multiplyAdds(kernel, ins);
  }
  return work;
}

/** Of products: the geometric mean of the sizes of two matrices and their product is what their inner loops turn. */
function multiplyAdds({ op, outputs }: RecordedKernel, inputs: readonly (readonly number[])[]): number {
  const [a, b] = inputs.map(sizeOf);
  const c = sizeOf(outputs[0].shape);
  if (/MatMul|Einsum/.test(op)) return Math.sqrt(a * b * c);
  // Each output looks through a filter, or each filter weight is a sum over outputs: never more than this.
  if (/Conv/.test(op)) return Math.sqrt(a * b * c) * 4;
  return 0;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
