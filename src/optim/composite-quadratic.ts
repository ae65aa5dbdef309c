// optim: minimises a quadratic model with an L1 penalty, in blocks.
import { square } from '../core/elementary.js';
import { type Steps, WORK_OF_A_TASK } from '../core/task.js';
import type { CompactCurvature } from './compact-curvature.js';
import { dot } from './solver.js';

export interface CompositeModel {
  readonly curvature: CompactCurvature;
  /** z₀, the point of the model, [size] */
  readonly start: Float64Array;
  /** g, the gradient at z₀ */
  readonly gradient: Float64Array;
  readonly l1: number;
  /** Number of penalised entries at the start of each block. */
  readonly numPenalised: number;
  /** Ends when the violation of the optimality conditions falls below this fraction of its initial value. */
  readonly accuracy: number;
}

/** Rounds of coordinate sweeps and a step on a face. */
const MAX_ROUNDS = 20;
/** Most sweeps per round; they end earlier if no entry becomes or leaves 0. */
const MAX_SWEEPS = 5;
const MAX_CONJUGATE_STEPS = 60;

/**
 * Minimises gᵀ(z − z₀) + ½(z − z₀)ᵀB(z − z₀) + l1·‖z‖₁ from z₀; zero entries are exactly 0. Yields between tasks.
 *
 * Sweeps of coordinate descent determine which entries are 0. On the face of the other entries the model is quadratic
 * and is minimised by conjugate gradients, preconditioned with that part of M. B differs from σM by rank 2m only, so
 * few steps suffice even for collinear columns, where coordinate descent alone takes thousands of sweeps. Entries that
 * would change sign stop at 0. Neither phase increases the model, so an early end only reduces the accuracy.
 */
export function* minimizeComposite(model: CompositeModel): Steps<Float64Array> {
  const state = new Composite(model);
  const enough = square(model.accuracy) * state.violation();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
      const isOther = state.sweep();
      if (state.isDue()) yield;
      if (!isOther) break;
    }
    if (state.violation() <= enough) break;
    yield* state.descendOnFace();
    if (state.violation() <= enough) break;
  }
  return state.point;
}

class Composite {
  readonly point: Float64Array;
  /** Multiply-adds of this task so far. */
  #work = 0;
  readonly #model: CompositeModel;
  /** σM(z − z₀) */
  readonly #moved: Float64Array;
  /** CUᵀ(z − z₀) */
  readonly #low: Float64Array;

  constructor(model: CompositeModel) {
    this.#model = model;
    this.point = model.start.slice();
    this.#moved = new Float64Array(this.point.length);
    this.#low = new Float64Array(model.curvature.width);
  }

  /** Whether the task should end here if the next operation takes `ahead` multiply-adds. */
  isDue(ahead = 0): boolean {
    if (this.#work + ahead < WORK_OF_A_TASK) return false;
    this.#work = 0;
    return true;
  }

  /** The gradient of the quadratic, gᵢ + (B(z − z₀))ᵢ. */
  #slope(i: number): number {
    const { outer, width } = this.#model.curvature;
    const low = this.#low;
    let sum = this.#model.gradient[i] + this.#moved[i];
    for (let a = 0, at = i * width; a < width; a++, at++) sum -= outer[at] * low[a];
    return sum;
  }

  /** Sets zᵢ to another value. */
  #move(i: number, value: number): void {
    const { metric, sigma, inner, width } = this.#model.curvature;
    const by = value - this.point[i];
    this.point[i] = value;
    const j = i % metric.order;
    metric.addColumn(j, sigma * by, this.#moved, i - j);
    for (let a = 0, at = i * width; a < width; a++, at++) this.#low[a] += by * inner[at];
    this.#work += metric.isDiagonal ? width : metric.order + width;
  }

  /** Minimises over one entry at a time; returns whether an entry became or left 0. */
  sweep(): boolean {
    const { curvature, l1, numPenalised } = this.#model;
    const { diagonal, metric, width } = curvature;
    let isOther = false;
    for (let i = 0; i < diagonal.length; i++) {
      const before = this.point[i];
      const wanted = before - this.#slope(i) / diagonal[i];
      const after = i % metric.order < numPenalised ? shrunk(wanted, l1 / diagonal[i]) : wanted;
      this.#work += width;
      if (after === before) continue;
      if ((after === 0) !== (before === 0)) isOther = true;
      this.#move(i, after);
    }
    return isOther;
  }

