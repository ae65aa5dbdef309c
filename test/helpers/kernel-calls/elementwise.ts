// Elementwise kernels, of one tensor or two.
import * as tf from '@tensorflow/tfjs';
import {
  type Binary,
  bools,
  call,
  callGradients,
  type Domain,
  floats,
  ints,
  type KernelCall,
  matrix,
  type NumberType,
  type Shape,
  type Unary,
  WIDE,
} from './make.js';

interface Elementwise {
  readonly run: Unary;
  /** Where the function is defined; `WIDE` unless given. */
  readonly domain?: Domain;
  /** Besides float32. */
  readonly types?: readonly NumberType[];
  readonly gradient?: false;
}

/**
 * Without two that tfjs-node 4.22 gets wrong for int32: tf.exp disposes its argument, and tf.round gives zeros on
 * TensorFlow 2.21.
 */
const ELEMENTWISE: Readonly<Record<string, Elementwise>> = {
  Abs: { run: tf.abs, types: ['int32'] },
  Acos: { run: tf.acos, domain: [-0.9, 0.9], types: ['complex64'] },
  Acosh: { run: tf.acosh, domain: [1.1, 4], types: ['complex64'] },
  Asin: { run: tf.asin, domain: [-0.9, 0.9], types: ['complex64'] },
  Asinh: { run: tf.asinh, types: ['complex64'] },
  Atan: { run: tf.atan, domain: [-0.9, 0.9], types: ['complex64'] },
  Atanh: { run: tf.atanh, domain: [-0.9, 0.9], types: ['complex64'] },
  Ceil: { run: tf.ceil },
  ClipByValue: { run: (x) => tf.clipByValue(x, -1, 1), types: ['int32', 'bool'] },
  ComplexAbs: { run: (x) => tf.abs(tf.complex(x, x.square())), gradient: false },
  Cos: { run: tf.cos },
  Cosh: { run: tf.cosh },
  Elu: { run: tf.elu },
  Erf: { run: tf.erf, types: ['int32'] },
  Exp: { run: tf.exp, types: ['complex64'] },
  Expm1: { run: tf.expm1, types: ['complex64'] },
  Floor: { run: tf.floor },
  Identity: { run: tf.clone, types: ['int32', 'bool', 'complex64'] },
  IsFinite: { run: (x) => tf.isFinite(tf.div(x, tf.relu(x))), gradient: false },
  IsInf: { run: (x) => tf.isInf(tf.div(x, tf.relu(x))), gradient: false },
  IsNan: { run: (x) => tf.isNaN(tf.log(x)), gradient: false },
  LeakyRelu: { run: (x) => tf.leakyRelu(x, 0.3) },
  Log: { run: tf.log, domain: [0.1, 3] },
  Log1p: { run: tf.log1p, domain: [-0.5, 3], types: ['complex64'] },
  Neg: { run: tf.neg, types: ['int32', 'complex64'] },
  OnesLike: { run: tf.onesLike, types: ['int32', 'bool', 'complex64'] },
  Prelu: { run: (x) => tf.prelu(x, tf.scalar(0.2)), types: ['int32'] },
  Reciprocal: { run: tf.reciprocal, domain: [0.2, 2], types: ['complex64'] },
  Relu: { run: tf.relu, types: ['int32'] },
  Relu6: { run: tf.relu6, domain: [-2, 9], types: ['int32'] },
  Round: { run: tf.round, types: ['int32'] },
  Rsqrt: { run: tf.rsqrt, domain: [0.1, 3] },
  Selu: { run: tf.selu },
  Sigmoid: { run: tf.sigmoid },
  Sign: { run: tf.sign, types: ['int32', 'complex64'] },
  Sin: { run: tf.sin },
  Sinh: { run: tf.sinh, types: ['complex64'] },
  Softplus: { run: tf.softplus },
  Sqrt: { run: tf.sqrt, domain: [0.1, 3] },
  Square: { run: tf.square, types: ['int32', 'complex64'] },
  Step: { run: (x) => tf.step(x, 0.5) },
  Tan: { run: tf.tan, domain: [-1, 1] },
  Tanh: { run: tf.tanh },
  ZerosLike: { run: tf.zerosLike, types: ['int32', 'bool', 'complex64'] },
};

