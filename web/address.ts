// web: keeps the address of the page a link to what it shows.
import { type LinkState, NOTHING, writeLink } from './link.js';

/** Milliseconds until a change of the address is tried again. */
const LATER = 1000;

/** The page has one entry in the history of the browser, whatever it shows, so that Back leads to the page before. */
export class Address {
  #state = NOTHING;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    // A link to a place of the page makes an entry, and Back from there has the address of an earlier state.
    addEventListener('popstate', () => this.update({}));
  }

  /** Takes what has changed into the address. */
  update(change: Partial<LinkState>): void {
    this.#state = { ...this.#state, ...change };
    this.#write();
  }

  /** Browsers limit how often an address may change, some in silence, others by an error: then once more, later. */
  #write(): void {
    clearTimeout(this.#timer);
    const query = writeLink(this.#state);
    try {
      history.replaceState(null, '', query || location.pathname);
    } catch {}
    if (location.search !== query) this.#timer = setTimeout(() => this.#write(), LATER);
  }
}
