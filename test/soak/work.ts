// What is done over and over: trainings, predictions, compilations.
import * as tf from '@tensorflow/tfjs';
import { compile, Random, SoftmaxRegression } from 'softmax-regression';

export interface Work {
  /** What one time of it is. */
  readonly unit: string;
  /** How many times the full run does it. */
  readonly times: number;
  readonly run: () => unknown;
}

/** Steps of one training: 25 batches of 32 and a short one, 40 epochs. */
const N = 816;
const EPOCHS = 40;
export const STEPS = 26 * EPOCHS;

const random = new Random(11);
const features = { values: Float32Array.from({ length: N * 16 }, () => random.normal()), shape: [N, 16] as const };
const labels = Array.from({ length: N }, (_, i) => ['a', 'b', 'c'][(i * 7) % 3]);
const training = { solver: 'adam', epochs: EPOCHS, batchSize: 32, learningRate: 0.01 } as const;

/** The work, on the backend in use. */
export async function works(): Promise<Readonly<Record<string, Work>>> {
  const { model } = await SoftmaxRegression.fit(features, labels, { l2: 0.01 });
  const rows = { values: features.values.subarray(0, 160), shape: [10, 16] as const };
  return {
    fit: {
      unit: `a fit of ${STEPS} steps`,
      times: Math.ceil(100_000 / STEPS),
      run: () => SoftmaxRegression.fit(features, labels, training),
    },
    lbfgs: {
      unit: 'a fit to the optimum',
      times: 300,
      run: () => SoftmaxRegression.fit(features, labels, { l2: 0.01 }),
    },
    predict: {
      unit: 'ten rows, plain and by tensor',
      times: 10_000,
      run: async () => {
        model.predictProbabilities(rows);
        await model.predictProbabilitiesAsync(rows);
        const bytes = model.toBytes();
        SoftmaxRegression.fromBytes(bytes).predict(rows);
      },
    },
    compile: {
      unit: 'a function compiled, run and disposed',
      times: 1000,
      run: () => {
        const fn = compile((x: tf.Tensor) => tf.grad((y) => y.square().sum())(x));
        const x = tf.tensor1d([1, 2, 3]);
        tf.dispose([fn(x), x]);
        fn.dispose();
      },
    },
  };
}
