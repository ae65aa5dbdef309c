// Kernels that gather or scatter by index, and random kernels.
import * as tf from '@tensorflow/tfjs';
import { bools, call, floats, gradients, indices, ints, type KernelCall, matrix } from './make.js';

const labels = indices([2, 0, 2, 1], [4]);

/** tfjs-node's GatherV2 checks that the indices are in range. */
export const reading: KernelCall[] = [
  call('GatherV2', 'rows', [floats([3, 2]), labels], (x, rows) => tf.gather(x, rows)),
  call('GatherV2', 'columns', [ints([2, 3]), labels], (x, columns) => tf.gather(x, columns, 1)),
  call('GatherV2', 'indices of rank 2', [floats([3, 2]), indices([0, 2, 1, 1], [2, 2])], (x, rows) =>
    tf.gather(x, rows),
  ),
  call('GatherV2', 'a batch axis', [floats([2, 3, 2]), indices([0, 2, 1, 1], [2, 2])], (x, rows) =>
    tf.gather(x, rows, 1, 1),
  ),
  call('GatherV2', 'the same constant twice', [floats([3, 2])], (x) => {
    const rows = tf.tensor1d([2, 0, 2, 1], 'int32');
    return tf.gather(x, rows).add(tf.gather(x.square(), rows));
  }),
  call('GatherV2', 'computed indices', [floats([3, 4])], (x) => tf.gather(x, tf.argMax(x, 0))),
  call('UnsortedSegmentSum', 'gradient of gather', [floats([3, 2]), labels], (x, rows) =>
    gradients((x: tf.Tensor2D) => tf.gather(x, rows))(x),
  ),
  call('UnsortedSegmentSum', 'gradient of gather, columns', [floats([2, 3]), labels], (x, columns) =>
    gradients((x: tf.Tensor2D) => tf.gather(x, columns, 1))(x),
  ),
  call('UnsortedSegmentSum', 'gradient', [floats([4, 2]), labels], (x, segments) =>
    gradients((x: tf.Tensor2D) => tf.unsortedSegmentSum(x, segments, 3))(x),
  ),
].map((each) => ({ ...each, reads: true }));

export const sampling: KernelCall[] = [
  call('Multinomial', 'rank 1', [floats([4])], (x) => tf.multinomial(x, 5)),
  call('Multinomial', 'rank 2, a seed', [floats([2, 4])], (x) => tf.multinomial(x, 5, 3)),
].map((each) => ({ ...each, random: true }));

export const indexing: KernelCall[] = [
  ...(['float32', 'int32', 'complex64'] as const).map((type) =>
    call('UnsortedSegmentSum', type, [matrix(type), indices([2, 0], [2])], (x, segments) =>
      tf.unsortedSegmentSum(x, segments as tf.Tensor1D, 4),
    ),
  ),
  call('ScatterNd', 'indices that repeat', [indices([1, 1, 3], [3, 1]), floats([3, 2])], (indices, updates) =>
    tf.scatterND(indices, updates, [4, 2]),
  ),
  call('GatherNd', 'given indices', [floats([2, 3, 2]), indices([1, 2, 0, 0], [2, 2])], (x, indices) =>
    tf.gatherND(x, indices),
  ),
  call('SparseToDense', 'float32', [indices([0, 1, 1, 2], [2, 2]), floats([2])], (indices, values) =>
    tf.sparseToDense(indices, values, [2, 3], -1),
  ),
  call('SparseToDense', 'int32, a scalar', [indices([0, 2], [2]), ints([])], (indices, value) =>
    tf.sparseToDense(indices, value, [4], tf.scalar(7, 'int32')),
  ),
  call('OneHot', 'rank 1', [labels], (x) => tf.oneHot(x, 3)),
  call('OneHot', 'rank 2, values, out of range', [ints([2, 3])], (x) => tf.oneHot(x, 3, 0.9, 0.05, 'float32')),
  call('OneHot', 'bool', [labels], (x) => tf.oneHot(x, 3, 1, 0, 'bool')),
  call('TopK', 'float32', [floats([2, 5])], (x) => Object.values(tf.topk(x, 3))),
  call('TopK', 'int32, one, not sorted', [ints([4], -50, 50)], (x) => Object.values(tf.topk(x, 1, false))),
  call('Unique', 'rank 1', [floats([3])], (x) => Object.values(tf.unique(tf.concat([x, x])))),
  call('Unique', 'int32, axis 1', [ints([2, 6], 0, 2)], (x) => Object.values(tf.unique(x, 1))),
  call('Unique', 'strings', [() => tf.tensor1d(['b', 'a', 'b'])], (x) => tf.unique(x).indices),
  call('Bincount', 'weights', [ints([8], 0, 6), floats([8])], (x, weights) => tf.bincount(x, weights, 5)),
  call('Bincount', 'counts', [ints([8], 0, 6)], (x) => tf.bincount(x, [], 6)),
  call('OneHot', 'confusion matrix', [labels, indices([2, 1, 2, 1], [4])], (a, b) => tf.math.confusionMatrix(a, b, 3)),
  call('Select', 'broadcast', [bools([2, 1]), floats([3]), floats([])], (c, a, b) => tf.where<tf.Tensor>(c, a, b)),
  call('Select', 'a vector of conditions', [bools([2]), floats([2, 2]), floats([2, 2])], (c, a, b) =>
    tf.where(c, a, b),
  ),
  call('Select', 'gradients', [bools([2, 3]), floats([2, 3]), floats([2, 3])], (c, ...x) =>
    gradients((a: tf.Tensor2D, b: tf.Tensor2D) => tf.where(c, a, b))(...x),
  ),
];
