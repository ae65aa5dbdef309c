// The network of softmax regression is one fully connected layer. With 4 features and 3 classes it has 12 weights and
// 3 biases: o₁ = x₁w₁₁ + x₂w₁₂ + x₃w₁₃ + x₄w₁₄ + b₁, and likewise o₂ and o₃. For one sample, o = Wx + b with W of shape
// [3, 4]. Libraries store samples in rows, so the same numbers are O = XW + b with W of shape [4, 3] (§3.4.2, §3.4.5).
// The sample is the picture of the dog of one-hot-labels.ts. The pages of the chapter have the same picture, W and b.
import * as tf from '@tensorflow/tfjs';
import { Dense, selectBackend } from 'softmax-regression';
import 'softmax-regression/node';

const x = [0.1, 0.9, 0.8, 0.2];
/** Row j contains the weights wⱼ₁, …, wⱼ₄ of class j. */
const W = [
  [1, -1, 0.5, 2],
  [0, 2, -3, 0.25],
  [-2, 0.5, 1, 0],
];
const b = [0.5, -1, 0.5];

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const subscript = '₀₁₂₃₄';
  W.forEach((w, j) => {
    const letters = w.map((_, i) => `x${subscript[i + 1]}·w${subscript[j + 1]}${subscript[i + 1]}`).join(' + ');
    const numbers = w.map((weight, i) => `${x[i]}·(${weight})`).join(' + ');
    const o = w.reduce((sum, weight, i) => sum + x[i] * weight, b[j]);
    print(`o${subscript[j + 1]} = ${letters} + b${subscript[j + 1]}`);
    print(`   = ${numbers} + (${b[j]}) = ${o.toFixed(2)}`);
  });

  tf.tidy(() => {
    const column = tf.matMul(W, tf.tensor2d(x, [4, 1])).add(tf.tensor2d(b, [3, 1]));
    print('');
    print(`o = Wx + b with W ${shape(W)}, x a column: ${show(column)}`);
  });

  using layer = new Dense({ inputs: 4, units: 3, weight: transpose(W), bias: b });
  tf.tidy(() => {
    const row = layer.forward(tf.tensor2d([x]));
    print(`O = XW + b with W ${shape(layer.weight.arraySync())}, x a row:    ${show(row)}`);
  });
  print(`parameters: ${layer.weight.size} weights + ${layer.bias.size} biases = ${layer.numParameters}`);
}

const show = (tensor: tf.Tensor) => `(${Array.from(tensor.dataSync(), (value) => value.toFixed(2)).join(', ')})`;
const shape = (rows: number[][]) => `${rows.length} × ${rows[0].length}`;
const transpose = (rows: number[][]) => rows[0].map((_, i) => rows.map((row) => row[i]));

if (require.main === module) main();
