// The model file of a fit of sparse rows does not depend on the engine of the kernels.
import { createHash } from 'node:crypto';
import { Random } from '../src/core/random.js';
import { type Float64Kernels, useFloat64Kernels } from '../src/core/simd.js';
import { SoftmaxRegression } from '../src/index.js';
import { nativeFloat64 } from './helpers/float64-engines.js';
import { sparseMatrix } from './helpers/sparse-problems.js';

const native = nativeFloat64();

function samplesOf(d: number) {
  const random = new Random(12);
  const drawn = sparseMatrix({ n: 700, d, q: 3, draws: 12 }, random);
  const matrix = { ...drawn, values: drawn.values.map(() => 0.1 + random.uniform()) };
  const first = (i: number) => matrix.indices[matrix.starts[i]] ?? 0;
  return { matrix, labels: Array.from({ length: 700 }, (_, i) => 'abc'[(first(i) + random.below(2)) % 3]) };
}

async function digestOf(kernels: Float64Kernels | undefined, d: number, l1: number): Promise<string> {
  useFloat64Kernels(kernels);
  const { matrix, labels } = samplesOf(d);
  const { model } = await SoftmaxRegression.fit(matrix, labels, { l1, l2: 0.001, maxIterations: 60 });
  return createHash('sha256')
    .update(await model.toBytes())
    .digest('hex');
}

(native === undefined ? describe.skip : describe)('the model file of a sparse fit', () => {
  afterAll(() => useFloat64Kernels(undefined));

  it.each([
    ['few columns', 60, 0],
    ['few columns and l1', 60, 0.003],
    ['more columns than are factored', 1500, 0],
    ['many columns and l1', 1500, 0.003],
  ] as const)('has the same bytes by native kernels and by WebAssembly: %s', async (_, d, l1) => {
    expect(await digestOf(native, d, l1)).toBe(await digestOf(undefined, d, l1));
  });

  it('is seen to differ if a kernel is wrong by a little', async () => {
    const planted = {
      ...(native as Float64Kernels),
      sparseGradient(...given: Parameters<Float64Kernels['sparseGradient']>) {
        native?.sparseGradient(...given);
        const gradient = given[8];
        for (let i = 0; i < gradient.length; i++) gradient[i] *= 1 + 1e-4;
      },
    };
    expect(await digestOf(planted, 1500, 0)).not.toBe(await digestOf(undefined, 1500, 0));
  });
});
