// node: repairs a kernel of tfjs-node that computes wrong numbers.
import type * as tfjs from '@tensorflow/tfjs';

interface Arguments {
  readonly inputs: { readonly x: tfjs.TensorInfo };
  readonly backend: { executeSingleInput(op: string, x: tfjs.TensorInfo): tfjs.TensorInfo };
}

/**
 * Makes `tf.round` return an int32 tensor unchanged. TensorFlow 2.21 returns zeros for it.
 *
 * To be called once the backend `'tensorflow'` is registered.
 */
export function repairRound(tf: typeof tfjs): void {
  const config = tf.getKernel('Round', 'tensorflow');
  if (config === undefined) return;
  const { kernelFunc } = config;
  config.kernelFunc = (params) => {
    const { inputs, backend } = params as unknown as Arguments;
    return inputs.x.dtype === 'int32' ? backend.executeSingleInput('Identity', inputs.x) : kernelFunc(params);
  };
}
