// The front door for Node only: named re-exports, grouped by room. index.ts exports what browsers can use too.
/**
 * For Node only: native kernels, files, data sets. `softmax-regression` exports what browsers can use too.
 *
 * Importing it makes TensorFlow available to `selectBackend` and lets `compile`, `scan` and `fit` run as native graphs.
 *
 * @module softmax-regression/node
 */
import { provideBackend } from './backend/select.js';
import { provideTracer } from './compile/compile.js';
import { eagerRunner, provideRunner } from './compile/loop.js';
import { provideFormats } from './formats/provide.js';
import { nativeRunner } from './graph/native-runner.js';
import { nativeTracer } from './graph/native-tracer.js';
import { machineEnvironment } from './node/environment.js';
import { loadNative } from './node/native/load.js';
import { provideEnvironment } from './training/checkpoint/environment.js';

// Importing this file makes TensorFlow's native kernels available to selectBackend,
provideBackend('tensorflow', async () => {
  const { tensorflowVersion, device } = await loadNative();
  return `TensorFlow ${tensorflowVersion} on ${device}`;
});

// lets compile, scan and fit run as native graphs,
provideTracer(nativeTracer);
provideRunner(nativeRunner(eagerRunner));

// lets readSamples read Parquet and Arrow,
provideFormats();

// and lets checkpoints record the machine that wrote them.
provideEnvironment(machineEnvironment);

// node
export { fileCheckpoint, readCheckpoint } from './node/checkpoint-files.js';
export {
  type FashionMnist,
  type FashionMnistOptions,
  type LabelledImages,
  loadFashionMnist,
} from './node/datasets/fashion-mnist.js';
export { loadIdxFolder } from './node/datasets/idx-folder.js';
export type { PinnedDataOptions } from './node/datasets/pinned-data.js';
export { cacheFolder, type OnProgress, type Progress } from './node/files.js';
export { loadModel, type Saveable, saveModel } from './node/model-files.js';
export { type DoctorReport, doctor, type Finding, formatDoctor } from './node/native/doctor.js';
export { type InstallOptions, type InstallResult, installNative } from './node/native/install.js';
export {
  loadNative,
  type NativeInstallation,
  type NativeKernels,
  type NativeStatus,
  type NoNativeInstallation,
  nativeStatus,
} from './node/native/load.js';
export type { ProbeResult } from './node/native/probe.js';
export { saveCompiled } from './node/saved-model.js';
export type { IdxFolder, IdxSamples } from './reading/idx.js';
