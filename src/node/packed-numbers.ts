// node: float64 numbers in blocks, each stored in the narrowest type that keeps their bits: bytes, float32 or float64.

/** Numbers of a block. */
export const BLOCK = 2 ** 16;

const NUMBER = 8;

/** The bytes of a number in each block. */
export type Widths = readonly (1 | 4 | 8)[];

/** Packs numbers in order. `append` has the bytes until it resolves. */
export class NumberPacker {
  readonly widths: (1 | 4 | 8)[] = [];
  readonly #append: (bytes: Uint8Array) => Promise<void>;
  readonly #block = new Float64Array(BLOCK);
  #held = 0;

  constructor(append: (bytes: Uint8Array) => Promise<void>) {
    this.#append = append;
  }

  async write(values: Float64Array): Promise<void> {
    for (let done = 0; done < values.length; ) {
      const some = values.subarray(done, done + BLOCK - this.#held);
      this.#block.set(some, this.#held);
      this.#held += some.length;
      done += some.length;
      if (this.#held === BLOCK) await this.finish();
    }
  }

  /** Appends the last block. */
  async finish(): Promise<void> {
    if (this.#held === 0) return;
    const block = this.#block.subarray(0, this.#held);
    const width = narrowest(block);
    this.widths.push(width);
    this.#held = 0;
    await this.#append(bytesOf(width === 8 ? block : width === 4 ? Float32Array.from(block) : Uint8Array.from(block)));
  }
}

function narrowest(block: Float64Array): 1 | 4 | 8 {
  const last = block.findIndex((x) => !isByte(x));
  if (last < 0) return 1;
  for (let i = last; i < block.length; i++) if (Math.fround(block[i]) !== block[i]) return 8;
  return 4;
}

/** Whether a number is an integer in [0, 256), and not −0. */
function isByte(x: number): boolean {
  return x >= 0 && x < 256 && Math.floor(x) === x && (x !== 0 || 1 / x > 0);
}

/** Where blocks are that begin at byte `first`, `count` numbers in all, and the byte after the last. */
export function packedSize(widths: Widths, count: number): number {
  return widths.reduce<number>((sum, width, b) => sum + width * Math.min(BLOCK, count - b * BLOCK), 0);
}

/**
 * A function that reads the numbers from `start` to `end` into the beginning of an array.
 *
 * @param read fills bytes from a place on, counted from the first block
 */
export function unpacking(widths: Widths, read: (bytes: Uint8Array, at: number) => Promise<void>) {
  const places = new Float64Array(widths.length + 1);
  widths.forEach((width, b) => {
    places[b + 1] = places[b] + width * BLOCK;
  });
  return async (start: number, end: number, into: Float64Array): Promise<void> => {
    for (let at = start; at < end; ) {
      const first = Math.floor(at / BLOCK);
      const width = widths[first];
      // Blocks of one type follow each other without gaps.
      let stop = (first + 1) * BLOCK;
      while (stop < end && widths[stop / BLOCK] === width) stop += BLOCK;
      stop = Math.min(stop, end);
      await readNumbers(into.subarray(at - start, stop - start), width, (bytes) =>
        read(bytes, places[first] + width * (at - first * BLOCK)),
      );
      at = stop;
    }
  };
}

/** The narrow numbers are read into the end of the array, and widened from its beginning on, before they are overwritten. */
async function readNumbers(into: Float64Array, width: 1 | 4 | 8, read: (bytes: Uint8Array) => Promise<void>) {
  const bytes = bytesOf(into).subarray((NUMBER - width) * into.length);
  await read(bytes);
  if (width === 8) return;
  const narrow = width === 1 ? bytes : new Float32Array(bytes.buffer, bytes.byteOffset, into.length);
  for (let i = 0; i < into.length; i++) into[i] = narrow[i];
}

/** The bytes of an array. */
export function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Float32Array | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
