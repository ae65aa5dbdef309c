// training: where a fit begins, given another model.
import { DomainError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';

/** What a fit may begin from: a fitted model. */
export interface WarmStart {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly weight: readonly ArrayLike<number>[];
  readonly bias: ArrayLike<number>;
}

/** Of a class without samples, as much as of half a sample. */
const HALF = 0.5;

/**
 * W, [d, classes], followed by b, [classes], of the model for these classes, matched by label.
 *
 * A class that the model does not know begins with Wₖ = W̄, the mean over those of its classes that are left, and
 *
 *   bₖ = log nₖ + mean over those of (b_c − log n_c)
 *
 * As softmax(o) does not change where all logits move alike, W̄ is what 0 is where the columns sum to 0: it speaks neither
 * for the class nor against it. The bias is right where features say nothing, W = 0: the probabilities are then the
 * shares of the classes. A class that is left out takes its column with it; the others keep their odds.
 *
 * @param counts nₖ, the weight of the samples of each class
 * @throws ShapeError for another number of features; DomainError if no class is known, or `model` is no model
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
    const expected = `know one of the classes ${some}${classes.length > 10 ? ', …' : ''} at least`;
    throw new DomainError({ where, argument, expected, actual: `one of ${model.classes.slice(0, 10).map(describe)}` });
  }
  const q = classes.length;
  const point = new Float64Array((d + 1) * q);
  for (let j = 0; j <= d; j++) {
    const row = j < d ? model.weight[j] : model.bias;
    const mean = known.reduce((sum, column) => sum + row[column], 0) / known.length;
    columns.forEach((column, k) => {
      point[j * q + k] = column === undefined ? mean : row[column];
    });
  }
  if (!fitIntercept) return point.fill(0, d * q);
  const logs = Array.from(counts, (count) => Math.log(count > 0 ? count : HALF));
  const meanLog = logs.reduce((sum, log, k) => sum + (columns[k] === undefined ? 0 : log), 0) / known.length;
  columns.forEach((column, k) => {
    // The mean of the known biases is there already.
    if (column === undefined) point[d * q + k] += logs[k] - meanLog;
  });
  return point;
}
