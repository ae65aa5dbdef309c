// web: where the model errs, as the report draws it: confusion matrix, calibration and the most confident mistakes.
import { fail } from './alert.js';
import type { Client } from './client.js';
import { loadReport } from './report.js';
import { byId } from './views.js';

const SECTIONS = ['confusion', 'calibration', 'mistakes'] as const;

/** How far below the window they are drawn, in pixels. */
const AHEAD = '400px';

/** The sections are drawn when they come into view: only then are the charts of the report loaded. */
export class Findings {
  readonly #client: Client;
  #isWanted = false;
  #isInView = false;
  /** Counts the models, so that a drawing of an earlier one is not shown. */
  #model = 0;

  constructor(client: Client) {
    this.#client = client;
    const seen = ([entry]: readonly IntersectionObserverEntry[]) => {
      this.#isInView = entry.isIntersecting;
      void this.#draw();
    };
    new IntersectionObserver(seen, { rootMargin: AHEAD }).observe(byId('findings'));
  }

  /** @param isTested whether the model was tested on held-out samples */
  show(isTested: boolean): void {
    this.#model++;
    this.#isWanted = isTested;
    byId('findings-empty').hidden = isTested;
    byId('findings-sections').replaceChildren();
    void this.#draw();
  }

  async #draw(): Promise<void> {
    if (!this.#isWanted || !this.#isInView) return;
    this.#isWanted = false;
    const model = this.#model;
    try {
      const [values, { renderSections }] = await Promise.all([this.#client.call('report'), loadReport()]);
      const sections = await renderSections(values, SECTIONS);
      if (model === this.#model) byId('findings-sections').innerHTML = sections.join('');
    } catch (error) {
      if (model === this.#model) fail(error);
    }
  }
}
