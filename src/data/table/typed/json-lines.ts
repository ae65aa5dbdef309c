// data: JSON lines: one object on each line, whose keys are the columns.
import { FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';
import { assertUtf8, MAX_RECORD, NEWLINE, textOf } from '../csv/text.js';
import { assertFits, NUMBER } from '../limits.js';
import { ColumnBlock } from './block.js';
import type { Refusal, TypedBlock, TypedColumn, TypedTable } from './table.js';
import { type Value, Values } from './vectors.js';

/** An object, and the line that holds it. */
interface JsonRecord {
  readonly line: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The most rows of a block. */
const BLOCK_ROWS = 4096;

const FEWER = 'Give a file with fewer rows.';

/**
 * All rows in memory. The columns are the keys of all objects, in the order in which they appear; a key that an object
 * lacks is a missing value.
 *
 * @param maxMemory the maximum number of bytes that the values may take
 * @throws FormatError, with `file:line`, for a line that is no object, or is not UTF-8
 */
export async function readJsonLines(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  maxMemory = Number.POSITIVE_INFINITY,
): Promise<TypedTable> {
  const columns = new JsonColumns(name);
  const blocks: TypedBlock[] = [];
  let [rows, bytes] = [0, 0];
  for await (const records of partsOf(chunks, name)) {
    columns.find(records);
    const block = columns.blockOf(records);
    blocks.push(block);
    rows += block.count;
    bytes += block.bytes;
    const size = { bytes, columns: columns.count, rows, rowBytes: 0 };
    assertFits(size, maxMemory, name, FEWER);
  }
  if (rows === 0) throw withoutRows(name);
  return {
    ...{ name, columns: columns.found, where: (line) => `${name}:${line}` },
    blocks: async function* () {
      yield* blocks;
    },
  };
}

/**
 * The same table, of which nothing but a block is kept: the file is read once for its columns before this function returns, and
 * once more for each pass.
 *
 * @param stream the bytes of the file, from its beginning
 * @param maxMemory the maximum number of bytes that the state of the columns and the places of the rows may take
 * @throws as `readJsonLines`
 */
export async function openJsonLines(
  stream: () => AsyncIterable<Uint8Array>,
  name: string,
  { maxMemory, hint = FEWER }: { readonly maxMemory: number; readonly hint?: string | undefined },
): Promise<TypedTable> {
  const columns = new JsonColumns(name);
  let rows = 0;
  for await (const records of partsOf(stream(), name)) {
    columns.find(records);
    rows += records.length;
    assertFits({ bytes: 0, columns: columns.count, rows, rowBytes: NUMBER }, maxMemory, name, hint);
  }
  if (rows === 0) throw withoutRows(name);
  return {
    ...{ name, columns: columns.found, where: (line) => `${name}:${line}` },
    blocks: async function* () {
      for await (const records of partsOf(stream(), name)) yield columns.blockOf(records);
    },
  };
}

/**
 * The rows as they arrive, for one pass. The columns are the keys of the objects that arrive first: those of a chunk.
 *
 * @throws as `readJsonLines`
 */
export async function streamJsonLines(chunks: AsyncIterable<Uint8Array>, name: string): Promise<TypedTable> {
  const arriving = recordsOf(chunks, name);
  const first = await arriving.next();
  if (first.done) throw withoutRows(name);
  const columns = new JsonColumns(name);
  columns.find(first.value);
  return {
    // A nested value in a column that is read is refused in its row, which may be skipped.
    columns: columns.found.map((column) => ({ name: column.name })),
    hintOfLack: 'The first objects must have it: write it as null where it has no value.',
    ...{ name, where: (line) => `${name}:${line}` },
    blocks: async function* () {
      yield columns.blockOf(first.value);
      for await (const records of arriving) yield columns.blockOf(records);
    },
  };
}

function withoutRows(name: string): FormatError {
  const rule = { where: name, argument: 'the table', expected: 'have at least one row' };
  return new FormatError({ ...rule, actual: 'an empty file' });
}

/** The columns of records. */
class JsonColumns {
  readonly #name: string;
  readonly #places = new Map<string, number>();
  readonly #refusals = new Map<number, Refusal>();

  constructor(name: string) {
    this.#name = name;
  }

  get found(): TypedColumn[] {
    return [...this.#places].map(([name, i]) => {
      const refusal = this.#refusals.get(i);
      return { name, ...(refusal && { refusal }) };
    });
  }

  get count(): number {
    return this.#places.size;
  }

  /** Adds the keys of the objects, and where a column has its first value that is none of a table. */
  find(records: readonly JsonRecord[]): void {
    for (const { line, values } of records) {
      for (const [key, value] of Object.entries(values)) {
        const field = this.#places.get(key) ?? this.#places.size;
        this.#places.set(key, field);
        const type = oddTypeOf(value);
        if (type === undefined || this.#refusals.has(field)) continue;
        this.#refusals.set(field, { type, where: `${this.#name}:${line}:${field + 1}` });
      }
    }
  }

  /** The values of the columns; those of other keys are left out. */
  blockOf(records: readonly JsonRecord[]): TypedBlock {
    const vectors: Value[][] = Array.from(this.#places, () => []);
    const odd = new Map<number, Map<number, string>>();
    records.forEach(({ values }, row) => {
      for (const [key, value] of Object.entries(values)) {
        const field = this.#places.get(key);
        if (field === undefined) continue;
        const type = oddTypeOf(value);
        if (type !== undefined) odd.set(field, (odd.get(field) ?? new Map<number, string>()).set(row, type));
        // As it is written, for a column that is passed through.
        vectors[field][row] = type === undefined ? (value as Value) : JSON.stringify(value);
      }
    });
    const lines = Float64Array.from(records, ({ line }) => line);
    return new ColumnBlock(
      vectors.map((values) => new Values(values)),
      records.length,
      lines,
      { odd, columns: this.#places },
    );
  }
}

/** What a value is if it is no value of a table. */
function oddTypeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** The same objects as `recordsOf`, in parts of a block. */
async function* partsOf(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<JsonRecord[], void, undefined> {
  for await (const records of recordsOf(chunks, name)) {
    for (let start = 0; start < records.length; start += BLOCK_ROWS) yield records.slice(start, start + BLOCK_ROWS);
  }
}

/** The objects that each chunk completes; at least one each time. */
async function* recordsOf(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<JsonRecord[], void, undefined> {
  const reader = new LineReader(name);
  for await (const chunk of chunks) {
    const records = reader.push(chunk);
    if (records.length > 0) yield records;
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}

/** Cuts chunks into lines, and reads them. */
class LineReader {
  readonly #name: string;
  /** The parts of the incomplete line. */
  #parts: Uint8Array[] = [];
  #length = 0;
  #line = 1;

  constructor(name: string) {
    this.#name = name;
  }

  push(chunk: Uint8Array): JsonRecord[] {
    const newline = chunk.lastIndexOf(NEWLINE);
    if (newline === -1) {
      this.#keep(chunk);
      return [];
    }
    const lines = this.#with(chunk.subarray(0, newline + 1));
    this.#keep(chunk.subarray(newline + 1));
    return this.#read(lines);
  }

  /** The last line, with or without a final newline. */
  end(): JsonRecord[] {
    return this.#read(this.#with(new Uint8Array(0)));
  }

  /** Copies the chunk, because the caller may reuse its buffer. */
  #keep(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#parts.push(chunk.slice());
    this.#length += chunk.length;
    // A character takes at most four bytes.
    if (this.#length <= 4 * MAX_RECORD) return;
    const expected = `have at most ${MAX_RECORD} characters`;
    throw new FormatError({ where: this.#place(), argument: 'the line', expected, actual: 'more', hint: ONE_LINE });
  }

  /** The incomplete line, and what completes it. */
  #with(rest: Uint8Array): Uint8Array {
    if (this.#length === 0) return rest;
    const bytes = new Uint8Array(this.#length + rest.length);
    let at = 0;
    for (const part of [...this.#parts, rest]) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#length = 0;
    return bytes;
  }

  #read(bytes: Uint8Array): JsonRecord[] {
    const lineOf = (at: number) =>
      this.#line + bytes.subarray(0, at).reduce((n, byte) => n + Number(byte === NEWLINE), 0);
    assertUtf8(bytes, this.#name, lineOf);
    const text = textOf(bytes);
    const lines = text.split('\n');
    // A newline ends a line; after the last one there is none.
    if (lines.at(-1) === '') lines.pop();
    const records: JsonRecord[] = [];
    for (const each of lines) {
      const line = this.#line === 1 ? each.replace(/^\ufeff/, '') : each;
      if (line.trim() !== '') records.push({ line: this.#line, values: this.#object(line, text.endsWith('\n')) });
      this.#line++;
    }
    return records;
  }

  #object(line: string, isEnded: boolean): Readonly<Record<string, unknown>> {
    const rule = { where: this.#place(), argument: 'the line', expected: 'be one JSON object' };
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      const hint = isEnded || line.trim() === '{' ? ONE_LINE : 'Is the file cut short?';
      throw new FormatError({ ...rule, actual: shortened(line), hint });
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new FormatError({ ...rule, actual: shortened(line), hint: ONE_LINE });
  }

  #place(): string {
    return `${this.#name}:${this.#line}`;
  }
}

const ONE_LINE = 'Write each row as one object on one line, such as {"width": 1.5, "kind": "cat"}.';

/** Characters of a line in a message. */
const SHOWN = 60;

function shortened(line: string): string {
  const text = line.trim();
  return describe(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}
