// Prints a digest of the results of all float64 kernels on many problems, by the engine of the first argument:
// `WebAssembly` or `native`. The environment selects the vectors and threads of the addon.
import { createHash } from 'node:crypto';
import { Random } from '../../src/core/random.js';
import { Simd, useFloat64Kernels } from '../../src/core/simd.js';
import { finish } from '../../src/core/task.js';
import { sparseLossAndGradient } from '../../src/objective/sparse/sums.js';
import { nativeFloat64 } from './float64-engines.js';
import { type SparseShape, sparseProblem } from './sparse-problems.js';

if (process.argv[2] === 'native') useFloat64Kernels(nativeFloat64());

const random = new Random(3);
const simd = Simd.open() as Simd;
const hash = createHash('sha256');
const add = (numbers: Float64Array) => hash.update(new Uint8Array(numbers.slice().buffer));

/** Addresses, one after another, of arrays of numbers. */
function layout(...lengths: readonly number[]): { readonly at: readonly number[]; readonly memory: Float64Array } {
  let end = 0;
  const at = lengths.map((length) => {
    const start = end;
    end += 2 * Math.ceil(length / 2);
    return start;
  });
  const memory = (simd.numbers(end) as Float64Array).fill(0, 0, end);
  for (let i = 0; i < end; i++) memory[i] = random.normal();
  return { at, memory };
}

function sums(n: number, order: number, q: number, scale: number): void {
  const [width, pairs, rows] = [Math.ceil(order / 4) * 4, Math.ceil(q / 2), Math.ceil(n / 4) * 4];
  const columns = Math.ceil(order / 2) * 2;
  const { at, memory } = layout(
    ...[rows * width, 2 * pairs * order, 2 * pairs * width + 2, n, n, n * 2 * pairs, columns * width],
    2 * 32 * (pairs + width) + 8 * (2 * pairs + columns) * width,
  );
  const [, w, sum, shares, integers, out, gram] = at;
  const [atLabels, atScratch] = [8 * integers, 8 * at[7]];
  for (let i = 0; i < 2 * pairs * order; i++) {
    // The column that fills the last pair of classes is 0.
    const isPadding = i % 2 === 1 && 2 * Math.floor(i / 2 / order) + 1 >= q;
    memory[w + i] *= isPadding ? 0 : scale;
  }
  memory[shares] = 0;
  const numbers = new Int32Array(memory.buffer, atLabels, n);
  for (let i = 0; i < n; i++) numbers[i] = random.below(q);
  const { kernels } = simd;
  // In one block, which is continued, and in several.
  for (const isContinued of [true, false]) {
    const blockRows = isContinued ? 4096 : 32;
    kernels.evaluate(
      ...([0, n, 8 * width, 8 * w, order, q, atLabels, 8 * shares] as const),
      ...([blockRows, isContinued, 8 * sum, atScratch] as const),
    );
    add(memory.subarray(sum, sum + q * width));
    add(memory.subarray(sum + 2 * pairs * width, sum + 2 * pairs * width + 1));
  }
  kernels.probabilities(0, n, 8 * width, 8 * w, order, q, 8 * out, atScratch);
  for (let i = 0; i < n; i++) add(memory.subarray(out + 2 * pairs * i, out + 2 * pairs * i + q));
  const samples = Array.from({ length: n }, (_, i) => i).filter(() => random.below(3) > 0);
  numbers.set(samples);
  for (const isContinued of samples.length > 0 ? [true, false] : []) {
    const blockRows = isContinued ? 4096 : 32;
    kernels.gram(
      ...([0, 8 * width, columns, atLabels, 8 * shares, samples.length] as const),
      ...([blockRows, isContinued, 8 * gram, atScratch] as const),
    );
    for (let i = 0; i < columns; i++) add(memory.subarray(gram + i * width, gram + i * width + i + 1));
  }
}

function recursion(n: number): void {
  const { at, memory } = layout(n, n, n);
  add(Float64Array.of(simd.kernels.addAndDot(0, random.normal(), 8 * at[1], 8 * at[2], n)));
  add(memory.subarray(0, n));
}

function sparse(shape: SparseShape): void {
  const section = sparseProblem(shape, random);
  const point = Float64Array.from({ length: (shape.d + 1) * shape.q }, () => random.normal());
  const { loss, gradient } = finish(sparseLossAndGradient(section, point));
  add(Float64Array.of(loss));
  add(gradient);
}

for (let n = 1; n < 40; n++) recursion(n);
for (let q = 1; q < 70; q++) {
  sparse({ n: 1 + random.below(600), d: 1 + random.below(500), q, draws: 6, isSingle: q % 3 === 0 });
}
for (let problem = 0; problem < 100; problem++) {
  sums(1 + random.below(400), 1 + random.below(70), 2 + random.below(20), problem % 5 === 0 ? 100 : 1);
}
// Large enough for several threads.
sums(2000, 65, 10, 1);
for (const q of [1, 2, 20]) sparse({ n: 9000, d: 3000, q, draws: 60, isSingle: q > 1 });
console.log(hash.digest('hex'));
