// features: rows of counts, and the values that they become.
import { log } from '../../core/elementary.js';
import { DomainError } from '../../core/errors.js';
import type { SparseMatrix } from '../../data/matrix.js';
import { IntList } from './lists.js';
import type { Norm, Weighing } from './settings.js';

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
    const { sublinearTf, norm } = weighing;
    const row = new Float64Array(longestRow(starts));
    for (let i = 0; i + 1 < starts.length; i++) {
      const start = starts[i];
      const length = starts[i + 1] - start;
      for (let k = 0; k < length; k++) {
        const count = this.counts.values[start + k];
        row[k] = (sublinearTf ? 1 + log(count) : count) * (idf === undefined ? 1 : idf[indices[start + k]]);
      }
      const divisor = normOf(row, length, norm);
      for (let k = 0; k < length; k++) values[start + k] = row[k] / divisor;
    }
    return { starts, indices, values, shape: [starts.length - 1, d] };
  }
}

function longestRow(starts: Int32Array): number {
  let longest = 0;
  for (let i = 0; i + 1 < starts.length; i++) longest = Math.max(longest, starts[i + 1] - starts[i]);
  return longest;
}

/** What row[0 … length − 1] is divided by; 1 for zeros. */
function normOf(row: Float64Array, length: number, norm: Norm): number {
  if (norm === 'none') return 1;
  let sum = 0;
  for (let k = 0; k < length; k++) sum += norm === 'l1' ? Math.abs(row[k]) : row[k] * row[k];
  if (sum === 0) return 1;
  return norm === 'l1' ? sum : Math.sqrt(sum);
}
