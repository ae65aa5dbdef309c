// The derivative of the loss with respect to the logits is the difference between the predicted and the true
// distribution: ∂ℓ/∂o = softmax(o) − y. It is computed in three ways: by the autograd of TensorFlow.js from ℓ = log Σₖ
// exp(oₖ) − Σₖ yₖoₖ, by the closed form, and by finite differences (ℓ(o + h) − ℓ(o − h)) / 2h. The same check then
// covers each parameter of a layer, and a wrong derivative (§3.4.6.2).
import * as tf from '@tensorflow/tfjs';
import {
  asLogits,
  backward,
  Dense,
  formatGradcheck,
  type Gradient,
  gradcheck,
  gradcheckLine,
  loadIris,
  oneHot,
  selectBackend,
  softmax,
} from 'softmax-regression';
import { centralDifference, crossEntropy } from 'softmax-regression/reference';
import 'softmax-regression/node';

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const o = [1, 2, 3];
  const y = [0, 1, 0];
  const show = (values: ArrayLike<number>) => Array.from(values, (value) => value.toFixed(6).padStart(11)).join('');
  tf.tidy(() => {
    const loss = (logits: tf.Tensor) => logits.exp().sum().log().sub(logits.mul(y).sum());
    print(`autograd            ${show(tf.grad(loss)(tf.tensor1d(o)).dataSync())}`);
    const probabilities = softmax(asLogits([o]));
    print(`softmax(o) − y      ${show(probabilities.sub([y]).dataSync())}`);
    print(`finite differences  ${show(centralDifference((moved) => crossEntropy([moved], [y]), o))}`);
  });

  const { features, labels, classNames } = loadIris();
  using layer = new Dense({ inputs: 4, units: 3 });
  const indices = labels.map((species) => classNames.indexOf(species));
  const problem = { layer, features: tf.tensor2d(features), targets: oneHot(indices, 3) };
  print('');
  print(formatGradcheck(gradcheck(problem)));

  // A common mistake: the sum over the samples instead of the mean.
  const sum: Gradient = (_, x, y) => tf.tidy(() => backward(layer, x, softmax(layer.forward(x)).sub(y)));
  print('');
  print('A wrong gradient on purpose, the sum over the samples instead of the mean. The check finds it:');
  print(gradcheckLine(gradcheck({ ...problem, gradient: sum })));
  tf.dispose([problem.features, problem.targets]);
}

if (require.main === module) main();
