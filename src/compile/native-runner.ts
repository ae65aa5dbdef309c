// compile: training on TensorFlow as one native graph: recorded once, then many steps in one call.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { BatchRange, Runner, Running, Session, TrainingJob, TrainingState } from '../model/runner.js';
import { type LoopSignature, loopModel } from './graph.js';
import { type NativeTensor, nativeBackend } from './native-backend.js';
import { record } from './record.js';

/** Recording and loading take 20 to 150 ms, and save more than 1 ms a step at 784 × 10, batch 256: a clear gain from here on. */
const WORTH_RECORDING = 500;

/**
 * The eager limit is made for a backend in plain JavaScript. In a graph, eight times as many steps still end well within
 * 100 ms: 48 of 784 × 10, batch 256, in some 25 ms.
 */
const STEPS_PER_EAGER_STEP = 8;

/**
 * A runner that records the step, autograd or closed form, and runs full batches as a loop inside of TensorFlow; a short
 * last batch goes through `eager`. Without TensorFlow in use, or for a short training, everything does.
 */
export function nativeRunner(eager: Runner): Runner {
  return (job) => {
    const { labels, batchSize, epochs } = job;
    const steps = Math.floor(labels.length / batchSize) * epochs;
    if (tf.getBackend() !== 'tensorflow' || steps < WORTH_RECORDING) return eager(job);
    return graphSession(job, eager(job));
  };
}

function graphSession(job: TrainingJob, eager: Session): Session {
  const { batchSize } = job;
  const { binding } = nativeBackend();
  const graph = loadLoop(job);
  const resident = residentData(job);
  const isFull = ([start, end]: BatchRange) => end - start === batchSize;
  return {
    chunk: eager.chunk * STEPS_PER_EAGER_STEP,
    run(state, order, batches) {
      const full = batches.filter(isFull);
      const rest = batches.slice(full.length);
      if (full.length === 0) return eager.run(state, order, rest);
      const done = runLoop(graph, resident, state, order, full[0][0] / batchSize, full.length);
      if (rest.length === 0) return done;
      try {
        const last = eager.run(done.state, order, rest);
        return { state: last.state, total: addAndDispose(last.total, done.total) };
      } finally {
        tf.dispose(done);
      }
    },
    close() {
      binding.deleteSavedModel(graph.id);
      for (const id of resident) binding.deleteTensor(id);
      eager.close();
    },
  };
}

function addAndDispose(a: tf.Scalar, b: tf.Scalar): tf.Scalar {
  const sum = a.add<tf.Scalar>(b);
  a.dispose();
  return sum;
}

interface LoadedLoop {
  readonly id: number;
  readonly signature: LoopSignature;
}

/** The step, recorded at the shapes of a full batch, as a loop that TensorFlow has loaded. */
function loadLoop({ step, state, features, batchSize }: TrainingJob): LoadedLoop {
  const template = stateTensors(state);
  const examples = tf.tidy(() => [
    ...template.map((tensor) => tf.zerosLike(tensor)),
    tf.zeros([batchSize, features.shape[1]]),
    tf.zeros([batchSize], 'int32'),
  ]);
  try {
    const flat = (...inputs: tf.Tensor[]) => {
      const [x, y] = inputs.slice(template.length) as [tf.Tensor2D, tf.Tensor1D];
      const { state: next, loss } = step(withTensors(state, inputs), x, y);
      return [...stateTensors(next), loss];
    };
    const { TF_FLOAT } = nativeBackend().binding;
    const { bytes, signature } = loopModel({
      body: record(flat, examples),
      stateTypes: template.map(() => TF_FLOAT),
      featureType: featureStorage(features.values).type,
      scale: features.scale ?? 1,
      batchSize,
    });
    return { id: loadModel(bytes), signature };
  } finally {
    tf.dispose(examples);
  }
}

/** TensorFlow only loads a model from a folder; that is gone again before this returns. */
function loadModel(bytes: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'softmax-regression-graph-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), bytes);
    return nativeBackend().binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Features and labels, inside of TensorFlow for as long as the session lasts. */
function residentData({ features, labels }: TrainingJob): readonly [features: number, labels: number] {
  const { binding } = nativeBackend();
  const { type, values } = featureStorage(features.values);
  return [
    binding.createTensor(features.shape, type, values),
    binding.createTensor([labels.length], binding.TF_INT32, labels),
  ];
}

/** Bytes stay bytes, a quarter of the memory and of the reading; everything else becomes float32. */
function featureStorage(values: TrainingJob['features']['values']): {
  type: number;
  values: Uint8Array | Float32Array;
} {
  const { TF_UINT8, TF_FLOAT } = nativeBackend().binding;
  const kind = values[Symbol.toStringTag];
  // A Buffer is a Uint8Array to JavaScript, but not to the addon.
  if (kind === 'Uint8Array')
    return { type: TF_UINT8, values: new Uint8Array(values.buffer, values.byteOffset, values.length) };
  return { type: TF_FLOAT, values: kind === 'Float32Array' ? (values as Float32Array) : Float32Array.from(values) };
}

function runLoop(
  { id, signature }: LoadedLoop,
  resident: readonly number[],
  state: TrainingState,
  order: Int32Array,
  first: number,
  count: number,
): Running {
  const backend = nativeBackend();
  const { binding } = backend;
  const own = [
    binding.createTensor([order.length], binding.TF_INT32, order),
    binding.createTensor([], binding.TF_INT32, Int32Array.of(first)),
    binding.createTensor([], binding.TF_INT32, Int32Array.of(count)),
  ];
  let outputs: NativeTensor[];
  try {
    const inputs = [...resident, ...own, ...backend.getInputTensorIds(stateTensors(state))];
    outputs = binding.runSavedModel(id, inputs, signature.inputs, signature.outputs);
  } finally {
    for (const id of own) binding.deleteTensor(id);
  }
  const [total, ...tensors] = outputs.map((output) => backend.createOutputTensor(output));
  return { state: withTensors(state, tensors), total: total as tf.Scalar };
}

/** The tensors of a state, in the order of its names. */
function stateTensors({ parameters, optimizer }: TrainingState): tf.Tensor[] {
  return [parameters, ...Object.values(optimizer)].flatMap((tensors) => Object.values(tensors));
}

/** A state with the names of `template` and other tensors. */
function withTensors(template: TrainingState, tensors: readonly tf.Tensor[]): TrainingState {
  let at = 0;
  const rename = (names: object) => Object.fromEntries(Object.keys(names).map((name) => [name, tensors[at++]]));
  const parameters = rename(template.parameters);
  return {
    parameters,
    optimizer: Object.fromEntries(Object.entries(template.optimizer).map(([name, names]) => [name, rename(names)])),
  };
}
