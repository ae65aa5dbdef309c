// training: evaluates a model on validation samples during training.
import * as tf from '@tensorflow/tfjs';
import type { DataStore } from '../compile/arrays.js';
import { openLoop } from '../compile/loop.js';
import { DomainError, isSoftmaxRegressionError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { assertKnownOptions, checkFeatureCount, describe } from '../core/shape.js';
import type { Restrictions } from '../data/groups.js';
import { sharesOf } from '../data/sample-weights.js';
import { type Split, trainTestSplit } from '../data/split.js';
import { sparseCrossEntropyOp } from '../nn/cross-entropy.js';
import { ROWS_IN_CACHE, rowsOfATask, unscaled } from '../objective/objective.js';
import type { ScaledLayer } from '../objective/scaled-layer.js';
import type { Tensors } from '../optim/first-order.js';
import type { AnySamples, DenseSamples } from './fit.js';
import { assertLabelCount, assertNotEmpty, readMatrix } from './inputs.js';
import { VALIDATION_RULE } from './option-checks.js';
import type { ValidationData } from './options.js';
import { sampleWeightsOf } from './weights.js';

export interface ValidationScores {
  /** Mean negative log-likelihood, nats. */
  readonly validationLoss: number;
  /** The share of correct predictions. */
  readonly validationAccuracy: number;
}

/** Scores as a function of the parameters, prepared for repeated evaluation. */
export interface Validation {
  evaluate(parameters: Tensors, signal?: AbortSignal): Promise<ValidationScores>;
  close(): void;
}

/**
 * Validates the given validation samples like those of a fit.
 *
 * @param d the number of features of the training samples
 * @param limit the largest absolute feature
 */
export async function readValidation<L extends Label>(
  given: ValidationData<L>,
  d: number,
  classes: readonly L[],
  limit: number,
  where: string,
): Promise<AnySamples> {
  if (Object.prototype.toString.call(given) !== '[object Object]') {
    throw new DomainError({ where, argument: 'validation', expected: VALIDATION_RULE, actual: describe(given) });
  }
  // The last three are in the test part of readSamples.
  const known = ['features', 'labels', 'sampleWeights', 'lines', 'groups', 'times'];
  assertKnownOptions(given, known, `${where}: validation`);
  const features = await readMatrix(given.features, where, 'validation.features', limit);
  assertNotEmpty(features, where, 'validation.features');
  checkFeatureCount(features, d, where, 'validation.features');
  const [n] = features.shape;
  assertLabelCount(given.labels, n, where, 'validation.labels');
  const labels = classIndices(given.labels, classes, where, 'validation.labels');
  const { sampleWeights } = given;
  const weights = sampleWeightsOf(labels, classes, { sampleWeights }, `${where}: validation`);
  return { features, labels, weights, numClasses: classes.length };
}

/**
 * Chooses the samples to hold out: the same share of each class, whole groups, or the latest. Both parts keep the order of
 * the samples.
 */
export function holdBack(
  labels: Int32Array,
  classes: readonly Label[],
  share: number,
  seed: number,
  { groups, times }: Restrictions,
  where: string,
): Split {
  try {
    const stratify = Array.from(labels, (label) => classes[label]);
    const { train, test } = trainTestSplit(labels.length, { testFraction: share, seed, stratify, groups, times });
    return { train: train.sort(), test: test.sort() };
  } catch (cause) {
    if (!isSoftmaxRegressionError(cause)) throw cause;
    const hint = 'Give other samples to validate on, { features, labels }.';
    const { argument, expected, actual } = cause;
    if (argument === 'groups' || argument === 'times') {
      throw new DomainError({ where, argument, expected, actual, hint, cause });
    }
    const counts = new Uint32Array(classes.length);
    for (const label of labels) counts[label]++;
    const alone = classes.find((_, k) => counts[k] === 1);
    throw new DomainError({
      ...{ where, argument: 'validation', hint, cause },
      expected: 'find at least 2 samples of each class, one to hold back',
      actual: alone === undefined ? `${labels.length} in all` : `1 of ${describe(alone)}`,
    });
  }
}

/**
 * Prepares the weighted scores of samples.
 *
 * @param parameters read for their shapes only
 * @param evaluations the largest number of evaluations
 */
export async function openValidation(
  scaled: ScaledLayer,
  parameters: Tensors,
  { features, labels, weights }: DenseSamples,
  evaluations: number,
  store: DataStore,
): Promise<Validation> {
  const [n, inputs] = features.shape;
  type Batch = { readonly features: tf.Tensor2D; readonly labels: tf.Tensor1D; readonly shares: tf.Tensor1D };
  const step = (at: Tensors, batch: Batch): [Tensors, tf.Tensor1D] => {
    const logits = scaled.forward(batch.features, at);
    const losses = sparseCrossEntropyOp(logits, batch.labels);
    const right = logits.argMax(1).equal(batch.labels).toFloat();
    return [at, tf.stack([losses, right]).mul(batch.shares).sum(1)];
  };
  const data = { features: unscaled(features), labels, shares: sharesOf(weights, n) };
  const batchSize = Math.min(n, ROWS_IN_CACHE, rowsOfATask(inputs, parameters.bias.size));
  const options = { batchSize, passes: evaluations, isOrdered: false };
  const loop = await openLoop(step, parameters, data, options, store);
  return {
    async evaluate(at, signal) {
      let [validationLoss, validationAccuracy] = [0, 0];
      for await (const { outputs } of loop.pass(at, undefined, signal)) {
        store.backend.assertSame();
        const sums = await outputs.data<'float32'>();
        for (let i = 0; i < sums.length; i += 2) {
          validationLoss += sums[i];
          validationAccuracy += sums[i + 1];
        }
      }
      return { validationLoss, validationAccuracy };
    },
    close: () => loop.close(),
  };
}
