// nn: sums over ranks by a kernel of TensorFlow, which a recorded loop runs between two steps.
import * as tf from '@tensorflow/tfjs';
import { type KernelBackend, type KernelBinding, type NativeAttribute, passes } from './fused.js';

/** Our kernel, src/kernels/rank-sum.cc. */
export const RANK_SUM = 'SoftmaxRegressionRankSum';

/** A share of a batch, and how to sum over the ranks. */
export interface RankShare {
  /** The address of the function that sums; 0 for one rank alone. */
  readonly address: number;
  /** The samples of this rank, and of all ranks. */
  readonly part: number;
  readonly whole: number;
}

/** Whether the current backend has the kernel, with correct results. */
export function hasRankSum(): boolean {
  if (tf.getBackend() !== 'tensorflow') return false;
  const backend = tf.backend() as unknown as KernelBackend;
  const isKnown = known.get(backend) ?? (!backend.isUsingGpuDevice && computesRightly(backend));
  known.set(backend, isKnown);
  return isKnown;
}

const known = new WeakMap<object, boolean>();

/** Σᵣ (partᵣ/whole)·valuesᵣ over the ranks r, in float64, rounded to float32; the same on all ranks. */
export function rankSum(values: tf.Tensor1D, share: RankShare): tf.Tensor1D {
  const backend = tf.backend() as unknown as KernelBackend;
  const [sums] = backend.executeMultipleOutputs(RANK_SUM, attributesOf(backend.binding, share), [values], 1);
  return sums as tf.Tensor1D;
}

function computesRightly({ binding }: KernelBackend): boolean {
  return passes(binding, (keep, floats) => {
    const attributes = attributesOf(binding, { address: 0, part: 1, whole: 4 });
    const [{ id }] = binding.executeOp(RANK_SUM, attributes, [floats([2], 2, -4)], 1);
    return Array.from(binding.tensorDataSync(keep(id)) as Float32Array).join() === '0.5,-1';
  });
}

function attributesOf(binding: KernelBinding, { address, part, whole }: RankShare): NativeAttribute[] {
  const { TF_ATTR_INT, TF_ATTR_TYPE, TF_FLOAT } = binding;
  return [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'address', type: TF_ATTR_INT, value: address },
    { name: 'part', type: TF_ATTR_INT, value: part },
    { name: 'whole', type: TF_ATTR_INT, value: whole },
  ];
}
