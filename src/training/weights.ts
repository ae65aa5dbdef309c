// training: the weight of each sample, multiplied by the weight of its class.
import { DomainError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';
import { BlockSum, sumOf } from '../core/tree-sum.js';
import type { SampleWeights } from '../data/sample-weights.js';

/**
 * A weight for each class: by name, `{ cat: 2, dog: 1 }`, or in a Map by label. Classes without one have weight 1.
 * `'balanced'` gives all classes the same total weight.
 */
export type ClassWeights<L extends Label> =
  | 'balanced'
  | { readonly [Name in `${L}`]?: number }
  | ReadonlyMap<L, number>;

/** Class weights as stored in a model file. */
export type NamedClassWeights = 'balanced' | Readonly<Record<string, number>>;

/**
 * Validates class weights and converts them to the form of a model file.
 *
 * @throws DomainError if they are neither `'balanced'` nor weights by class, or a weight is not finite and ≥ 0
 */
export function namedClassWeights(classWeights: unknown, where: string): NamedClassWeights {
  if (classWeights === 'balanced') return classWeights;
  const kind = Object.prototype.toString.call(classWeights);
  if (kind !== '[object Object]' && kind !== '[object Map]') {
    const expected = "be 'balanced', or weights by class";
    throw new DomainError({ where, argument: 'classWeights', expected, actual: describe(classWeights) });
  }
  const entries: Iterable<[unknown, unknown]> =
    kind === '[object Map]' ? (classWeights as Map<unknown, unknown>) : Object.entries(classWeights as object);
  const named = Array.from(entries, ([label, weight]): [string, number] => {
    const argument = `classWeights[${describe(label)}]`;
    return [String(label), checkedWeight(weight, where, argument)];
  });
  return Object.fromEntries(named);
}

/**
 * sᵢ = sample weight × class weight, or undefined if all samples have the same weight.
 *
 * `'balanced'` gives class k the weight n / (classes·nₖ), as in scikit-learn. With sample weights, n and nₖ are sums of
 * them, so a sample of weight 2 counts as two samples. Classes without samples are ignored.
 *
 * @param labels class indices
 * @throws ShapeError if there is not one weight per sample
 * @throws DomainError for a weight that is not finite and ≥ 0, weights that are all 0, or a weight of an unknown class
 * @example sampleWeightsOf(Int32Array.of(0, 0, 0, 1), ['a', 'b'], { classWeights: 'balanced' }, 'fit')
 * // values [2/3, 2/3, 2/3, 2], total 4
 * @see scikit-learn 1.9, compute_class_weight
 */
export function sampleWeightsOf(
  labels: Int32Array,
  classes: readonly Label[],
  weights: { readonly sampleWeights?: ArrayLike<number>; readonly classWeights?: NamedClassWeights },
  where: string,
): SampleWeights | undefined {
  const { sampleWeights, classWeights } = weights;
  if (sampleWeights === undefined && classWeights === undefined) return undefined;
  const values =
    sampleWeights === undefined
      ? new Float64Array(labels.length).fill(1)
      : checkedSampleWeights(sampleWeights, labels.length, where);
  if (classWeights !== undefined) {
    const byClass =
      classWeights === 'balanced'
        ? balanced(labels, values, classes.length)
        : weightsInOrder(classWeights, classes, where);
    for (let i = 0; i < values.length; i++) values[i] *= byClass[labels[i]];
  }
  const total = sumOf(values);
  if (total > 0 && Number.isFinite(total)) return { values, total };
  const argument = sampleWeights === undefined ? 'classWeights' : 'sampleWeights';
  throw new DomainError({
    where,
    argument,
    expected: 'have a sum over the samples that is finite and > 0',
    actual: String(total),
  });
}

function checkedSampleWeights(weights: ArrayLike<number>, n: number, where: string): Float64Array {
  const isList = Array.isArray(weights) || (ArrayBuffer.isView(weights) && 'length' in weights);
  if (!isList || weights.length !== n) {
    const actual = isList ? String(weights.length) : describe(weights);
    const expected = `be a list of ${n} numbers, one for each sample`;
    throw new ShapeError({ where, argument: 'sampleWeights', expected, actual });
  }
  const checked = new Float64Array(n);
  for (let i = 0; i < n; i++) checked[i] = checkedWeight(weights[i], where, `sampleWeights[${i}]`);
  return checked;
}

function checkedWeight(weight: unknown, where: string, argument: string): number {
  if (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight)) return weight;
  throw new DomainError({ where, argument, expected: 'be a finite number ≥ 0', actual: describe(weight) });
}

/** Σ of a weight of the samples of each class. */
export function classWeightsOf(
  labels: Int32Array,
  numClasses: number,
  weightOf: (sample: number) => number,
): Float64Array {
  const sum = new BlockSum(numClasses);
  for (let i = 0; i < labels.length; i++) {
    sum.leaf[labels[i]] += weightOf(i);
    sum.reach(i + 1);
  }
  return sum.total();
}

function balanced(labels: Int32Array, values: Float64Array, numClasses: number): Float64Array {
  const counts = classWeightsOf(labels, numClasses, (i) => values[i]);
  const total = counts.reduce((a, b) => a + b);
  const present = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  return counts.map((count) => (count > 0 ? total / (present * count) : 0));
}

/**
 * Weights by name in the order of the classes; 1 for classes that are not named.
 *
 * @throws DomainError for a name that is not a class
 */
export function weightsInOrder(
  named: Readonly<Record<string, number>>,
  classes: readonly Label[],
  where: string,
): Float64Array {
  const names = classes.map(String);
  const known = new Set(names);
  const stray = Object.keys(named).find((name) => !known.has(name));
  if (stray !== undefined) {
    const some = classes.slice(0, 10).map(describe).join(', ');
    const expected = `name only the classes ${some}${classes.length > 10 ? ', …' : ''}`;
    throw new DomainError({ where, argument: 'classWeights', expected, actual: describe(stray) });
  }
  return Float64Array.from(names, (name) => (Object.hasOwn(named, name) ? named[name] : 1));
}
