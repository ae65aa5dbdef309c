// A problem too large for plain TypeScript, and small enough for a polish in float64.
import { Random } from 'softmax-regression';

const N = 2600;
const D = 200;
const random = new Random(5);

/** 2,600 × 200 bytes, of which two features matter. */
export const pixels = {
  values: Uint8Array.from({ length: N * D }, () => (random.below(2) === 0 ? 0 : random.below(256))),
  shape: [N, D],
  scale: 255,
} as const;

/** Ten classes. */
export const classes = Int32Array.from(
  { length: N },
  (_, i) => (pixels.values[i * D] + pixels.values[i * D + 1] + random.below(90)) % 10,
);
