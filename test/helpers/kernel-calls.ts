// Every kernel that tfjs-node registers, called through the public function that runs it.
import * as tf from '@tensorflow/tfjs';
import { Random } from '../../src/core/random.js';

export interface KernelCall {
  /** A kernel that the call runs, by its registered name: 'Add', 'Conv2D', … */
  readonly kernel: string;
  /** What sets it apart from the other calls of the kernel: a type, a rank, an option. */
  readonly variant?: string;
  /** Makes fresh tensors, with the same numbers each time. */
  inputs(): tf.Tensor[];
  /** A pure function of them. */
  run(...inputs: tf.Tensor[]): tf.Tensor | tf.Tensor[];
  /** It looks at the values of a native tensor on the way. */
  readonly reads?: true;
  /** It draws random numbers inside of TensorFlow. */
  readonly random?: true;
}

interface RankOfLength {
  0: tf.Rank.R0;
  1: tf.Rank.R1;
  2: tf.Rank.R2;
  3: tf.Rank.R3;
  4: tf.Rank.R4;
  5: tf.Rank.R5;
  6: tf.Rank.R6;
}
type Shape = readonly number[] & { readonly length: keyof RankOfLength };
type Shaped<S extends Shape> = tf.Tensor<RankOfLength[S['length']]>;

type NumberType = 'float32' | 'int32' | 'bool' | 'complex64';

/** Makes a tensor; a random one takes its numbers from `random`. */
type Make<T extends tf.Tensor> = (random: Random) => T;

function shaped<S extends Shape>(values: readonly number[], shape: S, type: NumberType): Shaped<S> {
  const tensor: tf.Tensor = tf.tensor([...values], [...shape], type);
  return tensor as Shaped<S>;
}

function filled<S extends Shape>(shape: S, type: NumberType, next: () => number): Shaped<S> {
  const size = shape.reduce((product, n) => product * n, 1);
  return shaped(Array.from({ length: size }, next), shape, type);
}

/** From `from` to `to`. */
function floats<const S extends Shape>(shape: S, from = -2, to = 2): Make<Shaped<S>> {
  return (random) => filled(shape, 'float32', () => from + (to - from) * random.uniform());
}

/** From `from` to `to − 1`. */
function ints<const S extends Shape>(shape: S, from = -4, to = 5): Make<Shaped<S>> {
  return (random) => filled(shape, 'int32', () => from + random.below(to - from));
}

function bools<const S extends Shape>(shape: S): Make<Shaped<S>> {
  return (random) => filled(shape, 'bool', () => random.below(2));
}

function complex<const S extends Shape>(shape: S): Make<Shaped<S>> {
  const part = floats(shape);
  return (random) => tf.tidy(() => tf.complex(part(random), part(random)) as unknown as Shaped<S>);
}

function indices<const S extends Shape>(values: readonly number[], shape: S): Make<Shaped<S>> {
  return () => shaped(values, shape, 'int32');
}

/** Rows that sum to 1. */
function distributions<const S extends Shape>(shape: S): Make<Shaped<S>> {
  return (random) => tf.tidy(() => tf.softmax(floats(shape)(random)) as Shaped<S>);
}

type Result = tf.Tensor | tf.Tensor[];

function call<I extends readonly tf.Tensor[]>(
  kernel: string,
  variant: string,
  inputs: { readonly [K in keyof I]: Make<I[K]> },
  run: (...inputs: I) => Result,
): KernelCall {
  return {
    kernel,
    variant,
    inputs() {
      const random = new Random(20201);
      return inputs.map((make) => make(random));
    },
    run: (...given) => run(...(given as unknown as I)),
  };
}

/** ∂/∂inputs of Σ wᵢ·f(inputs)ᵢ, where w is 1, 2, 3, 1, 2, 3, …: not the sum, whose gradient hides mistakes. */
function gradients<I extends readonly tf.Tensor[]>(f: (...inputs: I) => tf.Tensor): (...inputs: I) => tf.Tensor[] {
  const weighted = (...inputs: tf.Tensor[]) => {
    const y = f(...(inputs as unknown as I));
    const weights = Float32Array.from({ length: y.size }, (_, i) => 1 + (i % 3));
    return y.mul(tf.tensor(weights, y.shape)).sum();
  };
  return (...inputs) => tf.grads(weighted)([...inputs]);
}

function callGradients<I extends readonly tf.Tensor[]>(
  kernel: string,
  variant: string,
  inputs: { readonly [K in keyof I]: Make<I[K]> },
  f: (...inputs: I) => tf.Tensor,
): KernelCall {
  return call(kernel, variant, inputs, gradients(f));
}

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

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

type Domain = readonly [from: number, to: number];
const WIDE: Domain = [-2, 2];

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
  Round: { run: tf.round },
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

/** A [2, 3] tensor of the type. */
function matrix(type: NumberType, [from, to]: Domain = WIDE): Make<tf.Tensor2D> {
  switch (type) {
    case 'float32':
      return floats([2, 3], from, to);
    case 'int32':
      return ints([2, 3], Math.ceil(from), Math.floor(to) + 1);
    case 'bool':
      return bools([2, 3]);
    case 'complex64':
      return complex([2, 3]);
  }
}

const elementwise: KernelCall[] = Object.entries(ELEMENTWISE).flatMap(
  ([kernel, { run, domain = WIDE, types = [], gradient }]) => [
    ...(['float32', ...types] as const).map((type) => call(kernel, type, [matrix(type, domain)], run)),
    ...(gradient === false ? [] : [callGradients(kernel, 'gradient', [floats([2, 3], ...domain)], run)]),
  ],
);

