// formats: where the messages of an Arrow file or stream are, found without their bodies.
import { FormatError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import type { BinaryFile } from '../reading/format.js';

/** Bytes of a file: dictionaries, or a batch of records. */
interface Message {
  readonly start: number;
  readonly end: number;
}

/** The messages of a file or a stream. Of a batch of records, the library gets as much as it needs. */
export interface Messages {
  readonly batches: readonly (Message & { readonly rows: number })[];
  /** What the library reads as the table of one batch, or of none. */
  tableOf(batch?: Message): Promise<Uint8Array[]>;
}

const MAGIC = 'ARROW1';
/** The magic bytes are padded at the beginning. */
const HEAD = 8;
/** The length of the footer, and the magic bytes. */
const TAIL = 4 + MAGIC.length;
const LATIN1 = new TextDecoder('latin1');

/**
 * The messages of a file, as its footer names them, or of a stream, one after the other. Dictionaries are kept.
 *
 * @throws FormatError for a file that is no Arrow file, or is cut short; other errors for one that is damaged
 * @see https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
 */
export async function messagesOf(file: BinaryFile): Promise<Messages> {
  const { name, byteLength } = file;
  const start = LATIN1.decode(await file.slice(0, MAGIC.length));
  if (start.startsWith('\xff\xff\xff\xff')) return messagesOfStream(file);
  const rule = { where: name, argument: 'the file' };
  if (start !== MAGIC) {
    const expected = `begin with ${MAGIC}, as an Arrow file does, or as a stream`;
    const actual = byteLength === 0 ? 'an empty file' : describe(start.slice(0, 4));
    const hint = start.startsWith('FEA1') ? 'Feather version 1? Write it as version 2.' : undefined;
    throw new FormatError({ ...rule, expected, actual, hint });
  }
  const tail = await file.slice(Math.max(0, byteLength - TAIL));
  if (LATIN1.decode(tail).slice(4) === MAGIC) return messagesOfFile(file, new DataView(tail).getInt32(0, true));
  const hint = 'It is cut short: fetch or write it again.';
  throw new FormatError({ ...rule, expected: `end with ${MAGIC}`, actual: 'other bytes', hint });
}

/** The type of a batch of records in the metadata of a message. */
const BATCH = 3;
/** What the metadata of a message begin with, before their length. */
const CONTINUED = 0xffffffff;

async function messagesOfStream(file: BinaryFile): Promise<Messages> {
  const { byteLength } = file;
  const batches: Messages['batches'][number][] = [];
  const others: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  for (let start = 0; start + 8 <= byteLength; ) {
    const mark = new DataView(await file.slice(start, start + 8));
    const length = mark.getInt32(4, true);
    // The end of the stream.
    if (mark.getUint32(0, true) !== CONTINUED || length === 0) break;
    const { type, bodyLength, rows } = await metadataAt(file, start + 8, length);
    const end = start + 8 + length + bodyLength;
    if (end > byteLength) throw new Error(`a message of ${end - start} bytes in ${byteLength - start}`);
    if (type === BATCH) batches.push({ start, end, rows });
    else others.push({ start, bytes: new Uint8Array(await file.slice(start, end)) });
    start = end;
  }
  return {
    batches,
    async tableOf(batch) {
      const before = others.filter(({ start }) => batch === undefined || start < batch.start);
      const own = batch === undefined ? [] : [new Uint8Array(await file.slice(batch.start, batch.end))];
      return [...before.map(({ bytes }) => bytes), ...own];
    },
  };
}

async function messagesOfFile(file: BinaryFile, length: number): Promise<Messages> {
  const end = file.byteLength - TAIL;
  if (!(length > 0 && length <= end)) throw new Error(`a footer of ${length} bytes in ${end}`);
  const footer = new Uint8Array(await file.slice(end - length));
  const view = viewOf(footer);
  const root = view.getUint32(0, true);
  const [dictionaries, records] = [8, 10].map((place) => blocksAt(view, fieldOf(view, root, place), end));
  const batches: Messages['batches'][number][] = [];
  for (const block of records.blocks) {
    const mark = new DataView(await file.slice(block.start, block.start + 8));
    const isContinued = mark.getUint32(0, true) === CONTINUED;
    const first = block.start + (isContinued ? 8 : 4);
    const { rows } = await metadataAt(file, first, mark.getInt32(isContinued ? 4 : 0, true));
    batches.push({ ...block, rows });
  }
  const kept: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  for (const { start, end: stop } of dictionaries.blocks) {
    kept.push({ start, bytes: new Uint8Array(await file.slice(start, stop)) });
  }
  return {
    batches,
    async tableOf(batch) {
      const before = kept.filter(({ start }) => batch === undefined || start < batch.start);
      const own = batch === undefined ? [] : [new Uint8Array(await file.slice(batch.start, batch.end))];
      return [
        fileWith(
          footer,
          before.map(({ bytes }) => bytes),
          own,
          [dictionaries.at, records.at],
        ),
      ];
    },
  };
}

/** A file of these messages: the footer is that of the whole file, with the places of fewer blocks. */
function fileWith(
  footer: Uint8Array,
  dictionaries: readonly Uint8Array[],
  batches: readonly Uint8Array[],
  lists: readonly (number | undefined)[],
): Uint8Array {
  const messages = [...dictionaries, ...batches];
  const size = messages.reduce((sum, { length }) => sum + padded(length), HEAD);
  const bytes = new Uint8Array(size + footer.length);
  bytes.set(footer, size);
  // The magic bytes, as they end the footer.
  bytes.set(footer.subarray(-MAGIC.length));
  const view = viewOf(bytes);
  let place = HEAD;
  [dictionaries, batches].forEach((own, i) => {
    const list = lists[i];
    if (list === undefined) return;
    view.setUint32(size + list, own.length, true);
    own.forEach((message, k) => {
      bytes.set(message, place);
      view.setBigInt64(size + list + 4 + BLOCK * k, BigInt(place), true);
      place += padded(message.length);
    });
  });
  return bytes;
}

/** Numbers are read in place, at multiples of 8. */
function padded(length: number): number {
  return 8 * Math.ceil(length / 8);
}

/** Bytes of a block in a footer: where a message begins, and the lengths of its metadata and of its body. */
const BLOCK = 24;

/** The blocks of a list, and where the list is. */
function blocksAt(view: DataView, field: number | undefined, most: number) {
  if (field === undefined) return { at: undefined, blocks: [] };
  const at = field + view.getUint32(field, true);
  const blocks = Array.from({ length: view.getUint32(at, true) }, (_, k) => {
    const block = at + 4 + BLOCK * k;
    const start = Number(view.getBigInt64(block, true));
    const end = start + view.getInt32(block + 8, true) + Number(view.getBigInt64(block + 16, true));
    if (!(start >= 0 && end >= start && end <= most)) throw new Error(`a message from ${start} to ${end} in ${most}`);
    return { start, end };
  });
  return { at, blocks };
}

/** What is used of the metadata of a message, by their places in its table of FlatBuffers. */
async function metadataAt(file: BinaryFile, start: number, length: number) {
  if (!(length > 0 && start + length <= file.byteLength)) throw new Error(`${length} bytes of metadata`);
  const view = new DataView(await file.slice(start, start + length));
  const long = (at: number | undefined) => (at === undefined ? 0 : Number(view.getBigInt64(at, true)));
  const message = view.getUint32(0, true);
  const [typeAt, headerAt, lengthAt] = [6, 8, 10].map((place) => fieldOf(view, message, place));
  const type = typeAt === undefined ? 0 : view.getUint8(typeAt);
  const header = headerAt === undefined ? undefined : headerAt + view.getUint32(headerAt, true);
  const rows = type === BATCH && header !== undefined ? long(fieldOf(view, header, 4)) : 0;
  const bodyLength = long(lengthAt);
  if (!(bodyLength >= 0)) throw new Error(`a body of ${bodyLength} bytes`);
  return { type, bodyLength, rows };
}

/** Where a field of a table is; undefined for a field that is not there. */
function fieldOf(view: DataView, table: number, place: number): number | undefined {
  const places = table - view.getInt32(table, true);
  const offset = place < view.getUint16(places, true) ? view.getUint16(places + place, true) : 0;
  return offset === 0 ? undefined : table + offset;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
