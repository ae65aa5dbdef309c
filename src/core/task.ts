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

/** Work cut into steps of some milliseconds: what yields between them. */
export type Steps<Result> = Generator<void, Result, void>;

/** All steps at once. */
export function finish<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Step by step, with a turn of the event loop after each. */
export async function finishInTurns<Result>(steps: Steps<Result>, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = steps.next();
    if (done) return value;
    await nextTask();
  }
}
