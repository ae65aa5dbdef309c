// The entropy H(P) = −Σⱼ P(j) log P(j) is the minimum mean code length for data drawn from P. The cross-entropy H(P, Q)
// is the mean length with a code made for Q, and the Kullback–Leibler divergence is the difference. So the loss of a
// classifier is the code length of the labels given the model. Nats divided by log 2 are bits (§3.4.7).
import * as tf from '@tensorflow/tfjs';
import {
  asProbabilities,
  columnStatistics,
  distributionCrossEntropy,
  entropy,
  klDivergence,
  loadIris,
  negativeLogLikelihood,
  perplexity,
  SoftmaxRegression,
  selectBackend,
  standardize,
} from 'softmax-regression';
import 'softmax-regression/node';

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  tf.tidy(() => {
    const [p, q] = [asProbabilities([[0.5, 0.25, 0.25]]), asProbabilities([[0.2, 0.3, 0.5]])];
    const both = (measure: (unit: 'nats' | 'bits') => tf.Scalar) =>
      (['nats', 'bits'] as const).map((unit) => `${measure(unit).dataSync()[0].toFixed(4)} ${unit}`).join(' = ');
    print(`P = (0.5, 0.25, 0.25), Q = (0.2, 0.3, 0.5)`);
    print(`  entropy H(P)           ${both((unit) => entropy(p, { unit }))}`);
    print(`  cross-entropy H(P, Q)  ${both((unit) => distributionCrossEntropy(p, q, { unit }))}`);
    print(`  divergence D(P ‖ Q)    ${both((unit) => klDivergence(p, q, { unit }))}`);
  });

  const iris = loadIris();
  const features = standardize(iris.features, columnStatistics(iris.features));
  const { model } = await SoftmaxRegression.fit(features, iris.labels, {
    solver: 'adam',
    learningRate: 0.05,
    batchSize: 32,
    epochs: 50,
  });
  const codes = iris.labels.map((species) => model.classes.indexOf(species));
  const report = (when: string, rows: readonly ArrayLike<number>[]) =>
    tf.tidy(() => {
      const probabilities = asProbabilities(rows);
      const [bits] = negativeLogLikelihood(probabilities, codes, { unit: 'bits' }).dataSync();
      const [classes] = perplexity(probabilities, codes).dataSync();
      const all = (codes.length * bits).toFixed(0);
      print(`  ${when} ${bits.toFixed(3)} bits per label, ${all} in total; perplexity ${classes.toFixed(3)}`);
    });
  print('');
  print('150 irises of 3 species');
  const undecided = codes.map(() => [1 / 3, 1 / 3, 1 / 3]);
  report('before training', undecided);
  report('after training ', model.predictProbabilities(features));
}

if (require.main === module) main();
