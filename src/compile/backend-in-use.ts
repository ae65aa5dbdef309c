// compile: the tfjs backend of work that awaits, which must stay in use until that work ends.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';

/**
 * The backend in use when some work begins.
 *
 * tfjs has one backend for all code of a thread, and other code may change it whenever the work awaits. tfjs then moves
 * tensors to the new backend without a word, so the work would be computed on both.
 */
export class BackendInUse {
  readonly #where: string;
  readonly #signal: AbortSignal | undefined;
  /** Undefined until a backend is chosen. */
  #name: string | undefined;
  /** Undefined until it has started. */
  #backend: tf.KernelBackend | undefined;
  #error: BackendError | undefined;
  #isForgotten = false;

  /** @param signal its reason takes precedence over the error of a changed backend */
  constructor(where: string, signal?: AbortSignal) {
    this.#where = where;
    this.#signal = signal;
    this.#hasChanged();
  }

  /** Waits until the backend has started. */
  async start(): Promise<void> {
    await tf.ready();
    this.assertSame();
  }

  /**
   * To be called after an await, before tensors are read or used.
   *
   * @throws BackendError if another backend is in use, or this one was removed or reset
   */
  assertSame(): void {
    if (this.#hasChanged()) throw this.#changed();
  }

  /** Disposes tensors, or their owner, after an await. Those of a removed backend are gone already. */
  dispose(owned: tf.TensorContainer | { dispose(): void }): void {
    if (this.#isGone) this.#forget(this.#backend as tf.KernelBackend);
    if (typeof (owned as { dispose?: unknown } | undefined)?.dispose === 'function') (owned as tf.Tensor).dispose();
    else tf.dispose(owned as tf.TensorContainer);
  }

  /** Whether `error` reports the change of this backend, and its tensors can still be read. */
  endedWith(error: unknown): boolean {
    return this.#error !== undefined && error === this.#error && !this.#isGone;
  }

  /**
   * Runs the work.
   *
   * @throws BackendError instead of a TypeError of tfjs, which fails so on tensors of a backend that was removed
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof TypeError && this.#hasChanged()) throw this.#changed(cause);
      throw cause;
    }
  }

  /** Lets tensors of a removed backend be disposed. That of wasm has no memory any more, and would throw. */
  #forget(backend: tf.KernelBackend): void {
    if (this.#isForgotten) return;
    this.#isForgotten = true;
    const { disposeData } = backend;
    backend.disposeData = (id, force) => {
      try {
        return disposeData.call(backend, id, force);
      } catch {
        return backend.refCount(id) <= 0;
      }
    };
  }

  get #isGone(): boolean {
    return this.#backend !== undefined && tf.engine().registry[this.#name as string] !== this.#backend;
  }

  #hasChanged(): boolean {
    const { backendName, registry } = tf.engine();
    this.#name ??= backendName || undefined;
    if (this.#name === undefined) return false;
    this.#backend ??= registry[this.#name];
    return backendName !== this.#name || this.#isGone;
  }

  #changed(cause?: unknown): BackendError {
    this.#signal?.throwIfAborted();
    const { backendName } = tf.engine();
    this.#error = new BackendError({
      where: this.#where,
      argument: 'the backend',
      expected: `be '${this.#name}' until the end, as at the start`,
      actual: backendName && backendName !== this.#name ? `'${backendName}'` : 'none: it was removed or reset',
      hint: `Await ${this.#where} before you change the backend.`,
      cause,
    });
    return this.#error;
  }
}
