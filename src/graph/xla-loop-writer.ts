// graph: the loop around recorded kernels, in the form that XLA compiles as one program.
import type { ResidentRows } from './body.js';
import type { ConstantTensor } from './graph-def.js';
import { int32, type LoopShape, type LoopVariable, LoopWriter, SMALL_CONSTANT_BYTES } from './loop-writer.js';
import { type NativeTensor, nativeBackend } from './native-backend.js';

/**
 * XLA has no arrays of changing length and none of our own kernels. The outputs are rows of one tensor with room for
 * the largest number of batches, and the rows that were written are cut out after the program.
 */
export class XlaLoopWriter extends LoopWriter {
  readonly #most: number;

  constructor(loop: LoopShape & { readonly most: number }) {
    super(loop, 'xla');
    this.#most = loop.most;
  }

  override residentRows(): ResidentRows | undefined {
    return undefined;
  }

  override outputVariable(name: string, { dtype, shape }: NativeTensor): LoopVariable {
    const T = { type: dtype };
    const size = [this.#most, ...shape];
    const dims = this.graph.constant(`${name}/size`, int32([size.length], ...size));
    const zero = this.graph.constant(`${name}/zero`, zeroOf(dtype));
    const start = this.graph.node(`${name}/start`, 'Fill', [dims, zero], { T, index_type: INT });
    return this.variable(name, start, dtype);
  }

  override write(output: LoopVariable, { dtype, shape }: NativeTensor, value: string): void {
    const { name, now } = output;
    const T = { type: dtype };
    const size = this.loopConstant(`${name}/row/size`, int32([shape.length + 1], 1, ...shape));
    const row = this.graph.node(`${name}/row`, 'Reshape', [value, size], { T, Tshape: INT });
    const zeros = shape.map((_, axis) => this.loopConstant(`${name}/row/zero${axis}`, int32([], 0)));
    const at = this.#pack(`${name}/row/at`, [this.counter, ...zeros]);
    const update = { T, Tindices: INT };
    this.next(output, this.graph.node(`${name}/write`, 'XlaDynamicUpdateSlice', [now, row, at], update));
  }

  override stack({ name }: LoopVariable, { dtype, shape }: NativeTensor): string {
    const all = this.graph.output(`${name}/all`, `${name}/exit`, dtype);
    return this.graph.outside(() => {
      const begin = this.graph.constant(`${name}/begin`, int32([shape.length + 1], 0, ...shape.map(() => 0)));
      const sizes = shape.map((size, axis) => this.graph.constant(`${name}/size${axis}`, int32([], size)));
      const size = this.#pack(`${name}/cut/size`, ['count', ...sizes]);
      return this.graph.node(`${name}/cut`, 'Slice', [all, begin, size], { T: { type: dtype }, Index: INT });
    });
  }

  override end({ name, dtype }: LoopVariable): string {
    return this.graph.output(`${name}/last`, `${name}/exit`, dtype);
  }

  /** Large constants are inputs of the program: XLA would copy them into its code. */
  override loopConstant(name: string, constant: ConstantTensor): string {
    if (constant.values.byteLength <= SMALL_CONSTANT_BYTES) return super.loopConstant(name, constant);
    this.graph.outside(() => this.graph.constant(name, constant));
    return this.enter(`${name}/in`, name, constant.dtype, 'invariant');
  }

  #pack(name: string, parts: readonly string[]): string {
    return this.graph.node(name, 'Pack', parts, { T: INT, N: { int: parts.length }, axis: { int: 0 } });
  }
}

/** TensorFlow's type code of int32. */
const INT = { type: 3 };

function zeroOf(dtype: number): ConstantTensor {
  const { TF_BOOL, TF_COMPLEX64 } = nativeBackend().binding;
  const bytes = dtype === TF_BOOL ? 1 : dtype === TF_COMPLEX64 ? 8 : 4;
  return { dtype, shape: [], values: new Uint8Array(bytes) };
}
