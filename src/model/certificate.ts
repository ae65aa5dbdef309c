// model: how far a point is from the optimum at most, proven by the duality gap.
import { assertShape } from '../core/shape.js';
import { inOneTask, inTasks, WORK_OF_A_TASK } from '../core/task.js';
import { CompensatedSum, type PlainProblem, SparseRow } from './objective-plain.js';

export interface Certificate {
  /** f(θ), in float64 */
  readonly objective: number;
  /** ≥ f(θ) − f*, where f* is the least value of the objective. */
  readonly suboptimality: number;
}

/**
 * An upper bound of f(θ) − f*, from the duality gap, in one task.
 *
 * Any distributions αᵢ with Σᵢ sᵢ(αᵢ − yᵢ) = 0 (if there is a bias) bound the optimum from below. Here they are
 *
 *   αᵢ = (1 − t)pᵢ + t·c,   c = p̄ + (ȳ − p̄)/t,   t the least for which c ≥ 0,
 *
 * pᵢ the model's probabilities, p̄ and ȳ the weighted means of pᵢ and yᵢ. The gap is then
 *
 *   f(θ) − f* ≤ (1/S) Σᵢ sᵢ·KL(αᵢ‖pᵢ) + ‖λW + V‖²/2λ,   V = (1/S) Xᵀdiag(s)(α − Y)
 *
 * a sum of terms ≥ 0, so nothing cancels; without a bias α = p, and it is ‖∇f‖²/2λ. It tends to 0 with the gradient.
 *
 * With λ = 0 no such α is at hand, and the bound is f(θ) − Σᵢ sᵢH(yᵢ)/S: f(θ) itself, as labels have no entropy. It is
 * valid, and small only where the classes can be separated.
 *
 * Proven in exact arithmetic; float64 computes it to some 1e-15 of f(θ), and where both are of this size it says nothing.
 *
 * @param point θ, W [d, classes] followed by b [classes], as `plainProblem` has it
 * @throws ShapeError if the point is of another length
 * @see docs/mathematics.md, "How far from the optimum"
 */
export function certify(problem: PlainProblem, point: Float64Array): Certificate {
  return inOneTask(certification(problem, point));
}

/** `certify` bit for bit, in tasks of some 1.4e7 multiply-adds; `signal` ends it with its reason as error. */
export function certifyAsync(problem: PlainProblem, point: Float64Array, signal?: AbortSignal): Promise<Certificate> {
  return inTasks(certification(problem, point), signal);
}

function* certification(problem: PlainProblem, point: Float64Array): Generator<void, Certificate> {
  const { numFeatures: d, numClasses: q, labels, weights, totalWeight, l2, fitIntercept, size } = problem;
  assertShape([point.length], [size], 'certify', 'point');
  let square = 0;
  for (let j = 0; j < d * q; j++) square += point[j] ** 2;
  const penalty = l2 === 0 ? 0 : (l2 / 2) * square;
  const row = new SparseRow(problem.features);
  const logProbabilities = new Float64Array(q);
  let work = 0;

  const loss = new CompensatedSum();
  const predicted = Array.from({ length: q }, () => new CompensatedSum());
  const observed = Array.from({ length: q }, () => new CompensatedSum());
  for (let i = 0; i < problem.numSamples; i++) {
    if (weights[i] === 0) continue;
    row.read(i);
    row.logits(point, logProbabilities);
    const share = weights[i] / totalWeight;
    const logSum = subtractLogSumExp(logProbabilities, labels[i]);
    loss.add(share * logSum);
    for (let k = 0; k < q; k++) predicted[k].add(share * Math.exp(logProbabilities[k]));
    observed[labels[i]].add(share);
    work += (row.count + 1) * q;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  const objective = loss.total + penalty;
  if (l2 === 0) return { objective, suboptimality: objective };

  const { mix, towards } = mixture(
    predicted.map((sum) => sum.total),
    observed.map((sum) => sum.total),
    fitIntercept,
  );
  /** λW + V, and (in the place of the bias) what should be 0. */
  const residual = new Float64Array(size);
  for (let j = 0; j < d * q; j++) residual[j] = l2 * point[j];
  const divergence = new CompensatedSum();
  const difference = new Float64Array(q);
  for (let i = 0; i < problem.numSamples; i++) {
    if (weights[i] === 0) continue;
    row.read(i);
    row.logits(point, logProbabilities);
    subtractLogSumExp(logProbabilities, labels[i]);
    const share = weights[i] / totalWeight;
    let others = 0;
    for (let k = 0; k < q; k++) {
      const p = Math.exp(logProbabilities[k]);
      const moved = mix * (towards[k] - p);
      divergence.add(share * divergenceTerm(p, logProbabilities[k], moved));
      difference[k] = share * (p + moved);
      if (k !== labels[i]) others += difference[k];
    }
    // Not α − 1: where a sample is all but certain, that cancels.
    difference[labels[i]] = -others;
    row.addOuter(difference, residual);
    work += 2 * (row.count + 1) * q;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  let norm = 0;
  for (let j = 0; j < d * q; j++) norm += residual[j] ** 2;
  // Divided first: the square of a tiny λ may be 0.
  const gap = divergence.total + norm / l2 / 2;
  // f* ≥ 0, so f(θ) is a bound too. NaN comes of an overflow.
  return { objective, suboptimality: Number.isNaN(gap) ? objective : Math.min(gap, objective) };
}

/** t and c. */
function mixture(
  predicted: readonly number[],
  observed: readonly number[],
  fitIntercept: boolean,
): { mix: number; towards: Float64Array } {
  let mix = 0;
  if (fitIntercept) {
    for (let k = 0; k < predicted.length; k++) {
      if (predicted[k] > observed[k]) mix = Math.max(mix, (predicted[k] - observed[k]) / predicted[k]);
    }
  }
  const towards = Float64Array.from(predicted, (p, k) => (mix === 0 ? p : Math.max(0, p + (observed[k] - p) / mix)));
  return { mix, towards };
}

/**
 * One term of KL(α‖p) = Σ (α log(α/p) − α + p), each ≥ 0, at α = p + δ.
 *
 * With u = δ/p it is p((1 + u) log(1 + u) − u), which cancels for small u: there, its series. For an underflowed p, log p
 * is known still.
 */
function divergenceTerm(p: number, logP: number, delta: number): number {
  if (delta === 0) return 0;
  const u = delta / p;
  if (Math.abs(u) < 1e-3) return delta * u * (1 / 2 - u / 6 + (u * u) / 12 - (u * u * u) / 20);
  const alpha = p + delta;
  return alpha > 0 ? alpha * (Math.log(alpha) - logP) - delta : -delta;
}

/** o ← log softmax(o), in place; returns −log softmax(o)[label], exact also where it is all but 0. */
function subtractLogSumExp(logits: Float64Array, label: number): number {
  let largest = 0;
  for (let k = 1; k < logits.length; k++) if (logits[k] > logits[largest]) largest = k;
  const top = logits[largest];
  let others = 0;
  for (let k = 0; k < logits.length; k++) if (k !== largest) others += Math.exp(logits[k] - top);
  const log = Math.log1p(others);
  const loss = top - logits[label] + log;
  for (let k = 0; k < logits.length; k++) logits[k] = logits[k] - top - log;
  return loss;
}
