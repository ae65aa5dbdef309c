// objective: sums over the prepared rows of a problem, in WebAssembly. The rows stay in its memory between the calls.
import { Simd } from '../core/simd.js';
import { BLOCK_ROWS, pairedPoint } from './row-block.js';

/** The part of a `PlainProblem` that these sums use. */
export interface Rows {
  /** The prepared rows, [n, width], if there are any. */
  readonly rows: Float64Array | undefined;
  readonly labels: Int32Array;
  readonly numSamples: number;
  readonly numFeatures: number;
  readonly numClasses: number;
}

/** The bytes of a number. */
const NUMBER = 8;

// The memory holds the rows of one problem, the last one, and then the arguments of a call.
const simd = Simd.open();

/** Room behind the rows, as offsets in numbers. */
interface Room {
  readonly memory: Float64Array;
  /** The offset of each argument. */
  readonly at: readonly number[];
}

/** Undefined if the rows are not prepared, or these do not fit beside them. */
function roomFor({ rows }: Rows, lengths: readonly number[]): Room | undefined {
  if (simd === undefined || rows === undefined) return undefined;
  let end = rows.length;
  const at = lengths.map((length) => {
    const start = end;
    // The kernels load two numbers at a time.
    end += Math.ceil(length / 2) * 2;
    return start;
  });
  const memory = simd.numbers(end);
  if (memory === undefined) return undefined;
  if (simd.resident !== rows) memory.set(rows);
  simd.resident = rows;
  return { memory, at };
}

interface Shape {
  readonly order: number;
  readonly width: number;
  readonly pairs: number;
}

function shapeOf({ numFeatures, numClasses }: Rows): Shape {
  const order = numFeatures + 1;
  return { order, width: Math.ceil(order / 4) * 4, pairs: Math.ceil(numClasses / 2) };
}

/** Σ sᵢ/S·x̃ᵢ(pᵢ − yᵢ)ᵀ over samples, and what their losses are made of. */
export class GradientSum {
  /** [2·pairs, width] */
  readonly #sum: Float64Array;
  /** For each sample, the largest logit minus that of the label, and Σ of the exponentials of the other classes. */
  readonly losses: Float64Array;
  readonly #problem: Rows;
  readonly #paired: Float64Array;
  readonly #shares: Float64Array;

  /** @param shares sᵢ/S, [n] */
  constructor(problem: Rows, point: Float64Array, shares: Float64Array) {
    const { width, pairs } = shapeOf(problem);
    this.#problem = problem;
    this.#paired = pairedPoint(point, problem.numClasses);
    this.#shares = shares;
    this.#sum = new Float64Array(2 * pairs * width);
    this.losses = new Float64Array(2 * problem.numSamples);
  }

  /** Adds the samples from `start`, a multiple of 32, to `end`. Returns false, with nothing done, if they do not fit. */
  add(start: number, end: number): boolean {
    const { order, width, pairs } = shapeOf(this.#problem);
    const { labels, numClasses: q } = this.#problem;
    const n = end - start;
    const [ofPoint, ofSum] = [this.#paired.length, this.#sum.length];
    const room = roomFor(this.#problem, [ofPoint, ofSum, n, 2 * n, n, 2 * BLOCK_ROWS * pairs + ofSum]);
    if (room === undefined) return false;
    const { memory, at } = room;
    const [w, sum, shares, losses, classes, scratch] = at;
    memory.set(this.#paired, w);
    memory.set(this.#sum, sum);
    memory.set(this.#shares.subarray(start, end), shares);
    new Int32Array(memory.buffer, NUMBER * classes, n).set(labels.subarray(start, end));
    const stride = NUMBER * width;
    (simd as Simd).kernels.evaluate(
      ...([start * stride, n, stride, NUMBER * w, order, q, NUMBER * classes, NUMBER * shares] as const),
      ...([NUMBER * losses, NUMBER * sum, NUMBER * scratch] as const),
    );
    this.#sum.set(memory.subarray(sum, sum + ofSum));
    this.losses.set(memory.subarray(losses, losses + 2 * n), 2 * start);
    return true;
  }

  /** The sum in the layout of a point. */
  gradient(): Float64Array {
    const { order, width } = shapeOf(this.#problem);
    const q = this.#problem.numClasses;
    const gradient = new Float64Array(order * q);
    for (let k = 0; k < q; k++) for (let j = 0; j < order; j++) gradient[j * q + k] = this.#sum[k * width + j];
    return gradient;
  }
}

/**
 * Writes pᵢₖ of the samples from `start`, a multiple of 32, to `end` into `probabilities`, [n, classes]. Returns false,
 * with nothing done, if they do not fit.
 */
export function writeProbabilities(
  problem: Rows,
  paired: Float64Array,
  [start, end]: readonly [number, number],
  probabilities: Float64Array,
): boolean {
  const { order, width, pairs } = shapeOf(problem);
  const q = problem.numClasses;
  const n = end - start;
  const wide = 2 * pairs;
  const room = roomFor(problem, [paired.length, n * wide, BLOCK_ROWS * wide + 2]);
  if (room === undefined) return false;
  const { memory, at } = room;
  const [w, out, scratch] = at;
  memory.set(paired, w);
  const stride = NUMBER * width;
  (simd as Simd).kernels.probabilities(
    ...([start * stride, n, stride, NUMBER * w, order, q, NUMBER * out, NUMBER * scratch] as const),
  );
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < q; k++) probabilities[(start + i) * q + k] = memory[out + i * wide + k];
  }
  return true;
}

/**
 * Adds Σ shareᵢ·x̃ᵢx̃ᵢᵀ of the first `count` samples to the lower half of `gram`, [order, order]. Returns false, with
 * nothing done, if they do not fit.
 */
export function addGram(
  problem: Rows,
  samples: Int32Array,
  shares: Float64Array,
  count: number,
  gram: Float64Array,
): boolean {
  const { order, width } = shapeOf(problem);
  const columns = Math.ceil(order / 2) * 2;
  const room = roomFor(problem, [count, count, columns * width, (2 * BLOCK_ROWS + columns) * width]);
  if (room === undefined) return false;
  const { memory, at } = room;
  const [places, weights, sum, scratch] = at;
  new Int32Array(memory.buffer, NUMBER * places, count).set(samples.subarray(0, count));
  memory.set(shares.subarray(0, count), weights);
  for (let i = 0; i < order; i++) {
    for (let j = 0; j <= i; j++) memory[sum + i * width + j] = gram[i * order + j];
  }
  (simd as Simd).kernels.addGram(
    ...([0, NUMBER * width, columns, NUMBER * places, NUMBER * weights, count] as const),
    ...([NUMBER * sum, NUMBER * scratch] as const),
  );
  for (let i = 0; i < order; i++) {
    for (let j = 0; j <= i; j++) gram[i * order + j] = memory[sum + i * width + j];
  }
  return true;
}
