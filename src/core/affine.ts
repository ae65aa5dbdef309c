// core: the parameters of an affine map as plain arrays.

/** A weight matrix and a bias, as stored in a fitted model. */
export interface Affine {
  /** W, row-major, [inputs, units]. */
  readonly weight: Float32Array;
  /** b, [units]. */
  readonly bias: Float32Array;
}
