// data: a column that is one-hot encoded whatever it contains.
import { sortedClasses } from '../../../core/labels.js';
import { describe } from '../../../core/shape.js';
import type { Row } from '../row.js';
import {
  type ColumnErrors,
  type ColumnLearner,
  encodingOfMissing,
  type LearnOptions,
  type Learnt,
  type Missing,
  suspectText,
  Values,
} from './column.js';

export class CategoryLearner implements ColumnLearner {
  readonly #errors: ColumnErrors;
  readonly #options: LearnOptions;
  readonly #values: Values;

  constructor(errors: ColumnErrors, options: LearnOptions) {
    this.#errors = errors;
    this.#options = options;
    this.#values = new Values(options.maxCategories);
  }

  get texts(): string[] {
    return this.#values.texts;
  }

  check(): void {}

  take(row: Row, field: number, _: number, line: number): void {
    const text = row.text(field);
    if (!this.#values.add(text)) return;
    const expected = `have at most ${this.#options.maxCategories} different values`;
    const name = describe(this.#errors.name);
    const hint = `Each becomes a feature: pass \`ignore: [${name}]\`, or raise \`maxCategories\`.`;
    throw this.#errors.at(line, field, expected, text, hint, 'one more, ');
  }

  learnt(missing: Missing): Learnt {
    const { counts, texts } = this.#values;
    const { name } = this.#errors;
    const categories = sortedClasses(texts);
    // The first of the most frequent categories, as scikit-learn's strategy 'most_frequent'.
    const [mode] = [...categories].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
    const encoding = encodingOfMissing(missing, (isIndicated) => (isIndicated ? undefined : mode));
    return {
      column: { kind: 'category', name, categories, ...encoding },
      values: categories.length,
      ...suspectText(name, texts, missing.rows - missing.count),
    };
  }
}
