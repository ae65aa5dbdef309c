// optim: the penalties λ/2·‖W‖² and l1·‖W‖₁ on plain arrays.

/** λ/2·‖W‖² + l1·‖W‖₁ */
export function penaltyOf(weight: Float64Array, l2: number, l1 = 0): number {
  let square = 0;
  let size = 0;
  for (let j = 0; j < weight.length; j++) {
    square += weight[j] * weight[j];
    size += Math.abs(weight[j]);
  }
  return l2PenaltyOf(square, l2) + (l1 === 0 ? 0 : l1 * size);
}

/** λ/2·‖W‖², from ‖W‖². A select, not a product: 0·∞ is NaN. */
export function l2PenaltyOf(square: number, l2: number): number {
  return l2 === 0 ? 0 : (l2 / 2) * square;
}

/** Adds λW, the gradient of λ/2·‖W‖², to a gradient that begins with that of W. */
export function addL2Gradient(gradient: Float64Array, weight: Float64Array, l2: number): void {
  for (let j = 0; j < weight.length; j++) gradient[j] += l2 * weight[j];
}
