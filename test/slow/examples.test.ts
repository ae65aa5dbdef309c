// Every example runs, and prints the numbers that it explains.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PassThrough } from 'node:stream';
import * as tf from '@tensorflow/tfjs';
import { parseCsv, SoftmaxRegression } from 'softmax-regression';
import * as affineNetwork from '../../examples/affine-network.js';
import * as compileMlp from '../../examples/compile-mlp.js';
import * as derivative from '../../examples/derivative.js';
import * as fashionMnist from '../../examples/fashion-mnist.js';
import * as gradientStep from '../../examples/gradient-step.js';
import * as http from '../../examples/http.js';
import * as information from '../../examples/information.js';
import * as labelSmoothing from '../../examples/label-smoothing.js';
import * as likelihood from '../../examples/likelihood.js';
import * as minibatch from '../../examples/minibatch.js';
import * as oneHotLabels from '../../examples/one-hot-labels.js';
import * as parameterCost from '../../examples/parameter-cost.js';
import * as quickstart from '../../examples/quickstart.js';
import * as report from '../../examples/report.js';
import * as softLabels from '../../examples/soft-labels.js';
import * as softmaxOperation from '../../examples/softmax-operation.js';
import * as surprisal from '../../examples/surprisal.js';
import { TEST_BACKENDS, useBackend } from '../helpers/backends.js';

const FOLDER = join(__dirname, '../../examples');
const EXAMPLES = {
  'affine-network': affineNetwork,
  'compile-mlp': compileMlp,
  derivative,
  'fashion-mnist': fashionMnist,
  'gradient-step': gradientStep,
  http,
  information,
  'label-smoothing': labelSmoothing,
  likelihood,
  minibatch,
  'one-hot-labels': oneHotLabels,
  'parameter-cost': parameterCost,
  quickstart,
  report,
  'soft-labels': softLabels,
  'softmax-operation': softmaxOperation,
  surprisal,
};

// Each example calls selectBackend, which selects the first of these, so tensors are counted on it.
beforeAll(() => useBackend(TEST_BACKENDS[0]));

/** The lines that an example prints, after a check that it does not leak tensors. */
async function run(
  name: keyof typeof EXAMPLES,
  options?: Parameters<typeof fashionMnist.main>[1] &
    Parameters<typeof compileMlp.main>[1] &
    Parameters<typeof report.main>[1],
): Promise<string[]> {
  const printed: string[] = [];
  const before = tf.memory().numTensors;
  // Most take no options.
  const main: (print: (line: string) => void, options?: object) => unknown = EXAMPLES[name].main;
  await main((line) => printed.push(line), options);
  expect(tf.memory().numTensors).toBe(before);
  return printed.flatMap((line) => line.split('\n'));
}

/** The numbers in a line, such as 0.5, -2, 12,561 or 6.5e-23. */
function numbers(line: string): number[] {
  const written = line.match(/-?\d[\d,]*(\.\d+)?(e[+-]\d+)?/g) ?? [];
  return written.map((number) => Number(number.replaceAll(',', '')));
}

function lineWith(lines: readonly string[], text: string): string {
  const line = lines.find((each) => each.includes(text));
  if (line === undefined) throw new Error(`no line with ${JSON.stringify(text)} in\n${lines.join('\n')}`);
  return line;
}

it('the tests cover every file of examples/', () => {
  expect(Object.keys(EXAMPLES)).toEqual(
    readdirSync(FOLDER)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => basename(file, '.ts'))
      .sort(),
  );
});

it('compile-mlp: a plain tfjs network learns the same as in model.fit', async () => {
  const [, title, ours, layers, ratio] = await run('compile-mlp', { samples: 8000, epochs: 1 });
  expect(title).toBe('784-128-10 network, focal loss, Adam, 8000 images, batch 64, 1 epochs');
  const [[loss, accuracy], [layersLoss, layersAccuracy]] = [ours, layers].map(numbers);
  expect(loss).toBeLessThan(0.7);
  expect(accuracy).toBeGreaterThan(0.7);
  expect(layersLoss).toBeCloseTo(loss, 3);
  expect(layersAccuracy).toBeCloseTo(accuracy, 1);
  expect(ratio).toMatch(/^scan takes \d\.\d\d of the time of model\.fit$/);
});

