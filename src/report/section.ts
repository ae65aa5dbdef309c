// report: the building blocks of the sections.
import { type Content, Html, html } from './html.js';
import { shortened } from './numbers.js';

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
  /** The first cell of each row is its header. A row of one cell spans all columns: a heading. */
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
/** The longest head of a column, in characters. */
const LONGEST_HEAD = 80;
/** A longer word may break anywhere, so that it does not widen the table. */
const LONGEST_WORD = 20;
/** Longer text scrolls in its cell. */
const LONGEST_TEXT = 300;

/** A table that scrolls on its own if it is wider than the page. */
export function table({ caption, hideCaption, columns, rows, footer }: Table): Html {
  const className = (i: number, content: Content) => {
    const names = [columns[i].number ? 'number' : '', hasLongWord(content) ? 'long' : ''].filter((name) => name !== '');
    return names.length === 0 ? undefined : html` class="${names.join(' ')}"`;
  };
  const cells = (row: readonly (Content | Cell)[]) =>
    row.map((cell, i) => {
      const { text, style } = isCell(cell) ? cell : { text: cell, style: '' };
      if (i === 0 && row.length === 1 && columns.length > 1)
        return html`<th scope="row" colspan="${columns.length}"${className(i, text)}>${scrolling(text)}</th>`;
      if (i === 0) return html`<th scope="row"${className(i, text)}>${scrolling(text)}</th>`;
      return html`<td${className(i, text)}${style === '' ? undefined : html` style="${style}"`}>${scrolling(text)}</td>`;
    });
  const lines = (of: readonly (readonly (Content | Cell)[])[]) => of.map((row) => html`<tr>${cells(row)}</tr>\n`);
  return html`<div class="scroll${rows.length > TALL ? ' tall' : undefined}${columns.length > BROAD ? ' broad' : undefined}" role="region" tabindex="0" aria-label="${caption}"><table>
<caption${hideCaption ? html` class="unseen"` : undefined}>${caption}</caption>
<thead><tr>${columns.map(({ head }, i) => html`<th scope="col"${className(i, head)}>${shortened(head, LONGEST_HEAD)}</th>`)}</tr></thead>
<tbody>${lines(rows)}</tbody>${footer === undefined ? undefined : html`<tfoot>${lines(footer)}</tfoot>`}
</table></div>`;
}

function isCell(content: Content | Cell): content is Cell {
  return typeof content === 'object' && 'style' in content;
}

function hasLongWord(content: Content): boolean {
  return plainText(content)
    .split(/[\s-]/)
    .some((word) => word.length > LONGEST_WORD);
}

/** The text of content that is text or one element. */
function plainText(content: Content): string {
  if (content instanceof Html) return content.text.replace(/<[^>]*>/g, '');
  return typeof content === 'string' ? content : '';
}

/** Long text in a box that scrolls. */
export function scrolling(content: Content): Content {
  if (plainText(content).length <= LONGEST_TEXT) return content;
  return html`<div class="text" role="region" aria-label="Long text" tabindex="0">${content}</div>`;
}

/** Names in one line, separated by commas. Each keeps its own direction, left to right or right to left. */
export function inLine(names: readonly Content[]): Html {
  return html`${names.map((name, i) => html`${i === 0 ? '' : ', '}<bdi>${name}</bdi>`)}`;
}

/** A list of names and values. */
export function facts(entries: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl class="facts">${entries.map(([name, value]) => html`<div${isLong(value) ? html` class="long"` : undefined}><dt>${shortened(name, LONGEST_HEAD)}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

function isLong(value: Content): boolean {
  return plainText(value).length > 70;
}
