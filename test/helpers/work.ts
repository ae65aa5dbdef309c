// The amount of work, counted by V8: the same number on every machine.
import { Session } from 'node:inspector';

/**
 * Counts how often the blocks of the matching files run: bodies of functions, loops and branches.
 *
 * Start it before the code under test is first called: V8 counts blocks only in what it compiles afterwards.
 */
export class WorkCounter implements Disposable {
  readonly #session = new Session();
  readonly #files: RegExp;

  constructor(files: RegExp) {
    this.#files = files;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  count(run: () => unknown): number {
    this.take();
    run();
    return this.take();
  }

  /** The blocks run since the last call. */
  take(): number {
    let count = 0;
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const { url, functions } of result) {
        if (!this.#files.test(url)) continue;
        for (const { ranges } of functions) for (const range of ranges) count += range.count;
      }
    });
    return count;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}
