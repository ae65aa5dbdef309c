// What every engine runs, bundled into one file for Node and one for pages.
import * as tf from '@tensorflow/tfjs';
import { type Float64Kernels, useFloat64Kernels } from '../../src/core/simd.js';
import { type CaseName, type Hashes, hashesOf, type Reading } from './cases.js';

/** @param kernels native kernels, in place of WebAssembly */
async function run(names: readonly CaseName[], kernels?: Float64Kernels, reading?: Reading): Promise<Hashes> {
  // It evaluates validation samples, which no model stores.
  await tf.setBackend('cpu');
  useFloat64Kernels(kernels);
  return hashesOf(names, reading);
}

Object.assign(globalThis, { sameBits: run });
