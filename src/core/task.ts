// core: yielding to the event loop.

/** Node's setImmediate, which has no minimum delay; browsers lack it. */
const { setImmediate: soon } = globalThis as { setImmediate?: (then: () => void) => void };

/** Yields to timers, sockets and signals. */
export function nextTask(): Promise<void> {
  // Each setTimeout waits at least one millisecond.
  return new Promise((resolve) => (soon ?? setTimeout)(resolve));
}

/** Multiply-adds that plain JavaScript does in 20 ms to 80 ms: the limit of one task. */
export const WORK_OF_A_TASK = 1.4e7;

/** Work in steps of a few milliseconds; each yield ends a step. A promise is what the next step needs. */
export type Steps<Result> = Generator<Promise<void> | undefined, Result, void>;

/** Runs all steps at once. They must not need a promise. */
export function finish<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (value !== undefined) throw new Error('these steps cannot be finished at once');
  }
}

/** The promise, or the signal's reason as soon as it is aborted: what is awaited may never end. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Runs the steps and yields to the event loop after each. After an error, the steps end in their `finally`. */
export async function finishInTurns<Result>(steps: Steps<Result>, signal?: AbortSignal): Promise<Result> {
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = steps.next();
      if (done) return value;
      await (value === undefined ? nextTask() : untilAborted(value, signal));
    }
  } finally {
    steps.return(undefined as never);
  }
}
