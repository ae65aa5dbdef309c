// web: the code of page 8, as it is shown there.
import {
  dense,
  denseGradient,
  type MatrixLike,
  negativeLogLikelihood,
  softmax,
  sparseCrossEntropy,
  sparseCrossEntropyGradient,
  toRows,
} from 'softmax-regression/reference';

/** W, [pixels, classes], and b. */
export interface Network {
  readonly weight: number[][];
  readonly bias: number[];
}

type Labels = readonly number[];

/** One step of gradient descent on the pictures of a batch: W ← W − ηXᵀ(ŷ − y)/n, b ← b − ηΣᵢ(ŷ − y)ᵢ/n. */
export function step({ weight, bias }: Network, x: MatrixLike, labels: Labels, rate: number): Network {
  const errors = sparseCrossEntropyGradient(dense(x, weight, bias), labels); // (ŷ − y)/n, a row for each picture
  const gradient = denseGradient(x, weight, errors);
  const slopes = toRows(gradient.weight);
  return {
    weight: weight.map((row, i) => row.map((w, j) => w - rate * slopes[i][j])),
    bias: bias.map((b, j) => b - rate * gradient.bias[j]),
  };
}

/** The mean of −log P(y | x). */
export function meanLoss({ weight, bias }: Network, x: MatrixLike, labels: Labels): number {
  return sparseCrossEntropy(dense(x, weight, bias), labels);
}

/** ŷ, a row for each picture. */
export const predict = ({ weight, bias }: Network, x: MatrixLike): number[][] =>
  toRows(softmax(dense(x, weight, bias)));

/** P(Y | X) = Πᵢ P(yᵢ | xᵢ). `round` is Math.fround for float32. Many factors below 1 underflow to 0. */
export function likelihood(p: readonly number[][], labels: Labels, round = (value: number) => value): number {
  return p.reduce((product, row, i) => round(product * round(row[labels[i]])), 1);
}

/** −log P(Y | X) = Σᵢ −log P(yᵢ | xᵢ): a sum, which does not underflow. */
export const minusLogLikelihood = (p: MatrixLike, labels: Labels): number =>
  negativeLogLikelihood(p, labels, { reduction: 'sum' });

/** The number of factors p ≤ 0.5 whose product is 0. */
export function factorsToZero(p: number, round = (value: number) => value): number {
  let count = 0;
  for (let product = 1; product > 0; count++) product = round(product * round(p));
  return count;
}
