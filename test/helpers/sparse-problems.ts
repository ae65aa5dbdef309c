// Sparse samples of a seed, as text has them: few columns are in many rows, and most are in few.
import type { Random } from '../../src/core/random.js';
import type { FeatureArray } from '../../src/data/batches.js';
import type { SparseMatrix } from '../../src/data/matrix.js';
import { type SparseSection, sparseSection } from '../../src/objective/sparse/section.js';

export interface SparseShape {
  readonly n: number;
  readonly d: number;
  readonly q: number;
  /** Draws of a column for each row; a column is taken once. Every seventh row is empty. */
  readonly draws: number;
  readonly isSingle?: boolean;
}

/** Values that a sum may round, cancel or lose: −0 and subnormal numbers too. */
const ODD = [-0, 0, 5e-324, -1e-310, 1e16, -1e16, 1e-16];

export function sparseMatrix({ n, d, draws, isSingle }: SparseShape, random: Random): SparseMatrix {
  const starts = new Int32Array(n + 1);
  const [indices, values]: number[][] = [[], []];
  for (let i = 0; i < n; i++) {
    const columns = new Set<number>();
    for (let draw = 0; draw < draws && d > 0 && i % 7 !== 3; draw++) {
      const uniform = random.below(2 ** 30) / 2 ** 30;
      columns.add(Math.floor(d ** uniform) - 1);
    }
    for (const column of [...columns].sort((a, b) => a - b)) {
      indices.push(column);
      values.push(random.below(20) === 0 ? ODD[random.below(ODD.length)] : random.normal());
    }
    starts[i + 1] = indices.length;
  }
  const Type = isSingle ? Float32Array : Float64Array;
  return { starts, indices: Int32Array.from(indices), values: Type.from(values), shape: [n, d] };
}

/** Samples, of which some have no weight. */
export function sparseProblem(shape: SparseShape, random: Random): SparseSection {
  const { n, q } = shape;
  return sparseSection(sparseMatrix(shape, random), {
    labels: Int32Array.from({ length: n }, () => random.below(q)),
    shares: Float64Array.from({ length: n }, () => [0, 1, 2.5, 1][random.below(4)] / n),
    numClasses: q,
  });
}

export function denseTwin({ starts, indices, values, shape: [n, d] }: SparseMatrix): FeatureArray {
  const dense = new Float64Array(n * d);
  for (let i = 0; i < n; i++)
    for (let at = starts[i]; at < starts[i + 1]; at++) dense[i * d + indices[at]] = values[at];
  return { values: dense, shape: [n, d] };
}

/** The rows from `from` to `to` as samples of their own. */
export function sectionOf(
  { matrix, labels, shares, numClasses }: SparseSection,
  from: number,
  to: number,
): SparseSection {
  const { starts, indices, values, shape } = matrix;
  const [first, end] = [starts[from], starts[to]];
  const rows = {
    starts: starts.slice(from, to + 1).map((start) => start - first),
    indices: indices.slice(first, end),
    values: values.slice(first, end),
    shape: [to - from, shape[1]] as const,
  };
  return sparseSection(rows, { labels: labels.slice(from, to), shares: shares.slice(from, to), numClasses });
}
