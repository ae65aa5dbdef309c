// core: the types of class labels, and the mapping from labels to class indices.
import { DomainError } from './errors.js';
import { assertList, describe } from './shape.js';

/** The label of a class: a name, a code or an index. */
export type Label = string | number | boolean;

/** Gives equal labels as one value, so that a list of them holds each text once. */
export class DistinctLabels {
  readonly #labels = new Map<Label, Label>();

  of(label: Label): Label {
    const known = this.#labels.get(label);
    if (known === undefined) this.#labels.set(label, label);
    return known ?? label;
  }
}

/**
 * Checks that all labels have one type. '1' and 1 are different labels.
 *
 * @throws DomainError for a label that has another type than the first (or than `type`), or an invalid type
 */
export function assertLabels(labels: ArrayLike<Label>, where: string, argument: string, typeOfOthers?: string): void {
  assertList(labels, where, argument, 'be an array of labels');
  const type = typeOfOthers ?? typeof labels[0];
  const isType = type === 'string' || type === 'number' || type === 'boolean';
  for (let i = 0; i < labels.length; i++) {
    const label: unknown = labels[i];
    if (isType && typeof label === type && (typeof label !== 'number' || Number.isFinite(label))) continue;
    const finite = type === 'number' ? 'a finite number' : `a ${type}`;
    const expected = isType ? `be ${finite} like the other labels` : 'be a string, a finite number or a boolean';
    throw new DomainError({ where, argument: `${argument}[${i}]`, expected, actual: describe(label) });
  }
}

/**
 * Distinct labels in ascending order: numbers by value, names by UTF-16 code unit, false before true.
 *
 * @throws DomainError if they differ in type, or one is not a label
 * @example sortedClasses(['dog', 'cat', 'dog'])   // ['cat', 'dog']
 */
export function sortedClasses<L extends Label>(labels: ArrayLike<L>, where = 'sortedClasses'): L[] {
  assertLabels(labels, where, 'labels');
  const distinct = new Set<L>();
  for (let i = 0; i < labels.length; i++) distinct.add(labels[i]);
  return [...distinct].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Index of each label in `classes`.
 *
 * @throws DomainError for a label that is not among the classes, or if the classes are not distinct
 * @example classIndices(['dog', 'cat'], ['cat', 'dog'], 'example')   // Int32Array [1, 0]
 */
export function classIndices(
  labels: ArrayLike<Label>,
  classes: readonly Label[],
  where: string,
  argument = 'labels',
): Int32Array {
  assertList(classes, where, 'classes', 'be an array of labels');
  const places = new Map(classes.map((label, place) => [label, place]));
  if (places.size !== classes.length) {
    const seen = new Set<Label>();
    const repeated = classes.find((label) => seen.size === seen.add(label).size);
    throw new DomainError({
      where,
      argument: 'classes',
      expected: 'be distinct',
      actual: `${describe(repeated)} twice`,
    });
  }
  const indices = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const place = places.get(labels[i]);
    if (place === undefined) {
      const some = classes.slice(0, 10).map(describe).join(', ');
      const expected = `be one of the classes ${some}${classes.length > 10 ? ', …' : ''}`;
      throw new DomainError({ where, argument: `${argument}[${i}]`, expected, actual: describe(labels[i]) });
    }
    indices[i] = place;
  }
  return indices;
}
