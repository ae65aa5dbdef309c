// A label need not be certain. Instead of a one-hot vector such as (0, 0, 1), y may be any distribution over the
// classes, such as (0.1, 0.2, 0.7). The loss ℓ(y, ŷ) = −Σⱼ yⱼ log ŷⱼ has the same formula and the same derivative
// softmax(o) − y. Its minimum is at softmax(o) = y, where it equals the entropy of y (§3.4.6.3).
import * as tf from '@tensorflow/tfjs';
import { asLogits, asTargets, crossEntropy, entropy, selectBackend, softmax } from 'softmax-regression';
import 'softmax-regression/node';

const HARD = [0, 0, 1];
const SOFT = [0.1, 0.2, 0.7];

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const show = (values: ArrayLike<number>) =>
    `(${Array.from(values, (value) => (Math.abs(value) < 5e-5 ? 0 : value).toFixed(4)).join(', ')})`;
  const examine = (o: number[], y: number[]) =>
    tf.tidy(() => {
      const [logits, targets] = [asLogits([o]), asTargets([y])];
      const { value, grad } = tf.valueAndGrad((at) => crossEntropy(at as tf.Tensor2D, targets))(logits);
      print(`y = ${show(y)}, ŷ = ${show(softmax(logits).dataSync())}`);
      print(`  loss     ${value.dataSync()[0].toFixed(4)}`);
      print(`  entropy  ${entropy(targets).dataSync()[0].toFixed(4)}`);
      print(`  gradient ${show(grad.dataSync())}`);
      print(`  ŷ − y    ${show(softmax(logits).sub(targets).dataSync())}`);
    });
  examine([1, 2, 3], HARD);
  examine([1, 2, 3], SOFT);
  examine(SOFT.map(Math.log), SOFT);
}

if (require.main === module) main();
