// objective: a proven bound on the distance to the optimum, from the duality gap.
import { log, log1p } from '../core/elementary.js';
import { assertShape } from '../core/shape.js';
import { finish, finishInTurns, type Steps, WORK_OF_A_TASK } from '../core/task.js';
import { BlockSum } from '../core/tree-sum.js';
import { penaltyOf } from '../optim/penalty.js';
import { gradientBlocks } from './blocks.js';
import { lossAndGradient, type PlainProblem, type Problem } from './float64.js';
import { othersOf, probabilitiesAt } from './hessian.js';
import { softmaxInto } from './residuals.js';
import { BLOCK_ROWS, type SampleBlock } from './row-block.js';
import { type Section, sumOfSections } from './sections.js';
import { blockOf } from './sparse/block.js';
import { sparseOf } from './sparse/section.js';
import { sparseClassSums } from './sparse/sums.js';

export interface Certificate {
  /** f(θ), in float64 */
  readonly objective: number;
  /** ≥ f(θ) − f*, where f* is the minimum of the objective. */
  readonly suboptimality: number;
}

/**
 * An upper bound of f(θ) − f*, from the duality gap, in one task.
 *
 * Any distributions αᵢ with Σᵢ sᵢ(αᵢ − yᵢ) = 0 (if a bias is fitted) bound the optimum from below. This one uses
 *
 *   αᵢ = (1 − t)pᵢ + t·c,   c = p̄ + (ȳ − p̄)/t,   t the smallest value for which c ≥ 0.
 *
 * pᵢ are the model's probabilities; p̄ and ȳ are the weighted means of pᵢ and yᵢ. Let V = (1/S) Xᵀdiag(s)(α − Y), and U
 * its entries after soft thresholding by l1. The gap is then
 *
 *   f(θ) − f* ≤ (1/S) Σᵢ sᵢ·KL(αᵢ‖pᵢ) + ‖λW + U‖²/2λ + l1·‖W‖₁ + ⟨V − U, W⟩.
 *
 * All terms are ≥ 0, so nothing cancels. Without a bias and l1, the gap is ‖∇f‖²/2λ. It tends to 0 with the gradient.
 *
 * With l1 alone, U must be 0: α moves towards y until no entry of V exceeds l1. With both penalties, both choices give
 * a bound, and the smaller one is used.
 *
 * With λ = l1 = 0 there is no known α of this kind. The bound is then f(θ) − Σᵢ sᵢH(yᵢ)/S, which is f(θ) because labels
 * have no entropy. It is valid, but small only if the classes are separable.
 *
 * The bound holds in exact arithmetic. Float64 rounding adds an error of about 1e-15·f(θ), below which the bound has no
 * meaning.
 *
 * @param point θ: W [d, classes] followed by b [classes], as in `plainProblem`
 * @throws ShapeError if the point has another length
 * @see docs/solvers.md, "How far from the optimum"
 */
export function certify(problem: PlainProblem, point: Float64Array): Certificate {
  return finish(certification(problem, point));
}

/** The same bits as `certify`, in tasks of about 1.4e7 multiply-adds. An abort of `signal` throws its reason. */
export function certifyAsync(problem: Problem, point: Float64Array, signal?: AbortSignal): Promise<Certificate> {
  return finishInTurns(certification(problem, point), signal);
}

