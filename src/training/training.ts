// training: epochs of steps, and all that the rest of a training depends on, in one value.
import * as tf from '@tensorflow/tfjs';
import type { Loop, PassChunk } from '../compile/loop.js';
import type { Affine } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import { Random, type RandomState } from '../core/random.js';
import { clonesOf, type OptimizerState, type Tensors } from '../optim/first-order.js';
import type { EpochRecord, FitResult } from './fit.js';
import type { EarlyStopping, EpochLogs, FitOptions, FitProgress } from './options.js';
import type { TrainingState } from './step.js';
import type { ValidationScores } from './validation.js';

/** Called where a training can be taken up again later. */
export type OnTraining = (training: Training) => Promise<void>;

/** Where a training stands: with the samples and the options, it decides all that follows. Its tensors are its own. */
export interface Training {
  readonly parameters: Tensors;
  readonly optimizer: OptimizerState;
  /** Of the generator that the order of the samples in this epoch is drawn from, before it is. */
  readonly random: RandomState;
  /** Epochs done, steps done in the one after, and the summed loss of the samples of those. */
  readonly epoch: number;
  readonly step: number;
  readonly epochLoss: number;
  readonly epochSamples: number;
  /** Steps done in all. */
  readonly iterations: number;
  readonly history: readonly EpochRecord[];
  /** The parameters with the least validation loss, where early stopping looks for them. */
  readonly best: BestParameters | undefined;
}

interface BestParameters {
  readonly parameters: Tensors;
  readonly loss: number;
  readonly epoch: number;
}

/** How a training goes on. */
export interface TrainingPlan {
  /** As many, those done included. */
  readonly epochs: number;
  readonly shuffle: boolean;
  /** The rates of the steps of an epoch, or the same for all. */
  readonly rates: number | ((epoch: number) => Float32Array);
  readonly validate?: (parameters: Tensors) => Promise<ValidationScores>;
  readonly earlyStopping?: EarlyStopping;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FitProgress) => void;
  readonly onEpochEnd?: FitOptions<Label>['onEpochEnd'];
  /** W and b as plain arrays. */
  readonly affineOf: (parameters: Tensors) => Promise<Affine>;
  /** After each chunk of steps, and after each epoch. */
  readonly onTraining?: OnTraining;
  /** Once the signal is aborted: where it stands then. */
  readonly onAbort?: OnTraining;
}

export type TrainingEnd = Extract<FitResult['reason'], 'epochs' | 'diverged' | 'early-stopping'>;

/** A training before its first step; the tensors become its own. */
export function newTraining(parameters: Tensors, optimizer: OptimizerState, seed: number): Training {
  return {
    ...{ parameters, optimizer },
    // A generator of its own: the seed's first bits seed it.
    random: new Random(new Random(seed).bits()).state,
    ...{ epoch: 0, step: 0, epochLoss: 0, epochSamples: 0, iterations: 0, history: [], best: undefined },
  };
}

export function disposeTraining({ parameters, optimizer, best }: Training): void {
  tf.dispose([parameters, optimizer, best?.parameters ?? {}] as unknown as tf.TensorContainer);
}

/**
 * Runs the epochs that are left.
 *
 * @param loop of training steps over the samples
 * @param training its tensors are disposed, or those of the result
 * @returns where the training stands at its end, and why it ended; where it diverged, before the chunk that did
 */
export async function runEpochs(
  loop: Loop<TrainingState, tf.Tensor>,
  training: Training,
  plan: TrainingPlan,
): Promise<{ training: Training; reason: TrainingEnd }> {
  const { epochs, earlyStopping } = plan;
  let current = training;
  const replace = (next: Training) => {
    const { parameters, optimizer, best } = current;
    current = next;
    if (next.parameters !== parameters) tf.dispose([parameters, optimizer] as unknown as tf.TensorContainer);
    if (next.best !== best) tf.dispose(best?.parameters ?? {});
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
      replace(nextEpoch(current, random.state, scores, earlyStopping));
      const { history } = current;
      const now = () => plan.affineOf(current.parameters);
      await plan.onEpochEnd?.(epoch, logsOf(history[history.length - 1]), now);
      await plan.onTraining?.(current);
      plan.signal?.throwIfAborted();
    }
  } catch (error) {
    try {
      if (plan.signal?.aborted) await plan.onAbort?.(current);
    } finally {
      disposeTraining(current);
    }
    throw error;
  }
}

/** The rates of an epoch as the state of its steps has them; the caller disposes it. */
export function scheduleOf(rates: Float32Array, step = 0): NonNullable<TrainingState['schedule']> {
  return { rates: tf.tensor1d(rates), step: tf.tensor1d([step], 'int32') };
}

/** The steps of an epoch, chunk by chunk; false as soon as a loss or parameter is not finite. */
async function runEpoch(
  loop: Loop<TrainingState, tf.Tensor>,
  start: Training,
  order: Int32Array | undefined,
  { epochs, rates, signal, onProgress, onTraining }: TrainingPlan,
  replace: (next: Training) => void,
): Promise<boolean> {
  const epoch = start.epoch + 1;
  const byStep = typeof rates === 'number' ? undefined : rates(start.epoch);
  const schedule = byStep && scheduleOf(byStep, start.step);
  let training = start;
  try {
    const { parameters, optimizer } = start;
    const state = { parameters, optimizer, ...(schedule && { schedule }) };
    for await (const chunk of loop.pass(state, order, signal, start.step)) {
      const epochLoss = await finiteTotal(training.epochLoss, chunk);
      if (epochLoss === undefined) return false;
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
    tf.dispose(schedule as unknown as tf.TensorContainer);
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

/** The same training with this epoch done. */
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

/** As tfjs names them. */
export function logsOf({ loss, validationLoss, validationAccuracy }: EpochRecord): EpochLogs {
  if (validationLoss === undefined) return { loss };
  return { loss, val_loss: validationLoss, val_acc: validationAccuracy };
}

/**
 * The summed loss of the samples so far, or undefined if it or a parameter is not finite. It is added to batch by batch, so that
 * its last bits do not tell where chunks ended.
 */
async function finiteTotal(
  before: number,
  { state, outputs, batchSizes }: PassChunk<TrainingState, tf.Tensor>,
): Promise<number | undefined> {
  const sizes = tf.tidy(() => tf.stack(Object.values(state.parameters).map((tensor) => tensor.abs().sum())));
  const [losses, parameters] = await Promise.all([outputs.data<'float32'>(), sizes.data()]);
  sizes.dispose();
  const total = losses.reduce((sum, loss, i) => sum + loss * batchSizes[i], before);
  return Number.isFinite(total) && parameters.every(Number.isFinite) ? total : undefined;
}

/** A state of its own: new tensors on the same values. */
function copyState({ parameters, optimizer }: TrainingState): Pick<Training, 'parameters' | 'optimizer'> {
  return {
    parameters: clonesOf(parameters),
    optimizer: Object.fromEntries(Object.entries(optimizer).map(([name, tensors]) => [name, clonesOf(tensors)])),
  };
}
