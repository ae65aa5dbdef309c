// report: charts by Observable Plot as SVG text, in Node and in pages.
import { type Html, html, trusted } from './html.js';

// Node draws in linkedom. A page draws in its own document, and package.json excludes linkedom from browser bundles.
const loadPlot = () => import('@observablehq/plot');
const loadDom = () => import('linkedom');

export type Plot = Awaited<ReturnType<typeof loadPlot>>;
export type PlotOptions = NonNullable<Parameters<Plot['plot']>[0]>;

export interface Chart {
  /** A description for screen readers. */
  readonly label: string;
  readonly caption?: Html | string;
  /** A second drawing of the same width, below the first. */
  readonly below?: Pick<Chart, 'label' | 'draw'>;
  /** The drawing at one width. It is called for wide and for narrow screens. */
  readonly draw: (width: number) => PlotOptions;
}

export interface Charts {
  readonly Plot: Plot;
  readonly figure: (chart: Chart) => Html;
}

/** The widths of the drawings in pixels: a text column, and a phone. */
export const WIDE = 720;
export const NARROW = 340;

export async function openCharts(): Promise<Charts> {
  const Plot = await loadPlot();
  const page =
    typeof document === 'undefined' ? (await loadDom()).parseHTML('<html><body></body></html>').document : document;
  const drawing = ({ draw, label }: Pick<Chart, 'label' | 'draw'>, width: number): Html => {
    const options = { document: page, width, ...draw(width), style: undefined, className: 'plot' };
    const svg = Plot.plot(options as PlotOptions) as SVGElement;
    svg.querySelector('style')?.remove();
    svg.removeAttribute('font-size');
    svg.removeAttribute('font-family');
    for (const group of svg.querySelectorAll('[aria-label]')) group.removeAttribute('aria-label');
    roundCoordinates(svg);
    // The label may contain any characters, and linkedom does not escape ampersands in attributes.
    return html`<svg role="img" aria-label="${label}"${trusted(svg.outerHTML.slice('<svg'.length))}`;
  };
  const drawings = (chart: Chart, width: number): Html =>
    html`${drawing(chart, width)}${chart.below === undefined ? undefined : drawing(chart.below, width)}`;
  return { Plot, figure: (chart) => figure(drawings(chart, WIDE), drawings(chart, NARROW), chart.caption) };
}

/** A figure with two drawings. The style sheet shows one of them, by the width of the screen. */
export function figure(wide: Html, narrow: Html, caption?: Html | string): Html {
  return html`<figure class="card">
<div class="wide">${wide}</div>
<div class="narrow">${narrow}</div>
${caption === undefined ? undefined : html`<figcaption>${caption}</figcaption>`}
</figure>`;
}

/** Ticks of a logarithmic axis: powers of ten, and their 2-fold and 5-fold if the powers are few. */
export function logTicks(least: number, most: number): number[] {
  const exponents = Array.from(
    { length: Math.floor(Math.log10(most)) - Math.ceil(Math.log10(least)) + 3 },
    (_, i) => Math.ceil(Math.log10(least)) - 1 + i,
  );
  const every = Math.ceil(exponents.length / 8);
  const digits = exponents.length > 4 ? [1] : [1, 2, 5];
  return exponents
    .filter((exponent) => exponent % every === 0)
    .flatMap((exponent) => digits.map((digit) => Number(`${digit}e${exponent}`)))
    .filter((tick) => tick >= least && tick <= most);
}

const GEOMETRY = ['d', 'transform', 'x', 'y', 'x1', 'y1', 'x2', 'y2', 'cx', 'cy', 'width', 'height'];

/** Rounds coordinates to a tenth of a pixel, which makes the file smaller. */
function roundCoordinates(svg: SVGElement): void {
  for (const element of svg.querySelectorAll('*')) {
    for (const name of GEOMETRY) {
      const value = element.getAttribute(name);
      if (value?.includes('.'))
        element.setAttribute(
          name,
          value.replace(/-?\d+\.\d{2,}/g, (text) => Number(text).toFixed(1)),
        );
    }
  }
}
