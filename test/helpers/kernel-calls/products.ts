// Products of matrices.
import * as tf from '@tensorflow/tfjs';
import { type Binary, call, callGradients, complex, floats, ints, type KernelCall } from './make.js';

const TRANSPOSES = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

export const products: KernelCall[] = [
  ...TRANSPOSES.flatMap(([ta, tb]) => {
    const transposed = `${ta ? 'aᵀ' : 'a'}·${tb ? 'bᵀ' : 'b'}`;
    const multiply: Binary = (a, b) => tf.matMul(a, b, ta, tb);
    const matrices = [floats(ta ? [3, 2] : [2, 3]), floats(tb ? [4, 3] : [3, 4])] as const;
    const stacks = [floats(ta ? [2, 3, 2] : [2, 2, 3]), floats(tb ? [2, 4, 3] : [2, 3, 4])] as const;
    return [
      call('BatchMatMul', `${transposed}, rank 2`, matrices, multiply),
      call('BatchMatMul', `${transposed}, rank 3`, stacks, multiply),
      callGradients('BatchMatMul', `${transposed}, rank 2, gradients`, matrices, multiply),
      callGradients('BatchMatMul', `${transposed}, rank 3, gradients`, stacks, multiply),
      call('_FusedMatMul', transposed, [...matrices, floats([4])], (a, b, bias) =>
        tf.fused.matMul({ a, b, transposeA: ta, transposeB: tb, bias, activation: 'relu' }),
      ),
    ];
  }),
  call('BatchMatMul', 'int32', [ints([2, 3]), ints([3, 2])], (a, b) => tf.matMul(a, b)),
  call('BatchMatMul', 'complex64', [complex([2, 3]), complex([3, 2])], (a, b) => tf.matMul(a, b)),
  // For complex numbers the kernel's transpose is the adjoint: it conjugates.
  call('BatchMatMul', 'complex64, transposed', [complex([3, 2]), complex([4, 3])], (a, b) =>
    tf.matMul(a, b, true, true),
  ),
  call('BatchMatMul', 'broadcast', [floats([1, 2, 3]), floats([4, 3, 2])], (a, b) => tf.matMul(a, b)),
  call('BatchMatMul', 'rank 4', [floats([2, 1, 2, 3]), floats([2, 3, 3, 2])], (a, b) => tf.matMul(a, b)),
  call('BatchMatMul', 'no elements', [floats([0, 3]), floats([3, 2])], (a, b) => tf.matMul(a, b)),
  call('BatchMatMul', 'dot of vectors', [floats([3]), floats([3])], (a, b) => tf.dot(a, b)),
  call('BatchMatMul', 'dot of matrix and vector', [floats([2, 3]), floats([3])], (a, b) => tf.dot(a, b)),
  call('BatchMatMul', 'outer product', [floats([3]), floats([2])], (a, b) => tf.outerProduct(a, b)),
  ...(['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const).map((activation) =>
    call('_FusedMatMul', activation, [floats([2, 3]), floats([3, 4]), floats([4])], (a, b, bias) =>
      tf.fused.matMul({ a, b, bias, activation }),
    ),
  ),
  call('_FusedMatMul', 'no bias', [floats([2, 3]), floats([3, 4])], (a, b) => tf.fused.matMul({ a, b })),
  call('_FusedMatMul', 'leaky relu', [floats([2, 3]), floats([3, 4])], (a, b) =>
    tf.fused.matMul({ a, b, activation: 'leakyrelu', leakyreluAlpha: 0.3 }),
  ),
  call('_FusedMatMul', 'prelu', [floats([2, 3]), floats([3, 4]), floats([4])], (a, b, slopes) =>
    tf.fused.matMul({ a, b, activation: 'prelu', preluActivationWeights: slopes }),
  ),
  // While a gradient is taken, tfjs runs the parts one by one.
  callGradients('BatchMatMul', 'fused, gradients', [floats([2, 3]), floats([3, 4]), floats([4])], (a, b, bias) =>
    tf.fused.matMul({ a, b, bias, activation: 'relu' }),
  ),
  call('Einsum', 'product', [floats([2, 3]), floats([3, 4])], (a, b) => tf.einsum('ij,jk->ik', a, b)),
  call('Einsum', 'stack of products', [floats([2, 2, 3]), floats([2, 3, 2])], (a, b) =>
    tf.einsum('bij,bjk->bik', a, b),
  ),
  call('Einsum', 'transpose', [floats([2, 3])], (a) => tf.einsum('ij->ji', a)),
  call('Einsum', 'trace', [floats([3, 3])], (a) => tf.einsum('ii->', a)),
  call('Einsum', 'int32', [ints([3]), ints([3])], (a, b) => tf.einsum('i,i->', a, b)),
];
