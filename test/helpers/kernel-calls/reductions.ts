// Kernels that sum, or reduce otherwise, over axes.
import * as tf from '@tensorflow/tfjs';
import { call, callGradients, complex, floats, ints, type KernelCall, matrix, type NumberType } from './make.js';

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const REDUCTIONS: Readonly<Record<string, { run: Reduction; types: readonly NumberType[]; gradient: boolean }>> = {
  All: { run: tf.all, types: ['bool'], gradient: false },
  Any: { run: tf.any, types: ['bool'], gradient: false },
  Max: { run: tf.max, types: ['float32', 'int32'], gradient: true },
  Mean: { run: tf.mean, types: ['float32', 'int32', 'bool', 'complex64'], gradient: true },
  Min: { run: tf.min, types: ['float32', 'int32'], gradient: true },
  Prod: { run: tf.prod, types: ['float32', 'int32', 'bool', 'complex64'], gradient: true },
  Sum: { run: tf.sum, types: ['float32', 'int32', 'bool', 'complex64'], gradient: true },
};

const AXES: Readonly<Record<string, number | number[] | undefined>> = {
  'all axes': undefined,
  'axis 0': 0,
  'axis −1': -1,
  'axes 0 and 1': [0, 1],
  'no axis': [],
};

export const reductions: KernelCall[] = [
  ...Object.entries(REDUCTIONS).flatMap(([kernel, { run, types, gradient }]) => [
    ...types.flatMap((type) =>
      Object.entries(AXES).map(([variant, axis]) =>
        call(kernel, `${type}, ${variant}`, [matrix(type)], (x) => run(x, axis)),
      ),
    ),
    call(kernel, 'kept axes', [matrix(types[0])], (x) => run(x, 1, true)),
    ...(gradient
      ? Object.entries(AXES)
          // The gradient of tf.prod (4.22) does not know negative axes.
          .filter(([, axis]) => kernel !== 'Prod' || axis !== -1)
          .map(([variant, axis]) =>
            callGradients(kernel, `gradient, ${variant}`, [floats([2, 3])], (x) => run(x, axis)),
          )
      : []),
  ]),
  call('Sum', 'rank 5, axes 0, 2, 4', [floats([2, 3, 2, 1, 2])], (x) => tf.sum(x, [0, 2, 4])),
  call('Max', 'rank 3, axes −1, 0', [floats([2, 3, 2])], (x) => tf.max(x, [-1, 0], true)),
  ...(['float32', 'int32', 'bool'] as const).flatMap((type) => [
    call('ArgMax', type, [matrix(type)], (x) => [tf.argMax(x), tf.argMax(x, -1)]),
    call('ArgMin', type, [matrix(type)], (x) => [tf.argMin(x), tf.argMin(x, 1)]),
  ]),
  ...(['float32', 'int32', 'complex64'] as const).flatMap((type) => [
    call('Cumsum', type, [matrix(type)], (x) => [tf.cumsum(x), tf.cumsum(x, 1, true), tf.cumsum(x, -1, false, true)]),
    call('Cumprod', type, [matrix(type)], (x) => [
      tf.cumprod(x),
      tf.cumprod(x, 1, true),
      tf.cumprod(x, -1, false, true),
    ]),
  ]),
  callGradients('Cumsum', 'gradient, exclusive', [floats([2, 3])], (x) => tf.cumsum(x, 1, true)),
  callGradients('Cumsum', 'gradient, reversed', [floats([2, 3])], (x) => tf.cumsum(x, 1, false, true)),
  call('AddN', 'float32', [floats([2, 3]), floats([2, 3]), floats([2, 3])], (...x) => tf.addN(x)),
  call('AddN', 'int32', [ints([2, 3]), ints([2, 3])], (...x) => tf.addN(x)),
  call('AddN', 'complex64', [complex([2, 3]), complex([2, 3])], (...x) => tf.addN(x)),
  callGradients('AddN', 'gradients', [floats([3]), floats([3])], (...x) => tf.addN(x)),
];
