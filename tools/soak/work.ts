// The repeated work: trainings, predictions, compilations.
import * as tf from '@tensorflow/tfjs';
import { compile, Random, SoftmaxRegression } from 'softmax-regression';

export interface Work {
  /** A description of one run. */
  readonly unit: string;
  /** The number of runs. */
  readonly times: number;
  readonly run: () => unknown;
}

/** 25 batches of 32, and a short one. */
const N = 816;
const STEPS_OF_AN_EPOCH = 26;
const STEPS = 100_000;

const random = new Random(11);
const features = { values: Float32Array.from({ length: N * 16 }, () => random.normal()), shape: [N, 16] as const };
const labels = Array.from({ length: N }, (_, i) => ['a', 'b', 'c'][(i * 7) % 3]);

/**
 * The work, on the backend in use.
 *
 * @param epochs the epochs of one training
 */
export async function works(epochs = 40): Promise<Readonly<Record<string, Work>>> {
  const { model } = await SoftmaxRegression.fit(features, labels, { l2: 0.01 });
  const rows = { values: features.values.subarray(0, 160), shape: [10, 16] as const };
  return {
    fit: {
      unit: `a fit of ${STEPS_OF_AN_EPOCH * epochs} steps`,
      times: Math.ceil(STEPS / STEPS_OF_AN_EPOCH / epochs),
      run: () => SoftmaxRegression.fit(features, labels, { solver: 'adam', epochs, batchSize: 32, learningRate: 0.01 }),
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
