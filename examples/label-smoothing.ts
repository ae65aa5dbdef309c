// Label smoothing replaces a one-hot y by (1 − ε)y + ε/q: the label gets most of the probability, and every class gets an
// equal part of ε. The loss with one-hot labels falls for ever as the logit of the label grows. With smoothed labels it has
// a minimum at ŷ = (1 − ε)y + ε/q, so training does not push the logits apart without end (Szegedy et al. 2016).
import * as tf from '@tensorflow/tfjs';
import { asLogits, crossEntropy, oneHot, selectBackend, softmax } from 'softmax-regression';
import 'softmax-regression/node';

const EPSILON = 0.1;

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  print('o = (0, 0, t), the label is the third class');
  print(`     t  probability   loss, ε = 0   derivative   loss, ε = ${EPSILON}   derivative`);
  // The third line has the smoothed label as its probabilities: log((1 − 2ε/3) / (ε/3)).
  for (const t of [0, 1, Math.log((3 - 2 * EPSILON) / EPSILON), 10]) {
    tf.tidy(() => {
      const [logits, targets] = [asLogits([[0, 0, t]]), oneHot([2], 3)];
      const cells = [0, EPSILON].map((labelSmoothing) => {
        const loss = (o: tf.Tensor) => crossEntropy(o as tf.Tensor2D, targets, { labelSmoothing }) as tf.Scalar;
        const { value, grad } = tf.valueAndGrad(loss)(logits);
        const slope = grad.dataSync()[2];
        const derivative = Math.abs(slope) < 5e-7 ? 0 : slope;
        return `${value.dataSync()[0].toFixed(4).padStart(14)}${derivative.toFixed(4).padStart(13)}`;
      });
      print(`${t.toFixed(2).padStart(6)}${softmax(logits).dataSync()[2].toFixed(4).padStart(13)}${cells.join(' ')}`);
    });
  }

  print('');
  print('t after steps of gradient descent, t ← t − (softmax(o)₃ − y₃)');
  print(` steps       ε = 0     ε = ${EPSILON}`);
  for (const steps of [10, 100, 1000, 10_000]) {
    const ends = [1, 1 - EPSILON + EPSILON / 3].map((y) => {
      let t = 0;
      for (let step = 0; step < steps; step++) t -= Math.exp(t) / (2 + Math.exp(t)) - y;
      return t.toFixed(2);
    });
    print(`${String(steps).padStart(6)}${ends.map((t) => t.padStart(12)).join('')}`);
  }
}

if (require.main === module) main();