describe('examples of the chapter', () => {
  it('one-hot-labels: integer codes impose an order, one-hot vectors do not', async () => {
    expect(await run('one-hot-labels')).toEqual([
      'dog      0.1  0.9  0.8  0.2',
      'chicken  0.7  0.6  0.1  0.0',
      'cat      0.3  0.3  0.9  0.9',
      '',
      'integer codes: dog 1, cat 2, chicken 3',
      '  (dog + chicken) / 2 = 2, the code of cat',
      '  |dog − chicken| = 2',
      '  |dog − cat|     = 1',
      '',
      'one-hot vectors: cat (1, 0, 0), chicken (0, 1, 0), dog (0, 0, 1)',
      '  |dog − chicken| = 1.4142',
      '  |dog − cat|     = 1.4142',
      '',
      'from codes      1 3 2',
      'to one-hot      (0, 0, 1) (0, 1, 0) (1, 0, 0)',
      'and back again  1 3 2',
    ]);
  });

  it('affine-network: Wx + b and XW + b give the same logits with 15 parameters', async () => {
    expect(await run('affine-network')).toEqual([
      'o₁ = x₁·w₁₁ + x₂·w₁₂ + x₃·w₁₃ + x₄·w₁₄ + b₁',
      '   = 0.1·(1) + 0.9·(-1) + 0.8·(0.5) + 0.2·(2) + (0.5) = 0.50',
      'o₂ = x₁·w₂₁ + x₂·w₂₂ + x₃·w₂₃ + x₄·w₂₄ + b₂',
      '   = 0.1·(0) + 0.9·(2) + 0.8·(-3) + 0.2·(0.25) + (-1) = -1.55',
      'o₃ = x₁·w₃₁ + x₂·w₃₂ + x₃·w₃₃ + x₄·w₃₄ + b₃',
      '   = 0.1·(-2) + 0.9·(0.5) + 0.8·(1) + 0.2·(0) + (0.5) = 1.55',
      '',
      'o = Wx + b with W 3 × 4, x a column: (0.50, -1.55, 1.55)',
      'O = XW + b with W 4 × 3, x a row:    (0.50, -1.55, 1.55)',
      'parameters: 12 weights + 3 biases = 15',
    ]);
  });

  it('parameter-cost: accuracy of PHM layers and low-rank layers of equal size', async () => {
    const [, header, ...rows] = await run('parameter-cost');
    expect(header).toBe('classes  weight           parameters  of them n³  accuracy     from, to  seconds');
    const table = rows.map((row) => row.trim().split(/ {2,}/));
    expect(
      table.map(([classes, weight, ...cells]) => [classes, weight, ...cells.slice(0, 2).flatMap(numbers)]),
    ).toEqual([
      ['16', 'PHM n = 1', 784 * 16 + 1 + 16, 1],
      ['16', 'low rank r = 15', 15 * (784 + 16) + 16, 0],
      ['16', 'PHM n = 2', (784 * 16) / 2 + 8 + 16, 8],
      ['16', 'low rank r = 7', 7 * (784 + 16) + 16, 0],
      ['16', 'PHM n = 4', (784 * 16) / 4 + 64 + 16, 64],
      ['16', 'low rank r = 4', 4 * (784 + 16) + 16, 0],
      ['16', 'PHM n = 8', (784 * 16) / 8 + 512 + 16, 512],
      ['16', 'low rank r = 2', 2 * (784 + 16) + 16, 0],
      ['10', 'PHM n = 2', (784 * 10) / 2 + 8 + 10, 8],
      ['10', 'low rank r = 4', 4 * (784 + 10) + 10, 0],
    ]);
    const expected = [0.805, 0.799, 0.782, 0.791, 0.777, 0.722, 0.757, 0.507, 0.802, 0.788];
    table.forEach(([, , , , accuracy], i) => {
      expect(Math.abs(Number(accuracy) - expected[i])).toBeLessThan(0.03);
    });
  });

  it('gradient-step: the gradient by hand is that of autograd, and the step lowers the loss', async () => {
    expect(await run('gradient-step')).toEqual([
      '                 cat chicken     dog',
      'y             1.0000  0.0000  0.0000',
      'before ŷ      0.2509  0.0323  0.7169   loss 1.3829',
      'ŷ − y        -0.7491  0.0323  0.7169',
      '',
      '∂ℓ/∂W = x(ŷ − y)ᵀ',
      '  x₁ = 0.1   -0.0749  0.0032  0.0717',
      '  x₂ = 0.9   -0.6742  0.0291  0.6452',
      '  x₃ = 0.8   -0.5993  0.0258  0.5735',
      '  x₄ = 0.2   -0.1498  0.0065  0.1434',
      'autograd gives the same: true',
      '',
      'W ← W − 0.5·x(ŷ − y)ᵀ, b ← b − 0.5·(ŷ − y)',
      'after  ŷ      0.6641  0.0322  0.3037   loss 0.4093',
    ]);
  });

  it('surprisal: the mean of −log P(y | x) is the cross-entropy', async () => {
    const lines = await run('surprisal');
    expect(lines.slice(0, 6)).toEqual([
      'probability of the label    surprisal',
      '                  1.0000  0.0000 bits',
      '                  0.5000  1.0000 bits',
      '                  0.2500  2.0000 bits',
      '                  0.3333  1.5850 bits',
      '                  0.0100  6.6439 bits',
    ]);
    expect(lines.slice(7)).toEqual([
      'flower       P(y | x)      bits   most probable',
      'setosa         0.9978    0.0032   setosa',
      'virginica      0.9977    0.0034   virginica',
      'versicolor     0.4373    1.1935   virginica',
      'virginica      0.4140    1.2723   versicolor',
      '',
      'mean 0.1869 bits = 0.1295 nats / log 2, the cross-entropy of the 150 flowers',
    ]);
  });

  it('label-smoothing: the loss has a minimum, and descent ends there', async () => {
    expect(await run('label-smoothing')).toEqual([
      'o = (0, 0, t), the label is the third class',
      '     t  probability   loss, ε = 0   derivative   loss, ε = 0.1   derivative',
      '  0.00       0.3333        1.0986      -0.6667         1.0986      -0.6000',
      '  1.00       0.5761        0.5514      -0.4239         0.6181      -0.3572',
      '  3.33       0.9333        0.0690      -0.0667         0.2911       0.0000',
      ' 10.00       0.9999        0.0001      -0.0001         0.6668       0.0666',
      '',
      't after steps of gradient descent, t ← t − (softmax(o)₃ − y₃)',
      ' steps       ε = 0     ε = 0.1',
      '    10        2.85        2.49',
      '   100        5.27        3.33',
      '  1000        7.60        3.33',
      ' 10000        9.90        3.33',
    ]);
  });

  it('softmax-operation: softmax preserves order, and decision boundaries are straight', async () => {
    const lines = await run('softmax-operation');
    expect(lines.slice(0, 12)).toEqual([
      'o                   0.5000  -2.0000   3.0000   1.0000   argmax 2',
      'softmax(o)          0.0671   0.0055   0.8169   0.1106   argmax 2',
      'softmax(o + 1000)   0.0671   0.0055   0.8169   0.1106   stable, though exp(1000) = Infinity',
      'softmax(2·o)        0.0066   0.0000   0.9755   0.0179   not linear: 2·softmax(o) would be',
      '                    0.1341   0.0110   1.6338   0.2211',
      '',
      'points in equal steps along a straight line',
      '  o₁ (equal steps too)   -2.0000  -1.0000   0.0000   1.0000   2.0000',
      '  ŷ₁                      0.0184   0.0629   0.1710   0.3706   0.6199',
      'points on the straight line o₁ − o₂ = 3x₁ − 2x₂ − 0.5 = 0',
      '  ŷ₁                      0.3837   0.4803   0.4972   0.4996',
      '  ŷ₂                      0.3837   0.4803   0.4972   0.4996',
    ]);
    const plane = lines.slice(14);
    expect(plane).toHaveLength(17);
    plane.forEach((line, row) => {
      const x2 = (8 - row) / 6;
      const border = x2 >= 0 ? (2 * x2 + 0.5) / 3 : (-2 * x2) / 3;
      const other = x2 >= 0 ? '+' : '#';
      expect(line).toMatch(new RegExp(`^ {2}\\${other}+·+$`));
      // A point on the boundary may fall on either side.
      expect(Math.abs(line.trim().indexOf('·') - (24 + 12 * border))).toBeLessThanOrEqual(1);
    });
  });

  it('minibatch: the logits of a batch equal those of its samples', async () => {
    const [shapes, same, time, calls] = await run('minibatch');
    expect(shapes).toBe('O = XW + b: [256, 784] · [784, 10] + [10] = [256, 10]');
    expect(same).toMatch(/^the same logits as one sample at a time: true, largest difference /);
    expect(time).toMatch(/^at once [\d.]+ ms, one at a time [\d.]+ ms: \d+ times as long$/);
    expect(calls).toMatch(/^one at a time with 1 feature instead of 784: [\d.]+ ms, which is the cost of the calls$/);
  });

  it('likelihood: the product underflows, the sum of logarithms does not', async () => {
    expect(await run('likelihood')).toEqual([
      '          model A gives each label 0.45         model B gives each label 0.35',
      'samples   float32   float64  −log P(Y | X)      float32   float64  −log P(Y | X)',
      '     10    3.4e-4    3.4e-4            8.0       2.8e-5    2.8e-5           10.5',
      '     50   4.6e-18   4.6e-18           39.9      1.6e-23   1.6e-23           52.5',
      '    100   2.1e-35   2.1e-35           79.9            0   2.6e-46          105.0',
      '   1000         0         0          798.5            0         0         1049.8',
    ]);
  });

  it('derivative: three ways to softmax(o) − y agree, and a wrong gradient is detected', async () => {
    const lines = await run('derivative');
    expect(lines.slice(0, 3)).toEqual([
      'autograd               0.090031  -0.755272   0.665241',
      'softmax(o) − y         0.090031  -0.755272   0.665241',
      'finite differences     0.090031  -0.755272   0.665241',
    ]);
    expect(lineWith(lines, '∂ℓ/∂weight  [4, 3]')).toMatch(/12 of 12$/);
    expect(lineWith(lines, '∂ℓ/∂bias    [3]')).toMatch(/3 of 3$/);
    expect(lineWith(lines, 'autograd = softmax(o) − y = finite differences')).toMatch(/150 samples/);
    const [actual, expected] = numbers(lineWith(lines, 'DISAGREES').split('closed form: ')[1]);
    expect(actual / expected).toBeCloseTo(150, 3);
    expect(lines.at(-2)).toMatch(/^A wrong gradient on purpose/);
  });

  it('soft-labels: the gradient is softmax(o) − y, and the loss is the entropy of y at softmax(o) = y', async () => {
    expect(await run('soft-labels')).toEqual([
      'y = (0.0000, 0.0000, 1.0000), ŷ = (0.0900, 0.2447, 0.6652)',
      '  loss     0.4076',
      '  entropy  0.0000',
      '  gradient (0.0900, 0.2447, -0.3348)',
      '  ŷ − y    (0.0900, 0.2447, -0.3348)',
      'y = (0.1000, 0.2000, 0.7000), ŷ = (0.0900, 0.2447, 0.6652)',
      '  loss     0.8076',
      '  entropy  0.8018',
      '  gradient (-0.0100, 0.0447, -0.0348)',
      '  ŷ − y    (-0.0100, 0.0447, -0.0348)',
      'y = (0.1000, 0.2000, 0.7000), ŷ = (0.1000, 0.2000, 0.7000)',
      '  loss     0.8018',
      '  entropy  0.8018',
      '  gradient (0.0000, 0.0000, 0.0000)',
      '  ŷ − y    (0.0000, 0.0000, 0.0000)',
    ]);
  });

  it('information: H(P, Q) = H(P) + D(P ‖ Q), and training reduces the bits per label', async () => {
    const lines = await run('information');
    expect(lines.slice(0, 7)).toEqual([
      'P = (0.5, 0.25, 0.25), Q = (0.2, 0.3, 0.5)',
      '  entropy H(P)           1.0397 nats = 1.5000 bits',
      '  cross-entropy H(P, Q)  1.2790 nats = 1.8452 bits',
      '  divergence D(P ‖ Q)    0.2393 nats = 0.3452 bits',
      '',
      '150 irises of 3 species',
      '  before training 1.585 bits per label, 238 in total; perplexity 3.000',
    ]);
    const [bits, all, perplexity] = numbers(lines[7]);
    expect(bits).toBeCloseTo(0.124, 2);
    expect(Math.abs(all - 150 * bits)).toBeLessThan(1);
    expect(perplexity).toBeCloseTo(2 ** bits, 2);
  });
});

