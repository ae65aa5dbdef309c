// reading: SVMlight and LIBSVM → a sparse matrix and its labels.

import { DomainError, FormatError } from '../core/errors.js';
import {
  assertFunction,
  assertKnownOptions,
  assertObject,
  assertOneOf,
  assertPositiveInteger,
  assertText,
} from '../core/shape.js';
import { LARGEST_FLOAT32 } from '../core/tolerance.js';
import { NumberList } from '../data/kept-rows.js';
import type { SparseMatrix } from '../data/matrix.js';
import { LARGEST_COUNT } from '../data/sparse.js';
import { assertFits } from '../data/table/limits.js';
import { LineReader, linesOf, type SparseRows } from '../data/table/typed/svmlight-lines.js';
import { bounded, chunksOf, type NamedBytes } from './bytes.js';

/** Options of `readSvmlight`. */
export interface SvmlightOptions {
  /** Whether the first column has index 0; by default if any index of the file is 0. */
  readonly zeroBased?: boolean;
  /** The number of columns, such as that of a model; by default up to the largest index. */
  readonly columns?: number;
  /** `'ignore'` for files with `qid:`, the groups of rows for ranking; such files are refused by default. */
  readonly qid?: 'ignore';
  /** The type of the values; float64 by default. */
  readonly dtype?: 'float32' | 'float64';
  /** The maximum size of the unpacked file in bytes; 2³² by default. */
  readonly maxBytes?: number;
  /** The maximum memory in bytes that the rows may take while they are read; only limits of arrays by default. */
  readonly maxMemory?: number;
}

/** The rows of an SVMlight file. */
export interface SvmlightData {
  readonly samples: SparseMatrix;
  readonly labels: number[];
}

const RANKING = "It groups rows for ranking. Remove it, or read with `qid: 'ignore'`.";

/** The largest index: columns are counted in int32. */
const MOST = LARGEST_COUNT - 1;

/**
 * The rows of an SVMlight or LIBSVM file as a sparse matrix, gzipped or not.
 *
 * Comments and blank lines are ignored. The columns begin with index 1, or with index 0 if any index of the file is 0, as in
 * scikit-learn's `load_svmlight_file`. A file from 0 without an index 0 needs `zeroBased: true`.
 *
 * @param source bytes, or a file with a name and a stream, such as a `File`
 * @throws FormatError, with `file:line`, for a line of another form, several labels, indices that do not ascend, a value that is
 *         not finite, or an index beyond `columns`; and for a file that needs more than `maxMemory`
 * @example
 * const { samples, labels } = await readSvmlight(new TextEncoder().encode('1 1:0.5 3:2 # a\n-1 2:4\n'));
 * labels    // [1, -1]
 * samples   // { starts: [0, 2, 3], indices: [0, 2, 1], values: [0.5, 2, 4], shape: [2, 3] }
 */
export async function readSvmlight(
  source: Uint8Array | NamedBytes,
  options: SvmlightOptions = {},
): Promise<SvmlightData> {
  assertOptions(options);
  const file = named(source);
  const { zeroBased, columns, qid, dtype = 'float64', maxBytes, maxMemory = Number.POSITIVE_INFINITY } = options;
  const isSingle = dtype === 'float32';
  const reader = new LineReader(file.name, {
    ...{ zeroBased, qid, hintOfQid: RANKING, largestValue: isSingle ? LARGEST_FLOAT32 : undefined },
    largest: columns === undefined ? MOST : zeroBased === true ? columns - 1 : columns,
    hintOfLargest: columns === undefined ? undefined : hintOf(columns),
  });
  const rows = new MatrixRows(isSingle);
  for await (const lines of linesOf(bounded(chunksOf(file), file.name, maxBytes), file.name)) {
    for (const line of lines) reader.read(line, rows);
    assertFits({ ...rows.size, columns: 0 }, maxMemory, file.name, 'Give fewer rows.');
  }
  reader.assertRows();
  const { first, last, lineOfLast } = reader;
  if (columns !== undefined && last - first >= columns) {
    const rule = { where: `${file.name}:${lineOfLast}`, argument: 'the index' };
    const expected = `be an integer from 0 to ${(columns - 1).toLocaleString('en')}, because an index of the file is 0`;
    throw new FormatError({ ...rule, expected, actual: String(last), hint: hintOf(columns) });
  }
  const indices = rows.indices.values();
  if (first === 1) for (let at = 0; at < indices.length; at++) indices[at]--;
  const shape = [rows.labels.length, columns ?? last - first + 1] as const;
  const samples = { starts: rows.ends.values(), indices, values: rows.values.values(), shape };
  return { samples, labels: Array.from(rows.labels.values()) };
}

/** Rows of a matrix that grow. */
class MatrixRows implements SparseRows {
  readonly labels = new NumberList();
  /** From 0, as the starts of a matrix. */
  readonly ends = new NumberList(new Int32Array(16));
  readonly indices = new NumberList(new Int32Array(16));
  readonly values: NumberList<Float32Array> | NumberList<Float64Array>;
  readonly #entry: number;

  constructor(isSingle: boolean) {
    this.values = isSingle ? new NumberList(new Float32Array(16)) : new NumberList(new Float64Array(16));
    this.#entry = isSingle ? 8 : 12;
    this.ends.push(0);
  }

  /** While a list grows, its numbers take three times their bytes. */
  get size() {
    return { bytes: 3 * this.#entry * this.values.length, rows: this.labels.length, rowBytes: 3 * (8 + 4) };
  }
}

function hintOf(columns: number): string {
  return `\`columns\` is ${columns}: give a larger one, or leave it out.`;
}

function named(source: Uint8Array | NamedBytes): NamedBytes {
  if (ArrayBuffer.isView(source) && Object.prototype.toString.call(source) === '[object Uint8Array]') {
    return {
      name: 'SVMlight',
      async *stream() {
        yield source as Uint8Array;
      },
    };
  }
  const where = 'readSvmlight';
  assertObject(source, where, 'source', 'be a Uint8Array, or a file with `name` and `stream()`');
  assertText((source as NamedBytes).name, where, 'source.name');
  assertFunction((source as NamedBytes).stream, where, 'source.stream');
  return source as NamedBytes;
}

function assertOptions(options: SvmlightOptions): void {
  const where = 'readSvmlight';
  assertKnownOptions(options, ['zeroBased', 'columns', 'qid', 'dtype', 'maxBytes', 'maxMemory'], where);
  const { zeroBased, columns, qid, dtype, maxBytes, maxMemory } = options;
  if (zeroBased !== undefined) assertOneOf(zeroBased, [true, false], where, 'zeroBased');
  if (qid !== undefined) assertOneOf(qid, ['ignore'], where, 'qid');
  if (dtype !== undefined) assertOneOf(dtype, ['float32', 'float64'], where, 'dtype');
  for (const [argument, value] of Object.entries({ columns, maxBytes, maxMemory }))
    if (value !== undefined) assertPositiveInteger(value, where, argument);
  if (columns === undefined || columns <= LARGEST_COUNT) return;
  const expected = `be at most ${LARGEST_COUNT}`;
  throw new DomainError({ where, argument: 'columns', expected, actual: String(columns) });
}
