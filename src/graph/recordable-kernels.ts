// graph: tfjs-node kernels that read values before they run, in a recordable form.
import * as tf from '@tensorflow/tfjs';
import { nativeBackend } from './native-backend.js';

interface GatherArguments {
  readonly inputs: { readonly x: tf.Tensor; readonly indices: tf.Tensor };
  readonly attrs: { readonly axis: number; readonly batchDims: number };
}

/** Omits the check of the indices; in a graph, TensorFlow rejects indices out of range. */
function gather({ inputs: { x, indices }, attrs: { axis, batchDims } }: GatherArguments): tf.TensorInfo {
  const backend = nativeBackend();
  const { TF_ATTR_INT, TF_ATTR_TYPE } = backend.binding;
  const type = (name: string, { dtype }: tf.Tensor) => ({
    name,
    type: TF_ATTR_TYPE,
    value: backend.getDTypeInteger(dtype),
  });
  const axisTensor = tf.scalar(axis, 'int32');
  const attributes = [
    { name: 'batch_dims', type: TF_ATTR_INT, value: batchDims },
    type('Tparams', x),
    type('Tindices', indices),
    type('Taxis', axisTensor),
  ];
  return backend.executeSingleOutput('GatherV2', attributes, [x, indices, axisTensor]);
}

const RECORDABLE = { GatherV2: gather } as unknown as Readonly<Record<string, tf.KernelFunc>>;

/** Runs `body` with these kernels instead of tfjs-node's own. */
export function withRecordableKernels<T>(body: () => T): T {
  const configs = Object.keys(RECORDABLE).flatMap((kernel) => tf.getKernel(kernel, 'tensorflow') ?? []);
  const own = configs.map(({ kernelFunc }) => kernelFunc);
  try {
    for (const config of configs) config.kernelFunc = RECORDABLE[config.kernelName];
    return body();
  } finally {
    configs.forEach((config, i) => {
      config.kernelFunc = own[i];
    });
  }
}
