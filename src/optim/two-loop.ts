// optim: the two-loop recursion of L-BFGS.
import { Simd } from '../core/simd.js';
import { assertLength, type CurvaturePair, dot, type SolverState } from './solver.js';

/** v ↦ M⁻¹v as a new array */
type Precondition = (vector: Float64Array) => Float64Array | Promise<Float64Array>;

// One shared memory: a vector, then the pairs of the recursion that used it last.
const simd = Simd.open();

/** Directions −Hg, H from the last pairs and M. It keeps what it knows of the pairs from one direction to the next. */
export class TwoLoopRecursion {
  readonly #precondition: Precondition | undefined;
  /** 1/sᵀy */
  readonly #inverses = new WeakMap<CurvaturePair, number>();
  /** The pair in each place of the memory. */
  readonly #places: (CurvaturePair | undefined)[] = [];

  constructor(precondition: Precondition | undefined) {
    this.#precondition = precondition;
  }

  /** −Hg: the pairs from the last to the first, γM⁻¹, and the pairs from the first to the last. */
  async direction({ gradient, pairs }: Pick<SolverState, 'gradient' | 'pairs'>): Promise<Float64Array> {
    const inverses = pairs.map((pair) => this.#inverseOf(pair));
    const alphas = new Float64Array(pairs.length);
    const newest = pairs.length - 1;
    const q = gradient.slice();
    if (pairs.length > 0) {
      let product = dot(pairs[newest].step, q);
      this.#change(q, pairs, ({ plus, step, change }) => {
        for (let i = newest; i >= 0; i--) {
          alphas[i] = inverses[i] * product;
          product = plus(-alphas[i], change(i), step(Math.max(0, i - 1)));
        }
      });
    }
    const r = (await this.#precondition?.(q)) ?? q;
    assertLength(r, gradient, 'precondition', 'lbfgs');
    if (pairs.length > 0) {
      const { change: last } = pairs[newest];
      const scaled = (await this.#precondition?.(last)) ?? last;
      const gamma = 1 / (inverses[newest] * dot(last, scaled));
      for (let i = 0; i < r.length; i++) r[i] *= gamma;
      let product = dot(pairs[0].change, r);
      this.#change(r, pairs, ({ plus, step, change }) => {
        for (let i = 0; i <= newest; i++) {
          product = plus(alphas[i] - inverses[i] * product, step(i), change(Math.min(newest, i + 1)));
        }
      });
    }
    for (let i = 0; i < r.length; i++) r[i] = -r[i];
    return r;
  }

  #inverseOf(pair: CurvaturePair): number {
    const inverse = this.#inverses.get(pair) ?? 1 / dot(pair.step, pair.change);
    this.#inverses.set(pair, inverse);
    return inverse;
  }

  /** Changes a vector by steps that add multiples of the pairs: by the kernel, or with the same bits without. */
  #change(
    vector: Float64Array,
    pairs: readonly CurvaturePair[],
    steps: <Vector>(on: Operations<Vector>) => void,
  ): void {
    const length = vector.length;
    const memory = simd?.numbers((1 + 2 * Math.max(pairs.length, this.#places.length)) * length);
    if (simd === undefined || memory === undefined) {
      steps<Float64Array>({
        plus: (factor, b, c) => addAndDot(vector, factor, b, c),
        step: (i) => pairs[i].step,
        change: (i) => pairs[i].change,
      });
      return;
    }
    if (simd.resident !== this) this.#places.fill(undefined);
    simd.resident = this;
    const places = this.#placesOf(pairs, memory);
    memory.set(vector);
    const { addAndDot: kernel } = simd.kernels;
    const address = (at: number) => 8 * at * length;
    steps<number>({
      plus: (factor, b, c) => kernel(0, factor, b, c, length),
      step: (i) => address(1 + 2 * places[i]),
      change: (i) => address(2 + 2 * places[i]),
    });
    vector.set(memory.subarray(0, length));
  }

  /** The places of pairs in the memory, into which it copies those that are not there yet. */
  #placesOf(pairs: readonly CurvaturePair[], memory: Float64Array): number[] {
    const places = this.#places;
    for (let at = 0; at < places.length; at++) {
      const pair = places[at];
      if (pair !== undefined && !pairs.includes(pair)) places[at] = undefined;
    }
    return pairs.map((pair) => {
      const known = places.indexOf(pair);
      if (known >= 0) return known;
      const free = places.indexOf(undefined);
      const at = free >= 0 ? free : places.length;
      places[at] = pair;
      const { step, change } = pair;
      memory.set(step, (1 + 2 * at) * step.length);
      memory.set(change, (2 + 2 * at) * step.length);
      return at;
    });
  }
}

/** What the recursion does with the vector that it changes. The vectors of pairs are arrays, or addresses in the memory. */
interface Operations<Vector> {
  /** vector ← vector + factor·b; returns its product with c. */
  readonly plus: (factor: number, b: Vector, c: Vector) => number;
  readonly step: (i: number) => Vector;
  readonly change: (i: number) => Vector;
}

/** a ← a + factor·b; returns aᵀc of the new a, in four partial sums like `dot`. */
function addAndDot(a: Float64Array, factor: number, b: Float64Array, c: Float64Array): number {
  const { length } = a;
  const whole = length - (length % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < whole; i += 4) {
    const x0 = a[i] + factor * b[i];
    const x1 = a[i + 1] + factor * b[i + 1];
    const x2 = a[i + 2] + factor * b[i + 2];
    const x3 = a[i + 3] + factor * b[i + 3];
    a[i] = x0;
    a[i + 1] = x1;
    a[i + 2] = x2;
    a[i + 3] = x3;
    s0 += x0 * c[i];
    s1 += x1 * c[i + 1];
    s2 += x2 * c[i + 2];
    s3 += x3 * c[i + 3];
  }
  for (let i = whole; i < length; i++) {
    a[i] += factor * b[i];
    s0 += a[i] * c[i];
  }
  return s0 + s1 + (s2 + s3);
}
