// nn: kernels of TensorFlow that compute softmax, cross-entropy and gradient at once: its own, and ours.
import * as tf from '@tensorflow/tfjs';
import { softmaxOp, softmaxPullback } from './softmax.js';

/** A tensor in TensorFlow. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: readonly number[];
  /** TensorFlow's type code: 1 float32, 3 int32, 4 uint8, 10 bool. */
  readonly dtype: number;
}

export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of TensorFlow's C API, as exposed by tfjs-node's addon, that runs kernels. `graph/` uses more of it. */
export interface KernelBinding {
  createTensor(shape: readonly number[], dtype: number, values: unknown): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): tf.BackendValues;
  executeOp(
    op: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly number[],
    numOutputs: number,
  ): NativeTensor[];
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_TYPE: number;
}

/** The part of the native backend that runs kernels. This file never imports `@tensorflow/tfjs-node`. */
export interface KernelBackend {
  readonly binding: KernelBinding;
  readonly isUsingGpuDevice: boolean;
  executeMultipleOutputs(
    kernel: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly tf.Tensor[],
    numOutputs: number,
  ): tf.Tensor[];
}

/** Whether the current backend has the kernel. */
export function hasFusedSparseCrossEntropy(): boolean {
  return tf.getBackend() === 'tensorflow';
}

/**
 * ℓᵢ = −log softmax(oᵢ)_yᵢ with gradient softmax(oᵢ) − onehot(yᵢ), both from one call of
 * `SparseSoftmaxCrossEntropyWithLogits`, which rejects labels out of range.
 */
export function fusedSparseCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const loss = tf.customGrad<tf.Tensor1D>((...inputs) => {
    const [o, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
    const [value, gradient] = runKernel(o, labels);
    save([o, gradient]);
    const gradFunc = (upstream: tf.Tensor1D, saved: tf.Tensor[]) => {
      const [o, gradient] = saved as [tf.Tensor2D, tf.Tensor2D];
      return upstream.expandDims(1).mul(knownGradient(o, gradient));
    };
    return { value, gradFunc };
  });
  return loss(logits);
}

/** The kernel's gradient as a differentiable function of the logits: vᵀ∂p/∂o = p∘v − p(p·v). */
function knownGradient(logits: tf.Tensor2D, gradient: tf.Tensor2D): tf.Tensor2D {
  const differentiable = tf.customGrad<tf.Tensor2D>((...inputs) => {
    const [o, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
    save([o]);
    return {
      value: gradient.clone(),
      gradFunc: (upstream, [o]) => softmaxPullback(softmaxOp(o as tf.Tensor2D), upstream),
    };
  });
  return differentiable(logits);
}

function runKernel(logits: tf.Tensor2D, labels: tf.Tensor1D): [tf.Tensor1D, tf.Tensor2D] {
  const backend = tf.backend() as unknown as KernelBackend;
  const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding;
  const attributes = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'Tlabels', type: TF_ATTR_TYPE, value: TF_INT32 },
  ];
  return backend.executeMultipleOutputs('SparseSoftmaxCrossEntropyWithLogits', attributes, [logits, labels], 2) as [
    tf.Tensor1D,
    tf.Tensor2D,
  ];
}

/** Our kernel for the loss and gradient of a batch, src/kernels/softmax-gradient.cc. */
export const SOFTMAX_GRADIENT = 'SoftmaxRegressionGradient';

/** Up to this number of classes, the kernel is faster than separate products. */
const MOST_CLASSES = 20;

/** A batch of a softmax regression. */
export interface GradientInputs {
  /** X, [n, d] */
  readonly features: tf.Tensor2D;
  /** W, [d, classes] */
  readonly weight: tf.Tensor2D;
  /** b, [classes] */
  readonly bias: tf.Tensor1D;
  /** yᵢ, int32 [n] */
  readonly labels: tf.Tensor1D;
  /** sᵢ, [n]. Default 1 each. */
  readonly weights?: tf.Tensor1D;
  /** c, the factor of the features. */
  readonly factor: number;
}