function* certification(problem: Problem, point: Float64Array): Steps<Certificate> {
  const { numFeatures: d, numClasses: q, l1, l2, fitIntercept, size } = problem;
  assertShape([point.length], [size], 'certify', 'point');
  const weight = point.subarray(0, d * q);
  // The slope is (1/S)·X̃ᵀdiag(s)(P − Y).
  const { loss, gradient: slope } = yield* lossAndGradient(problem, point);
  const objective = loss + penaltyOf(weight, l2, l1);
  if (l2 === 0 && l1 === 0) return { objective, suboptimality: objective };

  const { rows: blockRows } = gradientBlocks(size);
  const observed = fitIntercept ? yield* sumOfSections(problem, blockRows, size, classSums) : new Float64Array(0);
  const { mix, towards } = fitIntercept ? mixture(slope.subarray(d * q), observed.subarray(d * q)) : NO_MIXTURE;
  const moved = slope.slice(0, d * q);
  if (mix > 0) {
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let k = 0; k < q; k++) sum += observed[j * q + k];
      // Σᵢ sᵢxᵢⱼ(cₖ − pᵢₖ)/S
      for (let k = 0; k < q; k++) moved[j * q + k] += mix * (sum * towards[k] - observed[j * q + k] - slope[j * q + k]);
    }
  }
  let largest = 0;
  for (const entry of moved) largest = Math.max(largest, Math.abs(entry));
  // With l1 alone, |V| must not exceed l1. With both penalties, the smaller bound is used.
  const shrinks = l1 === 0 || largest <= l1 ? [1] : l2 === 0 ? [l1 / largest] : [1, l1 / largest];
  let suboptimality = objective;
  const moves = shrinks.map((shrink) => ({ mix, towards, shrink }));
  const isStill = mix === 0 && shrinks[shrinks.length - 1] === 1;
  const divergences = isStill
    ? [0]
    : yield* sumOfSections(problem, blockRows, moves.length, (section) => meanDivergences(section, point, moves));
  for (const [i, shrink] of shrinks.entries()) {
    const divergence = divergences[i];
    // f* ≥ 0, so f(θ) is a bound too. An overflow gives NaN.
    const gap = divergence + penaltyGap(weight, moved, shrink, l1, l2);
    if (!Number.isNaN(gap)) suboptimality = Math.min(suboptimality, gap);
  }
  return { objective, suboptimality };
}

/**
 * Σ λ/2·w² + l1·|w| + v·w + (|v| − l1)₊²/2λ at v = shrink·V: the penalty, v·w and the conjugate. With u the
 * soft-thresholded v, each entry is (λw + u)²/2λ + (l1·|w| + (v − u)w), two terms ≥ 0.
 */
function penaltyGap(weight: Float64Array, slope: Float64Array, shrink: number, l1: number, l2: number): number {
  let total = 0;
  for (let j = 0; j < weight.length; j++) {
    const v = shrink * slope[j];
    const w = weight[j];
    const beyond = Math.max(0, Math.abs(v) - l1) * Math.sign(v);
    // With l1 alone, `beyond` is 0 but for rounding. The division comes first because the square of a tiny λ may be 0.
    if (l2 > 0) total += ((l2 * w + beyond) / l2 / 2) * (l2 * w + beyond);
    if (l1 > 0) total += Math.abs(w) * Math.max(0, l1 + (v - beyond) * Math.sign(w));
  }
  return total;
}

interface Mixture {
  /** t */
  readonly mix: number;
  /** c */
  readonly towards: Float64Array;
}

const NO_MIXTURE: Mixture = { mix: 0, towards: new Float64Array(0) };

/** t and c, from p̄ − ȳ and ȳ. */
function mixture(excess: Float64Array, observed: Float64Array): Mixture {
  let mix = 0;
  for (let k = 0; k < excess.length; k++) {
    if (excess[k] > 0) mix = Math.max(mix, excess[k] / (observed[k] + excess[k]));
  }
  if (mix === 0) return NO_MIXTURE;
  return { mix, towards: excess.map((e, k) => Math.max(0, observed[k] + e - e / mix)) };
}

/** (1/S)·X̃ᵀdiag(s)Y */
function* classSums(section: Section): Steps<Float64Array> {
  const sparse = sparseOf(section);
  if (sparse !== undefined) return yield* sparseClassSums(sparse);
  const { numSamples: n, numClasses: q, labels, shares, size } = section;
  const block = blockOf(section.features, q, section.rows);
  const sum = new BlockSum(size, gradientBlocks(size).rows);
  let work = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const count = block.read(start);
    block.addToClasses(labels, start, shares.subarray(start, start + count), sum.leaf);
    sum.reach(start + count);
    work += block.filled;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  return sum.total();
}

