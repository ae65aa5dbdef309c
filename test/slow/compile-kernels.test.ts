// Every kernel of tfjs-node, eager and compiled.
import * as tf from '@tensorflow/tfjs';
import { compile } from 'softmax-regression';
import '../../src/node.js';
import { TEST_BACKENDS, useBackend } from '../helpers/backends.js';
import { expectSameResults, numbers } from '../helpers/kernel-calls/compare.js';
import { kernelCalls, stringKernels, unreachable } from '../helpers/kernel-calls/index.js';

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

describeNative('a compiled function', () => {
  beforeAll(() => useBackend('tensorflow'));

  const names = [...new Set(kernelCalls.map(({ kernel }) => kernel))];

  it.each(names)('matches the eager kernel %s, or rejects it if it uses strings or random numbers', (name) => {
    for (const call of kernelCalls.filter(({ kernel }) => kernel === name)) {
      const given = call.inputs();
      const list = (...tensors: tf.Tensor[]) => [call.run(...tensors)].flat();
      const compiled = compile(list, { name: call.variant });
      if (call.random || stringKernels.has(name) || given.some(({ dtype }) => dtype === 'string')) {
        const before = given.map((tensor) => [...tensor.dataSync()]);
        expect(() => compiled(...given)).toThrow(expect.objectContaining({ code: 'BACKEND' }));
        // The addon would free the characters of an argument with those of its copy.
        expect(given.map((tensor) => [...tensor.dataSync()])).toEqual(before);
      } else {
        const eager = tf.tidy(() => list(...given).map((tensor) => tensor.clone()));
        const graph = compiled(...given);
        expect(compiled.numGraphs).toBe(1);
        expectSameResults(graph, eager);
        tf.dispose([eager, graph]);
      }
      compiled.dispose();
      tf.dispose(given);
    }
  });

  it('rounds int32 to itself, as the eager function does', () => {
    const values = [-12345678, 10, 12345678];
    const x = tf.tensor1d(values, 'int32');
    const compiled = compile((x: tf.Tensor) => tf.round(x));
    const rounded = [tf.round(x), compiled(x)];
    for (const tensor of rounded) {
      expect(tensor.dtype).toBe('int32');
      expect(numbers(tensor)).toEqual(values);
    }
    tf.dispose([x, rounded]);
    compiled.dispose();
  });

  it('is tested with every kernel that tfjs-node registers', () => {
    const registered = tf.getKernelsForBackend('tensorflow').map(({ kernelName }) => kernelName);
    const tried = new Set([...kernelCalls.map(({ kernel }) => kernel), ...Object.keys(unreachable)]);
    expect(registered.filter((kernel) => !tried.has(kernel))).toEqual([]);
  });
});
