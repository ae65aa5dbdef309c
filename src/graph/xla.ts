// graph: whether XLA works here, and compiles a graph.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';
import { loadLoop, runLoop } from './loop-runner.js';
import { type Binding, nativeBackend } from './native-backend.js';
import { type Recording, record } from './record.js';

const known = new WeakMap<Binding, { readonly reason: string | undefined }>();

/** Whether `whyNoXla` has its answer already. */
export function isXlaKnown(): boolean {
  return known.has(nativeBackend().binding);
}

/**
 * The reason why XLA cannot be used on this machine, or undefined.
 *
 * The first call compiles and runs a small loop. An older library than TensorFlow 2.21 may lack XLA.
 */
export function whyNoXla(): string | undefined {
  const { binding, isUsingGpuDevice } = nativeBackend();
  const found = known.get(binding) ?? {
    reason: isUsingGpuDevice ? 'it is used on CPUs only' : failureOfProbe(),
  };
  known.set(binding, found);
  return found.reason;
}

/** The reason why XLA is not used for these kernels, or undefined. */
export function whyNotThese({ kernels }: Recording): string | undefined {
  const other = kernels.find(({ op }) => DIFFERENT.has(op));
  return other && `it computes kernel ${other.op} differently`;
}

/** With padding, XLA fills other places; without, the number of its results would depend on the values. */
const DIFFERENT: ReadonlySet<string> = new Set(['NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5']);

/** An error of TensorFlow in one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof BackendError ? String(error.actual) : (error as Error).message;
  const [, missing] = /No registered '(\w+)' OpKernel/.exec(message) ?? [];
  if (missing !== undefined) return `it has no kernel ${missing}`;
  return message.split('\n')[0].replace('Session fail to run with error: ', '');
}

/** The reason why `body` throws, or undefined if it does not. */
export function failureOf(body: () => void): string | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Compares two steps of a loop with the same steps one by one, in numbers that float32 has exactly. */
function failureOfProbe(): string | undefined {
  const { TF_FLOAT } = nativeBackend().binding;
  const step = ([w, x]: readonly tf.Tensor[]) => [w.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)), x.sum()];
  return tf.tidy(() => {
    const data = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const start = tf.tensor2d([1, 0], [2, 1]);
    const order = Int32Array.of(3, 1, 2, 0);
    const batches = [0, 2].map((begin) => data.gather(tf.tensor1d(order.subarray(begin, begin + 2), 'int32')));
    const [first, firstSum] = step([start, batches[0]]);
    const [second, secondSum] = step([first, batches[1]]);
    const expected = numbersOf([tf.stack([firstSum, secondSum]), second]);
    try {
      const body = record('a test loop', step, [start, batches[0]]);
      const arrays = [{ stored: TF_FLOAT, dtype: TF_FLOAT, shape: data.shape, scale: 1 }];
      const recorded = { name: 'a test loop', body, numState: 1, arrays, batchSize: 2, isOrdered: true, most: 3 };
      const loop = loadLoop(recorded, 'xla');
      try {
        const ranges = [[0, 2] as const, [2, 4] as const];
        const { outputs, state } = runLoop(loop, [data], [start], order, ranges);
        return numbersOf([...outputs, ...state]) === expected ? undefined : 'a test loop gave wrong numbers';
      } finally {
        loop.session.giveBack();
      }
    } catch (error) {
      return `a test loop failed: ${reasonOf(error)}`;
    }
  });
}

function numbersOf(tensors: readonly tf.Tensor[]): string {
  return tensors.flatMap((tensor) => [...tensor.dataSync()]).join();
}
