// training: fits parameters by first-order steps over batches.
import * as tf from '@tensorflow/tfjs';
import { DataStore } from '../compile/arrays.js';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { openLoop } from '../compile/loop.js';
import type { Affine } from '../core/affine.js';
import { type Communicator, ONE_PROCESS } from '../core/ranks/communicator.js';
import { ofRankZero } from '../core/ranks/first.js';
import { relativeWeights, type SampleWeights, sharesOf } from '../data/sample-weights.js';
import { StoredRows } from '../data/stored-rows.js';
import { Dense } from '../nn/dense.js';
import type { Layer } from '../nn/layer.js';
import { Phm } from '../nn/phm.js';
import { objectiveOf, unscaled } from '../objective/objective.js';
import { type ScaledLayer, scaledLayer } from '../objective/scaled-layer.js';
import * as optimizers from '../optim/first-order.js';
import { clonesOf, type Optimizer, type Tensors } from '../optim/first-order.js';
import { ratesOf } from '../optim/schedule.js';
import { adviceForSteps } from './advice.js';
import { type TrainingShape, trainingOf, trainingSnapshot } from './checkpoint/training-snapshot.js';
import type { DenseSamples, FitResult, FitRun, Fitted, Samples } from './fit.js';
import type { FirstOrderPlan } from './options.js';
import { countedFromHere, fromPlain, type PlainTraining, toPlain } from './plain-training.js';
import { type BatchedSamples, openSharedLoop } from './shared-loop.js';
import type { FirstOrderSolver } from './solvers.js';
import { storedAffine } from './standardization.js';
import { stepParts, trainingStep } from './step.js';
import { disposeTraining, newTraining, runEpochs, scheduleOf, type Training, type TrainingEnd } from './training.js';
import { openValidation, type Validation, type ValidationScores } from './validation.js';

/** The update function of each solver. */
const OPTIMIZERS: Readonly<Record<FirstOrderSolver, () => Optimizer>> = optimizers;

/** The input of a first-order fit besides samples and options. */
export interface FirstOrderRun extends FitRun {
  /** Whether each step standardises its batch. If not set, the samples are already standardised or used unscaled. */
  readonly standardizes?: 'in steps';
  /**
   * The training so far, for a stream. Its epoch count continues, and weights multiply losses without normalisation.
   */
  readonly stream?: PlainTraining;
}

/** A fit on the parts of a stream so far, with the training state to continue from. */
export interface Streamed extends Omit<Fitted, 'result'> {
  readonly training: PlainTraining;
}

/**
 * Minimises (1/S)·Σᵢ sᵢ·NLLᵢ + λ/2·‖W‖² by first-order steps over shuffled batches.
 *
 * The loss of a batch B is (1/|B|)·Σ_{i∈B} sᵢ·n/S·NLLᵢ. Its expectation over random batches is the mean loss above.
 * Dividing by the total weight of the batch would favour samples in batches of low weight.
 *
 * @returns parameters as plain arrays; all tensors are disposed, also after an error
 */
export function fitFirstOrder(samples: DenseSamples, options: FirstOrderPlan, run: FirstOrderRun): Promise<Fitted> {
  return withTraining(samples, options, run, (trainer) => fitted(trainer, samples));
}

/** Fits the next part of a stream. */
export function fitPart(
  samples: Samples,
  options: FirstOrderPlan,
  run: FirstOrderRun & { readonly stream: PlainTraining },
): Promise<Fitted & Streamed> {
  return withTraining(samples, options, run, async (trainer) => ({
    ...(await fitted(trainer, samples)),
    training: countedFromHere(await toPlain(trainer.training)),
  }));
}

/** A new training with `inputs` features. */
export function startStream(
  inputs: number,
  numClasses: number,
  options: FirstOrderPlan,
  start: Float64Array | undefined,
  backend: BackendInUse,
): Promise<Streamed> {
  const features = { values: new Float32Array(0), shape: [0, inputs] } as const;
  const none: Samples = { features, labels: new Int32Array(0), weights: undefined, numClasses };
  return withTraining(none, options, { start, backend }, async (trainer) => ({
    ...(await affineOf(trainer, trainer.training.parameters)),
    numParameters: countOf(trainer),
    training: await toPlain(trainer.training),
  }));
}

/** The components of a running training. */
interface Trainer {
  readonly layer: Layer;
  readonly scaled: ScaledLayer;
  readonly optimizer: Optimizer;
  readonly options: FirstOrderPlan;
  readonly run: FirstOrderRun;
  readonly store: DataStore;
  readonly shape: TrainingShape;
  /** Its current state. */
  training: Training;
}

