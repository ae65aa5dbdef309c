// graph: NaN in the largest and smallest of numbers, which XLA ignores and TensorFlow's kernels return.
import type { GraphDef, WriteConstant } from './graph-def.js';
import { nativeBackend } from './native-backend.js';
import type { RecordedKernel } from './record.js';

/**
 * Adds what a kernel lacks on XLA: NaN if one of its numbers is NaN.
 *
 * @param name the node of the kernel
 * @returns the node of its result
 */
export function keepNaN(
  graph: GraphDef,
  name: string,
  { op, attributes, outputs: [{ dtype }] }: RecordedKernel,
  inputs: readonly string[],
  writeConstant: WriteConstant,
): string {
  const { TF_FLOAT, TF_INT32 } = nativeBackend().binding;
  if (graph.engine !== 'xla' || dtype !== TF_FLOAT) return name;
  const T = { type: dtype };
  const findNaN = (part: string, of: string) => graph.node(`${name}/${part}/isNaN`, 'IsNan', [of], { T });
  const select = (part: string, condition: string, yes: string, no: string) =>
    graph.node(`${name}/${part}`, 'SelectV2', [condition, yes, no], { T });
  switch (op) {
    case 'Maximum':
    case 'Minimum': {
      const [a, b] = inputs;
      return select('first', findNaN('first', a), a, select('second', findNaN('second', b), b, name));
    }
    case 'Max':
    case 'Min': {
      const [x, axes] = inputs;
      const keepsAxes = attributes.some(({ name, value }) => name === 'keep_dims' && value === true);
      const reduction = { Tidx: { type: TF_INT32 }, keep_dims: { bool: keepsAxes } };
      const any = graph.node(`${name}/any`, 'Any', [findNaN('x', x), axes], reduction);
      const values = new Uint8Array(Float32Array.of(NaN).buffer);
      return select('kept', any, writeConstant(`${name}/NaN`, { dtype, shape: [], values }), name);
    }
    default:
      return name;
  }
}
