// Kernels for strings.
import * as tf from '@tensorflow/tfjs';
import { call, type KernelCall, LONG } from './make.js';

export const strings: KernelCall[] = [false, true].map((all) =>
  call('StaticRegexReplace', all ? 'all' : 'first', [() => tf.tensor1d(['a1b22', '', LONG])], (x) =>
    tf.string.staticRegexReplace(x, '[0-9]+', '#', all),
  ),
);
