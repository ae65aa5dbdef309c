// Functions of several kernels: constants, losses, metrics, small networks.
import * as tf from '@tensorflow/tfjs';
import { type Binary, call, callGradients, distributions, floats, gradients, ints, type KernelCall } from './make.js';

/** Functions without inputs, which return constants. */
export const constants: KernelCall[] = [
  ...(['float32', 'int32', 'bool'] as const).map((type) => call('Fill', type, [], () => tf.fill([2, 3], 1, type))),
  call('Fill', 'rank 0', [], () => tf.fill([], 2.5)),
  call('LinSpace', 'five', [], () => tf.linspace(-1, 2, 5)),
  call('LinSpace', 'one', [], () => tf.linspace(3, 4, 1)),
  call('Range', 'float32', [], () => tf.range(0, 1, 0.3)),
  call('Range', 'int32, backwards', [], () => tf.range(5, 0, -2, 'int32')),
  call('Range', 'with an input', [floats([4])], (x) => x.mul(tf.range(0, 4))),
  call('Add', 'constants', [floats([2, 2])], (x) =>
    tf.addN([x, tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.eye(2), tf.ones([2, 2]), tf.zeros([2, 2])]).add(1),
  ),
  call('Cast', 'constants of each type', [floats([3])], (x) => [
    tf.tensor1d([1, 0, 1], 'bool').toFloat().mul(x),
    tf.tensor1d([4, -5, 6], 'int32').toFloat().mul(x),
    tf.zeros([0, 2], 'int32').cast('float32'),
  ]),
  call('BatchMatMul', 'mesh grid', [floats([3]), floats([2])], (x, y) => tf.meshgrid(x, y)),
  call('Multiply', 'numbers that JavaScript drew', [floats([3])], (x) =>
    x.mul(tf.randomUniform([3], 0, 1, 'float32', 5)),
  ),
  call('Floor', 'dropout with a seed', [floats([3, 4])], (x) => tf.dropout(x, 0.5, undefined, 5)),
  call('Identity', 'inputs, a constant and the same tensor twice', [floats([2]), floats([3])], (a, b) => {
    const sum = a.sum();
    return [b, a, tf.clone(a), sum, sum, tf.scalar(3)];
  }),
];

