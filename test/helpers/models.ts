// Models with given weights, and pseudorandom samples.
import { type Label, Random, SoftmaxRegression } from 'softmax-regression';
import { encodeModel } from '../../src/serialization/model-file.js';

/** A model of these weights, [features, classes]. */
export function modelOf<L extends Label>(
  weight: readonly (readonly number[])[],
  bias: readonly number[],
  classes: readonly L[],
  featureNames?: readonly string[],
): SoftmaxRegression<L> {
  const bytes = encodeModel({
    ...{ classes, featureNames, numFeatures: weight.length, numParameters: weight.length * bias.length + bias.length },
    weight: Float32Array.from(weight.flat()),
    bias: Float32Array.from(bias),
    options: { solver: 'lbfgs' },
  });
  return SoftmaxRegression.fromBytes<L>(bytes);
}

/** Normal numbers. */
export function normals(n: number, seed: number, scale = 1): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: n }, () => scale * random.normal());
}

/** [n, d] as rows. */
export function rowsOf(values: ArrayLike<number>, d: number): number[][] {
  return Array.from({ length: values.length / d }, (_, i) => Array.from({ length: d }, (_, j) => values[i * d + j]));
}

/** Labels drawn from the probabilities of the model. */
export function drawLabels<L extends Label>(
  model: SoftmaxRegression<L>,
  features: Parameters<SoftmaxRegression<L>['predictProbabilities']>[0],
  seed: number,
): L[] {
  const random = new Random(seed);
  return model.predictProbabilities(features).map((row) => {
    let left = random.uniform();
    const k = row.findIndex((p) => {
      left -= p;
      return left < 0;
    });
    return model.classes[k < 0 ? row.length - 1 : k];
  });
}

/** The number of turns of the event loop while this runs. */
export async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work().finally(() => {
    isOver = true;
  });
  return turns;
}
