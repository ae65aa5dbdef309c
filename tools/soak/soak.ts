// Runs the same work many times, and checks whether tensors are left or memory grows.
import * as tf from '@tensorflow/tfjs';

export interface SoakReport {
  readonly times: number;
  /** Tensors at the end, minus those after the first run. */
  readonly tensors: number;
  /** Bytes of resident memory that each run adds, by least squares over the second half. */
  readonly slope: number;
  /** Bytes of resident memory at each sample. */
  readonly resident: readonly number[];
}

const SAMPLES = 40;

/**
 * @param work the work; it must dispose its results
 * @param settle called before memory is measured, to collect garbage if the process supports it
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
