// web: the choice of a backend.
import type { BackendName } from 'softmax-regression';
import type { Client } from './client.js';
import type { BackendWish } from './messages.js';
import { say } from './views.js';

const radioOf = (name: string) => document.querySelector<HTMLInputElement>(`[name=backend][value=${name}]`);

/** The backend that computes. */
export class Backends {
  /** Whether the user chose it. */
  isChosen = false;
  current: BackendName = 'cpu';
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async choose(wish: BackendWish): Promise<void> {
    const isOwn = wish !== 'small' && wish !== 'large';
    try {
      const { backend, line, refused } = await this.#client.call('chooseBackend', wish);
      say('backend-state', `${line.replace(/^backend: /, 'Computes on ')}.`);
      for (const { backend: name, reason } of isOwn ? [] : refused) refuse(name, reason);
      this.current = backend;
    } catch (error) {
      if (isOwn) refuse(wish, 'it does not work here');
      throw error;
    } finally {
      const radio = radioOf(this.current);
      if (radio !== null) radio.checked = true;
    }
  }

  /** Locks the choice; a backend that was refused stays locked. */
  lock(isLocked: boolean): void {
    for (const radio of document.querySelectorAll<HTMLInputElement>('[name=backend]')) {
      radio.disabled = isLocked || radio.dataset.refused !== undefined;
    }
  }
}

function refuse(name: BackendName, reason: string): void {
  const radio = radioOf(name);
  if (radio === null) return;
  radio.dataset.refused = reason;
  (radio.parentElement as HTMLElement).title = `Not here: ${reason}`;
}
