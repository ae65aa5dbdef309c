// Whole fits on one backend, as JSON: node --import tsx test/helpers/whole-fits.ts BACKEND.
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { Random, SoftmaxRegression } from 'softmax-regression';
import { loadNative } from '../../src/node.js';

export interface WholeFit {
  readonly name: string;
  /** SHA-256 of the model file and of the whole history: every bit of the result. */
  readonly digest: string;
  readonly objective: number;
  readonly weight: readonly number[];
  readonly predictions: readonly string[];
  /** The most probable class over the next, for each sample. */
  readonly margins: readonly number[];
}

/** Three overlapping clouds in d dimensions. */
function clouds(
  n: number,
  d: number,
): { features: { values: Float32Array; shape: [number, number] }; labels: string[] } {
  const random = new Random(7);
  const labels = Array.from({ length: n }, (_, i) => ['cat', 'chicken', 'dog'][i % 3]);
  const values = Float32Array.from({ length: n * d }, (_, i) => {
    const [row, column] = [Math.floor(i / d), i % d];
    return random.normal() + (column % 3 === row % 3 ? 0.6 : 0);
  });
  return { features: { values, shape: [n, d] }, labels };
}

/** More than 100 batches of each: on TensorFlow these run as one native graph; `eager` stays below. */
const FITS = {
  sgd: { solver: 'sgd', epochs: 4, batchSize: 32, seed: 5 },
  momentum: { solver: 'momentum', epochs: 4, batchSize: 32, seed: 5, learningRate: 0.02, gradient: 'autograd' },
  adam: { solver: 'adam', epochs: 4, batchSize: 32, seed: 5, learningRate: 0.01, standardize: true, l2: 1e-3 },
  eager: { solver: 'adam', epochs: 3, batchSize: 500, seed: 5, learningRate: 0.01 },
  lbfgs: { solver: 'lbfgs', l2: 1e-3 },
  /** So large that the backend evaluates, not plain TypeScript. */
  'lbfgs on tensors': { solver: 'lbfgs', l2: 0.1 },
} as const;

async function main(backend: string): Promise<void> {
  if (backend === 'tensorflow') await loadNative();
  await tf.setBackend(backend);
  const [small, large] = [clouds(3000, 24), clouds(3000, 600)];
  const fits: WholeFit[] = [];
  for (const [name, options] of Object.entries(FITS)) {
    const { features, labels } = name === 'lbfgs on tensors' ? large : small;
    const { model, result } = await SoftmaxRegression.fit(features, labels, options);
    const probabilities = model.predictProbabilities(features);
    fits.push({
      name,
      digest: createHash('sha256').update(model.toBytes()).update(JSON.stringify(result)).digest('hex'),
      objective: result.objective,
      weight: model.weight.flatMap((row) => [...row]),
      predictions: model.predict(features),
      margins: probabilities.map((row) => {
        const [best, next] = [...row].sort((a, b) => b - a);
        return best - next;
      }),
    });
  }
  console.log(JSON.stringify(fits));
}

if (process.argv[1]?.endsWith('whole-fits.ts')) void main(process.argv[2]);
