// softmax(o)ⱼ = exp(oⱼ) / Σₖ exp(oₖ) turns logits into probabilities in the same order, so argmax ŷ = argmax o. Softmax
// is not linear, but softmax regression is a linear model: the decision between two classes changes where their logits
// are equal, (wⱼ − wₖ)ᵀx + bⱼ − bₖ = 0, which is a straight line (a hyperplane) in the feature space (§3.4.4).
import * as tf from '@tensorflow/tfjs';
import { asLogits, Dense, selectBackend, softmax } from 'softmax-regression';
import 'softmax-regression/node';

/** x₁ from −2 to 2, x₂ from 4/3 down to −4/3, with the aspect ratio of characters. */
const HORIZONTAL = Array.from({ length: 49 }, (_, i) => (i - 24) / 12);
const VERTICAL = Array.from({ length: 17 }, (_, i) => (8 - i) / 6);

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const show = (row: tf.Tensor) => Array.from(row.dataSync(), (value) => value.toFixed(4).padStart(9)).join('');
  tf.tidy(() => {
    const o = asLogits([[0.5, -2, 3, 1]]);
    print(`o                ${show(o)}   argmax ${o.argMax(1).dataSync()[0]}`);
    print(`softmax(o)       ${show(softmax(o))}   argmax ${softmax(o).argMax(1).dataSync()[0]}`);
    print(`softmax(o + 1000)${show(softmax(o.add(1000)))}   stable, though exp(1000) = ${Math.exp(1000)}`);
    print(`softmax(2·o)     ${show(softmax(o.mul(2)))}   not linear: 2·softmax(o) would be`);
    print(`                 ${show(softmax(o).mul(2))}`);
  });

  // o₁ = 2x₁, o₂ = −x₁ + 2x₂ + 0.5, o₃ = −x₁ − 2x₂
  const weight = [
    [2, -1, -1],
    [0, 2, -2],
  ];
  using layer = new Dense({ inputs: 2, units: 3, weight, bias: [0, 0.5, 0] });
  tf.tidy(() => {
    const column = (k: number, rows: tf.Tensor2D) => show(rows.slice([0, k - 1], [-1, 1]));
    const walk = layer.forward(tf.tensor2d([0, 1, 2, 3, 4].map((step) => [step / 2 - 1, step / 4])));
    print('');
    print('points in equal steps along a straight line');
    print(`  o₁ (equal steps too) ${column(1, walk)}`);
    print(`  ŷ₁                   ${column(1, softmax(walk))}`);

    const border = softmax(layer.forward(tf.tensor2d([0, 0.5, 1, 1.5].map((x2) => [(2 * x2 + 0.5) / 3, x2]))));
    print('points on the straight line o₁ − o₂ = 3x₁ − 2x₂ − 0.5 = 0');
    print(`  ŷ₁                   ${column(1, border)}`);
    print(`  ŷ₂                   ${column(2, border)}`);

    const plane = tf.tensor2d(VERTICAL.flatMap((x2) => HORIZONTAL.map((x1) => [x1, x2])));
    const winners = softmax(layer.forward(plane)).argMax(1).arraySync() as number[];
    print('');
    print('the most probable of three classes in the plane of two features: straight borders');
    VERTICAL.forEach((_, row) => {
      const line = winners.slice(row * HORIZONTAL.length, (row + 1) * HORIZONTAL.length);
      print(`  ${line.map((winner) => '·+#'[winner]).join('')}`);
    });
  });
}

if (require.main === module) main();
