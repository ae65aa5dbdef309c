// The native kernels of this machine, in this process, in a child process and in threads.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { loadNative, type NativeInstallation, nativeStatus } from '../../src/node/native/load.js';
import { thisMachine } from '../../src/node/native/machine.js';
import { readProof } from '../../src/node/native/record.js';
import type { Threads } from '../helpers/two-threads.js';

const found = nativeStatus();
const status = found as NativeInstallation;

(found.installed ? describe : describe.skip)('loadNative, with the kernels of this machine', () => {
  it('registers the kernels, and keeps the backend in use', async () => {
    await tf.setBackend('cpu');
    const kernels = await loadNative();
    expect(tf.getBackend()).toBe('cpu');
    expect(kernels).toMatchObject({ tfjsNodeVersion: '4.22.0', addon: status.addon });
    await tf.setBackend('tensorflow');
    expect(tf.matMul([[1, 2]], [[3], [4]])).toBeAllClose([11]);
  });

  it('loads the kernels only once', async () => {
    expect(await loadNative()).toBe(await loadNative());
  });

  it('supports operations that use functions of util that Node 23 removed', async () => {
    await loadNative();
    await tf.setBackend('tensorflow');
    expect(tf.topk(tf.tensor2d([[1, 3, 2]]), 2).indices).toBeAllClose([1, 2]);
    expect(tf.concat([tf.ones([1]), tf.zeros([1])])).toBeAllClose([1, 0]);
  });

  it('records a proof of the loaded kernels', async () => {
    const { tensorflowVersion, device } = await loadNative();
    expect(readProof(status.files, thisMachine())).toMatchObject({ tensorflowVersion, device });
  });

  describe('in a child process', () => {
    const oneWorker = (how: string, settings: Readonly<Record<string, string>> = {}) => {
      const { TF_CPP_MIN_LOG_LEVEL: _, ...env } = process.env;
      const script = join(__dirname, '..', 'helpers', 'one-worker.ts');
      return promisify(execFile)(process.execPath, ['--import', 'tsx', script, how], {
        cwd: join(__dirname, '..', '..'),
        env: { ...env, ...settings },
      });
    };
    let threads: Threads;

    beforeAll(async () => {
      const script = join(__dirname, '..', 'helpers', 'two-threads.ts');
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], {
        cwd: join(__dirname, '..', '..'),
      });
      threads = JSON.parse(stdout.trim().split('\n').at(-1) as string);
    });

    it('trains to the same bits in the main thread and two workers', () => {
      const [main, ...workers] = threads.fits;
      expect(main.backend).toBe('tensorflow');
      expect(new Set(main.weight).size).toBeGreaterThan(1);
      expect(workers).toEqual([main, main]);
    });

    it.each([
      ['copied', /does not see TF_CPP_MIN_LOG_LEVEL=3 of this worker thread\. Start the worker/],
      ['given', /does not see TF_CPP_MIN_LOG_LEVEL=3, TF_NUM_INTRAOP_THREADS=1 of this worker/],
    ])('warns in a worker with an environment of its own which settings do not arrive: %s', async (how, warning) => {
      const { stderr } = await oneWorker(how);
      expect(stderr).toMatch(warning);
      expect(stderr.match(/SOFTMAX_REGRESSION_WORKER_ENV/g)).toHaveLength(1);
    });

    it('is quiet in a worker that shares the environment, and fits to the same bits', async () => {
      const { stdout, stderr } = await oneWorker('shared');
      expect(stderr).not.toMatch(/SOFTMAX_REGRESSION|cpu_feature_guard/);
      expect(JSON.parse(stdout.trim().split('\n').at(-1) as string)).toEqual(threads.fits[0]);
    });

    it('is quiet in a worker if the process has the settings', async () => {
      const { stderr } = await oneWorker('copied', { TF_CPP_MIN_LOG_LEVEL: '3' });
      expect(stderr).not.toMatch(/SOFTMAX_REGRESSION|cpu_feature_guard/);
    });

    it('survives the end of a worker during a fit', async () => {
      const { stdout } = await oneWorker('terminated');
      expect(stdout.trim().split('\n').at(-1)).toBe('"tensorflow"');
    });

    it('loads none of the packages that tfjs-node uses to download and unpack, as SECURITY.md states', () => {
      expect(threads.packages).toContain('@tensorflow/tfjs-node');
      const unused = ['tar', 'adm-zip', 'https-proxy-agent', 'node-fetch', 'rimraf', 'glob', 'inflight', 'core-js'];
      expect(threads.packages.filter((name) => unused.includes(name))).toEqual([]);
    });
  });
});