/** Loss and gradients of a batch; the caller disposes them. */
export interface BatchGradient {
  readonly loss: tf.Scalar;
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

/** Whether the current backend has our kernel, with correct results, and it pays for so many classes. */
export function hasSoftmaxGradient(numClasses: number): boolean {
  if (numClasses > MOST_CLASSES || tf.getBackend() !== 'tensorflow') return false;
  const backend = tf.backend() as unknown as KernelBackend;
  const isKnown = known.get(backend) ?? (!backend.isUsingGpuDevice && computesRightly(backend));
  known.set(backend, isKnown);
  return isKnown;
}

const known = new WeakMap<object, boolean>();

/** The part of the addon that a test of a kernel uses. */
type TestedBinding = Pick<KernelBinding, 'TF_FLOAT' | 'createTensor' | 'deleteTensor'>;

/**
 * The result of a test of one of our kernels; false if it throws, as it does if the operation is not registered. The
 * tensors that the test keeps are deleted. It calls the addon itself, since tfjs may be at work on another backend.
 */
export function passes(
  binding: TestedBinding,
  test: (keep: (id: number) => number, floats: (shape: number[], ...values: number[]) => number) => boolean,
): boolean {
  const ids: number[] = [];
  const keep = (id: number) => {
    ids.push(id);
    return id;
  };
  try {
    return test(keep, (shape, ...values) =>
      keep(binding.createTensor(shape, binding.TF_FLOAT, Float32Array.from(values))),
    );
  } catch {
    return false;
  } finally {
    for (const id of ids) binding.deleteTensor(id);
  }
}

/** Tests two samples with equal logits, one of them of weight 0: the loss is log(2)/2, and g is ±¼. */
function computesRightly({ binding }: KernelBackend): boolean {
  return passes(binding, (keep, floats) => {
    const labels = keep(binding.createTensor([2], binding.TF_INT32, Int32Array.of(1, 0)));
    const [x, w] = [floats([2, 2], 2, 4, 8, 1), floats([2, 2], 0, 0, 0, 0)];
    const inputs = [x, w, floats([2], 1, 1), labels, floats([2], 1, 0)];
    const outputs = binding.executeOp(SOFTMAX_GRADIENT, attributesOf(binding, 0.5, 1), inputs, 3);
    const [[loss], weight, bias] = outputs.map(({ id }) =>
      Array.from(binding.tensorDataSync(keep(id)) as Float32Array),
    );
    return Math.abs(loss - Math.LN2 / 2) < 1e-6 && [...bias, ...weight].join() === '0.25,-0.25,0.25,-0.25,0.5,-0.5';
  });
}

function attributesOf(binding: KernelBinding, factor: number, numWeights: number): NativeAttribute[] {
  const { TF_ATTR_FLOAT, TF_ATTR_INT, TF_ATTR_TYPE, TF_FLOAT } = binding;
  return [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'M', type: TF_ATTR_INT, value: numWeights },
    { name: 'N', type: TF_ATTR_INT, value: 0 },
    { name: 'factor', type: TF_ATTR_FLOAT, value: factor },
  ];
}

/**
 * The loss and the gradients of a softmax regression in closed form, in one call of our kernel.
 *
 *   ℓ = (1/n) Σᵢ sᵢ·(−log pᵢ[yᵢ]),   p = softmax(cXW + b),   ∂ℓ/∂W = cXᵀG,   ∂ℓ/∂b = Σᵢ gᵢ,   gᵢ = sᵢ(pᵢ − yᵢ)/n
 *
 * Labels out of range are rejected. The loss of a sample of weight 0 is 0, even if its logits are not finite.
 *
 * @see checked against autograd and reference/cross-entropy.ts
 */
export function softmaxGradient({ features, weight, bias, labels, weights, factor }: GradientInputs): BatchGradient {
  const backend = tf.backend() as unknown as KernelBackend;
  const attributes = attributesOf(backend.binding, factor, weights === undefined ? 0 : 1);
  const inputs = [features, weight, bias, labels, ...(weights === undefined ? [] : [weights])];
  const [loss, ofWeight, ofBias] = backend.executeMultipleOutputs(SOFTMAX_GRADIENT, attributes, inputs, 3);
  return { loss: loss as tf.Scalar, weight: ofWeight as tf.Tensor2D, bias: ofBias as tf.Tensor1D };
}
