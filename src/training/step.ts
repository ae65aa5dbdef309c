// training: one training step, as a pure function of tensors.
import * as tf from '@tensorflow/tfjs';
import { sparseCrossEntropyOp } from '../nn/cross-entropy.js';
import { l2Penalty } from '../nn/penalty.js';
import { reduce } from '../nn/reduction.js';
import { countedRows, weighLosses } from '../nn/weighing.js';
import type { ScaledLayer } from '../objective/scaled-layer.js';
import type { Optimizer, OptimizerState, Tensors } from '../optim/first-order.js';

/** The state that a training step updates. */
export type TrainingState = {
  readonly parameters: Tensors;
  readonly optimizer: OptimizerState;
  /** Set if the learning rate follows a schedule. */
  readonly schedule?: {
    /** The rate of each step of the epoch, [steps]. A graph would capture a JavaScript number as a constant. */
    readonly rates: tf.Tensor1D;
    /** Steps done in the epoch, int32 [1]. */
    readonly step: tf.Tensor1D;
  };
};

export interface TrainingBatch {
  readonly features: tf.Tensor2D;
  /** Class indices. */
  readonly labels: tf.Tensor1D;
  /** The factor of each sample's loss in the mean. Default 1 each. */
  readonly weights?: tf.Tensor1D;
}

/** A pure function of tensors: new state, and the mean weighted loss of the batch. */
export type TrainingStep = (state: TrainingState, batch: TrainingBatch) => [TrainingState, tf.Scalar];

/** How a step computes its gradient. Both methods give the same numbers. */
export type GradientMethod = 'closed-form' | 'autograd';

export interface StepOptions {
  readonly scaled: ScaledLayer;
  readonly optimizer: Optimizer;
  readonly gradient: GradientMethod;
  /** λ of the penalty λ/2·‖W‖². */
  readonly l2: number;
  readonly fitIntercept: boolean;
  /** Undefined if the state has a schedule. */
  readonly learningRate: number | undefined;
}

export interface ValueAndGradients {
  /** Mean weighted cross-entropy of the batch, without the penalty. */
  readonly loss: tf.Scalar;
  readonly gradients: Tensors;
}

type Differentiate = (scaled: ScaledLayer, parameters: Tensors, batch: TrainingBatch, l2: number) => ValueAndGradients;

/** A training step in its two parts, between which several processes can join their gradients. */
export interface StepParts {
  /** The mean weighted loss of a batch, and the gradient of it and the penalty. */
  readonly differentiate: (state: TrainingState, batch: TrainingBatch) => ValueAndGradients;
  /** The new state. */
  readonly update: (state: TrainingState, gradients: Tensors) => TrainingState;
}

/** parameters ← optimizer(parameters, ∂/∂parameters of mean weighted cross-entropy + λ/2·‖W‖²) */
export function stepParts({ scaled, optimizer, gradient, l2, fitIntercept, learningRate }: StepOptions): StepParts {
  const differentiate = gradient === 'autograd' ? byAutograd : byClosedForm;
  return {
    differentiate: (state, batch) => differentiate(scaled, state.parameters, batch, l2),
    update: (state, gradients) => {
      const { bias, ...others } = gradients;
      const used = fitIntercept ? gradients : { ...others, bias: tf.zerosLike(bias) };
      const { schedule } = state;
      const rate = schedule === undefined ? tf.scalar(learningRate as number) : rateOf(schedule);
      const next = optimizer.update(state.parameters, used, state.optimizer, rate);
      const moved = { parameters: next.parameters, optimizer: next.state };
      if (schedule === undefined) return moved;
      const step = schedule.step.add<tf.Tensor1D>(tf.scalar(1, 'int32'));
      return { ...moved, schedule: { rates: schedule.rates, step } };
    },
  };
}

/** Both parts as one function. */
export function trainingStep(options: StepOptions): TrainingStep {
  const { differentiate, update } = stepParts(options);
  return (state, batch) => {
    const { loss, gradients } = differentiate(state, batch);
    return [update(state, gradients), loss];
  };
}

function rateOf({ rates, step }: NonNullable<TrainingState['schedule']>): tf.Scalar {
  return tf.gather(rates, step).reshape<tf.Scalar>([]);
}

/**
 * The closed form: softmax(o) − y at the logits, backpropagated through the layer by hand.
 *
 * The gradient of the loss is defined as softmax(o) − y (on TensorFlow, one kernel computes both), so tfjs's tape
 * starts at the logits. For few classes, one native kernel of ours computes all of it.
 */
export const byClosedForm: Differentiate = (scaled, parameters, batch, l2) => {
  const atOnce = scaled.batchGradient(batch, parameters, l2);
  if (atOnce !== undefined) return atOnce;
  const { features } = batch;
  const logits = scaled.forward(features, parameters);
  const { value, grad } = tf.valueAndGrad((o) => meanLoss(o as tf.Tensor2D, batch))(logits);
  return { loss: value as tf.Scalar, gradients: scaled.backward(features, grad as tf.Tensor2D, parameters, l2) };
};

/** tfjs's automatic differentiation through layer, loss and penalty. */
export const byAutograd: Differentiate = (scaled, parameters, batch, l2) => {
  const names = Object.keys(parameters);
  const byName = (values: readonly tf.Tensor[]) => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  let loss: tf.Scalar | undefined;
  const objective = (...values: tf.Tensor[]) => {
    const current = byName(values);
    // tf.keep, because valueAndGrads disposes all tensors that its function does not return.
    loss = tf.keep(meanLoss(scaled.forward(batch.features, current), batch));
    return l2 === 0 ? loss : loss.add<tf.Scalar>(l2Penalty(scaled.weightOf(current), l2));
  };
  const { grads } = tf.valueAndGrads(objective)(Object.values(parameters));
  const value = (loss as unknown as tf.Scalar).clone();
  loss?.dispose();
  return { loss: value, gradients: byName(grads) };
};

/** Skips the checks of `sparseCrossEntropy`: labels are in range, and overflow of the logits is visible in the loss. */
function meanLoss(logits: tf.Tensor2D, { labels, weights }: TrainingBatch): tf.Scalar {
  const losses = sparseCrossEntropyOp(countedRows(logits, weights), labels);
  return reduce(weighLosses(losses, weights), undefined, 'mean');
}
