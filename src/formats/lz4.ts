// formats: LZ4 frames, in which Arrow compresses its buffers.

const MAGIC = 0x184d2204;
/** The bits of the second header byte after the magic number. */
const HAS_DICTIONARY = 1;
const HAS_SIZE = 8;
const HAS_BLOCK_SUMS = 16;

/**
 * The bytes of an LZ4 frame. Its blocks may refer to the bytes of those before them.
 *
 * @throws Error if the frame is damaged, or does not have `length` bytes
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export function lz4Frame(bytes: Uint8Array, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC) throw new Error('no LZ4 frame');
  // A byte of a length stands for 255 bytes at most.
  if (length > 255 * bytes.length) throw new Error(`an LZ4 frame of ${bytes.length} bytes for ${length}`);
  const flags = view.getUint8(4);
  if ((flags & HAS_DICTIONARY) !== 0) throw new Error('an LZ4 frame with a dictionary');
  let at = 7 + ((flags & HAS_SIZE) === 0 ? 0 : 8);
  const output = new Uint8Array(length);
  let end = 0;
  for (;;) {
    if (at + 4 > bytes.length) throw new Error('an LZ4 frame that is cut short');
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) break;
    const block = bytes.subarray(at, at + (size & 0x7fffffff));
    at += block.length;
    if (end + block.length > length && size >>> 31 === 1) throw new Error('an LZ4 block that is too long');
    if (size >>> 31 === 0) end = appendBlock(block, output, end);
    else {
      output.set(block, end);
      end += block.length;
    }
    if ((flags & HAS_BLOCK_SUMS) !== 0) at += 4;
  }
  if (end !== length) throw new Error(`an LZ4 frame of ${end} bytes in place of ${length}`);
  return output;
}

/** Appends the bytes of a block to `output` from `end`. Returns the new end. */
function appendBlock(block: Uint8Array, output: Uint8Array, end: number): number {
  let at = 0;
  let to = end;
  /** A length goes on in further bytes while they are 255. */
  const more = (nibble: number): number => {
    let sum = nibble;
    if (nibble < 15) return sum;
    for (let byte = 255; byte === 255; sum += byte) {
      if (at >= block.length) throw new Error('an LZ4 block that is cut short');
      byte = block[at++];
    }
    return sum;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = more(token >>> 4);
    if (at + literals > block.length || to + literals > output.length) throw new Error('an LZ4 block that is too long');
    output.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    // The last sequence has no match.
    if (at === block.length) break;
    const offset = block[at] | (block[at + 1] << 8);
    at += 2;
    const matched = more(token & 15) + 4;
    if (offset === 0 || offset > to || to + matched > output.length) throw new Error('an LZ4 match outside its frame');
    // Byte by byte: a match may overlap what it writes.
    for (let i = 0; i < matched; i++, to++) output[to] = output[to - offset];
  }
  return to;
}
