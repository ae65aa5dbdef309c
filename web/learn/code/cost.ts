// web: the code of page 3, as it is shown there.
/** The numbers of a full layer: a weight for each input and output, and a bias for each output. */
export const denseCost = (d: number, q: number): number => d * q + q;

/** The numbers of W = Σᵢ Aᵢ ⊗ Sᵢ, i = 1 … n, and the biases: Sᵢ is d/n × q/n, Aᵢ is n × n. */
export function phmCost(d: number, q: number, n: number) {
  const components = n * (d / n) * (q / n);
  const factors = n * n * n;
  return { components, factors, biases: q, total: components + factors + q };
}

/** Every n that divides d and q. There is no layer for other n. */
export function divisors(d: number, q: number): number[] {
  const upToLeast = Array.from({ length: Math.min(d, q) }, (_, i) => i + 1);
  return upToLeast.filter((n) => d % n === 0 && q % n === 0);
}

/** The n with the fewest numbers. It is near ⁴√(dq/3), where the derivative −dq/n² + 3n² is 0. */
export function cheapest(d: number, q: number): number {
  const cost = (n: number) => phmCost(d, q, n).total;
  return divisors(d, q).reduce((best, n) => (cost(n) < cost(best) ? n : best));
}
