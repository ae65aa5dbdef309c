// graph: the parts of tfjs-node's backend that recording and running graphs use.
import * as tf from '@tensorflow/tfjs';
import { formatShape } from '../core/shape.js';
import type { KernelBackend, KernelBinding, NativeAttribute, NativeTensor } from '../nn/fused.js';

export type { NativeAttribute, NativeTensor } from '../nn/fused.js';

/** TensorFlow's C API, as exposed by tfjs-node's addon. */
export interface Binding extends KernelBinding {
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): NativeTensor[];
  readonly TF_UINT8: number;
  readonly TF_BOOL: number;
  readonly TF_STRING: number;
  readonly TF_COMPLEX64: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_SHAPE: number;
}

export interface NativeBackend extends KernelBackend {
  binding: Binding;
  /** The ids of tensors; values that are still in JavaScript are uploaded first. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  /** Creates a tfjs tensor that owns a native one. */
  createOutputTensor(tensor: NativeTensor): tf.Tensor;
  executeSingleOutput(op: string, attributes: readonly NativeAttribute[], inputs: readonly tf.Tensor[]): tf.Tensor;
  getDTypeInteger(dtype: tf.DataType): number;
  read(dataId: object): Promise<tf.BackendValues>;
  readSync(dataId: object): tf.BackendValues;
}

/** The native backend; valid only if `tf.getBackend()` is `'tensorflow'`. */
export function nativeBackend(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}

/** TensorFlow's type codes and their names. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'float32',
  3: 'int32',
  4: 'uint8',
  7: 'string',
  8: 'complex64',
  9: 'int64',
  10: 'bool',
};

/** `float32[256, 10]` */
export function formatNative({ dtype, shape }: Pick<NativeTensor, 'dtype' | 'shape'>): string {
  return `${TYPE_NAMES[dtype] ?? `type ${dtype}`}${formatShape(shape)}`;
}
