// Every kernel of tfjs-node, eager and compiled by XLA.
import * as tf from '@tensorflow/tfjs';
import { compile } from 'softmax-regression';
import '../../src/node.js';
import { TEST_BACKENDS, useBackend } from '../helpers/backends.js';
import { expectSameResults } from '../helpers/kernel-calls/compare.js';
import { kernelCalls, stringKernels } from '../helpers/kernel-calls/index.js';

/** Kernels that run as a graph of kernels in some of their calls: XLA cannot compile them, or computes them differently. */
const REFUSED = [
  ...['BroadcastArgs', 'CropAndResize', 'Cumprod', 'Cumsum', 'Dilation2D', 'Dilation2DBackpropFilter'],
  ...['Dilation2DBackpropInput', 'NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5'],
];

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

describeNative('a function compiled by XLA', () => {
  beforeAll(() => useBackend('tensorflow'));

  const names = [...new Set(kernelCalls.map(({ kernel }) => kernel))].filter((name) => !stringKernels.has(name));
  const refused = new Set<string>();

  it.each(names)('matches the eager kernel %s', (name) => {
    for (const call of kernelCalls.filter(({ kernel, random }) => kernel === name && random !== true)) {
      const given = call.inputs();
      const list = (...tensors: tf.Tensor[]) => [call.run(...tensors)].flat();
      if (given.every(({ dtype }) => dtype !== 'string')) {
        const compiled = compile(list, { name: call.variant, xla: true });
        const eager = tf.tidy(() => list(...given).map((tensor) => tensor.clone()));
        const results = compiled(...given);
        expectSameResults(results, eager);
        if (!/^.*, compiled by XLA\n/.test(compiled.toText(...given))) refused.add(name);
        tf.dispose([eager, results]);
        compiled.dispose();
      }
      tf.dispose(given);
    }
  });

  it('runs all but ten kernels', () => {
    expect([...refused].sort()).toEqual(REFUSED);
  });
});
