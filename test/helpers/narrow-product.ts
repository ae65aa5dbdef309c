// A product by the package's kernel: in this process, or in a child process whose environment selects the variant.
import * as tf from '@tensorflow/tfjs';
import { NARROW_MATMUL, narrowAttributes } from '../../src/graph/narrow-matmul.js';
import { nativeBackend } from '../../src/graph/native-backend.js';
import { loadNative } from '../../src/node/native/load.js';

export interface Product {
  readonly a: Float32Array | Uint8Array;
  readonly rows: number;
  readonly columns: number;
  readonly b: Float32Array;
  readonly n: number;
  readonly transposed?: 'a' | 'b';
  readonly list?: Int32Array;
  readonly factor?: number;
}

/** By the package's kernel, called like TensorFlow's eager operations. */
export function product({ a, rows, columns, b, n, transposed, list, factor = 1 }: Product): Float32Array {
  const { binding } = nativeBackend();
  const { TF_FLOAT, TF_INT32, TF_UINT8 } = binding;
  const summed = transposed === 'a' ? (list?.length ?? rows) : columns;
  const type = a instanceof Uint8Array ? TF_UINT8 : TF_FLOAT;
  const inputs = [
    binding.createTensor([rows, columns], type, a),
    binding.createTensor(transposed === 'b' ? [n, summed] : [summed, n], TF_FLOAT, b),
  ];
  if (list !== undefined) inputs.push(binding.createTensor([list.length], TF_INT32, list));
  const options = { type, transposeA: transposed === 'a', transposeB: transposed === 'b', factor };
  const attributes = narrowAttributes({ ...options, numRowLists: list === undefined ? 0 : 1 });
  try {
    const [{ id }] = binding.executeOp(NARROW_MATMUL, attributes, inputs, 1);
    inputs.push(id);
    return Float32Array.from(binding.tensorDataSync(id) as Float32Array);
  } finally {
    for (const id of inputs) binding.deleteTensor(id);
  }
}

/** Reads products as JSON from standard input, and writes their values. */
async function answer(): Promise<void> {
  let input = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) input += chunk;
  await loadNative();
  await tf.setBackend('tensorflow');
  const products = JSON.parse(input) as (Product & { readonly bytes: boolean })[];
  const results = products.map(({ bytes, a, b, ...rest }) => {
    const values = bytes ? Uint8Array.from(a) : Float32Array.from(a);
    return Array.from(product({ ...rest, a: values, b: Float32Array.from(b) }));
  });
  console.log(JSON.stringify(results));
}

if (require.main === module) void answer();
