// data: stratified folds for cross-validation.
import { DomainError } from '../core/errors.js';
import { assertLabels } from '../core/labels.js';
import { Random } from '../core/random.js';
import { assertKnownOptions, describe } from '../core/shape.js';
import { assertEachClass, assertGroups, assertRestrictions, partsByGroup } from './groups.js';

/** Options of `stratifiedFolds`. */
export interface FoldOptions {
  /** The number of folds, an integer ≥ 2; 5 by default. */
  readonly folds?: number;
  /** Seed of the assignment; 0 by default. */
  readonly seed?: number;
  /** The group of each sample, such as a patient: all samples of a group are in the same fold. */
  readonly groups?: ArrayLike<string | number>;
}

/**
 * Divides the samples into `folds` folds, stratified by class.
 *
 * Each class is shuffled and dealt to the folds in turn, starting after the fold at which the previous class ended.
 * Fold sizes therefore differ by at most one, in total and in each class. (scikit-learn's StratifiedKFold gives folds
 * of the same sizes with other samples.)
 *
 * With `groups`, whole groups are assigned to the folds so that each fold is near its share of every class, as by
 * scikit-learn's StratifiedGroupKFold.
 *
 * @param where the caller, for error messages
 * @returns indices of samples, ascending in each fold; each of 0, …, n − 1 is in exactly one fold
 * @throws DomainError if there are fewer samples than folds, labels differ in type, or a class has only one sample;
 *         with `groups`, if there are fewer groups than folds, or a class has only one group
 * @example stratifiedFolds(['a', 'b', 'a', 'b'], { folds: 2 })   // [[2, 3], [0, 1]]
 */
export function stratifiedFolds(
  labels: ArrayLike<string | number | boolean>,
  options: FoldOptions = {},
  where = 'stratifiedFolds',
): Int32Array[] {
  assertKnownOptions(options, ['folds', 'seed', 'groups'], where);
  const { seed = 0, groups } = options;
  assertLabels(labels, where, 'labels');
  const folds = foldCount(options.folds, labels.length, where);
  const random = new Random(seed);
  const parts = Array.from({ length: folds }, (): number[] => []);
  const byLabel = samplesByLabel(labels);
  if (groups !== undefined) {
    assertRestrictions({ groups }, labels.length, where);
    assertGroups(groups, labels, folds, where);
    const stratumOf = new Int32Array(labels.length);
    [...byLabel.values()].forEach((samples, stratum) => {
      for (const i of samples) stratumOf[i] = stratum;
    });
    const shares = parts.map(() => 1 / folds);
    partsByGroup(stratumOf, groups, shares, { random }).forEach((part, i) => {
      parts[part].push(i);
    });
    const hint = 'Choose fewer `folds`, or another `seed`.';
    return parts.map((part) => {
      const test = Int32Array.from(part);
      assertEachClass(labels, complement(test, labels.length), { where, argument: 'groups', hint });
      return test;
    });
  }
  let next = 0;
  for (const [label, samples] of byLabel) {
    if (samples.length < 2) {
      throw new DomainError({
        where,
        argument: 'labels',
        expected: 'have at least 2 samples of each class',
        actual: `1 of ${describe(label)}`,
        hint: 'The class is unknown in training while its only sample is held back.',
      });
    }
    for (const i of random.permutation(samples.length)) parts[next++ % folds].push(samples[i]);
  }
  return parts.map((part) => Int32Array.from(part).sort());
}

/** The samples that are not in `part`: the training samples while `part` is held back. */
export function complement(part: Int32Array, count: number): Int32Array {
  const isHeld = new Uint8Array(count);
  for (const sample of part) isHeld[sample] = 1;
  const others = new Int32Array(count - part.length);
  for (let sample = 0, at = 0; sample < count; sample++) if (isHeld[sample] === 0) others[at++] = sample;
  return others;
}

/**
 * An order of the samples in which every prefix is stratified by class.
 *
 * Sample j of the n samples of a class, shuffled by the seed, has position j/n. The order begins with one sample of each
 * class, and its first m samples have about the share m/n of each class, rounded up.
 */
export function stratifiedOrder(
  samples: Int32Array,
  labels: ArrayLike<string | number | boolean>,
  seed = 0,
): Int32Array {
  const random = new Random(seed);
  const byLabel = samplesByLabel(Array.from(samples, (sample) => labels[sample]));
  const placed = [...byLabel.values()].flatMap((own) =>
    Array.from(random.permutation(own.length), (i, j) => ({ sample: samples[own[i]], position: j / own.length })),
  );
  placed.sort((a, b) => a.position - b.position);
  return Int32Array.from(placed, ({ sample }) => sample);
}

/** The number of folds, 5 by default. */
export function foldCount(given: number | undefined, count: number, where: string): number {
  const folds = given ?? 5;
  if (Number.isInteger(folds) && folds >= 2 && folds <= count) return folds;
  const expected = `be an integer in [2, ${count}], the number of samples`;
  throw new DomainError({ where, argument: 'folds', expected, actual: describe(folds) });
}

function samplesByLabel(labels: ArrayLike<unknown>): Map<unknown, number[]> {
  const byLabel = new Map<unknown, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const samples = byLabel.get(labels[i]);
    if (samples === undefined) byLabel.set(labels[i], [i]);
    else samples.push(i);
  }
  return byLabel;
}
