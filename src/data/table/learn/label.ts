// data: the column of labels.
import type { Label } from '../../../core/labels.js';
import { describe } from '../../../core/shape.js';
import { parseBoolean } from '../encode.js';
import { parseNumber } from '../number.js';
import type { Row } from '../row.js';
import { type ColumnErrors, type ColumnLearner, type LearnOptions, type Learnt, Values } from './column.js';

type Type = 'string' | 'number' | 'boolean';

export class LabelLearner implements ColumnLearner {
  readonly #errors: ColumnErrors;
  readonly #options: LearnOptions;
  readonly #values: Values;

  readonly #hasRare: boolean;
  /** Whether a label is text by its type. */
  #areTexts = false;

  /** @param hasRare whether classes with too few rows are left out */
  constructor(errors: ColumnErrors, options: LearnOptions, hasRare: boolean) {
    this.#hasRare = hasRare;
    this.#errors = errors;
    this.#options = options;
    this.#values = new Values(options.maxCategories);
  }

  /** The labels, as written, of classes with fewer than `least` rows, each with its number of rows. */
  rare(least: number): ReadonlyMap<string, number> {
    const { labelType, decimal } = this.#options;
    const { counts } = this.#values;
    // Only as numbers do labels that are written differently belong to one class.
    const classOf = (text: string) => (labelType === 'number' ? parseNumber(text, decimal) : text);
    const rows = new Map<string | number, number>();
    for (const [text, count] of counts) rows.set(classOf(text), (rows.get(classOf(text)) ?? 0) + count);
    return new Map([...counts].filter(([text]) => (rows.get(classOf(text)) ?? 0) < least));
  }

  check(row: Row, field: number, number: number, line: number): void {
    if (this.#options.labelType !== 'number' || Number.isFinite(number)) return;
    const hint = "Pass `labelType: 'text'` to keep labels as they are written.";
    throw this.#errors.at(line, field, 'be a finite number', row.text(field), hint);
  }

  take(row: Row, field: number, _: number, line: number): void {
    const text = row.text(field);
    this.#areTexts ||= row.isText(field);
    if (!this.#values.add(text)) return;
    const expected = `have at most ${this.#options.maxCategories} different values`;
    const hint = 'Is it a quantity? This model predicts classes. Otherwise raise `maxCategories`.';
    throw this.#errors.at(line, field, expected, text, hint, 'one more, ');
  }

  learnt(): Learnt {
    const { texts } = this.#values;
    const { labelType, decimal } = this.#options;
    const kind = this.#areTexts && labelType !== 'number' ? 'string' : kindOf(texts, decimal);
    const areNamed = kind !== 'string' && areCodes(texts, kind, decimal);
    const type = labelType === 'text' || (labelType === undefined && areNamed) ? 'string' : kind;
    const classes = new Set(texts.map((text) => read(text, type, decimal)));
    if (classes.size < 2) {
      const [only] = classes;
      const actual = texts.length === 0 ? 'no value' : `only ${describe(only)}`;
      const hint = this.#hasRare ? 'The others have too few rows: lower `minClassCount`.' : undefined;
      throw this.#errors.whole('have at least two classes', actual, hint);
    }
    // What was decided on codes.
    const code = areNamed ? (texts.find((text) => areCodes([text], kind, decimal)) ?? texts[0]) : '';
    const note = !areNamed
      ? undefined
      : type === 'string'
        ? `codes such as ${code} stay text`
        : (mergedNote(texts, type, decimal, classes.size) ??
          `read as numbers: ${describe(code)} is ${read(code, type, decimal)}`);
    return { column: { kind: 'label', name: this.#errors.name, type }, values: classes.size, note };
  }
}

/** How many texts became fewer labels, with the first two that became one; undefined if each is a label of its own. */
function mergedNote(texts: readonly string[], type: Type, decimal: '.' | ',', labels: number): string | undefined {
  if (labels === texts.length) return undefined;
  const first = new Map<Label | undefined, string>();
  for (const text of texts) {
    const label = read(text, type, decimal);
    const other = first.get(label);
    if (other !== undefined)
      return `${texts.length} texts became ${labels} labels: ${describe(other)} and ${describe(text)} are one`;
    first.set(label, text);
  }
  return undefined;
}

function kindOf(texts: readonly string[], decimal: '.' | ','): Type {
  if (texts.every((text) => !Number.isNaN(parseNumber(text, decimal)))) return 'number';
  return texts.every((text) => parseBoolean(text) !== undefined) ? 'boolean' : 'string';
}

function read(text: string, type: Type, decimal: '.' | ','): Label | undefined {
  return type === 'number' ? parseNumber(text, decimal) : type === 'boolean' ? parseBoolean(text) : text;
}

/**
 * Whether labels that look like numbers or booleans are codes: as values, two of them would be the same, or one would be
 * written in another way, such as 02134, 1.10, 1E2 or an id of 20 digits.
 */
function areCodes(texts: readonly string[], kind: 'number' | 'boolean', decimal: '.' | ','): boolean {
  if (kind === 'boolean') return new Set(texts.map(parseBoolean)).size < texts.length;
  return texts.some((text) => String(parseNumber(text, decimal)).replace('.', decimal) !== text);
}
