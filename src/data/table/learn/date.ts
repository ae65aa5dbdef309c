// data: a column of dates.

import { describe } from '../../../core/shape.js';
import { NumberSum } from '../../../core/tree-sum.js';
import { DATE_ORDERS, type DateOrder, dateWidth, parseDate, startOfDay } from '../../../features/date.js';
import { dateExpected } from '../encode.js';
import type { Row } from '../row.js';
import type { MissingPolicy } from '../schema.js';
import {
  type ColumnErrors,
  type ColumnLearner,
  encodingOfMissing,
  type LearnOptions,
  type Learnt,
  type Missing,
  MOST_COUNTED,
  Values,
} from './column.js';
import { median } from './feature.js';

/** The dates of a column, read in one order. */
class Reading {
  readonly order: DateOrder;
  readonly times: number[] = [];
  readonly sum = new NumberSum();
  first = Number.POSITIVE_INFINITY;

  constructor(order: DateOrder) {
    this.order = order;
  }

  take(time: number, keeps: boolean): void {
    this.first = Math.min(this.first, time);
    this.sum.add(time);
    if (keeps) this.times.push(time);
  }
}

export class DateLearner implements ColumnLearner {
  readonly #errors: ColumnErrors;
  /** Whether the times are kept, for the median. */
  readonly #keeps: boolean;
  /** The order that the caller gives. */
  readonly #given: DateOrder | undefined;
  /** One for each order that fits all values so far. */
  #readings: Reading[];
  /** A value that the two orders read differently. */
  #ambiguous: string | undefined;
  #hasTime = false;
  readonly #values: Values;
  #count = 0;

  constructor(errors: ColumnErrors, { dateOrder }: LearnOptions, policy: MissingPolicy) {
    this.#errors = errors;
    this.#given = dateOrder;
    this.#keeps = policy === 'median';
    const orders = dateOrder === undefined ? DATE_ORDERS : [dateOrder];
    this.#readings = orders.map((order) => new Reading(order));
    this.#values = new Values(Number.POSITIVE_INFINITY);
  }

  check(row: Row, field: number, _: number, line: number): void {
    const text = row.text(field);
    if (this.#readings.some(({ order }) => parseDate(text, order) !== undefined)) return;
    const other = DATE_ORDERS.find((order) => parseDate(text, order) !== undefined);
    const hint = other
      ? this.#given === undefined
        ? 'Dates above it have another order of day and month.'
        : `\`dateOrder: '${this.#given}'\` does not read it; \`dateOrder: '${other}'\` does.`
      : `If it marks a missing value, add \`missingTokens: [${describe(text)}]\`.`;
    throw this.#errors.at(line, field, dateExpected, text, hint);
  }

  take(row: Row, field: number): void {
    const text = row.text(field);
    const times: number[] = [];
    this.#readings = this.#readings.filter((reading) => {
      const moment = parseDate(text, reading.order);
      if (moment === undefined) return false;
      this.#hasTime ||= moment.hasTime;
      reading.take(moment.time, this.#keeps);
      times.push(moment.time);
      return true;
    });
    if (times.length > 1 && times[0] !== times[1]) this.#ambiguous = text;
    this.#count++;
    if (this.#values.counts.size <= MOST_COUNTED) this.#values.add(text);
  }

  learnt(missing: Missing): Learnt {
    const { name } = this.#errors;
    if (this.#readings.length > 1 && this.#ambiguous !== undefined) {
      const hint = "Pass `dateOrder: 'dmy'` if the day is first, or `dateOrder: 'mdy'` if the month is.";
      const actual = `${describe(this.#ambiguous)}, and no date with a day above 12`;
      throw this.#errors.whole('have dates of one order', actual, hint);
    }
    const [{ order, first, sum, times }] = this.#readings;
    const encoding = encodingOfMissing(missing, () =>
      this.#keeps ? median(times) : Math.round(sum.total() / this.#count),
    );
    const hasTime = this.#hasTime;
    const { size } = this.#values.counts;
    return {
      column: { kind: 'date', name, order, origin: startOfDay(first), hasTime, ...encoding },
      values: size > MOST_COUNTED ? undefined : size,
      note: `${dateWidth(hasTime)} features: year, days, month, weekday${hasTime ? ', hour' : ''}`,
    };
  }
}
