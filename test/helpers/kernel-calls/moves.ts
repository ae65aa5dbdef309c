// Kernels that move numbers: shapes, slices, casts.
import * as tf from '@tensorflow/tfjs';
import {
  call,
  callGradients,
  floats,
  indices,
  ints,
  type KernelCall,
  matrix,
  type NumberType,
  pairs,
  type Result,
} from './make.js';

const TYPES: readonly NumberType[] = ['float32', 'int32', 'bool', 'complex64'];

/** Functions that move numbers of any type. */
const MOVES: Readonly<Record<string, Readonly<Record<string, (x: tf.Tensor) => Result>>>> = {
  BatchToSpaceND: { crops: (x) => tf.batchToSpaceND(x.reshape([6, 1, 1]), [2], pairs(0, 1)) },
  Concat: { 'axis 0': (x) => tf.concat([x, x]), 'axis −1': (x) => tf.concat([x, x, x], -1) },
  Diag: { 'rank 2': (x) => tf.diag(x) },
  ExpandDims: { 'axis 0': (x) => tf.expandDims(x), 'axis −1': (x) => tf.expandDims(x, -1) },
  GatherNd: {
    elements: (x) => tf.gatherND(x, tf.tensor2d([0, 1, 1, 2], [2, 2], 'int32')),
    rows: (x) => tf.gatherND(x, tf.tensor2d([1, 0, 1], [3, 1], 'int32')),
  },
  GatherV2: { 'constant indices': (x) => tf.gather(x, tf.tensor1d([1, 0, 1], 'int32')) },
  MirrorPad: {
    reflect: (x) => tf.mirrorPad(x, pairs(1, 0, 1, 2), 'reflect'),
    symmetric: (x) => tf.mirrorPad(x, pairs(2, 1, 0, 3), 'symmetric'),
  },
  Pack: { 'axis 0': (x) => tf.stack([x, x]), 'axis −1': (x) => tf.stack([x, x, x], -1), one: (x) => tf.stack([x]) },
  PadV2: { zeros: (x) => tf.pad(x, pairs(1, 0, 2, 1)) },
  Reshape: {
    'to rank 1': (x) => x.reshape([6]),
    'to rank 4': (x) => x.reshape([1, 3, 1, 2]),
    squeeze: (x) => tf.squeeze(x.reshape([1, 6, 1])),
  },
  Reverse: { 'all axes': (x) => tf.reverse(x), 'axis 1': (x) => tf.reverse(x, 1) },
  ScatterNd: { rows: (x) => tf.scatterND(tf.tensor2d([3, 1], [2, 1], 'int32'), x, [4, 3]) },
  Select: { itself: (x) => tf.where(tf.tensor2d([1, 0, 1, 0, 0, 1], [2, 3], 'bool'), x, tf.reverse(x)) },
  Slice: {
    'to the end': (x) => tf.slice(x, [0, 1]),
    'size −1': (x) => tf.slice(x, [1, 0], [-1, 2]),
    none: (x) => tf.slice(x, [1, 1], [0, 2]),
  },
  SpaceToBatchND: { paddings: (x) => tf.spaceToBatchND(x.reshape([1, 6, 1]), [4], pairs(1, 1)) },
  SplitV: { equal: (x) => tf.split(x, 3, 1), sizes: (x) => tf.split(x, [1, 2], -1), one: (x) => tf.split(x, 1) },
  StridedSlice: {
    strides: (x) => tf.stridedSlice(x, [0, 0], [2, 3], [1, 2]),
    backwards: (x) => tf.stridedSlice(x, [1, 2], [0, 0], [-1, -1], 2, 2),
    masks: (x) => tf.stridedSlice(x, [0, 1], [1, 2], [1, 1], 1, 1, 0, 0, 2),
    'ellipsis and new axis': (x) => tf.stridedSlice(x, [0, 0, 0], [1, 1, 2], [1, 1, 1], 0, 0, 1, 2, 0),
  },
  TensorScatterUpdate: { rows: (x) => tf.tensorScatterUpdate(x, tf.tensor2d([1, 0], [2, 1], 'int32'), x) },
  Tile: { twice: (x) => tf.tile(x, [2, 3]), broadcastTo: (x) => tf.broadcastTo(x, [2, 2, 3]) },
  Transpose: { 'rank 2': (x) => tf.transpose(x), 'rank 4': (x) => tf.transpose(x.reshape([1, 2, 3, 1]), [2, 0, 3, 1]) },
  Unpack: { 'axis 0': (x) => tf.unstack(x), 'axis −1': (x) => tf.unstack(x, -1) },
};

/** The calls of these that tfjs-node 4.22 does not support. */
const IMMOVABLE = new Set([
  'BatchToSpaceND bool',
  'BatchToSpaceND complex64',
  'SpaceToBatchND bool',
  'SpaceToBatchND complex64',
  'PadV2 complex64',
  'Diag bool',
]);

