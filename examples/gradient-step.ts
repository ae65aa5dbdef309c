// One step of gradient descent by hand. The derivative of the loss with respect to the logits is ŷ − y, so that with
// respect to W is x(ŷ − y)ᵀ, each pixel times each error, and that with respect to b is ŷ − y. The picture, W and b are
// those of affine-network.ts; here the picture shows a cat, which the network takes for a dog (§3.4.6.2).
import * as tf from '@tensorflow/tfjs';
import { asTargets, crossEntropy, Dense, selectBackend, softmax } from 'softmax-regression';
import 'softmax-regression/node';

const CLASSES = ['cat', 'chicken', 'dog'];
const RATE = 0.5;
const x = [0.1, 0.9, 0.8, 0.2];
const y = [1, 0, 0];
/** Column j contains the weights of class j. */
const W = [
  [1, 0, -2],
  [-1, 2, 0.5],
  [0.5, -3, 1],
  [2, 0.25, 0],
];
const b = [0.5, -1, 0.5];

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const show = (values: ArrayLike<number>) => Array.from(values, (value) => value.toFixed(4).padStart(8)).join('');
  const sample = tf.tensor2d([x]);
  const targets = asTargets([y]);
  print(`${' '.repeat(12)}${CLASSES.map((name) => name.padStart(8)).join('')}`);
  print(`y           ${show(y)}`);

  using layer = new Dense({ inputs: 4, units: 3, weight: W, bias: b });
  const look = (when: string) =>
    tf.tidy(() => {
      const logits = layer.forward(sample);
      const probabilities = Array.from(softmax(logits).dataSync());
      const [loss] = crossEntropy(logits, targets).dataSync();
      print(`${when} ŷ    ${show(probabilities)}   loss ${loss.toFixed(4)}`);
      return probabilities;
    });
  const probabilities = look('before');
  const error = probabilities.map((p, j) => p - y[j]);
  print(`ŷ − y       ${show(error)}`);

  print('');
  print('∂ℓ/∂W = x(ŷ − y)ᵀ');
  const gradient = x.map((pixel) => error.map((e) => pixel * e));
  for (const [i, row] of gradient.entries()) print(`  x${'₁₂₃₄'[i]} = ${x[i]}  ${show(row)}`);
  const difference = tf.tidy(() => {
    const loss = (weight: tf.Tensor) =>
      crossEntropy(tf.matMul(sample, weight as tf.Tensor2D).add<tf.Tensor2D>(b), targets) as tf.Scalar;
    return tf.grad(loss)(tf.tensor2d(W)).sub(tf.tensor2d(gradient)).abs().max().dataSync()[0];
  });
  print(`autograd gives the same: ${difference < 1e-6}`);

  print('');
  print(`W ← W − ${RATE}·x(ŷ − y)ᵀ, b ← b − ${RATE}·(ŷ − y)`);
  tf.tidy(() => {
    layer.weight.assign(layer.weight.sub(tf.tensor2d(gradient).mul(RATE)));
    layer.bias.assign(layer.bias.sub(tf.tensor1d(error).mul(RATE)));
  });
  look('after ');
  tf.dispose([sample, targets]);
}

if (require.main === module) main();
