// web: the code of page 5, as it is shown there.
import {
  crossEntropy,
  crossEntropyGradient,
  dense,
  denseGradient,
  softmax,
  toRows,
} from 'softmax-regression/reference';

type Rows = readonly (readonly number[])[];

/** Three rows with a number for each class: the weights of x₁, the weights of x₂, the biases. */
export type Model = Rows;

const logits = ([w1, w2, bias]: Model, points: Rows) => dense(points, [w1, w2], bias);

export const probabilities = (model: Model, points: Rows): number[][] => toRows(softmax(logits(model, points)));

/** The mean over all points. */
export const loss = (model: Model, points: Rows, targets: Rows): number => crossEntropy(logits(model, points), targets);

/** Of the loss and a small penalty on the weights, λ/2·‖W‖² with λ = 0.003. */
export function gradient(model: Model, points: Rows, targets: Rows): number[][] {
  const error = crossEntropyGradient(logits(model, points), targets);
  const { weight, bias } = denseGradient(points, model.slice(0, 2), error);
  return [...toRows(weight).map((row, i) => row.map((g, j) => g + 0.003 * model[i][j])), [...bias]];
}

/** Steps with all points, each with 0.9 of the step before, until no entry of the gradient is above 1e-6. */
export function train(points: Rows, targets: Rows): Model {
  let model = [0, 1, 2].map(() => targets[0].map(() => 0));
  let step = model;
  for (let count = 0; count < 5000; count++) {
    const g = gradient(model, points, targets);
    if (Math.max(...g.flat().map(Math.abs)) < 1e-6) break;
    step = step.map((row, i) => row.map((each, j) => 0.9 * each - g[i][j]));
    model = model.map((row, i) => row.map((each, j) => each + step[i][j]));
  }
  return model;
}

/** The logits of classes j and k are equal where a·x₁ + b·x₂ + c = 0. */
export const border = (model: Model, j: number, k: number): number[] => model.map((row) => row[j] - row[k]);
