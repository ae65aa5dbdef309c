// The front door of the reference: the hand-written float64 oracle, without TensorFlow.js.
/**
 * The reference: each function written by hand, in float64, without TensorFlow.js.
 *
 * @module softmax-regression/reference
 */
export {
  crossEntropy,
  crossEntropyGradient,
  crossEntropyHessianVector,
  sparseCrossEntropy,
  sparseCrossEntropyGradient,
  sparseCrossEntropyHessianVector,
} from './reference/cross-entropy.js';
export { type DenseGradient, dense, denseGradient } from './reference/dense.js';
export { type CentralDifferenceOptions, centralDifference } from './reference/finite-difference.js';
export {
  distributionCrossEntropy,
  entropy,
  type InformationOptions,
  klDivergence,
  negativeLogLikelihood,
  perplexity,
} from './reference/information.js';
export { asMatrix, type Matrix, type MatrixLike, toRows } from './reference/matrix.js';
export { fromOneHot, oneHot } from './reference/one-hot.js';
export { type PhmGradient, phm, phmGradient, phmWeight, quaternionFactors } from './reference/phm.js';
export { columnSums, kron, matmul, transpose } from './reference/products.js';
export type { Reduced, Reduction } from './reference/reduction.js';
export {
  logSoftmax,
  logSoftmaxGradient,
  logSoftmaxHessianVector,
  softmax,
  softmaxGradient,
  softmaxHessianVector,
} from './reference/softmax.js';
export type { CrossEntropyOptions, SparseCrossEntropyOptions } from './reference/weighing.js';
