// web: the plane of the decision regions: two features, or the first two principal components of more.
import { Random } from 'softmax-regression';
import type { PlaneLogits, PlaneSummary } from '../messages.js';
import type { PageData } from './data.js';
import { type Affine, scaledLayerOf, scaledRows } from './layer.js';

/** A plane in the space of the standardised features: z = origin + a·u + b·v. */
export interface Plane {
  readonly origin: Float64Array;
  readonly u: Float64Array;
  readonly v: Float64Array;
  readonly summary: PlaneSummary;
}

/** Data with the plane of their regions, if they have one. */
export interface PlanedData extends PageData {
  readonly plane: Plane | undefined;
}

/** Samples that the components are computed from, and numbers in them. */
const MOST_ROWS = 1000;
const MOST_NUMBERS = 2e6;
/** Points that are drawn. */
const MOST_POINTS = 300;

/** @returns undefined for one feature, or for samples too wide to compute components of */
export function planeOf(data: PageData): Plane | undefined {
  const { samples, classes, featureNames, deviations } = data;
  const [n, d] = samples.features.shape;
  const rows = Math.min(n, MOST_ROWS, Math.floor(MOST_NUMBERS / d));
  if (d < 2 || rows < 3) return undefined;
  const shown = Math.min(rows, MOST_POINTS);
  const labels = Int32Array.from(samples.labels.slice(0, shown), (label) => classes.indexOf(label));
  if (d === 2) {
    const [mean, scale] = [deviations?.mean ?? [0, 0], deviations?.scale ?? [1, 1]];
    const points = scaledRows(data, shown).map((z, at) => z * scale[at % 2] + mean[at % 2]);
    const names = [featureNames?.[0] ?? 'x0', featureNames?.[1] ?? 'x1'] as const;
    return {
      origin: Float64Array.of(-mean[0] / scale[0], -mean[1] / scale[1]),
      u: Float64Array.of(1 / scale[0], 0),
      v: Float64Array.of(0, 1 / scale[1]),
      summary: { names, points, labels },
    };
  }
  const z = scaledRows(data, rows);
  const { mean, u, v, shares } = principalComponents(z, d);
  const points = new Float64Array(2 * shown);
  for (let i = 0; i < shown; i++) {
    for (let j = 0; j < d; j++) {
      points[2 * i] += (z[i * d + j] - mean[j]) * u[j];
      points[2 * i + 1] += (z[i * d + j] - mean[j]) * v[j];
    }
  }
  const names = ['first principal component', 'second principal component'] as const;
  return { origin: mean, u, v, summary: { names, points, labels, shares } };
}

/** The logits in the plane, which are affine in its coordinates. */
export function logitsIn({ origin, u, v }: Plane, affine: Affine, data: PageData): PlaneLogits {
  const { weight, bias } = scaledLayerOf(affine, data);
  const q = bias.length;
  const along = (direction: Float64Array) => {
    const sums = new Float64Array(q);
    for (let at = 0; at < weight.length; at++) sums[at % q] += direction[Math.floor(at / q)] * weight[at];
    return sums;
  };
  const there = along(origin);
  return { offset: bias.map((base, k) => base + there[k]), x: along(u), y: along(v) };
}

export interface Components {
  readonly mean: Float64Array;
  /** The directions of the largest and second largest variance, of length 1 each. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** Their shares of the variance. */
  readonly shares: readonly [number, number];
}

const MOST_ROUNDS = 200;
/** The change of a direction at which the rounds end. */
const SETTLED = 1e-7;

/**
 * The first two principal components of rows of d numbers, by orthogonal iteration: directions are multiplied with XᵀX
 * and made orthonormal until they settle. The largest entry of each is positive.
 */
export function principalComponents(rows: Float64Array, d: number): Components {
  const n = rows.length / d;
  const mean = new Float64Array(d);
  for (let at = 0; at < rows.length; at++) mean[at % d] += rows[at] / n;
  const centred = rows.map((value, at) => value - mean[at % d]);
  const total = dot(centred, centred);
  const random = new Random(0);
  let [u, v] = orthonormal(
    Float64Array.from(mean, () => random.normal()),
    Float64Array.from(mean, () => random.normal()),
  );
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const [a, b] = orthonormal(multiplied(centred, u), multiplied(centred, v));
    const change = Math.max(1 - Math.abs(dot(a, u)), 1 - Math.abs(dot(b, v)));
    [u, v] = [a, b];
    if (change < SETTLED) break;
  }
  const share = (direction: Float64Array) => (total > 0 ? dot(direction, multiplied(centred, direction)) / total : 0);
  return { mean, u: upright(u), v: upright(v), shares: [share(u), share(v)] };
}

/** Xᵀ(Xq). */
function multiplied(x: Float64Array, q: Float64Array): Float64Array {
  const d = q.length;
  const product = new Float64Array(d);
  for (let start = 0; start < x.length; start += d) {
    let score = 0;
    for (let j = 0; j < d; j++) score += x[start + j] * q[j];
    for (let j = 0; j < d; j++) product[j] += score * x[start + j];
  }
  return product;
}

/** Both of length 1, the second at right angles to the first. A direction without variance is 0. */
function orthonormal(a: Float64Array, b: Float64Array): [Float64Array, Float64Array] {
  const first = unit(a);
  const along = dot(first, b);
  const rest = b.map((value, j) => value - along * first[j]);
  return [first, dot(rest, rest) <= 1e-20 * dot(b, b) ? new Float64Array(b.length) : unit(rest)];
}

function unit(a: Float64Array): Float64Array {
  const length = Math.sqrt(dot(a, a)) || 1;
  return a.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, j) => sum + value * b[j], 0);
}

function upright(a: Float64Array): Float64Array {
  const largest = a.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return largest < 0 ? a.map((value) => -value) : a;
}
