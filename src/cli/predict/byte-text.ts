// cli: text as UTF-8 bytes, for the lines of many predictions.

const ENCODER = new TextEncoder();
const [ZERO, POINT] = [48, 46];
/** Shorter texts are copied byte by byte, which costs less than a call. */
const SHORT = 32;

/**
 * A short form of a probability: 7 decimals, or 6 significant digits below 0.001.
 *
 * @example [formatProbability(2 / 3), formatProbability(1), formatProbability(1 / 3e6)]   // ['0.6666667', '1', '3.33333e-7']
 */
export function formatProbability(p: number): string {
  return String(p < 1e-3 && p !== 0 ? Number(p.toPrecision(6)) : Math.round(p * 1e7) / 1e7);
}

/** Text that grows by short pieces. They are written as bytes, so a line makes no strings for the garbage collector. */
export class ByteText {
  #bytes = new Uint8Array(2 ** 16);
  /** In bytes. */
  length = 0;

  add(text: string): this {
    this.#reserve(3 * text.length);
    if (text.length > SHORT) return this.#encode(text);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return this.#encode(text);
      this.#bytes[this.length + i] = code;
    }
    this.length += text.length;
    return this;
  }

  /** Adds encoded text. */
  addBytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    if (bytes.length > SHORT) this.#bytes.set(bytes, this.length);
    else for (let i = 0; i < bytes.length; i++) this.#bytes[this.length + i] = bytes[i];
    this.length += bytes.length;
    return this;
  }

  /** Adds an integer ≥ 0. */
  addInteger(n: number): this {
    if (!(n < 2 ** 31)) return this.add(String(n));
    this.#reserve(10);
    let digits = 1;
    for (let power = 10; power <= n; power *= 10) digits++;
    return this.#addDigits(n, digits);
  }

  /** Adds a probability as `formatProbability` does. */
  addProbability(p: number): this {
    const rounded = Math.round(p * 1e7);
    if (!(p >= 1e-3 && rounded < 1e7)) return this.add(formatProbability(p));
    let [n, digits] = [rounded, 7];
    for (; n % 10 === 0; n /= 10) digits--;
    this.#reserve(9);
    this.#bytes[this.length++] = ZERO;
    this.#bytes[this.length++] = POINT;
    return this.#addDigits(n, digits);
  }

  /** The text so far, valid until more is added; the next one begins. Most texts are copied only once, by the caller. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.subarray(0, this.length);
    this.length = 0;
    return bytes;
  }

  /** The last digits of an integer. */
  #addDigits(n: number, digits: number): this {
    let rest = n;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const above = Math.trunc(rest / 10);
      this.#bytes[at] = ZERO + rest - 10 * above;
      rest = above;
    }
    this.length += digits;
    return this;
  }

  #encode(text: string): this {
    this.length += ENCODER.encodeInto(text, this.#bytes.subarray(this.length)).written;
    return this;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + more));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }
}

/** Text as UTF-8, for `addBytes`. */
export function encoded(text: string): Uint8Array {
  return ENCODER.encode(text);
}
