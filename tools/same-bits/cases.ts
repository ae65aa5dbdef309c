// The fits of `npm run same-bits`. They run in Node and in pages, so nothing here reads a file or a clock.
import {
  type FitOptions,
  type FitResult,
  type Label,
  lambdaPath,
  loadIris,
  parseCsv,
  Random,
  SoftmaxRegression,
  StoredRows,
} from 'softmax-regression';
import type { Communicator } from '../../src/core/ranks/communicator.js';
import { sha256 } from '../../src/core/sha256.js';

type Numbers = Uint8Array | Float32Array | Float64Array;

/** Overlapping clouds, one for each class. */
function clouds<T extends Numbers>(Type: { new (length: number): T }, shape: readonly [number, number], q: number) {
  const [n, d] = shape;
  const random = new Random(n);
  const values = new Type(n * d);
  const labels = Array.from({ length: n }, (_, i) => (i * 11 + random.below(2)) % q);
  const size = values instanceof Uint8Array ? 60 : 1;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const centre = j % q === labels[i] ? 1.2 : 0;
      values[i * d + j] = size * (centre + 1.5 * (random.uniform() + random.uniform()));
    }
  }
  return { features: { values, shape, ...(size === 1 ? {} : { scale: 255 }) }, labels };
}

/** The same with nearly all features 0. */
function sparse(shape: readonly [number, number], q: number) {
  const { features, labels } = clouds(Uint8Array, shape, q);
  const random = new Random(4);
  return { features: { ...features, values: features.values.map((x) => (random.below(20) === 0 ? x : 0)) }, labels };
}

/** A table with numbers, percentages, categories, dates and missing values. */
function table(rows: number): string {
  const random = new Random(9);
  const lines = Array.from({ length: rows }, (_, i) => {
    const kind = random.below(3);
    const number = random.below(11) === 0 ? '' : (random.normal() * 3 + kind).toFixed(3);
    const colour = ['red', 'green', 'blue', 'grün'][random.below(4)];
    const date = `20${10 + random.below(14)}-0${1 + random.below(9)}-1${random.below(10)}`;
    return `${number},${i % 9 === 0 ? '' : `${random.below(100)}%`},${colour},${date},${['no', 'perhaps', 'yes'][kind]}`;
  });
  return ['size,share,colour,day,answer', ...lines].join('\n');
}

/** How a fit reads its samples: from memory, from rows stored elsewhere, or each of several ranks a part. */
export interface Reading {
  readonly isStored?: boolean;
  readonly communicator?: Communicator;
}

let reading: Reading = {};

type Rows = readonly (readonly number[])[];

interface Samples<L> {
  readonly features: Rows | { values: Numbers; shape: readonly [number, number]; scale?: number };
  readonly labels: readonly L[];
}

async function fitted<L extends Label>(
  { features, labels }: Samples<L>,
  options: FitOptions<L> = {},
): Promise<{ model: SoftmaxRegression<L>; result: FitResult }> {
  const { isStored, communicator } = reading;
  return SoftmaxRegression.fit<L>(isStored ? storedOf(features) : features, labels, {
    ...{ precision: 'float64', communicator },
    ...options,
  });
}

function storedOf(features: Samples<unknown>['features']): StoredRows {
  const isRows = (given: typeof features): given is Rows => Array.isArray(given);
  const [n, d] = isRows(features) ? [features.length, features[0].length] : features.shape;
  const at = (i: number, j: number) =>
    isRows(features) ? features[i][j] : features.values[i * d + j] / (features.scale ?? 1);
  return new StoredRows([n, d], async (start, end, into) => {
    for (let i = start; i < end; i++) for (let j = 0; j < d; j++) into[(i - start) * d + j] = at(i, j);
  });
}

interface Fit {
  readonly model: { toBytes(): Uint8Array };
  readonly result: FitResult;
}

