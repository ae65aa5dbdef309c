// web: the form of a table: its label, the use of each column, and how its values are written.
import type { ColumnLine, OpenedTable, TableOptions } from './messages.js';
import { byId, count, element, fill } from './views.js';

/** A column beyond these is read as it is. */
const MOST_COLUMNS = 200;

/** What may become of a column, in the words of `words.ts`. */
const USES = { automatic: 'automatic', categories: 'categories', dates: 'date', ignore: 'left out' } as const;

/** The markers of missing values that are known without being named. */
const MARKERS = ['', '?', 'NA', 'N/A', '#N/A', '<NA>', 'NaN', 'null'];

const select = (id: string) => byId<HTMLSelectElement>(id);

/** The decimal mark of the numbers in the first lines of a table: a comma only between other separators. */
export function decimalOf(preview: string): '.' | ',' {
  const [header, ...rows] = preview.split('\n');
  if (!/[;\t]/.test(header)) return '.';
  const fields = rows.flatMap((row) => row.split(/[;\t]/)).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
  const has = (number: RegExp) => fields.some((field) => number.test(field));
  return has(/^[+-]?\d+,\d+$/) && !has(/^[+-]?\d+\.\d+$/) ? ',' : '.';
}

/** The name of a table: that of its file, or of the first of its parts. */
export function namesOf([first, ...others]: readonly File[]): string {
  return others.length === 0 ? first.name : `${first.name} and ${count(others.length, 'more file')}`;
}

/** A table that was chosen. It may be read again with other options. */
export class TableForm {
  #opened: OpenedTable | undefined;
  #uses = new Map<string, HTMLSelectElement>();

  get files(): readonly File[] | undefined {
    return this.#opened?.files;
  }

  /**
   * Asks about a table that is not read yet.
   *
   * @returns what to know about it, and what to do next
   */
  open(opened: OpenedTable): string {
    const { files, columns, preview, isText } = opened;
    this.#opened = opened;
    fill(
      select('label'),
      columns.map((name) => new Option(name, name)),
    );
    select('label').value = columns[columns.length - 1];
    byId('preview').textContent = preview;
    const listed = columns.slice(0, MOST_COLUMNS);
    this.#uses = new Map(listed.map((name) => [name, useOf(name)]));
    const items = listed.map((name) => {
      const item = document.createElement('li');
      item.append(element('span', name, 'name'), this.#uses.get(name) as HTMLSelectElement);
      return item;
    });
    const others = columns.length - listed.length;
    fill(byId('columns'), others === 0 ? items : [...items, element('li', `and ${others.toLocaleString('en')} more`)]);
    byId<HTMLDetailsElement>('columns-of').open = false;
    for (const option of document.querySelectorAll<HTMLElement>('[data-text]')) option.hidden = !isText;
    byId('table').hidden = false;
    const decimal = isText ? decimalOf(preview) : '.';
    select('decimal').value = decimal;
    const found = `${namesOf(files)}: ${count(columns.length, 'column')}`;
    if (columns.length === 1 && isText)
      return `${found}. The first line must name the columns, separated by commas, semicolons, tabs or |.`;
    return `${found}${decimal === ',' ? ', with a decimal comma in the numbers' : ''}. Which one holds the labels?`;
  }

  close(): void {
    this.#opened = undefined;
    byId('table').hidden = true;
  }

  /** Shows what was found in each column. Notes open the list, and their columns come first. */
  tell(lines: readonly ColumnLine[]): void {
    const found = new Map(lines.map((line) => [line.name, line]));
    for (const [name, use] of this.#uses) {
      const line = found.get(name);
      const item = use.parentElement as HTMLElement;
      for (const old of item.querySelectorAll('p')) old.remove();
      if (line === undefined) continue;
      item.append(element('p', line.text, 'hint'));
      if (line.note !== undefined) item.append(element('p', line.note, 'warning'));
    }
    const noted = lines.flatMap(({ name, note }) =>
      note === undefined ? [] : (this.#uses.get(name)?.parentElement ?? []),
    );
    const columns = byId('columns');
    for (const item of noted.reverse()) columns.prepend(item);
    if (noted.length > 0) byId<HTMLDetailsElement>('columns-of').open = true;
  }

  /** Opens the closed lists with the fields that an error tells to choose, the columns first. */
  openFieldsIn(message: string): void {
    for (const [name, use] of this.#uses) {
      if (!message.includes(`“${name}: `)) continue;
      byId('columns').prepend(use.parentElement as HTMLElement);
      byId<HTMLDetailsElement>('columns-of').open = true;
    }
    for (const list of byId('table').querySelectorAll('details')) {
      const titles = Array.from(list.querySelectorAll('label'), ({ childNodes }) =>
        Array.from(childNodes, (node) => (node.nodeType === Node.TEXT_NODE ? node.textContent : ''))
          .join('')
          .trim(),
      );
      if (titles.some((title) => message.includes(`“${title}`))) list.open = true;
    }
  }

  options(): TableOptions {
    const named = (use: keyof typeof USES) =>
      [...this.#uses]
        .filter(([name, { value }]) => value === use && name !== select('label').value)
        .map(([name]) => name);
    const tokens = byId<HTMLInputElement>('missing-tokens').value.split(',');
    const missingTokens = tokens.map((token) => token.trim()).filter((token) => token !== '');
    const order = select('date-order').value;
    return {
      label: select('label').value,
      missing: select('missing').value as TableOptions['missing'],
      ...(this.#opened?.isText && {
        decimal: select('decimal').value as TableOptions['decimal'],
        thousands: byId<HTMLInputElement>('thousands').checked,
      }),
      ...(order === '' ? {} : { dateOrder: order as TableOptions['dateOrder'] }),
      ...(missingTokens.length === 0 ? {} : { missingTokens: [...MARKERS, ...missingTokens] }),
      ...{ categories: named('categories'), dates: named('dates'), ignore: named('ignore') },
    };
  }
}

function useOf(name: string): HTMLSelectElement {
  const use = document.createElement('select');
  use.setAttribute('aria-label', `Use of ${name}`);
  fill(
    use,
    Object.entries(USES).map(([value, title]) => new Option(title, value)),
  );
  return use;
}
