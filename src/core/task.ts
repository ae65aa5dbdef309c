// core: turns of the event loop.

/** Node's, which waits for no clock; browsers have none. */
const { setImmediate: soon } = globalThis as { setImmediate?: (then: () => void) => void };

/** Lets timers, sockets and signals have their turn. */
export function nextTask(): Promise<void> {
  // setTimeout waits for at least a millisecond, each time.
  return new Promise((resolve) => (soon ?? setTimeout)(resolve));
}

/** Multiply-adds that plain JavaScript does in some 20 ms to 80 ms: what one task may take. */
export const WORK_OF_A_TASK = 1.4e7;

/** Carries out work that yields where a task may end, without ending any. */
export function inOneTask<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
  }
}

/** Carries out work that yields where a task may end; the event loop has its turn there. */
export async function inTasks<Result>(work: Generator<void, Result>, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    signal?.throwIfAborted();
    const next = work.next();
    if (next.done) return next.value;
    await nextTask();
  }
}
