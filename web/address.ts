// web: keeps the address of the page a link to what it shows.
import { type LinkState, NOTHING, writeLink } from './link.js';

/** The page has one entry in the history of the browser, whatever it shows, so that Back leads to the page before. */
export class Address {
  #state = NOTHING;

  constructor() {
    // A link to a place of the page makes an entry, and Back from there has the address of an earlier state.
    addEventListener('popstate', () => this.update({}));
  }

  /** Takes what has changed into the address. */
  update(change: Partial<LinkState>): void {
    this.#state = { ...this.#state, ...change };
    history.replaceState(null, '', writeLink(this.#state) || location.pathname);
  }
}
