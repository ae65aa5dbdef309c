// The whole chapter in one program: softmax regression classifies images of 28 × 28 pixels into ten kinds of clothes.
// The model is ŷ = softmax(xW + b) with 7,840 weights and 10 biases, trained on 60,000 images by minibatch gradient
// descent on the cross-entropy. It first verifies on this machine that the gradient is softmax(o) − y. At the end it
// shows the mistakes of the model (§3.4).
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { SingleBar } from 'cli-progress';
import {
  Dense,
  type Evaluation,
  type FitProgress,
  formatBackend,
  gatherRows,
  gradcheck,
  gradcheckLine,
  oneHot,
  SoftmaxRegression,
  selectBackend,
} from 'softmax-regression';
import { type LabelledImages, loadFashionMnist, type OnProgress } from 'softmax-regression/node';

/** The part of `process.stdout` that is used if it is a terminal. */
type Terminal = NodeJS.WritableStream & { readonly columns: number; getColorDepth(): number };
type Print = (line: string) => void;

interface DemoOptions {
  readonly epochs?: number;
  readonly signal?: AbortSignal;
  /** The terminal for progress bars and grey images. Without it, the output is plain lines. */
  readonly terminal?: Terminal;
}

export async function main(print: Print = console.log, options: DemoOptions = {}): Promise<void> {
  const { epochs = 10, signal, terminal } = options;
  print(formatBackend(await selectBackend()));
  const { train, test, classNames, source } = await loadFashionMnist({ signal, onProgress: eachStage(print) });
  print(`data: Fashion-MNIST, 60,000 training images, 10,000 test images\n  ${source}`);
  print(proof(train, classNames.length).replace(': ', ':\n  '));

  print('');
  const { onProgress, stop } = epochDisplay(train.labels.length, print, terminal);
  const nameOf = (label: number) => classNames[label];
  const { model } = await SoftmaxRegression.fit(train.features, Array.from(train.labels, nameOf), {
    classes: classNames,
    solver: 'sgd',
    epochs,
    batchSize: 256,
    learningRate: 0.1,
    seed: 0,
    signal,
    onProgress,
  }).finally(stop);

  const truth = Array.from(test.labels, nameOf);
  const evaluation = await model.evaluate(test.features, truth, { signal });
  const { accuracy, samples, logLoss } = evaluation;
  const [right, all] = [accuracy * samples, samples].map((count) => Math.round(count).toLocaleString('en'));
  print('');
  print(`test accuracy ${accuracy.toFixed(4)}: ${right} of ${all} correct, loss ${logLoss.toFixed(4)}`);
  print('');
  print(classTable(evaluation).join('\n'));
  print('');
  print('the mistakes with the highest confidence');
  print(mistakeGallery(model, test, truth, terminal).join('\n'));
}

/** Prints each stage of the download, if the images are not on this machine yet. */
function eachStage(print: Print): OnProgress {
  let shown = '';
  return ({ stage }) => {
    if (stage !== shown) print(stage);
    shown = stage;
  };
}

/** Autograd, softmax(o) − y and finite differences, compared on the first images. */
function proof({ features, labels }: LabelledImages, numClasses: number): string {
  using layer = new Dense({ inputs: features.shape[1], units: numClasses });
  const x = tf.tensor2d(gatherRows(features, undefined, 0, 32), [32, features.shape[1]]);
  const y = oneHot(labels.subarray(0, 32), numClasses);
  const result = gradcheck({ layer, features: x, targets: y });
  tf.dispose([x, y]);
  return gradcheckLine(result);
}

/** One bar per epoch on a terminal, otherwise one line per epoch. */
function epochDisplay(images: number, print: Print, terminal: Terminal | undefined) {
  const started = performance.now();
  let bar: SingleBar | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  const onProgress = ({ epoch, epochs, step, steps, loss }: FitProgress) => {
    const seconds = (performance.now() - started) / 1000;
    const done = epoch - 1 + step / steps;
    const title = `epoch ${`${epoch}`.padStart(`${epochs}`.length)}/${epochs}`;
    const rate = Math.round((done * images) / seconds / 100) * 100;
    const state = `loss ${loss.toFixed(4)}  ${rate.toLocaleString('en')} images/s`;
    if (terminal === undefined) {
      if (step === steps) print(`${title}  ${state}`);
      return;
    }
    const left = step === steps ? '' : `  ${Math.ceil((seconds * (epochs - done)) / done)} s left`;
    if (bar === undefined) {
      bar = new SingleBar({ stream: terminal, format: '{title}  {bar}  {state}', ...BAR });
      bar.start(steps, step, { title, state: state + left });
    }
    bar.update(step, { state: state + left });
    if (step === steps) stop();
  };
  return { onProgress, stop };
}

