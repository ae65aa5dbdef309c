// data: tables whose columns have names and types, such as those of Parquet.
import type { RowBlock } from '../row.js';

/** A column of a typed table. */
export interface TypedColumn {
  readonly name: string;
  /** How its values are encoded, where their type decides; by default each value says whether it is a number or text. */
  readonly use?: 'date' | 'category';
  /** Why it cannot be read. */
  readonly refusal?: Refusal;
}

/** A type of values that are neither numbers nor text, dates or booleans. */
export interface Refusal {
  /** With its article: `a list`. */
  readonly type: string;
  /** The place of the first such value, if not the whole column has the type: `file:line:column`. */
  readonly where?: string;
  /** How to get other values. */
  readonly hint?: string;
}

/** A block whose values stay valid. */
export interface TypedBlock extends RowBlock {
  /** The memory that it takes. */
  readonly bytes: number;
}

/** A table whose columns are known before its rows. */
export interface TypedTable {
  /** The name of the file or of the query, for error messages. */
  readonly name: string;
  readonly columns: readonly TypedColumn[];
  /** The column of labels, if the format has one. */
  readonly label?: string;
  /** The way out for a column that a model reads and the table lacks. */
  readonly hintOfLack?: string;
  /** The place of a row for error messages: `file:row`. */
  readonly where: (row: number) => string;
  /**
   * The rows in blocks, the same in each pass.
   *
   * @param read the fields to read; the others are empty
   */
  readonly blocks: (read: ReadonlySet<number>) => AsyncIterable<TypedBlock>;
}
