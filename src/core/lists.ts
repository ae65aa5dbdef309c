// core: Math.max, Math.min and Math.hypot of lists of any length. A list that is spread into arguments overflows the stack.

/** The largest number, −∞ without numbers, NaN if one is NaN. */
export function maxOf(numbers: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < numbers.length; i++) most = Math.max(most, numbers[i]);
  return most;
}

/** The smallest number, ∞ without numbers, NaN if one is NaN. */
export function minOf(numbers: ArrayLike<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < numbers.length; i++) least = Math.min(least, numbers[i]);
  return least;
}

/** √Σᵢ xᵢ², without overflow of the squares, by Kahan's sum: the bits of V8's Math.hypot. */
export function hypotOf(numbers: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < numbers.length; i++) most = Math.max(most, Math.abs(numbers[i]));
  if (most === 0 || !Number.isFinite(most)) return most;
  let sum = 0;
  let compensation = 0;
  for (let i = 0; i < numbers.length; i++) {
    const ratio = numbers[i] / most;
    const summand = ratio * ratio - compensation;
    const next = sum + summand;
    compensation = next - sum - summand;
    sum = next;
  }
  return Math.sqrt(sum) * most;
}
