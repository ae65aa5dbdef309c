// npm run fits [-- --against FILE] [-- --write FILE]: hashes the weights and results of six fits. A change that should
// not alter numbers prints the same hashes before and after. Compare on one machine, because TensorFlow's rounding
// depends on the processor.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import {
  type FitOptions,
  type Label,
  loadIris,
  Random,
  SoftmaxRegression,
  selectBackend,
  take,
} from 'softmax-regression';
import { loadFashionMnist } from 'softmax-regression/node';

interface Samples {
  readonly features: { values: Float32Array | Float64Array | Uint8Array; shape: [number, number]; scale?: number };
  readonly labels: ArrayLike<Label>;
}

interface Fit {
  readonly backend: 'cpu' | 'tensorflow';
  readonly samples: () => Promise<Samples>;
  readonly options: FitOptions<Label>;
}

async function iris(): Promise<Samples> {
  const { features, labels } = loadIris();
  return { features: { values: Float64Array.from(features.flat()), shape: [150, 4] }, labels };
}

async function images(): Promise<Samples> {
  const { train } = await loadFashionMnist();
  const rows = Int32Array.from({ length: 4000 }, (_, i) => i);
  const { values, shape, scale } = take(train.features, rows);
  return {
    features: { values: values as Uint8Array, shape: [shape[0], shape[1]], scale },
    labels: take(train.labels, rows),
  };
}

/** Four overlapping clouds in 16 dimensions. */
async function clouds(): Promise<Samples> {
  const random = new Random(7);
  const labels = Array.from({ length: 3000 }, (_, i) => i % 4);
  const values = Float32Array.from({ length: 3000 * 16 }, (_, at) => {
    const [row, column] = [Math.floor(at / 16), at % 16];
    return random.normal() + (column % 4 === row % 4 ? 0.6 : 0);
  });
  return { features: { values, shape: [3000, 16] }, labels };
}

const FITS: Readonly<Record<string, Fit>> = {
  'images, lbfgs on tensors': { backend: 'tensorflow', samples: images, options: { l2: 0.001, maxIterations: 40 } },
  'images, momentum, scheduled, standardised': {
    backend: 'tensorflow',
    samples: images,
    options: {
      ...{ solver: 'momentum', l2: 0.001, epochs: 8, batchSize: 32, seed: 5, standardize: true },
      learningRate: { schedule: 'cosine', rate: 0.01 },
    },
  },
  'clouds, sgd, PHM layer by autograd': {
    backend: 'tensorflow',
    samples: clouds,
    options: { solver: 'sgd', l2: 0.001, epochs: 6, batchSize: 25, layer: { phm: 4 }, gradient: 'autograd' },
  },
  'iris, lbfgs, standardised': { backend: 'cpu', samples: iris, options: { l2: 0.01, standardize: true } },
  'iris, elastic net, balanced': {
    backend: 'cpu',
    samples: iris,
    options: { l1: 0.02, l2: 0.01, classWeights: 'balanced' },
  },
  'iris, adam, early stopping': {
    backend: 'cpu',
    samples: iris,
    options: {
      ...{ solver: 'adam', l2: 0.001, epochs: 40, batchSize: 16, learningRate: 0.05, seed: 3 },
      ...{ validation: 0.2, earlyStopping: { patience: 3 } },
    },
  },
};

async function hashOf({ backend, samples, options }: Fit): Promise<string> {
  await selectBackend(backend);
  const { features, labels } = await samples();
  const { model, result } = await SoftmaxRegression.fit(features, labels, options);
  const hash = createHash('sha256');
  for (const row of model.weight) hash.update(row);
  // The numbers of the result, without its advice, which is prose.
  hash.update(model.bias).update(JSON.stringify({ ...result, advice: undefined }));
  return hash.digest('hex').slice(0, 32);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { against: { type: 'string' }, write: { type: 'string' } } });
  const before: Record<string, string> = values.against ? JSON.parse(readFileSync(values.against, 'utf8')) : {};
  const hashes: Record<string, string> = {};
  for (const [name, fit] of Object.entries(FITS)) {
    hashes[name] = await hashOf(fit);
    const changed = values.against !== undefined && before[name] !== hashes[name];
    console.log(`${hashes[name]}  ${name}${changed ? `: CHANGED from ${before[name]}` : ''}`);
    if (changed) process.exitCode = 1;
  }
  if (values.write) writeFileSync(values.write, `${JSON.stringify(hashes, null, 2)}\n`);
  console.log(`tfjs ${tf.version.tfjs}, Node ${process.version}`);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
