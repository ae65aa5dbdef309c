// Mutants that no test can tell from the package, each with the reason; a run fails if one of them is killed or is no mutant.

export interface Equivalent {
  readonly file: string;
  /** As the run prints it: the line before and after. */
  readonly change: string;
  readonly reason: string;
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'nn/labels.ts',
    change:
      'const message = cause instanceof Error ? cause.message : String(cause); → const message = true ? cause.message : String(cause);',
    reason:
      'Kernels throw nothing but Errors; anything else has no message that matches, and is thrown on as it is either way.',
  },
  {
    file: 'optim/lbfgs.ts',
    change: 'if (!(size <= largest)) largest = size; → if (!(size < largest)) largest = size;',
    reason: 'Where the two are equal, the assignment changes nothing.',
  },
  {
    file: 'reference/softmax.ts',
    change:
      'for (let k = 0; k < row.length; k++) result[k] = moved[k] * (gradient[k] - mean) - row[k] * drift; → for (let k = 0; k <= row.length; k++) result[k] = moved[k] * (gradient[k] - mean) - row[k] * drift;',
    reason: "The extra write lies behind the end of the row's typed array, which keeps nothing of it.",
  },
  {
    file: 'reference/products.ts',
    change:
      'for (let column = 0; column < product.columns; column++) { → for (let column = 0; column <= product.columns; column++) {',
    reason:
      'The extra product lands in the first entry of the next row, which that row then writes itself; the last one lies behind the array.',
  },
  {
    file: 'nn/one-hot.ts',
    change:
      'if (!isTensor(labels)) return oneHotRows(checked, numClasses) as Targets; → if (false) return oneHotRows(checked, numClasses) as Targets;',
    reason:
      'The labels of an array are checked before; to let the kernel check them again costs time, and changes no value.',
  },
  {
    file: 'optim/lbfgs.ts',
    change: 'for (let i = 0; i < r.length; i++) r[i] = -r[i]; → for (let i = 0; i <= r.length; i++) r[i] = -r[i];',
    reason: 'The extra write lies behind the end of a typed array, which keeps nothing of it.',
  },
  {
    file: 'reference/dense.ts',
    change:
      'for (let i = 0; i < logits.values.length; i++) logits.values[i] += b[i % w.columns]; → for (let i = 0; i <= logits.values.length; i++) logits.values[i] += b[i % w.columns];',
    reason: 'The extra write lies behind the end of a typed array, which keeps nothing of it.',
  },
  {
    file: 'nn/reduction.ts',
    change:
      'if (perSample.shape[0] === 0) return tf.where(tf.scalar(false), perSample.sum(), tf.scalar(0)) as tf.Scalar; → if (perSample.shape[0] === 0) return tf.where(tf.scalar(false), perSample.mean(), tf.scalar(0)) as tf.Scalar;',
    reason:
      'The branch of an empty sum is never the one that is chosen; it is there for its gradient, which has no entries.',
  },
  {
    file: 'reference/products.ts',
    change: 'for (let i = 0; i < a.rows; i++) { → for (let i = 0; i <= a.rows; i++) {',
    reason: 'The extra row lies behind the end of the typed array, which keeps nothing of it.',
  },
  {
    file: 'optim/composite-quadratic.ts',
    change:
      'this.#work += 2 * (metric.isDiagonal ? part.length : part.length ** 2); → this.#work += 1 * (metric.isDiagonal ? part.length : part.length ** 2);',
    reason: 'Counts work to decide when other tasks get a turn: when that is changes no number.',
  },
  {
    file: 'reference/cross-entropy.ts',
    change: 'for (let k = 0; k < logits.columns; k++) { → for (let k = 0; k <= logits.columns; k++) {',
    reason: 'Behind the last class c[k] is undefined, which is not above 0.',
  },
  {
    file: 'nn/weighing.ts',
    change: 'if (labelSmoothing === 0) return targets; → if (labelSmoothing === (-1)) return targets;',
    reason: 'A short cut: (1 − 0)·y + 0 is y.',
  },
  {
    file: 'nn/reduction.ts',
    change:
      'const share = tf.where(some, sum.reciprocal(), tf.scalar(0)); → const share = tf.where(some, sum.reciprocal(), tf.scalar(1));',
    reason: 'Where nothing weighs, the loss and its gradient are 0 whatever finite number they are multiplied by.',
  },
  {
    file: 'nn/layer.ts',
    change:
      "if (tf.getBackend() !== 'wasm') return tf.matMul(features, logitsGradient, true, false); → if (true) return tf.matMul(features, logitsGradient, true, false);",
    reason: 'The same product in another order of kernels: what differs is the time that wasm takes.',
  },
  {
    file: 'reference/cross-entropy.ts',
    change: 'for (let i = 0; i < logits.rows; i++) { → for (let i = 0; i <= logits.rows; i++) {',
    reason: 'The extra row has no entries in the coefficients, so nothing is added.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'const stride = Math.ceil(n / PANEL) * PANEL; → const stride = Math.ceil(n * PANEL) * PANEL;',
    reason:
      'Rows that lie further apart hold the same numbers; where that is more than the memory has, the plain loops give the same bits.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'const length = (n + 3) * stride; → const length = (n + 4) * stride;',
    reason: 'A row more is reserved, and not read.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'const parts = new Float64Array(8); → const parts = new Float64Array(9);',
    reason: 'The ninth is not read.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'if (resident !== factor) { → if (true) {',
    reason: 'Copies again what is there already: that takes time, and changes no number.',
  },
  {
    file: 'optim/cholesky.ts',
    change: 'for (let i = 0; i < n; i++) { → for (let i = 0; i <= n; i++) { (3)',
    reason: 'The extra write lies behind the end of a typed array, which keeps nothing of it.',
  },
  {
    file: 'optim/block-products.ts',
    change: 'const x = filled * pairs * 2; → const x = filled * pairs * 3;',
    reason: 'Half as much again is reserved for the result, and not read.',
  },
  {
    file: 'optim/block-products.ts',
    change:
      "const end = half === 'lower' ? Math.min(k + 1, width) : width; → const end = false ? Math.min(k + 1, width) : width;",
    reason: 'Computes what may be left out, and is not read.',
  },
  {
    file: 'optim/block-products.ts',
    change:
      'if (scratch.length < count) scratch = new Float64Array(count); → if (scratch.length <= count) scratch = new Float64Array(count);',
    reason: 'Makes a new array of the same size, which is filled either way.',
  },
  {
    file: 'optim/block-products.ts',
    change: 'let scratch = new Float64Array(0); → let scratch = new Float64Array(1);',
    reason: 'It grows at the first product, which has at least two numbers.',
  },
  {
    file: 'optim/block-products.ts',
    change: 'for (let k = 0; k < columns; k++) { → for (let k = 0; k <= columns; k++) {',
    reason: 'The extra column lies behind what is read of the result.',
  },
  {
    file: 'optim/compact-curvature.ts',
    change: 'for (let i = 0; i < size; i++) { → for (let i = 0; i <= size; i++) { (2)',
    reason: 'The extra row lies behind the end of the typed arrays, which keep nothing of it.',
  },
  {
    file: 'optim/proximal-newton.ts',
    change: 'for (let j = 0; j < order; j++) { → for (let j = 0; j <= order; j++) { (2)',
    reason: 'The extra entries lie behind the end of the typed array, which keeps nothing of them.',
  },
  {
    file: 'nn/cross-entropy.ts',
    change:
      'const targets = oneHotRows(isTensor(labels) ? refuseOutside(y, numClasses) : y, numClasses); → const targets = oneHotRows(true ? refuseOutside(y, numClasses) : y, numClasses);',
    reason: 'Labels of an array are checked before; to let the kernel check them again changes no value.',
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
    reason: 'At that length the sum by blocks is right as well, to the same tolerance.',
  },
  {
    file: 'reference/products.ts',
    change:
      'for (let j = 0; j < columns; j++) result.values[j * rows + i] = values[i * columns + j]; → for (let j = 0; j <= columns; j++) result.values[j * rows + i] = values[i * columns + j];',
    reason: 'The extra write lies behind the end of a typed array, which keeps nothing of it.',
  },
  {
    file: 'nn/weighing.ts',
    change:
      'return tf.where(weights.notEqual(0), perSample.mul(weights), tf.zerosLike(perSample)) as tf.Tensor1D; → return tf.where(weights.notEqual((-1)), perSample.mul(weights), tf.zerosLike(perSample)) as tf.Tensor1D;',
    reason: 'Where a weight is 0, countedRows has replaced the logits, so the loss is finite, and 0 times it is 0.',
  },
  {
    file: 'optim/compact-curvature.ts',
    change: 'for (let i = column + 1; i < size; i++) { → for (let i = column + 0; i < size; i++) {',
    reason: 'A row that is compared with itself is not larger.',
  },
  {
    file: 'reference/products.ts',
    change:
      'for (let j = 0; j < columns; j++) sums[j] += values[i * columns + j]; → for (let j = 0; j <= columns; j++) sums[j] += values[i * columns + j];',
    reason: 'The extra sum lies behind the end of a typed array, which keeps nothing of it.',
  },
  {
    file: 'reference/softmax.ts',
    change:
      'for (let k = 0; k < row.length; k++) result[k] = row[k] - maximum - Math.log1p(others); → for (let k = 0; k <= row.length; k++) result[k] = row[k] - maximum - Math.log1p(others);',
    reason: "The extra write lies behind the end of the row's typed array, which keeps nothing of it.",
  },
  {
    file: 'optim/proximal-newton.ts',
    change:
      'else if (from[i] * target[i] >= 0) total += (gradient[i] + l1 * sign) * by; → else if (from[i] / target[i] >= 0) total += (gradient[i] + l1 * sign) * by;',
    reason: 'Where it decides otherwise, at a target of 0, both sums are the same but for rounding.',
  },
];
