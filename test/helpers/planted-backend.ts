// The cpu backend under another name, with faults in some kernels.
import * as tf from '@tensorflow/tfjs';

/** Node.js has no webgpu, so backends with an error can use its name. */
export const PLANTED = 'webgpu';

export type Kernel = tf.KernelConfig['kernelFunc'];
export type Fault = (right: Kernel) => Kernel;

/** Registers the cpu backend as `PLANTED`, with some kernels replaced. */
export function plant(faults: Readonly<Record<string, Fault>> = {}): void {
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend('cpu')) {
    const fault = faults[kernelName];
    tf.registerKernel({ kernelName, backendName: PLANTED, kernelFunc: fault?.(kernelFunc) ?? kernelFunc });
  }
  const Cpu = tf.findBackend('cpu').constructor as new () => tf.KernelBackend;
  tf.registerBackend(PLANTED, () => new Cpu());
}

export function uproot(): void {
  if (tf.findBackendFactory(PLANTED) !== null) tf.removeBackend(PLANTED);
  for (const { kernelName } of tf.getKernelsForBackend(PLANTED)) tf.unregisterKernel(kernelName, PLANTED);
}

/** A fault that changes the output of a kernel. */
export function changed(change: (values: Float32Array) => unknown): Fault {
  return (right) => (params) => {
    const output = right(params) as tf.TensorInfo;
    const backend = params.backend as { data: { get(id: object): { values: Float32Array } } };
    change(backend.data.get(output.dataId).values);
    return output;
  };
}

/** Records the call of a kernel. Its output is unchanged. */
export function noted(name: string, names: Set<string>): Fault {
  return (right) => (params) => {
    names.add(name);
    return right(params);
  };
}