/** The name, the model and the result of each fit. Each covers another path through the code, by the sizes of its samples. */
export const CASES = {
  iris: () => fitted(loadIris()),
  elastic: () => fitted(loadIris(), { l1: 0.02, l2: 0.01, standardize: true, classWeights: 'balanced' }),
  weights: () => {
    const samples = clouds(Float32Array, [1237, 37], 7);
    const sampleWeights = samples.labels.map((_, i) => 1 / (1 + (i % 13)));
    return fitted(samples, { sampleWeights, classWeights: { 2: 1.7, 5: 0.3 }, tolerance: 1e-8 });
  },
  l1: () => fitted(clouds(Float64Array, [803, 12], 2), { l1: 0.01, standardize: true }),
  table: () => {
    const { features, labels, schema } = parseCsv(table(701), {
      ...{ label: 'answer', strings: 'one-hot', dates: ['day'], missing: 'mean' },
    });
    return fitted({ features, labels: labels as string[] }, { schema, standardize: true, validation: 0.2 });
  },
  // More multiply-adds than `precision: 'auto'` does in float64.
  bytes: () => fitted(clouds(Uint8Array, [2051, 131], 21), { l2: 0.001, maxIterations: 40 }),
  // Rows that are skipped where they are 0.
  sparse: () => fitted(sparse([1100, 300], 5), { l2: 0.001, fitIntercept: false }),
  // Above 1024 features, only the diagonal preconditions.
  wide: () => fitted(clouds(Float32Array, [150, 1100], 3), { maxIterations: 30 }),
  // More rows than are prepared at once.
  long: () => fitted(clouds(Float64Array, [20_011, 131], 2), { standardize: true, maxIterations: 30 }),
  // Columns far from 0 are stored beside the weights.
  years: () => {
    const { features, labels } = loadIris();
    const rows = features.map((row, i) => [...row, 1990 + ((i * i) % 31), 1e-200 * row[0]]);
    return fitted({ features: rows, labels }, { standardize: true });
  },
  path: async () => {
    const { features, labels } = clouds(Float64Array, [400, 6], 4);
    const { isStored, communicator } = reading;
    const options = { precision: 'float64', folds: 3, refit: 'oneStandardError', communicator } as const;
    return lambdaPath(isStored ? storedOf(features) : features, labels, options);
  },
  warm: async () => {
    const { features, labels } = loadIris();
    const known = labels.map((label, i) => (i % 3 === 0 ? 'other' : label));
    const { model: warmStart } = await fitted({ features, labels });
    return fitted({ features, labels: known }, { warmStart, l2: 0.01, maxIterations: 3 });
  },
  calibrated: async () => {
    const samples = clouds(Float64Array, [611, 9], 3);
    const { model, result } = await fitted(samples, { l2: 0.5 });
    const sampleWeights = samples.labels.map((_, i) => i % 5);
    return { ...(await model.calibrate(samples.features, samples.labels, { sampleWeights })), result };
  },
} as const satisfies Record<string, () => Promise<Fit>>;

export type CaseName = keyof typeof CASES;
export const CASE_NAMES = Object.keys(CASES) as readonly CaseName[];

/** For each fit, SHA-256 of the model file and of the progress, with a blank between them. */
export type Hashes = Readonly<Partial<Record<CaseName, string>>>;

export async function hashesOf(names: readonly CaseName[] = CASE_NAMES, how: Reading = {}): Promise<Hashes> {
  reading = how;
  const hashes: Partial<Record<CaseName, string>> = {};
  for (const name of names) {
    const { model, result }: Fit = await CASES[name]();
    hashes[name] = `${sha256([model.toBytes()])} ${sha256([new TextEncoder().encode(progressOf(result))])}`;
  }
  return hashes;
}

/** The numbers of a fit in float64. A file has weights in float32, which hide most differences in the last bits. */
function progressOf({ objective, suboptimality, gradientNorm, history }: FitResult): string {
  return JSON.stringify([objective, suboptimality, gradientNorm, history]);
}