const ranks: KernelCall[] = Object.entries(SHAPES).flatMap(([variant, shape]) => [
  call('Neg', variant, [floats(shape)], tf.neg),
  call('Add', variant, [floats(shape), floats(shape)], tf.add),
  call('Select', variant, [bools(shape), floats(shape), floats(shape)], tf.where),
  call('Sum', variant, [floats(shape)], (x) => tf.sum(x)),
  call('Reshape', variant, [floats(shape)], (x) => x.flatten()),
  call('ExpandDims', variant, [floats(shape)], (x) => tf.expandDims(x, -1)),
]);

/** Functions of two tensors, with the types that they take, and where the first argument is. */
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

const arithmetic: KernelCall[] = Object.entries(ARITHMETIC).flatMap(([kernel, { run, types = [], from = -2 }]) => [
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
]);

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

/** More than 22 bytes: no longer kept inside of the tensor, so it shows who frees it too early. */
const LONG = 'a string of 1 line, and of more than 22 bytes';

const comparisons: KernelCall[] = [
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

const reductions: KernelCall[] = [
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

const TRANSPOSES = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

const products: KernelCall[] = [
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

/** What to add before and behind, axis by axis. */
function pairs(...sizes: number[]): [number, number][] {
  return sizes.flatMap((size, i) => (i % 2 === 0 ? [[size, sizes[i + 1]]] : []));
}

type Padding = 'same' | 'valid';
const PADDINGS: readonly Padding[] = ['same', 'valid'];

const explicitPads = pairs(0, 0, 1, 0, 2, 1, 0, 0) as tf.backend_util.ExplicitPadding;

const convolutions: KernelCall[] = [
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

const pooling: KernelCall[] = [
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

const normalisation: KernelCall[] = [
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

const corners = () => tf.tensor2d([0, 0, 1, 1, 0.1, 0.2, 0.7, 0.9, 0, 0.05, 1, 0.95, 0.5, 0.5, 0.8, 0.6], [4, 4]);

const images: KernelCall[] = [
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

const TYPES: readonly NumberType[] = ['float32', 'int32', 'bool', 'complex64'];

/** Functions that move numbers about, whatever their type. */
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
/** Of these, what tfjs-node 4.22 does not do. */
const IMMOVABLE = new Set([
  'BatchToSpaceND bool',
  'BatchToSpaceND complex64',
  'SpaceToBatchND bool',
  'SpaceToBatchND complex64',
  'PadV2 complex64',
  'Diag bool',
]);

const moves: KernelCall[] = [
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

const labels = indices([2, 0, 2, 1], [4]);

/** tfjs-node's GatherV2 looks whether the indices are in range. */
const reading: KernelCall[] = [
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

const sampling: KernelCall[] = [
  call('Multinomial', 'rank 1', [floats([4])], (x) => tf.multinomial(x, 5)),
  call('Multinomial', 'rank 2, a seed', [floats([2, 4])], (x) => tf.multinomial(x, 5, 3)),
].map((each) => ({ ...each, random: true }));

const indexing: KernelCall[] = [
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

const spectra: KernelCall[] = [
  call('Complex', 'rank 2', [floats([2, 3]), floats([2, 3])], (re, im) => tf.complex(re, im)),
  call('Real', 'rank 2', [complex([2, 3])], (x) => tf.real(x)),
  call('Imag', 'rank 2', [complex([2, 3])], (x) => tf.imag(x)),
  call('ComplexAbs', 'complex64', [complex([2, 3])], (x) => tf.abs(x)),
  call('FFT', 'rank 1', [complex([5])], (x) => tf.fft(x)),
  call('FFT', 'rank 2', [complex([2, 4])], (x) => tf.fft(x)),
  call('FFT', 'of real numbers', [floats([2, 6])], (x) => tf.rfft(x)),
  call('FFT', 'of real numbers, cut and padded', [floats([2, 6])], (x) => [tf.rfft(x, 4), tf.rfft(x, 9)]),
  call('IFFT', 'rank 1', [complex([5])], (x) => tf.ifft(x)),
  call('IFFT', 'rank 2', [complex([2, 4])], (x) => tf.ifft(x)),
  call('IFFT', 'to real numbers', [complex([2, 5])], (x) => tf.irfft(x)),
  call('FFT', 'short-time', [floats([16])], (x) => tf.signal.stft(x, 6, 3)),
  call('Slice', 'frames', [floats([10])], (x) => tf.signal.frame(x, 4, 3, true, 1)),
  call('Multiply', 'windows', [floats([6])], (x) => [
    x.mul(tf.signal.hannWindow(6)),
    x.mul(tf.signal.hammingWindow(6)),
  ]),
];

/** What a function makes of nothing: numbers in its text. */
const constants: KernelCall[] = [
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

const composed: KernelCall[] = [
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

const strings: KernelCall[] = [false, true].map((all) =>
  call('StaticRegexReplace', all ? 'all' : 'first', [() => tf.tensor1d(['a1b22', '', LONG])], (x) =>
    tf.string.staticRegexReplace(x, '[0-9]+', '#', all),
  ),
);

/** Kernels whose calls give strings. */
export const stringKernels: ReadonlySet<string> = new Set(['StaticRegexReplace']);

/** Registered kernels that no public function runs, and why. */
export const unreachable: Readonly<Record<string, string>> = {};

export const kernelCalls: readonly KernelCall[] = [
  ...elementwise,
  ...ranks,
  ...arithmetic,
  ...comparisons,
  ...reductions,
  ...products,
  ...convolutions,
  ...pooling,
  ...normalisation,
  ...images,
  ...moves,
  ...indexing,
  ...reading,
  ...sampling,
  ...spectra,
  ...constants,
  ...composed,
  ...strings,
];
