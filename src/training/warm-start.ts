// training: the initial parameters of a fit from another model.

import type { Columns } from '../core/affine.js';
import { log } from '../core/elementary.js';
import { DomainError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';

/** A fitted model to start from. */
export interface WarmStart {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly weight: readonly ArrayLike<number>[];
  readonly bias: ArrayLike<number>;
  readonly columns?: Columns;
}

/** The assumed weight of a class without samples: half a sample. */
const HALF = 0.5;

/**
 * W, [d, classes], followed by b, [classes], of the model for these classes, matched by label.
 *
 * A class that is new to the model starts with Wₖ = W̄, the mean over the classes that both have, and
 *
 *   bₖ = log nₖ + mean over those classes of (b_c − log n_c)
 *
 * W̄ is neutral: softmax(o) does not change when all logits shift equally, so W̄ acts like 0 for columns that sum to 0.
 * With W = 0, this bias makes the probabilities equal to the class shares. The column of a class that is no longer used
 * is dropped; the odds of the others do not change.
 *
 * @param counts nₖ, the total weight of the samples of each class
 * @throws ShapeError if the number of features differs; DomainError if no class matches, or `model` is not a model
 */
export function startFrom(
  model: WarmStart,
  classes: readonly Label[],
  counts: ArrayLike<number>,
  d: number,
  fitIntercept: boolean,
  where: string,
): Float64Array {
  const argument = 'warmStart';
  if (!Array.isArray(model?.classes) || !Array.isArray(model.weight)) {
    throw new DomainError({ where, argument, expected: 'be a fitted model', actual: describe(model) });
  }
  if (model.numFeatures !== d) {
    const actual = `one of ${model.numFeatures} features`;
    throw new ShapeError({ where, argument, expected: `be a model of ${d} features, as the samples have`, actual });
  }
  const places = new Map(model.classes.map((label, place) => [label, place]));
  const columns = classes.map((label) => places.get(label));
  const known = columns.filter((column) => column !== undefined);
  if (known.length === 0) {
    const some = classes.slice(0, 10).map(describe).join(', ');
    const expected = `have at least one of the classes ${some}${classes.length > 10 ? ', …' : ''}`;
    throw new DomainError({ where, argument, expected, actual: `one of ${model.classes.slice(0, 10).map(describe)}` });
  }
  const q = classes.length;
  const point = new Float64Array((d + 1) * q);
  // A model copies its weights at each access.
  const { weight, bias } = model;
  for (let j = 0; j <= d; j++) {
    const row = j < d ? weight[j] : bias;
    const mean = known.reduce((sum, column) => sum + row[column], 0) / known.length;
    columns.forEach((column, k) => {
      point[j * q + k] = column === undefined ? mean : row[column];
    });
  }
  if (!fitIntercept) return point.fill(0, d * q);
  const logs = Array.from(counts, (count) => log(count > 0 ? count : HALF));
  const meanLog = logs.reduce((sum, each, k) => sum + (columns[k] === undefined ? 0 : each), 0) / known.length;
  columns.forEach((column, k) => {
    // Already set to the mean of the known biases.
    if (column === undefined) point[d * q + k] += logs[k] - meanLog;
  });
  return point;
}
