// nn: checks on the values of logits and distributions, as plain arrays.
import { DomainError } from '../core/errors.js';
import { DISTRIBUTION_ATOL } from '../core/tolerance.js';

export type OnNaN = 'refuse NaN' | 'let NaN through';

export function checkLogitValues(
  values: ArrayLike<number>,
  [n, classes]: readonly number[],
  where: string,
  onNaN: OnNaN,
): void {
  for (let i = 0; i < n; i++) {
    let defined = classes === 0;
    for (let k = 0; k < classes; k++) {
      const value = values[i * classes + k];
      if (onNaN === 'refuse NaN' && !(value < Number.POSITIVE_INFINITY)) {
        throw new DomainError({
          where,
          argument: `logits[${i}][${k}]`,
          expected: 'be a finite float32 number or −Infinity',
          actual: String(value),
        });
      }
      if (value !== Number.NEGATIVE_INFINITY) defined = true;
    }
    if (!defined) {
      throw new DomainError({
        where,
        argument: `logits[${i}]`,
        expected: 'have an entry above −Infinity',
        actual: 'a row of only −Infinity',
      });
    }
  }
}

export function checkDistributionValues(
  values: ArrayLike<number>,
  [n, classes]: readonly number[],
  where: string,
  argument: string,
  onNaN: OnNaN,
): void {
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const value = values[i * classes + k];
      if (value < 0 || (onNaN === 'refuse NaN' && Number.isNaN(value))) {
        throw new DomainError({
          where,
          argument: `${argument}[${i}][${k}]`,
          expected: 'be ≥ 0',
          actual: String(value),
        });
      }
      sum += value;
    }
    if (Math.abs(sum - 1) > DISTRIBUTION_ATOL || (onNaN === 'refuse NaN' && Number.isNaN(sum))) {
      const hint = 'Scores? Apply softmax first. Class indices? Use sparseCrossEntropy, or oneHot.';
      throw new DomainError({
        where,
        argument: `${argument}[${i}]`,
        expected: 'sum to 1',
        actual: `a row with sum ${sum}`,
        hint,
      });
    }
  }
}
