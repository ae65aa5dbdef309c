// graph: the parts of tfjs-node's backend that recording and running graphs use.
import * as tf from '@tensorflow/tfjs';
import { formatShape } from '../core/shape.js';

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

/** TensorFlow's C API, as exposed by tfjs-node's addon. */
export interface Binding {
  createTensor(shape: readonly number[], dtype: number, values: unknown): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): tf.BackendValues;
  executeOp(
    op: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly number[],
    numOutputs: number,
  ): NativeTensor[];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): NativeTensor[];
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_UINT8: number;
  readonly TF_BOOL: number;
  readonly TF_STRING: number;
  readonly TF_COMPLEX64: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

export interface NativeBackend {
  binding: Binding;
  readonly isUsingGpuDevice: boolean;
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
