// Large problems are evaluated on the backend, and polished in float64.
import * as tf from '@tensorflow/tfjs';
import { type FitProgress, Random, SoftmaxRegression } from 'softmax-regression';
import { certify } from '../../src/objective/certificate.js';
import { evaluatePlain, plainProblem } from '../../src/objective/float64.js';
import { TensorCholesky } from '../../src/objective/tensor-cholesky.js';
import { lbfgs } from '../../src/optim/lbfgs.js';
import { onEveryBackend } from '../helpers/backends.js';
import { classes, pixels } from '../helpers/pixels.js';

/** Pixels like those of a picture, near to their neighbours, and classes that most of them decide with certainty. */
function picturesOf(n: number, d: number) {
  const random = new Random(5);
  const values = new Uint8Array(n * d);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const scores = Float64Array.from({ length: 10 }, () => 5 * random.normal());
    for (let j = 0, level = 0; j < d; j++) {
      level = 0.8 * level + (random.below(3) === 0 ? 0.2 * random.below(256) : 0);
      values[i * d + j] = Math.min(255, 2 * level);
      scores[j % 10] += values[i * d + j];
    }
    labels[i] = scores.indexOf(Math.max(...scores));
  }
  return { features: { values, shape: [n, d] as const, scale: 255 }, labels };
}

const zerosOf = (model: SoftmaxRegression<number>) => model.weight.flatMap((row) => Array.from(row, (w) => w === 0));

onEveryBackend('a fit on tensors', (backend) => {
  it.each([
    ['', undefined],
    [', with weights', Float32Array.from(classes, (_, i) => (i * 7) % 5)],
  ])('matches the float64 optimum%s', async (_, sampleWeights) => {
    const l2 = 1e-3;
    const options = { solver: 'lbfgs', l2, tolerance: 1e-8, sampleWeights } as const;
    const { model, result } = await SoftmaxRegression.fit(pixels, classes, options);
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    const fitIntercept = true;
    const problem = plainProblem({
      features: pixels,
      labels: classes,
      numClasses: 10,
      sampleWeights,
      l2,
      fitIntercept,
    });
    const evaluate = (point: Float64Array) => evaluatePlain(problem, point);
    const start = Float64Array.from([...model.weight, model.bias].flatMap((row) => [...row]));
    const exact = await lbfgs({ evaluate, start, tolerance: 1e-10, maxIterations: 200 });
    expect(result.objective).toBeGreaterThanOrEqual(exact.value - 1e-12);
    expect(result.objective / exact.value).toBeAllClose(1, { rtol: 1e-9, atol: 0 });
    expect(result.suboptimality).toBeGreaterThanOrEqual(result.objective - exact.value);
    expect(result.suboptimality).toBeLessThan(1e-6);
  });

  // Plain JavaScript takes minutes.
  const itIfFast = backend === 'cpu' ? Object.assign(() => {}, { each: () => () => {} }) : it;

  // With l1, the Hessian of the weights that are not 0: made in float32, and again in float64.
  itIfFast.each([
    ['', { l2: 1e-7, tolerance: 1e-7 }, 41, 1],
    [' of the active set', { l1: 3e-5, tolerance: 1e-8 }, 41, 3],
    [' of the active set, in float64', { l1: 1e-5, tolerance: 1e-8 }, 54, 4],
  ] as const)(
    'takes few iterations from the Hessian%s on, and the same ones where it is resumed',
    async (_, options, at, times) => {
      const stopped = new Error('stopped');
      const checkpoints: Uint8Array[] = [];
      const { features, labels } = picturesOf(6000, 100);
      const before = tf.memory().numTensors;
      const parts: number[] = [];
      const onProgress = ({ step, steps }: FitProgress) => steps > 1 && parts.push(step);
      const { model, result } = await SoftmaxRegression.fit(features, labels, { ...options, onProgress });
      expect(tf.memory().numTensors).toBe(before);
      expect(parts).toEqual(Array.from({ length: 10 * times }, (_, i) => (i % 10) + 1));
      expect(result).toMatchObject({ converged: true, reason: 'gradient' });
      expect(result.iterations).toBeGreaterThan(41);
      expect(result.iterations).toBeLessThan(60);
      // Stopped after the Hessian was made.
      const controller = new AbortController();
      const interrupted = SoftmaxRegression.fit(features, labels, {
        ...options,
        signal: controller.signal,
        checkpoint: { write: (bytes) => void checkpoints.push(bytes) },
        onEpochEnd: (epoch) => {
          if (epoch === at) controller.abort(stopped);
        },
      });
      await expect(interrupted).rejects.toBe(stopped);
      expect(tf.memory().numTensors).toBe(before);
      const resumed = await SoftmaxRegression.fit(features, labels, { ...options, resume: checkpoints.at(-1) });
      expect(resumed.result.iterations).toBe(result.iterations);
      expect(resumed.model.weight).toEqual(model.weight);
      expect(resumed.model.bias).toEqual(model.bias);
    },
  );

  itIfFast('goes on without a Hessian that fails, and says so', async () => {
    const { features, labels } = picturesOf(6000, 100);
    const failing = jest.spyOn(TensorCholesky.prototype, 'append').mockRejectedValue(new Error('no memory'));
    const before = tf.memory().numTensors;
    const options = { l2: 1e-9, tolerance: 1e-12, maxIterations: 60 } as const;
    const { result } = await SoftmaxRegression.fit(features, labels, options).finally(() => failing.mockRestore());
    expect(tf.memory().numTensors).toBe(before);
    expect(result).toMatchObject({ converged: false, iterations: 60 });
    expect(result.advice).toBe(
      'Give `maxIterations: 500`. The Hessian was left out: it could not be computed: no memory.',
    );
  });

  itIfFast('passes on an error of a callback while the Hessian is made', async () => {
    const { features, labels } = picturesOf(6000, 100);
    const onProgress = ({ steps }: FitProgress) => {
      if (steps > 1) throw new Error('own');
    };
    await expect(SoftmaxRegression.fit(features, labels, { l2: 1e-7, onProgress })).rejects.toThrow('own');
  });

  it('matches the float64 optimum and its zeros, with l1', async () => {
    const [l1, l2] = [2e-3, 1e-3];
    const before = tf.memory().numTensors;
    const options = { l1, l2, tolerance: 1e-8 } as const;
    const { model, result } = await SoftmaxRegression.fit(pixels, classes, options);
    expect(tf.memory().numTensors).toBe(before);
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    expect(result.suboptimality).toBeLessThan(1e-6);
    const zeros = zerosOf(model).filter((isZero) => isZero).length;
    expect(zeros).toBeGreaterThan(200);
    expect(zeros).toBeLessThan(1990);
    // The reported numbers are those of float64.
    const problem = plainProblem({ features: pixels, labels: classes, numClasses: 10, l1, l2, fitIntercept: true });
    const point = Float64Array.from([...model.weight, model.bias].flatMap((row) => [...row]));
    expect(certify(problem, point)).toEqual({ objective: result.objective, suboptimality: result.suboptimality });
    const again = await SoftmaxRegression.fit(pixels, classes, { ...options, tolerance: 1e-10, warmStart: model });
    expect(zerosOf(again.model)).toEqual(zerosOf(model));
    expect(result.objective - again.result.objective).toBeLessThan(1e-10);
  });
});
