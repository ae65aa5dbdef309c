// web: the pace of a training: how long it waits after an epoch, and where it pauses.
import type { PaceWish } from '../messages.js';

/** Between epochs, or iterations, a training waits here. The wish may change at any time, also while it waits. */
export class Pace {
  /** Milliseconds that the training has waited. */
  waited = 0;
  #wish: PaceWish;
  #wake: (() => void) | undefined;

  constructor(wish: PaceWish) {
    this.#wish = wish;
  }

  change(wish: PaceWish): void {
    this.#wish = wish;
    this.#wake?.();
  }

  /** Whether the training waits after this epoch, so that there is time to show it. */
  waitsAfter(epoch: number): boolean {
    return this.#wish.delay > 0 || epoch >= this.#wish.until;
  }

  /**
   * Waits until the training may go on, or is aborted.
   *
   * @param onPause called when it pauses, and not merely goes slowly
   */
  async after(epoch: number, signal: AbortSignal, onPause: () => void): Promise<void> {
    const started = performance.now();
    let isPaused = false;
    while (!signal.aborted) {
      const left = epoch >= this.#wish.until ? undefined : started + this.#wish.delay - performance.now();
      if (left !== undefined && left <= 0) break;
      if (left === undefined && !isPaused) {
        isPaused = true;
        onPause();
      }
      await this.#sleep(left, signal);
    }
    this.waited += performance.now() - started;
  }

  /** Until the time is over, the wish has changed, or the training is aborted. */
  #sleep(milliseconds: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(() => this.#wake?.(), milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      const wake = () => this.#wake?.();
      signal.addEventListener('abort', wake);
    });
  }
}
