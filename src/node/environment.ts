// node: the properties of this machine that affect the last bits of a result.
import * as tf from '@tensorflow/tfjs';
import { hasNarrowMatMul } from '../graph/narrow-matmul.js';
import { type Binding, nativeBackend } from '../graph/native-backend.js';
import type { Environment } from '../training/checkpoint/environment.js';
import { thisMachine } from './native/machine.js';

/** Processor and Node, Bun or Deno; on the tensorflow backend also TensorFlow, its settings, and whether our kernel is in use. */
export function machineEnvironment(): Environment {
  const { platform, arch, cpu, node, otherRuntime } = thisMachine();
  const here = { engine: otherRuntime ?? `Node.js ${node}`, cpu: `${cpu} (${platform} ${arch})` };
  if (tf.getBackend() !== 'tensorflow') return here;
  const { binding, isUsingGpuDevice } = nativeBackend();
  return {
    ...here,
    TensorFlow: `${(binding as Binding & { readonly TF_Version: string }).TF_Version} on ${isUsingGpuDevice ? 'GPU' : 'CPU'}`,
    oneDNN: process.env.TF_ENABLE_ONEDNN_OPTS ?? 'by default',
    'own kernel': hasNarrowMatMul() ? 'in use' : 'not in use',
  };
}