const BAR = { barsize: 20, barCompleteChar: '━', barIncompleteChar: '─', hideCursor: true };

/** The recall of each class, and the class it is most often confused with. */
function classTable({ perClass, confusion }: Evaluation<string>): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const rows = perClass.classes.map((name, k) => {
    const wrong = confusion.counts[k].map((count, j) => (j === k ? 0 : count));
    const most = wrong.indexOf(Math.max(...wrong));
    const bar = '━'.repeat(Math.round(20 * perClass.recall[k])).padEnd(20, '─');
    const mistake = wrong[most] === 0 ? '' : `${perClass.classes[most]} ${percent(wrong[most] / perClass.support[k])}`;
    return `${name.padEnd(12)}${percent(perClass.recall[k]).padStart(8)}  ${bar}  ${mistake}`;
  });
  return [`${'class'.padEnd(12)}${'recall'.padStart(8)}${' '.repeat(24)}most often confused with`, ...rows];
}

const WIDTH = 28;

/** Four images with their true and predicted classes, as many side by side as fit. */
function mistakeGallery(
  model: SoftmaxRegression<string>,
  { features }: LabelledImages,
  truth: readonly string[],
  terminal: Terminal | undefined,
): string[] {
  const mistakes = model
    .predictProbabilities(features)
    .map((row, i) => ({ i, probability: Math.max(...row), predicted: model.classes[row.indexOf(Math.max(...row))] }))
    .filter(({ i, predicted }) => predicted !== truth[i])
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 4);
  const paint = terminal !== undefined && terminal.getColorDepth() >= 8 ? greyBlocks : asciiShades;
  const pictures = mistakes.map(({ i, predicted, probability }) => [
    '',
    ...paint(features.values.subarray(i * WIDTH * WIDTH, (i + 1) * WIDTH * WIDTH)),
    `true   ${truth[i]}`.padEnd(WIDTH),
    `pred.  ${predicted}, ${(100 * probability).toFixed(2)} %`.padEnd(WIDTH),
  ]);
  const beside = Math.max(1, Math.floor(((terminal?.columns || 80) + 2) / (WIDTH + 2)));
  return Array.from({ length: Math.ceil(pictures.length / beside) }, (_, row) => {
    const together = pictures.slice(row * beside, (row + 1) * beside);
    return together[0].map((_, line) =>
      together
        .map((picture) => picture[line])
        .join('  ')
        .trimEnd(),
    );
  }).flat();
}

/** Two pixels per character: the upper one in the text colour, the lower one in the background colour. */
function greyBlocks(pixels: ArrayLike<number>): string[] {
  // The 24 greys of a terminal with 256 colours.
  const grey = (pixel: number) => 232 + Math.round((pixel / 255) * 23);
  return halfHeight((upper, lower) => `\x1b[38;5;${grey(upper)};48;5;${grey(lower)}m▀`, pixels).map(
    (row) => `${row}\x1b[0m`,
  );
}

function asciiShades(pixels: ArrayLike<number>): string[] {
  return halfHeight((upper, lower) => ' .:-=+*#%@'[Math.round(((upper + lower) / 510) * 9)], pixels);
}

/** Characters are twice as high as wide, so each shows two pixels, one above the other. */
function halfHeight(character: (upper: number, lower: number) => string, pixels: ArrayLike<number>): string[] {
  return Array.from({ length: WIDTH / 2 }, (_, row) =>
    Array.from({ length: WIDTH }, (_, column) => {
      const at = 2 * row * WIDTH + column;
      return character(pixels[at], pixels[at + WIDTH]);
    }).join(''),
  );
}

/** `tsx examples/fashion-mnist.ts [--epochs 10]`. Ctrl-C ends it after a step, a second Ctrl-C immediately. */
async function run(): Promise<void> {
  // `… | head` closes the output early, which is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  try {
    const { values } = parseArgs({ options: { epochs: { type: 'string', default: '10' } } });
    const terminal = process.stdout.isTTY ? process.stdout : undefined;
    await main(console.log, { epochs: Number(values.epochs), signal: controller.signal, terminal });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(controller.signal.aborted ? 'interrupted: stopped before the end' : `error: ${message}`);
    process.exitCode = controller.signal.aborted ? 130 : 1;
  }
}

if (require.main === module) run();
