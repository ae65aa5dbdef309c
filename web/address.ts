// web: keeps the address of the page a link to what it shows.
import { type LinkState, NOTHING, writeLink } from './link.js';

export class Address {
  #state = NOTHING;

  /** Takes what has changed into the address. */
  update(change: Partial<LinkState>): void {
    this.#state = { ...this.#state, ...change };
    history.replaceState(null, '', writeLink(this.#state) || location.pathname);
  }
}
