// formats: the files of one table, one after the other.
import { FormatError, isSoftmaxRegressionError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import type { TypedBlock, TypedColumn, TypedTable } from '../data/table/typed/table.js';
import { messageOf } from './packages.js';

/** One file of a table. */
export interface Part {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly TypedColumn[];
  /** What each column holds, in words. */
  readonly kinds: readonly string[];
  /** @param first the number of its first row in the table, from 1 */
  readonly blocks: (read: ReadonlySet<number>, first: number) => AsyncIterable<TypedBlock>;
}

/**
 * The table of all parts. Its rows are numbered through; a message names the file and the row in it.
 *
 * @throws FormatError for a part with other columns, or values of other types, than the first
 */
export function joinedParts(parts: readonly Part[], name: string): TypedTable {
  const [first, ...others] = parts;
  for (const part of others) assertSame(first, part);
  const firsts: number[] = [];
  let rows = 0;
  for (const part of parts) {
    firsts.push(rows + 1);
    rows += part.rows;
  }
  return {
    name,
    columns: first.columns,
    where: (row) => {
      let i = parts.length - 1;
      while (i > 0 && firsts[i] > row) i--;
      return `${parts[i].name}:${row - firsts[i] + 1}`;
    },
    blocks: async function* (read) {
      for (const [i, part] of parts.entries()) yield* part.blocks(read, firsts[i]);
    },
  };
}

/** The way out for a file that is not like the first. */
const ALIKE = 'Write it again with the same columns, or move it out of the folder.';

function assertSame(first: Part, part: Part): void {
  const names = first.columns.map((column) => column.name);
  const rule = { where: part.name, hint: ALIKE };
  const table = { ...rule, argument: 'the table' };
  part.columns.forEach((column, i) => {
    if (column.name !== names[i]) {
      const expected = names[i] === undefined ? 'no other column' : `the column ${describe(names[i])}`;
      const place = `have ${expected} as number ${i + 1}, like ${first.name}`;
      throw new FormatError({ ...table, expected: place, actual: describe(column.name) });
    }
    if (part.kinds[i] === first.kinds[i]) return;
    const expected = `hold ${first.kinds[i]}, like ${first.name}`;
    throw new FormatError({ ...rule, argument: column.name, expected, actual: part.kinds[i] });
  });
  const found = part.columns.length;
  if (found === names.length) return;
  const expected = `have the column ${describe(names[found])}, like ${first.name}`;
  throw new FormatError({ ...table, expected, actual: found === 1 ? '1 column' : `${found} columns` });
}

/**
 * What a library reads, with its errors as those of the file.
 *
 * @throws FormatError
 */
export function decoded<T>(where: string, argument: string, expected: string, read: () => T): T {
  const fail = (cause: unknown): never => {
    if (isSoftmaxRegressionError(cause)) throw cause;
    const actual = messageOf(cause).split('\n')[0];
    const hint = 'The file is damaged: fetch or write it again.';
    throw new FormatError({ where, argument, expected, actual, hint, cause });
  };
  try {
    const result = read();
    return result instanceof Promise ? (result.catch(fail) as T) : result;
  } catch (cause) {
    return fail(cause);
  }
}
