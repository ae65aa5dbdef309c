import * as tf from '@tensorflow/tfjs';
import { loadNative, type NativeInstallation, nativeStatus } from '../src/node/native.js';
import { thisMachine } from '../src/node/native-machine.js';
import { readProof } from '../src/node/native-record.js';

const found = nativeStatus();
const status = found as NativeInstallation;

(found.installed ? describe : describe.skip)('loadNative, with the kernels of this machine', () => {
  it('registers them, and keeps the backend that was in use', async () => {
    await tf.setBackend('cpu');
    const kernels = await loadNative();
    expect(tf.getBackend()).toBe('cpu');
    expect(kernels).toMatchObject({ tfjsNodeVersion: '4.22.0', addon: status.addon });
    await tf.setBackend('tensorflow');
    expect(tf.matMul([[1, 2]], [[3], [4]])).toBeAllClose([11]);
  });

  it('loads once, however often it is asked', async () => {
    expect(await loadNative()).toBe(await loadNative());
  });

  it('runs the operations that ask util for what Node 23 has removed', async () => {
    await loadNative();
    await tf.setBackend('tensorflow');
    expect(tf.topk(tf.tensor2d([[1, 3, 2]]), 2).indices).toBeAllClose([1, 2]);
    expect(tf.concat([tf.ones([1]), tf.zeros([1])])).toBeAllClose([1, 0]);
  });

  it('has the proof on record afterwards', async () => {
    const { tensorflowVersion, device } = await loadNative();
    expect(readProof(status.files, thisMachine())).toMatchObject({ tensorflowVersion, device });
  });
});
