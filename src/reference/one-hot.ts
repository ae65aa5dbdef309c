// reference: conversion between labels and one-hot rows.
import { DomainError } from '../core/errors.js';
import { assertPositiveInteger, describe } from '../core/shape.js';
import { asMatrix, asVector, type Matrix, type MatrixLike, rowOf, zeros } from './matrix.js';

/**
 * Labels as one-hot targets.
 *
 *   yᵢₖ = 1 if k = labels[i], else 0
 *
 * @param labels [n], integers in [0, numClasses)
 * @returns y, [n, numClasses]
 * @throws DomainError if a label is not such an integer
 * @example toRows(oneHot([2, 0], 3))   // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(labels: ArrayLike<number>, numClasses: number): Matrix {
  const where = 'oneHot';
  assertPositiveInteger(numClasses, where, 'numClasses');
  const indices = asVector(labels, undefined, where, 'labels');
  const targets = zeros(indices.length, numClasses);
  for (let i = 0; i < indices.length; i++) {
    assertLabel(indices[i], numClasses, where, i);
    targets.values[i * numClasses + indices[i]] = 1;
  }
  return targets;
}

/**
 * One-hot targets as labels, the inverse of `oneHot`.
 *
 * @param targets y, [n, classes]
 * @returns [n], the class of each row's 1
 * @throws DomainError if a row is not a single 1 among zeros, for example a soft target
 * @example fromOneHot([[0, 0, 1], [1, 0, 0]])   // Int32Array [2, 0]
 */
export function fromOneHot(targets: MatrixLike): Int32Array {
  const y = asMatrix(targets, 'fromOneHot', 'targets');
  const labels = new Int32Array(y.rows);
  for (let i = 0; i < y.rows; i++) {
    const row = rowOf(y, i);
    const odd = row.findIndex((entry) => entry !== 0 && entry !== 1);
    const ones = row.filter((entry) => entry === 1).length;
    if (odd >= 0 || ones !== 1) {
      throw new DomainError({
        where: 'fromOneHot',
        argument: `targets[${i}]`,
        expected: 'be a single 1 among zeros',
        actual: odd >= 0 ? `${row[odd]} at class ${odd}` : `${ones} ones`,
      });
    }
    labels[i] = row.indexOf(1);
  }
  return labels;
}

/** @throws DomainError unless `label` is an integer in [0, numClasses) */
export function assertLabel(label: number, numClasses: number, where: string, index: number, hint?: string): void {
  if (Number.isInteger(label) && label >= 0 && label < numClasses) return;
  throw new DomainError({
    where,
    argument: `labels[${index}]`,
    expected: `be an integer in [0, ${numClasses})`,
    actual: describe(label),
    hint,
  });
}
