// Convolutions, pooling and normalisation.
import * as tf from '@tensorflow/tfjs';
import { call, callGradients, floats, gradients, ints, type KernelCall, pairs } from './make.js';

type Padding = 'same' | 'valid';

const PADDINGS: readonly Padding[] = ['same', 'valid'];

const explicitPads = pairs(0, 0, 1, 0, 2, 1, 0, 0) as tf.backend_util.ExplicitPadding;

export const convolutions: KernelCall[] = [
  ...PADDINGS.flatMap((pad) =>
    [1, 2].flatMap((stride) => {
      const variant = `${pad}, stride ${stride}`;
      const plane = [floats([2, 5, 6, 2]), floats([3, 2, 2, 3])] as const;
      const space = [floats([1, 3, 4, 5, 2]), floats([2, 2, 3, 2, 2])] as const;
      const conv2d = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.conv2d(x, filter, stride, pad);
      const depthwise = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.depthwiseConv2d(x, filter, stride, pad);
      const conv3d = (x: tf.Tensor5D, filter: tf.Tensor5D) => tf.conv3d(x, filter, stride, pad);
      return [
        call('Conv2D', variant, plane, conv2d),
        call('Conv2DBackpropInput', variant, plane, (x, w) => gradients((x: tf.Tensor4D) => conv2d(x, w))(x)),
        call('Conv2DBackpropFilter', variant, plane, (x, w) => gradients((w: tf.Tensor4D) => conv2d(x, w))(w)),
        call('DepthwiseConv2dNative', variant, plane, depthwise),
        call('DepthwiseConv2dNativeBackpropInput', variant, plane, (x, w) =>
          gradients((x: tf.Tensor4D) => depthwise(x, w))(x),
        ),
        call('DepthwiseConv2dNativeBackpropFilter', variant, plane, (x, w) =>
          gradients((w: tf.Tensor4D) => depthwise(x, w))(w),
        ),
        call('Conv3D', variant, space, conv3d),
        call('Conv3DBackpropInputV2', variant, space, (x, w) => gradients((x: tf.Tensor5D) => conv3d(x, w))(x)),
        call('Conv3DBackpropFilterV2', variant, space, (x, w) => gradients((w: tf.Tensor5D) => conv3d(x, w))(w)),
      ];
    }),
  ),
  call('Conv2D', 'strides 2 and 1', [floats([1, 5, 6, 2]), floats([3, 2, 2, 3])], (x, w) =>
    tf.conv2d(x, w, [2, 1], 'same'),
  ),
  call('Conv2D', 'dilations 1 and 2', [floats([1, 5, 6, 2]), floats([2, 2, 2, 3])], (x, w) =>
    tf.conv2d(x, w, 1, 'valid', 'NHWC', [1, 2]),
  ),
  call('Conv2D', 'explicit paddings', [floats([1, 5, 6, 2]), floats([3, 2, 2, 3])], (x, w) =>
    tf.conv2d(x, w, 2, explicitPads, 'NHWC', 1, 'floor'),
  ),
  call('Conv2D', 'one image', [floats([5, 6, 2]), floats([1, 1, 2, 3])], (x, w) => tf.conv2d(x, w, 1, 'same')),
  call('Conv2D', 'conv1d', [floats([2, 6, 2]), floats([3, 2, 4])], (x, w) => tf.conv1d(x, w, 1, 'same')),
  callGradients('Conv2D', 'conv1d, gradients', [floats([2, 6, 2]), floats([3, 2, 4])], (x, w) =>
    tf.conv1d(x, w, 2, 'valid'),
  ),
  call(
    'Conv2D',
    'separable',
    [floats([1, 5, 6, 2]), floats([3, 3, 2, 2]), floats([1, 1, 4, 3])],
    (x, depthwise, pointwise) => tf.separableConv2d(x, depthwise, pointwise, 1, 'same'),
  ),
  call('Conv2DBackpropInput', 'transposed convolution', [floats([1, 3, 3, 2]), floats([2, 2, 4, 2])], (x, w) =>
    tf.conv2dTranspose(x, w, [1, 6, 6, 4], 2, 'same'),
  ),
  callGradients(
    'Conv2DBackpropInput',
    'gradients of a transposed convolution',
    [floats([1, 3, 3, 2]), floats([2, 2, 4, 2])],
    (x, w) => tf.conv2dTranspose(x, w, [1, 6, 6, 4], 2, 'same'),
  ),
  call('DepthwiseConv2dNative', 'dilations', [floats([1, 5, 6, 2]), floats([2, 2, 2, 1])], (x, w) =>
    tf.depthwiseConv2d(x, w, 1, 'same', 'NHWC', [2, 2]),
  ),
  call('DepthwiseConv2dNative', 'explicit paddings', [floats([1, 5, 6, 2]), floats([3, 3, 2, 2])], (x, w) =>
    tf.depthwiseConv2d(x, w, 1, explicitPads, 'NHWC', 1, 'floor'),
  ),
  call('Conv3D', 'one volume, strides', [floats([3, 4, 5, 2]), floats([2, 2, 3, 2, 2])], (x, w) =>
    tf.conv3d(x, w, [1, 2, 1], 'same'),
  ),
  call('Conv3DBackpropInputV2', 'transposed convolution', [floats([1, 2, 2, 2, 3]), floats([2, 2, 2, 1, 3])], (x, w) =>
    tf.conv3dTranspose(x, w, [1, 4, 4, 4, 1], 2, 'same'),
  ),
  ...(['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const).flatMap((activation) => [
    call('FusedConv2D', activation, [floats([1, 4, 4, 2]), floats([2, 2, 2, 3]), floats([3])], (x, filter, bias) =>
      tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation }),
    ),
    call(
      'FusedDepthwiseConv2D',
      activation,
      [floats([1, 4, 4, 2]), floats([2, 2, 2, 1]), floats([2])],
      (x, filter, bias) => tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'valid', bias, activation }),
    ),
  ]),
  call('FusedConv2D', 'leaky relu', [floats([1, 4, 4, 2]), floats([2, 2, 2, 3])], (x, filter) =>
    tf.fused.conv2d({ x, filter, strides: [1, 2], pad: 'valid', activation: 'leakyrelu', leakyreluAlpha: 0.3 }),
  ),
  call('FusedConv2D', 'prelu', [floats([1, 4, 4, 2]), floats([2, 2, 2, 3]), floats([3])], (x, filter, slopes) =>
    tf.fused.conv2d({
      x,
      filter,
      strides: 1,
      pad: explicitPads,
      dimRoundingMode: 'floor',
      activation: 'prelu',
      preluActivationWeights: slopes,
    }),
  ),
  callGradients(
    'Conv2DBackpropFilter',
    'fused, gradients',
    [floats([1, 4, 4, 2]), floats([2, 2, 2, 3]), floats([3])],
    (x, filter, bias) => tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation: 'relu' }),
  ),
  ...PADDINGS.flatMap((pad) => {
    const grid = [floats([1, 5, 6, 2]), floats([2, 3, 2])] as const;
    const dilation2d = (x: tf.Tensor4D, filter: tf.Tensor3D) => tf.dilation2d(x, filter, [1, 2], pad, [1, 1]);
    return [
      call('Dilation2D', pad, grid, dilation2d),
      call('Dilation2DBackpropInput', pad, grid, (x, w) => gradients((x: tf.Tensor4D) => dilation2d(x, w))(x)),
      call('Dilation2DBackpropFilter', pad, grid, (x, w) => gradients((w: tf.Tensor3D) => dilation2d(x, w))(w)),
    ];
  }),
  call('Dilation2D', 'dilations', [floats([1, 5, 6, 2]), floats([2, 2, 2])], (x, w) =>
    tf.dilation2d(x, w, 1, 'same', 2),
  ),
  call('Dilation2D', 'int32', [ints([1, 4, 4, 1]), ints([2, 2, 1])], (x, w) => tf.dilation2d(x, w, 1, 'valid')),
];

