// web: the training set of page 8, pictures of 2 × 2 pixels that a seed draws, and its batches.
import { CLASSES } from './state.js';

export const PER_CLASS = 8;
export const COUNT = PER_CLASS * CLASSES.length;

/** What the pictures of cat, chicken and dog have in common. */
const TYPICAL = [
  [0.8, 0.3, 0.4, 0.7],
  [0.6, 0.9, 0.1, 0.3],
  [0.2, 0.8, 0.8, 0.3],
] as const;
const SPREAD = 0.45;

export interface TrainingSet {
  readonly x: number[][];
  readonly labels: number[];
}

/** Eight pictures of each class. The first of its class is the picture of all pages. */
export function trainingSet(seed: number, picture: readonly number[], label: number): TrainingSet {
  const random = uniform(seed, 0);
  const x = TYPICAL.flatMap((typical) =>
    Array.from({ length: PER_CLASS }, () =>
      typical.map((value) => {
        const pixel = value + SPREAD * (2 * random() - 1);
        return Math.round(100 * Math.min(1, Math.max(0, pixel))) / 100;
      }),
    ),
  );
  x[firstOf(label)] = [...picture];
  return { x, labels: x.map((_, i) => Math.floor(i / PER_CLASS)) };
}

/** The place of the first picture of a class. */
export const firstOf = (label: number): number => PER_CLASS * label;

/** The pictures of a step, from 0. Each epoch has all of them once, in an order that the seed draws. */
export function batchOf(seed: number, size: number, step: number): number[] {
  const steps = Math.ceil(COUNT / size);
  const random = uniform(seed, 1 + Math.floor(step / steps));
  const order = Array.from({ length: COUNT }, (_, i) => i);
  for (let i = COUNT - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const start = size * (step % steps);
  return order.slice(start, start + size);
}

/** Numbers in [0, 1), by mulberry32: a stream of its own for each pair of seed and stream. */
function uniform(seed: number, stream: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) + Math.imul(stream, 0x85ebca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
