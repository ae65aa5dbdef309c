// web: errors, advice and notes in the words of the page: its fields and choices in place of options of the package.
import { inWords, isSoftmaxRegressionError, optionFields } from 'softmax-regression';

/** The fields of the table, by option. */
const TABLE: Readonly<Record<string, string>> = {
  label: 'Column of labels',
  missing: 'Missing values',
  missingLabel: 'Missing values',
  missingTokens: 'Also missing',
  decimal: 'Decimal mark',
  dateOrder: 'Order of dates',
  thousands: 'Thousands separators',
};

/** The choices of these fields, by value. */
const CHOICES: Readonly<Record<string, string>> = {
  drop: 'leave the row out',
  mean: 'become the mean',
  median: 'become the median',
  '.': 'point',
  ',': 'comma',
  dmy: 'day first',
  mdy: 'month first',
};

/** What the page may do with a column, by option. */
const USES: Readonly<Record<string, string>> = { ignore: 'left out', categories: 'categories', dates: 'date' };

/** Columns have names of any kind, such as `constructor`, which every object inherits. */
function ownOf(texts: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(texts, name) ? texts[name] : undefined;
}

function titleOf(option: string): string | undefined {
  return optionFields().find(({ name }) => name === option)?.title ?? ownOf(TABLE, option);
}

/** An option as the page shows it, with a value as what to do; undefined if the page lacks it. */
function written(option: string, value?: string): string | undefined {
  const plain = value?.replace(/^\[(.*)\]$/, '$1').replace(/^(['"])(.*)\1$/, '$2');
  const use = ownOf(USES, option);
  if (use !== undefined && plain !== undefined) return `“${plain}: ${use}”`;
  const title = titleOf(option);
  // The page cannot take an empty value, such as a list without markers.
  if (title === undefined || plain === '') return undefined;
  if (Object.hasOwn(TABLE, option))
    return plain === undefined || plain === 'true' ? `“${title}”` : `“${title}: ${ownOf(CHOICES, plain) ?? plain}”`;
  if (plain === undefined) return `“${title}”`;
  return plain === 'true' ? `tick “${title}”` : `set “${title}” to ${plain}`;
}

/** Of the package's hint for a missing value. The page reads tables only for training. */
const WHEN_TRAINING = /; when training, (.+) fills it in\./;

/** Of the package's hints for a table without a header, which the page cannot read. */
const HEADER = /(?<=If the (?:first line is data|file has no header), )pass `header: false`/;

const MENTION = /`[A-Za-z]\w*(?:: [^`]*)?`/;

/** Advice, a note or a hint: options are fields of the page, and sentences about what the page lacks are left out. */
export function textInWords(text: string): string {
  const sentences = inWords(text.replace(HEADER, 'write the names of the columns above the first row'), written).split(
    /(?<=[.?;]) +/,
  );
  const kept = sentences.filter((sentence) => !MENTION.test(sentence)).join(' ');
  return kept
    .replace(/\bGive (s|t)(et|ick) “/g, (_, first: string, rest: string) => `${first.toUpperCase()}${rest} “`)
    .replace(/\? “/g, '? Choose “')
    .replace(/\b(?:Pass|Add) “/g, 'Choose “')
    .replace(/\b(?:pass|add) “/g, 'choose “')
    .replace(WHEN_TRAINING, ', or $1 to fill them in.');
}

/** What browsers say when a file of script is not there: a reader of tables, say, on a server with another build. */
const NOT_LOADED = /dynamically imported module|importing a module script/i;

/**
 * An error in the words of the page.
 *
 * @param subject in place of the error's own argument, such as the field that was typed
 */
export function errorInWords(error: unknown, subject?: string): string {
  if (!isSoftmaxRegressionError(error)) {
    const said = error instanceof Error ? error.message : String(error);
    return NOT_LOADED.test(said)
      ? 'A part of this page cannot be loaded. Check the network, and reload the page.'
      : said;
  }
  const { where, argument, expected, actual, hint } = error;
  const backend = /^backend '(\w+)'$/.exec(argument)?.[1];
  if (backend !== undefined) {
    const reason = actual.replace(/^\w+: /, '').replace(/\.$/, '');
    return `The backend ${backend} does not work here: ${reason}.`;
  }
  // What came is a sentence of the browser.
  if (argument === 'gzip data') return `${where}: the gzip file is damaged or cut off: fetch it again.`;
  // Functions of the package have no dot or dash; files have.
  const place = where === '' || /^\w+$/.test(where) ? '' : `${where}: `;
  // In a line of a file, it is a column, which may have the name of an option.
  const title = /:\d+$/.test(where) ? undefined : titleOf(argument);
  const what = subject ?? `${place}${title ?? argument}`;
  const way = hint === undefined ? '' : textInWords(hint);
  return `${inWords(`${what} must ${expected}; got ${actual}.`, written)} ${way}`.trim();
}