export const pooling: KernelCall[] = [
  ...PADDINGS.flatMap((pad) => {
    const plane = [floats([2, 5, 6, 2])] as const;
    const space = [floats([1, 4, 5, 4, 2])] as const;
    const maxPool = (x: tf.Tensor4D) => tf.maxPool(x, [3, 2], [2, 1], pad);
    const avgPool = (x: tf.Tensor4D) => tf.avgPool(x, [3, 2], [2, 1], pad);
    const maxPool3d = (x: tf.Tensor5D) => tf.maxPool3d(x, [2, 3, 2], [1, 2, 2], pad);
    const avgPool3d = (x: tf.Tensor5D) => tf.avgPool3d(x, [2, 3, 2], [1, 2, 2], pad);
    return [
      call('MaxPool', pad, plane, maxPool),
      call('AvgPool', pad, plane, avgPool),
      call('MaxPool3D', pad, space, maxPool3d),
      call('AvgPool3D', pad, space, avgPool3d),
      callGradients('MaxPoolGrad', pad, plane, maxPool),
      callGradients('AvgPoolGrad', pad, plane, avgPool),
      callGradients('MaxPool3DGrad', pad, space, maxPool3d),
      callGradients('AvgPool3DGrad', pad, space, avgPool3d),
    ];
  }),
  call('MaxPool', 'int32', [ints([1, 4, 4, 2])], (x) => tf.maxPool(x, 2, 2, 'valid')),
  call('MaxPool', 'one image, padding 0', [floats([4, 4, 2])], (x) => tf.maxPool(x, 2, 1, 0, 'floor')),
  call('AvgPool', 'one image', [floats([4, 4, 2])], (x) => tf.avgPool(x, 2, 2, 'same')),
  call('MaxPool', 'pool with dilations', [floats([1, 5, 5, 2])], (x) => tf.pool(x, 2, 'max', 'same', 2)),
  call('AvgPool', 'pool with dilations', [floats([1, 5, 5, 2])], (x) => tf.pool(x, 2, 'avg', 'valid', [1, 2])),
  call('MaxPool3D', 'one volume', [floats([3, 4, 4, 2])], (x) => tf.maxPool3d(x, 2, 2, 'same')),
  call('LRN', 'defaults', [floats([1, 2, 2, 8])], (x) => tf.localResponseNormalization(x)),
  call('LRN', 'options', [floats([2, 2, 8])], (x) => tf.localResponseNormalization(x, 2, 1.5, 0.7, 0.6)),
  callGradients('LRNGrad', 'options', [floats([1, 2, 2, 8])], (x) =>
    tf.localResponseNormalization(x, 2, 1.5, 0.7, 0.6),
  ),
  callGradients('EluGrad', 'float32', [floats([2, 3])], tf.elu),
];

