// report: the building blocks of the sections.
import { type Content, type Html, html } from './html.js';

export interface Section {
  /** The anchor of the section. */
  readonly id: string;
  readonly title: string;
  /** The title in the navigation. */
  readonly short: string;
  readonly lead?: Content;
  readonly body: Html;
}

export interface Column {
  readonly head: string;
  /** Numbers are right-aligned, with digits of equal width. */
  readonly number?: boolean;
}

export interface Table {
  readonly caption: string;
  /** Whether only screen readers get the caption. */
  readonly hideCaption?: boolean;
  readonly columns: readonly Column[];
  /** The first cell of each row is its header. */
  readonly rows: readonly (readonly (Content | Cell)[])[];
  readonly footer?: readonly (readonly Content[])[];
}

/** A cell with a bar or a colour behind its text. */
export interface Cell {
  readonly text: Content;
  readonly style: string;
}

/** On screens, a table with more rows scrolls vertically. */
const TALL = 30;
/** On phones, a table with more columns scrolls horizontally. */
const BROAD = 4;

/** A table that scrolls on its own if it is wider than the page. */
export function table({ caption, hideCaption, columns, rows, footer }: Table): Html {
  const className = (i: number) => (columns[i].number ? html` class="number"` : undefined);
  const cells = (row: readonly (Content | Cell)[]) =>
    row.map((cell, i) => {
      const { text, style } = isCell(cell) ? cell : { text: cell, style: '' };
      if (i === 0) return html`<th scope="row"${className(i)}>${text}</th>`;
      return html`<td${className(i)}${style === '' ? undefined : html` style="${style}"`}>${text}</td>`;
    });
  const lines = (of: readonly (readonly (Content | Cell)[])[]) => of.map((row) => html`<tr>${cells(row)}</tr>\n`);
  return html`<div class="scroll${rows.length > TALL ? ' tall' : undefined}${columns.length > BROAD ? ' broad' : undefined}" role="region" tabindex="0" aria-label="${caption}"><table>
<caption${hideCaption ? html` class="unseen"` : undefined}>${caption}</caption>
<thead><tr>${columns.map(({ head }, i) => html`<th scope="col"${className(i)}>${head}</th>`)}</tr></thead>
<tbody>${lines(rows)}</tbody>${footer === undefined ? undefined : html`<tfoot>${lines(footer)}</tfoot>`}
</table></div>`;
}

function isCell(content: Content | Cell): content is Cell {
  return typeof content === 'object' && 'style' in content;
}

/** A list of names and values. */
export function facts(entries: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl class="facts">${entries.map(([name, value]) => html`<div${isLong(value) ? html` class="long"` : undefined}><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

function isLong(value: Content): boolean {
  return typeof value === 'string' && value.length > 70;
}