export const composed: KernelCall[] = [
  call('Softmax', 'rank 1', [floats([4])], (x) => tf.softmax(x)),
  call('Softmax', 'rank 3', [floats([2, 2, 4])], (x) => tf.softmax(x)),
  callGradients('Softmax', 'gradient', [floats([2, 4])], (x) => tf.softmax(x)),
  call('Exp', 'log softmax', [floats([2, 4])], (x) => tf.logSoftmax(x)),
  callGradients('Exp', 'log softmax, gradient', [floats([2, 4])], (x) => tf.logSoftmax(x)),
  call('Log', 'log of sum of exp', [floats([2, 4])], (x) => tf.logSumExp(x, 1, true)),
  callGradients('Log', 'log of sum of exp, gradient', [floats([2, 4])], (x) => tf.logSumExp(x, 0)),
  callGradients('Softplus', 'log sigmoid, gradient', [floats([2, 4])], (x) => tf.logSigmoid(x)),
  callGradients('Prelu', 'slopes, gradients', [floats([2, 3]), floats([3], 0.1, 0.4)], (x, a) =>
    tf.prelu<tf.Tensor>(x, a),
  ),
  call('RealDiv', 'zero where the divisor is zero', [floats([6]), ints([6], -1, 2)], (a, b) =>
    tf.divNoNan(a, b.toFloat()),
  ),
  callGradients('Softplus', 'gradient of the gradient', [floats([2, 3])], (x) => gradients(tf.softplus)(x)[0]),
  callGradients(
    'BatchMatMul',
    'gradient of the gradient',
    [floats([2, 2])],
    (x) => gradients((y: tf.Tensor) => tf.matMul(y, y).square())(x)[0],
  ),
  call(
    'Sigmoid',
    'LSTM cell',
    [floats([2, 3]), floats([7, 16]), floats([16]), floats([2, 4]), floats([2, 4])],
    (data, kernel, bias, c, h) => tf.basicLSTMCell(tf.scalar(1), kernel, bias, data, c, h),
  ),
  call('Sub', 'moving average', [floats([3]), floats([3])], (v, x) => tf.movingAverage(v, x, 0.9, 3)),
  call('Select', 'band of a matrix', [floats([3, 4])], (x) => tf.linalg.bandPart(x, 1, 0)),
  call('Sqrt', 'Gram–Schmidt', [floats([3, 4])], (x) => tf.linalg.gramSchmidt(x)),
  call('BatchMatMul', 'QR', [floats([4, 3])], (x) => tf.linalg.qr(x)),
  call('BatchMatMul', 'QR of a stack', [floats([2, 3, 3])], (x) => tf.linalg.qr(x)),
  ...Object.entries({
    'absolute difference': ['Abs', (y, x) => tf.losses.absoluteDifference(y, x)],
    'cosine distance': ['Multiply', (y, x) => tf.losses.cosineDistance(y, x, 1)],
    'hinge loss': ['Relu', (y, x) => tf.losses.hingeLoss(y, x)],
    'Huber loss': ['Minimum', (y, x) => tf.losses.huberLoss(y, x, undefined, 0.7)],
    'log loss': ['Log', (y, x) => tf.losses.logLoss(y, tf.sigmoid(x))],
    'mean squared error': ['SquaredDifference', (y, x) => tf.losses.meanSquaredError(y, x)],
    'sigmoid cross-entropy': ['Log1p', (y, x) => tf.losses.sigmoidCrossEntropy(y, x, undefined, 0.1)],
    'softmax cross-entropy': ['Exp', (y, x) => tf.losses.softmaxCrossEntropy(y, x, undefined, 0.1)],
  } satisfies Record<string, [string, Binary]>).flatMap(([name, [kernel, loss]]) => [
    call(kernel, name, [distributions([3, 4]), floats([3, 4])], loss),
    call(kernel, `${name}, gradient`, [distributions([3, 4]), floats([3, 4])], (y, x) =>
      gradients((x: tf.Tensor) => loss(y, x))(x),
    ),
  ]),
  call('NotEqual', 'a weighted loss', [floats([3, 4]), floats([3, 1], 0, 1)], (x, w) =>
    tf.losses.computeWeightedLoss(x, w),
  ),
  ...Object.entries({
    'binary accuracy': ['Equal', (y, p) => tf.metrics.binaryAccuracy(y.round(), p)],
    'binary cross-entropy': ['Log', (y, p) => tf.metrics.binaryCrossentropy(y, p)],
    'categorical accuracy': ['ArgMax', (y, p) => tf.metrics.categoricalAccuracy(y, p)],
    'categorical cross-entropy': ['Log', (y, p) => tf.metrics.categoricalCrossentropy(y, p)],
    'mean absolute percentage error': ['Abs', (y, p) => tf.metrics.meanAbsolutePercentageError(y, p)],
    precision: ['LogicalAnd', (y, p) => tf.metrics.precision(y.round(), p)],
    recall: ['LogicalAnd', (y, p) => tf.metrics.recall(y.round(), p)],
    'R² score': ['Sub', (y, p) => tf.metrics.r2Score(y, p)],
  } satisfies Record<string, [string, Binary]>).map(([name, [kernel, metric]]) =>
    call(kernel, name, [distributions([3, 4]), distributions([3, 4])], metric),
  ),
  callGradients(
    'BatchMatMul',
    'a small network, gradients',
    [floats([2, 6, 6, 1]), floats([3, 3, 1, 4]), floats([36, 5]), floats([5])],
    (x, filter, weight, bias) => {
      const hidden = tf.maxPool(tf.relu(tf.conv2d(x, filter, 1, 'same')), 2, 2, 'valid').reshape<tf.Tensor2D>([2, 36]);
      return tf.logSoftmax(hidden.matMul(weight).add(bias));
    },
  ),
];
