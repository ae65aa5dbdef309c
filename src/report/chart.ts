// report: Observable Plot's drawings as SVG text, in Node and in a page.
import { type Html, html, trusted } from './html.js';

// In Node the drawing is made in linkedom; a page has a document of its own, and package.json keeps linkedom out of it.
const loadPlot = () => import('@observablehq/plot');
const loadDom = () => import('linkedom');

export type Plot = Awaited<ReturnType<typeof loadPlot>>;
export type PlotOptions = NonNullable<Parameters<Plot['plot']>[0]>;

export interface Chart {
  /** What it shows, in words, for those who do not see it. */
  readonly label: string;
  readonly caption?: Html | string;
  /** Another drawing below the first, of the same width. */
  readonly below?: Pick<Chart, 'label' | 'draw'>;
  /** The drawing at one width; it is made for wide and for narrow screens. */
  readonly draw: (width: number) => PlotOptions;
}

export interface Charts {
  readonly Plot: Plot;
  readonly figure: (chart: Chart) => Html;
}

/** Widths in pixels that the drawings are made for: a column of text, and a phone. */
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
    // The label may hold any characters, and linkedom leaves an ampersand in an attribute as it is.
    return html`<svg role="img" aria-label="${label}"${trusted(svg.outerHTML.slice('<svg'.length))}`;
  };
  const drawings = (chart: Chart, width: number): Html =>
    html`${drawing(chart, width)}${chart.below === undefined ? undefined : drawing(chart.below, width)}`;
  return { Plot, figure: (chart) => figure(drawings(chart, WIDE), drawings(chart, NARROW), chart.caption) };
}

/** One of two drawings is displayed, by the width of the screen. */
export function figure(wide: Html, narrow: Html, caption?: Html | string): Html {
  return html`<figure class="card">
<div class="wide">${wide}</div>
<div class="narrow">${narrow}</div>
${caption === undefined ? undefined : html`<figcaption>${caption}</figcaption>`}
</figure>`;
}

/** Ticks of a logarithmic axis: powers of ten, or between them where there are too few. */
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

/** Coordinates to a tenth of a pixel: a fifth of the file. */
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
