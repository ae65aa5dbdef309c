// cli: Ctrl-C as an AbortSignal, so that work stops without leaving partial results.

/** The exit codes that shells report for a process ended by a signal. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: keyof typeof EXIT_CODES = 'SIGINT') {
    super(signal === 'SIGINT' ? 'interrupted' : 'terminated');
    this.name = 'Interrupted';
    this.exitCode = EXIT_CODES[signal];
  }
}

/** Milliseconds in which a second signal is the first one again: `timeout` sends it to the process and to its group. */
const TWICE = 100;

/** Runs `work` with a signal that aborts on Ctrl-C and SIGTERM; a second one ends the process at once. */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (controller.signal.aborted) {
      if (performance.now() - first > TWICE) process.exit(EXIT_CODES[signal]);
      return;
    }
    first = performance.now();
    controller.abort(new Interrupted(signal));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    // The same signal may come once more, before the process has said why it ends.
    if (controller.signal.aborted) {
      const ignore = () => {};
      process.on('SIGINT', ignore).on('SIGTERM', ignore);
      setTimeout(() => process.off('SIGINT', ignore).off('SIGTERM', ignore), TWICE).unref();
    }
  }
}
