// Kernels for images.
import * as tf from '@tensorflow/tfjs';
import { call, callGradients, floats, indices, ints, type KernelCall } from './make.js';

const corners = () => tf.tensor2d([0, 0, 1, 1, 0.1, 0.2, 0.7, 0.9, 0, 0.05, 1, 0.95, 0.5, 0.5, 0.8, 0.6], [4, 4]);

export const images: KernelCall[] = [
  ...Object.entries({
    plain: [false, false],
    'aligned corners': [true, false],
    'half pixel centers': [false, true],
  } as const).flatMap(([variant, [alignCorners, halfPixels]]) => {
    const picture = [floats([1, 3, 4, 2])] as const;
    const bilinear = (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [5, 6], alignCorners, halfPixels);
    const nearest = (x: tf.Tensor4D) => tf.image.resizeNearestNeighbor(x, [5, 6], alignCorners, halfPixels);
    return [
      call('ResizeBilinear', variant, picture, bilinear),
      call('ResizeNearestNeighbor', variant, picture, nearest),
      callGradients('ResizeBilinearGrad', variant, picture, bilinear),
      callGradients('ResizeNearestNeighborGrad', variant, picture, nearest),
    ];
  }),
  call('ResizeBilinear', 'int32', [ints([3, 4, 2])], (x) => tf.image.resizeBilinear(x, [2, 2])),
  call('ResizeNearestNeighbor', 'int32', [ints([3, 4, 2])], (x) => tf.image.resizeNearestNeighbor(x, [5, 2])),
  ...(['bilinear', 'nearest'] as const).map((method) =>
    call('CropAndResize', method, [floats([2, 5, 5, 2]), corners, indices([0, 1, 1, 0], [4])], (x, boxes, which) =>
      tf.image.cropAndResize(x, boxes, which, [3, 2], method, 0.5),
    ),
  ),
  call(
    'CropAndResize',
    'int32',
    [ints([1, 4, 4, 1]), () => tf.tensor2d([[0, 0, 1.5, 1]]), indices([0], [1])],
    (x, boxes, which) => tf.image.cropAndResize(x, boxes, which, [2, 2]),
  ),
  call('FlipLeftRight', 'float32', [floats([2, 3, 4, 2])], (x) => tf.image.flipLeftRight(x)),
  call('NonMaxSuppressionV3', 'float32', [corners, () => tf.tensor1d([0.9, 0.8, 0.7, 0.3])], (boxes, scores) =>
    tf.image.nonMaxSuppression(boxes, scores, 3, 0.5, 0.2),
  ),
  ...[false, true].map((padded) =>
    call(
      'NonMaxSuppressionV4',
      padded ? 'padded' : 'not padded',
      [corners, () => tf.tensor1d([0.9, 0.8, 0.7, 0.3])],
      (boxes, scores) => Object.values(tf.image.nonMaxSuppressionPadded(boxes, scores, 4, 0.5, 0.2, padded)),
    ),
  ),
  call('NonMaxSuppressionV5', 'float32', [corners, () => tf.tensor1d([0.9, 0.8, 0.7, 0.3])], (boxes, scores) =>
    Object.values(tf.image.nonMaxSuppressionWithScore(boxes, scores, 3, 0.8, 0.2, 0.5)),
  ),
  call('Tile', 'gray to colour', [floats([2, 3, 1])], (x) => tf.image.grayscaleToRGB(x)),
  call('Einsum', 'colour to gray', [floats([2, 3, 3], 0, 255)], (x) => tf.image.rgbToGrayscale(x)),
  call('Greater', 'threshold', [ints([3, 4, 1], 0, 256)], (x) => tf.image.threshold(x, 'binary', false, 0.4)),
];
