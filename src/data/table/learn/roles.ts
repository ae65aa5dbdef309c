// data: columns of weights, groups and times, which are no features.
import { instantOf, looksLikeDate } from '../../../features/date.js';
import { isWeight, WEIGHT_RULE } from '../encode.js';
import { MAX_DISTINCT } from '../limits.js';
import type { Row } from '../row.js';
import type { ColumnErrors, ColumnLearner, Learnt } from './column.js';

/** The weight of each row. */
export class WeightLearner implements ColumnLearner {
  readonly #errors: ColumnErrors;
  #isPositive = false;

  constructor(errors: ColumnErrors) {
    this.#errors = errors;
  }

  check(row: Row, field: number, number: number, line: number): void {
    if (!isWeight(number)) throw this.#errors.at(line, field, WEIGHT_RULE, row.text(field));
  }

  take(_: Row, __: number, number: number): void {
    this.#isPositive ||= number > 0;
  }

  learnt(): Learnt {
    if (!this.#isPositive) throw this.#errors.whole('have a weight > 0', 'only 0');
    return { column: { kind: 'weight', name: this.#errors.name }, values: undefined, note: 'weights of the rows' };
  }
}

/** The group of each row, as written. */
export class GroupLearner implements ColumnLearner {
  readonly #errors: ColumnErrors;
  readonly #groups = new Set<string>();

  constructor(errors: ColumnErrors) {
    this.#errors = errors;
  }

  check(): void {}

  take(row: Row, field: number): void {
    this.#groups.add(row.text(field));
    if (this.#groups.size <= MAX_DISTINCT) return;
    throw this.#errors.whole(`have at most ${MAX_DISTINCT.toLocaleString('en')} different values`, 'more');
  }

  learnt(): Learnt {
    const column = { kind: 'ignored', name: this.#errors.name } as const;
    return { column, values: this.#groups.size, note: 'groups of the rows, no feature' };
  }
}

/** The time of each row: all numbers, or all dates. */
export class TimeLearner implements ColumnLearner {
  readonly #errors: ColumnErrors;
  #areNumbers: boolean | undefined;

  constructor(errors: ColumnErrors) {
    this.#errors = errors;
  }

  check(row: Row, field: number, number: number, line: number): void {
    const isNumber = Math.abs(number) <= Number.MAX_VALUE;
    const isTime = isNumber || !Number.isNaN(instantOf(row.text(field)));
    if (isTime && (this.#areNumbers ?? isNumber) === isNumber) return;
    const rule = this.#areNumbers === undefined ? TIME_RULE : this.#areNumbers ? 'be a finite number' : 'be a date';
    const like = this.#areNumbers === undefined ? '' : ', like the rows above';
    const text = row.text(field);
    const hint =
      !isTime && looksLikeDate(text) ? 'Day and month have two orders here: write dates as 2024-05-31.' : undefined;
    throw this.#errors.at(line, field, `${rule}${like}`, text, hint);
  }

  take(_: Row, __: number, number: number): void {
    this.#areNumbers ??= !Number.isNaN(number);
  }

  learnt(): Learnt {
    const column = { kind: 'ignored', name: this.#errors.name } as const;
    return { column, values: undefined, note: 'times of the rows, no feature' };
  }
}

const TIME_RULE = 'be a finite number or a date, such as 2024-05-31 or 2024-05-31T18:30:00Z';
