// A short run of `npm run soak`: repeated work does not leak tensors, and planted leaks are detected.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { compile } from 'softmax-regression';
import { nativeBackend } from '../../src/graph/native-backend.js';
import '../../src/node.js';
import { soak } from '../../tools/soak/soak.js';
import { works } from '../../tools/soak/work.js';
import { onEveryBackend, TEST_BACKENDS, useBackend } from '../helpers/backends.js';

onEveryBackend('repeated work', () => {
  it.each([
    // 4 epochs have 100 full batches, enough for a graph on TensorFlow.
    ['fit', 3],
    ['lbfgs', 10],
    ['predict', 50],
    ['compile', 20],
  ])('does not leak tensors: %s', async (name, times) => {
    const { run } = (await works(4))[name];
    expect((await soak(run, times)).tensors).toBe(0);
  });
});

describe('soak', () => {
  it('detects leaked tensors', async () => {
    const left: tf.Tensor[] = [];
    expect((await soak(() => left.push(tf.scalar(1)), 50)).tensors).toBe(50);
    tf.dispose(left);
  });

  // In a separate process: the heap of one that has run tests may have enough free space to hide a leak.
  it('detects leaked memory', () => {
    const program = `
      const { soak } = require('./tools/soak/soak.ts');
      const kept = [];
      soak(() => kept.push(Buffer.alloc(2 ** 21, 1)), 80).then(({ slope }) => console.log(slope));`;
    const slope = execFileSync(process.execPath, ['--import', 'tsx', '--eval', program], {
      ...{ cwd: join(__dirname, '..', '..'), encoding: 'utf8' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(Number(slope)).toBeGreaterThan(2 ** 20);
  });
});

interface Counters {
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
}

(TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip)('compile on TensorFlow', () => {
  beforeAll(() => useBackend('tensorflow'));

  const counts = () => {
    const { binding } = nativeBackend() as unknown as { binding: Counters };
    return [tf.memory().numTensors, binding.getNumOfTensors(), binding.getNumOfSavedModels()];
  };

  it('does not leak memory over 500 rounds of compile, call and dispose', () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const rounds = (n: number) => {
      for (let i = 0; i < n; i++) {
        const fn = compile((x: tf.Tensor) => tf.grad((y) => y.square().sum())(x));
        const x = tf.zeros([1 + (i % 7), 64]);
        tf.dispose([fn(x), x]);
        fn.dispose();
      }
      gc();
      return process.memoryUsage.rss();
    };
    let resident = rounds(100);
    const counted = counts();
    // A leaked graph would take about 100 kB in each round; the heap itself grows only once.
    let least = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && least > 25e6; tries++) {
      const before = resident;
      resident = rounds(500);
      least = Math.min(least, resident - before);
    }
    expect(least).toBeLessThan(25e6);
    expect(counts()).toEqual(counted);
  });
});