async function withTraining<R>(
  { features, numClasses }: DenseSamples,
  options: FirstOrderPlan,
  run: FirstOrderRun,
  body: (trainer: Trainer) => Promise<R>,
): Promise<R> {
  const { backend } = run;
  options.signal?.throwIfAborted();
  // A backend such as wasm starts when it is first waited for.
  await backend.start();
  const layer = layerOf(features.shape[1], numClasses, options);
  const scaled = scaledFor(layer, features, run);
  const optimizer = OPTIMIZERS[options.solver]();
  const shape: TrainingShape = {
    numSamples: features.shape[0],
    batchSize: options.batchSize,
    validates: run.validation !== undefined,
    stopsEarly: options.earlyStopping !== undefined,
  };
  const first = firstTraining(layer, optimizer, options, run, numClasses);
  const trainer: Trainer = {
    layer,
    scaled,
    optimizer,
    options,
    run,
    shape,
    training: first,
    store: new DataStore(backend),
  };
  try {
    const { resumed } = run.checkpoints ?? {};
    if (resumed !== undefined) {
      const plain = trainingOf(resumed, await toPlain(first), shape, resumed.fail);
      const { epoch, step, iterations } = plain;
      run.checkpoints?.resumedAt({ epoch: step === 0 ? epoch : epoch + 1, iterations }, { epochs: options.epochs });
      backend.assertSame();
      trainer.training = fromPlain(plain);
      disposeTraining(first, backend);
    }
    return await body(trainer);
  } finally {
    disposeTraining(trainer.training, backend);
    trainer.store.dispose();
    backend.dispose(layer);
  }
}

/** The layer for features as they are stored, with their scale. */
function scaledFor(
  layer: Layer,
  features: DenseSamples['features'],
  { scaling, standardizes }: FirstOrderRun,
): ScaledLayer {
  const scale = features instanceof StoredRows ? 1 : features.scale;
  return scaledLayer(layer, scale, standardizes === undefined ? undefined : scaling);
}

function firstTraining(
  layer: Layer,
  optimizer: Optimizer,
  { seed }: FirstOrderPlan,
  { stream, start }: FirstOrderRun,
  numClasses: number,
): Training {
  if (stream !== undefined) return fromPlain(stream);
  const first = tf.tidy(() => {
    const parameters = start === undefined ? clonesOf(layer.parameters) : tensorsOf(start, numClasses);
    return { parameters, optimizer: optimizer.init(parameters) };
  });
  return newTraining(first.parameters, first.optimizer, seed);
}

async function fitted(trainer: Trainer, samples: DenseSamples): Promise<Fitted> {
  const { features, labels, weights } = samples;
  const { scaled, options, run, store } = trainer;
  const data = { features: unscaled(features), labels };
  const reason = await train(trainer, weights === undefined ? data : { ...data, weights: factorsOf(weights, run) });
  const { best, iterations, history } = trainer.training;
  const { parameters } = best ?? trainer.training;
  const whole = { ...data, shares: sharesOf(weights, labels.length) };
  const { communicator = ONE_PROCESS, signal } = options;
  const own = await objectiveOf(scaled, parameters, whole, options, store);
  // Other processors may round it differently, as the scores of validation.
  const [objective, gradientNorm] = await ofRankZero(
    Float64Array.of(own.objective, own.gradientNorm),
    communicator,
    signal,
  );
  const diverged = reason === 'diverged';
  const end = { diverged, objective, isStream: run.stream !== undefined };
  const result: FitResult = {
    converged: false,
    reason,
    advice: await adviceForSteps(samples, options, end),
    ...{ objective, gradientNorm },
    suboptimality: null,
    iterations,
    history,
    ...(best && { bestEpoch: best.epoch }),
  };
  return { ...(await affineOf(trainer, parameters)), numParameters: countOf(trainer), result };
}

