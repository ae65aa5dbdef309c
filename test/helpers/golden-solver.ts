// The data sets of golden/solver.golden.json, as in golden/solver.py.
import { inflateSync } from 'node:zlib';
import type { FitOptions } from 'softmax-regression';
import { loadIris } from '../../src/data/iris.js';
import { columnStatistics } from '../../src/data/standardize.js';
import golden from '../golden/solver.golden.json';

export { golden };

export interface DataSet {
  readonly features: number[][];
  readonly labels: number[];
}

const iris = loadIris();
const inflate = (text: string) => inflateSync(Buffer.from(text, 'base64'));
const digitsOf = (labels: string) => Array.from(labels, Number);
const pixels = inflate(golden.digits.deflated);

export const dataSets: Readonly<Record<string, DataSet>> = {
  iris: { features: iris.features, labels: iris.labels.map((label) => iris.classNames.indexOf(label)) },
  wine: golden.wine,
  cancer: {
    features: JSON.parse(inflate(golden.cancer.deflated).toString()),
    labels: digitsOf(golden.cancer.labels),
  },
  digits: {
    features: Array.from(golden.digits.labels, (_, i) => Array.from(pixels.subarray(i * 64, i * 64 + 64))),
    labels: digitsOf(golden.digits.labels),
  },
};

export function standardized(features: number[][]): number[][] {
  const { mean, scale } = columnStatistics(features);
  return features.map((x) => x.map((value, j) => (value - mean[j]) / scale[j]));
}

/** sᵢ = (7i mod 5)/2, or all 1. */
export function weightsOf(count: number, weighted: boolean): number[] {
  return Array.from({ length: count }, (_, i) => (weighted ? ((7 * i) % 5) / 2 : 1));
}

/** The options of `fit` for a weighting of golden/solver.py (none, samples, balanced), and S, the sum of the weights. */
export function weighing(
  kind: string,
  labels: readonly unknown[],
): { options: Pick<FitOptions<string>, 'sampleWeights'> & { classWeights?: 'balanced' }; total: number } {
  const sampleWeights = weightsOf(labels.length, kind === 'samples');
  if (kind === 'samples') return { options: { sampleWeights }, total: sampleWeights.reduce((a, b) => a + b) };
  // n / (classes·nₖ) each: n in all.
  return { options: kind === 'balanced' ? { classWeights: 'balanced' } : {}, total: labels.length };
}
