// Comparison and logical kernels.
import * as tf from '@tensorflow/tfjs';
import {
  type Binary,
  bools,
  call,
  floats,
  ints,
  type KernelCall,
  LONG,
  type Make,
  matrix,
  type NumberType,
} from './make.js';

const ORDERED: readonly NumberType[] = ['float32', 'int32'];

const COMPARISONS: Readonly<Record<string, { run: Binary; types: readonly NumberType[] }>> = {
  Equal: { run: tf.equal, types: [...ORDERED, 'bool', 'complex64'] },
  Greater: { run: tf.greater, types: ORDERED },
  GreaterEqual: { run: tf.greaterEqual, types: ORDERED },
  Less: { run: tf.less, types: ORDERED },
  LessEqual: { run: tf.lessEqual, types: ORDERED },
  LogicalAnd: { run: tf.logicalAnd, types: ['bool'] },
  LogicalOr: { run: tf.logicalOr, types: ['bool'] },
  NotEqual: { run: tf.notEqual, types: [...ORDERED, 'bool', 'complex64'] },
};

export const comparisons: KernelCall[] = [
  ...Object.entries(COMPARISONS).flatMap(([kernel, { run, types }]) =>
    types.flatMap((type) => [
      call(kernel, type, [matrix(type), matrix(type)], (a, b) => [run(a, b), run(a, a)]),
      call(kernel, `${type}, broadcast`, [matrix(type), row(matrix(type))], run),
    ]),
  ),
  call('Greater', 'int32 and float32', [ints([2, 3]), floats([2, 3])], tf.greater),
  call('Equal', 'strings', [() => tf.tensor1d(['a', 'b', LONG]), () => tf.tensor1d(['a', 'a', LONG])], tf.equal),
  call('LogicalNot', 'bool', [bools([2, 3])], tf.logicalNot),
  call('LogicalAnd', 'exclusive or', [bools([2, 3]), bools([2, 3])], tf.logicalXor),
  call('IsNan', 'special values', [() => tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY, -1 / 0])], (x) => [
    tf.isNaN(x),
    tf.isInf(x),
    tf.isFinite(x),
  ]),
];

/** The first row of what `make` makes. */
function row(make: Make<tf.Tensor>): Make<tf.Tensor> {
  return (random) => tf.tidy(() => make(random).slice([0, 0], [1, -1]));
}
