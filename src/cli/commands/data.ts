// cli: softmax-regression data fetch.
import { Command } from 'commander';
import { FileOption } from '../files.js';
import { withInterrupt } from '../interrupt.js';
import { progressDisplay } from '../progress.js';
import { print, printJson } from '../terminal.js';
import { jsonOption } from '../usage.js';

export function dataCommand(): Command {
  const command = new Command('data').description('manage the Fashion-MNIST data set');
  command
    .command('fetch')
    .description('download the data set to the user cache unless it is on this machine, and verify it')
    .addOption(new FileOption('--dir <folder>', 'only verify the files in this folder', 'file'))
    .addOption(jsonOption())
    .action(fetchData);
  return command;
}

async function fetchData({ dir, json }: { dir?: string; json?: boolean }): Promise<void> {
  const { loadFashionMnist } = await import('../../node/datasets/fashion-mnist.js');
  const { onProgress, stop } = progressDisplay();
  const { train, test, source } = await withInterrupt((signal) =>
    loadFashionMnist({ dir, onProgress, signal }),
  ).finally(stop);
  if (json) {
    const counts = { trainingSamples: train.labels.length, testSamples: test.labels.length };
    return printJson({ name: 'Fashion-MNIST', ...counts, source });
  }
  const [trained, tested] = [train, test].map(({ labels }) => labels.length.toLocaleString('en'));
  print([`Fashion-MNIST is ready: ${trained} training and ${tested} test images, checksums verified.`, source]);
}
