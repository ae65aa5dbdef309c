// objective: turns of the event loop, for long work on tensors.
import type * as tf from '@tensorflow/tfjs';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { nextTask } from '../core/task.js';

/** Multiply-adds of a task: some milliseconds on TensorFlow, up to 100 ms on WebAssembly. */
const WORK = 3e8;

/** Divides work on tensors into tasks. After each, an abort throws its reason, and the backend must be the same. */
export class Turns {
  readonly backend: BackendInUse;
  readonly #signal: AbortSignal | undefined;
  #done = 0;

  constructor(backend: BackendInUse, signal: AbortSignal | undefined) {
    this.backend = backend;
    this.#signal = signal;
  }

  /** Counts multiply-adds, and yields to the event loop after each task. */
  async after(work: number): Promise<void> {
    this.#done += work;
    if (this.#done < WORK) return;
    this.#done = 0;
    await nextTask();
    this.#signal?.throwIfAborted();
    this.backend.assertSame();
  }

  /** The values of a tensor, which is disposed. */
  async read(tensor: tf.Tensor): Promise<Float32Array> {
    const values = await tensor.data<'float32'>().finally(() => this.backend.dispose(tensor));
    this.backend.assertSame();
    return values;
  }
}
