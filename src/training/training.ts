// training: runs epochs of steps on a training state from which a fit can resume.
import * as tf from '@tensorflow/tfjs';
import type { BackendInUse } from '../compile/backend-in-use.js';
import type { Loop, PassChunk } from '../compile/loop.js';
import type { Affine } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import { Random, type RandomState } from '../core/random.js';
import { clonesOf, type OptimizerState, type Tensors } from '../optim/first-order.js';
import type { EpochRecord, FitResult } from './fit.js';
import type { EarlyStopping, EpochLogs, FitOptions, FitProgress } from './options.js';
import type { TrainingState } from './step.js';
import type { ValidationScores } from './validation.js';

/** Called with a state from which the training can resume. */
export type OnTraining = (training: Training) => Promise<void>;

/** The state of a training. With samples and options, it determines all further steps. It owns its tensors. */
export interface Training {
  readonly parameters: Tensors;
  readonly optimizer: OptimizerState;
  /** The generator's state before it draws this epoch's sample order. */
  readonly random: RandomState;
  /** Finished epochs, finished steps of the current epoch, and the summed loss of those steps. */
  readonly epoch: number;
  readonly step: number;
  readonly epochLoss: number;
  readonly epochSamples: number;
  /** Total number of steps. */
  readonly iterations: number;
  readonly history: readonly EpochRecord[];
  /** The parameters with the lowest validation loss, for early stopping. */
  readonly best: BestParameters | undefined;
}

interface BestParameters {
  readonly parameters: Tensors;
  readonly loss: number;
  readonly epoch: number;
}

/** How to continue a training. */
export interface TrainingPlan {
  readonly backend: BackendInUse;
  /** The total number of epochs, finished ones included. */
  readonly epochs: number;
  readonly shuffle: boolean;
  /** The rates of an epoch's steps, or one rate for all steps. */
  readonly rates: number | ((epoch: number) => Float32Array);
  readonly validate?: (parameters: Tensors) => Promise<ValidationScores>;
  readonly earlyStopping?: EarlyStopping;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FitProgress) => void;
  readonly onEpochEnd?: FitOptions<Label>['onEpochEnd'];
  /** W and b as plain arrays. */
  readonly affineOf: (parameters: Tensors) => Promise<Affine>;
  /** Called after each chunk of steps and after each epoch. */
  readonly onTraining?: OnTraining;
  /** Called when the signal is aborted, or the backend was changed. */
  readonly onAbort?: OnTraining;
}

export type TrainingEnd = Extract<FitResult['reason'], 'epochs' | 'diverged' | 'early-stopping'>;

/** A training before its first step. It takes ownership of the tensors. */
export function newTraining(parameters: Tensors, optimizer: OptimizerState, seed: number): Training {
  return {
    ...{ parameters, optimizer },
    // A separate generator, seeded with the first bits of the seed's generator.
    random: new Random(new Random(seed).bits()).state,
    ...{ epoch: 0, step: 0, epochLoss: 0, epochSamples: 0, iterations: 0, history: [], best: undefined },
  };
}

export function disposeTraining({ parameters, optimizer, best }: Training, backend: BackendInUse): void {
  backend.dispose([parameters, optimizer, best?.parameters ?? {}] as unknown as tf.TensorContainer);
}

/**
 * Runs the remaining epochs.
 *
 * @param loop runs training steps over the samples
 * @param training its tensors are disposed or become those of the result
 * @returns the final state and why the training ended; after divergence, the state before the chunk that diverged
 */
export async function runEpochs(
  loop: Loop<TrainingState, tf.Tensor>,
  training: Training,
  plan: TrainingPlan,
): Promise<{ training: Training; reason: TrainingEnd }> {
  const { epochs, earlyStopping, backend } = plan;
  let current = training;
  const replace = (next: Training) => {
    const { parameters, optimizer, best } = current;
    current = next;
    if (next.parameters !== parameters) backend.dispose([parameters, optimizer] as unknown as tf.TensorContainer);
    if (next.best !== best) backend.dispose(best?.parameters ?? {});
  };
  try {
    for (;;) {
      const { epoch, best } = current;
      const isStalled =
        earlyStopping !== undefined && best !== undefined && epoch - best.epoch >= earlyStopping.patience;
      if (isStalled) return { training: current, reason: 'early-stopping' };
      if (epoch >= epochs) return { training: current, reason: 'epochs' };
      const random = Random.fromState(current.random);
      const order = plan.shuffle ? random.permutation(loop.numSamples) : undefined;
      if (!(await runEpoch(loop, current, order, plan, replace))) return { training: current, reason: 'diverged' };
      const scores = await plan.validate?.(current.parameters);
      backend.assertSame();
      replace(nextEpoch(current, random.state, scores, earlyStopping));
      const { history } = current;
      const now = () => plan.affineOf(current.parameters);
      await plan.onEpochEnd?.(epoch, logsOf(history[history.length - 1]), now);
      await plan.onTraining?.(current);
      plan.signal?.throwIfAborted();
    }
  } catch (error) {
    try {
      if (plan.signal?.aborted || backend.endedWith(error)) await plan.onAbort?.(current);
    } finally {
      disposeTraining(current, backend);
    }
    throw error;
  }
}