export const moves: KernelCall[] = [
  ...Object.entries(MOVES).flatMap(([kernel, variants]) =>
    TYPES.filter((type) => !IMMOVABLE.has(`${kernel} ${type}`)).flatMap((type) =>
      Object.entries(variants).map(([variant, run]) => call(kernel, `${type}, ${variant}`, [matrix(type)], run)),
    ),
  ),
  ...TYPES.flatMap((from) =>
    TYPES.filter((to) => to !== 'complex64').map((to) =>
      call('Cast', `${from} to ${to}`, [matrix(from)], (x) => tf.cast(x, to)),
    ),
  ),
  call('PadV2', 'a value', [floats([2, 3, 1])], (x) => tf.pad(x, pairs(0, 1, 1, 0, 2, 2), 0.5)),
  call('DepthToSpace', 'NHWC', [floats([1, 2, 3, 8])], (x) => tf.depthToSpace(x, 2)),
  call('DepthToSpace', 'blocks of 3', [floats([2, 1, 1, 9])], (x) => tf.depthToSpace(x, 3)),
  call('BatchToSpaceND', 'rank 4', [floats([4, 1, 2, 2])], (x) => tf.batchToSpaceND(x, [2, 2], pairs(0, 0, 1, 0))),
  call('SpaceToBatchND', 'rank 4', [floats([1, 2, 3, 2])], (x) => tf.spaceToBatchND(x, [2, 2], pairs(0, 0, 1, 0))),
  call('BroadcastArgs', 'shapes', [indices([2, 1, 3], [3]), indices([4, 1], [2])], (a, b) => tf.broadcastArgs(a, b)),
  call('Diag', 'rank 1', [floats([3])], (x) => tf.diag(x)),
  call('Tile', 'rank 1', [ints([3])], (x) => tf.tile(x, [4])),
  call('Concat', 'rank 1, three lengths', [floats([1]), floats([2]), floats([3])], (...x) => tf.concat(x)),
  call('Concat', 'int32 and float32', [ints([1, 2]), floats([1, 2])], (a, b) => tf.concat([a.toFloat(), b])),
  call('Concat', 'no elements', [floats([0, 2]), floats([1, 2])], (a, b) => tf.concat([a, b])),
  call('Pack', 'scalars', [floats([]), floats([])], (a, b) => tf.stack([a, b])),
  call('Reshape', 'strings', [() => tf.tensor1d(['a', 'b', 'a', 'c'])], (x) =>
    x.reshape([2, 2]).equal(x.reshape([2, 2]).slice([0], [1])),
  ),
  call('Concat', 'strings', [() => tf.tensor1d(['a', 'b']), () => tf.tensor1d(['b', 'b'])], (a, b) =>
    tf.equal(tf.concat([a, b]), tf.tile(b, [2])),
  ),
  call('Pack', 'strings', [() => tf.tensor1d(['a', 'b']), () => tf.tensor1d(['b', 'b'])], (a, b) =>
    tf.unstack(tf.stack([a, b]), 1).map((x) => tf.equal(x, tf.expandDims(a.slice([1], [1])).flatten())),
  ),
  ...Object.entries({
    BatchToSpaceND: (x) => tf.batchToSpaceND(x, [2, 2], pairs(0, 0, 0, 1)),
    Cast: (x) => x.cast('float32').square(),
    Concat: (x) => tf.concat([x, x.square(), x], 1),
    ExpandDims: (x) => tf.expandDims(x, 1).square(),
    Identity: (x) => tf.clone(x).mul(x),
    MirrorPad: (x) => tf.mirrorPad(x, pairs(0, 0, 0, 0, 0, 0, 0, 0), 'reflect').square(),
    Pack: (x) => tf.stack([x, x.square()], 1),
    PadV2: (x) => tf.pad(x, pairs(0, 0, 1, 2, 0, 1, 2, 0), 3),
    Reshape: (x) => x.reshape([4, 6]).square(),
    Reverse: (x) => tf.reverse(x, [0, 2]),
    Slice: (x) => tf.slice(x, [1, 0, 1, 0], [2, 1, 2, -1]),
    SpaceToBatchND: (x) => tf.spaceToBatchND(x, [1, 2], pairs(0, 0, 1, 0)),
    SplitV: (x) => tf.split(x, [1, 3]).map((part, i) => part.sum().mul(i + 1))[1],
    Tile: (x) => tf.tile(x, [1, 2, 1, 2]),
    Transpose: (x) => tf.transpose(x, [3, 0, 2, 1]),
    Unpack: (x) => tf.unstack(x, 2)[1].square(),
  } satisfies Record<string, (x: tf.Tensor4D) => tf.Tensor>).map(([kernel, f]) =>
    callGradients(kernel, 'gradient, rank 4', [floats([4, 1, 3, 2])], f),
  ),
];
