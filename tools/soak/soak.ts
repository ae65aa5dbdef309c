// Does the same work many times, and looks whether tensors are left or memory grows.
import * as tf from '@tensorflow/tfjs';

export interface SoakReport {
  readonly times: number;
  /** Tensors at the end, less those after the first time. */
  readonly tensors: number;
  /** Bytes of resident memory that each time adds, by least squares over the second half. */
  readonly slope: number;
  /** Bytes of resident memory at each of the samples. */
  readonly resident: readonly number[];
}

const SAMPLES = 40;

/**
 * @param work what is done; it must dispose what it is given back
 * @param settle called before memory is measured: collects garbage, where the process can be told to
 */
export async function soak(work: () => unknown, times: number, settle: () => void = () => {}): Promise<SoakReport> {
  await work();
  const before = tf.memory().numTensors;
  const every = Math.max(1, Math.floor(times / SAMPLES));
  const samples: [done: number, resident: number][] = [];
  for (let done = 1; done <= times; done++) {
    await work();
    if (done % every !== 0) continue;
    settle();
    samples.push([done, process.memoryUsage.rss()]);
  }
  const tensors = tf.memory().numTensors - before;
  return { times, tensors, slope: slopeOf(samples.slice(samples.length >> 1)), resident: samples.map(([, r]) => r) };
}

function slopeOf(samples: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [x, y] = [mean(samples.map(([done]) => done)), mean(samples.map(([, bytes]) => bytes))];
  const covariance = mean(samples.map(([done, bytes]) => (done - x) * (bytes - y)));
  return covariance / mean(samples.map(([done]) => (done - x) ** 2));
}
