/** The lower half of a square matrix. */
export function lowerOf(matrix: Float64Array | undefined): Float64Array | undefined {
  if (matrix === undefined) return undefined;
  const order = Math.sqrt(matrix.length);
  return matrix.filter((_, at) => at % order <= at / order);
}
