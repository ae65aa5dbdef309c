// The front door for Node only: named re-exports, grouped by room. What browsers share is in index.ts.
import { provideBackend } from './backend/select.js';
import { nativeRunner } from './compile/native-runner.js';
import { eagerRunner, provideRunner } from './model/runner.js';
import { loadNative } from './node/native.js';

// Importing this file brings TensorFlow's native kernels into reach of selectBackend.
provideBackend('tensorflow', async () => {
  const { tensorflowVersion, device } = await loadNative();
  return `TensorFlow ${tensorflowVersion} on ${device}`;
});

// And fit runs its steps as native graphs there.
provideRunner(nativeRunner(eagerRunner));

// node
export { type DoctorReport, doctor, type Finding, formatDoctor } from './node/doctor.js';
export {
  type FashionMnist,
  type FashionMnistOptions,
  type LabelledImages,
  loadFashionMnist,
} from './node/fashion-mnist.js';
export { cacheFolder, type OnProgress, type Progress } from './node/files.js';
export { type InstallOptions, type InstallResult, installNative } from './node/install.js';
export {
  loadNative,
  type NativeInstallation,
  type NativeKernels,
  type NativeStatus,
  type NoNativeInstallation,
  nativeStatus,
} from './node/native.js';