it('report: writes one self-contained file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-test-'));
  try {
    const [line] = await run('report', { folder });
    expect(line).toMatch(/iris\.html: \d+ kB, one file without scripts or requests$/);
    const html = readFileSync(join(folder, 'iris.html'), 'utf8');
    expect(html).toContain('All three agree on');
    expect(html).toContain('43 of 45 correct');
    expect(html).toContain('45 of 150 flowers held out, stratified by species');
    expect(html.replace(/<style>.*?<\/style>/s, '')).not.toMatch(/NaN|undefined|Infinity|https?:/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('quickstart', () => {
  it('trains on Iris and classifies a flower', async () => {
    const lines = await run('quickstart');
    expect(lines[0]).toBe('15 parameters, trained on 120 flowers');
    expect(lines[1]).toMatch(/^test accuracy 0\.933 on 30 other flowers, loss 0\.182$/);
    expect(lines[2]).toBe('6.1 × 2.9 × 4.7 × 1.4 cm: versicolor');
    expect(lines.slice(3).map((line) => line.trim().split(/ +/)[0])).toEqual(['setosa', 'versicolor', 'virginica']);
    const probabilities = lines.slice(3).map((line) => numbers(line)[0]);
    expect(probabilities).toEqual([0.004, 0.714, 0.282]);
  });
});

describe('fashion-mnist', () => {
  it('checks the gradient, trains, and shows mistakes', async () => {
    const lines = await run('fashion-mnist', { epochs: 2 });
    expect(lines[0]).toMatch(new RegExp(`^backend: ${TEST_BACKENDS[0]}`));
    expect(lines[1]).toBe('data: Fashion-MNIST, 60,000 training images, 10,000 test images');
    expect(lines[4]).toMatch(/^ {2}autograd = softmax\(o\) − y = finite differences \(largest difference /);

    const losses = [1, 2].map((epoch) => numbers(lineWith(lines, `epoch ${epoch}/2  loss`))[2]);
    expect(losses).toBeAllClose([0.788, 0.5703], { rtol: 0, atol: 0.001 });
    const [accuracy, right, samples] = numbers(lineWith(lines, 'test accuracy'));
    expect(accuracy).toBeGreaterThan(0.8);
    expect([right, samples]).toEqual([Math.round(10_000 * accuracy), 10_000]);

    const from = lines.indexOf(lineWith(lines, 'most often confused with')) + 1;
    const table = lines.slice(from, from + 10);
    expect(table.map((row) => row.slice(0, 12).trim())).toEqual([
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ]);
    // The classes have equally many test images, so the mean of their recalls is the accuracy.
    const mean = table.reduce((sum, row) => sum + numbers(row)[0] / 1000, 0);
    expect(mean).toBeCloseTo(accuracy, 3);

    const gallery = lines.slice(lines.indexOf('the mistakes with the highest confidence') + 1);
    expect(gallery).toHaveLength(2 * (1 + 14 + 2));
    expect(gallery.join('')).not.toContain('\x1b');
    const captions = [15, 32].flatMap((line) =>
      [0, 30].map((column) => [gallery[line], gallery[line + 1]].map((text) => text.slice(column, column + 30).trim())),
    );
    for (const [truth, prediction] of captions) {
      expect(truth).toMatch(/^true {3}\w/);
      expect(prediction).toMatch(/^pred\. {2}\w.*, \d\d\.\d\d %$/);
      expect(prediction).not.toContain(truth.slice(7));
    }
  });

  it('draws bars and grey images side by side on a terminal', async () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 120, getColorDepth: () => 8 });
    const lines = await run('fashion-mnist', { epochs: 1, terminal });
    // Since Node 26, `read` returns a chunk, not all that is there.
    let shown = '';
    for (let chunk = terminal.read(); chunk !== null; chunk = terminal.read()) shown += chunk;
    expect(shown).toMatch(/epoch 1\/1 {2}━{20} {2}loss 0\.788\d/);
    const pictures = lines.filter((line) => line.includes('▀'));
    expect(pictures).toHaveLength(14);
    for (const line of pictures) expect(line.match(/▀/g)).toHaveLength(4 * 28);
  });

  it('stops on abort, without leaking tensors', async () => {
    const controller = new AbortController();
    const before = tf.memory().numTensors;
    const print = (line: string) => {
      if (/^epoch +1\//.test(line)) controller.abort();
    };
    const training = fashionMnist.main(print, { epochs: 1000, signal: controller.signal });
    await expect(training).rejects.toMatchObject({ name: 'AbortError' });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('an example as a program', () => {
  it('prints to its standard output', async () => {
    const { stdout, code } = await program('quickstart.ts');
    expect([code, stdout.split('\n')[2]]).toEqual([0, '6.1 × 2.9 × 4.7 × 1.4 cm: versicolor']);
  });

  it('prints an error in one line', async () => {
    const { stderr, code } = await program('fashion-mnist.ts', '--epochs', 'many');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: fit: epochs must be an integer > 0; got NaN\.$/m);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  // Windows cannot send SIGINT.
  (process.platform === 'win32' ? it.skip : it)('prints one line and exits with 130 on Ctrl-C', async () => {
    const { stderr, code } = await program('fashion-mnist.ts', '--epochs', '1000');
    expect([code, stderr.trim().split('\n').pop()]).toEqual([130, 'interrupted: stopped before the end']);
  });

  /** Runs an example in a separate process, and sends SIGINT after the first line about an epoch. */
  function program(file: string, ...args: string[]): Promise<{ stdout: string; stderr: string; code: number | null }> {
    const child = spawn(process.execPath, ['--import', 'tsx', join(FOLDER, file), ...args], {
      cwd: join(FOLDER, '..'),
    });
    const output = { stdout: '', stderr: '' };
    child.stderr.on('data', (data) => {
      output.stderr += data;
    });
    let interrupted = false;
    child.stdout.on('data', (data) => {
      output.stdout += data;
      if (!interrupted && output.stdout.includes('\nepoch')) interrupted = child.kill('SIGINT');
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ ...output, code }));
    });
  }
});

describe('http', () => {
  let folder: string;
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'http-example-'));
    const { features, labels, schema } = parseCsv(readFileSync(join(FOLDER, 'iris.csv')), { label: 'species' });
    const { model } = await SoftmaxRegression.fit(features, labels, { l2: 0.01, schema });
    writeFileSync(join(folder, 'iris.safetensors'), model.toBytes());
    const args = ['--import', 'tsx', join(FOLDER, 'http.ts'), join(folder, 'iris.safetensors'), '0'];
    server = spawn(process.execPath, args, { cwd: join(FOLDER, '..') });
    url = await new Promise((resolve, reject) => {
      server.stdout?.once('data', (line) => resolve(String(line).trim()));
      server.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    });
  });

  afterAll(() => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const flower = { sepal_length: 6.1, sepal_width: 2.9, petal_length: 4.7, petal_width: 1.4 };
  const { petal_width: _, ...short } = flower;
  const post = (body: string, to = url) => fetch(to, { method: 'POST', body });

  it('prints its usage without a model', async () => {
    expect(await run('http')).toEqual(['usage: npx tsx examples/http.ts MODEL [PORT]']);
  });

  it('answers a record with a prediction, and a list with a list', async () => {
    const one = await post(JSON.stringify(flower));
    expect(one.status).toBe(200);
    const prediction = (await one.json()) as { label: string; probability: number; probabilities: number[] };
    expect(prediction.label).toBe('versicolor');
    expect(prediction.probability).toBe(prediction.probabilities[1]);
    const two = await post(JSON.stringify([flower, { ...flower, petal_length: 1.4, petal_width: 0.2 }]));
    expect(await two.json()).toMatchObject([{ label: 'versicolor' }, { label: 'setosa' }]);
    expect(await (await post('[]')).json()).toEqual([]);
  });

  it.each<[string, () => Promise<Response>, number, string]>([
    ['text that is no JSON', () => post('{'), 400, 'The body must be a record or a list of records, as JSON.'],
    [
      'an absent key',
      () => post(JSON.stringify([flower, short])),
      400,
      'records[1]: the row must have the key "petal_width"',
    ],
    [
      'text for a number',
      () => post(JSON.stringify({ ...flower, petal_width: 'x' })),
      400,
      'petal_width must be a number',
    ],
    ['no object', () => post('null'), 400, 'records[0]: the row must be an object; got null.'],
    ['a long body', () => post(`"${'x'.repeat(1e6)}"`), 413, 'at most 1000000 bytes'],
    ['another path', () => post('{}', new URL('/', url).href), 404, 'POST to /predict.'],
    ['another method', () => fetch(url), 405, 'POST to /predict.'],
  ])('refuses %s', async (_, send, status, message) => {
    const response = await send();
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: string };
    expect(error).toContain(message);
    expect(error).not.toMatch(/\n|\bat .*:\d+/);
  });

  it('answers what is in progress and ends at SIGTERM', async () => {
    const port = Number(new URL(url).port);
    const late = new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path: '/predict', method: 'POST' }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      sent.on('error', reject).write('[');
      // The server has the beginning of the request before it is asked to end.
      setTimeout(() => {
        server.kill('SIGTERM');
        setTimeout(() => sent.end(']'), 200);
      }, 200);
    });
    const ended = new Promise((resolve) => server.once('exit', (code, signal) => resolve([code, signal])));
    expect(await late).toBe(200);
    expect(await ended).toEqual([0, null]);
  });
});
