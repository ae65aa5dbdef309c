// features: the columns that a vocabulary keeps of counts.
import type { Counts } from './counts.js';
import { sortRange } from './tally.js';

/** Keeps the chosen ones of the columns of rows, renumbers these as they are listed, and sorts the rows. */
export function chooseColumns(rows: Counts, chosen: Int32Array, numColumns: number): void {
  const renumbered = new Int32Array(numColumns).fill(-1);
  for (let j = 0; j < chosen.length; j++) renumbered[chosen[j]] = j;
  const ofColumn = new Int32Array(chosen.length);
  const [starts, columns, counts] = [rows.starts.values, rows.columns.values, rows.counts.values];
  // Entries only move towards the beginning.
  let to = 0;
  for (let i = 0, from = 0; i + 1 < rows.starts.length; i++) {
    const start = to;
    for (; from < starts[i + 1]; from++) {
      const column = renumbered[columns[from]];
      if (column === -1) continue;
      ofColumn[column] = counts[from];
      columns[to++] = column;
    }
    sortRange(columns, start, to);
    for (let k = start; k < to; k++) counts[k] = ofColumn[columns[k]];
    starts[i + 1] = to;
  }
  rows.columns.length = rows.counts.length = to;
}
