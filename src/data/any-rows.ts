// data: rows wherever they are: in one array, kept as they arrived, or stored outside memory.
import type { FeatureArray } from './batches.js';
import { KeptRows } from './kept-rows.js';
import { isSparse, type SparseMatrix, sparseRows } from './matrix.js';
import { take } from './split.js';
import { piecesOf, StoredRows } from './stored-rows.js';

export type AnyRows = FeatureArray | KeptRows | StoredRows;

/** Rows that a fit takes. */
export type TrainingRows = FeatureArray | StoredRows | SparseMatrix;

/** All rows in blocks; each is valid until the next one is requested. */
export function blocksOf(rows: AnyRows, signal?: AbortSignal): Iterable<FeatureArray> | AsyncIterable<FeatureArray> {
  if (rows instanceof StoredRows) return piecesOf(rows, signal);
  return rows instanceof KeptRows ? rows.blocks() : [rows];
}

/** Some rows: a copy, or of stored ones a view, for which the places must ascend. */
export function takeRows<Rows extends TrainingRows>(rows: Rows, places: Int32Array): Rows;
export function takeRows(rows: TrainingRows, places: Int32Array): TrainingRows {
  if (rows instanceof StoredRows) return rows.take(places);
  return isSparse(rows) ? sparseRows(rows, places) : take(rows, places);
}

/** Copies of some rows, divided by their scale. */
export async function rowsAt(rows: AnyRows, places: readonly number[]): Promise<Float64Array[]> {
  if (!(rows instanceof StoredRows)) return places.map((place) => rowAt(rows, place));
  const ascending = Int32Array.from(new Set(places)).sort();
  const found = new Map<number, Float64Array>();
  for await (const { values, shape } of piecesOf(rows.take(ascending))) {
    const [n, d] = shape;
    for (let i = 0; i < n; i++) found.set(ascending[found.size], values.slice(i * d, (i + 1) * d));
  }
  return places.map((place) => found.get(place) as Float64Array);
}

function rowAt(rows: FeatureArray | KeptRows, place: number): Float64Array {
  if (rows instanceof KeptRows) return rows.row(place).values;
  const { values, shape, scale = 1 } = rows;
  const d = shape[1];
  return Float64Array.from(values.subarray(place * d, (place + 1) * d), (x) => x / scale);
}
