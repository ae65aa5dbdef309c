// nn: TensorFlow's fused kernel for softmax, cross-entropy and gradient with integer labels.
import * as tf from '@tensorflow/tfjs';
import { softmaxOp, softmaxPullback } from './softmax.js';

/** The part of the native backend used here. This file never imports `@tensorflow/tfjs-node`. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_FLOAT: number; readonly TF_INT32: number };
  executeMultipleOutputs(
    kernel: string,
    attributes: readonly object[],
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
  const backend = tf.backend() as unknown as NativeBackend;
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