/** The rates of an epoch as a schedule for the step state. The caller disposes it. */
export function scheduleOf(rates: Float32Array, step = 0): NonNullable<TrainingState['schedule']> {
  return { rates: tf.tensor1d(rates), step: tf.tensor1d([step], 'int32') };
}

/** Runs the steps of an epoch in chunks. Returns false as soon as a loss or parameter is not finite. */
async function runEpoch(
  loop: Loop<TrainingState, tf.Tensor>,
  start: Training,
  order: Int32Array | undefined,
  { backend, epochs, rates, signal, onProgress, onTraining }: TrainingPlan,
  replace: (next: Training) => void,
): Promise<boolean> {
  const epoch = start.epoch + 1;
  const byStep = typeof rates === 'number' ? undefined : rates(start.epoch);
  backend.assertSame();
  const schedule = byStep && scheduleOf(byStep, start.step);
  let training = start;
  try {
    const { parameters, optimizer } = start;
    const state = { parameters, optimizer, ...(schedule && { schedule }) };
    for await (const chunk of loop.pass(state, order, signal, start.step)) {
      backend.assertSame();
      const epochLoss = await finiteTotal(training.epochLoss, chunk, backend);
      if (epochLoss === undefined) return false;
      backend.assertSame();
      const { step, steps } = chunk;
      training = { ...training, ...copyState(chunk.state), ...added(training, chunk), epochLoss };
      replace(training);
      const loss = training.epochLoss / training.epochSamples;
      const learningRate = byStep === undefined ? (rates as number) : byStep[step - 1];
      onProgress?.({ epoch, epochs, step, steps, loss, learningRate });
      if (step < steps) await onTraining?.(training);
    }
    return true;
  } finally {
    backend.dispose(schedule as unknown as tf.TensorContainer);
  }
}

function added(
  { epochSamples, iterations }: Training,
  { step, batchSizes }: PassChunk<TrainingState, tf.Tensor>,
): Pick<Training, 'step' | 'epochSamples' | 'iterations'> {
  const samples = batchSizes.reduce((sum, size) => sum + size, 0);
  return {
    step,
    epochSamples: epochSamples + samples,
    iterations: iterations + batchSizes.length,
  };
}

/** The training after the end of this epoch. */
function nextEpoch(
  training: Training,
  random: RandomState,
  scores: ValidationScores | undefined,
  earlyStopping: EarlyStopping | undefined,
): Training {
  const { history, epochLoss, epochSamples, parameters } = training;
  const epoch = training.epoch + 1;
  let { best } = training;
  if (earlyStopping !== undefined && scores !== undefined) {
    const { validationLoss: loss } = scores;
    const isBetter = best === undefined || Number.isNaN(best.loss) || loss < best.loss - earlyStopping.minDelta;
    if (isBetter) best = { parameters: clonesOf(parameters), loss, epoch };
  }
  return {
    ...training,
    ...{ random, epoch, step: 0, epochLoss: 0, epochSamples: 0, best },
    history: [...history, { epoch, loss: epochLoss / epochSamples, ...scores }],
  };
}

/** The logs under tfjs's names. */
export function logsOf({ loss, validationLoss, validationAccuracy }: EpochRecord): EpochLogs {
  if (validationLoss === undefined) return { loss };
  return { loss, val_loss: validationLoss, val_acc: validationAccuracy };
}

/**
 * The summed loss of the samples so far, or undefined if it or a parameter is not finite. Losses are added batch by
 * batch, so the chunks do not affect the rounding.
 */
async function finiteTotal(
  before: number,
  { state, outputs, batchSizes }: PassChunk<TrainingState, tf.Tensor>,
  backend: BackendInUse,
): Promise<number | undefined> {
  const sizes = tf.tidy(() => tf.stack(Object.values(state.parameters).map((tensor) => tensor.abs().sum())));
  const values = Promise.all([outputs.data<'float32'>(), sizes.data()]);
  const [losses, parameters] = await values.finally(() => backend.dispose(sizes));
  const total = losses.reduce((sum, loss, i) => sum + loss * batchSizes[i], before);
  return Number.isFinite(total) && parameters.every(Number.isFinite) ? total : undefined;
}

/** A copy of the state, with new tensors on the same values. */
function copyState({ parameters, optimizer }: TrainingState): Pick<Training, 'parameters' | 'optimizer'> {
  return {
    parameters: clonesOf(parameters),
    optimizer: Object.fromEntries(Object.entries(optimizer).map(([name, tensors]) => [name, clonesOf(tensors)])),
  };
}
