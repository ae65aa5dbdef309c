// web: the code of page 6, as it is shown there.
import {
  centralDifference,
  crossEntropy,
  crossEntropyGradient,
  crossEntropyHessianVector,
  toRows,
} from 'softmax-regression/reference';

type Vector = readonly number[];

/** ℓ = −Σⱼ yⱼ log softmax(o)ⱼ */
export const loss = (o: Vector, y: Vector): number => crossEntropy([o], [y]);

/** The closed form: ∂ℓ/∂o = softmax(o) − y. */
export const closedForm = (o: Vector, y: Vector): number[] => toRows(crossEntropyGradient([o], [y]))[0];

/** From values of the loss only: (ℓ(o + h) − ℓ(o − h)) / 2h for each logit, with h = step·max(1, |oⱼ|). */
export function differences(o: Vector, y: Vector, step: number): number[] {
  return Array.from(centralDifference((moved) => loss([...moved], y), o, { step }));
}

/** The second derivatives, one row for each unit vector: diag(ŷ) − ŷŷᵀ, the covariance of the one-hot label. */
export function hessian(o: Vector, y: Vector): number[][] {
  return o.map((_, k) => toRows(crossEntropyHessianVector([o], [y], [o.map((_, j) => (j === k ? 1 : 0))]))[0]);
}
