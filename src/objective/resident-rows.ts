// objective: sums over the prepared rows of a problem, in WebAssembly. The rows stay in its memory between the calls.
import { copyLower, Simd } from '../core/simd.js';
import { VectorSum } from '../core/tree-sum.js';
import { BLOCK_ROWS, pairedPoint } from './row-block.js';

/** The part of a `PlainProblem` that these sums use. */
export interface ResidentRows {
  /** The prepared rows, [n, width], if there are any. */
  readonly rows: Float64Array | undefined;
  readonly labels: Int32Array;
  /** sᵢ/S, [n] */
  readonly shares: Float64Array;
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
function roomFor({ rows }: ResidentRows, lengths: readonly number[]): Room | undefined {
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

function shapeOf({ numFeatures, numClasses }: ResidentRows): Shape {
  const order = numFeatures + 1;
  return { order, width: Math.ceil(order / 4) * 4, pairs: Math.ceil(numClasses / 2) };
}

/** Sums that a tree over some blocks holds at once, beside the result. */
function levelsOf(count: number, blockRows: number): number {
  return 32 - Math.clz32(Math.ceil(count / blockRows));
}

/** Σ sᵢ/S·x̃ᵢ(pᵢ − yᵢ)ᵀ and Σ sᵢ/S·NLLᵢ over samples. */
export class GradientSum {
  readonly #tree = new VectorSum();
  readonly #problem: ResidentRows;
  readonly #paired: Float64Array;
  readonly #blockRows: number;
  /** The sum of a block of which some samples are missing: [2·pairs, width], the loss, and an unused number. */
  #open: Float64Array | undefined;

  constructor(problem: ResidentRows, point: Float64Array, blockRows: number) {
    this.#problem = problem;
    this.#paired = pairedPoint(point, problem.numClasses);
    this.#blockRows = blockRows;
  }

  /**
   * Adds the samples from `start` to `end`: whole blocks, of which the number is a power of two, or a part of one, or the
   * last ones. Returns false, with nothing done, if they do not fit.
   */
  add(start: number, end: number): boolean {
    const { order, width, pairs } = shapeOf(this.#problem);
    const { labels, shares, numClasses: q } = this.#problem;
    const blockRows = this.#blockRows;
    const n = end - start;
    const ofGradient = 2 * pairs * width;
    const ofSum = ofGradient + 2;
    const ofScratch = 2 + 2 * BLOCK_ROWS * pairs + ofGradient + levelsOf(n, blockRows) * ofSum;
    const room = roomFor(this.#problem, [this.#paired.length, ofSum, n, n, ofScratch]);
    if (room === undefined) return false;
    const { memory, at } = room;
    const [w, sum, weights, classes, scratch] = at;
    memory.set(this.#paired, w);
    memory.set(shares.subarray(start, end), weights);
    new Int32Array(memory.buffer, NUMBER * classes, n).set(labels.subarray(start, end));
    const isContinued = this.#open !== undefined;
    if (this.#open !== undefined) memory.set(this.#open, sum);
    const stride = NUMBER * width;
    (simd as Simd).kernels.evaluate(
      ...([start * stride, n, stride, NUMBER * w, order, q, NUMBER * classes, NUMBER * weights] as const),
      ...([blockRows, isContinued, NUMBER * sum, NUMBER * scratch] as const),
    );
    const result = memory.slice(sum, sum + ofSum);
    const isWhole = end % blockRows === 0 || end === this.#problem.numSamples;
    this.#open = isWhole ? undefined : result;
    if (isWhole) this.#tree.add(Math.floor(start / blockRows), result);
    return true;
  }

  /** The sums of all samples, the gradient in the layout of a point. */
  total(): { readonly loss: number; readonly gradient: Float64Array } {
    const { order, width, pairs } = shapeOf(this.#problem);
    const q = this.#problem.numClasses;
    const total = this.#tree.total() as Float64Array;
    const gradient = new Float64Array(order * q);
    for (let k = 0; k < q; k++) for (let j = 0; j < order; j++) gradient[j * q + k] = total[k * width + j];
    return { loss: total[2 * pairs * width], gradient };
  }
}

/**
 * Writes pᵢₖ of the samples from `start`, a multiple of 32, to `end` into `probabilities`, from its index 0. Returns false,
 * with nothing done, if they do not fit.
 */
export function writeProbabilities(
  problem: ResidentRows,
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
  for (let i = 0; i < n; i++) for (let k = 0; k < q; k++) probabilities[i * q + k] = memory[out + i * wide + k];
  return true;
}

/**
 * Writes Σ shareᵢ·x̃ᵢx̃ᵢᵀ of the first `count` samples, which ascend, to the lower half of `sum`, [order, order]. With
 * `isContinued`, they belong to one block and are added. Returns false, with nothing done, if they do not fit.
 */
export function writeGram(
  problem: ResidentRows,
  samples: Int32Array,
  shares: Float64Array,
  count: number,
  blockRows: number,
  isContinued: boolean,
  sum: Float64Array,
): boolean {
  const { order, width } = shapeOf(problem);
  const columns = Math.ceil(order / 2) * 2;
  const blocks = Math.floor(samples[count - 1] / blockRows) - Math.floor(samples[0] / blockRows) + 1;
  const ofScratch = BLOCK_ROWS + (2 * BLOCK_ROWS + columns * (1 + levelsOf(blocks, 1))) * width;
  const room = roomFor(problem, [count, count, columns * width, ofScratch]);
  if (room === undefined) return false;
  const { memory, at } = room;
  const [places, weights, matrix, scratch] = at;
  new Int32Array(memory.buffer, NUMBER * places, count).set(samples.subarray(0, count));
  memory.set(shares.subarray(0, count), weights);
  if (isContinued) copyLower(sum, [0, order], memory, [matrix, width], order);
  (simd as Simd).kernels.gram(
    ...([0, NUMBER * width, columns, NUMBER * places, NUMBER * weights, count] as const),
    ...([blockRows, isContinued, NUMBER * matrix, NUMBER * scratch] as const),
  );
  copyLower(memory, [matrix, width], sum, [0, order], order);
  return true;
}