interface Move extends Mixture {
  readonly shrink: number;
}

/** (1/S) Σᵢ sᵢ·KL(αᵢ‖pᵢ), αᵢ = yᵢ + shrink·((1 − t)pᵢ + t·c − yᵢ), for each move. */
function* meanDivergences(section: Section, point: Float64Array, moves: readonly Move[]): Steps<Float64Array> {
  const { numSamples: n, numClasses: q, labels, shares, size } = section;
  const probabilities = yield* probabilitiesAt(section, point);
  const logarithms = new Logarithms(section, point, probabilities);
  const sum = new BlockSum(moves.length, gradientBlocks(size).rows);
  let work = 0;
  for (let i = 0; i < n; i++) {
    const { leaf } = sum;
    for (let m = 0; shares[i] > 0 && m < moves.length; m++) {
      leaf[m] += shares[i] * divergenceOf(probabilities, i, q, labels[i], moves[m], logarithms);
    }
    sum.reach(i + 1);
    work += 10 * q * moves.length;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  return sum.total();
}

/** log pᵢₖ, also where pᵢₖ underflows. */
class Logarithms {
  readonly #section: Section;
  readonly #point: Float64Array;
  readonly #probabilities: Float64Array;
  #block: SampleBlock | undefined;

  constructor(section: Section, point: Float64Array, probabilities: Float64Array) {
    this.#section = section;
    this.#point = point;
    this.#probabilities = probabilities;
  }

  of(i: number, k: number): number {
    const p = this.#probabilities[i * this.#section.numClasses + k];
    return p >= SMALLEST ? log(p) : this.#fromLogits(i, k);
  }

  #fromLogits(i: number, k: number): number {
    const { features, numClasses: q, rows } = this.#section;
    if (this.#block === undefined) {
      this.#block = blockOf(features, q, rows);
      this.#block.setPoint(this.#point);
    }
    const logits = new Float64Array(q);
    this.#block.gather(Int32Array.of(i), 1);
    this.#block.logits(logits);
    const { top, others } = softmaxInto(logits, 0, q, new Float64Array(q), 0);
    return logits[k] - top - log1p(others);
  }
}

/** The smallest normal number. Below it, digits are lost. */
const SMALLEST = 2.2250738585072014e-308;

/** KL(α‖p) of one sample. */
function divergenceOf(
  probabilities: Float64Array,
  i: number,
  q: number,
  label: number,
  { mix, towards, shrink }: Move,
  logarithms: Logarithms,
): number {
  const from = i * q;
  const others = othersOf(probabilities, from, q, label);
  let total = 0;
  for (let k = 0; k < q; k++) {
    const p = probabilities[from + k];
    const mixed = mix === 0 ? 0 : mix * (towards[k] - p);
    const kept = k === label ? others : -p;
    const delta = shrink * mixed + (1 - shrink) * kept;
    if (delta !== 0) total += divergenceTerm(p, delta, i, k, logarithms);
  }
  return total;
}

/**
 * One term of KL(α‖p) = Σ (α log(α/p) − α + p), each ≥ 0, at α = p + δ.
 *
 * With u = δ/p it is p((1 + u) log(1 + u) − u). This cancels for small u, where the series is used.
 */
function divergenceTerm(p: number, delta: number, i: number, k: number, logarithms: Logarithms): number {
  const u = delta / p;
  if (Math.abs(u) < 1e-3) return delta * u * (1 / 2 - u / 6 + (u * u) / 12 - (u * u * u) / 20);
  const alpha = p + delta;
  return alpha > 0 ? alpha * (log(alpha) - logarithms.of(i, k)) - delta : -delta;
}
