// web: the form of a table: its label, the use of each column, and how its values are written.
import type { ColumnLine, TableOptions } from './messages.js';
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

/** A table that was chosen. It may be read again with other options. */
export class TableForm {
  #file: File | undefined;
  #uses = new Map<string, HTMLSelectElement>();

  get file(): File | undefined {
    return this.#file;
  }

  /**
   * Asks about a table that is not read yet.
   *
   * @returns what to know about it, and what to do next
   */
  open(file: File, columns: readonly string[], preview: string): string {
    this.#file = file;
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
    byId('table').hidden = false;
    const decimal = decimalOf(preview);
    select('decimal').value = decimal;
    const found = `${file.name}: ${count(columns.length, 'column')}`;
    if (columns.length === 1)
      return `${found}. The first line must name the columns, separated by commas, semicolons, tabs or |.`;
    return `${found}${decimal === ',' ? ', with a decimal comma in the numbers' : ''}. Which one holds the labels?`;
  }

  close(): void {
    this.#file = undefined;
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
      // Lines of JSON have neither, and refuse them.
      ...(select('decimal').value === ',' ? { decimal: ',' as const } : {}),
      ...(byId<HTMLInputElement>('thousands').checked ? { thousands: true } : {}),
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
