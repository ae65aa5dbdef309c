// bench: probabilities of one row and of 100,000 rows of float32, for weights wⱼₖ = sin(10j + k) / 10 without bias.
import { gatherRows, metrics, SoftmaxRegression } from 'softmax-regression';
import type { FashionMnist } from 'softmax-regression/node';
import { encodeModel } from '../src/serialization/model-file.js';
import { type Measured, median, type Work } from './timing.js';

/** The same as in bench/peers/peer_scikit_learn.py. */
const ROWS = 100_000;
const CALLS = 5000;

/** The outcome of both is the mean loss. */
export function predictWorks({ train }: FashionMnist): { readonly row: Work; readonly many: Work } {
  const [n, d] = train.features.shape;
  const model = modelOfSines(d, 10);
  const [first] = train.labels;
  const row = [Array.from(gatherRows(train.features, undefined, 0, 1))];
  const indices = Int32Array.from({ length: ROWS }, (_, i) => i % n);
  const rows = { values: gatherRows(train.features, indices, 0, ROWS), shape: [ROWS, d] } as const;
  const labels = Array.from(indices, (i) => train.labels[i]);
  return {
    row: {
      name: 'predictProbabilities',
      async run(): Promise<Measured> {
        const times: number[] = [];
        let probabilities: Float64Array[] = [];
        for (let call = 0; call < CALLS; call++) {
          const start = performance.now();
          probabilities = model.predictProbabilities(row);
          times.push(performance.now() - start);
        }
        return { milliseconds: median(times), outcome: -Math.log(probabilities[0][first]) };
      },
    },
    many: {
      name: 'predictProbabilitiesAsync',
      async run(): Promise<Measured> {
        const start = performance.now();
        const { values } = await model.predictProbabilitiesAsync(rows);
        const milliseconds = performance.now() - start;
        const probabilities = labels.map((_, i) => values.subarray(10 * i, 10 * i + 10));
        return { milliseconds, outcome: metrics.logLoss(labels, probabilities) };
      },
    },
  };
}

function modelOfSines(d: number, q: number): SoftmaxRegression<number> {
  const bytes = encodeModel({
    classes: Array.from({ length: q }, (_, k) => k),
    weight: Float32Array.from({ length: d * q }, (_, i) => Math.sin(i) / 10),
    bias: new Float32Array(q),
    numFeatures: d,
    numParameters: d * q + q,
    options: { solver: 'lbfgs' },
  });
  return SoftmaxRegression.fromBytes<number>(bytes);
}
