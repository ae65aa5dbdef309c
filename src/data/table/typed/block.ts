// data: a block of rows whose values are in columns.
import type { TypedBlock } from './table.js';
import type { Vector } from './vectors.js';

/** What few blocks have. */
export interface BlockExtras {
  /** The types of values that are no values of a table: by field, then by row. */
  readonly odd?: ReadonlyMap<number, ReadonlyMap<number, string>>;
  /** The columns of the table, if some may be found after this block: their values here are missing. */
  readonly columns?: { readonly size: number };
}

export class ColumnBlock implements TypedBlock {
  readonly count: number;
  readonly #vectors: readonly (Vector | undefined)[];
  readonly #places: number | ArrayLike<number>;
  readonly #columns: { readonly size: number } | undefined;
  #row = 0;
  readonly oddType: ((field: number) => string | undefined) | undefined;

  /**
   * @param vectors undefined for a column that is not read
   * @param places the number of the first row, from 1, or the line of each
   */
  constructor(
    vectors: readonly (Vector | undefined)[],
    count: number,
    places: number | ArrayLike<number>,
    { odd, columns }: BlockExtras = {},
  ) {
    this.#vectors = vectors;
    this.count = count;
    this.#places = places;
    this.#columns = columns;
    this.oddType = odd && odd.size > 0 ? (field) => odd.get(field)?.get(this.#row) : undefined;
  }

  get bytes(): number {
    return this.#vectors.reduce((sum, vector) => sum + (vector?.bytes ?? 0), 0);
  }

  get length(): number {
    return this.#columns?.size ?? this.#vectors.length;
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
