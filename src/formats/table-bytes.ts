// formats: a typed table as bytes, so that rows that can be read once can be kept as a pipe is.
import { FormatError } from '../core/errors.js';
import { ColumnBlock } from '../data/table/typed/block.js';
import type { TypedBlock, TypedColumn, TypedTable } from '../data/table/typed/table.js';
import { Moments, type MomentUnit, Numbers, type Value, Values, type Vector } from '../data/table/typed/vectors.js';
import { type Chunks, chunksOf, joined, type NamedBytes } from '../reading/bytes.js';

/** A column, and the unit of its values if they are moments. */
export interface KeptColumn extends TypedColumn {
  readonly unit?: MomentUnit | undefined;
}

/** The values of a column: numbers, of which NaN is missing, or others; undefined for a column that cannot be read. */
export type Cells = Float64Array | readonly Value[] | undefined;

/** The bytes begin with this; then come the columns, and blocks of rows, each after its length in 4 bytes. */
const FIRST = 'softmax-regression table 1\n';

const LENGTH = 4;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** The bytes that a table begins with. */
export function tableStart(columns: readonly KeptColumn[]): Uint8Array {
  return concatenated([ENCODER.encode(FIRST), framed([ENCODER.encode(JSON.stringify(columns))])]);
}

/** The bytes of a block of rows. */
export function blockBytes(count: number, columns: readonly Cells[]): Uint8Array {
  const parts = columns.map((cells) =>
    cells instanceof Float64Array
      ? new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength)
      : ENCODER.encode(cells === undefined ? '' : JSON.stringify(cells, integerAsList)),
  );
  const kinds = columns.map((cells) => (cells instanceof Float64Array ? 1 : 0));
  const head = Uint32Array.from([count, ...parts.flatMap(({ length }, i) => [kinds[i], length])]);
  return framed([new Uint8Array(head.buffer), ...parts]);
}

/** A list stands for an integer of any size. */
function integerAsList(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? [String(value)] : value;
}

function framed(parts: readonly Uint8Array[]): Uint8Array {
  const length = Uint32Array.of(parts.reduce((sum, part) => sum + part.length, 0));
  return concatenated([new Uint8Array(length.buffer), ...parts]);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return joined(
    parts,
    parts.reduce((sum, { length }) => sum + length, 0),
  );
}

/**
 * The table in such bytes. Its first pass goes on where the columns were read, so one pass reads the bytes once.
 *
 * @throws FormatError for other bytes; the errors of the stream
 */
export async function openTableBytes(source: NamedBytes): Promise<TypedTable> {
  const { name } = source;
  let begun: Begun | undefined = await begin(source);
  const { columns } = begun;
  return {
    ...{ name, columns, where: (row) => `${name}:${row}` },
    blocks: async function* (read) {
      const { frames } = begun ?? (await begin(source));
      begun = undefined;
      try {
        let row = 1;
        for (let frame = await frames.next(); frame !== undefined; frame = await frames.next()) {
          const block = blockOf(frame, columns, read, row);
          row += block.count;
          yield block;
        }
      } finally {
        await frames.close();
      }
    },
  };
}

interface Begun {
  readonly frames: Frames;
  readonly columns: readonly KeptColumn[];
}

async function begin(source: NamedBytes): Promise<Begun> {
  const frames = new Frames(chunksOf(source), source.name);
  try {
    return { frames, columns: JSON.parse(DECODER.decode(await frames.first())) };
  } catch (error) {
    await frames.close();
    throw error;
  }
}

function blockOf(
  frame: Uint8Array,
  columns: readonly KeptColumn[],
  read: ReadonlySet<number>,
  row: number,
): TypedBlock {
  const [count, ...described] = new Uint32Array(copied(frame.subarray(0, LENGTH * (1 + 2 * columns.length))));
  let at = LENGTH * (1 + 2 * columns.length);
  const vectors = columns.map(({ unit }, i) => {
    const [kind, length] = described.slice(2 * i, 2 * i + 2);
    const start = at;
    at += length;
    return read.has(i) && length > 0 ? vectorOf(kind, frame.subarray(start, at), unit) : undefined;
  });
  return new ColumnBlock(vectors, count, row);
}

function vectorOf(kind: number, bytes: Uint8Array, unit: MomentUnit | undefined): Vector {
  if (kind === 1) return new Numbers(new Float64Array(copied(bytes)));
  const values = JSON.parse(DECODER.decode(bytes)).map((value: unknown) =>
    Array.isArray(value) ? BigInt(value[0]) : value,
  );
  return unit === undefined ? new Values(values) : new Moments(values, unit);
}

/** A buffer of its own, in which numbers are aligned. The slice of a Buffer is none. */
function copied(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Takes the parts from chunks of any length. */
class Frames {
  readonly #chunks: Chunks;
  readonly #name: string;
  #waiting: Uint8Array[] = [];
  #length = 0;

  constructor(chunks: Chunks, name: string) {
    this.#chunks = chunks;
    this.#name = name;
  }

  /** The first part. */
  async first(): Promise<Uint8Array> {
    const start = await this.#take(FIRST.length);
    const frame = start && DECODER.decode(start) === FIRST ? await this.next() : undefined;
    if (frame === undefined) throw this.#refused('other bytes');
    return frame;
  }

  /** The next part; undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    const length = await this.#take(LENGTH);
    if (length === undefined) return undefined;
    const frame = await this.#take(new Uint32Array(copied(length))[0]);
    if (frame === undefined) throw this.#refused('a part of it');
    return frame;
  }

  async close(): Promise<void> {
    await this.#chunks.return();
  }

  /** So many bytes; undefined at the end. */
  async #take(length: number): Promise<Uint8Array | undefined> {
    while (this.#length < length) {
      const { done, value } = await this.#chunks.next();
      if (done && this.#length === 0) return undefined;
      if (done) throw this.#refused('a part of it');
      this.#waiting.push(value);
      this.#length += value.length;
    }
    const all = this.#waiting.length === 1 ? this.#waiting[0] : joined(this.#waiting, this.#length);
    this.#length -= length;
    this.#waiting = this.#length === 0 ? [] : [all.subarray(length)];
    return all.subarray(0, length);
  }

  #refused(actual: string): FormatError {
    return new FormatError({ where: this.#name, argument: 'the bytes', expected: 'be a table that was kept', actual });
  }
}
