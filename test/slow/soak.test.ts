// A short part of `npm run soak`: the same work again and again leaves no tensor; and leaks that are planted are seen.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { soak } from '../../tools/soak/soak.js';
import { works } from '../../tools/soak/work.js';
import { onEveryBackend } from '../helpers/backends.js';

onEveryBackend('the same work, again and again', () => {
  it.each([
    // 4 epochs have 100 full batches: on TensorFlow a graph.
    ['fit', 3],
    ['lbfgs', 10],
    ['predict', 50],
    ['compile', 20],
  ])('leaves no tensor behind: %s', async (name, times) => {
    const { run } = (await works(4))[name];
    expect((await soak(run, times)).tensors).toBe(0);
  });
});

describe('soak', () => {
  it('sees a tensor that is left', async () => {
    const left: tf.Tensor[] = [];
    expect((await soak(() => left.push(tf.scalar(1)), 50)).tensors).toBe(50);
    tf.dispose(left);
  });

  // In a process of its own: one that has run tests may have so much room left that nothing is added to it.
  it('sees memory that is kept', () => {
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
