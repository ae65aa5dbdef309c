// web: the run bar: a training is started, stepped, paused, slowed down and stopped here.
import { fail } from './alert.js';
import type { Client } from './client.js';
import type { PaceWish } from './messages.js';
import { byId, say } from './views.js';

const END = Number.POSITIVE_INFINITY;

/** Where a training is, and how fast it goes. */
export class RunBar {
  /** The last epoch, or iteration, that was shown. */
  epoch = 0;
  isPaused = false;
  readonly #client: Client;
  #until = END;
  /** Clicks on Step during a step. */
  #more = 0;
  #stopsThere = false;

  constructor(client: Client) {
    this.#client = client;
    byId('pause').addEventListener('click', () => this.#toggle());
    byId('stop').addEventListener('click', () => void client.call('stop').catch(fail));
    byId('speed').addEventListener('change', () => void client.call('pace', this.#wish()).catch(fail));
  }

  /**
   * @param until the epoch after which the training pauses; none by default
   * @param stopsThere whether it is stopped there
   */
  begin(until = END, stopsThere = false): PaceWish {
    this.epoch = 0;
    this.#more = 0;
    this.#until = until;
    this.#stopsThere = stopsThere;
    this.#show(false);
    return this.#wish();
  }

  /** One epoch more, then a pause; during a step, after that one. */
  step(): void {
    const isStepping = !this.isPaused && this.#until <= this.epoch + 1;
    if (isStepping) this.#more++;
    else this.#go(this.epoch + 1);
  }

  /** @returns whether the training stays paused: not if there is a click on Step left, nor if Play was clicked since */
  pausedAfter(epoch: number): boolean {
    if (this.#until === END) return false;
    this.epoch = epoch;
    if (this.#stopsThere) void this.#client.call('stop').catch(fail);
    else if (this.#more > 0) {
      this.#more--;
      this.#go(epoch + 1);
    } else this.#show(true);
    return this.isPaused;
  }

  end(): void {
    this.#show(false);
  }

  /** @param isTraining whether a training runs or is paused; else one can be started if `canStart` */
  refresh(isTraining: boolean, canStart: boolean): void {
    byId<HTMLButtonElement>('train').disabled = !canStart;
    byId<HTMLButtonElement>('step').disabled = !canStart && !isTraining;
    for (const id of ['pause', 'stop']) byId<HTMLButtonElement>(id).disabled = !isTraining;
    byId('progress').hidden = !isTraining;
  }

  #toggle(): void {
    if (this.isPaused) say('status', 'Training…');
    this.#more = 0;
    this.#go(this.isPaused ? END : this.epoch);
  }

  #go(until: number): void {
    this.#until = until;
    this.#stopsThere = false;
    this.#show(false);
    void this.#client.call('pace', this.#wish()).catch(fail);
  }

  #show(isPaused: boolean): void {
    this.isPaused = isPaused;
    byId('pause').textContent = isPaused ? 'Play' : 'Pause';
  }

  #wish(): PaceWish {
    return { until: this.#until, delay: Number(byId<HTMLSelectElement>('speed').value) };
  }
}
