// data: divides samples into parts that keep groups together, or that follow each other in time.
import { square } from '../core/elementary.js';
import { DomainError, ShapeError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { assertList, describe } from '../core/shape.js';

/** What restricts how samples are divided, besides their classes. */
export interface Restrictions {
  /** The group of each sample. All samples of a group are in the same part. */
  readonly groups?: ArrayLike<string | number>;
  /** The time of each sample. Later samples are held back. */
  readonly times?: ArrayLike<number>;
}

/** @throws ShapeError or DomainError unless there is one group, or one time, for each of `n` samples, and not both */
export function assertRestrictions({ groups, times }: Restrictions, n: number, where: string): void {
  if (groups !== undefined && times !== undefined) {
    const expected = 'be left out with `groups`: both decide which samples are held back';
    throw new DomainError({ where, argument: 'times', expected, actual: describe(times) });
  }
  for (const [argument, values] of Object.entries({ groups, times })) {
    if (values === undefined) continue;
    const expected = `be a list of ${n} ${argument}, one for each sample`;
    assertList(values, where, argument, expected);
    if (values.length !== n) throw new ShapeError({ where, argument, expected, actual: String(values.length) });
    const isGroup = (value: unknown) => typeof value === 'string' || Number.isFinite(value);
    const stray = Array.from(values).findIndex(
      (each) => !(argument === 'times' ? Number.isFinite(each) : isGroup(each)),
    );
    if (stray === -1) continue;
    const rule = argument === 'times' ? 'be a finite number' : 'be a string or a finite number';
    throw new DomainError({
      where,
      argument: `${argument}[${stray}]`,
      expected: rule,
      actual: describe(values[stray]),
    });
  }
}

/** The samples of one class in a group. */
interface Share {
  readonly stratum: number;
  samples: number;
}

/**
 * Assigns whole groups to parts so that each part has its share of every stratum, as far as the groups allow.
 *
 * Groups are assigned one by one, each to the part that leaves the smallest deviation: the standard deviation over the
 * parts of (share of the stratum in the part − share of the part), summed over the strata. Ties go to the part with the
 * fewest samples. No part is empty, and no stratum is in a tested part only.
 *
 * @param strata the class of each sample, from 0
 * @param shares the share of each part, with sum 1
 * @param training the only part that is trained on; undefined if each part is tested by a model of the others. Then the
 *        groups with the least balanced classes come first, which stratifies best; otherwise their order is random, so
 *        that the size of a group does not decide its part
 * @returns the part of each sample
 * @throws DomainError if there are fewer groups than parts, or the samples of a stratum are all in one group
 * @see scikit-learn 1.9, StratifiedGroupKFold: the same parts for equal shares, apart from the random order of ties
 */
export function partsByGroup(
  strata: Int32Array,
  groups: ArrayLike<string | number>,
  shares: readonly number[],
  { random, training }: { readonly random: Random; readonly training?: number },
): Int32Array {
  const numbers = new Map<string | number, number>();
  const content: Map<number, Share>[] = [];
  const groupOf = Int32Array.from(groups, (name, i) => {
    const group = numbers.get(name) ?? numbers.size;
    if (group === numbers.size) {
      numbers.set(name, group);
      content.push(new Map());
    }
    const stratum = strata[i];
    const share = content[group].get(stratum);
    if (share === undefined) content[group].set(stratum, { stratum, samples: 1 });
    else share.samples++;
    return group;
  });
  const compositions = content.map((each) => [...each.values()]);
  const order = Array.from(random.permutation(compositions.length));
  const q = strata.reduce((most, stratum) => Math.max(most, stratum), 0) + 1;
  if (training === undefined) sortByImbalance(order, compositions, q);
  const parts = new Parts(shares, strata, q, training);
  const partOf = new Int32Array(compositions.length);
  order.forEach((group, done) => {
    partOf[group] = parts.add(compositions[group], compositions.length - done);
  });
  return groupOf.map((group) => partOf[group]);
}

/** Sorts groups by the variance of their class counts, then by size, in descending order. Both are exact integers. */
function sortByImbalance(order: number[], compositions: readonly (readonly Share[])[], q: number): void {
  const size = compositions.map((shares) => shares.reduce((sum, { samples }) => sum + samples, 0));
  const spread = compositions.map(
    (shares, group) => q * shares.reduce((sum, { samples }) => sum + samples * samples, 0) - square(size[group]),
  );
  order.sort((a, b) => spread[b] - spread[a] || size[b] - size[a]);
}

/** Smaller differences of deviations are ties. */
const TIE = 1e-9;

/** The parts while groups are assigned to them. */
class Parts {
  readonly #shares: readonly number[];
  readonly #training: number | undefined;
  /** The samples of each stratum: in all, in each part, and not yet assigned. */
  readonly #totals: Float64Array;
  readonly #filled: readonly Float64Array[];
  readonly #unassigned: Float64Array;
  readonly #sizes: Float64Array;

  constructor(shares: readonly number[], strata: Int32Array, q: number, training: number | undefined) {
    this.#shares = shares;
    this.#training = training;
    this.#totals = new Float64Array(q);
    for (const stratum of strata) this.#totals[stratum]++;
    this.#unassigned = this.#totals.slice();
    this.#filled = shares.map(() => new Float64Array(q));
    this.#sizes = new Float64Array(shares.length);
  }

  /**
   * Assigns a group and returns its part.
   *
   * @param remaining the number of groups that are not assigned, this one included
   */
  add(group: readonly Share[], remaining: number): number {
    for (const { stratum, samples } of group) this.#unassigned[stratum] -= samples;
    const all = [...this.#shares.keys()];
    const empty = all.filter((part) => this.#sizes[part] === 0);
    const open = remaining > empty.length ? all : empty;
    const fitting = open.filter((part) => this.#keepsStrata(part, group));
    const part = this.#best(fitting.length > 0 ? fitting : open, group);
    for (const { stratum, samples } of group) {
      this.#filled[part][stratum] += samples;
      this.#sizes[part] += samples;
    }
    return part;
  }

  /** Whether samples of each stratum of the group can be trained on if the group is in this part. */
  #keepsStrata(part: number, group: readonly Share[]): boolean {
    if (part === this.#training) return true;
    return group.every(({ stratum, samples }) =>
      this.#training === undefined
        ? this.#totals[stratum] > this.#filled[part][stratum] + samples
        : this.#filled[this.#training][stratum] + this.#unassigned[stratum] > 0,
    );
  }

  #best(open: readonly number[], group: readonly Share[]): number {
    let best = open[0];
    let least = Number.POSITIVE_INFINITY;
    for (const part of open) {
      const added = this.#addedDeviation(part, group);
      const isTie = Math.abs(added - least) <= TIE;
      if (isTie ? this.#sizes[part] < this.#sizes[best] : added < least) [best, least] = [part, added];
    }
    return best;
  }

  #addedDeviation(part: number, group: readonly Share[]): number {
    let added = 0;
    for (const { stratum, samples } of group) {
      added += this.#deviation(stratum, part, samples) - this.#deviation(stratum, part, 0);
    }
    return added;
  }

  #deviation(stratum: number, part: number, more: number): number {
    const total = this.#totals[stratum];
    const gaps = this.#shares.map((share, i) => (this.#filled[i][stratum] + (i === part ? more : 0)) / total - share);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    return Math.sqrt(gaps.reduce((sum, gap) => sum + square(gap - mean), 0) / gaps.length);
  }
}

/**
 * Refuses groups that cannot be divided into `parts`.
 *
 * @throws DomainError if there are fewer groups, or the samples of a class are all in one group
 */
export function assertGroups(
  groups: ArrayLike<string | number>,
  labels: ArrayLike<unknown> | undefined,
  parts: number,
  where: string,
): void {
  const count = new Set(Array.from(groups)).size;
  const rule = { where, argument: 'groups' };
  if (count < parts)
    throw new DomainError({ ...rule, expected: `name at least ${parts} groups`, actual: String(count) });
  const only = new Map<unknown, string | number | undefined>();
  for (let i = 0; labels !== undefined && i < labels.length; i++) {
    const isNew = !only.has(labels[i]);
    if (isNew || only.get(labels[i]) !== groups[i]) only.set(labels[i], isNew ? groups[i] : undefined);
  }
  const alone = [...only].find(([, group]) => group !== undefined);
  if (alone === undefined) return;
  const expected = 'have at least 2 groups of each class, one to train on and one to hold back';
  throw new DomainError({ ...rule, expected, actual: `1 of ${describe(alone[0])}` });
}

/** Samples in the order of time. */
interface Timeline {
  readonly order: Int32Array;
  /** The places in `order` at which a new time begins, except the first. */
  readonly changes: readonly number[];
}

function timelineOf(times: ArrayLike<number>): Timeline {
  const order = Int32Array.from(times, (_, i) => i).sort((a, b) => times[a] - times[b] || a - b);
  const changes = Array.from(order.keys()).filter((i) => i > 0 && times[order[i]] > times[order[i - 1]]);
  return { order, changes };
}

/**
 * The earlier samples and the later ones, about `laterCount`. Samples of the same time stay together.
 *
 * @throws DomainError if all times are equal
 */
export function partsByTime(
  times: ArrayLike<number>,
  laterCount: number,
  where: string,
): { readonly train: Int32Array; readonly test: Int32Array } {
  const { order, changes } = timelineOf(times);
  if (changes.length === 0) throw tooFewTimes(1, 2, where);
  const begin = nearestTo(changes, order.length - laterCount);
  return { train: order.subarray(0, begin), test: order.subarray(begin) };
}

/**
 * Folds by forward chaining: each is tested by a model of all samples before it. The tested parts have ⌊n/(folds + 1)⌋
 * samples, apart from samples of the same time, which stay together.
 *
 * @returns indices of samples, ascending in each part
 * @throws DomainError if there are not more times than folds
 * @see scikit-learn 1.9, TimeSeriesSplit: the same folds if all times differ
 */
export function foldsByTime(
  times: ArrayLike<number>,
  folds: number,
  where: string,
): { readonly train: Int32Array; readonly test: Int32Array }[] {
  const { order, changes } = timelineOf(times);
  if (changes.length < folds) throw tooFewTimes(changes.length + 1, folds + 1, where);
  const size = Math.max(1, Math.floor(order.length / (folds + 1)));
  const begins: number[] = [];
  let from = 0;
  for (let fold = 0; fold < folds; fold++) {
    // At least one change of time must remain for each later fold.
    const open = changes.slice(from, changes.length - (folds - fold - 1));
    begins.push(nearestTo(open, order.length - (folds - fold) * size));
    from = changes.indexOf(begins[fold]) + 1;
  }
  const ascending = (from: number, to?: number) => order.slice(from, to).sort();
  return begins.map((begin, fold) => ({ train: ascending(0, begin), test: ascending(begin, begins[fold + 1]) }));
}

function nearestTo(places: readonly number[], ideal: number): number {
  return places.reduce((best, place) => (Math.abs(place - ideal) < Math.abs(best - ideal) ? place : best));
}

function tooFewTimes(count: number, least: number, where: string): DomainError {
  return new DomainError({ where, argument: 'times', expected: `have at least ${least} times`, actual: String(count) });
}

/**
 * Refuses training samples without a class that other samples have.
 *
 * @param argument what decided which samples are held back
 */
export function assertEachClass(
  labels: ArrayLike<unknown>,
  train: Int32Array,
  { where, argument, hint }: { readonly where: string; readonly argument: string; readonly hint: string },
): void {
  const trained = new Set(Array.from(train, (i) => labels[i]));
  const absent = Array.from(labels).find((label) => !trained.has(label));
  if (absent === undefined) return;
  const expected = 'leave samples of each class to train on';
  throw new DomainError({ where, argument, expected, actual: `none of ${describe(absent)}`, hint });
}