/** Runs the remaining epochs. */
async function train(trainer: Trainer, data: BatchedSamples): Promise<TrainingEnd> {
  const { scaled, optimizer, options, run, store } = trainer;
  const { backend } = store;
  const { epochs, batchSize, shuffle, learningRate: rate, earlyStopping, signal, onProgress, onEpochEnd } = options;
  const { checkpoints } = run;
  const last = run.stream === undefined ? epochs : run.stream.epoch + epochs;
  const numBatches = Math.ceil(data.labels.length / batchSize);
  const rates = typeof rate === 'number' ? rate : (epoch: number) => ratesOf(rate, epoch, numBatches, last);
  const constant = typeof rates === 'number' ? rates : undefined;
  const asked = { ...options, scaled, optimizer, learningRate: constant };
  const { parameters, optimizer: remembered } = trainer.training;
  const schedule = constant === undefined ? scheduleOf(new Float32Array(numBatches)) : undefined;
  const initial = { parameters, optimizer: remembered, ...(schedule && { schedule }) };
  const { communicator = ONE_PROCESS } = options;
  const loop = await (communicator.size > 1
    ? openSharedLoop({ parts: stepParts(asked), data, batchSize, passes: epochs, communicator }, initial, store)
    : openLoop(trainingStep(asked), initial, data, { batchSize, passes: epochs, isOrdered: shuffle }, store)
  ).finally(() => backend.dispose(schedule as unknown as tf.TensorContainer));
  let validation: Validation | undefined;
  try {
    validation = run.validation && (await openValidationOf(trainer, run.validation as DenseSamples));
    const validate = validation && scoresOf(validation, communicator, signal);
    const snapshotOf = (training: Training) => async () => trainingSnapshot(await toPlain(training), trainer.shape);
    const onTraining = async (training: Training) =>
      checkpoints?.reach(training, training.step === 0, snapshotOf(training));
    const onAbort = async (training: Training) => checkpoints?.finish(training, snapshotOf(training));
    const affineNow = (at: Tensors) => affineOf(trainer, at);
    const calls = { onProgress, onEpochEnd, onTraining, onAbort, affineOf: affineNow };
    const plan = { backend, epochs: last, shuffle, rates, validate, earlyStopping, signal, ...calls };
    const { training, reason } = await runEpochs(loop, trainer.training, plan);
    trainer.training = training;
    await checkpoints?.finish(training, snapshotOf(training));
    return reason;
  } finally {
    validation?.close();
    loop.close();
  }
}

/** The scores of rank 0, which decide on every rank when training ends and which parameters it keeps. */
function scoresOf(validation: Validation, communicator: Communicator, signal: AbortSignal | undefined) {
  return async (at: Tensors): Promise<ValidationScores> => {
    const own = await validation.evaluate(at, signal);
    const values = Float64Array.of(own.validationLoss, own.validationAccuracy);
    const [validationLoss, validationAccuracy] = await ofRankZero(values, communicator, signal);
    return { validationLoss, validationAccuracy };
  };
}

function openValidationOf(
  { layer, run, training, options, store }: Trainer,
  samples: DenseSamples,
): Promise<Validation> {
  const scaled = scaledFor(layer, samples.features, run);
  return openValidation(scaled, training.parameters, samples, options.epochs, store);
}

function layerOf(inputs: number, units: number, { layer, seed }: FirstOrderPlan): Layer {
  return layer === 'dense' ? new Dense({ inputs, units, seed }) : new Phm({ inputs, units, n: layer.phm, seed });
}

/** The factors of the losses in a batch. The total weight of a stream is unknown, so its weights are absolute. */
function factorsOf(weights: SampleWeights, { stream }: FirstOrderRun): Float32Array {
  return stream === undefined ? relativeWeights(weights) : Float32Array.from(weights.values);
}

function countOf({ layer, options }: Trainer): number {
  // A bias that is not fitted does not count.
  return layer.numParameters - (options.fitIntercept ? 0 : layer.units);
}

/** W, [d, classes], followed by b, as tensors. */
function tensorsOf(point: Float64Array, numClasses: number): Tensors {
  const values = Float32Array.from(point);
  const split = values.length - numClasses;
  return {
    weight: tf.tensor(values.subarray(0, split), [split / numClasses, numClasses]),
    bias: tf.tensor1d(values.subarray(split)),
  };
}

/** W and b as plain arrays, for raw features. */
async function affineOf({ layer, run, store: { backend } }: Trainer, trained: Tensors): Promise<Affine> {
  backend.assertSame();
  const tensors = tf.tidy(() => ({ weight: layer.weightOf(trained), bias: trained.bias.clone() }));
  const values = Promise.all([tensors.weight.data<'float32'>(), tensors.bias.data<'float32'>()]);
  const [weight, bias] = await values.finally(() => backend.dispose(tensors));
  // Copied, because a backend may return its own memory.
  return storedAffine([...weight, ...bias], bias.length, run.scaling);
}
