// data: a column of dates.

import { describe } from '../../../core/shape.js';
import { DATE_ORDERS, type DateOrder, dateWidth, parseDate, startOfDay } from '../../../features/date.js';
import { dateExpected } from '../encode.js';
import type { Row } from '../row.js';
import {
  type ColumnErrors,
  type ColumnLearner,
  type LearnOptions,
  type Learnt,
  type Missing,
  Values,
} from './column.js';
import { median } from './feature.js';

/** The dates of a column, read in one order. */
class Reading {
  readonly times: number[] = [];
  sum = 0;
  first = Number.POSITIVE_INFINITY;

  take(time: number, keeps: boolean): void {
    this.first = Math.min(this.first, time);
    this.sum += time;
    if (keeps) this.times.push(time);
  }
}

export class DateLearner implements ColumnLearner {
  readonly #errors: ColumnErrors;
  readonly #options: LearnOptions;
  /** The orders that fit all values so far. */
  #readings: Map<DateOrder, Reading>;
  /** A value that the two orders read differently. */
  #ambiguous: string | undefined;
  #hasTime = false;
  readonly #values: Values;
  #count = 0;

  constructor(errors: ColumnErrors, options: LearnOptions) {
    this.#errors = errors;
    this.#options = options;
    const orders = options.dateOrder === undefined ? DATE_ORDERS : [options.dateOrder];
    this.#readings = new Map(orders.map((order) => [order, new Reading()]));
    this.#values = new Values(Number.POSITIVE_INFINITY);
  }

  number(): number {
    return Number.NaN;
  }

  check(row: Row, field: number, _: number, line: number): void {
    const text = row.text(field);
    for (const order of this.#readings.keys()) if (parseDate(text, order) !== undefined) return;
    const isOther = DATE_ORDERS.some((order) => parseDate(text, order) !== undefined);
    const hint = isOther
      ? 'Dates above it have another order of day and month.'
      : `If it marks a missing value, add \`missingTokens: [${describe(text)}]\`.`;
    throw this.#errors.at(line, field, dateExpected, text, hint);
  }

  take(row: Row, field: number): void {
    const text = row.text(field);
    const keeps = this.#options.missing === 'median' || this.#options.missingByColumn[this.#errors.name] === 'median';
    const moments = new Map([...this.#readings.keys()].map((order) => [order, parseDate(text, order)]));
    for (const [order, moment] of moments) {
      if (moment === undefined) {
        this.#readings.delete(order);
        continue;
      }
      this.#hasTime ||= moment.hasTime;
      this.#readings.get(order)?.take(moment.time, keeps);
    }
    const [a, b] = [...moments.values()];
    if (a !== undefined && b !== undefined && a.time !== b.time) this.#ambiguous = text;
    this.#count++;
    if (this.#values.counts.size <= MOST_COUNTED) this.#values.add(text);
  }

  learnt({ count, policy }: Missing): Learnt {
    const { name } = this.#errors;
    if (this.#readings.size > 1 && this.#ambiguous !== undefined) {
      const hint = "Pass `dateOrder: 'dmy'` if the day is first, or `dateOrder: 'mdy'` if the month is.";
      const actual = `${describe(this.#ambiguous)}, and no date with a day above 12`;
      throw this.#errors.whole('have dates of one order', actual, hint);
    }
    const [[order, { first, sum, times }]] = this.#readings;
    const isIndicated = policy === 'indicator' && count > 0;
    const fill = policy === 'median' ? median(times) : Math.round(sum / this.#count);
    const isFilled = policy === 'mean' || policy === 'median' || policy === 'indicator';
    const hasTime = this.#hasTime;
    const { size } = this.#values.counts;
    return {
      column: {
        ...{ kind: 'date', name, order, origin: startOfDay(first), hasTime },
        ...(isFilled ? { fill } : {}),
        ...(isIndicated ? { indicator: true } : {}),
      },
      values: size > MOST_COUNTED ? undefined : size,
      note: `${dateWidth(hasTime)} features: year, days, month, weekday${hasTime ? ', hour' : ''}`,
    };
  }
}

/** Values of dates that are counted. */
const MOST_COUNTED = 1000;
