// graph: selects the products with few columns that our own kernel computes: see src/kernels/narrow-matmul.cc.
import { passes } from '../nn/fused.js';
import { type Binding, type NativeAttribute, nativeBackend } from './native-backend.js';
import type { RecordedKernel } from './record.js';

export const NARROW_MATMUL = 'SoftmaxRegressionNarrowMatMul';

/** Our kernel is faster up to this number of columns. The choice depends on shapes only, never on a timing. */
const MOST_COLUMNS = 20;

/** Smaller factors use TensorFlow's kernel. */
const LEAST_ELEMENTS = 4096;

/**
 * Whether a recorded kernel is a product of two float matrices, as MatMul or in the form of tfjs-node, with few columns
 * and a long first factor.
 */
export function isNarrowMatMul({ op, attributes, inputs, outputs }: RecordedKernel): boolean {
  if (op !== 'BatchMatMulV2' && op !== 'MatMul') return false;
  const { TF_FLOAT } = nativeBackend().binding;
  const [{ shape, dtype }] = outputs;
  const isSet = (...names: string[]) => attributes.some(({ name, value }) => names.includes(name) && value === true);
  const areBothTransposed = isSet('adj_x', 'transpose_a') && isSet('adj_y', 'transpose_b');
  if (shape.length !== 2 || dtype !== TF_FLOAT || areBothTransposed) return false;
  const size = inputs[0].shape.reduce((a, b) => a * b, 1);
  return shape[1] >= 1 && shape[1] <= MOST_COLUMNS && size >= LEAST_ELEMENTS && hasNarrowMatMul();
}

const known = new WeakMap<Binding, boolean>();

/**
 * Whether the current addon has the kernel, with correct results. An addon from tfjs-node's own installer lacks it. The
 * kernel is not used on a GPU.
 */
export function hasNarrowMatMul(): boolean {
  const backend = nativeBackend();
  const { binding } = backend;
  const found = known.get(binding) ?? (!backend.isUsingGpuDevice && computesRightly(binding));
  known.set(binding, found);
  return found;
}

/** Tests [[1, 2, 3], [4, 5, 6]]·[[1, 0], [0, 1], [1, −1]], also with either factor transposed and from scaled bytes. */
function computesRightly(binding: Binding): boolean {
  const { TF_FLOAT, TF_INT32, TF_UINT8 } = binding;
  return passes(binding, (keep, floats) => {
    const bytes = (shape: number[], ...values: number[]) =>
      keep(binding.createTensor(shape, TF_UINT8, Uint8Array.from(values)));
    const product = (inputs: number[], options: NarrowMatMul) => {
      const [{ id }] = binding.executeOp(NARROW_MATMUL, narrowAttributes(options), inputs, 1);
      return Array.from(binding.tensorDataSync(keep(id)) as Float32Array).join();
    };
    const b = floats([3, 2], 1, 0, 0, 1, 1, -1);
    const turned = floats([2, 3], 1, 0, 1, 0, 1, -1);
    const rows = keep(binding.createTensor([2], TF_INT32, Int32Array.of(2, 0)));
    const last = bytes([3, 3], 8, 10, 12, 0, 0, 0, 2, 4, 6);
    const products = [
      product([floats([2, 3], 1, 2, 3, 4, 5, 6), b], { type: TF_FLOAT }),
      product([floats([3, 2], 1, 4, 2, 5, 3, 6), b], { type: TF_FLOAT, transposeA: true }),
      product([bytes([3, 2], 1, 4, 2, 5, 3, 6), b], { type: TF_UINT8, transposeA: true }),
      product([last, turned, rows], { type: TF_UINT8, transposeB: true, factor: 0.5, numRowLists: 1 }),
    ];
    return products.every((values) => values === '4,-1,10,-1');
  });
}

export interface NarrowMatMul {
  /** TensorFlow's type code of the first factor: bytes or float32. */
  readonly type: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Scale of the product. */
  readonly factor?: number;
  /** 1 if a third input lists row indices of the first, otherwise 0. */
  readonly numRowLists?: number;
}

/** The attributes of the operation. */
export function narrowAttributes({
  type,
  transposeA = false,
  transposeB = false,
  factor = 1,
  numRowLists = 0,
}: NarrowMatMul): NativeAttribute[] {
  const { TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_ATTR_INT, TF_ATTR_TYPE } = nativeBackend().binding;
  return [
    { name: 'T', type: TF_ATTR_TYPE, value: type },
    { name: 'N', type: TF_ATTR_INT, value: numRowLists },
    { name: 'transpose_a', type: TF_ATTR_BOOL, value: transposeA },
    { name: 'transpose_b', type: TF_ATTR_BOOL, value: transposeB },
    { name: 'factor', type: TF_ATTR_FLOAT, value: factor },
  ];
}