export const elementwise: KernelCall[] = Object.entries(ELEMENTWISE).flatMap(
  ([kernel, { run, domain = WIDE, types = [], gradient }]) => [
    ...(['float32', ...types] as const).map((type) => call(kernel, type, [matrix(type, domain)], run)),
    ...(gradient === false ? [] : [callGradients(kernel, 'gradient', [floats([2, 3], ...domain)], run)]),
  ],
);

/** A shape of each rank, and one without elements. */
const SHAPES: Readonly<Record<string, Shape>> = {
  'rank 0': [],
  'rank 1': [4],
  'rank 2': [2, 3],
  'rank 3': [2, 1, 3],
  'rank 4': [1, 2, 3, 2],
  'rank 5': [2, 1, 2, 1, 3],
  'rank 6': [1, 2, 1, 2, 1, 2],
  'no elements': [0, 3],
};

export const ranks: KernelCall[] = Object.entries(SHAPES).flatMap(([variant, shape]) => [
  call('Neg', variant, [floats(shape)], tf.neg),
  call('Add', variant, [floats(shape), floats(shape)], tf.add),
  call('Select', variant, [bools(shape), floats(shape), floats(shape)], tf.where),
  call('Sum', variant, [floats(shape)], (x) => tf.sum(x)),
  call('Reshape', variant, [floats(shape)], (x) => x.flatten()),
  call('ExpandDims', variant, [floats(shape)], (x) => tf.expandDims(x, -1)),
]);

/** Functions of two tensors, with the types that they accept, and the range of the first argument. */
const ARITHMETIC: Readonly<Record<string, { run: Binary; types?: readonly NumberType[]; from?: number }>> = {
  Add: { run: tf.add, types: ['int32', 'complex64'] },
  Atan2: { run: tf.atan2 },
  FloorDiv: { run: tf.floorDiv, types: ['int32'] },
  Maximum: { run: tf.maximum, types: ['int32', 'bool'] },
  Minimum: { run: tf.minimum, types: ['int32', 'bool'] },
  Mod: { run: tf.mod, types: ['int32'] },
  Multiply: { run: tf.mul, types: ['int32', 'complex64'] },
  Pow: { run: tf.pow, types: ['int32', 'complex64'], from: 0.2 },
  RealDiv: { run: tf.div, types: ['complex64'] },
  SquaredDifference: { run: tf.squaredDifference, types: ['int32', 'complex64'] },
  Sub: { run: tf.sub, types: ['int32', 'complex64'] },
};

/** Their gradients in tfjs 4.22 keep the shape of the result where an argument was broadcast. */
const UNREDUCED = new Set(['Maximum', 'Minimum', 'SquaredDifference']);

export const arithmetic: KernelCall[] = Object.entries(ARITHMETIC).flatMap(
  ([kernel, { run, types = [], from = -2 }]) => [
    ...(['float32', ...types] as const).map((type) =>
      call(kernel, type, [matrix(type, [from, 3]), matrix(type, [1, 3])], run),
    ),
    call(kernel, 'a scalar', [floats([2, 3], from, 3), floats([], 0.5, 2)], run),
    call(kernel, 'broadcast', [floats([2, 1, 3], from, 3), floats([4, 1], 0.5, 2)], run),
    call(kernel, 'int32 and float32', [ints([2, 3], 1, 4), floats([2, 3], 0.5, 2)], run),
    callGradients(kernel, 'gradients', [floats([2, 3], from, 3), floats([2, 3], 0.5, 2)], run),
    ...(UNREDUCED.has(kernel)
      ? []
      : [callGradients(kernel, 'gradients, broadcast', [floats([2, 1, 3], from, 3), floats([4, 1], 0.5, 2)], run)]),
  ],
);
