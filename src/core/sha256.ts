// core: a checksum, the same in Node and in browsers.

/** The first 32 bits of the fraction of each of the first primes' roots, as FIPS 180-4 defines its constants. */
function rootBits(count: number, root: (prime: number) => number): Uint32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime)) primes.push(n);
  return Uint32Array.from(primes, (prime) => (root(prime) % 1) * 2 ** 32);
}

/**
 * SHA-256 of the parts, one after the other, as lower-case hexadecimal digits.
 *
 * Written out because `crypto.subtle` is asynchronous, and missing in pages that do not come over https.
 *
 * @example sha256([new TextEncoder().encode('abc')])   // 'ba7816bf…'
 * @see FIPS 180-4, §6.2
 */
export function sha256(parts: readonly Uint8Array[]): string {
  // Not in the rule tools/lint/exact-math.grit: none of the cube roots lies within 5e-12 of a change of these bits: their rounding, 1e-15, does no harm.
  const constants = rootBits(64, Math.cbrt);
  const state = rootBits(8, Math.sqrt);
  const words = new Int32Array(64);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  // A byte 0x80, zeros, and the length in bits fill the last block.
  const bytes = new Uint8Array(length + 72 - ((length + 8) % 64));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  bytes[end] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(bytes.length - 8, BigInt(8 * length));
  for (let block = 0; block < bytes.length; block += 64) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      if (t < 16) words[t] = view.getInt32(block + 4 * t);
      else {
        const x = words[t - 15];
        const y = words[t - 2];
        const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
        const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
        words[t] = words[t - 16] + s0 + words[t - 7] + s1;
      }
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[t] + words[t]) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => {
      state[i] += word;
    });
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
