// The derivative of the loss with respect to the logits is the difference between what the model says and what is true:
// ∂ℓ/∂o = softmax(o) − y. Here it is computed three ways: by TensorFlow.js differentiating ℓ = log Σₖ exp(oₖ) − Σₖ yₖoₖ
// on its own, by the closed form, and by finite differences (ℓ(o + h) − ℓ(o − h)) / 2h. Then the same for each parameter
// of a whole layer, and for a derivative that is wrong (§3.4.6.2).
import * as tf from '@tensorflow/tfjs';
import {
  asLogits,
  backward,
  Dense,
  formatGradcheck,
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
  const [o, y] = [
    [1, 2, 3],
    [0, 1, 0],
  ];
  const show = (values: ArrayLike<number>) => Array.from(values, (value) => value.toFixed(6).padStart(11)).join('');
  tf.tidy(() => {
    const loss = (logits: tf.Tensor) => logits.exp().sum().log().sub(logits.mul(y).sum());
    print(`autograd            ${show(tf.grad(loss)(tf.tensor1d(o)).dataSync())}`);
    print(
      `softmax(o) − y      ${show(
        softmax(asLogits([o]))
          .sub([y])
          .dataSync(),
      )}`,
    );
    print(`finite differences  ${show(centralDifference((moved) => crossEntropy([moved], [y]), o))}`);
  });

  const { features, labels, classNames } = loadIris();
  using layer = new Dense({ inputs: 4, units: 3 });
  const [X, Y] = [
    tf.tensor2d(features),
    oneHot(
      labels.map((species) => classNames.indexOf(species)),
      3,
    ),
  ];
  print('');
  print(formatGradcheck(gradcheck({ layer, features: X, targets: Y })));

  // The mistake that one makes: the sum over samples where the mean was meant.
  const forgetful = () => tf.tidy(() => backward(layer, X, softmax(layer.forward(X)).sub(Y)));
  print('');
  print(gradcheckLine(gradcheck({ layer, features: X, targets: Y, gradient: forgetful })));
  tf.dispose([X, Y]);
}

if (require.main === module) main();
