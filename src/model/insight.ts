// model: explains a linear model by its features: contributions and weight tables.

import { type Affine, largestFeature } from '../core/affine.js';
import { DomainError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { hypotOf } from '../core/lists.js';
import { assertKnownOptions, assertOneOf, describe } from '../core/shape.js';
import { type FeatureValues, notFinite } from '../data/batches.js';
import { assertColumns } from '../data/standardize.js';
import { logitsInto } from './predict.js';

/** The parts of a model that the functions in this file use. */
export interface NamedAffine<L extends Label> extends Affine {
  readonly classes: readonly L[];
  readonly featureNames?: readonly string[];
}

/** Options of `contributions`. */
export interface ContributionOptions {
  /** A reference sample, such as the mean of all. Contributions are then relative to it. */
  readonly baseline?: ArrayLike<number>;
}

/** The contribution of one feature to each logit. */
export interface FeatureContribution {
  /** Its name, or x0, x1, … */
  readonly feature: string;
  /** Its column. */
  readonly index: number;
  /** Its value in this sample. */
  readonly value: number;
  /** [classes], in the order of `classes`. */
  readonly contributions: Float64Array;
}

/** logits = base + Σⱼ features[j].contributions, up to rounding. */
export interface Contributions<L extends Label> {
  readonly classes: readonly L[];
  /** The logits of the baseline, or the bias if there is no baseline, [classes]. */
  readonly base: Float64Array;
  /** In the order of the columns. */
  readonly features: readonly FeatureContribution[];
  /** [classes], as returned by `logits`. */
  readonly logits: Float64Array;
}

/** cⱼₖ = (xⱼ − rⱼ)·Wⱼₖ, where r is the baseline, or 0, or the center of columns that the model standardises. */
export function contributionsOf<L extends Label>(
  model: NamedAffine<L>,
  row: ArrayLike<number>,
  options: ContributionOptions,
): Contributions<L> {
  const where = 'contributions';
  assertKnownOptions(options, ['baseline'], where);
  const { weight, bias, classes, columns } = model;
  const q = bias.length;
  const x = logitsOf(model, row, where, 'row');
  const r = options.baseline === undefined ? undefined : logitsOf(model, options.baseline, where, 'baseline');
  const names = namesOf(model);
  const features = names.map((feature, index) => {
    const value = x.values[index];
    // Without a baseline, columns are relative to their center, where z = 0.
    const from = r?.values[index] ?? columns?.center[index] ?? 0;
    const difference = (value - from) * (columns?.factor[index] ?? 1);
    const contributions = Float64Array.from({ length: q }, (_, k) => difference * weight[index * q + k]);
    return { feature, index, value, contributions };
  });
  return { classes, base: r?.logits ?? Float64Array.from(bias), features, logits: x.logits };
}

/** Options of `weightTable`. */
export interface WeightTableOptions {
  /** `'magnitude'`: the largest first; `'index'` (default): in the order of the columns. */
  readonly sort?: 'magnitude' | 'index';
  /**
   * The factor of each feature's weights, [features], finite and > 0. Standard deviations make the weights of features
   * in different units comparable. Default 1 each.
   */
  readonly scale?: ArrayLike<number>;
}

/** The weights of one feature. */
export interface WeightRow {
  /** Its name, or x0, x1, … */
  readonly feature: string;
  /** Its column. */
  readonly index: number;
  /** Wⱼₖ − mean over k of Wⱼₖ, [classes], times the scale: they sum to 0. */
  readonly weights: Float64Array;
  /** √Σₖ weightsₖ² */
  readonly magnitude: number;
}

/** The weights as a table with one row per feature. */
export interface WeightTable<L extends Label> {
  /** The columns of `weights`. */
  readonly classes: readonly L[];
  readonly rows: readonly WeightRow[];
}

/** The weights minus their mean over the classes. */
export function weightTableOf<L extends Label>(model: NamedAffine<L>, options: WeightTableOptions): WeightTable<L> {
  const where = 'weightTable';
  assertKnownOptions(options, ['sort', 'scale'], where);
  const { sort = 'index', scale } = options;
  assertOneOf(sort, ['magnitude', 'index'], where, 'sort');
  const { weight, bias, classes, columns } = model;
  const names = namesOf(model);
  assertScale(scale, names.length, where);
  const q = bias.length;
  const rows = names.map((feature, index): WeightRow => {
    const own = Float64Array.from(weight.subarray(index * q, (index + 1) * q));
    const mean = own.reduce((sum, each) => sum + each, 0) / q;
    // The order of the products keeps them within float64.
    const factor = (columns?.factor[index] ?? 1) * (scale?.[index] ?? 1);
    const weights = own.map((each) => (each - mean) * factor);
    return { feature, index, weights, magnitude: hypotOf(weights) };
  });
  // The sort is stable, so ties stay in the order of the columns.
  if (sort === 'magnitude') rows.sort((a, b) => b.magnitude - a.magnitude);
  return { classes, rows };
}

/**
 * Validates feature names.
 *
 * @throws ShapeError if there is not one name per feature; DomainError if a name is not a string or occurs twice
 */
export function checkedFeatureNames(
  names: readonly string[] | undefined,
  d: number,
  where: string,
): readonly string[] | undefined {
  if (names === undefined) return undefined;
  const argument = 'featureNames';
  if (!Array.isArray(names) || names.length !== d) {
    const expected = `be ${d} names, one for each feature`;
    throw new ShapeError({ where, argument, expected, actual: describe(names) });
  }
  const seen = new Set<string>();
  names.forEach((name, i) => {
    const isNew = typeof name === 'string' && !seen.has(name);
    if (!isNew) {
      const expected = 'be a string that differs from the other names';
      throw new DomainError({ where, argument: `${argument}[${i}]`, expected, actual: describe(name) });
    }
    seen.add(name);
  });
  return Object.freeze([...names]);
}

function namesOf({ featureNames, weight, bias }: NamedAffine<Label>): readonly string[] {
  return featureNames ?? Array.from({ length: weight.length / bias.length }, (_, j) => `x${j}`);
}

function logitsOf(affine: Affine, row: ArrayLike<number>, where: string, argument: string) {
  const d = affine.weight.length / affine.bias.length;
  assertNumbers(row, d, where, argument);
  const limit = largestFeature(affine);
  const values = Float64Array.from(row, (value, j) => {
    const holds = typeof value === 'number' && Math.abs(value) <= limit;
    if (!holds) throw notFinite(value, where, `${argument}[${j}]`, limit);
    return value;
  });
  if (affine.columns !== undefined && ArrayBuffer.isView(row)) {
    assertColumns({ values: row as FeatureValues }, affine.columns, where);
  }
  const logits = new Float64Array(affine.bias.length);
  logitsInto(affine, { values, shape: [1, d] }, 0, logits);
  return { values, logits };
}

function assertNumbers(numbers: ArrayLike<number>, d: number, where: string, argument: string): void {
  if ((Array.isArray(numbers) || ArrayBuffer.isView(numbers)) && numbers.length === d) return;
  const expected = `be ${d} numbers, one for each feature`;
  throw new ShapeError({ where, argument, expected, actual: describe(numbers) });
}

function assertScale(scale: ArrayLike<number> | undefined, d: number, where: string): void {
  if (scale === undefined) return;
  assertNumbers(scale, d, where, 'scale');
  for (let j = 0; j < d; j++) {
    if (Number.isFinite(scale[j]) && scale[j] > 0) continue;
    const expected = 'be a finite number > 0';
    throw new DomainError({ where, argument: `scale[${j}]`, expected, actual: describe(scale[j]) });
  }
}
