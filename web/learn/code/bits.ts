// web: the code of page 7, as it is shown there.
import {
  dense,
  distributionCrossEntropy,
  entropy,
  klDivergence,
  type Matrix,
  type MatrixLike,
  negativeLogLikelihood,
  softmax,
} from 'softmax-regression/reference';

type Vector = readonly number[];

/** H(P) = −Σₖ P(k) log₂ P(k): no code has a smaller mean length. */
export const entropyOf = (p: Vector): number => entropy([p], { unit: 'bits' });

/** H(P, Q) = −Σₖ P(k) log₂ Q(k): the mean length of a code made for Q. */
export const crossEntropyOf = (p: Vector, q: Vector): number => distributionCrossEntropy([p], [q], { unit: 'bits' });

/** D(P ‖ Q) = H(P, Q) − H(P): the bits that are lost. */
export const divergenceOf = (p: Vector, q: Vector): number => klDivergence([p], [q], { unit: 'bits' });

/** The mean length of a message about one class: Σₖ P(k)·length(k). */
export function meanLength(p: Vector, words: readonly string[]): number {
  return words.reduce((sum, word, k) => sum + p[k] * word.length, 0);
}

/** Kraft's sum Σₖ 2^−length(k). It is at most 1 for every prefix code. */
export function kraftSum(words: readonly string[]): number {
  return words.reduce((sum, word) => sum + 2 ** -word.length, 0);
}

/** The first two words of which one begins with the other. A code without any is prefix-free. */
export function conflict(words: readonly string[]): { shorter: number; longer: number } | undefined {
  for (const [shorter, word] of words.entries()) {
    const longer = words.findIndex((other, k) => k !== shorter && other.startsWith(word));
    if (longer >= 0) return { shorter, longer };
  }
  return undefined;
}

/** P(y | x) of every class for each flower. */
export function predict(flowers: MatrixLike, weight: MatrixLike, bias: Vector): Matrix {
  return softmax(dense(flowers, weight, bias));
}

/** −log₂ P(y | x) of the label of each flower. The mean over all flowers is the cross-entropy. */
export function surprisals(probabilities: MatrixLike, labels: Vector): Float64Array {
  return negativeLogLikelihood(probabilities, labels, { unit: 'bits', reduction: 'none' });
}
