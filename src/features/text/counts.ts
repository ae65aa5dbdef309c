// features: rows of counts, and the values that they become.
import { log } from '../../core/elementary.js';
import { DomainError } from '../../core/errors.js';
import type { SparseMatrix } from '../../data/matrix.js';
import { IntList } from './lists.js';
import type { Weighing } from './options.js';

/** Runs of at most this many columns are sorted by insertion. */
const SHORT = 24;
/** The entries of a matrix are fewer than this. */
const MOST_ENTRIES = 2 ** 31 - 1;

/** The entries of rows [n, d]: columns and counts, of which a column occurs once in a row. */
export class Counts {
  readonly starts = new IntList();
  readonly columns = new IntList();
  readonly counts = new IntList();

  constructor() {
    this.starts.push(0);
  }

  add(column: number, count: number): void {
    this.columns.push(column);
    this.counts.push(count);
  }

  endRow(): void {
    if (this.columns.length > MOST_ENTRIES) {
      throw new DomainError({
        where: 'transform',
        argument: 'the documents',
        expected: 'have fewer than 2³¹ entries',
        actual: `more in ${this.starts.length} documents`,
        hint: 'Transform them in several parts.',
      });
    }
    this.starts.push(this.columns.length);
  }

  /** The matrix of d columns, in which idf is the weight of each. */
  matrix(d: number, weighing: Weighing, idf?: Float64Array): SparseMatrix {
    const starts = this.starts.copy();
    const indices = this.columns.copy();
    const values = weighing.dtype === 'float32' ? new Float32Array(indices.length) : new Float64Array(indices.length);
    const row: number[] = [];
    for (let i = 0; i + 1 < starts.length; i++) {
      const start = starts[i];
      row.length = starts[i + 1] - start;
      for (let k = 0; k < row.length; k++) {
        const count = this.counts.values[start + k];
        row[k] = (weighing.sublinearTf ? 1 + log(count) : count) * (idf === undefined ? 1 : idf[indices[start + k]]);
      }
      const norm = normOfRow(row, weighing);
      for (let k = 0; k < row.length; k++) values[start + k] = row[k] / norm;
    }
    return { starts, indices, values, shape: [starts.length - 1, d] };
  }
}

/** The number by which a row is divided; 1 for a row of zeros. */
function normOfRow(row: readonly number[], { norm }: Weighing): number {
  if (norm === 'none') return 1;
  let sum = 0;
  for (const value of row) sum += norm === 'l1' ? Math.abs(value) : value * value;
  if (sum === 0) return 1;
  return norm === 'l1' ? sum : Math.sqrt(sum);
}

/** Sorts numbers[0 … count − 1] in ascending order. */
export function sortFirst(numbers: Int32Array, count: number): void {
  if (count > SHORT) {
    numbers.subarray(0, count).sort();
    return;
  }
  for (let i = 1; i < count; i++) {
    const number = numbers[i];
    let at = i;
    for (; at > 0 && numbers[at - 1] > number; at--) numbers[at] = numbers[at - 1];
    numbers[at] = number;
  }
}
