// objective: from logits to losses and their gradients, in plain loops.
import { exp, log1p } from '../core/elementary.js';

/** The part of a problem that losses depend on. */
export interface Labelled {
  readonly labels: Int32Array;
  /** sᵢ/S, [n] */
  readonly shares: Float64Array;
  readonly numClasses: number;
}

export interface LossAndGradient {
  /** (1/S) Σᵢ sᵢ NLLᵢ */
  readonly loss: number;
  /** (1/S) X̃ᵀdiag(s)(P − Y), in the layout of a point. */
  readonly gradient: Float64Array;
}

/**
 * Writes sᵢ/S·(softmax(oᵢ) − yᵢ) of `count` samples from `start` on to `residuals`, [count, classes].
 *
 * @param logits o, [count, classes]
 * @returns Σ sᵢ/S·NLLᵢ over these samples, in order
 */
export function writeResiduals(
  logits: Float64Array,
  count: number,
  { labels, shares, numClasses: q }: Labelled,
  start: number,
  residuals: Float64Array,
): number {
  let loss = 0;
  for (let r = 0, at = 0; r < count; r++, at += q) {
    const share = shares[start + r];
    // Skipped, not multiplied by 0: the loss may be infinite.
    if (share === 0) {
      residuals.fill(0, at, at + q);
      continue;
    }
    loss += share * lossAndResidual(logits, at, q, labels[start + r], residuals);
    for (let k = at; k < at + q; k++) residuals[k] *= share;
  }
  return loss;
}

/** Returns −log softmax(o)[label] and writes softmax(o) − y to `residuals`; both vectors start at index `from`. */
function lossAndResidual(
  logits: Float64Array,
  from: number,
  q: number,
  label: number,
  residuals: Float64Array,
): number {
  const { top, others } = softmaxInto(logits, from, q, residuals, from);
  let rest = 0;
  for (let k = 0; k < q; k++) if (k !== label) rest += residuals[from + k];
  residuals[from + label] = -rest;
  return top - logits[from + label] + log1p(others);
}

/**
 * Writes softmax(o) to `out` from index `at`; o starts at index `from` of the logits.
 *
 * @returns the class of the largest logit, that logit, and Σ of exp(oₖ − max) over the other classes
 */
export function softmaxInto(
  logits: Float64Array,
  from: number,
  q: number,
  out: Float64Array,
  at: number,
): { readonly largest: number; readonly top: number; readonly others: number } {
  let largest = 0;
  for (let k = 1; k < q; k++) if (logits[from + k] > logits[from + largest]) largest = k;
  const top = logits[from + largest];
  let others = 0;
  for (let k = 0; k < q; k++) {
    const exponential = k === largest ? 1 : exp(logits[from + k] - top);
    out[at + k] = exponential;
    if (k !== largest) others += exponential;
  }
  const inverse = 1 / (1 + others);
  for (let k = 0; k < q; k++) out[at + k] *= inverse;
  return { largest, top, others };
}
