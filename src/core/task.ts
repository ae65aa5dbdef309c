// core: turns of the event loop.

/** Node's, which waits for no clock; browsers have none. */
const { setImmediate: soon } = globalThis as { setImmediate?: (then: () => void) => void };

/** Lets timers, sockets and signals have their turn. */
export function nextTask(): Promise<void> {
  // setTimeout waits for at least a millisecond, each time.
  return new Promise((resolve) => (soon ?? setTimeout)(resolve));
}
