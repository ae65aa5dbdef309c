// The fits whose checkpoints are in the corpus. `npx tsx tools/fuzz/fits.ts` writes the checkpoints.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { SoftmaxRegression } from '../../src/model/softmax-regression.js';
import type { FitOptions } from '../../src/training/options.js';

const ROWS = Array.from({ length: 12 }, (_, i) => [(i % 5) - 2, ((i * 7) % 4) / 2]);
const LABELS = ROWS.map((_, i) => ['a', 'b', 'c'][i % 3]);

/** By file name. */
export const FITS: Readonly<Record<string, FitOptions<string>>> = {
  'steps.checkpoint': { solver: 'sgd', epochs: 3, batchSize: 4, learningRate: 0.1 },
  'best-so-far.checkpoint': {
    ...{ solver: 'adam', epochs: 4, batchSize: 4, validation: 0.25, earlyStopping: { patience: 3 } },
  },
  'optimum.checkpoint': { l2: 0.1, maxIterations: 6, tolerance: 1e-12 },
};

/** The fit of that name. */
export async function resumableFit(name: string, options: Partial<FitOptions<string>>) {
  await tf.setBackend('cpu');
  return SoftmaxRegression.fit(ROWS, LABELS, { ...FITS[name], ...options });
}

async function write(): Promise<void> {
  const folder = join(__dirname, 'corpus', 'checkpoint');
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(FITS)) {
    const kept: Uint8Array[] = [];
    await resumableFit(name, { checkpoint: { write: (bytes) => void kept.push(bytes), every: { iterations: 1 } } });
    writeFileSync(join(folder, name), kept[kept.length >> 1]);
  }
}

if (require.main === module) void write();
