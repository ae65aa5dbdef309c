// Samples with one column that is far from 0 relative to its deviation, or very small or large.
import { Random } from 'softmax-regression';

const N = 200;

/** Two columns: m + s·z and another; the same column as z; and labels that follow both. */
export function farColumns(
  mean: number,
  deviation: number,
): { readonly rows: number[][]; readonly near: number[][]; readonly labels: ('a' | 'b' | 'c')[] } {
  const random = new Random(3);
  const drawn = Array.from({ length: N }, () => [random.normal(), random.normal(), random.normal()]);
  const rows = drawn.map(([z, other]) => [mean + deviation * z, other]);
  // From the stored numbers, so that both have the same digits.
  const near = rows.map(([x, other]) => [(x - mean) / deviation, other]);
  const labels = near.map(([z, other], i) => {
    const score = 2 * z + other + drawn[i][2];
    return score > 1 ? 'a' : score > -1 ? 'b' : 'c';
  });
  return { rows, near, labels };
}
