// `precision: 'float64'`: no backend computes, whatever the size, and every function that fits passes it on.
import {
  crossValidate,
  type FitOptions,
  lambdaPath,
  learningCurve,
  Random,
  SoftmaxRegression,
} from 'softmax-regression';
import * as tensors from '../src/objective/tensor.js';
import { useBackend } from './helpers/backends.js';

/** Just more multiply-adds than `fit` does on plain arrays by default, most of them by zeros. */
const [n, d, q] = [1300, 160, 25];
const random = new Random(11);
const labels = Array.from({ length: n }, (_, i) => i % q);
const values = new Float32Array(n * d);
for (let i = 0; i < n; i++) {
  for (let j = 0; j < 8; j++) values[i * d + random.below(d)] = random.uniform();
  values[i * d + labels[i]] += 0.5;
}
const features = { values, shape: [n, d] as const };

const openTensors = jest.spyOn(tensors, 'openTensorObjective');

describe('precision', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => openTensors.mockReset().mockRejectedValue(new Error('on tensors')));

  const fitted = (options: FitOptions<number>) => SoftmaxRegression.fit(features, labels, options);

  it("'float64' solves a large problem to 1e-9 without the backend", async () => {
    const { model, result } = await fitted({ precision: 'float64', l2: 0.1, tolerance: 1e-9 });
    expect(openTensors).not.toHaveBeenCalled();
    expect(result).toMatchObject({ converged: true, reason: 'gradient' });
    expect(result.gradientNorm).toBeLessThan(1e-9);
    expect(model.options).toMatchObject({ precision: 'float64' });
  });

  it.each([{}, { precision: 'auto' }] as const)(
    'is auto by default, which solves it on the backend: %j',
    async (options) => {
      await expect(fitted(options)).rejects.toThrow('on tensors');
    },
  );

  it('reaches the fits of crossValidate, lambdaPath and learningCurve', async () => {
    const options = { precision: 'float64', folds: 2, maxIterations: 1 } as const;
    const large = { values: new Float32Array(2 * n * d), shape: [2 * n, d] as const };
    large.values.set(values);
    large.values.set(values, n * d);
    const twice = [...labels, ...labels];
    await crossValidate(large, twice, options);
    await lambdaPath(large, twice, { ...options, l2: [0.1], refit: 'best' });
    await learningCurve(large, twice, { ...options, sizes: [n] });
    expect(openTensors).not.toHaveBeenCalled();
    const { precision: _, ...auto } = options;
    await expect(crossValidate(large, twice, auto)).rejects.toThrow('on tensors');
  });

  it('resumes with the bits of a fit that was not interrupted, and not with another precision', async () => {
    const options = { precision: 'float64', l2: 0.01 } as const;
    const written: Uint8Array[] = [];
    const write = (bytes: Uint8Array) => void written.push(bytes);
    const whole = await fitted({ ...options, maxIterations: 16 });
    await fitted({ ...options, maxIterations: 13, checkpoint: { write } });
    const resume = written.at(-1);
    const resumed = await fitted({ ...options, maxIterations: 16, resume });
    expect(resumed.model.toBytes()).toEqual(whole.model.toBytes());
    expect(resumed.result.history).toEqual(whole.result.history);
    await expect(fitted({ l2: 0.01, maxIterations: 16, resume })).rejects.toMatchObject({
      ...{ argument: 'precision', actual: 'nothing' },
      expected: 'be as when the checkpoint was written, `precision: "float64"`',
    });
  });

  it('is an option of lbfgs alone', async () => {
    await expect(fitted({ solver: 'adam', precision: 'float64' })).rejects.toMatchObject({
      argument: 'precision',
      hint: "Leave it out: it is an option of `solver: 'lbfgs'`.",
    });
  });
});