  /** Σᵢ vᵢ²/Bᵢᵢ for the smallest subgradient v: the violation of the optimality conditions, independent of units. */
  violation(): number {
    const { curvature, l1, numPenalised } = this.#model;
    const { diagonal, metric, width } = curvature;
    let total = 0;
    for (let i = 0; i < diagonal.length; i++) {
      const isPenalised = i % metric.order < numPenalised;
      total += square(leastSubgradient(this.point[i], this.#slope(i), isPenalised ? l1 : 0)) / diagonal[i];
    }
    this.#work += diagonal.length * width;
    return total;
  }

  /** Moves towards the minimum over the nonzero entries, as far as they keep their signs. */
  *descendOnFace(): Steps<void> {
    const face = this.#face();
    const slope = new Float64Array(face.entries.length);
    for (let a = 0; a < slope.length; a++) {
      const i = face.entries[a];
      slope[a] = this.#slope(i) + (face.isPenalised(a) ? this.#model.l1 * Math.sign(this.point[i]) : 0);
    }
    const direction = yield* this.#conjugateGradients(face, slope);
    const delta = new Float64Array(direction.length);
    const first = this.#firstCrossing(face, direction);
    // Several entries may reach 0 at once if that decreases the model; the last length reaches only the first of them.
    for (const length of [1, 0.5, 0.25, 0.1, first]) {
      for (let a = 0; a < delta.length; a++) {
        const value = this.point[face.entries[a]];
        const next = value + length * direction[a];
        delta[a] = face.isPenalised(a) && next * value <= 0 ? -value : length * direction[a];
      }
      const linear = dot(slope, delta);
      const bent = dot(delta, this.#multiply(face, delta));
      if (this.isDue()) yield;
      if (!(linear < 0 && linear + bent / 2 <= 1e-4 * linear)) continue;
      for (let a = 0; a < delta.length; a++) {
        const i = face.entries[a];
        // If the entry stops at 0, the sum is exactly 0.
        if (delta[a] !== 0) this.#move(i, this.point[i] + delta[a]);
      }
      if (this.isDue()) yield;
      return;
    }
  }

  #face(): Face {
    const { curvature, numPenalised } = this.#model;
    const { order, blocks } = curvature.metric;
    const rows: Int32Array[] = [];
    const entries: number[] = [];
    for (let block = 0; block < blocks; block++) {
      const free: number[] = [];
      for (let j = 0; j < order; j++) if (j >= numPenalised || this.point[block * order + j] !== 0) free.push(j);
      rows.push(Int32Array.from(free));
      for (const j of free) entries.push(block * order + j);
    }
    return { rows, entries, isPenalised: (a) => entries[a] % order < numPenalised };
  }

  /** The smallest t at which an entry of z + t·direction becomes 0, at most 1. */
  #firstCrossing({ entries, isPenalised }: Face, direction: Float64Array): number {
    let first = 1;
    for (let a = 0; a < direction.length; a++) {
      const value = this.point[entries[a]];
      if (isPenalised(a) && value * direction[a] < 0) first = Math.min(first, -value / direction[a]);
    }
    return first;
  }

  /** p with B[face, face]·p ≈ −slope. */
  *#conjugateGradients(face: Face, slope: Float64Array): Steps<Float64Array> {
    const { sigma, metric } = this.#model.curvature;
    for (const rows of face.rows) {
      const work = metric.workOf(rows);
      if (this.isDue(work)) yield;
      if (rows.length > 0) metric.solvePart(rows, new Float64Array(rows.length));
      this.#work += work;
    }
    const precondition = (vector: Float64Array) => {
      const result = new Float64Array(vector.length);
      let at = 0;
      for (const rows of face.rows) {
        if (rows.length > 0) result.set(metric.solvePart(rows, vector.subarray(at, at + rows.length)), at);
        at += rows.length;
      }
      for (let a = 0; a < result.length; a++) result[a] /= sigma;
      return result;
    };
    const found = new Float64Array(slope.length);
    const residual = slope.map((entry) => -entry);
    let solved = precondition(residual);
    let square = dot(residual, solved);
    const enough = 1e-6 * square;
    const direction = solved.slice();
    for (let step = 0; step < MAX_CONJUGATE_STEPS && square > enough; step++) {
      const image = this.#multiply(face, direction);
      if (this.isDue()) yield;
      const curvature = dot(direction, image);
      if (!(curvature > 0)) break;
      const length = square / curvature;
      for (let a = 0; a < found.length; a++) {
        found[a] += length * direction[a];
        residual[a] -= length * image[a];
      }
      solved = precondition(residual);
      const next = dot(residual, solved);
      for (let a = 0; a < found.length; a++) direction[a] = solved[a] + (next / square) * direction[a];
      square = next;
    }
    return found;
  }

  /** B[face, face]·v */
  #multiply({ rows, entries }: Face, vector: Float64Array): Float64Array {
    const { metric, sigma, inner, outer, width } = this.#model.curvature;
    const result = new Float64Array(vector.length);
    let offset = 0;
    for (const part of rows) {
      metric.multiplyPart(part, vector, offset, result);
      offset += part.length;
      // The same amount again for the preconditioner.
      this.#work += 2 * (metric.isDiagonal ? part.length : square(part.length));
    }
    this.#work += 2 * width * vector.length;
    const low = new Float64Array(width);
    for (let a = 0; a < vector.length; a++) {
      const at = entries[a] * width;
      for (let b = 0; b < width; b++) low[b] += vector[a] * inner[at + b];
    }
    for (let a = 0; a < vector.length; a++) {
      const at = entries[a] * width;
      let sum = sigma * result[a];
      for (let b = 0; b < width; b++) sum -= outer[at + b] * low[b];
      result[a] = sum;
    }
    return result;
  }
}

/** The entries that are free to differ from 0. */
interface Face {
  /** Their rows in each block. */
  readonly rows: readonly Int32Array[];
  /** Their indices in the whole vector. */
  readonly entries: readonly number[];
  readonly isPenalised: (a: number) => boolean;
}

/** The entry of smallest absolute value of slope + l1·∂|value|. */
export function leastSubgradient(value: number, slope: number, l1: number): number {
  if (value !== 0) return slope + l1 * Math.sign(value);
  return shrunk(slope, l1);
}

/** Soft thresholding: moves `value` towards 0 by `by`, but not beyond. */
function shrunk(value: number, by: number): number {
  if (value > by) return value - by;
  return value < -by ? value + by : 0;
}
