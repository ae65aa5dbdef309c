// objective: a proven bound on the distance to the optimum, from the duality gap.
import { exp } from '../core/exp.js';
import { assertShape } from '../core/shape.js';
import { finish, finishInTurns, type Steps, WORK_OF_A_TASK } from '../core/task.js';
import { penaltyOf } from '../optim/penalty.js';
import { CompensatedSum, type PlainProblem, shareOf } from './float64.js';
import { BLOCK_ROWS, RowBlock } from './row-block.js';

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
export function certifyAsync(problem: PlainProblem, point: Float64Array, signal?: AbortSignal): Promise<Certificate> {
  return finishInTurns(certification(problem, point), signal);
}

function* certification(problem: PlainProblem, point: Float64Array): Steps<Certificate> {
  const { numSamples: n, numFeatures: d, numClasses: q, labels, l1, l2, fitIntercept, size } = problem;
  assertShape([point.length], [size], 'certify', 'point');
  const weight = point.subarray(0, d * q);
  const block = new RowBlock(problem.features, q, problem.rows);
  block.setPoint(point);
  /** log p of all samples, so that one pass over the features suffices. */
  const logProbabilities = new Float64Array(n * q);
  const logits = new Float64Array(BLOCK_ROWS * q);
  const residuals = new Float64Array(BLOCK_ROWS * q);
  const shares = new Float64Array(BLOCK_ROWS);
  /** (1/S)·X̃ᵀdiag(s)(P − Y), and (1/S)·X̃ᵀdiag(s)Y. */
  const slope = new Float64Array(size);
  const observed = new Float64Array(size);
  const loss = new CompensatedSum();
  let work = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const rows = block.read(start);
    block.logits(logits);
    residuals.fill(0);
    for (let r = 0, at = 0; r < rows; r++, at += q) {
      const share = shareOf(problem, start + r);
      shares[r] = share;
      if (share === 0) continue;
      const label = labels[start + r];
      const row = logits.subarray(at, at + q);
      loss.add(share * subtractLogSumExp(row, label));
      logProbabilities.set(row, (start + r) * q);
      let others = 0;
      for (let k = 0; k < q; k++) {
        residuals[at + k] = share * exp(row[k]);
        if (k !== label) others += residuals[at + k];
      }
      // Not p − 1, which cancels when p is close to 1.
      residuals[at + label] = -others;
    }
    block.addOuter(residuals, slope);
    if (fitIntercept) block.addToClasses(labels, start, shares, observed);
    work += (2 * q + 1) * block.filled;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  const objective = loss.total + penaltyOf(weight, l2, l1);
  if (l2 === 0 && l1 === 0) return { objective, suboptimality: objective };

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
  for (const shrink of shrinks) {
    const divergence = new CompensatedSum();
    for (let i = 0; i < n; i++) {
      const share = shareOf(problem, i);
      if (share === 0 || (mix === 0 && shrink === 1)) continue;
      divergence.add(share * divergenceOf(logProbabilities, i * q, q, labels[i], { mix, towards, shrink }));
      work += 10 * q;
      if (work >= WORK_OF_A_TASK) {
        work = 0;
        yield;
      }
    }
    // f* ≥ 0, so f(θ) is a bound too. An overflow gives NaN.
    const gap = divergence.total + penaltyGap(weight, moved, shrink, l1, l2);
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

/** KL(α‖p) of one sample, α = y + shrink·((1 − t)p + t·c − y). */
function divergenceOf(
  logProbabilities: Float64Array,
  from: number,
  q: number,
  label: number,
  { mix, towards, shrink }: Mixture & { readonly shrink: number },
): number {
  let others = 0;
  for (let k = 0; k < q; k++) if (k !== label) others += exp(logProbabilities[from + k]);
  let total = 0;
  for (let k = 0; k < q; k++) {
    const p = exp(logProbabilities[from + k]);
    const mixed = mix === 0 ? 0 : mix * (towards[k] - p);
    const kept = k === label ? others : -p;
    total += divergenceTerm(p, logProbabilities[from + k], shrink * mixed + (1 - shrink) * kept);
  }
  return total;
}

/**
 * One term of KL(α‖p) = Σ (α log(α/p) − α + p), each ≥ 0, at α = p + δ.
 *
 * With u = δ/p it is p((1 + u) log(1 + u) − u). This cancels for small u, where the series is used. log p is passed
 * because it stays finite when p underflows.
 */
function divergenceTerm(p: number, logP: number, delta: number): number {
  if (delta === 0) return 0;
  const u = delta / p;
  if (Math.abs(u) < 1e-3) return delta * u * (1 / 2 - u / 6 + (u * u) / 12 - (u * u * u) / 20);
  const alpha = p + delta;
  return alpha > 0 ? alpha * (Math.log(alpha) - logP) - delta : -delta;
}

/** o ← log softmax(o), in place. Returns −log softmax(o)[label], accurate even if it is close to 0. */
function subtractLogSumExp(logits: Float64Array, label: number): number {
  let largest = 0;
  for (let k = 1; k < logits.length; k++) if (logits[k] > logits[largest]) largest = k;
  const top = logits[largest];
  let others = 0;
  for (let k = 0; k < logits.length; k++) if (k !== largest) others += exp(logits[k] - top);
  const log = Math.log1p(others);
  const loss = top - logits[label] + log;
  for (let k = 0; k < logits.length; k++) logits[k] = logits[k] - top - log;
  return loss;
}