/** mean, variance, offset, scale of n channels */
const moments = (n: number) => [floats([n]), floats([n], 0.5, 2), floats([n]), floats([n])] as const;

export const normalisation: KernelCall[] = [
  call('FusedBatchNorm', 'rank 4', [floats([2, 3, 2, 4]), ...moments(4)], (x, mean, variance, offset, scale) =>
    tf.batchNorm(x, mean, variance, offset, scale, 0.01),
  ),
  call(
    'FusedBatchNorm',
    'no offset, no scale',
    [floats([2, 3, 2, 4]), floats([4]), floats([4], 0.5, 2)],
    (x, mean, variance) => tf.batchNorm(x, mean, variance),
  ),
  call('FusedBatchNorm', 'rank 2', [floats([3, 4]), ...moments(4)], (x, mean, variance, offset, scale) =>
    tf.batchNorm(x, mean, variance, offset, scale),
  ),
  call(
    'FusedBatchNorm',
    'rank 3',
    [floats([2, 3, 4]), floats([4]), floats([4], 0.5, 2), floats([4])],
    (x, mean, variance, offset) => tf.batchNorm(x, mean, variance, offset),
  ),
  call(
    'FusedBatchNorm',
    'moments of rank 4',
    [floats([2, 2, 2, 3]), floats([2, 2, 2, 3]), floats([2, 2, 2, 3], 0.5, 2)],
    (x, mean, variance) => tf.batchNorm(x, mean, variance),
  ),
  callGradients(
    'FusedBatchNorm',
    'gradients',
    [floats([2, 3, 2, 4]), ...moments(4)],
    (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale, 0.01),
  ),
  call('Mean', 'moments', [floats([3, 4])], (x) => {
    const { mean, variance } = tf.moments(x, 0, true);
    return [mean, variance];
  }),
  callGradients('Mean', 'moments, gradient', [floats([3, 4])], (x) => tf.moments(x, [0]).variance),
  ...([1, 'fro', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const).map((order) =>
    call('Abs', `norm of order ${order}`, [floats([3, 4])], (x) => [tf.norm(x.abs(), order, [0, 1])]),
  ),
  call('Sqrt', 'euclidean norm', [floats([3, 4])], (x) => tf.norm(x, 'euclidean', 1, true)),
  callGradients('Sqrt', 'l2 normalisation, gradient', [floats([3, 4])], (x) => x.div(x.square().sum(1, true).sqrt())),
];
