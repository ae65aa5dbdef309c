// The front door for browsers and Node: named re-exports only, grouped by room.
// core
export {
  BackendError,
  DomainError,
  type ErrorCode,
  FormatError,
  isSoftmaxRegressionError,
  ShapeError,
  SoftmaxRegressionError,
} from './core/errors.js';
export { Random, type RandomState } from './core/random.js';
export { FINITE_DIFFERENCE, FLOAT32, FLOAT64, type Tolerance } from './core/tolerance.js';
