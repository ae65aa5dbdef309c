// The quality of a model is the likelihood of the labels, P(Y | X) = Πᵢ P(yᵢ | xᵢ). A product of many numbers below 1
// underflows to 0: with 0.45 each, after 130 samples in float32 and 933 in float64. Models are then no longer comparable.
// The negative logarithm, −log P(Y | X) = Σᵢ −log P(yᵢ | xᵢ), is a sum and does not underflow. Maximising the likelihood
// is the same as minimising it (§3.4.6.1).
import * as tf from '@tensorflow/tfjs';
import { asProbabilities, negativeLogLikelihood, selectBackend } from 'softmax-regression';
import 'softmax-regression/node';

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  print('          model A gives each label 0.45         model B gives each label 0.35');
  print('samples   float32   float64  −log P(Y | X)      float32   float64  −log P(Y | X)');
  for (const samples of [10, 50, 100, 1_000]) {
    const cells = [0.45, 0.35].map((p) =>
      tf.tidy(() => {
        const probabilities = asProbabilities(new Array(samples).fill([p, 1 - p]));
        const labels = new Array(samples).fill(0);
        const [float32] = tf.prod(tf.fill([samples], p)).dataSync();
        const float64 = new Float64Array(samples).fill(p).reduce((product, each) => product * each);
        const [nll] = negativeLogLikelihood(probabilities, labels, { reduction: 'sum' }).dataSync();
        return short(float32).padStart(10) + short(float64).padStart(10) + nll.toFixed(1).padStart(15);
      }),
    );
    print(`${`${samples}`.padStart(7)}${cells.join('   ')}`);
  }
}

const short = (value: number) => (value === 0 ? '0' : value.toExponential(1));

if (require.main === module) main();
