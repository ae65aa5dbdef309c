// How good is a model? As good as the labels are likely under it: P(Y | X) = Πᵢ P(yᵢ | xᵢ). But a product of many numbers
// below 1 soon underflows to 0, in float32 after a few hundred samples and in float64 after a few thousand; then no model
// is better than another. Its negative logarithm, −log P(Y | X) = Σᵢ −log P(yᵢ | xᵢ), is a sum, and never underflows;
// to maximise the one is to minimise the other (§3.4.6.1).
import * as tf from '@tensorflow/tfjs';
import { asProbabilities, negativeLogLikelihood, selectBackend } from 'softmax-regression';
import 'softmax-regression/node';

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const models = { A: 0.8, B: 0.6 };
  print('           model A gives each label 0.8          model B gives each label 0.6');
  print('samples    float32   float64   −log P(Y | X)     float32   float64   −log P(Y | X)');
  for (const samples of [10, 100, 1_000, 10_000]) {
    const cells = Object.values(models).map((p) =>
      tf.tidy(() => {
        const probabilities = asProbabilities(new Array(samples).fill([p, 1 - p]));
        const labels = new Int32Array(samples);
        const [float32] = tf.prod(tf.fill([samples], p)).dataSync();
        const float64 = p ** samples;
        const [nll] = negativeLogLikelihood(probabilities, labels, { reduction: 'sum' }).dataSync();
        return product(float32).padStart(11) + product(float64).padStart(10) + nll.toFixed(1).padStart(16);
      }),
    );
    print(`${samples.toLocaleString('en').padStart(7)}${cells.join(' ')}`);
  }
}

const product = (value: number) => (value === 0 ? '0' : value.toExponential(1));

if (require.main === module) main();
