// data: a block of rows whose values are in columns.
import type { TypedBlock } from './table.js';
import type { Vector } from './vectors.js';

export class ColumnBlock implements TypedBlock {
  readonly count: number;
  readonly #vectors: readonly (Vector | undefined)[];
  readonly #places: number | ArrayLike<number>;
  #row = 0;
  readonly oddType: ((field: number) => string | undefined) | undefined;

  /**
   * @param vectors undefined for a column that is not read
   * @param places the number of the first row, from 1, or the line of each
   * @param odd the types of values that are no values of a table: by field, then by row
   */
  constructor(
    vectors: readonly (Vector | undefined)[],
    count: number,
    places: number | ArrayLike<number>,
    odd?: ReadonlyMap<number, ReadonlyMap<number, string>>,
  ) {
    this.#vectors = vectors;
    this.count = count;
    this.#places = places;
    this.oddType = odd && odd.size > 0 ? (field) => odd.get(field)?.get(this.#row) : undefined;
  }

  get bytes(): number {
    return this.#vectors.reduce((sum, vector) => sum + (vector?.bytes ?? 0), 0);
  }

  get length(): number {
    return this.#vectors.length;
  }

  get line(): number {
    return typeof this.#places === 'number' ? this.#places + this.#row : this.#places[this.#row];
  }

  select(row: number): void {
    this.#row = row;
  }

  number(field: number, decimal: '.' | ','): number {
    return this.#vectors[field]?.number(this.#row, decimal) ?? Number.NaN;
  }

  text(field: number): string {
    return this.#vectors[field]?.text(this.#row) ?? '';
  }

  isText(field: number): boolean {
    return this.#vectors[field]?.isText(this.#row) ?? false;
  }

  /** Numbers have no zeros before them, and text is no number. */
  isPadded(): boolean {
    return false;
  }
}
