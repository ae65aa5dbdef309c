// Mutants that are equivalent to the original, with the reason. A run fails if one of them is killed or does not exist.

export interface Equivalent {
  readonly file: string;
  /** The line before and after, as printed by the run. */
  readonly change: string;
  readonly reason: string;
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'nn/labels.ts',
    change:
      'const message = cause instanceof Error ? cause.message : String(cause); → const message = true ? cause.message : String(cause);',
    reason: 'Kernels only throw Errors. Anything else has no matching message and is rethrown unchanged in both cases.',
  },
  {
    file: 'optim/lbfgs.ts',
    change: 'if (!(size <= largest)) largest = size; → if (!(size < largest)) largest = size;',
    reason: 'If the two are equal, the assignment changes nothing.',
  },
  {
    file: 'reference/softmax.ts',
    change:
      'for (let k = 0; k < row.length; k++) result[k] = moved[k] * (gradient[k] - mean) - row[k] * drift; → for (let k = 0; k <= row.length; k++) result[k] = moved[k] * (gradient[k] - mean) - row[k] * drift;',
    reason: "The extra write is past the end of the row's typed array, so it is ignored.",
  },
  {
    file: 'reference/products.ts',
    change:
      'for (let column = 0; column < product.columns; column++) { → for (let column = 0; column <= product.columns; column++) {',
    reason:
      'The extra product is written to the first entry of the next row, which that row overwrites. The last one is past the end of the array.',
  },
  {
    file: 'nn/one-hot.ts',
    change:
      'if (!isTensor(labels)) return oneHotRows(checked, numClasses) as Targets; → if (false) return oneHotRows(checked, numClasses) as Targets;',
    reason: 'The labels of an array are checked before. A second check by the kernel costs time and changes no value.',
  },
  {
    file: 'optim/two-loop.ts',
    change: 'for (let i = 0; i < r.length; i++) r[i] = -r[i]; → for (let i = 0; i <= r.length; i++) r[i] = -r[i];',
    reason: 'The extra write is past the end of a typed array, so it is ignored.',
  },
  {
    file: 'reference/dense.ts',
    change:
      'for (let i = 0; i < logits.values.length; i++) logits.values[i] += b[i % w.columns]; → for (let i = 0; i <= logits.values.length; i++) logits.values[i] += b[i % w.columns];',
    reason: 'The extra write is past the end of a typed array, so it is ignored.',
  },
  {
    file: 'nn/reduction.ts',
    change:
      'if (perSample.shape[0] === 0) return tf.where(tf.scalar(false), perSample.sum(), tf.scalar(0)) as tf.Scalar; → if (perSample.shape[0] === 0) return tf.where(tf.scalar(false), perSample.mean(), tf.scalar(0)) as tf.Scalar;',
    reason: 'The branch of an empty sum is never selected. It exists for its gradient, which has no entries.',
  },
  {
    file: 'reference/products.ts',
    change: 'for (let i = 0; i < a.rows; i++) { → for (let i = 0; i <= a.rows; i++) {',
    reason: 'The extra row is past the end of the typed array, so the write is ignored.',
  },
  {
    file: 'optim/composite-quadratic.ts',
    change:
      'this.#work += 2 * (metric.isDiagonal ? part.length : square(part.length)); → this.#work += 1 * (metric.isDiagonal ? part.length : square(part.length));',
    reason: 'It counts work to decide when other tasks run. The moment changes no number.',
  },
  {
    file: 'reference/cross-entropy.ts',
    change: 'for (let k = 0; k < logits.columns; k++) { → for (let k = 0; k <= logits.columns; k++) {',
    reason: 'Past the last class, c[k] is undefined, which is not above 0.',
  },
  {
    file: 'nn/weighing.ts',
    change: 'if (labelSmoothing === 0) return targets; → if (labelSmoothing === (-1)) return targets;',
    reason: 'A shortcut: (1 − 0)·y + 0 is y.',
  },
  {
    file: 'nn/reduction.ts',
    change:
      'const share = tf.where(some, sum.reciprocal(), tf.scalar(0)); → const share = tf.where(some, sum.reciprocal(), tf.scalar(1));',
    reason: 'If all weights are 0, the loss and its gradient are 0, whatever finite number multiplies them.',
  },
  {
    file: 'nn/layer.ts',
    change:
      "if (tf.getBackend() !== 'wasm') return tf.matMul(features, logitsGradient, true, false); → if (true) return tf.matMul(features, logitsGradient, true, false);",
    reason: 'The same product in another order of kernels. Only the time on wasm differs.',
  },
  {
    file: 'reference/cross-entropy.ts',
    change: 'for (let i = 0; i < logits.rows; i++) { → for (let i = 0; i <= logits.rows; i++) {',
    reason: 'The extra row has no entries in the coefficients, so nothing is added.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'return Math.ceil(n / PANEL) * PANEL; → return Math.ceil(n * PANEL) * PANEL;',
    reason:
      'Rows that are further apart have the same numbers. If the memory is too small, the plain loops give the same bits.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'const length = (n + 3) * stride; → const length = (n + 4) * stride;',
    reason: 'The extra row is reserved but not read.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'const parts = new Float64Array(8); → const parts = new Float64Array(9);',
    reason: 'The ninth entry is not read.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'if (simd.resident !== factor) { → if (true) {',
    reason: 'It copies the same numbers again, which takes time and changes no number.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'for (let i = 0; i < n; i++) { → for (let i = 0; i <= n; i++) { (3)',
    reason: 'The extra write is past the end of a typed array, so it is ignored.',
  },
  {
    file: 'optim/block-products.ts',
    change: 'const x = filled * pairs * 2; → const x = filled * pairs * 3;',
    reason: 'The additional space for the result is not read.',
  },
  {
    file: 'optim/block-products.ts',
    change:
      "const end = half === 'lower' ? Math.min(k + 1, width) : width; → const end = false ? Math.min(k + 1, width) : width;",
    reason: 'It computes entries that are not read.',
  },
  {
    file: 'optim/block-products.ts',
    change:
      'if (scratch.length < count) scratch = new Float64Array(count); → if (scratch.length <= count) scratch = new Float64Array(count);',
    reason: 'It makes a new array of the same size, which is filled in both cases.',
  },
  {
    file: 'optim/block-products.ts',
    change: 'let scratch = new Float64Array(0); → let scratch = new Float64Array(1);',
    reason: 'The array grows at the first product, which has at least two numbers.',
  },
  {
    file: 'optim/block-products.ts',
    change: 'for (let k = 0; k < columns; k++) { → for (let k = 0; k <= columns; k++) {',
    reason: 'The extra column is not read from the result.',
  },
  {
    file: 'optim/compact-curvature.ts',
    change: 'for (let i = 0; i < size; i++) { → for (let i = 0; i <= size; i++) { (2)',
    reason: 'The extra row is past the end of the typed arrays, so the write is ignored.',
  },
  {
    file: 'optim/proximal-newton.ts',
    change: 'for (let j = 0; j < order; j++) { → for (let j = 0; j <= order; j++) { (2)',
    reason: 'The extra entries are past the end of the typed array, so the writes are ignored.',
  },
  {
    file: 'nn/cross-entropy.ts',
    change:
      'const targets = oneHotRows(isTensor(labels) ? refuseOutside(y, numClasses) : y, numClasses); → const targets = oneHotRows(true ? refuseOutside(y, numClasses) : y, numClasses);',
    reason: 'Labels of an array are checked before. A second check by the kernel changes no value.',
  },
  {
    file: 'metrics/ranking.ts',
    change:
      'return weightedMean(auc, new Array<number>(numClasses).fill(1)); → return weightedMean(auc, new Array<number>(numClasses).fill(2));',
    reason: 'A mean does not change when all its weights double.',
  },
  {
    file: 'nn/reduction.ts',
    change: 'if (n <= BLOCK) return values.sum(); → if (n < BLOCK) return values.sum();',
    reason: 'At that length the sum by blocks is also correct, to the same tolerance.',
  },
  {
    file: 'reference/products.ts',
    change:
      'for (let j = 0; j < columns; j++) result.values[j * rows + i] = values[i * columns + j]; → for (let j = 0; j <= columns; j++) result.values[j * rows + i] = values[i * columns + j];',
    reason: 'The extra write is past the end of a typed array, so it is ignored.',
  },
  {
    file: 'nn/weighing.ts',
    change:
      'return tf.where(weights.notEqual(0), perSample.mul(weights), tf.zerosLike(perSample)) as tf.Tensor1D; → return tf.where(weights.notEqual((-1)), perSample.mul(weights), tf.zerosLike(perSample)) as tf.Tensor1D;',
    reason: 'If a weight is 0, countedRows has replaced the logits, so the loss is finite and 0 times it is 0.',
  },
  {
    file: 'optim/compact-curvature.ts',
    change: 'for (let i = column + 1; i < size; i++) { → for (let i = column + 0; i < size; i++) {',
    reason: 'A row is not larger than itself.',
  },
  {
    file: 'reference/products.ts',
    change:
      'for (let j = 0; j < columns; j++) sums[j] += values[i * columns + j]; → for (let j = 0; j <= columns; j++) sums[j] += values[i * columns + j];',
    reason: 'The extra sum is past the end of a typed array, so the write is ignored.',
  },
  {
    file: 'reference/softmax.ts',
    change:
      'for (let k = 0; k < row.length; k++) result[k] = row[k] - maximum - Math.log1p(others); → for (let k = 0; k <= row.length; k++) result[k] = row[k] - maximum - Math.log1p(others);',
    reason: "The extra write is past the end of the row's typed array, so it is ignored.",
  },
  {
    file: 'optim/proximal-newton.ts',
    change:
      'else if (from[i] * target[i] >= 0) total += (gradient[i] + l1 * sign) * by; → else if (from[i] / target[i] >= 0) total += (gradient[i] + l1 * sign) * by;',
    reason: 'The two differ at a target of 0 only, where both sums are equal up to rounding.',
  },
];
